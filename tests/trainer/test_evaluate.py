"""Figures are counted right, and thresholds keep their promise."""

import json

import keras
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rich.console import Console

from trainer.batches import as_input
from trainer.data import Mnist
from trainer.evaluate import INT8, KERAS, MAX_THRESHOLD, Evaluation, evaluate, print_evaluation, threshold_for
from trainer.models import build
from trainer.quantize import float_tflite, quantize
from trainer.replay import replay


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


def test_every_version_is_counted_against_the_truth_and_against_tflite_runtime(mnist: Mnist) -> None:
    keras.utils.set_random_seed(7)
    model = build("compact", [str(digit) for digit in range(10)])
    digits = mnist.validation.take(slice(150))
    int8 = quantize(model, mnist.train.images[:60], representative=30)
    read = replay(int8, digits.images).outputs.argmax(axis=1)
    keras_read = model.predict(as_input(digits.images), verbose=0).argmax(axis=1)

    evaluation = evaluate(model, float_tflite(model), int8, digits, "150 images")

    assert evaluation.accuracy[INT8] == (read == digits.labels).mean()
    assert evaluation.accuracy[KERAS] == (keras_read == digits.labels).mean()
    assert evaluation.disagreements[KERAS] == tuple(np.flatnonzero(read != keras_read))
    assert evaluation.disagreements["INT8, LiteRT builtin"] == ()
    assert evaluation.largest_difference["INT8, LiteRT builtin"] == 0
    assert evaluation.int8_confusion[3][0] == ((digits.labels == 3) & (read == 0)).sum()
    assert np.sum(evaluation.int8_confusion) == 150
    assert evaluation.int8_per_class[3] == (read[digits.labels == 3] == 3).mean()
    assert evaluation.int8_bytes == len(int8)
    assert json.loads(json.dumps(evaluation.as_dict()))["images"] == "150 images"


def test_the_tables_show_the_figures() -> None:
    confusion = tuple(tuple(98 if row == column else 0 for column in range(10)) for row in range(10))
    evaluation = Evaluation(
        images="some images",
        accuracy={"float, Keras": 0.9876, INT8: 0.9871},
        interpreters={INT8: "tflite-runtime 2.14.0"},
        int8_per_class=(0.98,) * 10,
        int8_ten_classes=0.9876,
        int8_rejected=0.002,
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
