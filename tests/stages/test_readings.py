"""Digits become numbers, and numbers stand in reading order."""

import pytest

from edge_app.frames import BoxXYWH, Digit, Region
from edge_app.stages.readings import group_readings


def digit(value: int, x: int, y: int = 100, width: int = 20, height: int = 30) -> Digit:
    return Digit(value, 0.9, (x, y, width, height))


def texts(*digits: Digit) -> list[str]:
    return [reading.text for reading in group_readings(digits)]


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([digit(0, 10)], ["0"], id="one digit"),
        pytest.param([digit(0, 10), digit(0, 36), digit(7, 62)], ["007"], id="leading zeros stay"),
        pytest.param([digit(2, 62), digit(1, 36), digit(0, 10)], ["012"], id="any order of digits"),
        pytest.param([digit(1, 10), digit(2, 80)], ["1", "2"], id="a space between two numbers"),
        pytest.param([digit(1, 10, 100), digit(2, 36, 160)], ["1", "2"], id="two lines"),
        pytest.param([digit(2, 10, 160), digit(1, 30, 100)], ["1", "2"], id="upper line first"),
        pytest.param([digit(1, 10), digit(2, 34, 60, 60, 90)], ["1", "2"], id="two sizes are two numbers"),
        pytest.param([digit(1, 10, width=4), digit(1, 24, width=4)], ["11"], id="slim ones"),
        pytest.param([digit(1, 10, width=4), digit(2, 36)], ["12"], id="a slim 1 takes up more than it fills"),
        pytest.param([digit(7, 10), digit(4, 24)], ["74"], id="slanted neighbours share a column"),
        pytest.param([digit(n, 10 + 26 * n, 100 + 8 * n) for n in range(6)], ["012345"], id="a line that slopes"),
    ],
)
def test_grouping(digits: list[Digit], expected: list[str]) -> None:
    assert texts(*digits) == expected


def test_a_sloping_page_is_read_line_by_line() -> None:
    upper = [digit(1, 10 + 80 * n, 100 + 12 * n) for n in range(4)]
    lower = [digit(2, 10 + 80 * n, 160 + 12 * n) for n in range(4)]

    assert texts(*lower, *upper) == ["1"] * 4 + ["2"] * 4


def test_a_number_has_the_box_of_its_digits_and_the_confidence_of_the_least_sure() -> None:
    reading = group_readings([Digit(4, 0.99, (10, 100, 20, 30)), Digit(2, 0.7, (36, 96, 20, 30))])[0]

    assert reading.box_xywh == (10, 96, 46, 34)
    assert reading.confidence == 0.7


@pytest.mark.parametrize(
    ("doubtful_box", "whole"),
    [
        pytest.param((62, 100, 20, 30), False, id="right beside it"),
        pytest.param((40, 100, 20, 30), False, id="left of it, a 7 that could not be read"),
        pytest.param((160, 100, 20, 30), True, id="far away"),
        pytest.param((62, 160, 20, 30), True, id="on another line"),
    ],
)
def test_a_number_beside_unreadable_ink_is_not_whole(doubtful_box: BoxXYWH, whole: bool) -> None:
    number = [digit(4, 66), digit(0, 92)] if doubtful_box[0] == 40 else [digit(4, 10), digit(0, 36)]

    reading = group_readings(number, [Region(doubtful_box, (1,))])[0]

    assert reading.whole is whole


@pytest.mark.parametrize(("x", "whole"), [(1, False), (100, True), (296, False)])
def test_a_number_at_the_side_of_the_frame_may_go_on_outside(x: int, whole: bool) -> None:
    assert group_readings([digit(5, x)], frame_wh=(320, 240))[0].whole is whole


def test_numbers_that_lie_over_each_other_are_pieces_and_not_whole() -> None:
    bar = digit(7, 52, 92, 40, 14)  # of the last digit of 235, taken for a number of its own

    readings = group_readings([digit(2, 10), digit(3, 36), digit(5, 62), bar, digit(9, 300)])

    assert {reading.text: reading.whole for reading in readings} == {"235": False, "7": False, "9": True}


@pytest.mark.parametrize(
    ("sign", "expected"),
    [
        pytest.param((58, 92, 8, 44), ["12", "03"], id="a slash"),
        pytest.param((60, 122, 4, 8), ["1203"], id="a point"),
        pytest.param((58, 160, 8, 44), ["1203"], id="on the next line"),
        pytest.param((140, 92, 8, 44), ["1203"], id="after the number"),
    ],
)
def test_a_sign_as_tall_as_digits_parts_two_numbers(sign: BoxXYWH, expected: list[str]) -> None:
    digits = [digit(1, 10), digit(2, 34), digit(0, 70), digit(3, 94)]

    assert [reading.text for reading in group_readings(digits, signs=[Region(sign, (1,))])] == expected


@pytest.mark.parametrize("bend", [0, 60, -60])
def test_lines_of_a_curved_page_are_read_one_after_the_other(bend: int) -> None:
    """Of three lines 60 pixels apart the ends lie as deep as the middle of the next one."""
    digits = [
        Digit(1 + line, 0.99, (x, 100 + 60 * line + round(bend * ((x - 300) / 300) ** 2), 20, 30))
        for line in range(3)
        for x in range(0, 600, 24)
        if x % 120 < 96  # four digits a number
    ]

    assert [reading.text for reading in group_readings(digits)] == ["1111"] * 5 + ["2222"] * 5 + ["3333"] * 5


def test_single_digits_follow_the_lines_that_numbers_beside_them_tell() -> None:
    steep = [Digit(4, 0.99, (24 * place, 100 + 8 * place, 20, 30)) for place in range(4)]
    alone = Digit(7, 0.99, (200, 170, 20, 30))
    below = Digit(2, 0.99, (60, 180, 20, 30))

    assert [reading.text for reading in group_readings([*steep, alone, below])] == ["4444", "7", "2"]
