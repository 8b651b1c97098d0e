"""A float and an INT8 flatbuffer of one network in, how much each layer loses by its quantization out.

Both are run by TensorFlow's own interpreter with every tensor kept, on the same crops; layer by layer, what
the INT8 model holds is compared with what the float one does.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from edge_app.frames import UInt8
from edge_app.stages.quantize import INT8_MAX, INT8_MIN
from trainer.batches import as_input
from trainer.errors import TrainerError
from trainer.graph import Operation, Tensor, learnt, read_operations

LOWEST_DB = 15.0  # a layer under it deserves a look; sound ones here have 20 and more
LOSSLESS_DB = 99.0


@dataclass(frozen=True, slots=True)
class LayerError:
    """What quantization does to one layer's output.

    Attributes:
        layer: its name in Keras.
        operation: its name in the flatbuffer.
        snr_db: signal-to-noise ratio in decibels: power of the float output over power of the difference.
        clipped: share of float values that lie more than a step beyond what the INT8 output can hold, 0 to 1.
        saturated: share of INT8 values at the largest number, 0 to 1.
        weights_at_ends: share of INT8 weights at either end of their range, 0 to 1; 0 where it has none.
        step: real size of one step of the output.
    """

    layer: str
    operation: str
    snr_db: float
    clipped: float
    saturated: float
    weights_at_ends: float
    step: float


def layer_errors(float_model: bytes, int8_model: bytes, crops: UInt8) -> list[LayerError]:
    """Compares the two layer by layer, in the order they run.

    Args:
        float_model, int8_model: of the same weights, as `trainer.quantize` makes them.
        crops: (N, 28, 28) uint8 to run; some hundred are enough.

    Raises:
        TrainerError: the flatbuffers are not of the same network.
    """
    floats, ints = read_operations(float_model), read_operations(int8_model)
    names = [[operation.name for operation in operations] for operations in (floats, ints)]
    if names[0] != names[1]:
        raise TrainerError(f"both models must run the same operations. Received: {names[0]} and {names[1]}")
    picture = as_input(crops)
    exact, stored = _run(float_model, picture), _run(int8_model, picture)
    return [_compare(ours, exact, theirs, stored) for ours, theirs in zip(floats, ints, strict=True)]


def print_layer_errors(errors: list[LayerError], console: Console) -> None:
    """Prints them as a table; layers that lose much are marked."""
    columns = "layer", "operation", "signal / noise", "clipped", "saturated", "weights at their ends", "step"
    table = Table(*columns, title="what quantization costs, layer by layer")
    for error in errors:
        mark = " ←" if error.snr_db < LOWEST_DB else ""
        shares = (f"{share:.3%}" for share in (error.clipped, error.saturated, error.weights_at_ends))
        table.add_row(error.layer, error.operation, f"{error.snr_db:.1f} dB{mark}", *shares, f"{error.step:.4g}")
    console.print(table)


def _run(model: bytes, picture: NDArray[np.float32]) -> Any:
    """An interpreter that has run the pictures and kept every tensor."""
    interpreter = tf.lite.Interpreter(
        model_content=model,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    source = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(source["index"], picture.shape)
    interpreter.allocate_tensors()
    if source["dtype"] == np.int8:
        scale, zero_point = source["quantization"]
        picture = np.clip(np.rint(picture / scale) + zero_point, INT8_MIN, INT8_MAX).astype(np.int8)
    interpreter.set_tensor(source["index"], picture)
    interpreter.invoke()
    return interpreter


def _compare(ours: Operation, exact: Any, theirs: Operation, stored: Any) -> LayerError:
    signal = exact.get_tensor(ours.outputs[0].index).astype(np.float64)
    steps = stored.get_tensor(theirs.outputs[0].index)
    scale, zero_point = _scaling(stored, theirs.outputs[0])
    noise = float(np.mean((scale * (steps.astype(np.float64) - zero_point) - signal) ** 2))
    power = float(np.mean(signal**2))
    lowest, highest = (scale * (end - zero_point) for end in (INT8_MIN - 1, INT8_MAX + 1))
    weights = [stored.get_tensor(tensor.index) for tensor in learnt(theirs)[:1]]
    return LayerError(
        layer=_layer_name(theirs),
        operation=theirs.name,
        snr_db=10 * np.log10(power / noise) if noise and power else LOSSLESS_DB,
        clipped=float(np.mean((signal < lowest) | (signal > highest))),
        saturated=float(np.mean(steps == INT8_MAX)),
        weights_at_ends=float(np.mean(np.abs(weights[0].astype(int)) >= INT8_MAX)) if weights else 0.0,
        step=scale,
    )


def _scaling(interpreter: Any, tensor: Tensor) -> tuple[float, int]:
    details = next(found for found in interpreter.get_tensor_details() if found["index"] == tensor.index)
    scale, zero_point = details["quantization"]
    return float(scale), int(zero_point)


def _layer_name(operation: Operation) -> str:
    """Keras's name of the layer, from the converter's name of its weights or of its output.

    Converters write model_1/layer_1/operation; the last one of a network has lost its name.
    """
    parts = next(iter([*learnt(operation), *operation.outputs])).name.split(";")[0].split("/")
    return parts[1].rsplit("_", 1)[0] if len(parts) > 1 else operation.name.lower()
