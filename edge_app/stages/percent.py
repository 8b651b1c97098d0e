"""Percent signs told from digits, by the rings on either side of a slash.

Taken to pieces, one passes for a 0, a 7 or a 9, or for a 0, a 1 and a 0.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Int32

LEAST_HOLE, LARGEST_HOLE = 0.003, 0.25  # area of a ring's inside, of the sign's box
HOLE_HEIGHT = 0.45  # most of the sign's
ALIKE = 3.0  # times as large as the other one, at most
ASIDE, APART = 0.15, 0.3  # of the sign's width and height: least from one ring to the other; those of an 8 lie plumb
MIDDLE = 0.5  # likewise: where the quarters meet that the rings' middles lie in
RING_HEIGHTS, ALONGSIDE = (0.2, 0.65), 0.8  # of a ring, in the slash's; and how much of it is beside the slash
ROUND, LEAST_RING_PX = 1.8, 8  # longer by shorter side of a ring, at most; its ink, at least


def is_percent(ink: NDArray[np.bool_]) -> bool:
    """Whether ink has a ring in its upper left quarter and another in its lower right one, and none besides.

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
    high, low = middles[[upper, lower]] / (width, height)
    in_quarters = (high <= MIDDLE).all() and (low >= MIDDLE).all()
    aside, apart = low - high
    return bool(areas.max() <= ALIKE * areas.min() and aside >= ASIDE and apart >= APART and in_quarters)


def slashes_with_rings(statistics: Int32, rows: NDArray[np.intp]) -> list[list[int]]:
    """What may be a percent sign: a piece of ink and what is round high on its left, or low on its right, or both.

    Args:
        statistics: (N, 5) int32 of all pieces of ink, as OpenCV gives them; row 0 is paper.
        rows: numbers of those that may be the slash, or the slash and a ring that hangs on to it.

    Returns:
        Numbers of the pieces of each; that the round ones are rings is for `is_percent` to say.
    """
    left, top, width, height, area = statistics.T
    rings = np.flatnonzero((np.maximum(width, height) <= ROUND * np.minimum(width, height)) & (area >= LEAST_RING_PX))
    rings = rings[rings > 0]
    right, bottom = left + width, top + height
    meet = (left[rings] <= right[rows, None]) & (right[rings] >= left[rows, None])
    meet &= (top[rings] <= bottom[rows, None]) & (bottom[rings] >= top[rows, None])
    of_rows, of_rings = np.nonzero(meet)
    slash, ring = rows[of_rows], rings[of_rings]
    down = np.minimum(bottom[ring], bottom[slash]) - np.maximum(top[ring], top[slash])
    size = height[ring] / height[slash]
    aside, below = (
        np.sign((2 * low + side)[ring] - (2 * low + side)[slash]) for low, side in ((left, width), (top, height))
    )
    beside = (down >= ALONGSIDE * height[ring]) & (size >= RING_HEIGHTS[0]) & (size <= RING_HEIGHTS[1])
    beside &= (aside == below) & (aside != 0)
    found: dict[int, dict[int, int]] = {}
    for pair in np.flatnonzero(beside)[np.argsort(height[ring[beside]], kind="stable")].tolist():  # the tallest is last
        found.setdefault(int(slash[pair]), {})[int(aside[pair])] = int(ring[pair])
    return [[number, *(sides[side] for side in (-1, 1) if side in sides)] for number, sides in found.items()]
