"""Scored regions in, the same out with slashes told from 1s.

Both are one bare stroke. Where they stand apart, a slash stands by itself between numbers, on a page that has other
operators, and leans further than most hands do; but in the columns of a sum it is a 1. Where digits stand close on both
sides of it, it is longer than these and goes below their feet. A number that reads as a date, but with 1s where its
slashes would be, is one. And once slashes of a page are known, others are told by leaning as they do and being as long,
unless its 1s do as well.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32
from edge_app.stages.classify import DIGITS, Scored
from edge_app.stages.rows import Boxes, as_boxes, gaps, in_row, next_to
from edge_app.stages.strokes import without_digit

APART_DEG = 24.0, 42.0  # how far slashes that stand apart lean to the right; of lone 1s few do
SLASH_HEIGHTS = 0.45, 2.2  # of the digits beside an operator, in its height
SIGN_HEIGHTS = 0.8, 8.0
REACH = 2.5  # how far these may stand from it, in their height
GAP = 0.3  # the least space around an operator, in their height; digits of one number stand closer
PITCH, ROWS = (0.7, 2.2), (0.8, 1.7)  # from one digit of a sum to the next, and to the one below, in a stroke's height
STRAY = 0.35  # likewise: how far off its column or row one may stand
LONELY = 0.2  # of a digit's height: the least space around one in a column
FEW = 3  # other operators on a page, at least: one or two may be blots
LEANING_DEG = 12.0  # least lean of a slash between digits
SEVERAL, HARDLY_DEG = 2, 7.0  # that are longer than these and go below their feet; their lean, and of what is like them
NEXT_HEIGHTS, NEXT_GAP = (0.4, 2.0), 0.35  # of the digits beside it and how far they stand off, in its height
LONGER, BELOW = 1.05, 0.08  # than these in the mean, and how far below their feet it ends, in their height
FAR_LONGER, FAR_BELOW = 1.15, 0.12  # the same of the only one on a page
ALIKE_DEG, ALIKE_LENGTH = 5.0, 0.2  # that slashes of one page differ in their lean, and in their length as a share
# Where the year is written out, hardly another number reads so; else its slashes must look alike.
DATE = re.compile(r"(?=.{7})(0?[1-9]|[12]\d|3[01])1(0?[1-9]|1[0-2])1((?:19|20)?\d\d)")
YEAR_DIGITS = 4
ONES_LEAST, ONES_ALIKE = 2, 0.5  # 1s, and the share of them that lean as the slashes do, from which lean tells nothing


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A stroke with digits close on both sides.

    Attributes:
        row: of the region.
        lean: in degrees to the right, 0 and more.
        length: in the mean height of both neighbours.
        below: how far it ends below their feet, likewise; above them below 0.
        is_tallest: whether neither of them is taller.
    """

    row: int
    lean: float
    length: float
    below: float
    is_tallest: bool

    @property
    def is_long(self) -> bool:
        """Whether it is longer than its neighbours and goes below their feet."""
        return self.length >= LONGER and self.below >= BELOW and self.is_tallest

    @property
    def is_far(self) -> bool:
        """Whether it does so by far, and leans: a slash even if it is the only one of its page."""
        return self.length >= FAR_LONGER and self.below >= FAR_BELOW and self.lean >= LEANING_DEG

    def is_like(self, lean: float, length: float, least: float = LEANING_DEG) -> bool:
        """Whether it leans, and as another one does that is as long."""
        alike = abs(self.lean - lean) <= ALIKE_DEG and abs(self.length / length - 1) <= ALIKE_LENGTH
        return self.lean >= least and alike


def without_slashes(scored: Scored) -> Scored:
    """Scores with the probability of a 1 given to "not a digit" where a stroke is a slash.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
    """
    leans = scored.leans
    if scored.scores.shape[1] <= DIGITS or not (leans >= 0).any():
        return scored
    boxes, winners = as_boxes([region.box_xywh for region in scored.regions]), scored.scores.argmax(axis=1)
    is_digit = winners < DIGITS
    close = [_stroke(int(row), leans, boxes, is_digit) for row in np.flatnonzero(leans >= 0)]
    strokes = {stroke.row: stroke for stroke in close if stroke is not None}
    of_dates, ones = _in_dates(strokes, boxes, winners)
    others = [stroke for row, stroke in strokes.items() if row not in ones]
    plain = leans[[row for row in np.flatnonzero(np.isfinite(leans)) if row not in strokes or row in ones]]
    rows = _apart(leans, boxes, ~is_digit) | of_dates | _between_digits(others, of_dates, plain)
    if not rows:
        return scored
    slashes = np.zeros(len(boxes), dtype=bool)
    slashes[list(rows)] = True
    return replace(scored, scores=without_digit(scored.scores, slashes))


def _apart(leans: Float32, boxes: Boxes, is_sign: NDArray[np.bool_]) -> set[int]:
    """Slashes that stand by themselves among other operators."""
    leaning = np.flatnonzero((leans >= APART_DEG[0]) & (leans <= APART_DEG[1]))
    if not len(leaning):
        return set()
    signs = [row for row in np.flatnonzero(is_sign) if _is_between(row, boxes, is_sign, SIGN_HEIGHTS)]
    if len(signs) < FEW:
        return set()
    middles = boxes[:, 0] + boxes[:, 2] / 2
    # It stands after a digit: the first 1 of a line may lean as well.
    found = {int(row) for row in leaning if _is_between(row, boxes, is_sign | (middles >= middles[row]), SLASH_HEIGHTS)}
    digits = boxes[~is_sign]
    lonely = digits[[_is_lonely(box, digits) for box in digits]] if found else digits
    return {row for row in found if not _in_columns(boxes[row], lonely)}


