"""Crops in, how their ink lies out: a 1 stands, and may lean as hands do; a stroke that lies is no 1."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, UInt8

ONE, REJECT = 1, 10  # columns of the scores
SLIM = 0.42  # short to long axis of the ink: of MNIST's 1s 98 % are slimmer
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
    return without_ones(scores, (leans < LEAN_DEG[0]) | (leans > LEAN_DEG[1]))


def without_ones(scores: Float32, rows: NDArray[np.bool_]) -> Float32:
    """Scores with the probability of a 1 given to "not a digit" in some rows, where the model has such a class."""
    changed = scores.copy()
    if scores.shape[1] > REJECT:
        changed[rows, REJECT] += changed[rows, ONE]
        changed[rows, ONE] = 0.0
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
