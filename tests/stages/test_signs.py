"""A slash between numbers is no 1, nor is a comma; a bent stroke in a number is; a degree sign is no 0."""

from dataclasses import replace

import numpy as np
import pytest

from edge_app.frames import Region
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.signs import with_bent_ones, without_slashes, without_small_signs
from tests.patches import patches_of

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
    return Scored(regions, scores, Measures(zeros, zeros, zeros, zeros), leans, patches_of(*zeros))


def read(scored: Scored) -> int:
    return int(without_slashes(scored).scores[-1].argmax())


def test_a_slash_among_operators_is_no_digit() -> None:
    assert read(page(stroke_x=260, lean_deg=29)) == 10


def test_a_1_stands_more_upright_than_a_slash() -> None:
    assert read(page(stroke_x=260, lean_deg=15)) == 1


def test_a_leaning_1_that_begins_a_line_is_a_digit_and_a_slash_may_end_one() -> None:
    regions = page(stroke_x=-40, lean_deg=29), page(stroke_x=440, lean_deg=29)

    assert [read(scored) for scored in regions] == [1, 10]


def test_a_leaning_1_in_a_number_is_a_digit() -> None:
    assert read(page(stroke_x=356, lean_deg=29)) == 1


def test_on_a_page_with_hardly_an_operator_a_leaning_stroke_is_a_1() -> None:
    assert read(page(stroke_x=260, lean_deg=29, signs=1)) == 1


def test_a_model_without_a_class_for_what_is_no_digit_is_left_as_it_is() -> None:
    scored = page(stroke_x=260, lean_deg=29)
    ten = replace(scored, scores=scored.scores[:, :10])

    assert without_slashes(ten) is ten


def bent(x: int, width: int = 12, probability: float = 0.08) -> Scored:
    """Two digits, and beside them or between them a stroke that is hardly believed to be a 1, the last region."""
    regions = tuple(Region((left, 100, wide, 40), (1,)) for left, wide in ((20, 24), (72, 24), (x, width)))
    scores = np.full((3, 11), 0.001, np.float32)
    scores[:2, 7] = 0.99
    scores[2, [1, 10]] = probability, 1 - probability
    zeros = np.zeros(3, np.float32)
    return Scored(regions, scores, Measures(zeros, zeros, zeros, zeros), zeros * np.nan, patches_of(*zeros))


def test_a_bent_stroke_between_two_digits_is_a_1() -> None:
    scores = with_bent_ones(bent(x=52)).scores

    assert scores[2].argmax() == 1
    assert scores[2].sum() == pytest.approx(bent(x=52).scores[2].sum())


@pytest.mark.parametrize(
    "scored",
    [
        pytest.param(bent(x=104), id="a parenthesis after a number"),
        pytest.param(bent(x=48, width=22), id="as wide as a letter"),
        pytest.param(bent(x=52, probability=0.001), id="nothing like a 1"),
    ],
)
def test_what_else_is_no_digit_stays_none(scored: Scored) -> None:
    assert with_bent_ones(scored) is scored


def in_line(*boxes: tuple[int, int, int, int], labels: str) -> Scored:
    scores = np.full((len(boxes), 11), 0.001, np.float32)
    scores[np.arange(len(boxes)), [int(label) for label in labels]] = 0.99
    none = np.zeros(len(boxes), np.float32)
    return Scored(
        tuple(Region(box, (1,)) for box in boxes), scores, Measures(none, none, none, none), none, patches_of(*none)
    )


@pytest.mark.parametrize(
    ("stroke", "label"),
    [
        pytest.param((42, 52, 7, 16), 10, id="comma"),
        pytest.param((38, 50, 7, 16), 10, id="comma-below-an-overhang"),
        pytest.param((43, 8, 6, 14), 10, id="apostrophe"),
        pytest.param((43, 12, 7, 40), 1, id="one"),
        pytest.param((43, 30, 7, 22), 1, id="low-one"),
        pytest.param((43, 90, 7, 16), 1, id="next-line"),
        pytest.param((110, 52, 7, 16), 1, id="far-away"),
    ],
)
def test_a_low_stroke_at_the_foot_of_a_digit_is_a_comma(stroke: tuple[int, int, int, int], label: int) -> None:
    scored = in_line((15, 10, 25, 50), (52, 10, 25, 50), stroke, labels="351")

    assert without_small_signs(scored).scores.argmax(axis=1).tolist() == [3, 5, label]


@pytest.mark.parametrize(
    ("ring", "label"),
    [
        pytest.param((42, 8, 13, 14), 10, id="degree"),
        pytest.param((42, 47, 13, 14), 0, id="low"),
        pytest.param((42, 8, 20, 26), 0, id="large"),
        pytest.param((90, 8, 13, 14), 0, id="far-away"),
    ],
)
def test_a_small_ring_high_beside_a_digit_is_a_degree_sign(ring: tuple[int, int, int, int], label: int) -> None:
    scored = in_line((-20, 10, 25, 50), (15, 10, 25, 50), ring, labels="370")

    assert without_small_signs(scored).scores.argmax(axis=1).tolist() == [3, 7, label]


def test_cents_high_beside_euros_are_digits() -> None:
    scored = in_line((15, 10, 45, 90), (65, 12, 14, 20), (82, 12, 14, 20), labels="500")

    assert without_small_signs(scored) is scored


def test_a_1_of_a_small_number_beside_a_large_one_is_no_comma() -> None:
    scored = in_line((15, 10, 45, 90), (65, 70, 6, 20), (76, 70, 14, 20), labels="317")

    assert without_small_signs(scored) is scored


@pytest.mark.parametrize(
    ("cut", "belief", "label"),
    [
        pytest.param(False, 0.99, 10, id="a-digit"),
        pytest.param(True, 0.99, 1, id="the-desk"),
        pytest.param(False, 0.6, 1, id="a-doubtful-shape"),
    ],
)
def test_a_comma_hangs_at_a_whole_digit_beyond_doubt(cut: bool, belief: float, label: int) -> None:
    scored = in_line((15, 10, 25, 50), (42, 52, 7, 16), labels="31")
    scored.scores[0, 3] = belief
    scored = replace(scored, regions=(replace(scored.regions[0], cut=cut), scored.regions[1]))

    assert without_small_signs(scored).scores[1].argmax() == label


def test_commas_are_left_to_a_model_that_knows_nothing_but_digits() -> None:
    scored = in_line((15, 10, 25, 50), (42, 52, 7, 16), labels="31")
    ten = replace(scored, scores=scored.scores[:, :10])

    assert without_small_signs(ten) is ten
