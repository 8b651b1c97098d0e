"""A TFLite flatbuffer in, its operations and tensors out, in the order that they run."""

from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
from numpy.typing import DTypeLike, NDArray
from tensorflow.lite.python import schema_py_generated as schema

from edge_app.bundle import TFLITE_IDENTIFIER

_OPERATIONS = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
_DTYPES = {number: name for name, number in vars(schema.TensorType).items() if isinstance(number, int)}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a model.

    Attributes:
        index: that interpreters know it by.
        name: that the converter gave it.
        shape: with a batch of 1.
        dtype: as the schema spells it: "INT8", "INT32", "FLOAT32".
        constant: whether its values stand in the file.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    constant: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a model.

    Attributes:
        name: as the schema spells it: "CONV_2D".
        version: least version of the kernel that can run it.
        inputs, outputs: its tensors; optional ones that are left out are not there.
    """

    name: str
    version: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def read_tensors(flatbuffer: bytes) -> list[Tensor]:
    """All tensors of a model, by index."""
    return _tensors(unpacked(flatbuffer))


def read_operations(flatbuffer: bytes) -> list[Operation]:
    """All operations of a model."""
    graph = unpacked(flatbuffer)
    tensors = _tensors(graph)
    codes = [graph.operatorCodes[operator.opcodeIndex] for operator in graph.subgraphs[0].operators]
    return [
        Operation(
            _OPERATIONS[code.builtinCode],
            code.version,
            tuple(tensors[index] for index in operator.inputs if index >= 0),
            tuple(tensors[index] for index in operator.outputs),
        )
        for code, operator in zip(codes, graph.subgraphs[0].operators, strict=True)
    ]


def learnt(operation: Operation) -> tuple[Tensor, ...]:
    """Weights and biases of a layer; shapes and axes are constants, too, but nobody learns them."""
    if operation.name not in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"):
        return ()
    return tuple(tensor for tensor in operation.inputs if tensor.constant)


def constant_values(flatbuffer: bytes, tensor: Tensor, dtype: DTypeLike) -> NDArray[Any]:
    """The values of a constant tensor, one after another."""
    graph = unpacked(flatbuffer)
    data = graph.buffers[graph.subgraphs[0].tensors[tensor.index].buffer].data
    return np.frombuffer(bytes(data), dtype=dtype)


def unpacked(flatbuffer: bytes) -> Any:
    """The model as objects of TensorFlow's schema, to be changed."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(flatbuffer, 0))


def packed(graph: Any) -> bytes:
    """The flatbuffer of such objects."""
    builder = flatbuffers.Builder()
    builder.Finish(graph.Pack(builder), file_identifier=TFLITE_IDENTIFIER)
    return bytes(builder.Output())


def _tensors(graph: Any) -> list[Tensor]:
    return [
        Tensor(
            index,
            tensor.name.decode(),
            tuple(int(side) for side in tensor.shape) if tensor.shape is not None else (),
            _DTYPES[tensor.type],
            graph.buffers[tensor.buffer].data is not None,
        )
        for index, tensor in enumerate(graph.subgraphs[0].tensors)
    ]
