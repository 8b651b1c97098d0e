"""An INT8 flatbuffer in, what it asks of a device out: parameters, operations, memory."""

import logging
import math
from dataclasses import dataclass

import numpy as np

from trainer.errors import TrainerError
from trainer.graph import Operation, learnt, read_operations
from trainer.micro import run_micro

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a model asks of a device.

    Attributes:
        parameters: weights and biases.
        multiply_adds: of one crop.
        flash_bytes: size of the flatbuffer.
        arena_bytes: least memory for its tensors in TensorFlow Lite Micro; None where that is not installed.
        operations: names of those that it needs, each once.
    """

    parameters: int
    multiply_adds: int
    flash_bytes: int
    arena_bytes: int | None
    operations: tuple[str, ...]


def footprint(int8_model: bytes) -> Footprint:
    """Reads sizes from the flatbuffer, and finds the arena by running it where that can be done."""
    operations = read_operations(int8_model)
    weights = {tensor.index: tensor for operation in operations for tensor in learnt(operation)}
    return Footprint(
        parameters=sum(math.prod(tensor.shape) for tensor in weights.values()),
        multiply_adds=sum(map(_multiply_adds, operations)),
        flash_bytes=len(int8_model),
        arena_bytes=_arena_bytes(int8_model),
        operations=tuple(sorted({operation.name for operation in operations})),
    )


def _multiply_adds(operation: Operation) -> int:
    """Of one crop; pooling, adding and the like are not counted, as is usual."""
    if not learnt(operation):
        return 0
    kernel = learnt(operation)[0]
    if operation.name == "FULLY_CONNECTED":
        return math.prod(kernel.shape)
    places = math.prod(operation.outputs[0].shape[1:3])
    return places * math.prod(kernel.shape)


def _arena_bytes(int8_model: bytes) -> int | None:
    try:
        return run_micro(int8_model, np.zeros((1, 28, 28), np.uint8)).arena_bytes
    except TrainerError as error:
        log.warning("no arena size: %s", error)
        return None
