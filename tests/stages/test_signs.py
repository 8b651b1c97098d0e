"""A slash between numbers is no 1, where the page has other operators."""

from dataclasses import replace

import numpy as np

from edge_app.frames import Region
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.signs import without_slashes

DIGIT_XS = (20, 50, 150, 180, 300, 330)
SIGN_XS = (100, 215, 400)


def page(stroke_x: int, lean_deg: float, signs: int = 3) -> Scored:
    """Digits in a row, operators between them, and a stroke that is taken for a 1, the last region."""
    places = [*((x, 7) for x in DIGIT_XS), *((x, 10) for x in SIGN_XS[:signs]), (stroke_x, 1)]
    regions = tuple(Region((x, 100 + 8 * (label == 10), 20, 40 - 16 * (label == 10)), (1,)) for x, label in places)
    scores = np.full((len(places), 11), 0.001, np.float32)
    scores[np.arange(len(places)), [label for _, label in places]] = 0.99
    leans = np.full(len(places), np.nan, np.float32)
    leans[-1] = lean_deg
    zeros = np.zeros(len(places), np.float32)
    return Scored(regions, scores, Measures(zeros, zeros, zeros, zeros), leans)


def read(scored: Scored) -> int:
    return int(without_slashes(scored).scores[-1].argmax())


def test_a_slash_among_operators_is_no_digit() -> None:
    assert read(page(stroke_x=260, lean_deg=29)) == 10


def test_a_1_stands_more_upright_than_a_slash() -> None:
    assert read(page(stroke_x=260, lean_deg=15)) == 1


def test_a_leaning_1_that_begins_or_ends_a_line_is_a_digit() -> None:
    regions = page(stroke_x=-40, lean_deg=29), page(stroke_x=440, lean_deg=29)

    assert [read(scored) for scored in regions] == [1, 1]


def test_a_leaning_1_in_a_number_is_a_digit() -> None:
    assert read(page(stroke_x=356, lean_deg=29)) == 1


def test_on_a_page_with_hardly_an_operator_a_leaning_stroke_is_a_1() -> None:
    assert read(page(stroke_x=260, lean_deg=29, signs=1)) == 1


def test_a_model_without_a_class_for_what_is_no_digit_is_left_as_it_is() -> None:
    scored = page(stroke_x=260, lean_deg=29)
    ten = replace(scored, scores=scored.scores[:, :10])

    assert without_slashes(ten) is ten
