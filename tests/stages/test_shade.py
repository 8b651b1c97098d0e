"""What is pale and has something darker written on it is paper; what a mottled pen leaves pale is ink."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.binarize import binarize
from edge_app.stages.shade import with_shade

SHAPE = 480, 640
PAPER, HALF = np.full((120, 160), 200, np.uint8), 13


def agreement(mask: UInt8, ink: UInt8) -> float:
    """Intersection over union."""
    both, either = (np.count_nonzero(way(mask > 0, ink > 0)) for way in (np.logical_and, np.logical_or))
    return both / either


def photo(ink: UInt8, light: np.ndarray, pen: float = 50.0) -> UInt8:
    """White paper in some light, with ink on it."""
    page = cv2.GaussianBlur(np.where(ink > 0, pen, 215.0) * light, (0, 0), 1.2)
    return np.clip(page + np.random.default_rng(1).normal(0, 2, SHAPE), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("marker", [0.7, 0.8, 0.88])
def test_what_a_highlighter_marked_is_paper(marker: float) -> None:
    ink, light = np.zeros(SHAPE, np.uint8), np.ones(SHAPE)
    for x, y, text in ((60, 120, "37"), (330, 150, "4826"), (90, 300, "512"), (420, 330, "9")):
        width, height = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 2, 7)[0]
        light[y - height - 8 : y + 10, x - 12 : x + width + 12] = marker
        cv2.putText(ink, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 2, 255, 7)

    assert agreement(binarize(photo(ink, light)).mask, ink) > 0.75


@pytest.mark.parametrize("digit", list("02367"))
@pytest.mark.parametrize("shadow", [0.45, 0.6])
def test_a_large_digit_that_a_shadow_crosses_stands_out_from_it(digit: str, shadow: float) -> None:
    ink, light = np.zeros(SHAPE, np.uint8), np.ones(SHAPE)
    cv2.putText(ink, digit, (220, 370), cv2.FONT_HERSHEY_SIMPLEX, 11, 255, 34)
    cv2.fillConvexPoly(light, np.array([[130, 200], [330, 120], [560, 260], [330, 420]]), shadow)

    assert agreement(binarize(photo(ink, cv2.GaussianBlur(light, (0, 0), 4), pen=35)).mask, ink) > 0.75


@pytest.mark.parametrize("digit", list("0235"))
@pytest.mark.parametrize("grain", [0.0, 0.25])
def test_chalk_that_the_edge_of_a_shadow_crosses_is_ink(digit: str, grain: float) -> None:
    ink, light = np.zeros(SHAPE, np.uint8), np.ones(SHAPE)
    cv2.putText(ink, digit, (200, 400), cv2.FONT_HERSHEY_SIMPLEX, 13, 255, 44)
    light[:, :320] = 0.55
    left_out = cv2.GaussianBlur(np.random.default_rng(2).normal(0, 1, SHAPE), (0, 0), 1.5) > 0.2
    chalk = np.where(ink > 0, 150 - 150 * grain * left_out, 50) * light

    found = binarize(np.asarray(cv2.GaussianBlur(chalk, (0, 0), 1.2), dtype=np.uint8))

    assert not found.dark_on_light
    assert agreement(found.mask, ink) > 0.75


def test_a_mottled_stroke_is_no_marking() -> None:
    ink = np.zeros(SHAPE, np.uint8)
    cv2.putText(ink, "1738", (50, 320), cv2.FONT_HERSHEY_SIMPLEX, 6, 255, 38)
    cover = cv2.GaussianBlur(np.random.default_rng(4).normal(0, 1, SHAPE), (0, 0), 5)
    pen = 90 + 60 * cover / np.abs(cover).max()

    assert agreement(binarize(photo(ink, np.ones(SHAPE), pen)).mask, ink) > 0.9


def marking(kind: str = "") -> tuple[UInt8, UInt8]:
    """A pale bar with strokes on it at the size that paper is estimated from, or nearly one; and 255 where it is."""
    small, bar = PAPER.copy(), np.zeros_like(PAPER)
    corners = [[60, 50], [99, 50], [60, 67]] if kind == "a corner" else [[60, 50], [99, 50], [99, 67], [60, 67]]
    cv2.fillConvexPoly(bar, np.array(corners), 255)
    small[bar > 0] = 176
    if kind == "grain":
        small[:, ::2][bar[:, ::2] > 0] = 140
    strokes = small.copy()
    strokes[53:63, 64:92:8] = strokes[53:63, 65:92:8] = strokes[53:63, 66:92:8] = 120 if kind == "a faint pen" else 50
    if kind == "a piece of a stroke":
        strokes[50:68, 35:60] = strokes[50:68, 100:125] = 50
    if kind == "the end of a stroke":
        strokes[50:68, 100:125] = 50
    if kind == "a cell":
        strokes[43:75, 53:107][bar[43:75, 53:107] == 0] = 50  # a border that is no thin stroke
    if kind == "one stroke":
        strokes[:, 67:] = small[:, 67:]
        strokes[20:40, 20:25] = 50  # what tells how dark ink is
    return strokes, bar


def test_a_pale_bar_with_strokes_on_it_is_paper() -> None:
    small, bar = marking()

    paper = with_shade(small, PAPER, HALF)

    assert (paper[bar > 0] == 176).all()
    assert (paper[cv2.dilate(bar, np.ones((3, 3), np.uint8)) == 0] == 200).all()


def test_a_pale_cell_of_a_table_with_a_border_is_paper() -> None:
    small, bar = marking("a cell")

    assert (with_shade(small, PAPER, HALF)[bar > 0] == 176).all()


def test_a_small_marking_is_paper() -> None:
    small = PAPER.copy()
    small[50:58, 60:76] = 176
    small[51:57, 63:65] = small[51:57, 70:72] = 50
    small[20:50, 20:24] = 50  # what tells how dark ink is

    assert (with_shade(small, PAPER, HALF)[50:58, 60:76] == 176).all()


@pytest.mark.parametrize(
    "kind", ["a corner", "grain", "a faint pen", "one stroke", "a piece of a stroke", "the end of a stroke"]
)
def test_what_is_not_quite_a_marking_is_not_paper(kind: str) -> None:
    small, _ = marking(kind)

    np.testing.assert_array_equal(with_shade(small, PAPER, HALF), PAPER)


def test_a_fat_stroke_with_darker_spots_in_it_is_no_shade() -> None:
    small = PAPER.copy()
    small[20:100, 70:90] = 84
    for y in range(24, 96, 8):
        small[y : y + 2, 73:76] = small[y : y + 2, 80:83] = 40

    np.testing.assert_array_equal(with_shade(small, PAPER, HALF), PAPER)


def test_shade_is_the_paper_of_the_strokes_that_reach_into_it_alone() -> None:
    small = PAPER.copy()
    small[20:100, 90:140] = 120
    small[40:48, 60:120] = small[70:78, 50:84] = 40

    paper = with_shade(small, PAPER, HALF)

    assert (paper[42:46, 100:118] == 120).all()
    assert (paper[70:78, 50:84] == 200).all()


def test_a_small_shade_with_strokes_on_it_is_paper() -> None:
    small = PAPER.copy()
    cv2.fillConvexPoly(small, np.array([[60, 50], [110, 50], [60, 70]]), (120,))  # no bar, so no marking
    small[52:60, 64:66] = small[52:58, 72:74] = 30
    small[20:60, 20:24] = 30  # what tells how dark ink is

    assert (with_shade(small, PAPER, HALF)[52:58, 62:80] == 120).all()


@pytest.mark.parametrize("digit", list("1357"))
def test_a_stroke_that_glare_bleaches_is_no_shade(digit: str) -> None:
    ink = np.zeros(SHAPE, np.uint8)
    cv2.putText(ink, digit, (190, 400), cv2.FONT_HERSHEY_SIMPLEX, 15, 255, 46)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    glare = 140 * np.exp(-((x - 330.0) ** 2 + (y - 160.0) ** 2) / 2 / 150**2)
    bleached = np.clip(photo(ink, np.ones(SHAPE), pen=25) + glare, 0, 255).astype(np.uint8)

    assert agreement(binarize(bleached).mask, ink) > 0.85


def test_a_broad_dark_area_that_becomes_ink_without_a_step_is_shade() -> None:
    levels = np.interp(np.arange(160), [105, 130], [150, 40]).astype(np.uint8)
    shape = np.zeros_like(PAPER)
    cv2.fillPoly(
        shape, [np.array([[40, 20], [85, 20], [108, 56], [150, 56], [150, 64], [108, 64], [85, 100], [40, 100]])], 255
    )
    small = np.where(shape > 0, levels, PAPER).astype(np.uint8)

    assert (with_shade(small, PAPER, HALF)[30:90, 44:80] == 150).all()
