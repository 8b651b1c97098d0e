"""Boxes in, which of them stand in one row with another and how far from it."""

from collections.abc import Sequence
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


def next_to(
    row: int, boxes: Boxes, others: NDArray[np.bool_], heights: tuple[float, float], most: float
) -> tuple[int | None, int | None]:
    """The nearest boxes on the left and on the right of one of them, in its row; None where there is none.

    Args:
        row: number of that one.
        boxes: (N, 4).
        others: (N,) bool, which of them count.
        heights: the least and the greatest of theirs, in its own.
        most: widest gap between it and them, likewise.

    >>> next_to(1, np.array([[0.0, 0, 9, 20], [12, 0, 4, 20], [40, 0, 9, 20]]), np.ones(3, bool), (0.5, 2.0), 0.5)
    (0, None)
    """
    box, middles = tuple(boxes[row]), boxes[:, 0] + boxes[:, 2] / 2
    close = others & in_row(box, boxes, heights) & (gaps(box, boxes) <= most * box[3])
    before, after = (np.flatnonzero(close & side) for side in (middles < middles[row], middles > middles[row]))
    return (
        int(before[middles[before].argmax()]) if len(before) else None,
        int(after[middles[after].argmin()]) if len(after) else None,
    )


def as_boxes(boxes: Sequence[BoxXYWH]) -> Boxes:
    """Tuples as an array, (N, 4) with N of 0 or more."""
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)
