"""Roughened crops keep their shape and stay readable to a person, and chance decides alone."""

import numpy as np
import pytest

from trainer.data import Mnist, prepare
from trainer.rough import FAULTS, Fault, roughen


def test_only_a_share_is_changed_and_the_same_again(mnist: Mnist) -> None:
    crops = prepare(mnist.validation.take(slice(400))).images
    before = crops.copy()

    rough = roughen(crops, 0.25, np.random.default_rng(3))

    np.testing.assert_array_equal(crops, before)
    assert 0.18 < (rough != crops).any(axis=(1, 2)).mean() < 0.32
    np.testing.assert_array_equal(rough, roughen(crops, 0.25, np.random.default_rng(3)))


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.__name__) for fault in FAULTS])
def test_each_fault_changes_crops_and_leaves_them_something(mnist: Mnist, fault: Fault) -> None:
    crops = prepare(mnist.validation.take(slice(60))).images
    random = np.random.default_rng(5)

    rough = np.stack([fault(crop, random) for crop in crops])

    assert rough.shape == crops.shape
    assert rough.dtype == np.uint8
    assert (rough != crops).any(axis=(1, 2)).mean() > 0.9
    assert (rough.std(axis=(1, 2)) > 5).all()
