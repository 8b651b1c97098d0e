"""Percent signs told from digits: in the ink of one region, and in a slash with a ring on either side of it.

Taken to pieces, one passes for a 0, a 7 or a 9, or for a 0, a 1 and a 0.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.stages.classify import DIGITS, ZERO, Scored
from edge_app.stages.rows import as_boxes, gaps
from edge_app.stages.strokes import without_digits

LEAST_HOLE, LARGEST_HOLE = 0.01, 0.25  # area of a ring's inside, of the sign's box
HOLE_HEIGHT = 0.45  # most of the sign's
ALIKE = 3.0  # times as large as the other one, at most
ASIDE, APART = 0.35, 0.3  # of the sign's width and height: least from one ring to the other; those of an 8 lie plumb
LEAST_LEAN_DEG = 10.0  # of its slash
RING_HEIGHTS, RING_GAP, RING_REACH = (0.2, 0.7), 0.3, 0.7  # of a ring, how far it stands off, and from middle to middle


def is_percent(ink: NDArray[np.bool_]) -> bool:
    """Whether ink has a ring in its upper left and another one in its lower right, and none besides.

    Args:
        ink: (h, w) bool, the box of the region at working size.

    >>> sign = np.zeros((60, 50), np.uint8)
    >>> for x, y in ((10, 12), (38, 46)):
    ...     _ = cv2.circle(sign, (x, y), 8, (1,), 2)
    >>> is_percent(cv2.line(sign, (40, 4), (8, 56), (1,), 3) > 0), is_percent(np.fliplr(sign) > 0)
    (True, False)
    """
    height, width = ink.shape
    padded = cv2.copyMakeBorder(ink.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    _, _, stats, middles = cv2.connectedComponentsWithStats(1 - padded, connectivity=4)
    inside = stats[:, 4] <= LARGEST_HOLE * height * width
    holes = np.flatnonzero(inside & (stats[:, 4] >= LEAST_HOLE * height * width))
    holes = holes[holes > 0]  # 0 is the ink
    if len(holes) != 2 or stats[holes, 3].max() > HOLE_HEIGHT * height:
        return False
    upper, lower = sorted(holes, key=lambda hole: middles[hole, 1])
    areas = stats[[upper, lower], 4]
    aside, apart = (middles[lower] - middles[upper]) / (width, height)
    return bool(areas.max() <= ALIKE * areas.min() and aside >= ASIDE and apart >= APART)


def without_percents(scored: Scored) -> Scored:
    """Scores with all given to "not a digit" where a leaning stroke has a ring high on its left, one low on its right.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
    """
    if scored.scores.shape[1] <= DIGITS or not (scored.leans >= LEAST_LEAN_DEG).any():
        return scored
    boxes, winners = as_boxes([region.box_xywh for region in scored.regions]), scored.scores.argmax(axis=1)
    middles = boxes[:, :2] + boxes[:, 2:] / 2
    parts = np.zeros(len(boxes), dtype=bool)
    for row in np.flatnonzero(scored.leans >= LEAST_LEAN_DEG):
        height = boxes[row, 3]
        small = (boxes[:, 3] >= RING_HEIGHTS[0] * height) & (boxes[:, 3] <= RING_HEIGHTS[1] * height)
        close = small & (gaps(tuple(boxes[row]), boxes) <= RING_GAP * height)
        aside, down = ((middles - middles[row]) / height).T
        upper = close & (winners == ZERO) & (aside < 0) & (down < 0) & (down >= -RING_REACH)
        ring_like = (winners == ZERO) | (winners >= DIGITS)
        lower = close & ring_like & (aside > 0) & (down > 0) & (down <= RING_REACH)
        if upper.any() and lower.any():
            parts |= upper | lower
            parts[row] = True
    return replace(scored, scores=without_digits(scored.scores, parts)) if parts.any() else scored
