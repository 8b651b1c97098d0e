"""A float Keras model in, a fully INT8 TFLite flatbuffer out; refused where a device could not run it."""

import contextlib
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from edge_app.frames import Float32, UInt8
from trainer.batches import as_input
from trainer.errors import TrainerError
from trainer.graph import read_operations, read_tensors

OPERATIONS = {
    "ADD": 5,
    "AVERAGE_POOL_2D": 3,
    "CONCATENATION": 4,
    "CONV_2D": 7,
    "DEPTHWISE_CONV_2D": 7,
    "FULLY_CONNECTED": 10,
    "LOGISTIC": 3,
    "MAX_POOL_2D": 3,
    "MEAN": 3,
    "MUL": 7,
    "PAD": 4,
    "QUANTIZE": 3,
    "RELU": 3,
    "RELU6": 3,
    "RESHAPE": 1,
    "SOFTMAX": 3,
    "SUB": 5,
}
"""Operations that may stand in an exported model, with the highest version of each.

The versions are those that tensorflow/lite/core/kernels/register.cc registered in 2023, when
tflite-runtime 2.14 was built, and a test asks the runtime itself; the operations are those of them
that the Edge TPU maps (https://coral.ai/docs/edgetpu/models-intro/#supported-operations) and a digit
classifier may need.
"""

DTYPES = frozenset({"INT8", "INT32"})  # weights and activations; biases and shapes


class ExportError(TrainerError, ValueError):
    """A converted model holds something that a device cannot run."""


def float_tflite(model: Any) -> bytes:
    """The model as a float32 flatbuffer, for comparison."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    with contextlib.redirect_stdout(io.StringIO()):  # it prints a page on the model's signature
        return bytes(converter.convert())


def quantize(model: Any, images: UInt8, *, representative: int = 500, seed: int = 0) -> bytes:
    """Full-integer post-training quantization: int8 in, int8 out, int8 weights.

    Convolutions are quantized a channel, the dense layer a tensor: that costs no accuracy and suits the
    Edge TPU.

    Args:
        model: a keras.Model, (N, 28, 28, 1) float32 in 0..1 to probabilities.
        images: (M, 28, 28) uint8 training crops, of which the representative ones are drawn.
        representative: how many crops the ranges are measured on; all of them where there are fewer.
        seed: of the draw.

    Returns:
        The flatbuffer; the same weights give the same bytes.

    Raises:
        TrainerError: there is no crop to measure the ranges on.
        ExportError: it holds an operation or type that a device cannot run.
    """
    if representative < 1 or len(images) == 0:
        raise TrainerError(
            f"quantization needs 1 representative crop or more. Received: representative={representative} "
            f"of {len(images)} crops; 500 is the usual number"
        )
    rows = np.random.default_rng(seed).permutation(len(images))[:representative]
    calibration = as_input(images[rows])

    def representative_dataset() -> Iterator[list[Float32]]:
        for crop in calibration:
            yield [crop[np.newaxis]]

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative_dataset
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    with contextlib.redirect_stdout(io.StringIO()):  # it prints a page on the model's signature
        flatbuffer = bytes(converter.convert())
    check_operations(flatbuffer)
    return flatbuffer


def check_operations(flatbuffer: bytes) -> None:
    """Refuses a model that tflite-runtime 2.14 or the Edge TPU could not run wholly.

    Raises:
        ExportError: names the operation and its version, or the tensor and its type.
    """
    for operation in read_operations(flatbuffer):
        if operation.name not in OPERATIONS:
            raise ExportError(
                f"operation must be one of {', '.join(OPERATIONS)}. "
                f"Received: {operation.name} version {operation.version}"
            )
        if operation.version > OPERATIONS[operation.name]:
            raise ExportError(
                f"{operation.name} must have at most version {OPERATIONS[operation.name]}, the last that "
                f"tflite-runtime 2.14 knows. Received: version {operation.version}"
            )
    for tensor in read_tensors(flatbuffer):
        if tensor.dtype not in DTYPES:
            raise ExportError(f"tensor {tensor.name} must be {' or '.join(sorted(DTYPES))}. Received: {tensor.dtype}")
