"""Crops follow MNIST's recipe, whatever the digit's size, place and light."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.frames import RegionMap, UInt8
from edge_app.stages.binarize import binarize
from edge_app.stages.classify import MAX_DARK_RIM
from edge_app.stages.crop import center_ink, crop_regions
from edge_app.stages.regions import find_regions


def page_with(text: str, height_px: int, thickness: int = 0, size_wh: tuple[int, int] = (640, 480)) -> UInt8:
    """A light page with dark text of about the given height near its middle."""
    page = np.full((size_wh[1], size_wh[0]), 210, dtype=np.uint8)
    font_size = height_px / 22
    thickness = thickness or max(1, height_px // 9)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, font_size, thickness)
    corner = (size_wh[0] - width) // 2, (size_wh[1] + height) // 2
    cv2.putText(page, text, corner, cv2.FONT_HERSHEY_SIMPLEX, font_size, 40, thickness, cv2.LINE_AA)
    return page


def regions_of(page: UInt8) -> RegionMap:
    ink = binarize(page)
    return find_regions(ink.mask, ink.dark_on_light)


def pictures(gray: UInt8, region_map: RegionMap) -> UInt8:
    return crop_regions(gray, region_map).pictures


def test_a_picture_made_by_mnists_recipe_is_left_as_it_is() -> None:
    crop = center_ink(np.pad(np.full((20, 8), 200, np.uint8), 30))

    assert np.array_equal(center_ink(crop), crop)


@given(
    st.integers(min_value=1, max_value=90),
    st.integers(min_value=1, max_value=90),
    st.integers(min_value=0, max_value=2**32 - 1),
)
def test_the_longer_side_is_20_and_the_mass_is_at_the_centre(height: int, width: int, seed: int) -> None:
    ink = np.random.default_rng(seed).integers(1, 256, (height, width), dtype=np.uint8)

    crop = center_ink(ink)

    rows, columns = np.flatnonzero(crop.any(axis=1)), np.flatnonzero(crop.any(axis=0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    moments = cv2.moments(crop)
    for moment, inked in (("m10", columns), ("m01", rows)):
        off_px = moments[moment] / moments["m00"] - 14
        assert off_px <= 0.5 or inked[0] == 0  # ink of two pixels, one of them faint, would not fit
        assert off_px >= -0.5 or inked[-1] == 27


def test_no_ink_gives_an_empty_crop() -> None:
    assert not center_ink(np.zeros((9, 7), np.uint8)).any()


@given(st.integers(min_value=-60, max_value=60), st.integers(min_value=-60, max_value=60))
def test_a_crop_does_not_change_when_the_digit_moves_by_whole_pixels(right: int, down: int) -> None:
    mask_page = page_with("5", 60)
    moved = np.roll(mask_page, (down, right), axis=(0, 1))
    limits = np.where(mask_page < 120, 255, 0).astype(np.uint8)

    still = pictures(mask_page, find_regions(limits))
    shifted = pictures(moved, find_regions(np.roll(limits, (down, right), axis=(0, 1))))

    assert len(still) == 1
    assert np.array_equal(still, shifted)


@pytest.mark.parametrize("height_px", [24, 48, 96, 200, 380])
def test_a_digit_looks_the_same_at_any_size(height_px: int) -> None:
    reference = pictures(page_with("3", 100), regions_of(page_with("3", 100)))[0]
    page = page_with("3", height_px)

    crops = pictures(page, regions_of(page))

    assert len(crops) == 1
    overlap = np.minimum(crops[0], reference).sum() / np.maximum(crops[0], reference).sum()
    assert overlap > 0.6


def test_light_ink_on_a_dark_board_gives_the_same_crop() -> None:
    page = page_with("7", 80)

    dark = pictures(page, regions_of(page))
    light = pictures(255 - page, regions_of(255 - page))

    assert np.abs(dark.astype(int) - light).max() <= 1


def test_a_slope_of_light_leaves_the_paper_black() -> None:
    page = page_with("0", 90)
    light = np.linspace(0.5, 1.0, page.shape[1])
    shaded = (page * light).astype(np.uint8)

    crop = pictures(shaded, regions_of(shaded))[0]

    assert crop[12:16, 12:16].max() == 0  # the hole of the 0
    assert crop.max() > 200


def test_a_neighbour_inside_the_rectangle_stays_out() -> None:
    mask = np.zeros((80, 80), np.uint8)
    cv2.line(mask, (30, 10), (20, 60), 255, 4)
    cv2.line(mask, (36, 10), (36, 20), 255, 4)
    gray = np.where(mask > 0, 30, 220).astype(np.uint8)
    region_map = find_regions(mask)
    left = min(region_map.regions, key=lambda region: region.box_xywh[0])
    alone = mask.copy()
    alone[:, 33:] = 0

    with_neighbour = pictures(gray, replace(region_map, regions=(left,)))
    without = pictures(np.where(alone > 0, 30, 220).astype(np.uint8), find_regions(alone))

    assert np.array_equal(with_neighbour, without)


def test_contrast_is_the_step_between_paper_and_ink() -> None:
    page = page_with("8", 70)  # 40 on 210

    contrasts = crop_regions(page, regions_of(page)).measures.contrasts

    assert contrasts.tolist() == pytest.approx([170], abs=2)


def test_no_shadow_changes_the_strength_of_ink() -> None:
    page = page_with("8", 70)
    shaded = (page * 0.5).astype(np.uint8)

    lit, dark = (crop_regions(p, regions_of(page)).measures.strengths.tolist() for p in (page, shaded))

    assert lit == pytest.approx([170 / 210], abs=0.01)
    assert dark == pytest.approx(lit, abs=0.02)


def test_what_has_paper_on_both_sides_has_no_dark_rim_and_the_edge_of_something_dark_has() -> None:
    page = np.full((200, 200), 210, dtype=np.uint8)
    page[40:160, 64:70] = 40  # a stroke,
    page[40:160, 144:150] = 40  # and the dark edge of a shade that goes on beside it
    page[40:160, 150:200] = 60
    region_map = regions_of(np.where(page == 40, page, np.uint8(210)))

    stroke, edge = crop_regions(page, region_map).patches

    assert stroke.dark_rim == 0.0
    assert edge.dark_rim > 2 * MAX_DARK_RIM


def test_the_strokes_of_a_fine_pen_are_smooth_however_large_they_are_written() -> None:
    page = np.full((960, 1280), 220, np.uint8)
    arcs = [(430, 190), (560, 150), (650, 250), (560, 420), (420, 560), (640, 700), (680, 760)]
    cv2.polylines(page, [np.array(arcs)], False, (60,), 7, cv2.LINE_AA)

    (patch,) = crop_regions(page, regions_of(page)).patches

    assert patch.unrest < 0.05
    assert max(patch.level.shape) > 120


def test_the_gray_picture_is_not_written_to() -> None:
    page = page_with("8", 70)
    before = page.copy()

    pictures(page, regions_of(page))

    assert np.array_equal(page, before)
