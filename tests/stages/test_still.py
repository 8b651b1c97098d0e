"""A page that stays the same is not read again and again; whatever changes on it is read at once."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.still import REFRESH_FRAMES, SETTLE_FRAMES, StillPage

SIZES = [pytest.param((640, 480), id="640x480"), pytest.param((1280, 720), id="1280x720")]


def page(size_wh: tuple[int, int] = (640, 480), text: str = "407", ink: int = 60) -> UInt8:
    gray = np.full((size_wh[1], size_wh[0]), 200, dtype=np.uint8)
    cv2.putText(gray, text, (100, 200), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (ink,), 3, cv2.LINE_AA)
    return gray


def noisy(gray: UInt8, sigma: float, chance: np.random.Generator) -> UInt8:
    return np.clip(gray + chance.normal(0, sigma, gray.shape), 0, 255).astype(np.uint8)


def settled(gray: UInt8) -> StillPage:
    still = StillPage()
    for _ in range(SETTLE_FRAMES):
        assert not still.is_still(gray)
    assert still.is_still(gray)
    return still


def test_a_still_page_is_read_a_while_and_then_now_and_then() -> None:
    still = StillPage()

    read = [not still.is_still(page()) for _ in range(SETTLE_FRAMES + 3 * REFRESH_FRAMES)]

    assert read[:SETTLE_FRAMES] == [True] * SETTLE_FRAMES
    assert sum(read[SETTLE_FRAMES:]) == 3
    assert np.diff(np.flatnonzero(read[SETTLE_FRAMES - 1 :])).max() == REFRESH_FRAMES


@pytest.mark.parametrize("size_wh", SIZES)
@pytest.mark.parametrize("sigma", [0.0, 1.0, 3.0, 5.0])
def test_the_noise_of_a_sensor_is_no_change(size_wh: tuple[int, int], sigma: float) -> None:
    chance, still = np.random.default_rng(1), StillPage()
    gray = page(size_wh)

    read = [not still.is_still(noisy(gray, sigma, chance)) for _ in range(SETTLE_FRAMES + 4 * REFRESH_FRAMES)]

    assert sum(read[SETTLE_FRAMES:]) <= 6


@pytest.mark.parametrize("size_wh", SIZES)
@pytest.mark.parametrize("sigma", [0.0, 2.0])
@pytest.mark.parametrize(
    "after",
    [
        pytest.param({"text": "401"}, id="a digit"),
        pytest.param({"text": "4071"}, id="one more"),
        pytest.param({"text": ""}, id="all gone"),
    ],
)
def test_any_digit_that_changes_is_read_at_once(size_wh: tuple[int, int], sigma: float, after: dict[str, str]) -> None:
    chance = np.random.default_rng(2)
    still = settled(noisy(page(size_wh), sigma, chance))

    assert not still.is_still(noisy(page(size_wh, **after), sigma, chance))


def test_a_faint_stroke_is_a_change() -> None:
    still = settled(page(text=""))

    assert not still.is_still(page(text="1", ink=180))  # a tenth darker than the paper


def test_a_page_that_moves_slowly_is_read_again_and_again() -> None:
    still = settled(page())

    read = [not still.is_still(np.roll(page(), round(step * 0.4), axis=1)) for step in range(40)]

    assert sum(read) >= 10


def test_light_that_changes_slowly_is_read_in_time() -> None:
    still = settled(page())

    read = [not still.is_still(cv2.subtract(page(), step // 2)) for step in range(60)]

    assert sum(read) >= 4


def test_after_a_while_or_another_size_everything_is_read_anew() -> None:
    still = settled(page())

    still.forget()
    first = still.is_still(page())
    other = settled(page()).is_still(page((320, 240)))

    assert not first and not other
