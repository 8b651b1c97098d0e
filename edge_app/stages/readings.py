"""Digits of one frame in, the numbers they form out, in reading order.

Two neighbours belong to one number where they stand on one line, are of one size, and the gap between
them is smaller than a space. Lines follow the digits, so a slanted line is still one line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from edge_app.frames import BoxXYWH, Digit, Reading, Region
from edge_app.stages.rows import Boxes, as_boxes, in_row
from edge_app.stages.tilt import level

MAX_GAP_SHARE = 0.65  # of the taller digit's height: a wider gap is a space between numbers
SLIM_SHARE = 0.4  # of its height: the least width that a digit takes up on the line
MAX_LAP_SHARE = 0.5  # of the narrower digit's width that slanted neighbours may share
MIN_LINE_OVERLAP = 0.5  # of the shorter digit's height, for two digits on one line
MIN_SIZE_RATIO = 0.45  # shorter to taller height within one number
SIGN_HEIGHTS = 0.6, 2.5  # of what parts two numbers, in a digit's height
LINE_OVERLAP = 0.5  # of the lower one's height, for the facing digits of two numbers on one line, or the numbers
SLOPED_DIGITS = 3  # least of a number that tells how its line runs
SLOPE_REACH = np.array([0.15, 0.5])  # of the page's width and height: how far a number tells it of others
LEAST_WEIGHT = 1e-6  # where none is so near


def group_readings(
    digits: Sequence[Digit],
    doubtful: Sequence[Region] = (),
    frame_wh: tuple[int, int] | None = None,
    tilt_deg: float = 0.0,
    signs: Sequence[Region] = (),
) -> tuple[Reading, ...]:
    """Groups digits into numbers and puts these into reading order.

    A number is not `whole` where a doubtful region would belong to it, or where it stands so near the
    left or right edge of the frame that its next digit would be outside. Nor are two numbers that lie
    partly over each other: one of them is a piece of the other.

    Args:
        digits: the digits of one frame, in any order.
        doubtful: regions that may be digits of a number without having been read.
        frame_wh: width and height of the frame in pixels; None where its edges do not matter.
        tilt_deg: how far lines run down to the right, in degrees.
        signs: regions that are surely no digit; one that stands between two digits parts their numbers.

    Returns:
        The readings, lines from top to bottom, numbers of a line from left to right.

    >>> box = lambda x: (x, 10, 20, 30)
    >>> page = [Digit(7, 0.9, box(55)), Digit(4, 0.9, box(5)), Digit(0, 0.9, box(30)), Digit(2, 0.9, box(200))]
    >>> [reading.text for reading in group_readings(page)]
    ['407', '2']
    """
    written = {replace(digit, box_xywh=level(digit.box_xywh, tilt_deg)): digit for digit in digits}
    numbers: list[list[Digit]] = []
    unfinished: list[list[Digit]] = []
    parting = as_boxes([level(region.box_xywh, tilt_deg) for region in signs])
    reach = 2 * max((digit.box_xywh[3] for digit in written), default=0)
    for digit in sorted(written, key=lambda digit: digit.box_xywh[0]):
        unfinished = [number for number in unfinished if _right(number[-1].box_xywh) + reach > digit.box_xywh[0]]
        left_neighbour = _nearest_to_the_left(digit, unfinished)
        if left_neighbour is None or _is_parted(left_neighbour[-1].box_xywh, digit.box_xywh, parting):
            numbers.append([digit])
            unfinished.append(numbers[-1])
        else:
            left_neighbour.append(digit)
    unread = [level(region.box_xywh, tilt_deg) for region in doubtful]
    readings = [Reading(tuple(number), whole=not _continued(number, unread)) for number in numbers]
    apart = zip(readings, _tangled(readings), strict=True)
    in_order = in_reading_order([replace(reading, whole=reading.whole and not tangled) for reading, tangled in apart])
    return tuple(_as_written(reading, written, frame_wh) for reading in in_order)


def joined(readings: Sequence[Reading], whole: bool = True) -> Reading:
    """Several numbers, left to right, as one; whole only where all of them are."""
    digits = tuple(digit for reading in readings for digit in reading.digits)
    return Reading(digits, whole=whole and all(reading.whole for reading in readings))


def in_reading_order(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """Sorts readings into lines from top to bottom and each line from left to right."""
    placed = [
        _Placed(reading.box_xywh, slope, reading) for reading, slope in zip(readings, _slopes(readings), strict=True)
    ]
    steepest = max((abs(one.slope) for one in placed), default=0.0)
    lines: list[_Line] = []
    for one in sorted(placed, key=lambda one: _middle(one.box_xywh)):
        line = _line_of(one, [line for line in lines if line.may_hold(one, steepest)])
        if line is None:
            line = _Line([])
            lines.append(line)
        line.add(one)
    return tuple(one.reading for line in lines for one in sorted(line.numbers, key=lambda one: one.box_xywh[0]))


def _nearest_to_the_left(digit: Digit, numbers: list[list[Digit]]) -> list[Digit] | None:
    """The number that a digit continues, if any: the one whose last digit is nearest."""
    continued = [number for number in numbers if _neighbours(number[-1].box_xywh, digit.box_xywh)]
    return max(continued, key=lambda number: _right(number[-1].box_xywh), default=None)


def _neighbours(left: BoxXYWH, right: BoxXYWH) -> bool:
    """Whether two boxes, the first further left, can be neighbours in one number."""
    taller, shorter = max(left[3], right[3]), min(left[3], right[3])
    if _overlap(left[1], left[3], right[1], right[3]) < shorter * MIN_LINE_OVERLAP or shorter < taller * MIN_SIZE_RATIO:
        return False  # so it is of most pairs
    apart = right[0] - _right(left)
    # A 1 fills less than the place that its writer left for it.
    slimness = sum(max(0.0, box[3] * SLIM_SHARE - box[2]) / 2 for box in (left, right))
    return apart >= -min(left[2], right[2]) * MAX_LAP_SHARE and apart - slimness <= taller * MAX_GAP_SHARE


def _is_parted(left: BoxXYWH, right: BoxXYWH, signs: Boxes) -> bool:
    """Whether a sign about as tall as two neighbours stands between them: the slash of a date."""
    middles = signs[:, 0] + signs[:, 2] / 2
    between = (middles > left[0] + left[2] / 2) & (middles < right[0] + right[2] / 2)
    return bool(np.any(between & in_row(left, signs, SIGN_HEIGHTS) & in_row(right, signs, SIGN_HEIGHTS)))


def _continued(number: list[Digit], unread: Sequence[BoxXYWH]) -> bool:
    """Whether something that could not be read stands where the number may go on."""
    first, last = number[0].box_xywh, number[-1].box_xywh
    return any(_neighbours(last, box) or _neighbours(box, first) for box in unread)


def _as_written(reading: Reading, written: Mapping[Digit, Digit], frame_wh: tuple[int, int] | None) -> Reading:
    """The reading with its digits where they stand in the frame; not whole at the frame's left and right."""
    digits = tuple(written[digit] for digit in reading.digits)
    return Reading(digits, reading.whole and not _at_side(digits, frame_wh))


