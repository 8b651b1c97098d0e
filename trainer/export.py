"""A trained and converted run in, its bundle out."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.bundle import Golden, write_bundle
from edge_app.frames import UInt8
from edge_app.manifest import DIGIT_LABELS, REJECT_LABEL, GoldenRecord, Thresholds, tensor_record
from edge_app.stages.crop import PREPROCESSING
from edge_app.stages.quantize import dequantize
from trainer.card import CARD_FILE, model_card
from trainer.data import Digits
from trainer.edgetpu import check_mapped
from trainer.errors import TrainerError
from trainer.evaluate import choose_threshold
from trainer.footprint import footprint
from trainer.negatives import make_held_out
from trainer.replay import Replay, replay
from trainer.weights import WEIGHTS_FILE

UNKNOWN_SYMBOLS = 1500  # letters, signs and marks, with many pens and fonts
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
    weights: bytes | None = None,
) -> Path:
    """Writes a bundle.

    Args:
        name: of the recipe.
        int8_model: the flatbuffer.
        validation: prepared digits that golden crops and threshold are taken from.
        training, metrics: for the manifest.
        bundles: folder of bundles.
        weights: float ones, of `trainer.weights`.

    Returns:
        The bundle's folder.

    Raises:
        TrainerError: the model reads too few validation crops to test it with.
        ExportError: an Edge TPU could not run all of it.
        BundleError: what was written would be refused.
    """
    answer = replay(int8_model, validation.images)
    check_mapped(int8_model)  # after the runtime has found it whole
    classes, threshold = answer.output.shape[-1], choose_threshold(int8_model, validation)
    rows = golden_rows(answer, validation.labels)
    asked = footprint(int8_model)
    measured = {
        **metrics,
        "unknown_symbols_accepted": symbols_accepted(int8_model, threshold),
        "footprint": dataclasses.asdict(asked),
    }
    card = model_card(name=name, training=training, metrics=measured, threshold=threshold, asked=asked)
    return write_bundle(
        bundles,
        model=int8_model,
        golden=Golden(validation.images[rows], validation.labels[rows], answer.outputs[rows]),
        golden_record=GoldenRecord(tolerance=GOLDEN_TOLERANCE, runtime=answer.interpreter),
        name=name,
        labels=DIGIT_LABELS if classes == len(DIGIT_LABELS) else (*DIGIT_LABELS, REJECT_LABEL),
        input=tensor_record(answer.input),
        output=tensor_record(answer.output),
        preprocessing=PREPROCESSING,
        thresholds=Thresholds(confidence=threshold),
        training=dict(training),
        metrics=measured,
        others={CARD_FILE: card.encode()} | ({} if weights is None else {WEIGHTS_FILE: weights}),
    )


def symbols_accepted(int8_model: bytes, threshold: float) -> float:
    """Share of symbols that no training ever saw which the model takes for a digit, 0 to 1.

    Args:
        int8_model: the flatbuffer, run on tflite-runtime.
        threshold: least probability of a digit that is believed.
    """
    answer = replay(int8_model, make_held_out(UNKNOWN_SYMBOLS, np.random.default_rng(UNKNOWN_SYMBOLS)))
    scores = dequantize(answer.outputs, answer.output)
    return float(np.mean((scores.argmax(axis=1) < len(DIGIT_LABELS)) & (scores.max(axis=1) >= threshold)))


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
