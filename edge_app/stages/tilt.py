"""Regions in, the angle that lines of writing run at out; and boxes brought level again.

A 6 that leans by 25 degrees is half a 0, and a 1 a slash: digits are turned upright by the tilt of the
whole page before they are classified, not each by its own guess.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Region

MOST_DEG = 36.0  # a steeper line is another orientation
LEAST_DEG = 4.0  # a smaller tilt is within what every hand does, and costs nothing to leave
LEAST_PAIRS = 4  # neighbours that must agree: heights of digits scatter by a tenth, angles by 6 degrees
AGREE_DEG = 9.0  # from the median, of a pair that agrees
AGREEING_SHARE = 0.5  # of all pairs
LIKE_HEIGHT = 0.7  # shorter to taller: 1, 7 and 9 of one line are; letters and marks less so
REACH = 1.6  # of the taller one's height, to the centre of the next digit
FAR_REACH = 3.0  # the same where too few are so near: some hands write digits far apart


def page_tilt(regions: Sequence[Region]) -> float:
    """The angle of the lines that regions stand in.

    Args:
        regions: of one frame.

    Returns:
        Degrees clockwise, 0.0 where lines are level or too few regions agree.

    >>> line = [Region((x, 100 + x // 5, 20, 30), (1,)) for x in range(0, 240, 30)]
    >>> round(page_tilt(line)), page_tilt(line[:3])
    (11, 0.0)
    """
    boxes = np.array([region.box_xywh for region in regions if not region.cut], dtype=np.float64).reshape(-1, 4)
    angles = _to_next(boxes, REACH)
    if len(angles) < LEAST_PAIRS:
        angles = _to_next(boxes, FAR_REACH)
    if len(angles) < LEAST_PAIRS:
        return 0.0
    middle = float(np.median(angles))
    agreeing = angles[np.abs(angles - middle) <= AGREE_DEG]
    if len(agreeing) < max(LEAST_PAIRS, AGREEING_SHARE * len(angles)):
        return 0.0
    tilt = float(agreeing.mean())
    return tilt if abs(tilt) >= LEAST_DEG else 0.0


def level(box: BoxXYWH, tilt_deg: float) -> BoxXYWH:
    """A box moved to where it would be if the page were turned level about the frame's corner; its size stays.

    >>> level((95, 15, 10, 10), 11.3)
    (97, -5, 10, 10)
    """
    if tilt_deg == 0.0:
        return box
    x, y, width, height = box
    turn = np.deg2rad(tilt_deg)
    across, down = x + width / 2, y + height / 2
    centre_x = across * np.cos(turn) + down * np.sin(turn)
    centre_y = down * np.cos(turn) - across * np.sin(turn)
    return round(centre_x - width / 2), round(centre_y - height / 2), width, height


def _to_next(boxes: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Angle from each box to the nearest one of its height on its right, degrees clockwise, (M,) float64."""
    if len(boxes) < 2:
        return np.zeros(0)
    height = boxes[:, 3]
    across = (boxes[:, 0] + boxes[:, 2] / 2) - (boxes[:, 0] + boxes[:, 2] / 2)[:, None]
    down = (boxes[:, 1] + boxes[:, 3] / 2) - (boxes[:, 1] + boxes[:, 3] / 2)[:, None]
    taller, shorter = np.maximum(height[:, None], height), np.minimum(height[:, None], height)
    angle = np.degrees(np.arctan2(down, np.maximum(across, 1e-6)))
    distance = np.hypot(across, down)
    fits = (across > 0) & (shorter >= LIKE_HEIGHT * taller) & (distance <= reach * taller) & (np.abs(angle) <= MOST_DEG)
    distance = np.where(fits, distance, np.inf)
    nearest = distance.argmin(axis=1)
    found = np.isfinite(distance.min(axis=1))
    return np.asarray(angle[np.flatnonzero(found), nearest[found]])
