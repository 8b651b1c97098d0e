"""Lines drawn on a page in, where they run down beside and between digits out: of squared paper, cells and columns."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, RegionMap, UInt8
from edge_app.stages.boxes import AREA, HEIGHT, LEFT, TOP, WIDTH
from edge_app.stages.rows import Boxes, as_boxes

DRAWN = 0.4  # of the height of a strip: a line across it that the threshold left
LEAN_PX, WIDEST_LINE_PX = 5, 16  # that a line leans within the strip; that it and its lean are wide


def drawn_lines(digits: Sequence[BoxXYWH], region_map: RegionMap, mask: UInt8) -> UInt8 | None:
    """The lines that were erased from a frame, and boxes around digits that were too small for that.

    Args:
        digits: round the digits of the frame.
        region_map: what these were found in; its lines are erased.
        mask: (h, w) uint8, 255 for ink, of which that was made.

    Returns:
        (h, w) uint8, 255 for lines; None where there are none, or no two digits for them to stand between.
    """
    if len(digits) < 2:
        return None
    components, stats = region_map.components, region_map.statistics
    lines = np.where(components == 0, mask, 0) if cv2.countNonZero(mask) > stats[1:, AREA].sum() else None
    for row in _around(as_boxes(digits) * region_map.resize_factor, region_map):
        lines = np.zeros_like(mask) if lines is None else lines
        x, y, width, height = stats[row, :AREA]
        within = slice(y, y + height), slice(x, x + width)
        lines[within][components[within] == row] = 255
    return lines


def _around(boxes: Boxes, region_map: RegionMap) -> NDArray[np.intp]:
    """Numbers of the pieces of ink that stand around one of some boxes, (N, 4) at working size."""
    stats = region_map.statistics
    corner, extent = stats[:, np.newaxis, [LEFT, TOP]], stats[:, np.newaxis, [WIDTH, HEIGHT]]
    around = (corner < boxes[:, :2]).all(axis=2) & (corner + extent > boxes[:, :2] + boxes[:, 2:]).all(axis=2)
    return np.flatnonzero(around[1:].any(axis=1)) + 1  # after paper


def upright_lines(strip: UInt8) -> NDArray[np.float64]:
    """Where lines run down through a strip.

    Args:
        strip: (h, w) uint8, 255 for what was drawn; h of 0 or more.

    Returns:
        (N,) their middles, ascending, in pixels from its left.

    >>> strip = np.zeros((20, 60), np.uint8)
    >>> strip[:, 10] = strip[3:, 40] = strip[:4, 50] = 255
    >>> upright_lines(strip).tolist()
    [10.0, 40.0]
    """
    if not strip.size:
        return np.zeros(0)
    # One that leans is spread over columns, each of which has a part of it.
    covered = cv2.blur((strip > 0).mean(axis=0)[np.newaxis], (LEAN_PX, 1))[0] * LEAN_PX
    ends = np.flatnonzero(np.diff(np.concatenate([[False], covered >= DRAWN, [False]])))
    starts, stops = ends[::2], ends[1::2]
    return np.asarray((starts + stops - 1)[stops - starts <= WIDEST_LINE_PX] / 2)


def beside(before: BoxXYWH, after: BoxXYWH, lines: UInt8, beyond: int = 0) -> NDArray[np.float64]:
    """Where upright lines cross the rows that two digits share.

    Args:
        before, after: round these, in pixels of the lines.
        lines: (h, w) uint8, 255 for what was drawn.
        beyond: rows above and below that count, too.

    Returns:
        (N,) ascending; none where the digits share no row.
    """
    top, bottom = max(before[1], after[1]), min(before[1] + before[3], after[1] + after[3])
    return upright_lines(lines[max(0, top - beyond) : bottom + beyond]) if bottom > top else np.zeros(0)


def between(before: BoxXYWH, after: BoxXYWH, places: NDArray[np.float64]) -> NDArray[np.intp]:
    """Which of those places lie between the middles of two digits."""
    return np.flatnonzero((places > centre(before)) & (places < centre(after)))


def centre(box: BoxXYWH) -> float:
    """The column that the middle of a box is in."""
    return box[0] + box[2] / 2
