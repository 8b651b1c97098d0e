"""A float model and its INT8 version in, how good and how equal they are out.

The INT8 figures come from the runtimes that a device uses, each in a process of its own.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from edge_app.frames import Float32, Int8, UInt8
from edge_app.stages.quantize import dequantize
from trainer.batches import as_input
from trainer.calibration import REJECT
from trainer.data import Digits
from trainer.replay import replay

INT8 = "INT8, tflite-runtime"  # the runtime that every figure of a bundle comes from
KERAS, FLOAT = "float, Keras", "float, TFLite"
REPLAYS = {
    INT8: ("tflite", True),
    "INT8, LiteRT builtin": ("litert", False),
    "INT8, LiteRT XNNPACK": ("litert", True),
}
MIN_THRESHOLD, MAX_THRESHOLD = 0.4, 0.95
FALSE_RATE = 0.006  # of validation crops, clean ones, from drawn pages and of no digit, that may be accepted wrongly


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good a model is, and how equal its versions are.

    Attributes:
        images: how many test images, and whose.
        accuracy: share read right, by version.
        interpreters: what the device's runtimes call themselves, by version.
        int8_per_class: share read right of each digit, INT8 on tflite-runtime.
        int8_ten_classes: share read right where the best of the ten digits is taken, whatever "reject" says.
        int8_rejected: share taken for no digit, INT8 on tflite-runtime; they count as read wrong.
        int8_confusion: rows are true digits, columns what was read, INT8 on tflite-runtime.
        float_bytes, int8_bytes: sizes of the flatbuffers.
        disagreements: numbers of the images that a version labels otherwise than INT8 on tflite-runtime.
        largest_difference: between any INT8 output and that of tflite-runtime, in steps, by version.
    """

    images: str
    accuracy: Mapping[str, float]
    interpreters: Mapping[str, str]
    int8_per_class: tuple[float, ...]
    int8_ten_classes: float
    int8_rejected: float
    int8_confusion: tuple[tuple[int, ...], ...]
    float_bytes: int
    int8_bytes: int
    disagreements: Mapping[str, tuple[int, ...]]
    largest_difference: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def evaluate(model: Any, float_model: bytes, int8_model: bytes, digits: Digits, images: str) -> Evaluation:
    """Runs every version of a model over labelled crops.

    Args:
        model: the keras.Model.
        float_model, int8_model: its flatbuffers.
        digits: prepared as the device's crop stage yields them.
        images: what they are, for the record.
    """
    replays = {name: replay(int8_model, digits.images, *how) for name, how in REPLAYS.items()}
    read = {
        KERAS: model.predict(as_input(digits.images), batch_size=500, verbose=0).argmax(axis=1),
        FLOAT: _float_scores(float_model, digits).argmax(axis=1),
        **{name: answer.outputs.argmax(axis=1) for name, answer in replays.items()},
    }
    classes = replays[INT8].outputs.shape[1]
    confusion = np.zeros((classes, classes), dtype=int)
    np.add.at(confusion, (digits.labels, read[INT8]), 1)
    others = [name for name in read if name != INT8]
    return Evaluation(
        images=images,
        accuracy={name: float((answers == digits.labels).mean()) for name, answers in read.items()},
        interpreters={name: answer.interpreter for name, answer in replays.items()},
        int8_per_class=tuple(float(row[label] / max(row.sum(), 1)) for label, row in enumerate(confusion)),
        int8_ten_classes=float(np.mean(replays[INT8].outputs[:, :REJECT].argmax(axis=1) == digits.labels)),
        int8_rejected=float(np.mean(read[INT8] >= REJECT)),
        int8_confusion=tuple(tuple(row) for row in confusion.tolist()),
        float_bytes=len(float_model),
        int8_bytes=len(int8_model),
        disagreements={name: tuple(np.flatnonzero(read[name] != read[INT8]).tolist()) for name in others},
        largest_difference={
            name: _largest_difference(replays[name].outputs, replays[INT8].outputs) for name in replays if name != INT8
        },
    )


def choose_threshold(int8_model: bytes, validation: Digits) -> float:
    """The least confidence at which hardly any validation crop is accepted with a wrong label.

    Args:
        int8_model: run on tflite-runtime.
        validation: prepared digits that the model was not trained on.

    Returns:
        A multiple of 0.01 from 0.4 to 0.95.
    """
    answer = replay(int8_model, validation.images)
    return threshold_for(dequantize(answer.outputs, answer.output), validation.labels)


def threshold_for(scores: Float32, labels: UInt8, false_rate: float = FALSE_RATE) -> float:
    """The least threshold at which at most a share of the crops is accepted with a wrong label.

    Args:
        scores: (N, classes) float32, probabilities; what is rejected is not accepted.
        labels: (N,), the true classes.
        false_rate: that share of all crops.

    >>> scores = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]], np.float32)
    >>> threshold_for(scores, np.array([0, 1, 1]))
    0.71
    """
    winners = scores.argmax(axis=1)
    wrong = scores.max(axis=1)[(winners != labels) & (winners < REJECT)]
    for threshold in np.arange(MIN_THRESHOLD, MAX_THRESHOLD, 0.01).round(2):
        if np.count_nonzero(wrong >= threshold) <= false_rate * len(labels):
            return float(threshold)
    return MAX_THRESHOLD


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Prints the figures as tables."""
    columns = "version", "accuracy", "other labels than tflite-runtime", "largest output step"
    table = Table(*columns, title=evaluation.images)
    for name, accuracy in evaluation.accuracy.items():
        others = evaluation.disagreements.get(name)
        listed = "" if others is None else f"{len(others)}" + (f": {_shortened(others)}" if others else "")
        table.add_row(name, f"{accuracy:.4f}", listed, str(evaluation.largest_difference.get(name, "")))
    console.print(table)
    rejected = f"{evaluation.int8_rejected:.2%} rejected, {evaluation.int8_ten_classes:.4f} right among the ten digits"
    console.print(f"{INT8}: {rejected}")
    ratio = evaluation.float_bytes / evaluation.int8_bytes
    console.print(f"float {evaluation.float_bytes} bytes, INT8 {evaluation.int8_bytes} bytes, ratio {ratio:.2f}")
    digits = [str(digit) if digit < REJECT else "none" for digit in range(len(evaluation.int8_confusion))]
    confusion = Table("written", *digits, "right", title=f"{INT8}: what was read")
    for digit, row in enumerate(evaluation.int8_confusion[:REJECT]):
        right = evaluation.int8_per_class[digit]
        confusion.add_row(str(digit), *(str(count or "·") for count in row), f"{right:.4f}")
    console.print(confusion)


def _float_scores(float_model: bytes, digits: Digits) -> Float32:
    """(N, classes) float32 probabilities of the float flatbuffer, run by TensorFlow, which made it."""
    interpreter = tf.lite.Interpreter(model_content=float_model)
    source, target = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    interpreter.resize_tensor_input(source, (len(digits), 28, 28, 1))
    interpreter.allocate_tensors()
    interpreter.set_tensor(source, as_input(digits.images))
    interpreter.invoke()
    scores: Float32 = interpreter.get_tensor(target)
    return scores


def _largest_difference(outputs: Int8, others: Int8) -> int:
    return int(np.abs(outputs.astype(int) - others.astype(int)).max(initial=0))


def _shortened(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers[:20])) + (", …" if len(numbers) > 20 else "")
