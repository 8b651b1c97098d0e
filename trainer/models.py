"""A model's name in, a Keras network out: (N, 28, 28, 1) float32 in 0..1 to (N, classes) probabilities.

Every layer is named, because automatic names change the exported file's bytes from build to build, and
none needs an operation that tflite-runtime 2.14 or the Edge TPU lacks.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from edge_app.manifest import INPUT_SHAPE

COMPACT_STAGES = ((16, 2), (40, 1), (40, 2), (80, 1), (80, 1), (80, 1))
"""Filters and stride of each 3x3 convolution. The first stride keeps the cost of the large picture low."""


@keras.saving.register_keras_serializable(package="edge_digits")
class StaticFlatten(layers.Flatten):
    """Flatten by a constant shape: Keras's own emits SHAPE and PACK, which the Edge TPU does not map."""

    def call(self, inputs: Any) -> Any:
        """(N, a, b, c) to (N, a * b * c)."""
        return keras.ops.reshape(inputs, (-1, math.prod(inputs.shape[1:])))


def build(name: str, labels: Sequence[str]) -> Any:
    """A fresh, uncompiled network.

    Args:
        name: "seed" or "compact".
        labels: meaning of each output.

    Raises:
        ValueError: there is no such model.
    """
    if name not in BUILDERS:
        raise ValueError(f"model must be one of {', '.join(BUILDERS)}. Received: {name!r}")
    return BUILDERS[name](len(labels))


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
    return keras.Model(picture, layers.Dense(classes, activation="softmax", name="scores")(x), name="seed")


def _compact(classes: int) -> Any:
    """Six convolutions and a global average: 166,000 parameters."""
    picture = keras.Input(INPUT_SHAPE[1:], name="crop")
    x = picture
    for number, (filters, stride) in enumerate(COMPACT_STAGES, start=1):
        x = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False, name=f"conv{number}")(x)
        x = layers.BatchNormalization(momentum=0.98, name=f"norm{number}")(x)  # folds into the convolution
        x = layers.ReLU(name=f"relu{number}")(x)
    x = layers.GlobalAveragePooling2D(name="average")(x)
    x = layers.Dropout(0.1, name="dropout")(x)
    return keras.Model(picture, layers.Dense(classes, activation="softmax", name="scores")(x), name="compact")


BUILDERS = {"seed": _seed, "compact": _compact}
"""By the name that --model takes."""
