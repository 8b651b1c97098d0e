"""One command goes from nothing to a bundle, and the bundle that ships is what its manifest says."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path, load_bundle, read_golden, verify_in_child
from edge_app.errors import BundleError
from edge_app.manifest import MANIFEST_FILE, MODEL_FILE
from edge_app.stages.crop import PREPROCESSING
from trainer.data import Mnist, prepare
from trainer.evaluate import INT8
from trainer.replay import replay

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of `all`, small enough to take seconds."""
    folder = tmp_path_factory.mktemp("run") / "seed"
    flags = ["--model", "seed", "--epochs", "2", "--limit-train", "4000", "--representative", "60", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "trainer", "all", *flags, "--out", str(folder)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"bundle: {folder / 'bundles'}" in done.stdout
    return folder


def test_one_command_makes_a_bundle_that_the_device_takes(run: Path) -> None:
    (folder,) = (run / "bundles").iterdir()

    report = verify_in_child(folder, ["--runtime=tflite"])

    assert report["labels changed"] == 0
    manifest = load_bundle(folder).manifest
    assert manifest.name == "seed"
    assert manifest.preprocessing == PREPROCESSING
    assert 0.5 <= manifest.thresholds.confidence <= 0.95
    assert manifest.training["command"].startswith("edge-trainer all --model seed --epochs 2")
    assert manifest.training["train_size"] == 4000
    assert manifest.metrics["accuracy"][INT8] > 0.85


def test_quantization_is_shown_by_size_and_by_layer(run: Path) -> None:
    shown = json.loads((run / "quantization.json").read_text())

    assert [row["version"] for row in shown["by_size"]][:3] == ["float", "PTQ, 10 crops", "PTQ, 30 crops"]
    assert shown["by_size"][-1]["other_labels"] < 60
    assert [layer["layer"] for layer in shown["layers"]][:2] == ["conv1", "pool1"]
    assert all(layer["snr_db"] > 15 for layer in shown["layers"])


def test_fine_tuning_under_rounding_is_never_worse_than_none(run: Path) -> None:
    flags = ["--model", "seed", "--epochs", "1", "--limit-train", "4000", "--quiet"]

    done = subprocess.run(
        [sys.executable, "-m", "trainer", "qat", *flags, "--out", str(run)],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=280, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    report = json.loads((run / "qat.json").read_text())
    ptq, qat = report["rows"][1]["accuracy"], report["rows"][3]["accuracy"]
    assert report["kept"] == ("QAT" if qat > ptq else report["kept"])
    assert (run / "qat" / "model.keras").exists()
    assert json.loads((run / "qat" / "run.json").read_text())["qat"]["epochs"] == 1


def test_the_bundle_goes_on_learning_from_ones_own_hand(run: Path, mnist: Mnist, tmp_path: Path) -> None:
    (bundle,) = (run / "bundles").iterdir()
    for label in range(10):
        (tmp_path / "own" / str(label)).mkdir(parents=True)
    for number, (image, label) in enumerate(zip(mnist.validation.images[:80], mnist.validation.labels, strict=False)):
        cv2.imwrite(str(tmp_path / "own" / str(label) / f"{number}.png"), 255 - image)
    flags = ["--bundle", str(bundle), "--extra-data", str(tmp_path / "own"), "--limit-train", "2000", "--epochs", "1"]

    done = subprocess.run(
        [sys.executable, "-m", "trainer", "finetune", *flags, "--quiet", "--out", str(tmp_path / "run")],
        capture_output=True, text=True, cwd=REPOSITORY, timeout=280, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert re.search(r"of 16 own crops kept apart: [\d.]+% read right before, [\d.]+% now", done.stdout)
    (folder,) = (tmp_path / "run" / "bundles").iterdir()
    training = load_bundle(folder).manifest.training
    assert training["own_digits"]["crops"] == 64
    assert training["started_from"] == load_bundle(bundle).manifest.files["weights.npz"].sha256
    assert "64 crops of the owner's own handwriting" in (folder / "MODEL_CARD.md").read_text()
    assert cv2.imread(str(tmp_path / "run" / "own.png")) is not None


def test_the_lock_names_every_version_and_hash(run: Path) -> None:
    lock = json.loads((run / "lock.json").read_text())

    assert lock["command"].startswith("edge-trainer all --model seed")
    assert lock["distributions"]["numpy"] == np.__version__
    int8 = (run / "mnist_cnn_int8.tflite").read_bytes()
    assert lock["sha256"]["mnist_cnn_int8.tflite"] == hashlib.sha256(int8).hexdigest()


def test_the_plain_model_is_the_bundles_and_a_quarter_of_the_float_one(run: Path) -> None:
    (folder,) = (run / "bundles").iterdir()

    int8, floating = ((run / name).read_bytes() for name in ("mnist_cnn_int8.tflite", "mnist_cnn_float.tflite"))

    assert int8 == (folder / "model.tflite").read_bytes()
    assert len(floating) / len(int8) >= 3.8


def test_a_float_model_in_a_bundle_is_refused_by_what_the_runtime_reports(run: Path, tmp_path: Path) -> None:
    (folder,) = (run / "bundles").iterdir()
    forged = tmp_path / "bundle"
    shutil.copytree(folder, forged)
    floating = (run / "mnist_cnn_float.tflite").read_bytes()
    (forged / MODEL_FILE).write_bytes(floating)
    manifest = json.loads((forged / MANIFEST_FILE).read_text())
    manifest["files"][MODEL_FILE] = {"sha256": hashlib.sha256(floating).hexdigest(), "size": len(floating)}
    (forged / MANIFEST_FILE).write_text(json.dumps(manifest))

    with pytest.raises(BundleError, match=r"model input must be \(1, 28, 28, 1\) int8.*dtype=float32"):
        verify_in_child(forged, ["--runtime=tflite"])


def test_the_evaluation_is_kept(run: Path) -> None:
    evaluation = json.loads((run / "evaluation.json").read_text())

    assert evaluation["images"] == "MNIST test, 10000 images"
    assert np.sum(evaluation["int8_confusion"]) == 10_000
    assert evaluation["accuracy"][INT8] == np.trace(evaluation["int8_confusion"]) / 10_000
    assert evaluation["disagreements"]["INT8, LiteRT builtin"] == []


@pytest.mark.parametrize("command", ["quantize", "evaluate", "export"])
def test_a_step_without_the_one_before_says_so(tmp_path: Path, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "trainer", command, "--out", str(tmp_path / "nothing")],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )

    assert done.returncode == 1
    assert "edge-trainer: error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_help_loads_no_tensorflow() -> None:
    program = (
        "import sys\nfrom trainer.cli import get_parser\nget_parser().format_help()\n"
        "print('tensorflow' in sys.modules, 'keras' in sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY, check=True)

    assert done.stdout.split() == ["False", "False"]


def test_the_embedded_bundle_is_as_accurate_as_its_manifest_says(mnist: Mnist) -> None:
    bundle = load_bundle(embedded_bundle_path())
    model, test = bundle.model_path.read_bytes(), prepare(mnist.test)

    answers = {name: replay(model, test.images, *how).outputs for name, how in RUNTIMES.items()}

    read = {name: outputs.argmax(axis=1) for name, outputs in answers.items()}
    accuracy = float((read["tflite"] == test.labels).mean())
    assert accuracy == bundle.manifest.metrics["accuracy"][INT8]
    metrics = bundle.manifest.metrics
    assert float((answers["tflite"][:, :10].argmax(axis=1) == test.labels).mean()) == metrics["int8_ten_classes"]
    assert float((read["tflite"] == 10).mean()) == metrics["int8_rejected"] <= 0.003
    assert metrics["int8_ten_classes"] >= 0.9955
    assert metrics["unknown_symbols_accepted"] <= 0.08
    assert len(model) <= 90 * 1024
    assert np.array_equal(answers["litert"], answers["tflite"])
    assert np.count_nonzero(read["litert with XNNPACK"] != read["tflite"]) <= 5


def test_the_embedded_bundles_golden_crops_are_validation_digits(mnist: Mnist) -> None:
    golden = read_golden(load_bundle(embedded_bundle_path()))

    known = {image.tobytes() for image in prepare(mnist.validation).images}
    assert all(crop.tobytes() in known for crop in golden.crops)


def test_the_embedded_bundle_tells_how_it_came_to_be() -> None:
    training = load_bundle(embedded_bundle_path()).manifest.training

    # A commit; the runs of this bundle had changes beside it that were committed later.
    assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?", training["git"])
    assert training["train_size"] == 55_000
    assert training["data"]["sha256"]["train-images-idx3-ubyte"].startswith("ba891046")


RUNTIMES = {"tflite": ("tflite", True), "litert": ("litert", False), "litert with XNNPACK": ("litert", True)}
