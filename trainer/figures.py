"""A run's figures in, pictures of them out: what a report shows instead of telling.

Colours are Okabe and Ito's, which the colour-blind tell apart; every picture also reads in gray.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, UInt8
from trainer.calibration import BINS, REJECT

BLUE, ORANGE, GREEN, PINK, GRAY = "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#666666"
SAMPLES = 40
WORST = 24
DPI = 110


def draw_curves(history: Sequence[Mapping[str, float]], file: Path) -> None:
    """Loss and accuracy by epoch, on training and validation data."""
    figure, axes = _panels(1, 2, (10, 3.6))
    epochs = [entry["epoch"] + 1 for entry in history]
    for panel, name in zip(axes, ("loss", "accuracy"), strict=True):
        panel.plot(epochs, [entry[name] for entry in history], color=ORANGE, label="training (changed crops)")
        panel.plot(epochs, [entry[f"val_{name}"] for entry in history], color=BLUE, label="validation")
        panel.set(xlabel="epoch", ylabel=name)
        panel.grid(alpha=0.3)
        panel.legend()
    late = [entry["val_accuracy"] for entry in history[len(history) // 5 :]] or [0.9]
    axes[1].set_ylim(min(late) - 0.005, 1.0)
    _save(figure, file)


def draw_confusion(confusion: Sequence[Sequence[int]], file: Path) -> None:
    """What was written against what was read; only mistakes are coloured."""
    counts = np.array(confusion)[:REJECT]
    names = [str(digit) for digit in range(10)] + ["none"] * (counts.shape[1] - REJECT)
    mistakes = np.where(np.eye(counts.shape[0], counts.shape[1], dtype=bool), 0, counts)
    figure, axes = _panels(1, 1, (6.4, 5.6))
    axes[0].imshow(mistakes, cmap="Oranges", vmin=0, vmax=max(int(mistakes.max()), 1))
    for (row, column), count in np.ndenumerate(counts):
        if count:
            axes[0].text(column, row, str(count), ha="center", va="center", fontsize=8)
    axes[0].set(xlabel="read", ylabel="written")
    axes[0].set_xticks(range(len(names)), names)
    axes[0].set_yticks(range(REJECT), names[:REJECT])
    _save(figure, file)


def draw_reliability(scores: Float32, labels: UInt8, file: Path) -> None:
    """How often answers are right, by how sure they are, and how many there are of each."""
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    shares = np.bincount(bins, right, minlength=BINS) / np.maximum(counts, 1)
    centres = (np.arange(BINS) + 0.5) / BINS
    figure, axes = _panels(1, 2, (10, 3.8))
    axes[0].plot([0, 1], [0, 1], color=GRAY, linestyle="--", label="honest")
    axes[0].bar(centres[counts > 0], shares[counts > 0], width=0.9 / BINS, color=BLUE, label="this model")
    axes[0].set(xlabel="confidence", ylabel="share read right", xlim=(0, 1), ylim=(0, 1))
    axes[0].legend()
    axes[1].bar(centres, counts, width=0.9 / BINS, color=ORANGE)
    axes[1].set(xlabel="confidence", ylabel="answers", xlim=(0, 1), yscale="log")
    _save(figure, file)


def draw_samples(crops: UInt8, labels: UInt8, scores: Float32, file: Path, seed: int = 0) -> None:
    """A draw of crops that were read right, each with its confidence."""
    right = np.flatnonzero(scores.argmax(axis=1) == labels)
    rows = np.random.default_rng(seed).permutation(right)[:SAMPLES]
    captions = [f"{labels[row]}  {scores[row].max():.2f}" for row in rows]
    _draw_grid(crops[rows], captions, 10, file)


def draw_worst(crops: UInt8, labels: UInt8, opinions: Mapping[str, Float32], file: Path) -> None:
    """The crops that were misread most surely, with every model's opinion.

    Args:
        crops, labels: (N, 28, 28) uint8 and (N,).
        opinions: (N, classes) float32 by model; the first one chooses.
        file: the .png to write.
    """
    scores = next(iter(opinions.values()))
    wrong = np.flatnonzero(scores.argmax(axis=1) != labels)
    rows = wrong[np.argsort(-scores[wrong].max(axis=1))][:WORST]
    captions = [
        "\n".join([f"written {labels[row]}", *(f"{name}: {_said(opinion[row])}" for name, opinion in opinions.items())])
        for row in rows
    ]
    _draw_grid(crops[rows], captions, 8, file)


def draw_layers(layers: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Signal-to-noise ratio of each layer."""
    figure, axes = _panels(1, 1, (10, 3.2))
    names = [layer["layer"] for layer in layers]
    bars = axes[0].bar(names, [layer["snr_db"] for layer in layers], color=BLUE)
    axes[0].bar_label(bars, fmt="{:.0f}")
    axes[0].set(ylabel="signal / noise in dB")
    axes[0].tick_params(axis="x", rotation=30)
    _save(figure, file)


