"""An INT8 model in, how it bears corrupted crops and other people's digits out, on tflite-runtime."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from edge_app.frames import UInt8
from edge_app.stages.crop import center_ink
from trainer.corruptions import AVERAGED, CORRUPTIONS, SEVERITY, corrupt
from trainer.data import Digits
from trainer.replay import replay

UCI_INK = 16  # the brightest value of a cell: its count of inked pixels, of 4 x 4
UCI_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Robustness:
    """How a model bears what it was not trained on.

    Attributes:
        severity: of the corruptions, 1 to 5.
        errors: share of corrupted test crops read wrong, "reject" counted as wrong, by kind.
        mean_error: over the 15 kinds of `AVERAGED`.
        uci_accuracy: share of the 1,797 UCI digits read right.
    """

    severity: int
    errors: Mapping[str, float]
    mean_error: float
    uci_accuracy: float


def measure_robustness(int8_model: bytes, digits: Digits, severity: int = SEVERITY, seed: int = 1) -> Robustness:
    """Runs corrupted crops and UCI's digits through a model.

    Args:
        int8_model: the flatbuffer.
        digits: clean ones, prepared as the device's crop stage yields them.
        severity: of the corruptions.
        seed: of their chance.
    """
    errors = {
        kind: 1 - accuracy(int8_model, Digits(corrupt(digits.images, kind, severity, seed), digits.labels))
        for kind in CORRUPTIONS
    }
    mean_error = float(np.mean([errors[kind] for kind in AVERAGED]))
    return Robustness(severity, errors, mean_error, accuracy(int8_model, uci_digits()))


def print_robustness(robustness: Robustness, console: Console) -> None:
    """Prints the figures as a table."""
    title = f"corrupted test crops, severity {robustness.severity}, INT8 on tflite-runtime"
    table = Table("corruption", "read wrong", title=title)
    for kind, error in robustness.errors.items():
        table.add_row(kind, f"{error:.2%}")
    console.print(table)
    console.print(f"mean over {len(AVERAGED)} kinds: {robustness.mean_error:.2%} (without contrast, as MNIST-C has it)")
    console.print(f"UCI's digits: {robustness.uci_accuracy:.4f} read right")


def uci_digits() -> Digits:
    """The 1,797 digits of 43 people that scikit-learn brings, (8, 8) of 17 tones, through the crop stage.

    They are UCI's "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak, 1998), its test part.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    crops = [_upscaled(np.asarray(picture)) for picture in found.images]
    return Digits(np.stack(crops), found.target.astype(np.uint8))


def _upscaled(picture: UInt8) -> UInt8:
    """Four times as large, and as the device's crop stage yields it."""
    bright = np.rint(255 / UCI_INK * picture).astype(np.uint8)
    large = cv2.resize(bright, None, fx=UCI_FACTOR, fy=UCI_FACTOR, interpolation=cv2.INTER_CUBIC)
    return center_ink(np.asarray(large, dtype=np.uint8))


def accuracy(int8_model: bytes, digits: Digits) -> float:
    """Share of the digits read right on tflite-runtime; "reject" is wrong."""
    return float(np.mean(replay(int8_model, digits.images).outputs.argmax(axis=1) == digits.labels))
