"""Signs of many kinds are drawn, none that passes for a digit or for what the class of no digits is measured on."""

import numpy as np
import pytest

from trainer.foreign_signs import draw_sign, signs
from trainer.negatives import HELD_OUT_SYMBOLS


def test_there_are_signs_of_each_kind() -> None:
    known = {sign for sign, _ in signs() + signs(held_out=True)}

    assert len(known) > 800
    assert set("→≥≠≈±×÷€£♥☺✓ЖЮΨΞ") <= known


def test_no_sign_passes_for_a_digit_or_is_held_out() -> None:
    known = {sign for sign, _ in signs() + signs(held_out=True)}

    assert not known & set("0123456789²³①⑤❼½○◦∅ΟОЗбЧ" + HELD_OUT_SYMBOLS)
    assert not known & set("АКМΑΚΜ★☆△▲∆♯⌗¿")  # look like A, K, M, a star, a triangle, # and ?


def test_what_is_measured_on_is_never_trained_on() -> None:
    trained, held_out = ({sign for sign, _ in signs(held_out)} for held_out in (False, True))

    assert not trained & held_out
    assert 0.15 < len(held_out) / len(trained | held_out) < 0.25


def test_signs_are_drawn_as_printed_and_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.foreign_signs.signs", lambda held_out: (("♥", "DejaVuSans.ttf"),))
    random = np.random.default_rng(3)

    drawn = [draw_sign(random, 60) for _ in range(40)]

    assert all(ink.dtype == np.float32 and 0.3 < ink.max() <= 1.0 for ink in drawn)
    filled = np.array([ink.mean() for ink in drawn]) > 0.5
    assert 10 < np.count_nonzero(filled) < 30
