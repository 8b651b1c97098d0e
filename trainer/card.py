"""What a bundle's manifest knows in, a page for people out: what the model is for, how good it is, where it fails."""

from collections.abc import Mapping, Sequence
from typing import Any

from trainer.calibration import REJECT
from trainer.evaluate import INT8
from trainer.footprint import Footprint
from trainer.writers import WRITERS

CARD_FILE = "MODEL_CARD.md"


def model_card(
    *, name: str, training: Mapping[str, Any], metrics: Mapping[str, Any], threshold: float, asked: Footprint
) -> str:
    """Markdown text.

    Args:
        name: of the recipe.
        training: the run's record.
        metrics: what was measured; what was not is left out.
        threshold: least confidence of a digit that is believed.
        asked: what the model asks of a device.
    """
    sections = (
        f"# {name}: handwritten digits, INT8\n",
        "Reads one handwritten digit, 0 to 9, from a crop of 28 x 28 pixels that Edge Digits' crop stage made "
        f"(version {training.get('preprocessing', 'unknown')}), and says where a crop is none.\n",
        _use(threshold),
        _data(training),
        _figures(metrics),
        _device(asked),
        _limits(metrics),
        _origin(training),
    )
    return "\n".join(sections)


def _use(threshold: float) -> str:
    return (
        "## Intended use\n\n"
        "Digits that people wrote by hand, on paper, boards and screens, read on a small computer near the camera. "
        f"An answer below a confidence of {threshold:.2f} should not be believed. Not for decisions about people, "
        "money or medicine without a person who checks; not for letters, and not for printed digits or segment "
        "displays, which it was not trained to read.\n"
    )


def _data(training: Mapping[str, Any]) -> str:
    lines = [f"- MNIST: {training.get('train_size', '?')} training digits, changed as other pens and hands would"]
    if training.get("recipe", {}).get("extras"):
        lines.append("- crops of drawn pages, cut by the device's own stages, and drawn shapes that are no digit")
    if (training.get("recipe", {}).get("extras") or {}).get("hands"):
        lines.append(f"- digits and letters of {len(WRITERS)} people from elsewhere, known from fonts of their hands")
    if "lessons" in training:
        teachers = ", ".join(f"{recipe} (seed {seed})" for recipe, seed in training["lessons"]["teachers"])
        lines.append(f"- labels levelled by the opinions of larger networks: {teachers}")
    if "own_digits" in training:
        own = training["own_digits"]
        lines.append(f"- {own['crops']} crops of the owner's own handwriting, each {own['weight']} times an epoch")
    lines.append(f"- judged while training on {training.get('validation_size', '?')} digits kept apart")
    return "## Data\n\n" + "\n".join(lines) + "\n"


def _figures(metrics: Mapping[str, Any]) -> str:
    rows = []
    for version, accuracy in metrics.get("accuracy", {}).items():
        rows.append((f"{metrics.get('images', 'test images')}, {version}", f"{accuracy:.4f}"))
    if "int8_ten_classes" in metrics:
        rows.append((f"the same, best of the ten digits, {INT8}", f"{metrics['int8_ten_classes']:.4f}"))
        rows.append(("the same, taken for no digit", f"{metrics['int8_rejected']:.2%}"))
    if "robustness" in metrics:
        robust = metrics["robustness"]
        rows.append((f"mean error over 15 corruptions, severity {robust['severity']}", f"{robust['mean_error']:.2%}"))
        rows.append(("UCI's 1,797 digits", f"{robust['uci_accuracy']:.4f}"))
    if metrics.get("calibration"):
        rows.append(("expected calibration error, validation", f"{metrics['calibration']['error']:.4f}"))
    if "unknown_symbols_accepted" in metrics:
        rows.append(
            ("symbols never trained on that are taken for a digit", f"{metrics['unknown_symbols_accepted']:.2%}")
        )
    return "## Figures\n\n| measured | figure |\n| --- | --- |\n" + "".join(
        f"| {what} | {value} |\n" for what, value in rows
    )


def _device(asked: Footprint) -> str:
    arena = "not measured" if asked.arena_bytes is None else f"{asked.arena_bytes:,} bytes"
    return (
        "## What it asks of a device\n\n"
        f"{asked.parameters:,} parameters, {asked.multiply_adds:,} multiply-adds a crop, {asked.flash_bytes:,} bytes "
        f"of flash, tensor arena in TensorFlow Lite Micro {arena}. Operations: {', '.join(asked.operations)}.\n"
    )


def _limits(metrics: Mapping[str, Any]) -> str:
    limits = [
        "MNIST's writers are from one country and one time; other hands are imitated, or known from fonts.",
    ]
    errors = metrics.get("robustness", {}).get("errors")
    if errors:
        worst = sorted(errors, key=errors.get, reverse=True)[:3]
        limits.append("Worst corruptions: " + ", ".join(f"{kind} ({errors[kind]:.1%} wrong)" for kind in worst) + ".")
    confused = _most_confused(metrics.get("int8_confusion", ()))
    if confused:
        limits.append(f"Confused most on the test images: {confused}.")
    return "## Limits\n\n" + "\n".join(f"- {limit}" for limit in limits) + "\n"


def _most_confused(confusion: Sequence[Sequence[int]]) -> str:
    """The three pairs of digits that are mistaken most often.

    >>> _most_confused([[8, 0, 2], [1, 9, 0], [0, 0, 7]])
    '0 read as 2 (2 times), 1 read as 0 (1 times)'
    """
    pairs = [
        (count, written, read)
        for written, row in enumerate(confusion)
        for read, count in enumerate(row[:REJECT])
        if written != read and count
    ]
    worst = sorted(pairs, key=lambda pair: -pair[0])[:3]
    return ", ".join(f"{written} read as {read} ({count} times)" for count, written, read in worst)


def _origin(training: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in training.get("versions", {}).items())
    return (
        "## Origin\n\n"
        f"Made by `{training.get('command', 'edge-trainer')}`, seed {training.get('seed', '?')}, "
        f"revision {training.get('git', 'unknown')}, with {versions}. MNIST: LeCun, Cortes and Burges, "
        "CC BY-SA 3.0. This model: MIT, as Edge Digits.\n"
    )
