"""Other people's digits come as the device would crop them, and errors are counted by kind."""

import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path, load_bundle
from trainer.corruptions import AVERAGED, CORRUPTIONS
from trainer.data import Mnist, prepare
from trainer.robustness import accuracy, measure_robustness, uci_digits


@pytest.fixture(scope="module")
def model() -> bytes:
    return load_bundle(embedded_bundle_path()).model_path.read_bytes()


def test_uci_digits_are_crops_of_every_digit() -> None:
    digits = uci_digits()

    assert digits.images.shape == (1797, 28, 28)
    assert np.bincount(digits.labels).min() > 170
    boxes = [np.argwhere(image) for image in digits.images]
    assert {int(np.ptp(box, axis=0).max()) + 1 for box in boxes} == {20}


def test_the_embedded_bundle_reads_other_peoples_digits(model: bytes) -> None:
    assert accuracy(model, uci_digits()) > 0.9


def test_errors_are_counted_by_kind_and_averaged_over_fifteen(model: bytes, mnist: Mnist) -> None:
    digits = prepare(mnist.validation.take(slice(100)))

    measured = measure_robustness(model, digits, severity=2)

    assert set(measured.errors) == set(CORRUPTIONS)
    assert measured.mean_error == pytest.approx(np.mean([measured.errors[kind] for kind in AVERAGED]))
    assert 0.0 < measured.mean_error <= 0.08
    assert measured.errors["shear"] <= measured.errors["blur"]