def _in_columns(stroke: Boxes, lonely: Boxes) -> bool:
    """Whether digits that stand apart are above or below a stroke, (4,), and above or below one beside it: in sums."""
    x, y = ((lonely[:, :2] + lonely[:, 2:] / 2 - stroke[:2] - stroke[2:] / 2) / stroke[3]).T
    beside = (np.abs(y) <= STRAY) & (np.abs(x) >= PITCH[0]) & (np.abs(x) <= PITCH[1])
    stacked = (np.abs(x) <= STRAY) & (np.abs(y) >= ROWS[0]) & (np.abs(y) <= ROWS[1])
    square = np.abs(x[:, np.newaxis, np.newaxis] - x[beside][:, np.newaxis]) <= STRAY
    square = square & (np.abs(y[:, np.newaxis, np.newaxis] - y[beside][:, np.newaxis] - y[stacked]) <= STRAY)
    return bool(square.any())


def _is_lonely(box: Boxes, digits: Boxes) -> bool:
    """Whether no other digit stands close to one, (4,), in its row."""
    close = in_row(tuple(box), digits, SLASH_HEIGHTS) & (gaps(tuple(box), digits) < LONELY * box[3])
    return bool(np.count_nonzero(close) == 1)  # itself


def _is_between(row: int, boxes: Boxes, is_sign: NDArray[np.bool_], heights: tuple[float, float]) -> bool:
    """Whether a region has a digit in its row within reach, and nothing close by."""
    box, tall = tuple(boxes[row]), boxes[:, 3]
    away = gaps(box, boxes)
    beside = in_row(box, boxes, heights)
    beside[row] = False
    return bool(np.any(beside & ~is_sign & (away <= REACH * tall)) and np.all((away >= GAP * tall)[beside]))


def _between_digits(strokes: Collection[_Stroke], known: Collection[int], ones: Float32) -> set[int]:
    """Slashes that stand as close to digits as these do to one another, where some of the page are known or sure.

    Args:
        strokes: that may be slashes.
        known: rows of those that are.
        ones: degrees that strokes lean which can be none; where most of them lean likewise, only sure ones are slashes.
    """
    sure = [each for each in strokes if each.lean >= HARDLY_DEG and each.is_long]
    if len(sure) == 1 and not known and not sure[0].is_far:
        return set()
    models = [*sure, *(each for each in strokes if each.row in known)]
    if not models:
        return set()
    lean, length = np.median([(each.lean, each.length) for each in models], axis=0)
    if len(ones) >= ONES_LEAST and np.mean(np.abs(ones - lean) <= ALIKE_DEG) > ONES_ALIKE:
        return {each.row for each in sure}
    least = LEANING_DEG if len(sure) < SEVERAL else HARDLY_DEG
    return {each.row for each in strokes if each in sure or each.is_like(lean, length, least)}


def _stroke(row: int, leans: Float32, boxes: Boxes, is_digit: NDArray[np.bool_]) -> _Stroke | None:
    """A stroke beside its neighbours; None where it does not have one on either side."""
    before, after = next_to(row, boxes, is_digit, NEXT_HEIGHTS, NEXT_GAP)
    if before is None or after is None:
        return None
    beside = boxes[[before, after]]
    height, foot = beside[:, 3].mean(), (beside[:, 1] + beside[:, 3]).mean()
    _, top, _, tall = boxes[row]
    return _Stroke(row, float(leans[row]), tall / height, (top + tall - foot) / height, tall >= beside[:, 3].max())


def _in_dates(strokes: Mapping[int, _Stroke], boxes: Boxes, winners: NDArray[np.intp]) -> tuple[set[int], set[int]]:
    """Slashes of numbers that read as a day, a month and a year with a 1 between them, and the 1s of such."""
    slashes, ones, seen, is_digit = set[int](), set[int](), set[int](), winners < DIGITS
    for row in strokes:
        if row in seen:
            continue
        number = _number_with(row, boxes, is_digit)
        seen.update(number)
        date = DATE.fullmatch("".join(str(winners[each]) for each in number))
        ends = [strokes.get(number[date.end(part)]) for part in (1, 2)] if date else []
        found = [each for each in ends if each is not None]
        if not date or len(found) < 2:
            continue
        first, second = found
        if len(date[3]) == YEAR_DIGITS or second.is_like(first.lean, first.length):
            slashes.update((first.row, second.row))
            ones.update(number)
    return slashes, ones - slashes


def _number_with(row: int, boxes: Boxes, is_digit: NDArray[np.bool_]) -> list[int]:
    """The digits that stand close to one another, left to right, a given one among them."""
    sides: tuple[list[int], list[int]] = [], []
    for side, found in enumerate(sides):
        here = row
        while (beside := next_to(here, boxes, is_digit, NEXT_HEIGHTS, NEXT_GAP)[side]) is not None:
            found.append(beside)
            here = beside
    return [*reversed(sides[0]), row, *sides[1]]
