"""A model's name in, a Keras network out: (N, 28, 28, 1) float32 in 0..1 to (N, classes) probabilities.

Every layer is named, because automatic names change the exported file's bytes from build to build, and
none needs an operation that tflite-runtime 2.14 or the Edge TPU lacks.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import keras
from keras import layers

from edge_app.manifest import INPUT_SHAPE
from trainer.errors import RunError

Stages: TypeAlias = tuple[tuple[int, int], ...]
"""Filters and stride of each convolution. A first stride of 2 keeps the cost of the large picture low."""

COMPACT_STAGES: Stages = ((16, 2), (24, 1), (32, 2), (48, 1), (56, 1), (56, 2))
ACCURATE_STAGES: Stages = ((32, 2), (48, 1), (48, 1), (96, 2), (96, 1), (96, 1), (96, 1))
TEACHER_STAGES: Stages = ((32, 1), (64, 2), (64, 1), (96, 2), (96, 1), (96, 1))


@keras.saving.register_keras_serializable(package="edge_digits")
class StaticFlatten(layers.Flatten):
    """Flatten by a constant shape: Keras's own emits SHAPE and PACK, which the Edge TPU does not map."""

    def call(self, inputs: Any) -> Any:
        """(N, a, b, c) to (N, a * b * c)."""
        return keras.ops.reshape(inputs, (-1, math.prod(inputs.shape[1:])))


def build(name: str, labels: Sequence[str], precision: str = "float32") -> Any:
    """A fresh, uncompiled network.

    Args:
        name: among `BUILDERS`.
        labels: meaning of each output.
        precision: Keras's name for the types to compute in; weights and scores are float32 in any case.

    Raises:
        ValueError: there is no such model.
    """
    if name not in BUILDERS:
        raise ValueError(f"model must be one of {', '.join(BUILDERS)}. Received: {name!r}")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        return BUILDERS[name](len(labels))
    finally:
        keras.config.set_dtype_policy(before)


def load_model(file: Path) -> Any:
    """A model that `trainer.train` saved.

    Raises:
        RunError: the file cannot be read.
    """
    try:
        return keras.saving.load_model(file)
    except (OSError, ValueError) as error:
        raise RunError(f"{file} must be a Keras model. Received: {error}; delete it to train again") from error


def _seed(classes: int) -> Any:
    """The small CNN that everybody starts with, kept as it is for comparison."""
    picture = keras.Input(INPUT_SHAPE[1:], name="crop")
    x = layers.Conv2D(32, 3, activation="relu", name="conv1")(picture)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Conv2D(64, 3, activation="relu", name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = StaticFlatten(name="flatten")(x)
    x = layers.Dense(128, activation="relu", name="dense1")(x)
    x = layers.Dropout(0.3, name="dropout")(x)
    return keras.Model(picture, _scores(classes)(x), name="seed")


def _convolutional(name: str, stages: Stages, first_side: int, residual: bool, classes: int) -> Any:
    """Convolutions, each normalized, and a global average of what the last one sees.

    Args:
        name: of the model.
        stages: of its convolutions.
        first_side: of the first one's window, in pixels; the others look at 3x3.
        residual: whether a convolution that keeps the shape adds to what came in.
        classes: outputs.
    """
    picture = keras.Input(INPUT_SHAPE[1:], name="crop")
    x = picture
    for number, (filters, stride) in enumerate(stages, start=1):
        side = first_side if number == 1 else 3
        y = layers.Conv2D(filters, side, stride, padding="same", use_bias=False, name=f"conv{number}")(x)
        y = layers.BatchNormalization(momentum=0.98, name=f"norm{number}")(y)  # folds into the convolution
        if residual and x.shape == y.shape:
            y = layers.Add(name=f"add{number}")([x, y])
        x = layers.ReLU(name=f"relu{number}")(y)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(0.1, name="dropout")(x)
    return keras.Model(picture, _scores(classes)(x), name=name)


def _scores(classes: int) -> Any:
    """The last layer; float32, because half a number's digits cannot tell a sure score from a surer one."""
    return layers.Dense(classes, activation="softmax", dtype="float32", name="scores")


BUILDERS: dict[str, Callable[[int], Any]] = {
    "seed": _seed,
    "compact": partial(_convolutional, "compact", COMPACT_STAGES, 5, False),
    "accurate": partial(_convolutional, "accurate", ACCURATE_STAGES, 5, True),
    "teacher": partial(_convolutional, "teacher", TEACHER_STAGES, 5, True),
}
"""By the name that --model takes."""
