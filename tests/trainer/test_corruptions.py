"""The corruptions do what their names say, the same for the same seed, more at each severity."""

import numpy as np
import pytest

from trainer.corruptions import AVERAGED, CORRUPTIONS, SEVERITIES, corrupt
from trainer.data import Mnist, prepare


@pytest.fixture(scope="module")
def crops(mnist: Mnist) -> np.ndarray:
    return prepare(mnist.validation.take(slice(60))).images


def test_the_mean_is_over_the_fifteen_kinds_of_mnist_c() -> None:
    assert len(AVERAGED) == 15
    assert "contrast" in set(CORRUPTIONS) - set(AVERAGED)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_each_crop_is_changed_by_the_seed_and_its_row_alone(crops: np.ndarray, kind: str) -> None:
    before = crops.copy()

    corrupted = corrupt(crops, kind, 3, seed=4)

    np.testing.assert_array_equal(crops, before)
    assert corrupted.shape == crops.shape
    assert corrupted.dtype == np.uint8
    assert (corrupted != crops).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(corrupted[:20], corrupt(crops[:20], kind, 3, seed=4))


@pytest.mark.parametrize("kind", [kind for kind in CORRUPTIONS if kind != "canny edges"])
def test_each_severity_is_further_from_the_clean_crop(crops: np.ndarray, kind: str) -> None:
    distances = [np.abs(corrupt(crops, kind, severity, seed=4).astype(int) - crops).mean() for severity in SEVERITIES]

    assert distances == sorted(distances)
    assert distances[0] < distances[-1]


def test_edges_are_thin_and_white(crops: np.ndarray) -> None:
    edges = corrupt(crops, "canny edges", 3, seed=4)

    assert set(np.unique(edges)) == {0, 255}
    assert 0.05 < (edges > 0).mean() < 0.3


def test_a_translation_moves_all_ink_by_three_pixels_either_way() -> None:
    dot = np.zeros((1, 28, 28), np.uint8)
    dot[0, 14, 14] = 255

    places = {tuple(np.argwhere(corrupt(dot, "translation", 3, seed)[0])[0] - 14) for seed in range(40)}

    assert places == {(-3, -3), (-3, 3), (3, -3), (3, 3)}


def test_stripes_turn_the_tones_over_on_both_sides(crops: np.ndarray) -> None:
    striped = corrupt(crops, "stripes", 3, seed=1)

    np.testing.assert_array_equal(striped[:, :, :7], 255 - crops[:, :, :7])
    np.testing.assert_array_equal(striped[:, :, 7:21], crops[:, :, 7:21])
    np.testing.assert_array_equal(striped[:, :, 21:], 255 - crops[:, :, 21:])
