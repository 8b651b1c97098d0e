"""Two digits that touch are drawn as one crop, each pair another one."""

import cv2
import numpy as np
import pytest

from trainer.data import Digits, Mnist, prepare
from trainer.pairs import make_pairs


def test_pairs_are_crops_that_hold_two_digits(mnist: Mnist) -> None:
    digits = prepare(mnist.validation.take(slice(200)))

    crops = make_pairs(digits, 60, np.random.default_rng(1))

    assert crops.shape == (60, 28, 28) and crops.dtype == np.uint8
    assert len(np.unique(crops.reshape(60, -1), axis=0)) == 60
    boxes = np.array([cv2.boundingRect(crop) for crop in crops])
    single = np.array([cv2.boundingRect(crop) for crop in digits.images[:60]])
    assert boxes[:, 2:].max() == 20  # as wide or as tall as a crop may be
    assert np.median(boxes[:, 2] / boxes[:, 3]) > 1.2 > np.median(single[:, 2] / single[:, 3])


def test_most_of_them_hang_together(mnist: Mnist) -> None:
    crops = make_pairs(prepare(mnist.validation.take(slice(200))), 60, np.random.default_rng(2))

    pieces = [cv2.connectedComponents((crop > 60).astype(np.uint8))[0] - 1 for crop in crops]

    assert np.mean(np.array(pieces) == 1) > 0.6


def test_the_same_seed_draws_the_same(mnist: Mnist) -> None:
    digits = prepare(mnist.validation.take(slice(50)))
    first, second, other = (make_pairs(digits, 12, np.random.default_rng(seed)) for seed in (1, 1, 2))

    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


class InTurn:
    """Chance that picks the first digit and then the second, and is chance otherwise."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self.uniform, self.normal = self._random.uniform, self._random.normal

    def integers(self, low: int, high: int, size: tuple[int, int] | None = None) -> object:
        return self._random.integers(low, high) if size is None else np.repeat([[0], [1]], size[1], axis=1)


@pytest.mark.parametrize("slim_first", [False, True])
def test_a_slim_digit_is_not_pushed_into_the_other_ones_box(slim_first: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.pairs.augment", lambda images, *others: images)
    corner, bar = np.zeros((2, 28, 28), np.uint8)
    corner[4:24, 4:7] = corner[22:24, 4:24] = 255  # nothing stops the bar on its way above the foot
    bar[9:17, 13:16] = 255
    pair = (bar, corner[:, ::-1]) if slim_first else (corner, bar)
    digits = Digits(np.stack(pair), np.array([4, 1], np.uint8))

    crops = make_pairs(digits, 20, InTurn(1))  # type: ignore[arg-type]

    boxes = np.array([cv2.boundingRect(crop) for crop in crops])
    assert (boxes[:, 3] < boxes[:, 2]).all()  # wider than tall: the bar stands beside the corner
