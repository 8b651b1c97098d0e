"""Digits in a row of boxes are one number, as forms ask for it; those in puzzles and tables are not."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge_app.frames import Digit, UInt8
from edge_app.stages.fields import joined_in_fields, parted_in_cells
from edge_app.stages.readings import group_readings
from edge_app.stages.regions import find_regions
from edge_app.stages.uprights import drawn_lines

SIDE = 60


def blank() -> UInt8:
    return np.zeros((480, 640), np.uint8)


def write(page: UInt8, text: str, x: int, y: int) -> None:
    """Digits about 28 px wide and 39 px tall, their left top corner near a place."""
    cv2.putText(page, text, (x, y + 36), cv2.FONT_HERSHEY_SIMPLEX, 36 / 22, (255,), 4)


def box(page: UInt8, x: int, y: int, text: str, width: int) -> None:
    """A box of a form, and what is written in it."""
    cv2.rectangle(page, (x, y), (x + width, y + SIDE), (255,), 2)
    write(page, text, x + 15, y + 12)


def field(texts: Sequence[str], x: int = 40, y: int = 100, gap: int = 0, width: int = SIDE) -> UInt8:
    """A row of boxes with a text in each."""
    page = blank()
    for place, text in enumerate(texts):
        box(page, x + place * (width + gap), y, text, width)
    return page


def read(page: UInt8, values: str, unread: Sequence[int] = ()) -> list[tuple[str, bool]]:
    """Numbers and whether they are whole, where the digits found on a page have these values in reading order.

    Args:
        page: 255 for ink.
        values: of its regions, by lines.
        unread: numbers of those that are doubtful.
    """
    found = find_regions(page)
    digit_like = [region for region in found.regions if region.box_xywh[3] > SIDE / 3]  # not what is left of a corner
    lines = sorted(digit_like, key=lambda region: (round(region.box_xywh[1] / SIDE), region.box_xywh[0]))
    assert len(lines) == len(values), [region.box_xywh for region in lines]
    doubtful = [lines[place] for place in unread]
    digits = [
        Digit(int(value), 0.99, region.box_xywh)
        for value, region in zip(values, lines, strict=True)
        if region not in doubtful
    ]
    readings = group_readings(digits, doubtful, tilt_deg=found.tilt_deg)
    lines = drawn_lines([digit.box_xywh for digit in digits], found, page)
    parted = parted_in_cells(readings, found, lines)
    return [(reading.text, reading.whole) for reading in joined_in_fields(parted, doubtful, found, lines)]


def texts(page: UInt8, values: str) -> list[str]:
    return [text for text, _ in read(page, values)]


@pytest.mark.parametrize(
    ("count", "gap"),
    [
        pytest.param(8, 0, id="boxes that share their sides"),
        pytest.param(7, 12, id="boxes apart"),
        pytest.param(2, 0, id="boxes too small for their sides to be sought as lines"),
        pytest.param(2, 12, id="small ones apart"),
    ],
)
def test_a_row_of_boxes_is_one_number(count: int, gap: int) -> None:
    digits = "74085213"[:count]
    assert texts(field(digits, gap=gap), digits) == [digits]


@pytest.mark.parametrize("angle", [-22, -8, 8, 22])
def test_on_a_tilted_page_as_well(angle: int) -> None:
    page = field("408521", x=140, y=160) | field("3974", x=140, y=250)
    page = cv2.warpAffine(page, cv2.getRotationMatrix2D((320, 240), angle, 1.0), (640, 480))
    page = np.where(page > 127, 255, 0).astype(np.uint8)
    found = find_regions(page)
    back = cv2.getRotationMatrix2D((320, 240), -angle, 1.0)
    lines = sorted(
        (bool(back[1] @ (x + width / 2, y + height / 2, 1) > 235), x, (x, y, width, height))
        for x, y, width, height in (region.box_xywh for region in found.regions)
    )
    digits = [Digit(int(value), 0.99, box) for value, (_, _, box) in zip("4085213974", lines, strict=True)]
    readings = group_readings(digits, tilt_deg=found.tilt_deg)
    boxes = [digit.box_xywh for digit in digits]
    joined = joined_in_fields(readings, (), found, drawn_lines(boxes, found, page))
    assert [reading.text for reading in joined] == ["408521", "3974"]


def test_two_fields_are_two_numbers() -> None:
    page = field("7408") | field("52", y=260) | field("31", x=400)
    assert texts(page, "74083152") == ["7408", "31", "52"]


def test_a_digit_beside_the_row_above_is_in_no_column_of_it() -> None:
    page = field("74", y=172)
    write(page, "8", 40 + 2 * SIDE + 15, 118)
    assert texts(page, "874") == ["8", "74"]


def test_a_field_above_others_that_touch_it_in_part_is_one_number() -> None:
    page = field("7408521") | field(["", ""], y=100 + SIDE)
    assert texts(page, "7408521") == ["7408521"]


def test_the_cells_of_a_puzzle_are_numbers_of_their_own() -> None:
    page = field("740") | field("852", y=100 + SIDE) | field("136", y=100 + 2 * SIDE)
    assert texts(page, "740852136") == list("740852136")


def test_so_are_they_where_only_pieces_of_its_lines_are_left() -> None:
    page = field("740") | field("852", y=108 + SIDE) | field("136", y=116 + 2 * SIDE)
    assert texts(page, "740852136") == list("740852136")


def test_so_are_the_cells_of_a_table() -> None:
    assert texts(field("740", width=150), "740") == list("740")


def test_where_a_box_holds_two_digits_each_is_a_number() -> None:
    page = field(["7", "40", "8"], width=90)
    assert texts(page, "7408") == ["7", "40", "8"]


@pytest.mark.parametrize("width", [SIDE, 48])
def test_an_empty_box_ends_a_number(width: int) -> None:
    assert read(field(["7", "1", "", "8", "5"], width=width), "7185") == [("71", True), ("85", True)]


def test_beside_a_box_that_could_not_be_read_no_number_is_whole() -> None:
    assert read(field("74085"), "74085", unread=[2]) == [("74", False), ("85", False)]


def test_the_words_right_above_a_field_are_no_row_of_it() -> None:
    page = field("740", y=160)
    write(page, "444", 60, 115)
    assert read(page, "444740", unread=[0, 1, 2]) == [("740", True)]


def test_circles_are_no_boxes() -> None:
    page = blank()
    for place, text in enumerate("740"):
        write(page, text, 60 + place * 80, 100)
        cv2.circle(page, (72 + place * 80, 118), 34, (255,), 3)
    assert texts(page, "740") == list("740")


def test_without_lines_nothing_changes() -> None:
    page = blank()
    write(page, "7", 60, 100)
    write(page, "4", 160, 100)
    assert texts(page, "74") == ["7", "4"]


def test_a_line_may_be_broken_and_ragged() -> None:
    page = field("7408")
    page[132:134, 90:110] = 0
    page[122:138, 90:110] = np.roll(page[122:138, 90:110], 1, axis=1)
    assert texts(page, "7408") == ["7408"]


def test_a_line_beside_the_middle_of_two_digits_is_no_side_of_a_box() -> None:
    page = field("74")
    page[115:140, 95:105] = 0  # and so is none that ends above and begins below
    assert texts(page, "74") == ["7", "4"]


def test_a_field_with_a_number_that_is_not_whole_is_not_whole() -> None:
    page = field("74")
    found = find_regions(page)
    boxes = [region.box_xywh for region in found.regions[:2]]
    first, second = group_readings([Digit(7, 0.99, boxes[0]), Digit(4, 0.99, boxes[1])])
    joined = joined_in_fields((first, replace(second, whole=False)), (), found, drawn_lines(boxes, found, page))
    assert [(reading.text, reading.whole) for reading in joined] == [("74", False)]


def squares(pitch: int, texts: Sequence[str], height: int) -> UInt8:
    """Squared paper or a puzzle all over a page, with a digit in each square of some rows, so tall."""
    page, (rows, columns) = blank(), (480 // pitch, 640 // pitch)
    for row in range(rows + 1):
        cv2.line(page, (0, row * pitch), (columns * pitch, row * pitch), (255,), 2)
    for column in range(columns + 1):
        cv2.line(page, (column * pitch, 0), (column * pitch, rows * pitch), (255,), 2)
    for row, text in enumerate(texts, start=2):
        for column, digit in enumerate(text, start=2):
            corner = column * pitch + (pitch - 0.75 * height) / 2, row * pitch + (pitch + height) / 2
            cv2.putText(
                page, digit, (round(corner[0]), round(corner[1])), cv2.FONT_HERSHEY_SIMPLEX, height / 22, 255, 4
            )
    return page


def test_digits_in_the_cells_of_a_puzzle_are_numbers_of_their_own_however_near() -> None:
    assert texts(squares(pitch=64, texts=("483", "925"), height=46), "483925") == list("483925")


def test_on_squared_paper_a_number_goes_on_from_square_to_square() -> None:
    assert texts(squares(pitch=60, texts=("483", "925"), height=52), "483925") == ["483", "925"]


@pytest.mark.parametrize(("column_px", "apart"), [(180, True), (60, False)])
def test_numbers_in_the_columns_of_a_table_are_apart_however_near_to_its_line(column_px: int, apart: bool) -> None:
    page = blank()
    for x in range(40, 620, column_px):
        cv2.line(page, (x, 40), (x, 440), (255,), 2)
    for y in (40, 160, 280, 440):
        cv2.line(page, (40, y), (40 + 580 // column_px * column_px, y), (255,), 2)
    line = 40 + 180  # in both: the third one, or the fourth
    for x, digit in ((line - 84, "7"), (line - 42, "4"), (line + 9, "2")):
        cv2.putText(page, digit, (x, 242), cv2.FONT_HERSHEY_SIMPLEX, 46 / 22, (255,), 4)

    assert texts(page, "742") == (["74", "2"] if apart else ["742"])
