"""Lines that were erased in, where they run down beside and between digits out: of squared paper, cells and columns."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, RegionMap, UInt8
from edge_app.stages.boxes import AREA

DRAWN = 0.4  # of the height of a strip: a line across it that the threshold left
LEAN_PX, WIDEST_LINE_PX = 5, 16  # that a line leans within the strip; that it and its lean are wide


def erased_from(mask: UInt8, region_map: RegionMap) -> UInt8 | None:
    """The ink of a mask that regions were not sought in, (h, w) uint8, 255 for it; None where all of it was."""
    if cv2.countNonZero(mask) == region_map.statistics[1:, AREA].sum():
        return None
    return np.where(region_map.components == 0, mask, 0).astype(np.uint8)


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
