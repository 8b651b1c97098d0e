"""What is no digit is drawn in many ways, and what passes for one is left out."""

import cv2
import numpy as np
import pytest

from trainer.data import Mnist
from trainer.negatives import (
    BENT,
    HELD_OUT_MARKS,
    HELD_OUT_SYMBOLS,
    KINDS,
    SYMBOLS,
    draw,
    make_held_out,
    make_negatives,
    passes_for_a_1,
    tick,
)


def test_negatives_are_crops_of_many_kinds() -> None:
    crops = make_negatives(160, np.random.default_rng(1))

    assert crops.shape == (160, 28, 28)
    assert len(np.unique(crops.reshape(160, -1), axis=0)) > 150
    assert crops.any(axis=(1, 2)).all()


def test_slim_strokes_are_left_out_but_ticks_and_brackets_that_bend_as_no_1_does_are_kept() -> None:
    straight = [kind for kind in KINDS if kind not in BENT]
    random = np.random.default_rng(1)

    assert not any(passes_for_a_1(crop) for crop in draw(200, random, straight))
    slim = np.mean([passes_for_a_1(crop) for crop in draw(200, random, [tick])])
    assert slim > 0.3  # which tells that the rule for strokes alone would lose them


def test_the_same_seed_draws_the_same() -> None:
    first, second, other = (make_negatives(24, np.random.default_rng(seed)) for seed in (1, 1, 2))

    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_what_is_measured_on_is_never_trained_on() -> None:
    assert not set(SYMBOLS) & set(HELD_OUT_SYMBOLS)
    assert not set(SYMBOLS + HELD_OUT_SYMBOLS) & set("0123456789OoIl1SsZzBGgbq|/()")
    assert len(HELD_OUT_SYMBOLS) >= 10
    assert len(HELD_OUT_MARKS) == 2
    assert make_held_out(30, np.random.default_rng(1)).shape == (30, 28, 28)


def test_ones_pass_for_ones_and_most_other_digits_do_not(mnist: Mnist) -> None:
    share = {
        digit: np.mean(
            [passes_for_a_1(crop) for crop in mnist.validation.images[mnist.validation.labels == digit][:150]]
        )
        for digit in range(10)
    }

    assert share[1] > 0.9
    assert max(share[digit] for digit in range(10) if digit != 1) < 0.3


@pytest.mark.parametrize(
    ("start", "end", "passes"),
    [
        pytest.param((14, 4), (14, 24), True, id="upright"),
        pytest.param((7, 24), (20, 4), True, id="leaning"),
        pytest.param((4, 14), (24, 14), False, id="level"),
    ],
)
def test_strokes(start: tuple[int, int], end: tuple[int, int], passes: bool) -> None:
    crop = np.zeros((28, 28), np.uint8)
    cv2.line(crop, start, end, (255,), 3)

    assert passes_for_a_1(crop) is passes


def test_every_kind_is_drawn() -> None:
    for kind in KINDS:
        ink = kind(np.random.default_rng(2))
        assert ink.dtype == np.float32
        assert 0.0 < ink.max() <= 1.0
