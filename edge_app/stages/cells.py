"""Regions and the lines around them in, which digits stand in a cell of a table without a letter out.

Beside a list of names a 0 is an o and a 1 an l. In a score sheet lines part the names from the numbers, and what stands
alone between two of these is no letter of a word; but where letters stand alone in cells, as in a crossword, it may be.
"""

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import RegionMap, UInt8
from edge_app.stages.boxes import working_box
from edge_app.stages.classify import DIGITS, SURELY_NONE, Scored
from edge_app.stages.division import SURE
from edge_app.stages.rows import Boxes, as_boxes, in_row
from edge_app.stages.uprights import upright_lines

REACH = 5.0  # of its height: how far the lines beside a digit may be
LIKE_HEIGHTS = 0.4, 2.5  # of what else stands in its cell, likewise
MOSTLY = 2.0  # digits in cells to each letter in one
LETTERS_LEAST = 4  # on a page, from which it matters


def in_cells(scored: Scored, region_map: RegionMap, lines: UInt8 | None) -> NDArray[np.bool_]:
    """Which digits have an upright line on either side and nothing between these but digits beyond doubt.

    Args:
        scored: the regions of one frame.
        region_map: what they were found in.
        lines: (h, w) uint8, of `edge_app.stages.uprights.drawn_lines`.

    Returns:
        (N,) bool; none on a page with hardly a letter, without lines, or with letters in its cells.
    """
    none = np.zeros(len(scored.regions), dtype=bool)
    letters = scored.scores[:, DIGITS:].max(axis=1, initial=0.0) >= SURELY_NONE
    if lines is None or np.count_nonzero(letters) < LETTERS_LEAST:
        return none
    boxes = as_boxes([working_box(r.box_xywh, region_map.resize_factor, lines.shape) for r in scored.regions])
    sure = scored.belief >= SURE
    walled = np.array([_is_walled(row, boxes, sure, lines) for row in range(len(boxes))], dtype=bool)
    return walled & sure if np.count_nonzero(walled & sure) >= MOSTLY * np.count_nonzero(walled & letters) else none


def _is_walled(row: int, boxes: Boxes, sure: NDArray[np.bool_], lines: UInt8) -> bool:
    """Whether a line is on either side of a box, and no other but of digits that are sure between these."""
    left, top, width, height = boxes[row]
    first, last = max(0, int(left - REACH * height)), int(left + width + REACH * height)
    places = first + upright_lines(lines[int(top) : int(top + height), first:last])
    middles = boxes[:, 0] + boxes[:, 2] / 2
    before, after = places[places < middles[row]], places[places > middles[row]]
    if not (len(before) and len(after)):
        return False
    others = in_row(tuple(boxes[row]), boxes, LIKE_HEIGHTS) & (middles > before[-1]) & (middles < after[0])
    others[row] = False
    return not np.any(others & ~sure)
