"""A bundle in, what a Coral Edge TPU wants out: a model for its compiler, then a bundle of what the compiler made.

The compiler maps a model wholly or up to the first thing that it cannot map; from there on all runs on the CPU. What
it asks of a model (https://coral.ai/docs/edgetpu/models-intro/) is checked here, since it says little itself.
"""

from pathlib import Path

import numpy as np

from edge_app.bundle import Bundle, read_golden, write_bundle
from trainer.errors import TrainerError
from trainer.graph import Operation, constant_values, packed, read_operations, unpacked
from trainer.quantize import ExportError, check_operations

COMPILED = "CUSTOM"  # the one operation of a model that was mapped wholly
INNERMOST = 3  # dimensions of what is computed that may be larger than 1
WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
PLANE = (1, 2)  # height and width: what a mean may be taken over


def check_mapped(flatbuffer: bytes) -> None:
    """Refuses a model that the Edge TPU's compiler would not map wholly, one crop at a time.

    Raises:
        ExportError: names the operation, or the tensor.
    """
    check_operations(flatbuffer)
    for operation in read_operations(flatbuffer):
        for tensor in (*operation.inputs, *operation.outputs):
            if not tensor.constant and any(side > 1 for side in tensor.shape[:-INNERMOST]):
                raise ExportError(f"tensor {tensor.name} must have at most 3 sides. Received: shape {tensor.shape}")
        if operation.name in WEIGHTED and not operation.inputs[1].constant:
            raise ExportError(f"{operation.name} must have constant weights. Received: those of another operation")
        if operation.name == "MEAN" and (axes := _axes(flatbuffer, operation)) != PLANE:
            raise ExportError(f"MEAN must be taken over height and width, axes {PLANE}. Received: axes {axes}")


def for_compiler(flatbuffer: bytes) -> bytes:
    """The same model for one crop at a time: the compiler wants all sizes to be known.

    Raises:
        ExportError: it could not be mapped wholly.
    """
    check_mapped(flatbuffer)
    graph = unpacked(flatbuffer)
    for tensor in graph.subgraphs[0].tensors:
        tensor.shapeSignature = None
    return packed(graph)


def compiled_bundle(bundle: Bundle, compiled: bytes, bundles: Path) -> Path:
    """A bundle of what the compiler made of a bundle's model, held to that one's golden answers.

    Args:
        bundle: whose model was compiled.
        compiled: what edgetpu_compiler wrote.
        bundles: folder for the new one.

    Returns:
        Its folder.

    Raises:
        TrainerError: a part of the model was left to the CPU, or it was not compiled at all.
    """
    names = [operation.name for operation in read_operations(compiled)]
    if names != [COMPILED]:
        raise TrainerError(f"a wholly compiled model must hold one operation, {COMPILED}. Received: {', '.join(names)}")
    manifest = bundle.manifest
    return write_bundle(
        bundles,
        model=compiled,
        golden=read_golden(bundle),
        golden_record=manifest.golden,
        name=f"{manifest.name}-edgetpu",
        labels=manifest.labels,
        input=manifest.input,
        output=manifest.output,
        preprocessing=manifest.preprocessing,
        thresholds=manifest.thresholds,
        training={**manifest.training, "compiled_from": bundle.id},
        metrics=manifest.metrics,
    )


def _axes(flatbuffer: bytes, operation: Operation) -> tuple[int, ...]:
    """What a MEAN is taken over, from the front."""
    data, axes = operation.inputs
    return tuple(sorted(int(axis) % len(data.shape) for axis in constant_values(flatbuffer, axes, np.int32)))
