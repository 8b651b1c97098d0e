"""What is written on a picture and what was read of it in, how much of it is right out.

Where the truth has boxes, a digit that was read is right where its centre lies in the box of a written one
with its label; where it has none, where it stands in the same order (longest common subsequence).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from edge_app.frames import BoxXYWH

Label: TypeAlias = Mapping[str, Any]
"""One entry of labels.json: `file`, `lines` and, where known, `kind` and `numbers` with boxes."""

SLACK_PX = 3  # by which a centre may miss a box: truth is rounded, and so is what was read
SAME_LINE = 0.5  # of the lower digit's height, for the facing ends of two numbers of one line
MOST_SLOPE = 0.15  # of a line, down the gap between two numbers: pages of a book are curved


@dataclass(frozen=True, slots=True)
class FoundDigit:
    """A digit that was read, and where."""

    digit: int
    box_xywh: BoxXYWH

    @property
    def centre(self) -> tuple[float, float]:
        """In pixels."""
        x, y, width, height = self.box_xywh
        return x + width / 2, y + height / 2


@dataclass(frozen=True, slots=True)
class Score:
    """How one picture was read.

    Attributes:
        file: the picture.
        kind: its difficulty; "" where the label names none.
        written: its digits, all lines in order.
        read: the digits that were read, in order.
        right: how many of them are right.
        lines, lines_exact: lines written, and those of them read without a fault.
        milliseconds: that reading took, decoding not counted.
        missed: boxes of written digits that were not read right, where the truth has boxes.
        wrong: boxes of what was read and is not so, likewise.
        numbers, numbers_exact: numbers written, likewise, and those of them that were read as one and without a fault.
    """

    file: str
    kind: str
    written: str
    read: str
    right: int
    lines: int
    lines_exact: int
    milliseconds: float
    missed: tuple[BoxXYWH, ...] = ()
    wrong: tuple[BoxXYWH, ...] = ()
    numbers: int = 0
    numbers_exact: int = 0

    @property
    def false(self) -> int:
        """Digits read that are not written, or not there."""
        return len(self.read) - self.right

    @property
    def faults(self) -> int:
        """Digits missed and digits false."""
        return len(self.written) - self.right + self.false

    @property
    def exact(self) -> bool:
        """Whether every digit was read, and nothing else."""
        return self.faults == 0


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over pictures.

    Attributes:
        pictures: how many, and how many of them read without a fault.
        written, read, right: digits.
        lines, lines_exact: lines written, and those read without a fault.
        numbers, numbers_exact: the same of numbers, each read as one.
        milliseconds: of the middle one of the pictures.
    """

    pictures: int
    exact: int
    written: int
    read: int
    right: int
    lines: int
    lines_exact: int
    numbers: int
    numbers_exact: int
    milliseconds: float

    @property
    def recall(self) -> float:
        """Share of the written digits that were read; 1.0 where there were none."""
        return self.right / self.written if self.written else 1.0

    @property
    def precision(self) -> float:
        """Share of what was read that is written; 1.0 where nothing was read."""
        return self.right / self.read if self.read else 1.0

    @property
    def false_per_picture(self) -> float:
        """Digits read that are not written."""
        return (self.read - self.right) / max(self.pictures, 1)


def total(scores: Sequence[Score]) -> Total:
    """Adds scores up."""
    return Total(
        pictures=len(scores),
        exact=sum(score.exact for score in scores),
        written=sum(len(score.written) for score in scores),
        read=sum(len(score.read) for score in scores),
        right=sum(score.right for score in scores),
        lines=sum(score.lines for score in scores),
        lines_exact=sum(score.lines_exact for score in scores),
        numbers=sum(score.numbers for score in scores),
        numbers_exact=sum(score.numbers_exact for score in scores),
        milliseconds=float(np.median([score.milliseconds for score in scores])) if scores else 0.0,
    )


def score(label: Label, numbers: Sequence[Sequence[FoundDigit]], milliseconds: float) -> Score:
    """Compares what was read with what is written.

    Args:
        label: of the picture.
        numbers: that were read, in reading order, each left to right.
        milliseconds: that it took.
    """
    if label.get("numbers"):
        return _score_by_place(label, numbers, milliseconds)
    written = "".join(label["lines"])
    lines = lines_of(numbers)
    read = "".join(lines)
    return Score(
        file=label["file"],
        kind=label.get("kind", ""),
        written=written,
        read=read,
        right=len(paired(written, read)),
        lines=len(label["lines"]),
        lines_exact=len(paired(label["lines"], lines)),
        milliseconds=milliseconds,
        wrong=() if written else tuple(digit.box_xywh for number in numbers for digit in number),
    )


