"""What lies around shapes like digits in, how unlike writing on paper each is out.

People write on what is even: paper, a board, a wall. Between leaves, tiles and windows there are shapes like digits
as well, but the ground beside them is uneven, other shapes stand close by, and they are ragged where a pen is smooth;
or they are edges of things, with ground on one side alone. The edge of a shadow divides paper as sharply, but once.
"""

import math

import cv2
import numpy as np

from edge_app.frames import UInt8
from edge_app.stages.levels import quantile, ranks_of

NEAR, BESIDE = (3, 3), (5, 5)  # pixels: grain is what differs between the means of these
CLEAR_OF_INK = np.ones((7, 7), np.uint8)
GRAIN_SHARE = 0.75  # of the ground, that has less
GRAIN_WEIGHT, RAGGED_WEIGHT, RIM_WEIGHT = 0.5, 0.75, 0.75  # chosen on validation
BEYOND_PX, ASIDE_PX = np.array([4.0, 6.0, 8.0]), 4.0  # from a stroke's ends, and from its sides; a line is thinner
PAPER_LIKE = 0.15  # unrest that 90 % of letters on paper stay below, and 5 % of what is in photographs


def unrest(
    level: UInt8, strokes: UInt8, any_ink: UInt8, *, contrast: float, stroke_width: float, dark_rim: float
) -> float:
    """How unlike writing on paper a shape is: grain, other ink, ragged and one-sided edges, weighted and added up.

    Args:
        level: (h, w) uint8 gray.
        strokes: (h, w) uint8, 255 for the shape's own ink.
        any_ink: (h, w) uint8, 255 for anybody's.
        contrast: gray levels between ink and ground.
        stroke_width: mean width of the strokes, in pixels.
        dark_rim: share of what is next to the strokes that is as dark.

    Returns:
        0 for smooth strokes alone on even ground.
    """
    own = cv2.countNonZero(strokes)
    beside = (cv2.countNonZero(any_ink) - own) / any_ink.size
    outlines, _ = cv2.findContours(strokes, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    outline = sum(cv2.arcLength(points, closed=True) for points in outlines)
    smooth = max(2 * own / stroke_width, 1.0)  # outline of such strokes as a pen makes
    ragged = max(outline / smooth - 1.0, 0.0)
    grain = _grain(level, any_ink) / contrast
    return beside + GRAIN_WEIGHT * grain + RAGGED_WEIGHT * ragged + RIM_WEIGHT * dark_rim


def open_ends(level: UInt8, strokes: UInt8, *, contrast: float, stroke_width: float) -> float:
    """How much of a stroke goes on beyond both its ends, which a pen's does not: the gap between two things does.

    Args:
        level: (h, w) uint8 gray, ink brighter than its ground.
        strokes: (h, w) uint8, 255 for the stroke.
        contrast: gray levels between ink and ground.
        stroke_width: of the stroke, in pixels.

    Returns:
        About 0 where ground lies beyond either end, about 1 where both go on.

    >>> level, stroke = np.full((60, 30), 90, np.uint8), np.zeros((60, 30), np.uint8)
    >>> stroke[12:48, 13:17] = 255
    >>> level[:, 13:17] = 200
    >>> open_ends(level, stroke, contrast=110, stroke_width=4)
    1.0
    >>> level[48:] = 90
    >>> open_ends(level, stroke, contrast=110, stroke_width=4)
    0.0
    """
    points = cv2.findNonZero(strokes)
    if points is None:
        return 0.0
    moments = cv2.moments(strokes, binaryImage=True)
    angle = 0.5 * math.atan2(2 * moments["mu11"], moments["mu20"] - moments["mu02"])
    along = np.array([math.cos(angle), math.sin(angle)])
    sides = np.array([[-along[1], along[0]], [along[1], -along[0]]])
    ink = points[:, 0]
    places = ink @ along
    tips = (ink[places >= places.max() - stroke_width], along), (ink[places <= places.min() + stroke_width], -along)
    looked_at = [
        np.vstack([(stroke_width / 2 + BEYOND_PX)[:, np.newaxis] * outward, (stroke_width / 2 + ASIDE_PX) * sides])
        + tip.sum(axis=0) / len(tip)
        for tip, outward in tips
    ]
    x, y = np.rint(np.vstack(looked_at)).astype(np.intp).T
    last_y, last_x = level.shape[0] - 1, level.shape[1] - 1  # what is outside is as the nearest inside
    seen = np.asarray(cv2.blur(level, NEAR))[y.clip(0, last_y), x.clip(0, last_x)].astype(np.float64).reshape(2, -1)
    # The edge of a shadow may run along a stroke: then it is as dark beyond its ends as on one side of it.
    goes_on = seen[:, : len(BEYOND_PX)].min(axis=1) - seen[:, len(BEYOND_PX) :].max(axis=1)
    return float(goes_on.min() / contrast)


def _grain(level: UInt8, any_ink: UInt8) -> float:
    """How far the brightness of the ground differs from that next to it, in gray levels; 0 where there is none.

    >>> even, paper = np.full((60, 60), 90, np.uint8), np.zeros((60, 60), np.uint8)
    >>> _grain(even, paper)
    0.0
    >>> shadow = np.where(np.arange(60) < 30, even, even // 2)
    >>> leaves = np.where(np.arange(60) % 10 < 5, even, even // 2)
    >>> _grain(shadow, paper) < 0.1 * _grain(leaves, paper)
    True
    """
    ground = np.asarray(cv2.bitwise_not(cv2.dilate(any_ink, CLEAR_OF_INK)), dtype=np.uint8)
    smooth = cv2.blur(level, NEAR)
    ranks = ranks_of(np.asarray(cv2.absdiff(smooth, cv2.blur(smooth, BESIDE)), dtype=np.uint8), ground)
    return quantile(ranks, GRAIN_SHARE) if ranks[-1] else 0.0
