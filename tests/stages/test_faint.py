"""Faint parts of a stroke are ink where they hang together with ink, and nowhere else."""

import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.binarize import binarize
from edge_app.stages.faint import with_faint_parts

PAPER, FAINT, INK = 200, 175, 150
SURE, MAYBE = 160, 180  # bounds on a page whose noise asks for 40 gray levels


def grid(level: int) -> UInt8:
    return np.full((30, 40), level, np.uint8)


def stroke(ink_px: int, faint_px: int, height: int = 120) -> UInt8:
    """A page with an upright stroke 5 px wide: so long in ink, and below it so long faint."""
    page = np.full((height, 160), PAPER, np.uint8)
    page[10 : 10 + ink_px, 40:45] = INK
    page[10 + ink_px : 10 + ink_px + faint_px, 40:45] = FAINT
    return page


def mask_of(page: UInt8, maybe: int = MAYBE) -> UInt8:
    return with_faint_parts(np.where(page < SURE, 255, 0).astype(np.uint8), page, grid(SURE), grid(maybe))


def test_a_stroke_is_ink_to_its_faint_end() -> None:
    mask = mask_of(stroke(60, 15))
    assert mask[10:84, 41:44].all()
    assert not mask[90:].any() and not mask[:, 50:].any()


def test_what_is_faint_and_hangs_together_with_no_ink_is_none() -> None:
    page = stroke(60, 0)
    page[20:30, 100:105] = FAINT
    assert not mask_of(page)[:, 90:].any()


def test_a_speck_carries_no_stroke() -> None:
    page = stroke(60, 0)
    page[20:30, 100:105] = FAINT
    page[24, 101:103] = INK
    assert np.count_nonzero(mask_of(page)[:, 90:]) == 2
    page[25, 101] = INK  # a third pixel
    assert mask_of(page)[21:29, 101:104].all()


def test_where_most_may_be_faint_ink_it_is_cloth() -> None:
    page = stroke(60, 15)
    page[:, 100:] = FAINT
    assert np.array_equal(mask_of(page), np.where(page < SURE, 255, 0))


def test_nothing_is_sought_where_the_noise_sets_no_bound() -> None:
    page = stroke(60, 15)
    mask = np.where(page < SURE, 255, 0).astype(np.uint8)
    assert with_faint_parts(mask, page, grid(SURE), grid(SURE)) is mask


STROKES_AT = (80, 200, 320, 440, 560)


@pytest.mark.parametrize("noise", [4.0, 7.0])
@pytest.mark.parametrize("ink_is_dark", [True, False])
def test_strokes_of_a_pencil_pressed_unevenly_stay_whole(noise: float, ink_is_dark: bool) -> None:
    page = np.full((480, 640), 205.0)
    for number, x in enumerate(STROKES_AT):
        page[140:340, x : x + 5] -= (20 - 10 * np.cos(np.arange(200) / 9 + number))[:, np.newaxis]
    noisy = np.clip(page + np.random.default_rng(5).normal(0, noise, page.shape), 0, 255).astype(np.uint8)
    mask = binarize(noisy if ink_is_dark else ~noisy, "dark" if ink_is_dark else "light").mask
    rows = np.array([mask[140:340, x : x + 5].any(axis=1) for x in STROKES_AT])
    assert rows.mean() > 0.95  # without their faint parts .81 and .76
    for x in STROKES_AT:
        mask[135:345, x - 3 : x + 8] = 0
    assert not mask.any()


def test_no_stroke_grows_where_dense_ink_makes_the_paper_look_uneven() -> None:
    page = np.full((1080, 1920), 230, np.uint8)
    for top in range(5, 1055, 21):
        for left in range(5, 1905, 19):
            page[top : top + 13, left : left + 5] = 30
    mask = binarize(page).mask > 0
    assert mask.mean() > 0.8 * (page < 100).mean() and not mask[page > 100].any()
