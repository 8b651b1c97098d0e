"""Drawn pages hold the numbers that they are said to hold, where they are said to be."""

from itertools import pairwise

import numpy as np
import pytest

from trainer.camera import Light, View, random_light, random_view, see_numbers, take_frame
from trainer.data import Mnist
from trainer.pages import write_page
from trainer.pens import INK_SIDE_PX, pen_ink
from trainer.textures import draw_desk

FRAME_WH = (640, 480)


def chance(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_same_seed_draws_the_same_page_and_another_another(mnist: Mnist) -> None:
    first, second, other = (write_page(mnist.validation, chance(seed)) for seed in (1, 1, 2))

    assert np.array_equal(first.picture, second.picture)
    assert first.numbers == second.numbers
    assert first.numbers != other.numbers


def test_boxes_on_the_page_hold_the_ink_and_nothing_else_does(mnist: Mnist) -> None:
    page = write_page(mnist.validation, chance())
    left = page.ink.copy()

    for number in page.numbers:
        for digit in number.digits:
            x, y, width, height = digit.box_xywh
            assert page.ink[y : y + height, x : x + width].max() > 0.9
            left[y : y + height, x : x + width] = 0

    assert left.max() == 0
    assert len(page.numbers) >= 4


def test_numbers_have_one_to_six_digits_and_stand_apart(mnist: Mnist) -> None:
    for seed in range(5):
        numbers = write_page(mnist.validation, chance(seed)).numbers
        for number, following in pairwise(numbers):
            assert 1 <= len(number.text) <= 6
            if number.line == following.line:
                x, _, width, height = number.digits[-1].box_xywh
                assert following.digits[0].box_xywh[0] - x - width > 0.9 * height


@pytest.mark.parametrize("height_px", [30, 80, 200])
def test_pen_strokes_are_solid_and_as_tall_as_asked(mnist: Mnist, height_px: int) -> None:
    upright = next(image for image in mnist.validation.images if np.ptp(np.flatnonzero(image.any(axis=1))) == 19)

    ink = pen_ink(upright, height_px)

    assert abs(ink.shape[0] - height_px) <= 4 * height_px / INK_SIDE_PX
    assert ink.max() == pytest.approx(1.0, abs=0.05)
    assert ((ink > 0.1) & (ink < 0.9)).mean() < 0.3


@pytest.mark.parametrize("seed", range(4))
def test_boxes_in_the_frame_hold_the_ink(mnist: Mnist, seed: int) -> None:
    random = chance(seed)
    page, view = write_page(mnist.validation, random), random_view(random, FRAME_WH)
    desk = np.full((1500, 1900, 3), 255, np.uint8)
    white = type(page)(page.ink, (255 * (1 - page.ink[..., np.newaxis].repeat(3, 2))).astype(np.uint8), page.numbers)
    frame = take_frame(white, [view], Light(vignette=0, noise=0, blur_px=0), desk, FRAME_WH, random)
    numbers = see_numbers(page, view)

    dark = (frame[:, :, 0] < 110).astype(np.uint8)
    for number in numbers:
        for x, y, width, height in number.digit_boxes:
            assert dark[y : y + height, x : x + width].any()
            dark[y : y + height, x : x + width] = 0

    assert dark.sum() == 0


def test_light_and_noise_change_the_frame_but_not_the_writing(mnist: Mnist) -> None:
    random = chance()
    page, view, desk = write_page(mnist.validation, random), random_view(random, FRAME_WH), draw_desk(random)

    frames = [take_frame(page, [view], random_light(chance(seed)), desk, FRAME_WH, random) for seed in (1, 2)]

    assert np.abs(frames[0].astype(int) - frames[1]).mean() > 3
    assert frames[0].shape == (480, 640, 3)


def test_motion_blurs_along_the_way(mnist: Mnist) -> None:
    random = chance()
    page, desk = write_page(mnist.validation, random), draw_desk(random)
    still, moving = View((320, 240), 0.5), [View((320 + step, 240), 0.5) for step in range(0, 30, 3)]
    calm = Light(noise=0)

    sharp = take_frame(page, [still], calm, desk, FRAME_WH, random)
    smeared = take_frame(page, moving, calm, desk, FRAME_WH, random)

    edges = [np.abs(np.diff(frame.astype(float), axis=1)).mean() for frame in (sharp, smeared)]
    assert edges[1] < 0.6 * edges[0]


@pytest.mark.parametrize("frame_wh", [(640, 480), (1280, 720), (480, 640), (320, 240)], ids=str)
def test_no_number_of_a_labelled_picture_is_cut_by_its_edge(mnist: Mnist, frame_wh: tuple[int, int]) -> None:
    for seed in range(20):
        random = chance(seed)

        numbers = see_numbers(write_page(mnist.validation, random), random_view(random, frame_wh))

        assert all(number.inside(frame_wh) for number in numbers)


@pytest.mark.parametrize(
    ("centre_xy", "far"),
    [
        pytest.param((900, 240), (slice(None), slice(0, 40)), id="page off to the right, left edge"),
        pytest.param((320, 640), (slice(0, 40), slice(None)), id="page off below, upper edge"),
    ],
)
def test_a_pages_shadow_stays_beside_the_page(
    mnist: Mnist, centre_xy: tuple[int, int], far: tuple[slice, slice]
) -> None:
    page = write_page(mnist.validation, chance())
    desk = np.full((1500, 1900, 3), 120, np.uint8)

    frame = take_frame(page, [View(centre_xy, 0.5)], Light(vignette=0, noise=0, blur_px=0), desk, FRAME_WH, chance())

    assert frame.max() > 200
    assert np.unique(frame[far]).tolist() == [120]


def test_jpeg_changes_the_frame_a_little_and_more_at_a_lower_quality(mnist: Mnist) -> None:
    page, desk, view = write_page(mnist.validation, chance()), draw_desk(chance()), View((320, 240), 0.5)

    raw, fine, coarse = (
        take_frame(page, [view], Light(jpeg_quality=quality), desk, FRAME_WH, chance()).astype(int)
        for quality in (None, 95, 30)
    )

    assert raw.shape == fine.shape == coarse.shape
    assert 0 < np.abs(raw - fine).mean() < np.abs(raw - coarse).mean() < 6
