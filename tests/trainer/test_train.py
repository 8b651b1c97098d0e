"""Training can be interrupted, resumed and repeated, and says what it did."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from trainer.augment import Augmentation
from trainer.batches import as_input
from trainer.data import Mnist, prepare
from trainer.errors import RunError
from trainer.models import build, load_model
from trainer.qat import folded
from trainer.runs import read_history, read_record
from trainer.train import RECIPES, Finished, Recipe, train

SMALL = Recipe("compact", 3, 64, 2e-3, 0.01, 0.03, 0.9, Augmentation())
SEED_CNN = Recipe("seed", 3, 64, 2e-3, 0.0, 0.0, 0.0, None)


@pytest.fixture(scope="module")
def little(mnist: Mnist) -> Mnist:
    """A few hundred digits, enough to learn something in seconds."""
    return Mnist(mnist.train.take(slice(320)), mnist.validation.take(slice(200)), mnist.test.take(slice(0)))


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C in the middle of an epoch."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self._at, self._epoch = epoch, -1

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:
        if self._epoch == self._at and batch == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("recipe", [pytest.param(SMALL, id="compact"), pytest.param(SEED_CNN, id="seed")])
def test_an_interrupted_run_ends_with_the_weights_of_an_uninterrupted_one(
    little: Mnist, tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(little, recipe, tmp_path / "whole", seed=5, verbose=0)
    with monkeypatch.context() as patched:
        real_fit = keras.Model.fit

        def fit(model: keras.Model, *args: object, callbacks: list[object], **kwargs: object) -> object:
            return real_fit(model, *args, callbacks=[*callbacks, Interrupt(epoch=2)], **kwargs)

        patched.setattr(keras.Model, "fit", fit)
        with pytest.raises(KeyboardInterrupt):
            train(little, recipe, tmp_path / "parts", seed=5, verbose=0)
    assert [entry["epoch"] for entry in read_history(tmp_path / "parts")] == [0, 1]

    parts = train(little, recipe, tmp_path / "parts", seed=5, verbose=0)

    assert [entry["epoch"] for entry in read_history(tmp_path / "parts")] == [0, 1, 2]
    for ours, theirs in zip(parts.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_the_same_seed_gives_the_same_weights_to_the_last_bit(little: Mnist, tmp_path: Path) -> None:
    first, second = (train(little, SMALL, tmp_path / name, seed=6, verbose=0).get_weights() for name in ("a", "b"))

    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_rest_is_estimated_after_each_epoch(
    little: Mnist, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        train(little, SMALL, tmp_path, seed=1, verbose=0)

    said = [line for line in caplog.messages if line.startswith("epoch")]
    assert [line.split(":")[0] for line in said] == ["epoch 1 of 3", "epoch 2 of 3"]
    assert all(re.search(r"\d+ s each, about \d+:\d\d:\d\d left", line) for line in said)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted, which only root may")
def test_a_full_disk_is_a_clear_error_and_the_last_checkpoint_stays(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4800k", "none", str(tmp_path)], check=True)
    try:
        flags = ["--model", "seed", "--limit-train", "512", "--epochs", "2", "--quiet", "--out", str(tmp_path / "run")]

        done = subprocess.run(
            [sys.executable, "-m", "trainer", "train", *flags], capture_output=True, text=True, timeout=200, check=False
        )

        assert done.returncode == 1
        assert "edge-trainer: error: No space left on device; make room" in done.stderr
        keras.saving.load_model(tmp_path / "run" / "checkpoint.keras")
        assert [entry["epoch"] for entry in read_history(tmp_path / "run")] == [0]
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_run_tells_how_it_came_to_be(little: Mnist, tmp_path: Path) -> None:
    run = tmp_path / "run"
    recipe = Recipe("seed", 1, 64, 2e-3, 0.0, 0.0, 0.0, None)

    train(little, recipe, run, seed=7, verbose=0)

    record = read_record(run)
    assert record["recipe"]["model"] == "seed"
    assert record["seed"] == 7
    assert record["versions"]["keras"] == keras.__version__
    assert record["data"]["sha256"]["t10k-images-idx3-ubyte"].startswith("0fa7898d")
    assert record["git"]
    (entry,) = read_history(run)
    assert set(entry) >= {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"}


def test_a_finished_run_is_not_trained_again(little: Mnist, tmp_path: Path) -> None:
    recipe = Recipe("seed", 1, 64, 2e-3, 0.0, 0.0, 0.0, None)
    train(little, recipe, tmp_path, seed=1, verbose=0)
    before = (tmp_path / "model.keras").stat().st_mtime_ns

    again = train(little, recipe, tmp_path, seed=1, verbose=0)

    assert again.count_params() == 225_034
    assert (tmp_path / "model.keras").stat().st_mtime_ns == before


def test_another_configuration_is_kept_out_of_a_run_folder(little: Mnist, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps({"recipe": {"model": "other"}, "seed": 1}))

    with pytest.raises(RunError, match="name another folder with --out"):
        train(little, SMALL, tmp_path, seed=1, verbose=0)


def test_a_damaged_checkpoint_is_an_error_that_says_what_to_do(little: Mnist, tmp_path: Path) -> None:
    recipe = Recipe("seed", 1, 64, 2e-3, 0.0, 0.0, 0.0, None)
    train(little, recipe, tmp_path, seed=1, verbose=0)
    (tmp_path / "model.keras").unlink()
    (tmp_path / "checkpoint.keras").write_bytes(b"damaged")

    with pytest.raises(RunError, match="must be a Keras model. Received: .*; delete it to train again"):
        train(little, recipe, tmp_path, seed=1, verbose=0)


def test_training_learns(little: Mnist, tmp_path: Path) -> None:
    recipe = Recipe("seed", 4, 32, 2e-3, 0.0, 0.0, 0.0, None)

    train(little, recipe, tmp_path, seed=1, verbose=0)

    assert read_history(tmp_path)[-1]["val_accuracy"] > 0.7


def test_digits_go_through_the_devices_own_crop(mnist: Mnist) -> None:
    digits = mnist.train.take(slice(2000))

    prepared = prepare(digits)

    same = (prepared.images == digits.images).all(axis=(1, 2))
    assert same.mean() > 0.999  # MNIST was made by the same recipe


def test_a_run_may_start_from_the_weights_of_another(little: Mnist, tmp_path: Path) -> None:
    recipe = Recipe("seed", 4, 32, 2e-3, 0.0, 0.0, 0.0, None)
    train(little, recipe, tmp_path / "first", seed=1, verbose=0)
    once = dataclasses.replace(recipe, epochs=1)

    train(little, once, tmp_path / "next", seed=2, verbose=0, start=Finished.from_run(tmp_path / "first"))

    first, after = (read_history(tmp_path / run) for run in ("first", "next"))
    assert after[0]["val_accuracy"] >= first[0]["val_accuracy"]
    assert len(json.loads((tmp_path / "next" / "run.json").read_text())["started_from"]) == 64


def test_there_is_no_start_from_an_unfinished_run(little: Mnist, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"model\.keras must be a Keras model"):
        train(little, SMALL, tmp_path / "next", seed=1, verbose=0, start=Finished.from_run(tmp_path / "missing"))


def test_training_in_half_precision_ends_in_a_float32_model(little: Mnist, tmp_path: Path) -> None:
    recipe = dataclasses.replace(SMALL, epochs=2, precision=RECIPES["compact"].precision)

    model = train(little, recipe, tmp_path, seed=1, verbose=0)

    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    checkpoint = load_model(tmp_path / "checkpoint.keras")
    assert checkpoint.get_layer("conv3").compute_dtype == "bfloat16"
    assert checkpoint.get_layer("scores").compute_dtype == "float32"
    scores = model.predict(as_input(prepare(little.validation).images), verbose=0)
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=1e-5)


def test_training_in_half_precision_goes_on_from_a_bundles_network(little: Mnist, tmp_path: Path) -> None:
    recipe = dataclasses.replace(SMALL, epochs=1, precision=RECIPES["compact"].precision)
    start = folded(build(recipe.model, recipe.labels))  # as a bundle carries it: normalization in the convolutions

    model = train(little, recipe, tmp_path, seed=1, verbose=0, start=Finished(start, "0" * 64))

    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    assert [layer.name for layer in model.layers] == [layer.name for layer in start.layers]
    scores = load_model(tmp_path / "model.keras").predict(as_input(prepare(little.validation).images), verbose=0)
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, atol=1e-5)
