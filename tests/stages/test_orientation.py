"""How a page lies is decided over all its digits, and a box finds its way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.frames import Region
from edge_app.stages.orientation import (
    FLOOR,
    LEAST_CROPS,
    MOST_CROPS,
    Lie,
    as_given,
    evidence,
    in_all_positions,
    telling_rows,
    turned_upright,
)


def said(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


@given(
    quarters=st.integers(0, 3),
    size=st.tuples(st.integers(20, 60), st.integers(20, 60)),
    box=st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 10), st.integers(1, 10)),
)
def test_a_box_comes_back_to_where_its_pixels_are(
    quarters: int, size: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    width, height = size
    numbered = np.arange(width * height, dtype=np.int64).reshape(height, width)
    upright = turned_upright(numbered, quarters)  # type: ignore[arg-type]
    x, y, w, h = box

    left, top, across, down = as_given(box, quarters, size)

    there = numbered[top : top + down, left : left + across]
    assert sorted(there.ravel()) == sorted(upright[y : y + h, x : x + w].ravel())


def test_crops_are_shown_in_all_four_positions() -> None:
    crops = np.random.default_rng(1).integers(0, 256, (5, 28, 28), dtype=np.uint8)

    shown = in_all_positions(crops).reshape(4, 5, 28, 28)

    assert np.array_equal(shown[0], crops)
    for quarters in range(1, 4):
        assert np.array_equal(shown[quarters][2], turned_upright(crops[2], quarters))


def test_the_position_with_the_likeliest_digits_has_the_best_evidence() -> None:
    scores = np.full((4 * 6, 11), 0.01, dtype=np.float32)
    scores[:12, 10] = 0.9  # no digits as they lie, nor a quarter turned
    scores[12:18, 3] = 0.95
    scores[18:, 5] = 0.4

    assert evidence(scores).argmax() == 2


def test_one_blot_does_not_outvote_a_page() -> None:
    scores = np.full((4 * 8, 10), 0.02, dtype=np.float32)
    scores[0:7, 3] = 0.9
    scores[7] = 1e-9
    scores[8:16, 4] = 0.5

    assert evidence(scores).argmax() == 0
    assert np.isfinite(evidence(scores)).all()
    assert 0 < FLOOR < 0.1


@pytest.mark.parametrize("count", range(LEAST_CROPS))
def test_too_few_digits_tell_nothing(count: int) -> None:
    scores = np.tile(np.eye(10, dtype=np.float32)[3], (4 * count, 1))

    assert np.ptp(evidence(scores)) == 0


def test_a_single_picture_is_decided_at_once_and_forgotten() -> None:
    lie = Lie(settle_frames=1)

    assert lie.update(said(-2.0, -0.1, -2.0, -2.0)) == 1
    assert lie.update(said(0.0, 0.0, 0.0, 0.0)) == 0


def test_a_camera_turns_the_page_only_after_several_frames_running() -> None:
    lie = Lie(settle_frames=3)
    sideways, unclear = said(-2.0, -2.0, -2.0, -0.1), said(-1.0, -1.0, -1.0, -0.9)

    answers = [lie.update(frame) for frame in (sideways, sideways, unclear, sideways, sideways, sideways, unclear)]

    assert answers == [0, 0, 0, 0, 0, 3, 3]


def test_a_small_lead_does_not_turn_the_page() -> None:
    assert Lie().update(said(-0.4, -1.0, -0.2, -1.0)) == 0


@pytest.mark.parametrize(("best", "quarters"), [(-1.5, 2), (-2.0, 0)])
def test_a_page_of_words_is_not_turned_to_where_they_look_more_like_digits(best: float, quarters: int) -> None:
    assert Lie().update(said(-3.0, -3.0, best, -3.0)) == quarters


def test_strokes_and_cut_regions_are_not_asked() -> None:
    regions = [Region((0, 0, 20, 30), (1,)), Region((0, 0, 5, 30), (2,)), Region((0, 0, 30, 5), (3,))]
    regions += [Region((0, 0, 20, 30), (4,), cut=True), Region((0, 0, 30, 45), (5,))]

    assert telling_rows(regions) == [4, 0]
    assert len(telling_rows([Region((0, 0, 20, 30), (1,))] * 200)) == MOST_CROPS
