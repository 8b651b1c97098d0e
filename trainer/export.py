"""A trained and converted run in, its bundle out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.bundle import Golden, write_bundle
from edge_app.frames import UInt8
from edge_app.manifest import DIGIT_LABELS, GoldenRecord, Thresholds, tensor_record
from edge_app.stages.crop import PREPROCESSING
from trainer.data import Digits
from trainer.errors import TrainerError
from trainer.evaluate import choose_threshold
from trainer.replay import Replay, replay

GOLDEN_PER_DIGIT = 10
GOLDEN_MARGIN = 64  # steps between the best output and the next: no runtime's rounding turns that
GOLDEN_TOLERANCE = 16  # steps; XNNPACK differs from the builtin kernels by up to 12 on MNIST


def export(
    *,
    name: str,
    int8_model: bytes,
    validation: Digits,
    training: Mapping[str, Any],
    metrics: Mapping[str, Any],
    bundles: Path,
) -> Path:
    """Writes a bundle.

    Args:
        name: of the recipe.
        int8_model: the flatbuffer.
        validation: prepared digits that golden crops and threshold are taken from.
        training, metrics: for the manifest.
        bundles: folder of bundles.

    Returns:
        The bundle's folder.

    Raises:
        TrainerError: the model reads too few validation crops to test it with.
        BundleError: what was written would be refused.
    """
    answer = replay(int8_model, validation.images)
    rows = golden_rows(answer, validation.labels)
    return write_bundle(
        bundles,
        model=int8_model,
        golden=Golden(validation.images[rows], validation.labels[rows], answer.outputs[rows]),
        golden_record=GoldenRecord(tolerance=GOLDEN_TOLERANCE, runtime=answer.interpreter),
        name=name,
        labels=DIGIT_LABELS,
        input=tensor_record(answer.input),
        output=tensor_record(answer.output),
        preprocessing=PREPROCESSING,
        thresholds=Thresholds(confidence=choose_threshold(int8_model, validation)),
        training=dict(training),
        metrics=dict(metrics),
    )


def golden_rows(answer: Replay, labels: UInt8) -> NDArray[np.intp]:
    """The first ten crops of each digit that are read right by a clear margin.

    Args:
        answer: of the INT8 model on tflite-runtime.
        labels: (N,), the true digits.

    Returns:
        (100,) row numbers, by digit.

    Raises:
        TrainerError: there are not ten of each.
    """
    ordered = np.sort(answer.outputs.astype(int), axis=1)
    clear = (answer.outputs.argmax(axis=1) == labels) & (ordered[:, -1] - ordered[:, -2] >= GOLDEN_MARGIN)
    rows = [np.flatnonzero(clear & (labels == digit))[:GOLDEN_PER_DIGIT] for digit in range(len(DIGIT_LABELS))]
    counts = [len(found) for found in rows]
    if min(counts) < GOLDEN_PER_DIGIT:
        raise TrainerError(
            f"a bundle needs {GOLDEN_PER_DIGIT} validation crops of each digit that are read right by a clear margin. "
            f"Received: {counts}; train for longer"
        )
    return np.concatenate(rows)
