"""Digits that touch the line of a sum are parted from it; words, boxes, arrows and digits stay whole."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.boxes import pieces_of_ink
from edge_app.stages.underlines import without_underlines

LEFT, RIGHT, LEVEL = 100, 330, 240  # ends of the line of a sum and where it runs
TALL = 48  # digits of `write`


def blank() -> UInt8:
    return np.zeros((480, 640), np.uint8)


def write(page: UInt8, text: str, x: int, bottom: int) -> None:
    """Digits `TALL` pixels tall, apart from each other, that stand on a row of pixels."""
    for place, letter in enumerate(text):
        cv2.putText(page, letter, (x + 56 * place, bottom - 2), cv2.FONT_HERSHEY_SIMPLEX, 2, (255,), 4)


def underline(page: UInt8, rise: int = 0, thickness: int = 4) -> None:
    cv2.line(page, (LEFT, LEVEL), (RIGHT, LEVEL - rise), (255,), thickness)


def write_on_line(page: UInt8, text: str, rise: int, thickness: int, below: bool) -> None:
    """Digits that stand on the line or hang from it, a pixel into it."""
    for place, letter in enumerate(text):
        x = 160 + 56 * place
        level = round(LEVEL - rise * (x + 20 - LEFT) / (RIGHT - LEFT))
        write(page, letter, x, level + TALL + thickness // 2 - 3 if below else level - thickness // 2 + 1)


def heights(page: UInt8) -> list[int]:
    """Of the pieces that are left, left to right; those that are no taller than half a digit aside."""
    _, stats = pieces_of_ink(without_underlines(page, *pieces_of_ink(page)))
    return [int(height) for _, _, _, height, _ in sorted(stats[1:].tolist()) if height > TALL / 2]


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("rise", [0, 6, -9])
@pytest.mark.parametrize("thickness", [2, 4, 7])
def test_digits_that_touch_a_line_are_parted_from_it(rise: int, thickness: int, below: bool) -> None:
    page = blank()
    write_on_line(page, "147", rise, thickness, below)
    underline(page, rise, thickness)
    assert len(pieces_of_ink(page)[1]) == 2  # paper and one piece

    left = heights(page)

    assert len(left) == 3
    assert min(left) > TALL * 0.85


def test_digits_above_and_below_it_are_parted_too() -> None:
    page = blank()
    write(page, "71", 160, LEVEL + 1)
    write(page, "45", 218, LEVEL + TALL + 2)
    underline(page)

    assert len(heights(page)) == 4


def test_a_digit_above_and_one_right_below_it_are_no_head_of_an_arrow() -> None:
    page = blank()
    for middle in (LEVEL - TALL // 2, LEVEL + TALL // 2):
        cv2.ellipse(page, (190, middle), (14, TALL // 2), 0, 0, 360, (255,), 5)
    underline(page)

    assert not np.array_equal(without_underlines(page, *pieces_of_ink(page)), page)


def test_one_digit_may_touch_it() -> None:
    page = blank()
    write(page, "4", 200, LEVEL + TALL + 1)
    underline(page)

    left = heights(page)

    assert len(left) == 1
    assert left[0] < TALL + 8


def test_the_line_of_a_sum_of_two_digits_is_short() -> None:
    page = blank()
    write(page, "17", 120, LEVEL + TALL)
    cv2.line(page, (105, LEVEL), (105 + round(2.4 * TALL), LEVEL), (255,), 4)
    assert len(pieces_of_ink(page)[1]) == 2  # paper and one piece

    left = heights(page)

    assert len(left) == 2
    assert max(left) < TALL + 8


def test_a_page_without_such_lines_is_given_back() -> None:
    page = blank()
    write(page, "2753", 60, 200)
    write(page, "14", 300, 400)

    assert without_underlines(page, *pieces_of_ink(page)) is page


def test_the_foot_of_a_2_is_no_line_however_long() -> None:
    page = blank()
    write(page, "2", 160, LEVEL)
    cv2.line(page, (164, LEVEL - 4), (164 + 2 * TALL, LEVEL - 8), (255,), 4)

    assert without_underlines(page, *pieces_of_ink(page)) is page


def test_a_row_of_boxes_keeps_its_sides_where_one_line_of_it_is_gone() -> None:
    page = blank()
    cv2.line(page, (LEFT, LEVEL), (RIGHT, LEVEL), (255,), 3)
    for x in range(LEFT, RIGHT + 1, 46):
        cv2.line(page, (x, LEVEL), (x, LEVEL + 50), (255,), 3)

    assert without_underlines(page, *pieces_of_ink(page)) is page


def test_an_arrow_keeps_its_shaft() -> None:
    page = blank()
    cv2.arrowedLine(page, (LEFT, LEVEL), (LEFT + 120, LEVEL), (255,), 4, tipLength=0.2)

    assert without_underlines(page, *pieces_of_ink(page)) is page


def test_letters_under_one_bar_stay_a_word() -> None:
    page = blank()
    for x in range(LEFT, LEFT + 5 * 40, 40):
        cv2.line(page, (x + 20, LEVEL - 26), (x + 20, LEVEL + 26), (255,), 16)
    cv2.line(page, (LEFT, LEVEL), (LEFT + 200, LEVEL), (255,), 4)
    cv2.line(page, (LEFT, LEVEL + 12), (LEFT + 160, LEVEL + 12), (255,), 12)

    assert without_underlines(page, *pieces_of_ink(page)) is page


def test_what_runs_off_the_frame_is_left_alone() -> None:
    page = blank()
    write(page, "385", 20, LEVEL + 2)
    cv2.line(page, (0, LEVEL), (RIGHT, LEVEL), (255,), 4)

    assert without_underlines(page, *pieces_of_ink(page)) is page
