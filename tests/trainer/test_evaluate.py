"""Figures are counted right, thresholds keep their promise, and bundles are made of clear cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.console import Console

from edge_app.frames import TensorDetails
from trainer.errors import TrainerError
from trainer.evaluate import INT8, MAX_THRESHOLD, Evaluation, print_evaluation, threshold_for
from trainer.export import golden_rows
from trainer.replay import Replay

OUTPUT = TensorDetails((1, 10), "int8", 1 / 256, -128)


@given(
    arrays(np.float32, (60, 3), elements=st.floats(0.0, 1.0, width=32)),
    arrays(np.uint8, 60, elements=st.integers(0, 2)),
    st.sampled_from([0.0, 0.02, 0.1]),
)
def test_a_threshold_keeps_its_promise_and_is_the_least_that_does(
    scores: np.ndarray, labels: np.ndarray, false_rate: float
) -> None:
    threshold = threshold_for(scores, labels, false_rate)

    wrong = scores.argmax(axis=1) != labels
    accepted = [(wrong & (scores.max(axis=1) >= limit)).sum() for limit in (threshold, threshold - 0.01)]
    if threshold < MAX_THRESHOLD:
        assert accepted[0] <= false_rate * 60
    if threshold > 0.5:
        assert accepted[1] > false_rate * 60


def answers(winners: np.ndarray, margin: int) -> Replay:
    outputs = np.full((len(winners), 10), -128, dtype=np.int8)
    outputs[np.arange(len(winners)), winners] = -128 + margin
    return Replay(outputs, OUTPUT, OUTPUT, "test")


def test_golden_crops_are_ten_of_each_digit_by_digit() -> None:
    labels = np.tile(np.arange(10, dtype=np.uint8), 15)

    rows = golden_rows(answers(labels.astype(int), 200), labels)

    assert labels[rows].tolist() == [digit for digit in range(10) for _ in range(10)]


def test_unclear_and_wrong_answers_are_no_golden_crops() -> None:
    labels = np.tile(np.arange(10, dtype=np.uint8), 15)
    answer = answers(labels.astype(int), 200)
    answer.outputs[:10] = answers(labels[:10].astype(int), 20).outputs
    answer.outputs[10:20] = answers((labels[10:20].astype(int) + 1) % 10, 200).outputs

    assert golden_rows(answer, labels).min() == 20


def test_a_model_that_reads_too_little_makes_no_bundle() -> None:
    labels = np.tile(np.arange(10, dtype=np.uint8), 5)

    with pytest.raises(TrainerError, match=r"needs 10 validation crops of each digit .* Received: \[5, 5"):
        golden_rows(answers(labels.astype(int), 200), labels)


def test_the_tables_show_the_figures() -> None:
    confusion = tuple(tuple(98 if row == column else 0 for column in range(10)) for row in range(10))
    evaluation = Evaluation(
        images="some images",
        accuracy={"float, Keras": 0.9876, INT8: 0.9871},
        interpreters={INT8: "tflite-runtime 2.14.0"},
        int8_per_class=(0.98,) * 10,
        int8_confusion=confusion,
        float_bytes=4000,
        int8_bytes=1000,
        disagreements={"float, Keras": (17, 4711)},
        largest_difference={},
    )
    console = Console(width=110, record=True, quiet=True)
    with console.capture() as captured:
        console.quiet = False
        print_evaluation(evaluation, console)

    text = captured.get()
    for expected in ("0.9876", "2: 17, 4711", "ratio 4.00", "98", "0.9800"):
        assert expected in text
