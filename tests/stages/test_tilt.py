"""The tilt of a page is that of its lines."""

import numpy as np
import pytest

from edge_app.frames import Region
from edge_app.stages.tilt import LEAST_DEG, level, page_tilt


def lines(degrees: float, scatter: float = 2.0, seed: int = 3, pitch: int = 28) -> list[Region]:
    """Three lines of eight digits, 30 px tall, turned about the origin."""
    random = np.random.default_rng(seed)
    turn = np.deg2rad(degrees)
    regions = []
    for row in range(3):
        for column in range(8):
            x, y = 150 + pitch * column, 200 + max(70, 2 * pitch) * row + random.normal(0, scatter)
            across, down = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
            regions.append(Region((round(across), round(down), 20, 30), (1,)))
    return regions


@pytest.mark.parametrize("degrees", [-25, -12, -6, 6, 12, 25])
def test_tilted_lines_tell_their_angle(degrees: float) -> None:
    assert page_tilt(lines(degrees)) == pytest.approx(degrees, abs=2.0)


@pytest.mark.parametrize("degrees", [-15, 15])
def test_digits_written_far_apart_tell_it_too(degrees: float) -> None:
    assert page_tilt(lines(degrees, pitch=75)) == pytest.approx(degrees, abs=2.0)


@pytest.mark.parametrize("degrees", [-2, 0, 2])
def test_a_tilt_that_hands_have_anyway_is_left_alone(degrees: float) -> None:
    assert page_tilt(lines(degrees, scatter=1.0)) == 0.0


def test_few_or_scattered_regions_have_no_tilt() -> None:
    random = np.random.default_rng(1)
    scattered = [Region((int(x), int(y), 20, 30), (1,)) for x, y in random.uniform(0, 400, (12, 2))]

    assert page_tilt([]) == page_tilt(lines(15)[:4]) == page_tilt(scattered) == 0.0
    assert LEAST_DEG > 0


def test_levelled_lines_are_level() -> None:
    levelled = [level(region.box_xywh, 15) for region in lines(15, scatter=0.0)]

    tops = np.array([box[1] for box in levelled]).reshape(3, 8)

    assert np.ptp(tops, axis=1).max() <= 2
    assert (np.diff(tops[:, 0]) > 60).all()
