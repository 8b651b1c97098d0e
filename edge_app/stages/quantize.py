"""Crops in, the model's int8 tensor out; and int8 scores in, real numbers out.

The scheme is TFLite's affine one: real = scale * (stored - zero_point)
(https://ai.google.dev/edge/litert/models/quantization_spec). The parameters come from the model's
own tensor details, never from here.
"""

import numpy as np

from edge_app.frames import Float32, Int8, TensorDetails, UInt8

INT8_MIN, INT8_MAX = -128, 127


def quantize_table(details: TensorDetails) -> Int8:
    """The int8 value of each of the 256 values that a crop's pixel can have.

    A pixel p stands for the real number p / 255. Rounds half to even, then clips, then casts: a cast
    of 128.0 would wrap round to -128.

    Args:
        details: of the model's input; int8, scale above 0.

    Returns:
        (256,) int8.

    >>> quantize_table(TensorDetails((1, 28, 28, 1), "int8", 1 / 255, -128))[[0, 1, 128, 255]]
    array([-128, -127,    0,  127], dtype=int8)
    """
    real = np.arange(256, dtype=np.float64) / 255.0
    steps = np.rint(real / details.scale) + details.zero_point
    table: Int8 = np.clip(steps, INT8_MIN, INT8_MAX).astype(np.int8)
    return table


def quantize(crops: UInt8, table: Int8) -> Int8:
    """The crops as the model's input.

    Args:
        crops: (N, 28, 28) uint8, ink bright on black.
        table: (256,) int8 of `quantize_table`.

    Returns:
        (N, 28, 28, 1) int8, a fresh array.
    """
    tensor: Int8 = table[crops][..., np.newaxis]
    return tensor


def dequantize(tensor: Int8, details: TensorDetails) -> Float32:
    """The real numbers that a model's int8 output stands for.

    Args:
        tensor: int8 of any shape.
        details: of the model's output.

    Returns:
        float32 of the same shape.

    >>> dequantize(np.array([-128, 127], dtype=np.int8), TensorDetails((1, 2), "int8", 1 / 256, -128))
    array([0.        , 0.99609375], dtype=float32)
    """
    widened = tensor.astype(np.int32) - details.zero_point  # int8 arithmetic would wrap
    return (widened * details.scale).astype(np.float32)
