"""Digits in, a trained float Keras model in a run folder out.

A run folder belongs to one configuration and holds all there is to know of it:

    run.json         configuration, versions, data hashes, git revision
    history.jsonl    one line an epoch
    checkpoint.keras weights, optimizer and averages after the last whole epoch
    extras.npz       crops beside MNIST's, where the recipe asks for them and no lessons have them
    validation.npz   the same of the validation split
    calibration.json what was done to make confidence honest
    model.keras      the finished model

The same command on the same folder goes on where it was interrupted. All chance of an epoch comes from
the seed and the epoch's number, so a resumed run ends with the weights of an uninterrupted one.
"""

import dataclasses
import hashlib
import json
import logging
import statistics
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import keras
import numpy as np

from edge_app.manifest import DIGIT_LABELS, REJECT_LABEL
from trainer.augment import Augmentation
from trainer.batches import Augmented, Batches, Source, as_input, steps_per_epoch
from trainer.calibration import calibrate
from trainer.corpus import Extras, joined, kept_extras
from trainer.data import Digits, Mnist, prepare
from trainer.lessons import Lessons
from trainer.models import build, load_model
from trainer.own import Mixed, OwnDigits
from trainer.runs import append_history, open_run

log = logging.getLogger(__name__)

CALIBRATION_FILE = "calibration.json"
EXTRA_FILES = TRAINING_EXTRAS, VALIDATION_EXTRAS = "extras.npz", "validation.npz"
GENTLER = 0.25  # of the recipe's learning rate, for a model that starts from a finished one


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is trained.

    Attributes:
        model: name for `trainer.models.build`.
        epochs: passes over the training data; the whole schedule is laid out over them.
        batch_size: crops a step.
        learning_rate: at its peak; it warms up over one epoch and falls to nothing along a cosine.
        weight_decay: of AdamW.
        label_smoothing: share of certainty taken from the true label.
        ema_momentum: of the running average of weights that becomes the model; 0 for none.
        augmentation: how pictures are changed; None for not at all.
        extras: what is added to MNIST; None for nothing, and then there is no class for what is no digit.
        precision: Keras's name for the types that training computes in; what comes out is float32.
        times: how often an epoch shows MNIST's digits, each time changed otherwise.
    """

    model: str
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    label_smoothing: float
    ema_momentum: float
    augmentation: Augmentation | None
    extras: Extras | None = None
    precision: str = "float32"
    times: int = 1

    @property
    def labels(self) -> tuple[str, ...]:
        """Meaning of each output of the model."""
        return DIGIT_LABELS if self.extras is None else (*DIGIT_LABELS, REJECT_LABEL)


@dataclass(frozen=True, slots=True, eq=False)
class Finished:
    """A finished model, to start from or to learn from.

    Attributes:
        model: keras.Model; changed where it is trained further.
        sha256: of the file that it came from, for the record.
    """

    model: Any
    sha256: str

    @staticmethod
    def from_run(run: Path) -> "Finished":
        """The model of a finished run.

        Raises:
            RunError: there is none, or it is damaged.
        """
        file = run / "model.keras"
        return Finished(load_model(file), hashlib.sha256(file.read_bytes()).hexdigest())


EXTRAS = Extras(scenes=80, negatives=40_000, pairs=10_000, hands=10_000, written=20_000, shown=80_000)
# What a small network lacks is not size, but pages.
MANY_EXTRAS = Extras(scenes=310, negatives=300_000, pairs=60_000, hands=80_000, written=140_000, shown=165_000)
HALF = "mixed_bfloat16"  # a fifth to a third faster than float32, where the processor knows it

RECIPES = {
    # As in every tutorial: no augmentation, no tricks.
    "seed": Recipe("seed", 5, 128, 2e-3, 0.0, 0.0, 0.0, None),
    "compact": Recipe("compact", 64, 256, 5e-3, 0.01, 0.0, 0.998, Augmentation(), MANY_EXTRAS, HALF, times=2),
    "accurate": Recipe("accurate", 54, 128, 4e-3, 0.01, 0.0, 0.998, Augmentation(), EXTRAS, HALF),
    # Teaches the others what it makes of MNIST, and is never deployed.
    "teacher": Recipe(
        "teacher", 22, 128, 4e-3, 0.01, 0.03, 0.998, Augmentation(untouched=0.1, foreign=0.1), precision=HALF
    ),
}
"""Chosen on the validation split."""

QUICK = {
    name: dataclasses.replace(
        RECIPES[name], epochs=12, times=1, label_smoothing=0.03, extras=Extras(scenes=6, negatives=4_000, pairs=1_000)
    )
    for name in ("compact", "accurate")
}
"""Without teachers and with few drawn pages: for a trial, in minutes."""


class _Checkpoint(keras.callbacks.Callback):
    """After each epoch: keeps the whole state of training, whole or not at all, and one line of history."""

    def __init__(self, run: Path) -> None:
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        line = {"epoch": epoch, **{name: float(value) for name, value in (logs or {}).items()}}
        new = self._run / "checkpoint.new.keras"
        self.model.save(new)
        append_history(self._run, line)
        new.replace(self._run / "checkpoint.keras")


class _Estimate(keras.callbacks.Callback):
    """After each epoch: says how long the rest will take, by the median of the epochs so far."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._epochs, self._began = epochs, 0.0
        self._took: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._took.append(time.monotonic() - self._began)
        left = self._epochs - epoch - 1
        if left:
            seconds = statistics.median(self._took)
            log.info("epoch %d of %d: %.0f s each, about %s left", epoch + 1, self._epochs, seconds, timedelta(
                seconds=round(left * seconds)))  # fmt: skip


