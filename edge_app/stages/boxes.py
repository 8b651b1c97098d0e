"""Boxes in, where they lie in the frame and which ink they hold out."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Int32, Region, UInt8

LEFT, TOP, WIDTH, HEIGHT, AREA = range(5)  # columns of OpenCV's component statistics; row 0 is paper


def pieces_of_ink(mask: UInt8) -> tuple[Int32, Int32]:
    """The number of the piece of ink at each pixel, (h, w) int32, and OpenCV's statistics of them, (M, 5) int32."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    return np.asarray(labels, dtype=np.int32), np.asarray(stats, dtype=np.int32)


def off_edges(boxes: Int32, shape_hw: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which boxes lie within the frame without touching its edges, (N,) bool, of (N, 4 or more) int32."""
    left, top, width, height = boxes[:, :4].T
    return np.asarray((left > 0) & (top > 0) & (left + width < shape_hw[1]) & (top + height < shape_hw[0]))


def lies_in(box: BoxXYWH, other: BoxXYWH) -> bool:
    """Whether a box lies within another one.

    >>> lies_in((5, 5, 4, 9), (0, 0, 20, 20)), lies_in((5, 5, 4, 19), (0, 0, 20, 20))
    (True, False)
    """
    ends = zip(box[:2], box[2:], other[:2], other[2:], strict=True)
    return all(start >= first and start + side <= first + whole for start, side, first, whole in ends)


def working_box(box: BoxXYWH, factor: float, shape_hw: tuple[int, ...]) -> BoxXYWH:
    """A box in pixels of the working-size mask, inside it."""
    x, y = max(0, int(box[0] * factor) - (factor < 1.0)), max(0, int(box[1] * factor) - (factor < 1.0))
    right = min(shape_hw[1], int(np.ceil((box[0] + box[2]) * factor)) + (factor < 1.0))
    bottom = min(shape_hw[0], int(np.ceil((box[1] + box[3]) * factor)) + (factor < 1.0))
    return x, y, right - x, bottom - y


def own_ink(components: Int32, region: Region, box: BoxXYWH) -> NDArray[np.bool_]:
    """(h, w) bool, the ink of a region within a box at working size."""
    x, y, width, height = box
    own: NDArray[np.bool_] = np.isin(components[y : y + height, x : x + width], region.components)
    return own
