"""Pieces of ink in, whether one is a line that somebody drew around a number out.

All in one, a loop or a box is no digit; what is left of it when its straight parts are erased may pass for a 1.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Int32
from edge_app.stages.boxes import AREA, HEIGHT, LEFT, TOP, WIDTH

LOOP_GAP_PX = 5  # that a loop may be open by
LOOP_SHARE = 0.5  # of its box: the least that lies within a loop
LOOP_DENT = 0.12  # of its shorter side: deeper than this, something else hangs on a loop
LEAST_HELD = 0.2  # of its height: what it was drawn around


def is_loop(components: Int32, stats: Int32, row: int) -> bool:
    """Whether a piece of ink is one closed line around others, with nothing that hangs on it.

    Args:
        components: (h, w) int32, the number of the piece of ink at each pixel.
        stats: (M, 5) int32, OpenCV's statistics of these.
        row: of the piece.
    """
    x, y, width, height = (int(side) for side in stats[row, :AREA])
    inside = (stats[:, [LEFT, TOP]] > (x, y)).all(axis=1)
    inside &= (stats[:, [LEFT, TOP]] + stats[:, [WIDTH, HEIGHT]] < (x + width, y + height)).all(axis=1)
    held = stats[inside & (stats[:, HEIGHT] >= LEAST_HELD * height)]
    if not len(held):
        return False
    ink = cv2.inRange(components[y : y + height, x : x + width], row, row)  # type: ignore[call-overload]
    padded = cv2.copyMakeBorder(np.asarray(ink), *4 * (LOOP_GAP_PX,), cv2.BORDER_CONSTANT)
    closed = cv2.dilate(padded, np.ones((LOOP_GAP_PX, LOOP_GAP_PX), np.uint8))
    contours, tree = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    holes = [number for number, (_, _, _, parent) in enumerate(tree[0]) if parent >= 0]
    if not holes:
        return False
    largest = max(holes, key=lambda number: cv2.contourArea(contours[number]))
    hole, outline = (np.asarray(contours[number], np.int32) for number in (largest, tree[0][largest][3]))
    if cv2.contourArea(hole) < LOOP_SHARE * width * height:
        return False
    if not all(_is_round(contour, min(width, height)) for contour in (hole, outline)):
        return False
    middles = held[:, [LEFT, TOP]] + held[:, [WIDTH, HEIGHT]] / 2 - (x, y) + LOOP_GAP_PX
    return any(cv2.pointPolygonTest(hole, (float(left), float(top)), False) > 0 for left, top in middles)


def _is_round(contour: NDArray[np.int32], side: int) -> bool:
    """Whether nothing grows into a shape or out of it: no place of its outline lies deep within its hull."""
    hull = cv2.convexHull(contour)
    places = contour[:, 0].astype(float).tolist()
    return max(cv2.pointPolygonTest(hull, place, True) for place in places) <= LOOP_DENT * side