class _Reseed(keras.callbacks.Callback):
    """Before each epoch: makes dropout depend on the seed and the epoch's number alone."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        for number, layer in enumerate(self.model.layers):
            if isinstance(layer, keras.layers.Dropout):
                state = np.array([self._seed * 1000 + number, epoch * 1_000_000], dtype=np.uint32)
                layer.seed_generator.state.assign(state)


def train(
    mnist: Mnist,
    recipe: Recipe,
    run: Path,
    seed: int,
    verbose: str | int = "auto",
    start: Finished | None = None,
    lessons: Lessons | None = None,
    own: OwnDigits | None = None,
) -> Any:
    """Trains a model, or goes on with it, or loads it where it is finished.

    Args:
        mnist: train and validation digits are used.
        recipe: how it is trained.
        run: the run folder; made if missing.
        seed: of all chance in the run.
        verbose: of Keras: "auto" is a progress bar, 2 a line an epoch.
        start: a finished model; its weights are where this one starts, more gently.
        lessons: to learn from, instead of MNIST's labels and crops drawn for this run.
        own: one's own digits, to learn beside all others.

    Returns:
        The finished keras.Model.

    Raises:
        RunError: the folder holds a run of another configuration, or a damaged checkpoint.
    """
    configuration = {"recipe": dataclasses.asdict(recipe), "seed": seed}
    sizes = {"train_size": len(mnist.train), "validation_size": len(mnist.validation)}
    started_from = {} if start is None else {"started_from": start.sha256}
    taught = {} if lessons is None else {"lessons": lessons.plan}
    added = {} if own is None else {"own_digits": own.record()}
    open_run(run, configuration | sizes | started_from | taught | added)
    if (run / "model.keras").exists():
        log.info("%s is finished; nothing to train", run)
        return load_model(run / "model.keras")
    classes, validation = len(recipe.labels), prepare(mnist.validation)
    source: Source = labelled_source(mnist, recipe, run, seed) if lessons is None else lessons.showing(recipe.times)
    if own is not None:
        source = Mixed(source, Augmented(own.digits, recipe.augmentation, classes, seed), own.weight)
    model, first_epoch = _start_or_resume(run, recipe, len(source), seed, start)
    if first_epoch:
        log.info("%s: going on after epoch %d of %d", run, first_epoch, recipe.epochs)
    if first_epoch < recipe.epochs:
        callbacks: list[keras.callbacks.Callback] = [_Reseed(seed)]
        if recipe.ema_momentum:
            callbacks.append(keras.callbacks.SwapEMAWeights())  # validates the average, trains the weights
        model.fit(
            Batches(source, recipe.batch_size, seed, first_epoch),
            epochs=recipe.epochs,
            initial_epoch=first_epoch,
            shuffle=False,  # Batches does it, by the seed
            validation_data=(as_input(validation.images), keras.utils.to_categorical(validation.labels, classes)),
            callbacks=[*callbacks, _Checkpoint(run), _Estimate(recipe.epochs)],
            verbose=verbose,
        )
    elif recipe.ema_momentum:  # interrupted between the last checkpoint and the end
        model.optimizer.finalize_variable_values(model.trainable_variables)
    if recipe.precision != "float32":
        model = _in_full_precision(model)
    if recipe.extras is not None:
        calibration = calibrated(model, recipe, validation_digits(mnist, recipe, run, seed))
        (run / CALIBRATION_FILE).write_text(json.dumps(calibration, indent=1) + "\n")
    model.save(run / "model.new.keras")
    (run / "model.new.keras").replace(run / "model.keras")
    return model


def _in_full_precision(model: Any) -> Any:
    """The same network and weights, uncompiled, computing in float32; also of one whose normalization is folded in."""

    def in_full_precision(layer: Any) -> Any:
        return type(layer).from_config({**layer.get_config(), "dtype": "float32"})

    full = keras.models.clone_model(model, clone_function=in_full_precision)
    full.set_weights(model.get_weights())
    return full


def calibrated(model: Any, recipe: Recipe, validation: Digits) -> dict[str, Any]:
    """Makes a model's confidence honest, where it has a class for what is no digit.

    Returns:
        What was done, JSON-ready; empty where nothing was.
    """
    if recipe.extras is None:
        return {}
    scores = model.predict(as_input(validation.images), batch_size=500, verbose=0)
    return dataclasses.asdict(calibrate(model, scores, validation.labels))


def labelled_source(mnist: Mnist, recipe: Recipe, run: Path, seed: int) -> Augmented:
    """MNIST's training digits as the device's crop stage yields them, and the recipe's extras after them."""
    digits, classes = prepare(mnist.train), len(recipe.labels)
    if recipe.extras is None:
        return Augmented(digits, recipe.augmentation, classes, seed)
    extras = kept_extras(run / TRAINING_EXTRAS, mnist.train, recipe.extras, seed)
    return Augmented(digits, recipe.augmentation, classes, seed, extras, recipe.extras.shown, recipe.times)


