"""Ink is told from paper under uneven light, at either polarity, for thin pens and fat markers."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.binarize import binarize


def drawn(shape_hw: tuple[int, int] = (480, 640), thickness: int = 6) -> UInt8:
    """The true ink of a page with a few digits, 255 where ink is."""
    ink = np.zeros(shape_hw, dtype=np.uint8)
    cv2.putText(ink, "3074", (120, 280), cv2.FONT_HERSHEY_SIMPLEX, 4, 255, thickness, cv2.LINE_8)
    return ink


def agreement(mask: UInt8, ink: UInt8) -> float:
    """Intersection over union."""
    return float(np.logical_and(mask, ink).sum() / np.logical_or(mask, ink).sum())


def lit(ink: UInt8, light: np.ndarray, paper: float = 220.0, pen: float = 60.0, noise: float = 4.0) -> UInt8:
    page = np.where(ink > 0, pen, paper) * light
    page += np.random.default_rng(7).normal(0, noise, ink.shape)
    return np.clip(page, 0, 255).astype(np.uint8)


def slope(shape: tuple[int, ...]) -> np.ndarray:
    return np.tile(np.linspace(0.35, 1.0, shape[1]), (shape[0], 1))


def hard_shadow(shape: tuple[int, ...]) -> np.ndarray:
    light = np.ones(shape)
    light[:, shape[1] // 2 :] = 0.45
    return light


def vignette(shape: tuple[int, ...]) -> np.ndarray:
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return 1.0 - 0.25 * (x**2 + y**2)


@pytest.mark.parametrize(
    "light", [pytest.param(light, id=light.__name__) for light in (np.ones, slope, hard_shadow, vignette)]
)
@pytest.mark.parametrize("thickness", [3, 8, 24])
def test_ink_is_found_under_any_light(light, thickness: int) -> None:  # type: ignore[no-untyped-def]
    ink = drawn(thickness=thickness)

    found = binarize(lit(ink, light(ink.shape)))

    assert found.dark_on_light
    assert agreement(found.mask, ink) > 0.8


@pytest.mark.parametrize("beyond", [pytest.param(60, id="desk"), pytest.param(120, id="shadow")])
def test_the_edge_where_the_paper_ends_or_a_shadow_begins_is_no_line(beyond: int) -> None:
    page = np.full((480, 640), 200.0)
    cv2.fillPoly(page, [np.array([(260, 0), (640, 0), (640, 480), (420, 480)])], (beyond,))
    cv2.putText(page, "3074", (60, 300), cv2.FONT_HERSHEY_SIMPLEX, 3, (40,), 6)
    page += np.random.default_rng(2).normal(0, 2, page.shape)

    ink = binarize(page.clip(0, 255).astype(np.uint8), "dark").mask

    edge = np.zeros(page.shape, np.uint8)
    cv2.line(edge, (260, 0), (420, 480), (255,), 24)
    assert np.count_nonzero(ink[:230][edge[:230] > 0]) < 400  # of the line that it was, 780 and more


@pytest.mark.parametrize("page_px", [100, 200, 320])
@pytest.mark.parametrize("grain", [2, 12])
def test_dark_ink_on_a_small_page_that_lies_on_a_dark_desk_is_found(page_px: int, grain: int) -> None:
    page = np.full((480, 640), 70.0)
    page += np.random.default_rng(3).normal(0, grain, page.shape)
    left, top, ink = 270, 200, np.zeros(page.shape, dtype=np.uint8)
    page[top - 20 : top + page_px // 2, left : left + page_px] = 210
    cv2.putText(
        ink, "3074", (left + page_px // 10, top + page_px // 4), cv2.FONT_HERSHEY_SIMPLEX, page_px / 110, 255, 2
    )
    page[ink > 0] = 40

    found = binarize(page.astype(np.uint8))

    assert found.dark_on_light
    assert (
        agreement(
            found.mask[top - 10 : top + page_px // 2 - 10, left + 10 : left + page_px - 10],
            ink[top - 10 : top + page_px // 2 - 10, left + 10 : left + page_px - 10],
        )
        > 0.6
    )


@pytest.mark.parametrize("desk", [20, 60])
@pytest.mark.parametrize("turn_deg", [0, 20])
def test_pale_ink_on_a_page_on_a_dark_desk_is_dark(desk: int, turn_deg: float) -> None:
    page = np.full((480, 640), desk, dtype=np.uint8)
    corners = cv2.boxPoints(((330, 240), (400, 300), turn_deg))
    cv2.fillPoly(page, [corners.astype(np.int32)], (190,))
    for text, y in (("7172", 200), ("4137", 300)):
        cv2.putText(page, text, (240, y), cv2.FONT_HERSHEY_SIMPLEX, 2, (130,), 4, cv2.LINE_AA)

    assert binarize(page).dark_on_light


def test_a_fat_digit_on_a_card_on_a_desk_is_dark() -> None:
    desk = np.full((480, 640), 60, dtype=np.uint8)
    cv2.fillPoly(desk, [np.array([(110, 100), (480, 130), (460, 390), (100, 380)])], (170,))
    four = [np.array([(220, 160), (200, 250), (380, 250)]), np.array([(360, 150), (260, 350)])]
    cv2.polylines(desk, four, False, (95,), 50)

    assert binarize(desk).dark_on_light


@pytest.mark.parametrize("digit", list("0123456789"))
@pytest.mark.parametrize("pen_px", [16, 24])
def test_a_fat_digit_that_fills_the_picture_is_dark(digit: str, pen_px: int) -> None:
    page = np.full((180, 140), 210, dtype=np.uint8)
    (width, height), _ = cv2.getTextSize(digit, cv2.FONT_HERSHEY_SIMPLEX, 5, pen_px)
    corner = (140 - width) // 2, (180 + height) // 2
    cv2.putText(page, digit, corner, cv2.FONT_HERSHEY_SIMPLEX, 5, (60,), pen_px, cv2.LINE_AA)

    assert binarize(page).dark_on_light


@pytest.mark.parametrize("digit", list("235680"))
def test_strokes_of_a_fat_digit_are_ink_to_their_middle(digit: str) -> None:
    ink = np.zeros((480, 640), dtype=np.uint8)
    cv2.putText(ink, digit, (190, 390), cv2.FONT_HERSHEY_SIMPLEX, 14, 255, 120)

    found = binarize(lit(ink, np.ones(ink.shape)))

    assert agreement(found.mask, ink) > 0.95


def bands(shape: tuple[int, ...]) -> np.ndarray:
    """Gray rows of a table, as tall as the digits in them."""
    return np.where(np.arange(shape[0]) // 55 % 2, 0.75, 1.0)[:, None] * np.ones(shape)


def blind(shape: tuple[int, ...]) -> np.ndarray:
    """Narrow shadows, aslant."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.where((y + 0.4 * x) // 48 % 2, 0.6, 1.0)


