"""Numbers and the lines erased around them in; those in cells of a puzzle parted, those in boxes of a form joined out.

Forms ask for a number by a row of boxes, one digit in each, which stand too far apart to be told for one number by the
gaps between them. What sets the field of a form apart from a puzzle or a table is that its boxes stand in a single row:
the lines between its digits end where the boxes do. In the cells of a puzzle each digit is a number, however near the
next one is, but on squared paper a number goes on from square to square.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median

import cv2
import numpy as np

from edge_app.frames import BoxXYWH, Reading, Region, RegionMap, UInt8
from edge_app.stages.boxes import working_box
from edge_app.stages.readings import joined
from edge_app.stages.rows import Boxes, as_boxes, next_to
from edge_app.stages.tilt import level
from edge_app.stages.uprights import beside, between, centre

LIKE_HEIGHTS = 0.5, 2.0  # of the digit in the next box, in the height of the one in this
WIDEST_GAP = 3.0  # between them, likewise
BENT = 0.15  # of half the rows that both digits stand in: how far the line between them may stray from straight there;
# a circle round one strays twice as far
BROKEN_PX = 3  # that it may be interrupted for
REACH = 2.0  # of the taller digit's height: how far above and below the line's ends are sought
TALLEST = 2.2  # likewise: where most lines are taller, there are boxes above or below
# Likewise: the line between two digits, and from one's middle to the other's, from which they are in two cells. Of 889
# pairs on squared paper none has both, of 46 in puzzles 44.
CELL_LINE, CELL_PITCH = 1.2, 1.25
COLUMN = 1.8  # likewise: the width of a table's column, in which numbers may come as near to its lines as they please
NEXT_ROW = 0.5, 1.1  # of the lines' height: how far above or below a digit another one stands, where there are
BROADEST = 1.4  # of the lines' height: what is broader is the cell of a table, or a box without a digit


def parted_in_cells(readings: Sequence[Reading], region_map: RegionMap, lines: UInt8 | None) -> tuple[Reading, ...]:
    """Parts the numbers whose digits stand in cells of their own.

    Args:
        readings: of one frame, in reading order.
        region_map: what they were found in.
        lines: (h, w) uint8, of `edge_app.stages.uprights.drawn_lines`.

    Returns:
        The numbers in the order given.
    """
    if lines is None:
        return tuple(readings)
    slope = _slope(region_map)
    parted = []
    for reading in readings:
        boxes = [working_box(digit.box_xywh, region_map.resize_factor, lines.shape) for digit in reading.digits]
        pairs = enumerate(pairwise(boxes), start=1)
        ends = [place for place, (before, after) in pairs if _in_two_cells(before, after, lines, slope)]
        starts = [0, *ends]
        for start, end in zip(starts, [*ends, len(boxes)], strict=True):
            parted.append(replace(reading, digits=reading.digits[start:end]))
    return tuple(parted)


def _in_two_cells(before: BoxXYWH, after: BoxXYWH, lines: UInt8, slope: float) -> bool:
    """Whether a line stands between two digits that is taller than they are, and they fill no square of it each."""
    tall = max(before[3], after[3])
    near = centre(after) - centre(before) < CELL_PITCH * tall
    if near and not _are_columns(before, after, lines):
        return False
    return _height_of_line(lines, before, after, slope) >= CELL_LINE * tall


def _are_columns(before: BoxXYWH, after: BoxXYWH, lines: UInt8) -> bool:
    """Whether just one line stands between two digits, and the next ones so far away that each column holds several."""
    places = beside(before, after, lines)
    parting = between(before, after, places)
    if len(parting) != 1:
        return False
    apart, least = np.diff(places), COLUMN * max(before[3], after[3])
    return bool(np.all(apart[max(0, parting[0] - 1) : parting[0] + 1] >= least))


def joined_in_fields(
    readings: Sequence[Reading], unread: Sequence[Region], region_map: RegionMap, lines: UInt8 | None
) -> tuple[Reading, ...]:
    """Joins the numbers whose digits stand in the boxes of one field.

    Args:
        readings: of one frame, in reading order.
        unread: its regions that are digits of none of these; a number with one in its field is not whole.
        region_map: what all of these were found in.
        lines: (h, w) uint8, of `edge_app.stages.uprights.drawn_lines`.

    Returns:
        The numbers in the order given.
    """
    if len(readings) < 2 or lines is None:
        return tuple(readings)
    fields = {places[0]: (places, whole) for places, whole in _fields(readings, unread, region_map, lines)}
    rest = {place for places, _ in fields.values() for place in places[1:]}
    numbers = [fields.get(place, ([place], True)) for place in range(len(readings)) if place not in rest]
    return tuple(joined([readings[place] for place in places], whole) for places, whole in numbers)


def _slope(region_map: RegionMap) -> float:
    """Of the page, up or down."""
    return float(abs(np.tan(np.deg2rad(region_map.tilt_deg))))


def _fields(
    readings: Sequence[Reading], unread: Sequence[Region], region_map: RegionMap, lines: UInt8
) -> Iterator[tuple[list[int], bool]]:
    """The numbers of each field by their places, left to right, and whether nothing in it is unread.

    What could not be read parts a field in two.
    """
    place = [number for number, reading in enumerate(readings) for _ in reading.digits]
    found = [digit.box_xywh for reading in readings for digit in reading.digits]
    found += [region.box_xywh for region in unread]
    levelled = as_boxes([level(box, region_map.tilt_deg) for box in found])
    boxes = [working_box(box, region_map.resize_factor, lines.shape) for box in found]
    for chain, heights in _in_a_row_of_boxes(levelled, boxes, lines, _slope(region_map)):
        read = [row for row in chain if row < len(place)]
        if sum(len(readings[number].digits) for number in {place[row] for row in read}) > len(read):
            continue  # a box holds more than a digit
        height = median(heights)
        if height > TALLEST * max(boxes[row][3] for row in chain):
            continue
        if _is_in_a_column(levelled[: len(place)], read, height / region_map.resize_factor):
            continue
        parts = [list(rows) for was_read, rows in groupby(chain, lambda row: row < len(place)) if was_read]
        for part in parts:
            yield list(dict.fromkeys(place[row] for row in part)), len(read) == len(chain)


def _in_a_row_of_boxes(
    levelled: Boxes, boxes: Sequence[BoxXYWH], lines: UInt8, slope: float
) -> Iterator[tuple[list[int], list[int]]]:
    """Rows of two digits and more that a line parts from one another, left to right, with the heights of these lines.

    Args:
        levelled: (N, 4), round each digit where the page is turned level.
        boxes: the same as they stand, at working size.
        lines: (h, w) uint8, what was drawn.
        slope: of the page, up or down.
    """
    before, heights = dict[int, int](), dict[int, int]()
    for row in range(len(boxes)):
        _, after = next_to(row, levelled, np.ones(len(boxes), dtype=bool), LIKE_HEIGHTS, WIDEST_GAP)
        if after is None:
            continue
        height = _height_of_line(lines, boxes[row], boxes[after], slope)
        if centre(boxes[after]) - centre(boxes[row]) <= BROADEST * height:
            before[after], heights[row] = row, height
    follows = {row: after for after, row in before.items()}
    for start in sorted(follows.keys() - before.keys()):
        chain = [start]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        yield chain, [heights[row] for row in chain[:-1]]


def _is_in_a_column(digits: Boxes, row: Sequence[int], height: float) -> bool:
    """Whether other digits stand right above or below those of a row of boxes, where only pieces of lines are left.

    Args:
        digits: (N, 4), round all of them.
        row: places of those of the row.
        height: of its boxes, in the same pixels.
    """
    centres = digits[:, :2] + digits[:, 2:] / 2
    across, down = np.abs(centres[row][:, np.newaxis] - centres).transpose(2, 0, 1) / height
    return bool(np.any((across <= 0.5) & (down >= NEXT_ROW[0]) & (down <= NEXT_ROW[1])))


def _height_of_line(lines: UInt8, before: BoxXYWH, after: BoxXYWH, slope: float) -> int:
    """Height in pixels of the upright line between two digits, without those that it ends on; 0 where there is none."""
    top, bottom = max(before[1], after[1]), min(before[1] + before[3], after[1] + after[3])
    left, right = round(centre(before)), round(centre(after))
    if bottom <= top or right <= left or not _is_straight(lines[top:bottom, left:right]):
        return 0
    reach = round(REACH * max(before[3], after[3]))
    start = max(0, top - reach)
    covered = lines[start : bottom + reach, left:right].max(axis=1)
    drawn = cv2.morphologyEx(covered, cv2.MORPH_CLOSE, np.ones((BROKEN_PX + 2, 1), np.uint8)).ravel()
    bare, middle = np.flatnonzero(drawn == 0), (top + bottom) // 2 - start
    first, end = bare[bare < middle].max(initial=-1) + 1, bare[bare > middle].min(initial=len(drawn))
    return max(0, int(end - first) - round(slope * (right - left)))


def _is_straight(strip: UInt8) -> bool:
    """Whether the first line in a (h, w) strip is no part of a circle."""
    rows = np.flatnonzero(strip.any(axis=1))
    if len(rows) < 3:
        return False
    half = len(strip) / 2
    bend, _, _ = np.polyfit(rows / half - 1, (strip[rows] > 0).argmax(axis=1), 2)
    return bool(abs(bend) <= BENT * half)
