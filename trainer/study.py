"""A float model in, how well it survives each way of quantization out, judged on validation crops."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from edge_app.frames import Float32, UInt8
from edge_app.stages.quantize import dequantize
from trainer.batches import as_input
from trainer.calibration import surprise
from trainer.data import Digits
from trainer.quantize import quantize
from trainer.replay import replay

SIZES = (10, 30, 100, 300, 500, 1000, 2000)


@dataclass(frozen=True, slots=True)
class Row:
    """One version of a model on validation crops.

    Attributes:
        version: what it is.
        accuracy: share of the crops read right.
        surprise: mean negative log-likelihood of the true labels; finer than accuracy.
        other_labels: crops that it labels otherwise than the float model.
        largest_difference: of any probability from the float model's.
    """

    version: str
    accuracy: float
    surprise: float
    other_labels: int
    largest_difference: float


def by_size(model: Any, seen: UInt8, validation: Digits, sizes: Sequence[int] = SIZES, seed: int = 0) -> list[Row]:
    """The float model, and post-training quantization on ever more representative crops.

    Args:
        model: keras.Model.
        seen: (M, 28, 28) uint8 crops that the representative ones are drawn from.
        validation: crops to judge on.
        sizes: of the representative sets.
        seed: of the draws.
    """
    exact = float_scores(model, validation.images)
    rows = [judged("float", exact, exact, validation.labels)]
    for size in sizes:
        int8_model = quantize(model, seen, representative=size, seed=seed)
        scores = int8_scores(int8_model, validation.images)
        rows.append(judged(f"PTQ, {size} crops", scores, exact, validation.labels))
    return rows


def judged(version: str, scores: Float32, exact: Float32, labels: UInt8) -> Row:
    """One row.

    Args:
        version: what it is.
        scores: (N, classes) float32 probabilities.
        exact: the same of the float model.
        labels: (N,), the truth.
    """
    read = scores.argmax(axis=1)
    return Row(
        version,
        accuracy=float(np.mean(read == labels)),
        surprise=surprise(np.log(np.maximum(scores, 1e-4)), labels),  # INT8 says 0 below 1 / 256
        other_labels=int(np.count_nonzero(read != exact.argmax(axis=1))),
        largest_difference=float(np.abs(scores - exact).max(initial=0)),
    )


def float_scores(model: Any, crops: UInt8) -> Float32:
    """(N, classes) float32 probabilities by Keras."""
    scores: Float32 = model.predict(as_input(crops), batch_size=500, verbose=0)
    return scores


def int8_scores(int8_model: bytes, crops: UInt8) -> Float32:
    """(N, classes) float32 probabilities on tflite-runtime."""
    answer = replay(int8_model, crops)
    return dequantize(answer.outputs, answer.output)


def print_rows(title: str, rows: Sequence[Row], console: Console) -> None:
    """Prints them as a table."""
    table = Table("version", "accuracy", "surprise", "labels unlike float's", "largest difference", title=title)
    for row in rows:
        difference = f"{row.largest_difference:.3f}"
        table.add_row(row.version, f"{row.accuracy:.4f}", f"{row.surprise:.4f}", str(row.other_labels), difference)
    console.print(table)
