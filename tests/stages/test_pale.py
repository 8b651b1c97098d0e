"""What is written in pencil in a black form is ink, the blur of the print is none."""

from contextlib import closing

import cv2
import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path, load_bundle, read_golden
from edge_app.devices.interpreters import open_interpreter
from edge_app.frames import Frame, UInt8
from edge_app.pipeline import Pipeline, ReadSettings
from edge_app.stages.binarize import binarize
from edge_app.stages.pale import with_pale_ink

PAPER, PENCIL, PRINT = 210, 170, 40
ASKED, LOWER = 156, 190  # where print asks for a third of its contrast, and an eighth


def printed() -> UInt8:
    """Black boxes, as a camera sees them."""
    page = np.full((240, 320), PAPER, np.uint8)
    for left in range(20, 300, 70):
        cv2.rectangle(page, (left, 80), (left + 60, 160), PRINT, 4)
    return page


def seen(page: UInt8, blur_px: float = 1.0, noise: float = 1.0) -> UInt8:
    rng = np.random.default_rng(3)
    blurred = cv2.GaussianBlur(page, (0, 0), blur_px) + rng.normal(0, noise, page.shape)
    return np.clip(blurred, 0, 255).astype(np.uint8)


def stroke(page: UInt8, level: int = PENCIL, px: int = 5) -> UInt8:
    """The page with a 4 in the first box; with its ink alone."""
    ink = np.zeros_like(page)
    for line in ([(40, 95), (35, 125), (62, 125)], [(58, 95), (54, 145)]):
        cv2.polylines(ink, [np.array(line)], False, 255, px)
    return np.where(ink > 0, level, page).astype(np.uint8)


def mask_of(page: UInt8) -> UInt8:
    dark = np.where(page < ASKED, 255, 0).astype(np.uint8)
    paper, asked, lower = (np.full((24, 32), level, np.uint8) for level in (PAPER, ASKED, LOWER))
    return with_pale_ink(dark, page, paper, asked, lower)


def is_ink(page: UInt8) -> float:
    """The share of the 4's ink that is found."""
    ink = cv2.erode(stroke(np.zeros_like(page), 255), np.ones((3, 3), np.uint8)) > 0
    return float((mask_of(page)[ink] > 0).mean())


@pytest.mark.parametrize("level", [PENCIL, 160, 178])
def test_a_pale_stroke_in_a_black_box_is_ink(level: int) -> None:
    assert is_ink(seen(stroke(printed(), level))) > 0.95


def test_a_stroke_that_is_partly_dark_enough_is_ink_as_a_whole() -> None:
    page = seen(stroke(printed()))
    page[90:110, 30:70] -= 25
    assert is_ink(page) > 0.95


@pytest.mark.parametrize("blur_px", [0.8, 2.0, 3.5])
def test_the_blur_of_the_print_is_no_ink(blur_px: float) -> None:
    page = seen(printed(), blur_px)
    assert np.array_equal(mask_of(page), np.where(page < ASKED, 255, 0))


def test_fine_pale_lines_are_left_to_those_who_seek_lines() -> None:
    page = printed()
    page[10:70:20] = PENCIL
    page[10:70, ::20] = PENCIL
    page = seen(page, 0.6)
    assert not mask_of(page)[:74].any()


def test_the_plate_between_the_windows_of_a_meter_is_no_stroke() -> None:
    page = printed()
    page[10:70, 150:164] = PENCIL
    assert not mask_of(seen(page))[:74].any()


@pytest.mark.parametrize("level", [196, 186])
def test_what_is_paler_still_shows_through_from_the_other_side(level: int) -> None:
    assert is_ink(seen(stroke(printed(), level), noise=0.0)) == 0.0


def test_a_dark_stroke_out_of_focus_keeps_its_width() -> None:
    page = np.full((240, 320), PAPER, np.uint8)
    cv2.line(page, (60, 60), (240, 180), 90, 14)
    page = seen(page, 7.0, noise=0.0)
    assert np.count_nonzero(page < LOWER) > 1.3 * np.count_nonzero(page < ASKED) > 0
    assert np.array_equal(mask_of(page), np.where(page < ASKED, 255, 0))


def test_a_dark_stroke_takes_nothing_pale_that_it_touches() -> None:
    page = np.full((240, 320), PAPER, np.uint8)
    page[80:120, 60:100] = PENCIL
    cv2.line(page, (58, 70), (58, 130), PRINT, 7)
    page = seen(page)
    assert np.array_equal(mask_of(page), np.where(page < ASKED, 255, 0))


def test_where_much_is_pale_and_no_stroke_it_is_cloth() -> None:
    rng = np.random.default_rng(0)
    page = stroke(printed())
    for x, y in rng.integers((0, 170), (316, 236), (60, 2)):
        page[y : y + 4, x : x + 4] = PENCIL
    assert is_ink(seen(page)) == 0.0


def test_nothing_is_sought_where_the_noise_sets_the_bound() -> None:
    page, level = seen(stroke(printed())), np.full((24, 32), ASKED, np.uint8)
    mask = np.where(page < ASKED, 255, 0).astype(np.uint8)
    assert with_pale_ink(mask, page, np.full_like(level, PAPER), level, level) is mask


@pytest.mark.parametrize("strength", [0.3, 0.22, 0.16])
def test_pencil_in_a_black_form_is_read(strength: float) -> None:
    bundle = load_bundle(embedded_bundle_path())
    golden = read_golden(bundle)
    wanted = "3570"
    page = np.full((480, 640), float(PAPER))
    for place, digit in enumerate(wanted):
        x, y = 150 + 90 * place, 200
        crop = golden.crops[np.flatnonzero(golden.labels == int(digit))[1]]
        ink = cv2.resize(crop, (64, 64), interpolation=cv2.INTER_CUBIC) / 255.0
        page[y + 8 : y + 72, x + 8 : x + 72] *= 1.0 - strength * ink
        cv2.rectangle(page, (x, y), (x + 80, y + 80), (float(PRINT),), 4)
    frame = Frame(seen(page.astype(np.uint8), noise=2.0), 0, 0)

    with closing(open_interpreter(bundle.model_path, runtime="litert")) as interpreter:
        said = Pipeline(interpreter, ReadSettings(bundle.manifest.thresholds.confidence)).read(frame)

    assert [reading.text for reading in said.readings] == [wanted]


def test_ink_all_over_a_page_does_not_make_its_paper_rough() -> None:
    """A puzzle full of digits, every other one in pencil, taken in the dark."""
    page = np.full((640, 640), PAPER, np.uint8)
    for place in range(20, 640, 60):
        page[place : place + 5, 20:625] = page[20:625, place : place + 5] = PRINT
    for number in range(100):
        x, y = 35 + 60 * (number % 10), 62 + 60 * (number // 10)
        cv2.putText(page, str(number % 10), (x, y), cv2.FONT_HERSHEY_SIMPLEX, 1.1, 160 if number % 2 else PRINT, 7)
    pencil = cv2.erode((page == 160).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0

    mask = binarize(seen(page, 0.8, noise=9.0)).mask

    assert (mask[pencil] > 0).mean() > 0.95


def test_a_picture_may_have_no_bare_paper() -> None:
    assert binarize(np.array([[255, 0]], np.uint8), "dark").mask.tolist() == [[0, 255]]