def _at_side(digits: Sequence[Digit], frame_wh: tuple[int, int] | None) -> bool:
    if frame_wh is None:
        return False
    narrow = min(digit.box_xywh[3] for digit in digits) * MAX_GAP_SHARE / 4
    left, right = min(digit.box_xywh[0] for digit in digits), max(_right(digit.box_xywh) for digit in digits)
    return left < narrow or frame_wh[0] - right < narrow


def _tangled(readings: Sequence[Reading]) -> list[bool]:
    """Which numbers lie partly over another: they are pieces of one that came apart."""
    boxes = np.array([reading.box_xywh for reading in readings], dtype=np.int64).reshape(-1, 4)
    start, end = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    over = (np.minimum(end[:, np.newaxis], end) > np.maximum(start[:, np.newaxis], start)).all(axis=2)
    return [bool(count > 1) for count in over.sum(axis=1)]  # each lies over itself


class _Placed(NamedTuple):
    """A number, the box round it, and how far its line runs down there, as a share of its width."""

    box_xywh: BoxXYWH
    slope: float
    reading: Reading


@dataclass(slots=True)
class _Line:
    """Numbers that stand beside each other, in any order; left, top, right and bottom edge of the box round them."""

    numbers: list[_Placed]
    edges: tuple[int, int, int, int] = (0, 0, 0, 0)

    def add(self, one: _Placed) -> None:
        """Puts a number on the line."""
        x, y, width, height = one.box_xywh
        left, top, right, bottom = self.edges if self.numbers else (x, y, x, y)
        self.edges = min(left, x), min(top, y), max(right, x + width), max(bottom, y + height)
        self.numbers.append(one)

    def may_hold(self, one: _Placed, steepest: float) -> bool:
        """Whether a number shares rows with the line, if that falls or rises so far on its way there."""
        x, y, width, height = one.box_xywh
        left, top, right, bottom = self.edges
        drop = 1 + steepest * max(right - x, x + width - left)
        return y < bottom + drop and y + height > top - drop


