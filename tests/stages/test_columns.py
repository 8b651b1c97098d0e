"""On squared paper, and over the line of a sum, digits in neighbouring columns are one number; in a puzzle none are."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.frames import Digit, Reading, Region, RegionMap, UInt8
from edge_app.stages.columns import joined_in_columns

PITCH, TALL, WIDE = 32, 22, 14


def lines_of(columns: int, rows: int = 14, missing: tuple[int, ...] = (), lean: int = 0) -> UInt8:
    """The lines of a grid, but for some upright ones."""
    page = np.zeros((480, 640), np.uint8)
    right, bottom = 10 + columns * PITCH, 10 + rows * PITCH
    for row in range(rows + 1):
        cv2.line(page, (10, 10 + row * PITCH), (right, 10 + row * PITCH), (255,), 1)
    for column in range(columns + 1):
        if column not in missing:
            cv2.line(page, (10 + column * PITCH, 10), (10 + column * PITCH + lean, bottom), (255,), 1)
    return page


NO_INK = np.zeros((1, 5), np.int32)


def read(
    lines: UInt8 | None,
    *texts_in_rows: str,
    pitch: int = PITCH,
    ink: NDArray[np.int32] = NO_INK,
    unread: tuple[Region, ...] = (),
) -> list[str]:
    """What is read where each digit of a text stands in a square of its own; a space is an empty square.

    Args:
        lines: that were erased.
        texts_in_rows: the digits of each row.
        pitch: from one to the next.
        ink: statistics of what was not erased.
        unread: what is no digit.
    """
    readings = []
    for row, text in enumerate(texts_in_rows, start=2):
        for column, value in enumerate(text, start=2):
            if value != " ":
                box = (10 + column * pitch + 9, 10 + row * PITCH + 5, WIDE, TALL)
                readings.append(Reading((Digit(int(value), 0.99, box),)))
    digits = [digit for reading in readings for digit in reading.digits]
    regions = tuple(Region(digit.box_xywh, (number,)) for number, digit in enumerate(digits, start=1))
    blank = np.zeros((480, 640), np.int32)
    found = RegionMap(regions, blank, ink, 1.0, True)
    return [reading.text for reading in joined_in_columns(readings, unread, found, lines)]


def test_digits_in_neighbouring_squares_are_one_number() -> None:
    assert read(lines_of(18), "345", "78 12", "423") == ["345", "78", "12", "423"]


@pytest.mark.parametrize("columns", [4, 9])
def test_a_grid_that_ends_as_a_puzzle_does_joins_none(columns: int) -> None:
    assert read(lines_of(columns), "34", "78") == ["3", "4", "7", "8"]


def test_lines_that_the_threshold_lost_may_be_missing() -> None:
    assert read(lines_of(18, missing=(3, 4, 8, 11)), "345", "678") == ["345", "678"]


def test_a_table_whose_columns_are_two_squares_wide_joins_none() -> None:
    page = lines_of(18, missing=tuple(range(1, 18, 2)))

    assert read(page, "34", "78") == ["3", "4", "7", "8"]


def test_squares_may_lean() -> None:
    assert read(lines_of(18, lean=30), "345", "678") == ["345", "678"]


def test_where_digits_stand_in_every_other_square_none_is_joined() -> None:
    assert read(lines_of(18), "3 4", "7 8") == ["3", "4", "7", "8"]


def test_digits_that_follow_no_squares_are_left_as_they_are() -> None:
    assert read(lines_of(18), "34", "78", pitch=48) == ["3", "4", "7", "8"]


def test_without_lines_nothing_is_joined() -> None:
    assert read(None, "34") == ["3", "4"]
    assert read(np.zeros((480, 640), np.uint8), "34") == ["3", "4"]


def test_a_number_that_is_not_whole_makes_none_that_is() -> None:
    one, other = (Reading((Digit(3, 0.99, (10 + c * PITCH + 9, 80, WIDE, TALL)),), whole=c == 2) for c in (2, 3))
    blank = np.zeros((480, 640), np.int32)
    found = RegionMap((), blank, NO_INK, 1.0, True)

    joined = joined_in_columns((one, other), (), found, lines_of(18))

    assert [(reading.text, reading.whole) for reading in joined] == [("33", False)]


def line(left: int, right: int, row: int = 4, rise: int = 0) -> UInt8:
    """A page with one line along the top of a row, from column to column."""
    page = np.zeros((480, 640), np.uint8)
    cv2.line(page, (10 + left * PITCH, 10 + row * PITCH), (10 + right * PITCH, 10 + row * PITCH - rise), (255,), 3)
    return page


@pytest.mark.parametrize("rise", [0, 8, -8])
def test_digits_over_and_under_the_line_of_a_sum_are_numbers(rise: int) -> None:
    assert read(line(1, 5, rise=rise), "345", " 78", "423") == ["345", "78", "423"]


def test_a_line_that_no_digit_touches_tells_as_much() -> None:
    under = np.array([[0, 0, 640, 480, 300_000], [10 + PITCH, 10 + 4 * PITCH, 4 * PITCH, 3, 12 * PITCH]], np.int32)

    assert read(None, "345", " 78", "423", ink=under) == ["345", "78", "423"]


def test_a_stroke_that_crosses_the_line_does_not_end_it() -> None:
    page = line(1, 5)
    page[:, 95:105] = 0

    assert read(page, "345", " 78", "423") == ["345", "78", "423"]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(line(0, 15), id="a rule"),
        pytest.param(line(1, 5) | line(1, 5, row=5), id="two lines, as a table has"),
        pytest.param(line(1, 5, row=9), id="far away"),
        pytest.param(line(1, 3), id="under one of them"),
        pytest.param(line(1, 5, rise=40), id="steep"),
    ],
)
def test_other_lines_join_none(lines: UInt8) -> None:
    assert read(lines, "34", "78") == ["3", "4", "7", "8"]


def test_cells_join_none_over_a_line_either() -> None:
    page = line(1, 5)
    page[60:160, 10 + 3 * PITCH] = 255

    assert read(page, "34", "78") == ["3", "4", "7", "8"]


def test_a_sign_between_two_digits_parts_them() -> None:
    slash = Region((10 + 3 * PITCH - 4, 10 + 2 * PITCH + 3, 8, TALL + 4), (9,))

    assert read(line(1, 5), "34", "78", unread=(slash,)) == ["3", "4", "78"]


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((0, 10 + 4 * PITCH, 5 * PITCH, 4, 20 * PITCH), id="the edge of the page"),
        pytest.param((10 + PITCH, 10 + 4 * PITCH, 4 * PITCH, 12, 48 * PITCH), id="a bar"),
    ],
)
def test_what_is_no_pen_s_line_joins_none(box: tuple[int, ...]) -> None:
    ink = np.array([[0, 0, 640, 480, 300_000], box], np.int32)

    assert read(None, "34", "78", ink=ink) == ["3", "4", "7", "8"]


def test_digits_in_columns_of_their_own_are_no_sum() -> None:
    assert read(line(1, 8), "34", "    78") == ["3", "4", "7", "8"]
