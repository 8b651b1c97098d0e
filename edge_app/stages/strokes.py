"""Strokes in, whether a hand drew a 1 out: a 1 stands, may lean as hands do, and is never quite straight."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, RegionMap, UInt8
from edge_app.stages.boxes import own_ink, working_box
from edge_app.stages.classify import DIGITS, ONE, Scored
from edge_app.stages.rows import as_boxes, gaps, in_row

SLIM = 0.42  # short to long axis of the ink: of MNIST's 1s 98 % are slimmer
LONG_PX = 58  # at working size: of a shorter stroke the pixels are too coarse to tell
# Of its length that a stroke's middle strays from straight: of drawn 1s that fill the frame none has less than .0035,
# of five on photos none less than .007; of pens that lie on a page most have .0013 to .0027.
STRAIGHT = 0.0026
SURE = 0.9  # probability of a digit that a straight 1 may stand beside
LIKE_HEIGHTS = 0.6, 1.6  # of it, in the height of the 1
BESIDE = 1.0  # of that height: how far away it may stand
STEM_PERCENTILES = 8, 92  # of the ink along a stroke: without its rounded ends
LEAN_DEG = -30.0, 50.0  # to the left and to the right: of MNIST's 1s 99.8 % lie between


def leans_of_ones(scores: Float32, pictures: UInt8) -> Float32:
    """How the strokes lean that are taken for a 1.

    Args:
        scores: (N, classes) float32.
        pictures: (N, 28, 28) uint8, the crops.

    Returns:
        (N,) float32, degrees to the right of upright, -90 to 90; NaN for what is taken for something else, or
        is more than one bare stroke.
    """
    leans = np.full(len(scores), np.nan, dtype=np.float32)
    for row in np.flatnonzero(scores.argmax(axis=1) == ONE):
        lean, slimness = long_axis(pictures[row])
        if slimness < SLIM:
            leans[row] = lean
    return leans


def without_lying_ones(scores: Float32, leans: Float32) -> Float32:
    """Scores with a 1's probability given to "not a digit" where the stroke leans as no 1 does: a pen on the page.

    Args:
        scores: (N, classes) float32; with less than 11 classes they are returned as they are.
        leans: (N,) float32, of `leans_of_ones`.

    Returns:
        (N, classes) float32, a fresh array.
    """
    return without_digit(scores, (leans < LEAN_DEG[0]) | (leans > LEAN_DEG[1]))


def without_ruled_ones(scored: Scored, region_map: RegionMap) -> Scored:
    """The same where a stroke is straighter than any hand draws: a pen on the page, an edge, a rule.

    One that stands in a row with other digits is spared: print and displays have straight 1s.

    Args:
        scored: of one frame; regions that are not of the map are not judged.
        region_map: of that frame.
    """
    scores, boxes = scored.scores, [region.box_xywh for region in scored.regions]
    ruled, winners = np.zeros(len(boxes), dtype=bool), scores.argmax(axis=1)
    telling = (winners < DIGITS) & (winners != ONE) & (scores.max(axis=1, initial=0.0) >= SURE)
    digits = as_boxes([boxes[row] for row in np.flatnonzero(telling)])
    for row in np.flatnonzero(winners == ONE):
        region, box = scored.regions[row], boxes[row]
        within = working_box(box, region_map.resize_factor, region_map.components.shape)
        if max(within[2:]) < LONG_PX or region not in region_map.regions:
            continue
        if not np.any(in_row(box, digits, LIKE_HEIGHTS) & (gaps(box, digits) <= BESIDE * box[3])):
            ruled[row] = _strays(own_ink(region_map.components, region, within)) < STRAIGHT
    return replace(scored, scores=without_digit(scores, ruled))


def _strays(own: NDArray[np.bool_]) -> float:
    """How far the middle of a stroke strays from straight, root mean square, of its length; of its (h, w) ink."""
    rows, columns = np.nonzero(own)
    if len(rows) < LONG_PX:
        return 1.0
    ink = np.column_stack([columns - columns.mean(), rows - rows.mean()])
    _, axes = np.linalg.eigh(ink.T @ ink)
    across, along = (ink @ axes).T  # ascending eigenvalues: the long axis comes last
    first, last = np.percentile(along, STEM_PERCENTILES)
    stem = (along >= first) & (along <= last)
    places = np.rint(along[stem] - first).astype(np.int64)
    counts = np.bincount(places)
    seen = np.flatnonzero(counts)
    middles = np.bincount(places, across[stem])[seen] / counts[seen]
    down, aside = seen - seen.mean(), middles - middles.mean()
    aside -= down * (down @ aside) / (down @ down)  # what is left of them beside the straight line of least squares
    return float(np.sqrt(np.mean(aside**2)) / np.ptp(along))


def without_digit(scores: Float32, rows: NDArray[np.bool_], digit: int | NDArray[np.intp] = ONE) -> Float32:
    """Scores with the probability of a digit given to "not a digit" in some rows, where the model has such a class.

    Args:
        scores: (N, classes) float32.
        rows: (N,) bool.
        digit: the same in all of these rows, or one for each.

    Returns:
        (N, classes) float32, a fresh array.
    """
    changed = scores.copy()
    if scores.shape[1] > DIGITS:
        changed[rows, DIGITS] += changed[rows, digit]
        changed[rows, digit] = 0.0
    return changed


def without_digits(scores: Float32, rows: NDArray[np.bool_]) -> Float32:
    """The same with the probabilities of all digits, (N, classes) float32, a fresh array."""
    changed = scores.copy()
    if scores.shape[1] > DIGITS:
        changed[rows, :DIGITS], changed[rows, DIGITS] = 0.0, 1.0
    return changed


def long_axis(crop: UInt8) -> tuple[float, float]:
    """The ellipse of inertia of a crop's ink.

    Args:
        crop: (h, w) uint8, ink bright on black.

    Returns:
        How far its long axis leans to the right of upright, -90 to 90 degrees, and its short axis divided
        by the long one, 0 to 1; 0.0 and 1.0 for an empty crop.

    >>> slash = np.zeros((28, 28), np.uint8)
    >>> _ = cv2.line(slash, (6, 22), (22, 6), (255,), 3)
    >>> round(long_axis(slash)[0]), long_axis(slash)[1] < SLIM
    (45, True)
    """
    moments = cv2.moments(crop)
    if moments["m00"] == 0:
        return 0.0, 1.0
    across, down, both = (moments[name] / moments["m00"] for name in ("mu20", "mu02", "mu11"))
    half = float(np.hypot((across - down) / 2, both))
    widest = (across + down) / 2 + half
    if widest == 0:
        return 0.0, 1.0
    lean = 0.5 * float(np.degrees(np.arctan2(-2 * both, down - across)))
    return lean, float(np.sqrt(max(widest - 2 * half, 0.0) / widest))
