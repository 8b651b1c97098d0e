"""One hand, any pen."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.data import Mnist
from trainer.hands import stroke_px
from trainer.pens import PLAIN, Pen, draw_digit, font_files, thin, write_beside_digits, write_text
from trainer.writers import HELD_OUT_WRITERS, unknown_hands


def chance(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def pieces(ink: np.ndarray, level: float = 0.5) -> int:
    return cv2.connectedComponents((ink > level).astype(np.uint8))[0] - 1


def eights(mnist: Mnist) -> list[np.ndarray]:
    """Digits of two loops, each drawn open."""
    rows = np.flatnonzero(mnist.validation.labels == 8)[:60]
    return [mnist.validation.images[row] for row in rows]


def holes(ink: np.ndarray) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats((np.pad(ink, 2) < 0.5).astype(np.uint8), connectivity=4)
    return int(np.count_nonzero(stats[1:, 4] > 20)) - 1


@pytest.mark.parametrize("width", [0.03, 0.06, 0.12])
def test_a_stroke_is_as_wide_as_its_pen(mnist: Mnist, width: float) -> None:
    ones = mnist.validation.images[mnist.validation.labels == 1][:30]

    measured = []
    for image in ones:
        ink = draw_digit(image, 200, Pen(width), chance())
        line = thin((ink > 0.5).astype(np.uint8))
        measured.append((ink > 0.5).sum() / max(line.sum(), 1) / 200)

    assert 0.8 * width < np.median(measured) < 1.8 * width  # a leaning line has fewer pixels than it is long


def test_a_pen_that_would_fill_the_loops_is_not_taken(mnist: Mnist) -> None:
    for image in eights(mnist):
        before = holes(draw_digit(image, 150, PLAIN, chance()))
        for width in (0.02, 0.1, 0.2, 0.3):
            assert abs(holes(draw_digit(image, 150, Pen(width), chance())) - before) <= 1


def test_breaks_part_the_stroke_and_grain_thins_it(mnist: Mnist) -> None:
    image = mnist.validation.images[np.flatnonzero(mnist.validation.labels == 0)[0]]

    whole, broken = (draw_digit(image, 150, Pen(0.06, breaks=breaks), chance(3)) for breaks in (0.0, 8.0))
    rough = draw_digit(image, 150, Pen(0.06, grain=0.4), chance(3))

    assert pieces(whole) == 1
    assert pieces(broken) > 2
    assert rough.sum() < 0.85 * whole.sum()


def test_thinning_keeps_what_hangs_together_together(mnist: Mnist) -> None:
    for image in mnist.validation.images[:80]:
        mask = (cv2.resize(image, (112, 112), interpolation=cv2.INTER_CUBIC) > 110).astype(np.uint8)

        line = thin(mask)

        assert cv2.connectedComponents(line)[0] == cv2.connectedComponents(mask)[0]
        assert not (line & ~mask & 1).any()
        assert line.sum() < 0.4 * mask.sum()


def test_every_font_writes_every_digit() -> None:
    for font in (*font_files(), "hershey-0", "hershey-7"):
        shapes = [write_text(digit, font, 60) for digit in "0123456789"]
        assert all(45 <= shape.shape[0] <= 80 for shape in shapes), font
        assert len({shape.tobytes() for shape in shapes}) == 10


def test_the_width_of_a_stroke_is_measured() -> None:
    bar = np.zeros((60, 60), np.uint8)
    bar[10:50, 26:32] = 255

    assert stroke_px(bar) in (5, 6)


@pytest.mark.parametrize("writer", HELD_OUT_WRITERS)
def test_a_hand_keeps_its_signs_in_proportion_to_its_digits(writer: str) -> None:
    (font,) = (font for font in unknown_hands() if Path(font).name.startswith(f"{writer}-latin"))
    digits = [write_beside_digits(digit, font, 100.0) for digit in "0123456789"]
    _, dash_hangs = write_beside_digits("-", font, 100.0)
    _, g_hangs = write_beside_digits("g", font, 100.0)
    dollar, _ = write_beside_digits("$", font, 100.0)

    assert np.median([ink.shape[0] for ink, _ in digits]) == pytest.approx(100, abs=3)
    assert np.median([hangs for _, hangs in digits]) == pytest.approx(0, abs=2)
    assert -60 < dash_hangs < -20
    assert 20 < g_hangs < 90
    assert dollar.shape[0] == pytest.approx(write_text("$", font, 200).shape[0] / digit_px(font, 200) * 100, rel=0.05)


def digit_px(font: str, asked_px: int) -> float:
    """Usual height of a font's digits where a capital's is asked for."""
    return float(np.median([write_text(digit, font, asked_px).shape[0] for digit in "0123456789"]))
