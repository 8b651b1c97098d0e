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
ROUNDING = layers.Conv2D, layers.Dense, layers.Add, layers.ReLU, layers.GlobalAveragePooling2D
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
    """Values rounded to 256 steps of the range that they have had so far, which always holds 0.

    Args:
        rounds: False to follow the range only.
        **layer: as every layer takes them.
    """

    def __init__(self, rounds: bool = True, **layer: Any) -> None:
        super().__init__(**layer)
        self.rounds = rounds

    def build(self, input_shape: Any) -> None:
        """Makes the two ends of the range; there is none yet."""
        self.low = self.add_weight(name="low", shape=(), initializer="zeros", trainable=False)
        self.high = self.add_weight(name="high", shape=(), initializer="zeros", trainable=False)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Rounds, or follows the range; both in training. The first range is taken as it is."""
        if training or not self.rounds:
            kept = tf.where(self.high > 0, MOMENTUM, 0.0)
            self.low.assign(kept * self.low + (1 - kept) * tf.minimum(tf.reduce_min(inputs), 0.0))
            self.high.assign(kept * self.high + (1 - kept) * tf.maximum(tf.reduce_max(inputs), LEAST_RANGE))
        if not self.rounds:
            return inputs
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
    """The folded network with all rounding in place, its first ranges measured on the crops without rounding."""
    types: Mapping[type, Any] = {layers.Conv2D: RoundedConv2D, layers.Dense: RoundedDense}
    observer, rounded = _with_ranges(plain, {}, rounds=False), _with_ranges(plain, types, rounds=True)
    observer(as_input(crops))
    for layer in observer.layers:
        rounded.get_layer(layer.name).set_weights(layer.get_weights())
    return rounded


def _with_ranges(plain: Any, types: Mapping[type, Any], rounds: bool) -> Any:
    """The network with other types of layers and a range after each operation of a device."""
    before_relu = {_source(layer) for layer in plain.layers if isinstance(layer, layers.ReLU)}

    def as_other(layer: Any) -> Any:
        config = layer.get_config()
        if config.get("activation") == "softmax":
            config |= {"activation": "linear"}
        return types.get(type(layer), type(layer)).from_config(config)

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        values = layer(*args, **kwargs)
        if isinstance(layer, ROUNDING) and layer.name not in before_relu:  # a kernel applies its ReLU before it rounds
            values = Rounded(rounds, name=f"{layer.name}_rounded")(values)
        return layers.Softmax(name="softmax")(values) if layer.name == plain.layers[-1].name else values

    network = keras.models.clone_model(plain, clone_function=as_other, call_function=call)
    for layer in plain.layers:
        network.get_layer(layer.name).set_weights(layer.get_weights())
    return network


def _source(layer: Any) -> str:
    """Name of the layer whose output this one takes."""
    return str(layer.input._keras_history.operation.name)


def _folded_weights(convolution: Any, norm: Any) -> list[Any]:
    (kernel,) = convolution.get_weights()
    gamma, beta, mean, variance = norm.get_weights()
    factor = gamma / np.sqrt(variance + norm.epsilon)
    return [kernel * factor, beta - mean * factor]
