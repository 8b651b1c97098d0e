"""A classifier's probabilities and the truth in, honest probabilities out.

Label smoothing makes a model too modest, long training too proud. One number, the temperature, puts that
right without changing any label (Guo and others, "On Calibration of Modern Neural Networks", ICML 2017).
It is folded into the last layer, so that a device has nothing more to compute.
"""

import logging
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, UInt8
from edge_app.manifest import DIGIT_LABELS

Scores: TypeAlias = NDArray[np.floating[Any]]

log = logging.getLogger(__name__)

REJECT = len(DIGIT_LABELS)
TEMPERATURES = np.geomspace(0.2, 5.0, 161)  # steps of 2 %
HANDICAPS = np.arange(0.0, 6.01, 0.1)  # taken from the logit of "reject"
REJECTED_SHARE = 0.002  # of all validation digits that may be rejected
BINS = 15


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was changed and what it brought.

    Attributes:
        temperature: that logits are divided by.
        handicap: taken from the logit of "reject".
        error_before, error: expected calibration error on the validation crops, 0 to 1.
        crops: how many these are.
    """

    temperature: float
    handicap: float
    error_before: float
    error: float
    crops: int


def calibrate(model: Any, scores: Float32, labels: UInt8) -> Calibration:
    """Folds a temperature and a handicap of "reject" into a model's last layer.

    Args:
        model: keras.Model whose last layer is a Dense with softmax, named "scores"; changed.
        scores: (N, classes) float32, what it says of validation crops.
        labels: (N,), what they are.

    """
    logits = np.log(np.maximum(scores.astype(np.float64), 1e-12))
    handicap = reject_handicap(logits, labels)
    logits[:, REJECT] -= handicap
    temperature = fit_temperature(logits, labels)
    kernel, bias = model.get_layer("scores").get_weights()
    bias[REJECT] -= handicap
    model.get_layer("scores").set_weights([kernel / temperature, bias / temperature])
    before = expected_calibration_error(scores, labels)
    after = expected_calibration_error(softmax(logits / temperature), labels)
    log.info("calibrated: temperature %.2f, handicap of reject %.1f, calibration error %.4f, before %.4f",
             temperature, handicap, after, before)  # fmt: skip
    return Calibration(temperature, handicap, before, after, len(labels))


def reject_handicap(logits: Scores, labels: UInt8, share: float = REJECTED_SHARE) -> float:
    """The least handicap with which at most a share of the digits is taken for none.

    >>> reject_handicap(np.array([[0.0] * 10 + [1.0], [3.0] + [0.0] * 10]), np.array([0, 0]))
    1.1
    """
    digits = logits[labels < REJECT]
    lead = digits[:, REJECT] - digits[:, :REJECT].max(axis=1)
    for handicap in HANDICAPS:
        if np.mean(lead > handicap) <= share and np.mean(lead == handicap) <= share:
            return round(float(handicap), 1)
    return float(HANDICAPS[-1])


def fit_temperature(logits: Scores, labels: UInt8) -> float:
    """What to divide logits by so that the truth is least surprising (the least negative log-likelihood)."""
    return float(min(TEMPERATURES, key=lambda temperature: surprise(logits / temperature, labels)))


def expected_calibration_error(scores: Scores, labels: UInt8) -> float:
    """How far confidence is from accuracy on average, over equally wide bins of confidence, 0 to 1.

    >>> scores = np.array([[0.8, 0.2]] * 5)
    >>> round(expected_calibration_error(scores, np.array([0, 0, 0, 0, 1])), 6)
    0.0
    """
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(float(confidence[bins == b].sum() - right[bins == b].sum())) for b in range(BINS)]
    return sum(gaps) / max(len(labels), 1)


def softmax(logits: Scores) -> Scores:
    """(N, classes) probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def surprise(logits: Scores, labels: UInt8) -> float:
    """Mean negative log-likelihood of the true labels."""
    return float(-np.log(np.maximum(softmax(logits)[np.arange(len(labels)), labels], 1e-12)).mean())
