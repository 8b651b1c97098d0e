"""Two digits that meet across the line of a sum are parted; a tall one stays whole."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.boxes import pieces_of_ink
from edge_app.stages.lines import pieces_without_lines
from edge_app.stages.stacks import without_bridges

LEVEL, THICK = 200, 4  # where the line runs, its first row
TALL = 40  # digits
COLUMNS = (200, 250, 300)


def strokes(top: int, bottom: int, columns: tuple[int, ...] = COLUMNS) -> UInt8:
    """Upright strokes from a row to another."""
    page = np.zeros((480, 640), np.uint8)
    for x in columns:
        page[top:bottom, x : x + 12] = 255
    return page


def line(start: int = 150, stop: int = 350) -> UInt8:
    page = np.zeros((480, 640), np.uint8)
    page[LEVEL : LEVEL + THICK, start:stop] = 255
    return page


def stack(meet: bool) -> UInt8:
    """A row of strokes on the line and one under it, which meet across it in the first column."""
    page = strokes(LEVEL - TALL, LEVEL) | strokes(LEVEL + THICK, LEVEL + THICK + TALL)
    return page | strokes(LEVEL, LEVEL + THICK, COLUMNS[:meet])


def parted(page: UInt8, lines: UInt8) -> UInt8:
    return without_bridges(page, lines & ~page, *pieces_of_ink(page))


@pytest.mark.parametrize("stop", [350, 312])
def test_digits_that_meet_across_the_line_of_a_sum_are_parted(stop: int) -> None:
    assert np.array_equal(parted(stack(meet=True), line(stop=stop)), stack(meet=False))


def test_a_page_with_nothing_tall_is_given_back() -> None:
    page = stack(meet=False)

    assert parted(page, line()) is page


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        pytest.param(stack(meet=True), np.zeros((480, 640), np.uint8), id="no line"),
        pytest.param(stack(meet=True), line(10, 630), id="a rule of paper"),
        pytest.param(stack(meet=True), line(205, 245), id="a dash"),
        pytest.param(
            strokes(LEVEL - TALL, LEVEL) | strokes(LEVEL - TALL, LEVEL + TALL // 2, COLUMNS[:1]),
            line(),
            id="a stroke that goes a little below the line",
        ),
        pytest.param(strokes(LEVEL - TALL, LEVEL + TALL), line(), id="all digits as tall"),
    ],
)
def test_other_tall_strokes_stay_whole(page: UInt8, lines: UInt8) -> None:
    assert parted(page, lines) is page


def test_the_digits_of_a_sum_are_found_one_by_one() -> None:
    page = line(150, 400)
    for place in range(3):
        for digits, bottom in (("248", 80), ("719", 140), ("351", LEVEL + 1), ("027", LEVEL + THICK + 42)):
            cv2.putText(page, digits[place], (190 + 55 * place, bottom), cv2.FONT_HERSHEY_SIMPLEX, 2, (255,), 5)

    _, stats = pieces_without_lines(page)

    assert len([height for height in stats[1:, 3].tolist() if 30 <= height <= 55]) == 12