def validation_digits(mnist: Mnist, recipe: Recipe, run: Path, seed: int) -> Digits:
    """The same of the validation split, which calibration and threshold are chosen on."""
    digits = prepare(mnist.validation)
    if recipe.extras is None:
        return digits
    share = len(mnist.validation) / len(mnist.train)
    extras = recipe.extras.part(share)
    return joined(digits, kept_extras(run / VALIDATION_EXTRAS, mnist.validation, extras, seed + 1))


def _start_or_resume(run: Path, recipe: Recipe, count: int, seed: int, start: Finished | None) -> tuple[Any, int]:
    """The model to go on with and the number of the next epoch; a fresh one is that of `start`, if any."""
    checkpoint = run / "checkpoint.keras"
    if checkpoint.exists():
        model = load_model(checkpoint)
        return model, int(model.optimizer.iterations) // steps_per_epoch(count, recipe.batch_size)
    keras.utils.set_random_seed(seed)
    model = build(recipe.model, recipe.labels, recipe.precision) if start is None else start.model
    steps = steps_per_epoch(count, recipe.batch_size)
    peak = recipe.learning_rate
    if start is not None:
        peak *= GENTLER
    rate = keras.optimizers.schedules.CosineDecay(
        peak / 20,
        decay_steps=max(1, (recipe.epochs - 1) * steps),
        alpha=0.002,
        warmup_target=peak,
        warmup_steps=steps,
    )
    ema = {"use_ema": True, "ema_momentum": recipe.ema_momentum} if recipe.ema_momentum else {}
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, **ema),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=["accuracy"],
    )
    return model, 0