def phone(shape: tuple[int, ...]) -> np.ndarray:
    """The shadow of what takes the picture."""
    light = np.ones(shape, np.float32)
    cv2.fillConvexPoly(light, np.array([[200, 60], [330, 80], [300, 400], [180, 380]]), 0.55)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), 5))


@pytest.mark.parametrize("light", [pytest.param(light, id=light.__name__) for light in (bands, blind, phone)])
def test_dark_areas_that_something_is_written_on_are_paper(light) -> None:  # type: ignore[no-untyped-def]
    ink = np.zeros((480, 640), np.uint8)
    for line in range(6):
        cv2.putText(ink, "37 152 8", (80 + 10 * line, 90 + 68 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 255, 4)

    assert agreement(binarize(lit(ink, light(ink.shape))).mask, ink) > 0.8


@pytest.mark.parametrize(("digit", "pen_px"), [("7", 16), ("2", 40), ("8", 40)])
def test_a_large_digit_stands_out_from_gray_rows(digit: str, pen_px: int) -> None:
    ink = np.zeros((480, 640), np.uint8)
    cv2.putText(ink, digit, (190, 380), cv2.FONT_HERSHEY_SIMPLEX, 12, 255, pen_px)

    assert agreement(binarize(lit(ink, bands(ink.shape))).mask, ink) > 0.75


@pytest.mark.parametrize("level", [60.0, 110.0, 160.0])
def test_a_fat_stroke_that_nothing_is_written_on_is_ink(level: float) -> None:
    ink = np.zeros((480, 640), np.uint8)
    cv2.putText(ink, "8", (210, 400), cv2.FONT_HERSHEY_SIMPLEX, 14, 255, 56)

    assert agreement(binarize(lit(ink, np.ones(ink.shape), pen=level)).mask, ink) > 0.9


def test_pale_ink_in_the_shadow_on_grainy_paper_is_found() -> None:
    """Newsprint shows its grain, which is as much paler in a shadow as the ink there is."""
    ink = drawn()
    grain = np.random.default_rng(3).normal(1.0, 0.11, (60, 80))
    light = cv2.resize(grain, (640, 480), interpolation=cv2.INTER_CUBIC)
    light[:, 260:] *= 0.3

    mask = binarize(lit(ink, light, pen=110.0, noise=1.0)).mask

    assert agreement(mask[:, 300:], ink[:, 300:]) > 0.7


def test_a_wide_shadow_that_runs_off_the_picture_is_no_ink() -> None:
    page = lit(drawn(), np.ones((480, 640)))
    page[:, 60:190] = page[:, 60:190] // 2

    found = binarize(page)

    assert np.count_nonzero(found.mask[:, 80:170]) < 0.05 * found.mask[:, 80:170].size


@pytest.mark.parametrize("level", [150, 200])
def test_chalk_on_a_board_on_a_paler_wall_is_light(level: int) -> None:
    wall = np.full((480, 640), level, dtype=np.uint8)
    wall[120:380, 160:500] = 45
    for text, y in (("7172", 220), ("4137", 320)):
        cv2.putText(wall, text, (200, y), cv2.FONT_HERSHEY_SIMPLEX, 3, (200,), 6, cv2.LINE_AA)

    assert not binarize(wall).dark_on_light


def test_chalk_on_a_board_in_a_pale_frame_on_a_dark_wall_is_light() -> None:
    wall = np.full((480, 640), 20, dtype=np.uint8)
    wall[60:420, 90:550] = 150
    wall[80:400, 110:530] = 45
    for y in range(140, 390, 60):
        cv2.putText(wall, "71724137", (125, y), cv2.FONT_HERSHEY_SIMPLEX, 2.4, (215,), 6, cv2.LINE_AA)

    assert not binarize(wall).dark_on_light


def test_a_large_0_in_chalk_is_light() -> None:
    board = np.full((480, 640), 50, dtype=np.uint8)
    corners = np.array([(230, 70), (410, 70), (450, 120), (450, 360), (410, 410), (230, 410), (190, 360), (190, 120)])
    cv2.polylines(board, [corners], True, (200,), 44, cv2.LINE_AA)

    assert not binarize(board).dark_on_light


def test_chalk_on_a_board_with_a_pale_frame_is_light() -> None:
    board = np.full((480, 640), 45, dtype=np.uint8)
    cv2.rectangle(board, (0, 0), (639, 479), (190,), 50)
    for text, y in (("7172", 200), ("4137", 330)):
        cv2.putText(board, text, (140, y), cv2.FONT_HERSHEY_SIMPLEX, 4, (200,), 8, cv2.LINE_AA)

    assert not binarize(board).dark_on_light


def test_chalk_on_a_board_is_found_as_ink() -> None:
    ink = drawn()

    found = binarize(lit(ink, slope(ink.shape), paper=50, pen=200))

    assert not found.dark_on_light
    assert agreement(found.mask, ink) > 0.8


def test_faint_pencil_is_found() -> None:
    ink = drawn(thickness=4)

    found = binarize(lit(ink, np.ones(ink.shape), paper=200, pen=160, noise=3))

    assert agreement(found.mask, ink) > 0.8


def test_a_narrow_strip_of_the_desk_does_not_hide_faint_ink_beside_it() -> None:
    ink, strip_px = np.zeros((480, 640), np.uint8), 40
    cv2.putText(ink, "37", (strip_px + 25, 260), cv2.FONT_HERSHEY_SIMPLEX, 2, (255,), 6)
    page = np.where(ink > 0, 190, 215).astype(np.uint8)
    page[:, :strip_px] = 40

    found = binarize(np.asarray(cv2.GaussianBlur(page, (0, 0), 1), dtype=np.uint8), "dark")

    assert agreement(found.mask[:, strip_px + 10 :], ink[:, strip_px + 10 :]) > 0.8


@pytest.mark.parametrize("noise", [4.0, 14.0, 25.0])
def test_chalk_is_light_however_noisy_the_camera_is(noise: float) -> None:
    ink = np.zeros((480, 640), dtype=np.uint8)
    cv2.putText(ink, "5", (260, 300), cv2.FONT_HERSHEY_SIMPLEX, 5, 255, 16, cv2.LINE_8)
    board = lit(ink, np.ones(ink.shape), paper=30.0, pen=195.0, noise=noise)

    found = binarize(board)

    assert not found.dark_on_light
    assert agreement(found.mask, ink) > 0.8


@pytest.mark.parametrize("paper", [120, 140])
def test_white_ink_on_brown_paper_on_a_darker_desk_is_light(paper: int) -> None:
    ink = np.zeros((480, 640), np.uint8)
    for line in range(5):
        cv2.putText(ink, "37 152 8", (80, 110 + 70 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.6, 255, 5)
    frame = np.full(ink.shape, 50, np.uint8)
    frame[30:450, 30:610] = paper
    frame[ink > 0] = 235

    found = binarize(cv2.GaussianBlur(frame, (3, 3), 0))

    assert not found.dark_on_light
    assert agreement(found.mask, ink) > 0.6


def test_a_polarity_that_is_demanded_is_obeyed() -> None:
    page = lit(drawn(), np.ones((480, 640)))

    assert not binarize(page, "light").dark_on_light
    assert binarize(page, "dark").dark_on_light


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_even_page_has_no_ink(level: int) -> None:
    assert not binarize(np.full((480, 640), level, dtype=np.uint8)).mask.any()


def test_noise_alone_is_hardly_ever_ink() -> None:
    noise = np.random.default_rng(1).normal(180, 8, (480, 640))

    mask = binarize(np.clip(noise, 0, 255).astype(np.uint8)).mask

    assert mask.mean() / 255 < 0.06


@pytest.mark.parametrize("shape_hw", [(1, 1), (1, 640), (480, 1), (16, 16), (2, 3)])
def test_the_smallest_pictures_are_taken(shape_hw: tuple[int, int]) -> None:
    gray = np.full(shape_hw, 99, dtype=np.uint8)

    assert binarize(gray).mask.shape == shape_hw


def test_the_picture_is_not_written_to() -> None:
    page = lit(drawn(), slope((480, 640)), paper=50, pen=200)
    before = page.copy()

    binarize(page)

    assert np.array_equal(page, before)


@pytest.mark.parametrize(("roughness", "pen"), [pytest.param(8, 150, id="faint"), pytest.param(45, 90, id="rougher")])
def test_a_rough_cloth_around_the_page_does_not_hide_its_ink(roughness: float, pen: float) -> None:
    ink = drawn(thickness=5)
    page = np.where(ink > 0, pen, 215.0)
    cloth = np.random.default_rng(4).normal(120, roughness, (120, 160)).repeat(4, axis=0).repeat(4, axis=1)
    frame = cloth.copy()
    frame[130:330, 100:540] = page[130:330, 100:540]

    found = binarize(np.clip(frame, 0, 255).astype(np.uint8)).mask[140:320, 110:530]

    assert agreement(found, ink[140:320, 110:530]) > 0.75
