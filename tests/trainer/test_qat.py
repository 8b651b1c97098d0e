"""Folding changes no answer, rounding is the device's, and what comes out is a plain network."""

import keras
import numpy as np
import pytest
from keras import layers

from trainer.augment import Augmentation
from trainer.batches import Augmented, as_input
from trainer.data import Digits, Mnist, prepare
from trainer.models import build
from trainer.qat import Rounded, RoundedConv2D, _rounded, fine_tune, folded
from trainer.quantize import quantize
from trainer.study import float_scores, int8_scores

LABELS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def digits(mnist: Mnist) -> Digits:
    return prepare(mnist.train.take(slice(1280)))


@pytest.fixture(scope="module", params=["compact", "accurate", "seed"])
def model(request: pytest.FixtureRequest, digits: Digits) -> keras.Model:
    """Trained for a moment, so that its normalization does something."""
    keras.utils.set_random_seed(3)
    model = build(request.param, LABELS)
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(as_input(digits.images), digits.labels, batch_size=64, epochs=2, verbose=0)
    return model


def test_folding_leaves_every_answer_and_no_normalization(model: keras.Model, digits: Digits) -> None:
    plain = folded(model)

    assert not any(isinstance(layer, layers.BatchNormalization) for layer in plain.layers)
    np.testing.assert_allclose(
        float_scores(plain, digits.images[:200]), float_scores(model, digits.images[:200]), atol=1e-4
    )
    crops = digits.images[:100]
    assert quantize(plain, crops, representative=60) is not None


def test_rounding_in_keras_is_nearly_the_devices(model: keras.Model, digits: Digits) -> None:
    crops, held_out = digits.images[:400], digits.images[400:700]
    plain = folded(model)

    rounded = float_scores(_rounded(plain, crops), held_out)

    device = 256 * int8_scores(quantize(plain, crops, representative=400), held_out)
    off, exactly_off = (
        np.abs(np.rint(256 * each) - device).mean() for each in (rounded, float_scores(plain, held_out))
    )
    assert off < 0.9 * exactly_off  # in steps of the device's output; other rounding would give more than 1.2


def test_fine_tuning_learns_and_gives_back_a_plain_network(digits: Digits) -> None:
    keras.utils.set_random_seed(5)
    plain = folded(build("compact", LABELS))
    before = plain.get_weights()
    source = Augmented(digits, Augmentation(untouched=1.0), 10, seed=1)

    learnt = fine_tune(
        plain, source, digits.images[:100], epochs=3, learning_rate=2e-3, batch_size=64, seed=1, verbose=0
    )

    assert [type(layer) for layer in learnt.layers] == [type(layer) for layer in plain.layers]
    for ours, theirs in zip(before, plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    accuracy = [(float_scores(each, digits.images).argmax(axis=1) == digits.labels).mean() for each in (plain, learnt)]
    assert accuracy[1] > accuracy[0] + 0.1


def test_a_kernel_is_rounded_to_a_channels_own_steps() -> None:
    layer = RoundedConv2D(2, 1, use_bias=False)
    layer.build((None, 1, 1, 1))
    layer.set_weights([np.array([[[[1.27, 0.0127]]]], np.float32)])

    values = layer(np.array([[[[1.0]]]], np.float32)).numpy().ravel()
    np.testing.assert_allclose(values, [1.27, 0.0127], rtol=1e-5)

    layer = RoundedConv2D(1, 1, use_bias=False)
    layer.build((None, 1, 1, 2))
    layer.set_weights([np.array([[[[1.27], [0.0127]]]], np.float32)])
    value = layer(np.array([[[[0.0, 1.0]]]], np.float32)).numpy().item()
    assert value == pytest.approx(0.01, rel=1e-4)  # the nearest of 255 steps of 1.27 / 127


def test_values_keep_to_their_range_and_zero_stays_zero() -> None:
    layer = Rounded()
    layer(np.array([[0.3, -0.5, 2.05]], np.float32), training=True)  # the first range: 255 steps of 0.01

    values = layer(np.array([[0.0, 0.404, 7.0, -3.0]], np.float32)).numpy()[0]

    np.testing.assert_allclose(values, [0.0, 0.4, 2.05, -0.5], atol=1e-6)
    layer(np.array([[12.05, 0.0]], np.float32), training=True)
    assert float(layer.high) == pytest.approx(2.15)  # a hundredth of the way