def lines_of(numbers: Sequence[Sequence[FoundDigit]]) -> list[str]:
    """The digits of each line, of numbers in reading order.

    >>> numbers = [[FoundDigit(1, (0, 0, 9, 20))], [FoundDigit(2, (50, 4, 9, 20))], [FoundDigit(3, (0, 40, 9, 20))]]
    >>> lines_of(numbers)
    ['12', '3']
    """
    lines: list[str] = []
    before: FoundDigit | None = None
    for number in numbers:
        text = "".join(str(digit.digit) for digit in number)
        if before is not None and _stand_side_by_side(before, number[0]):
            lines[-1] += text
        else:
            lines.append(text)
        before = number[-1]
    return lines


def _stand_side_by_side(left: FoundDigit, right: FoundDigit) -> bool:
    """Whether the end of a number and the start of the next are on one line, which may run up or down."""
    (x, y, width, height), (right_x, right_y, _, right_height) = left.box_xywh, right.box_xywh
    shared = min(y + height, right_y + right_height) - max(y, right_y)
    return right_x > x and shared + MOST_SLOPE * (right_x - x - width) >= SAME_LINE * min(height, right_height)


def paired(written: Sequence[str], read: Sequence[str]) -> list[tuple[int, int]]:
    """Places of two sequences that pair off in order: their longest common subsequence.

    >>> paired("735426", "73426"), paired("12", "21"), paired("", "7")
    ([(0, 0), (1, 1), (3, 2), (4, 3), (5, 4)], [(1, 0)], [])
    """
    longest = np.zeros((len(written) + 1, len(read) + 1), dtype=int)
    for row in range(len(written) - 1, -1, -1):
        for column in range(len(read) - 1, -1, -1):
            skip = max(longest[row, column + 1], longest[row + 1, column])
            longest[row, column] = longest[row + 1, column + 1] + 1 if written[row] == read[column] else skip
    pairs, row, column = [], 0, 0
    while row < len(written) and column < len(read):
        if written[row] == read[column]:
            pairs.append((row, column))
            row, column = row + 1, column + 1
        elif longest[row + 1, column] >= longest[row, column + 1]:
            row += 1
        else:
            column += 1
    return pairs


def _score_by_place(label: Label, numbers: Sequence[Sequence[FoundDigit]], milliseconds: float) -> Score:
    boxes = [tuple(digit["box"]) for number in label["numbers"] for digit in number["digits"]]
    digits = [int(digit["digit"]) for number in label["numbers"] for digit in number["digits"]]
    found = [digit for number in numbers for digit in number]
    taken: dict[int, FoundDigit] = {}
    wrong: list[FoundDigit] = []
    for digit in found:
        near = [row for row, box in enumerate(boxes) if row not in taken and _holds(box, digit.centre)]
        row = min(near, key=lambda row: _distance(boxes[row], digit.centre), default=None)
        if row is not None and digits[row] == digit.digit:
            taken[row] = digit
        else:
            wrong.append(digit)
    as_read = [list(number) for number in numbers]
    in_numbers = _rows_of([number["digits"] for number in label["numbers"]])
    return Score(
        file=label["file"],
        kind=label.get("kind", ""),
        written="".join(map(str, digits)),
        read="".join(str(digit.digit) for digit in found),
        right=len(taken),
        lines=len(label["lines"]),
        lines_exact=sum(_is_exact(rows, taken, boxes, wrong) for rows in _rows_of(label["lines"])),
        milliseconds=milliseconds,
        missed=tuple(box for row, box in enumerate(boxes) if row not in taken),
        wrong=tuple(digit.box_xywh for digit in wrong),
        numbers=len(label["numbers"]),
        numbers_exact=sum([taken.get(row) for row in rows] in as_read for rows in in_numbers),
    )


def _rows_of(parts: Iterable[Sized]) -> list[range]:
    """The places of the digits of each line or number, among those of all."""
    rows, start = [], 0
    for part in parts:
        rows.append(range(start, start + len(part)))
        start += len(part)
    return rows


def _is_exact(rows: range, taken: Collection[int], boxes: Sequence[BoxXYWH], wrong: Sequence[FoundDigit]) -> bool:
    """Whether all digits of a line were read and nothing else was read in or between them."""
    if not all(row in taken for row in rows):
        return False
    left, top = min(boxes[row][0] for row in rows), min(boxes[row][1] for row in rows)
    right = max(boxes[row][0] + boxes[row][2] for row in rows)
    middle = float(np.mean([boxes[row][1] + boxes[row][3] / 2 for row in rows]))
    bottom = max(boxes[row][1] + boxes[row][3] for row in rows)
    half = min((bottom - top) / 2, max(boxes[row][3] for row in rows))
    band = left, round(middle - half), right - left, round(2 * half)
    return not any(_holds(band, digit.centre) for digit in wrong)


def _holds(box: BoxXYWH, point: tuple[float, float]) -> bool:
    x, y, width, height = box
    return -SLACK_PX <= point[0] - x <= width + SLACK_PX and -SLACK_PX <= point[1] - y <= height + SLACK_PX


def _distance(box: BoxXYWH, point: tuple[float, float]) -> float:
    return abs(box[0] + box[2] / 2 - point[0]) + abs(box[1] + box[3] / 2 - point[1])
