"""The report is one page that opens in a browser without an error and shows what was measured."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from trainer.data import Digits, Mnist, prepare
from trainer.errors import TrainerError
from trainer.evaluate import evaluate
from trainer.models import build
from trainer.quantize import float_tflite, quantize
from trainer.report import siblings, write_report
from trainer.runs import append_history, open_run

LABELS = [str(digit) for digit in range(10)]
PICTURES = ("curves", "confusion", "reliability", "worst", "samples", "sizes", "corruptions", "layers", "sets")
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def digits(mnist: Mnist) -> Digits:
    return prepare(mnist.validation.take(slice(300)))


@pytest.fixture(scope="module")
def run(mnist: Mnist, digits: Digits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder as the steps leave it, of a model trained for a moment."""
    folder = tmp_path_factory.mktemp("runs") / "seed-seed1"
    open_run(folder, {"recipe": {"model": "seed", "epochs": 2}, "seed": 1})
    for epoch in range(2):
        append_history(folder, {"epoch": epoch, "loss": 0.5, "accuracy": 0.8, "val_loss": 0.4, "val_accuracy": 0.9})
    keras.utils.set_random_seed(1)
    model = build("seed", LABELS)
    learnt = prepare(mnist.train.take(slice(3000)))
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(learnt.images[..., None] / 255, learnt.labels, batch_size=64, verbose=0)
    model.save(folder / "model.keras")
    floating, int8 = float_tflite(model), quantize(model, learnt.images)
    (folder / "mnist_cnn_int8.tflite").write_bytes(int8)
    evaluation = evaluate(model, floating, int8, digits, "<300> images").as_dict()
    errors = {"fog": 0.25, "shear": 0.01}
    evaluation["robustness"] = {"severity": 3, "errors": errors, "mean_error": 0.0712, "uci_accuracy": 0.9}
    (folder / "evaluation.json").write_text(json.dumps(evaluation))
    row = {"accuracy": 0.9, "surprise": 0.3, "other_labels": 2, "largest_difference": 0.1}
    layer = {"operation": "CONV_2D", "snr_db": 30.0, "clipped": 0.0, "saturated": 0.0, "weights_at_ends": 0.1}
    quantization = {
        "by_size": [row | {"version": "float"}, row | {"version": "PTQ, 10 crops"}],
        "layers": [layer | {"layer": "conv1"}],
    }
    (folder / "quantization.json").write_text(json.dumps(quantization))
    return folder


@pytest.fixture(scope="module")
def page(run: Path, digits: Digits) -> Path:
    model = keras.saving.load_model(run / "model.keras")
    return write_report(run, model, (run / "mnist_cnn_int8.tflite").read_bytes(), digits, siblings(run))


def test_every_picture_is_drawn_and_stands_in_the_page(page: Path) -> None:
    text = page.read_text()

    assert text.count("data:image/png;base64,") == len(PICTURES)
    for name in PICTURES:
        assert cv2.imread(str(page.with_name(f"{name}.png"))).std() > 5
    assert not re.findall(r"(?:src|href)=\"(?!data:)", text)  # nothing is fetched from anywhere


def test_figures_and_names_are_shown_and_escaped(page: Path) -> None:
    text = page.read_text()

    assert "7.12 %" in text
    assert "&lt;300&gt; images" in text
    assert "PTQ, 10 crops" in text
    assert "225\u202f034" in text or "224\u202f" in text  # parameters
    assert "edge-trainer qat" in text  # not tried, and how to


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_it_opens_in_a_browser_with_no_error_in_the_console(page: Path, tmp_path: Path) -> None:
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    flags += " --disable-component-update --disable-sync --enable-logging=stderr --window-size=1000,3000"
    shot = tmp_path / "shot.png"
    paths = [f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={shot}", page.as_uri()]

    done = subprocess.run(
        [str(CHROMIUM), *flags.split(), *paths],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip

    assert ":CONSOLE" not in done.stderr
    assert np.ptp(cv2.imread(str(shot))) > 200


def test_a_run_that_was_not_evaluated_is_refused(tmp_path: Path, digits: Digits) -> None:
    open_run(tmp_path / "run", {"recipe": {"model": "seed"}, "seed": 1})

    with pytest.raises(TrainerError, match="must have been evaluated"):
        write_report(tmp_path / "run", None, b"", digits, {})
