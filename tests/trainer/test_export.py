"""Bundles are made of clear cases, say what the runtime says, and are not made of models that no device runs."""

from pathlib import Path

import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path, load_bundle, read_golden, verify_in_child
from edge_app.frames import TensorDetails
from edge_app.manifest import DIGIT_LABELS, REJECT_LABEL
from trainer.data import Digits, Mnist, prepare
from trainer.errors import TrainerError
from trainer.evaluate import choose_threshold
from trainer.export import GOLDEN_MARGIN, export, golden_rows, symbols_accepted
from trainer.replay import Replay, replay

OUTPUT = TensorDetails((1, 10), "int8", 1 / 256, -128)


@pytest.fixture(scope="module")
def validation(mnist: Mnist) -> Digits:
    return prepare(mnist.validation.take(slice(600)))


@pytest.fixture(scope="module")
def int8() -> bytes:
    return load_bundle(embedded_bundle_path()).model_path.read_bytes()


def exported(int8: bytes, validation: Digits, bundles: Path) -> Path:
    training, metrics = {"seed": 5}, {"accuracy": {"float": 0.5}}
    return export(
        name="trial", int8_model=int8, validation=validation, training=training, metrics=metrics, bundles=bundles
    )


def test_a_bundle_holds_what_it_was_given_and_what_the_runtime_reports(
    int8: bytes, validation: Digits, tmp_path: Path
) -> None:
    folder = exported(int8, validation, tmp_path)

    manifest = load_bundle(folder).manifest
    answer = replay(int8, validation.images[:1])
    assert (folder / "model.tflite").read_bytes() == int8
    assert (manifest.name, manifest.labels) == ("trial", (*DIGIT_LABELS, REJECT_LABEL))
    assert manifest.training == {"seed": 5}
    accepted = symbols_accepted(int8, manifest.thresholds.confidence)
    assert manifest.metrics["accuracy"] == {"float": 0.5}
    assert manifest.metrics["unknown_symbols_accepted"] == accepted
    assert manifest.metrics["footprint"]["flash_bytes"] == len(int8)
    assert "| test images, float | 0.5000 |" in (folder / "MODEL_CARD.md").read_text()
    assert 0.0 <= accepted < 0.3
    assert manifest.thresholds.confidence == choose_threshold(int8, validation)
    for record, details in ((manifest.input, answer.input), (manifest.output, answer.output)):
        assert (record.shape, record.dtype) == (details.shape, details.dtype)
        assert (record.scale, record.zero_point) == (details.scale, details.zero_point)


def test_golden_outputs_are_those_of_tflite_runtime_and_hold_on_every_runtime(
    int8: bytes, validation: Digits, tmp_path: Path
) -> None:
    folder = exported(int8, validation, tmp_path)

    bundle = load_bundle(folder)
    golden = read_golden(bundle)
    assert bundle.manifest.golden.runtime.startswith("tflite-runtime 2.14.0")
    assert np.array_equal(golden.outputs, replay(int8, golden.crops).outputs)
    for runtime in ("tflite", "litert"):
        assert verify_in_child(folder, [f"--runtime={runtime}"])["labels changed"] == 0


@pytest.mark.parametrize("share", [0.3, 0.99], ids=["cut early", "cut late"])
def test_a_damaged_model_makes_no_bundle(int8: bytes, validation: Digits, tmp_path: Path, share: float) -> None:
    with pytest.raises(TrainerError, match="tflite must run the model. Received: (a crash of|tflite-runtime 2.14.0)"):
        exported(int8[: int(len(int8) * share)], validation, tmp_path / "bundles")

    assert not (tmp_path / "bundles").exists()


def test_a_crash_of_the_native_loader_is_told_by_its_signal(
    int8: bytes, validation: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashing = tmp_path / "python"
    crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
    crashing.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(crashing))

    with pytest.raises(TrainerError, match=r"Received: a crash of the native loader \(SIGSEGV\)"):
        replay(int8, validation.images[:1])


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


def test_the_margin_itself_is_clear_enough_and_a_step_less_is_not() -> None:
    labels = np.tile(np.arange(10, dtype=np.uint8), 20)
    answer = answers(labels.astype(int), GOLDEN_MARGIN)
    answer.outputs[:100] = answers(labels[:100].astype(int), GOLDEN_MARGIN - 1).outputs

    rows = golden_rows(answer, labels)

    assert sorted(rows.tolist()) == list(range(100, 200))
