"""The ink of a region in, whether it is a percent sign out: taken to pieces, one passes for a 0, a 7 or a 9."""

import cv2
import numpy as np
from numpy.typing import NDArray

LEAST_HOLE, LARGEST_HOLE = 0.01, 0.25  # area of a ring's inside, of the sign's box
HOLE_HEIGHT = 0.45  # most of the sign's
ALIKE = 3.0  # times as large as the other one, at most
ASIDE, APART = 0.35, 0.3  # of the sign's width and height: least from one ring to the other; those of an 8 lie plumb


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
