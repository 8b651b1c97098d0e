"""A comma is no 1, nor is a parenthesis; a bent stroke in a number is; a degree sign is no 0."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge_app.frames import Region, UInt8
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.signs import parentheses, with_bent_ones, without_small_signs
from tests.patches import patches_of


def bent(x: int, width: int = 12, probability: float = 0.08) -> Scored:
    """Two digits, and beside them or between them a stroke that is hardly believed to be a 1, the last region."""
    regions = tuple(Region((left, 100, wide, 40), (1,)) for left, wide in ((20, 24), (72, 24), (x, width)))
    scores = np.full((3, 11), 0.001, np.float32)
    scores[:2, 7] = 0.99
    scores[2, [1, 10]] = probability, 1 - probability
    zeros = np.zeros(3, np.float32)
    return Scored(regions, scores, Measures(zeros, zeros, zeros), zeros * np.nan, patches_of(*zeros))


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
        tuple(Region(box, (1,)) for box in boxes), scores, Measures(none, none, none), none, patches_of(*none)
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


@pytest.mark.parametrize("like", [7, 9])
def test_a_comma_may_have_a_head_but_no_high_sign_has(like: int) -> None:
    comma, high = (in_line((15, 10, 25, 50), (42, top, 10, 18), labels=f"3{like}") for top in (50, 8))

    assert without_small_signs(comma).scores.argmax(axis=1).tolist() == [3, 10]
    assert without_small_signs(high) is high


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


def arc(width: int, to_the_right: bool) -> UInt8:
    """An upright stroke whose middle lies beside its ends."""
    picture = np.zeros((60, 40), np.uint8)
    cv2.ellipse(picture, (20, 30), (width, 28), 0, -80, 80, (255,), 3)
    return picture if to_the_right else np.ascontiguousarray(picture[:, ::-1])


def around(
    height: int,
    bend: int,
    outwards: bool = True,
    also_second: bool = True,
    y: int = 40,
    width: int = 10,
    label: int = 1,
) -> Scored:
    """The number 57 between two strokes that pass for a label, or the first of them alone."""
    top = y + (50 - height) // 2
    boxes = [(40, y, 25, 50), (70, y, 25, 50), (35 - width, top, width, height), (100, top, width, height)]
    scored = in_line(*boxes[: 3 + also_second], labels="5711"[: 3 + also_second])
    scores = np.full_like(scored.scores, 0.001)
    scores[np.arange(len(scores)), [5, 7, label, label][: len(scores)]] = 0.99
    patches = [
        replace(patch, strokes=arc(bend, to_the_right=(place == 3) == outwards)) if place > 1 else patch
        for place, patch in enumerate(scored.patches)
    ]
    return replace(scored, scores=scores, patches=tuple(patches))


BOTH = [False, False, True, True]


@pytest.mark.parametrize("label", [1, 10], ids=["that pass for 1s", "that pass for nothing"])
def test_taller_strokes_bent_around_a_number_are_parentheses(label: int) -> None:
    assert parentheses(around(height=66, bend=14, label=label)).tolist() == BOTH


def test_on_the_page_of_some_that_pass_for_1s_others_may_be_hardly_bent() -> None:
    alone = around(height=66, bend=3)

    assert parentheses(around(height=66, bend=14).joined(around(height=66, bend=3, y=200))).tolist() == BOTH * 2
    others = around(height=66, bend=14, label=10)
    assert parentheses(others.joined(around(height=66, bend=3, y=200))).tolist() == BOTH + [False] * 4
    assert not parentheses(alone).any()


@pytest.mark.parametrize(
    "scored",
    [
        pytest.param(around(height=66, bend=1), id="straight"),
        pytest.param(around(height=50, bend=14), id="no taller than the digits"),
        pytest.param(around(height=66, bend=14, outwards=False), id="bent the other way"),
        pytest.param(around(height=66, bend=14, also_second=False), id="the only one on the page"),
        pytest.param(around(height=66, bend=14, label=10, width=42), id="as broad as a letter"),
        pytest.param(around(height=66, bend=14, label=7), id="digits"),
    ],
)
def test_other_strokes_beside_a_number_are_none(scored: Scored) -> None:
    assert not parentheses(scored).any()


def test_a_model_without_a_class_for_what_is_no_digit_tells_no_parentheses() -> None:
    scored = around(height=66, bend=14)

    assert parentheses(replace(scored, scores=scored.scores[:, :10])).tolist() == [False] * 4
