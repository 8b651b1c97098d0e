"""Confidence is made honest without changing what is read."""

import keras
import numpy as np
import pytest
from keras import layers

from trainer.calibration import (
    REJECT,
    calibrate,
    expected_calibration_error,
    fit_temperature,
    reject_handicap,
    softmax,
)


def opinions(temperature: float, count: int = 4000, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose honest probabilities are those at a temperature, and labels drawn from these."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2.0, (count, 11))
    honest = softmax(logits / temperature)
    labels = np.array([random.choice(11, p=row) for row in honest])
    return logits, labels.astype(np.uint8)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_temperature_that_was_put_in_is_found(temperature: float) -> None:
    logits, labels = opinions(temperature)

    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.08)


def test_honest_probabilities_have_no_calibration_error_and_proud_ones_do() -> None:
    logits, labels = opinions(2.0)

    assert expected_calibration_error(softmax(logits / 2.0), labels) < 0.03
    assert expected_calibration_error(softmax(logits), labels) > 0.1


def test_reject_is_held_back_until_it_takes_few_digits() -> None:
    random = np.random.default_rng(2)
    logits = random.normal(0, 1.0, (2000, 11))
    labels = random.integers(0, 10, 2000).astype(np.uint8)

    handicap = reject_handicap(logits, labels, share=0.01)

    logits[:, REJECT] -= handicap
    assert np.mean(logits.argmax(axis=1) == REJECT) <= 0.01
    logits[:, REJECT] += 0.2
    assert np.mean(logits.argmax(axis=1) == REJECT) > 0.01


def test_the_model_itself_is_calibrated() -> None:
    picture = keras.Input((4,), name="crop")
    model = keras.Model(picture, layers.Dense(11, activation="softmax", name="scores")(picture))
    inputs = np.random.default_rng(1).normal(size=(3000, 4)).astype(np.float32)
    before = model.predict(inputs, verbose=0)
    random = np.random.default_rng(2)
    honest = softmax(np.log(before) / 0.5)
    labels = np.array([random.choice(11, p=row) for row in honest]).astype(np.uint8)

    calibration = calibrate(model, before, labels)

    after = model.predict(inputs, verbose=0)
    assert expected_calibration_error(after, labels) < expected_calibration_error(before, labels)
    assert np.array_equal(after[:, :10].argmax(axis=1), before[:, :10].argmax(axis=1))
    assert calibration.temperature < 1.0
    assert calibration.handicap >= 0.0
    assert calibration.error < calibration.error_before
    assert calibration.crops == 3000
