"""What stands alone in a cell of a table is no letter of the word in the cell before it."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.cells import in_cells
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.regions import find_regions
from edge_app.stages.uprights import drawn_lines
from tests.patches import patches_of

NONE = 10


def table(*rows: str, lines: bool = True) -> UInt8:
    """A table of three columns, a broad one for a word first; of each row the words in its cells."""
    page = np.zeros((480, 640), np.uint8)
    for row, text in enumerate(rows):
        for left, word in zip((40, 300, 440), text.split("|"), strict=True):
            for place, letter in enumerate(word.strip()):
                cv2.putText(page, letter, (left + 40 * place, 92 + 70 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255,), 4)
    if lines:
        for x in (20, 280, 420, 560):
            cv2.line(page, (x, 40), (x, 40 + 70 * len(rows)), (255,), 3)
        for row in range(len(rows) + 1):
            cv2.line(page, (20, 40 + 70 * row), (560, 40 + 70 * row), (255,), 3)
    return page


def celled(page: UInt8, text: str, sure: float = 0.99) -> str:
    """Those of the shapes, row by row, that stand in cells; what is a digit in the text has that probability."""
    found = find_regions(page)
    order = sorted(range(len(found.regions)), key=lambda row: (
        round((found.regions[row].box_xywh[1] - 60) / 70), found.regions[row].box_xywh[0]))  # fmt: skip
    assert len(order) == len(text), [found.regions[row].box_xywh for row in order]
    scores = np.zeros((len(order), 11), np.float32)
    for row, letter in zip(order, text, strict=True):
        label = int(letter) if letter.isdigit() else NONE
        scores[row, label] = sure if letter.isdigit() else 0.99
        scores[row, NONE] += 1.0 - scores[row, label] if letter.isdigit() else 0.0
    ones = np.ones(len(order), np.float32)
    scored = Scored(found.regions, scores, Measures(ones, ones, ones), ones, patches_of(*[0.0] * len(order)))
    cells = in_cells(scored, found, drawn_lines(scored.digits, found, page))
    return "".join(letter for row, letter in zip(order, text, strict=True) if cells[row])


ROWS = "HANK|0|17", "NEZ|1|00", "KVNE|8|4"
TEXT = "HANK017NEZ100KVNE84"


def test_digits_in_cells_of_their_own_are_told_from_the_letters_beside() -> None:
    assert celled(table(*ROWS), TEXT) == "01710084"


def test_boxes_apart_are_cells_though_none_of_them_was_taken_for_lines() -> None:
    page = table("HANK|0|1", "NEZ|1|0", "KVNE|8|4", lines=False)
    for left in (300, 440):
        for row in range(3):
            cv2.rectangle(page, (left - 12, 48 + 70 * row), (left + 42, 104 + 70 * row), (255,), 2)

    assert celled(page, "HANK01NEZ10KVNE84") == "011084"


def test_without_lines_there_are_no_cells() -> None:
    assert celled(table(*ROWS, lines=False), TEXT) == ""


def test_a_page_without_letters_needs_none_of_it() -> None:
    assert celled(table("74|0|17", "28|1|00"), "740172810" + "0") == ""


@pytest.mark.parametrize("sure", [0.85, 0.6])
def test_what_is_not_beyond_doubt_stays_what_it_was(sure: float) -> None:
    assert celled(table(*ROWS), TEXT, sure) == ""


def test_a_letter_in_the_cell_makes_letters_of_those_beside_it() -> None:
    rows = "HANK|0H|17", "NEZ|1|00", "KVNE|8|4"

    assert celled(table(*rows), "HANK0H17NEZ100KVNE84") == "17" + "100" + "84"


def test_where_letters_stand_alone_in_cells_a_0_may_be_one() -> None:
    rows = "H|A|0", "N|E|1", "K|V|8"

    assert celled(table(*rows), "HA0NE1KV8") == ""
