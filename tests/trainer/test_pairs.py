"""Two digits that touch are drawn as one crop, each pair another one."""

import cv2
import numpy as np

from trainer.data import Mnist, prepare
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