def draw_sizes_of_sets(rows: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Post-training quantization by size of the representative set, against the float model."""
    floating, others = rows[0], rows[1:]
    figure, axes = _panels(1, 2, (10, 3.4))
    names = [f"{row['version'].split()[1]} " for row in others]  # as words, not as numbers on an axis
    for panel, key, label in zip(
        axes, ("surprise", "other_labels"), ("surprise", "labels unlike float's"), strict=True
    ):
        panel.plot(names, [row[key] for row in others], color=BLUE, marker="o", label="INT8")
        panel.axhline(floating[key], color=ORANGE, linestyle="--", label="float")
        panel.set(xlabel="representative crops", ylabel=label)
        panel.legend()
    _save(figure, file)


def draw_corruptions(errors: Mapping[str, float], file: Path) -> None:
    """Share of corrupted crops read wrong, by kind, worst first."""
    kinds = sorted(errors, key=lambda kind: errors[kind])
    figure, axes = _panels(1, 1, (8, 4.6))
    bars = axes[0].barh(kinds, [100 * errors[kind] for kind in kinds], color=BLUE)
    axes[0].bar_label(bars, fmt="{:.1f} %", padding=3)
    axes[0].set(xlabel="read wrong, %")
    axes[0].margins(x=0.12)
    _save(figure, file)


def draw_size_against_accuracy(models: Sequence[tuple[str, int, float]], current: str, file: Path) -> None:
    """Every trained model: size in bytes against INT8 accuracy.

    Args:
        models: name, bytes, accuracy.
        current: name of the one that is reported on.
        file: the .png to write.
    """
    figure, axes = _panels(1, 1, (7.5, 4.2))
    for name, size, accuracy in models:
        axes[0].scatter(size / 1000, accuracy, color=ORANGE if name == current else BLUE, s=60, zorder=3)
        axes[0].annotate(name, (size / 1000, accuracy), xytext=(6, 6), textcoords="offset points")
    axes[0].set(xlabel="flatbuffer in kB", ylabel="INT8 accuracy, MNIST test")
    axes[0].grid(alpha=0.3)
    axes[0].margins(0.2)
    _save(figure, file)


def _said(scores: Float32) -> str:
    best = int(scores.argmax())
    return f"{best if best < REJECT else 'none'} {scores[best]:.2f}"


def _draw_grid(crops: UInt8, captions: Sequence[str], columns: int, file: Path) -> None:
    rows = max(1, -(-len(crops) // columns))
    lines = max((caption.count("\n") + 1 for caption in captions), default=1)
    figure, axes = _panels(rows, columns, (1.25 * columns, rows * (1.1 + 0.17 * lines)))
    for panel in axes:
        panel.axis("off")
    for panel, crop, caption in zip(axes, crops, captions, strict=False):
        panel.imshow(crop, cmap="gray_r", vmin=0, vmax=255)
        panel.set_title(caption, fontsize=7)
    if not captions:
        axes[0].text(0, 0.5, "none")
    _save(figure, file)


def _panels(rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, NDArray[Any]]:
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False)
    return figure, axes.ravel()


def _save(figure: Any, file: Path) -> None:
    from matplotlib import pyplot

    figure.tight_layout()
    figure.savefig(file, dpi=DPI)
    pyplot.close(figure)
