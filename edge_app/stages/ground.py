"""What lies around shapes like digits in, how unlike writing on paper each is out.

People write on what is even: paper, a board, a wall. Between leaves, tiles and windows there are shapes like digits
as well, but the ground beside them is uneven, other shapes stand close by, and they are ragged where a pen is smooth;
or they are edges of things, with ground on one side alone. The edge of a shadow divides paper as sharply, but once.
"""

import cv2
import numpy as np

from edge_app.frames import Float32, UInt8
from edge_app.stages.classify import DIGITS
from edge_app.stages.crop import Crops, Patch
from edge_app.stages.levels import quantile, ranks_of

NEAR, BESIDE = (3, 3), (5, 5)  # pixels: grain is what differs between the means of these
CLEAR_OF_INK = np.ones((7, 7), np.uint8)
GRAIN_SHARE = 0.75  # of the ground, that has less
GRAIN_WEIGHT, RAGGED_WEIGHT, RIM_WEIGHT = 0.5, 0.75, 0.75  # chosen on validation


def unrests_of_digits(scores: Float32, crops: Crops) -> Float32:
    """How restless the surroundings of what is taken for a digit are.

    Args:
        scores: (N, classes) float32.
        crops: of the N regions.

    Returns:
        (N,) float32, 0 for smooth strokes alone on even ground and for what is taken for no digit.
    """
    unrests = np.zeros(len(scores), dtype=np.float32)
    for row in np.flatnonzero(scores.argmax(axis=1) < DIGITS):
        unrests[row] = unrest(crops.patches[row]) + RIM_WEIGHT * crops.measures.dark_rims[row]
    return unrests


def unrest(patch: Patch) -> float:
    """Grain of the ground as a share of the contrast, the share that other ink covers, and raggedness, weighted."""
    own = cv2.countNonZero(patch.strokes)
    beside = (cv2.countNonZero(patch.any_ink) - own) / patch.any_ink.size
    outlines, _ = cv2.findContours(patch.strokes, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    outline = sum(cv2.arcLength(points, closed=True) for points in outlines)
    smooth = max(2 * own / patch.stroke_width, 1.0)  # outline of such strokes as a pen makes
    ragged = max(outline / smooth - 1.0, 0.0)
    return GRAIN_WEIGHT * _grain(patch.level, patch.any_ink) / patch.contrast + beside + RAGGED_WEIGHT * ragged


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
