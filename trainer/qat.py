"""A trained network in, the same one fine-tuned under INT8's rounding out, as plain weights again.

Normalization is folded into the convolutions first, since a device's kernels have none of their own. Then
every weight and every value between two operations is rounded in the forward pass as the device rounds it,
while gradients pass as if it were not (Jacob and others, "Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference", 2018). What was learnt is copied into a plain network, which is
quantized like any other.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from edge_app.frames import UInt8
from trainer.batches import Batches, Source, as_input, steps_per_epoch

LEAST_RANGE = 1e-6
MOMENTUM = 0.99  # of the running range of a value


@keras.saving.register_keras_serializable(package="edge_digits")
class RoundedConv2D(layers.Conv2D):
    """A convolution whose kernel is rounded to 255 steps a channel, symmetric about nothing."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Rounds the kernel, then convolves."""
        largest = tf.maximum(tf.reduce_max(tf.abs(kernel), axis=(0, 1, 2)), LEAST_RANGE)
        rounded = tf.quantization.fake_quant_with_min_max_vars_per_channel(
            kernel, -largest, largest, num_bits=8, narrow_range=True
        )
        return super().convolution_op(inputs, rounded)


@keras.saving.register_keras_serializable(package="edge_digits")
class RoundedDense(layers.Dense):
    """A dense layer whose kernel is rounded to 255 steps, the same for all."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Rounds the kernel, then multiplies."""
        largest = tf.maximum(tf.reduce_max(tf.abs(self.kernel)), LEAST_RANGE)
        kernel = tf.quantization.fake_quant_with_min_max_vars(
            self.kernel, -largest, largest, num_bits=8, narrow_range=True
        )
        return self.activation(keras.ops.add(keras.ops.matmul(inputs, kernel), self.bias))


@keras.saving.register_keras_serializable(package="edge_digits")
class Rounded(layers.Layer):
    """Values rounded to 256 steps of the range that they have had so far, which always holds 0."""

    def build(self, input_shape: Any) -> None:
        """Makes the two ends of the range."""
        self.low = self.add_weight(name="low", shape=(), initializer="zeros", trainable=False)
        self.high = self.add_weight(name="high", shape=(), initializer="ones", trainable=False)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Rounds; in training, follows the range."""
        if training:
            self.low.assign(MOMENTUM * self.low + (1 - MOMENTUM) * tf.minimum(tf.reduce_min(inputs), 0.0))
            self.high.assign(MOMENTUM * self.high + (1 - MOMENTUM) * tf.maximum(tf.reduce_max(inputs), LEAST_RANGE))
        return tf.quantization.fake_quant_with_min_max_vars(inputs, self.low, self.high, num_bits=8)


def folded(model: Any) -> Any:
    """The same network without normalization layers: each is folded into the convolution before it.

    Args:
        model: keras.Model of `trainer.models`; left as it is.

    Returns:
        A fresh keras.Model with the same answers.
    """
    norms = {_source(layer): layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)}

    def without_norm(layer: Any) -> Any:
        config = layer.get_config()
        if layer.name in norms:
            config |= {"use_bias": True}
        return type(layer).from_config(config)

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        return args[0] if isinstance(layer, layers.BatchNormalization) else layer(*args, **kwargs)

    plain = keras.models.clone_model(model, clone_function=without_norm, call_function=call)
    for layer in plain.layers:
        original = model.get_layer(layer.name)
        layer.set_weights(
            _folded_weights(original, norms[layer.name]) if layer.name in norms else original.get_weights()
        )
    return plain


def fine_tune(
    plain: Any,
    source: Source,
    crops: UInt8,
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int,
    seed: int,
    **fit: Any,
) -> Any:
    """Goes on training a folded network under INT8's rounding.

    Args:
        plain: keras.Model of `folded`; left as it is.
        source: of the crops to learn from.
        crops: (N, 28, 28) uint8 that the first ranges are measured on.
        epochs: passes over the source.
        learning_rate: at the start; falls to nothing along a cosine.
        batch_size: crops a step.
        seed: of all chance.
        **fit: passed on to keras.Model.fit.

    Returns:
        A fresh network like `plain`, with what was learnt.
    """
    rounded = _rounded(plain, crops)
    steps = epochs * steps_per_epoch(len(source), batch_size)
    rounded.compile(
        optimizer=keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(learning_rate, steps)),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    rounded.fit(Batches(source, batch_size, seed, 0), epochs=epochs, shuffle=False, **fit)
    learnt = keras.models.clone_model(plain)
    for layer in learnt.layers:
        layer.set_weights(rounded.get_layer(layer.name).get_weights())
    return learnt


def _rounded(plain: Any, crops: UInt8) -> Any:
    """The folded network with all rounding in place, its ranges measured on the crops."""
    before_relu = {_source(layer) for layer in plain.layers if isinstance(layer, layers.ReLU)}
    types: Mapping[type, Any] = {layers.Conv2D: RoundedConv2D, layers.Dense: RoundedDense}

    def as_rounded(layer: Any) -> Any:
        return types.get(type(layer), type(layer)).from_config(layer.get_config())

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        values = layer(*args, **kwargs)
        if not isinstance(layer, layers.Conv2D | layers.Add | layers.ReLU | layers.GlobalAveragePooling2D):
            return values
        # A kernel applies its ReLU before it rounds.
        return values if layer.name in before_relu else Rounded(name=f"{layer.name}_rounded")(values)

    rounded = keras.models.clone_model(plain, clone_function=as_rounded, call_function=call)
    for layer in plain.layers:
        rounded.get_layer(layer.name).set_weights(layer.get_weights())
    ranged = [layer for layer in rounded.layers if isinstance(layer, Rounded)]
    values = keras.Model(plain.input, [plain.get_layer(layer.name.removesuffix("_rounded")).output for layer in ranged])
    for layer, value in zip(ranged, values.predict(as_input(crops), verbose=0), strict=True):
        layer.low.assign(min(float(np.min(value)), 0.0))
        layer.high.assign(max(float(np.max(value)), LEAST_RANGE))
    return rounded


def _source(layer: Any) -> str:
    """Name of the layer whose output this one takes."""
    return str(layer.input._keras_history.operation.name)


def _folded_weights(convolution: Any, norm: Any) -> list[Any]:
    (kernel,) = convolution.get_weights()
    gamma, beta, mean, variance = norm.get_weights()
    factor = gamma / np.sqrt(variance + norm.epsilon)
    return [kernel * factor, beta - mean * factor]
