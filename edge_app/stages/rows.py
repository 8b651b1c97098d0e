"""Boxes in, which of them stand in one row with another and how far from it."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH

Boxes: TypeAlias = NDArray[np.float64]
"""(N, 4): left, top, width, height."""


def in_row(box_xywh: BoxXYWH, boxes: Boxes, heights: tuple[float, float]) -> NDArray[np.bool_]:
    """Which boxes stand in one row with another, about as tall as it is.

    Args:
        box_xywh: the other.
        boxes: (N, 4), left, top, width, height.
        heights: the least and the greatest of theirs, in its own.
    """
    return np.asarray(each_in_row(np.array([box_xywh], dtype=np.float64), boxes, heights)[0])


def each_in_row(each: Boxes, boxes: Boxes, heights: tuple[float, float]) -> NDArray[np.bool_]:
    """(M, N) the same of M boxes at once."""
    top, height = each[:, 1:2], each[:, 3:4]
    sized = (boxes[:, 3] >= heights[0] * height) & (boxes[:, 3] <= heights[1] * height)
    shared = np.minimum(boxes[:, 1] + boxes[:, 3], top + height) - np.maximum(boxes[:, 1], top)
    return np.asarray(sized & (shared >= 0.5 * np.minimum(boxes[:, 3], height)))


def gaps(box_xywh: BoxXYWH, boxes: Boxes) -> NDArray[np.float64]:
    """(N,) columns between a box and each other; below 0 where they share some.

    >>> gaps((10, 0, 20, 30), np.array([[33.0, 0, 9, 30], [0, 50, 12, 30]])).tolist()
    [3.0, -2.0]
    """
    left, _, width, _ = box_xywh
    return np.asarray(np.maximum(boxes[:, 0] - (left + width), left - (boxes[:, 0] + boxes[:, 2])))


def as_boxes(boxes: list[BoxXYWH]) -> Boxes:
    """Tuples as an array, (N, 4) with N of 0 or more."""
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)