def _line_of(one: _Placed, lines: Sequence[_Line]) -> _Line | None:
    """The line with the end that a number faces, else that with a number beside it; None where it begins one."""
    for lap in (_lap_of_ends, _lap_of_boxes):
        laps = [lap(one, line.numbers) for line in lines]
        if laps and max(laps) >= LINE_OVERLAP:
            return lines[laps.index(max(laps))]
    return None


def _lap_of_ends(one: _Placed, line: Sequence[_Placed]) -> float:
    """How much of the lower of two digits that face each other lies beside the other, if the line runs on as it does.

    They are ends of a number and of the nearest number of a line.
    """
    x, end = one.box_xywh[0], _right(one.box_xywh)
    nearest = min(line, key=lambda other: max(other.box_xywh[0], x) - min(_right(other.box_xywh), end))
    left, right = (nearest, one) if nearest.box_xywh[0] < x else (one, nearest)
    last, first = left.reading.digits[-1].box_xywh, right.reading.digits[0].box_xywh
    across = first[0] + first[2] / 2 - last[0] - last[2] / 2
    drop = round(across * (left.slope + right.slope) / 2)
    return _overlap(last[1] + drop, last[3], first[1], first[3]) / min(last[3], first[3])


def _lap_of_boxes(one: _Placed, line: Sequence[_Placed]) -> float:
    """How much of the lower of two numbers lies beside the other: where numbers run askew, their ends tell nothing."""
    x, y, _, height = one.box_xywh
    _, other_y, _, other_height = min(line, key=lambda other: abs(other.box_xywh[0] - x)).box_xywh
    return _overlap(other_y, other_height, y, height) / min(other_height, height)


def _slopes(readings: Sequence[Reading]) -> list[float]:
    """How far lines run down where each number stands, as a share of their width: pages in a book are curved.

    Told by all numbers of some digits, the nearer the more: columns of a page are alike sooner than its rows.
    """
    centres, falls, runs = np.zeros((len(readings), 2)), np.zeros(len(readings)), np.zeros(len(readings))
    for row, reading in enumerate(readings):
        boxes = as_boxes([digit.box_xywh for digit in reading.digits])
        places = boxes[:, :2] + boxes[:, 2:] / 2
        centres[row] = places.mean(axis=0)
        if len(boxes) >= SLOPED_DIGITS:
            x, y = (places - centres[row]).T
            falls[row], runs[row] = x @ y, x @ x
    if not runs.any():
        return [0.0] * len(readings)
    apart = (centres[:, np.newaxis] - centres) / (np.ptp(centres, axis=0) * SLOPE_REACH + 1.0)
    weights = np.exp(-np.square(apart).sum(axis=2)) + LEAST_WEIGHT
    return list((weights @ falls) / (weights @ runs))


def _overlap(start: int, length: int, other_start: int, other_length: int) -> int:
    return min(start + length, other_start + other_length) - max(start, other_start)


def _right(box: BoxXYWH) -> int:
    return box[0] + box[2]


def _middle(box: BoxXYWH) -> float:
    return box[1] + box[3] / 2
