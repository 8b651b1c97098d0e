"""Versions of a model are judged against the truth and against the float one."""

import keras
import numpy as np
import pytest

from trainer.data import Mnist, prepare
from trainer.models import build
from trainer.study import by_size, judged


def test_a_row_counts_what_is_wrong_and_what_is_other() -> None:
    exact = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], np.float32)
    scores = np.array([[0.8, 0.2], [0.4, 0.6], [0.2, 0.8]], np.float32)

    row = judged("INT8", scores, exact, np.array([0, 0, 0], np.uint8))

    assert row.accuracy == pytest.approx(1 / 3)
    assert row.other_labels == 1
    assert row.largest_difference == pytest.approx(0.2)
    assert row.surprise == pytest.approx(-np.mean(np.log([0.8, 0.4, 0.2])), rel=1e-5)


def test_more_representative_crops_come_nearer_to_the_float_model(mnist: Mnist) -> None:
    keras.utils.set_random_seed(4)
    model = build("seed", [str(digit) for digit in range(10)])
    digits = prepare(mnist.train.take(slice(600)))

    rows = by_size(model, digits.images[:400], digits.take(slice(400, 600)), sizes=(1, 300))

    assert [row.version for row in rows] == ["float", "PTQ, 1 crops", "PTQ, 300 crops"]
    assert (rows[0].other_labels, rows[0].largest_difference) == (0, 0.0)
    assert rows[2].largest_difference < rows[1].largest_difference
