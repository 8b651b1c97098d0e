"""A model and crops in, what TensorFlow Lite Micro makes of them out, run in a process of its own.

Microcontrollers have neither an operating system nor a heap: all tensors of a model live in one arena, whose
least size is found here by trying. This module loads no TensorFlow.

    python -m trainer.micro MODEL CROPS.npy OUTPUTS.npy
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge_app.frames import Int8, TensorDetails, UInt8
from edge_app.stages.quantize import quantize, quantize_table
from trainer.errors import TrainerError

ARENA_STEP = 64  # bytes; no finer than that
ARENA_LIMIT = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class MicroRun:
    """What a microcontroller's interpreter says.

    Attributes:
        outputs: (N, classes) int8.
        arena_bytes: the least arena that the model runs in, to within 64 bytes; on a 64-bit machine, so that a
            microcontroller with pointers half as long needs a little less.
    """

    outputs: Int8
    arena_bytes: int


def run_micro(model: bytes, crops: UInt8) -> MicroRun:
    """Runs crops through a model in TensorFlow Lite Micro.

    Args:
        model: the flatbuffer.
        crops: (N, 28, 28) uint8.

    Raises:
        TrainerError: it needs an operation that Micro lacks, or Micro is not installed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "model.tflite").write_bytes(model)
        np.save(folder / "crops.npy", crops)
        files = [str(folder / name) for name in ("model.tflite", "crops.npy", "outputs.npy")]
        command = [sys.executable, "-m", "trainer.micro", *files]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise TrainerError(f"TensorFlow Lite Micro must run the model. Received: {said[-1]}")
        report = json.loads(done.stdout.splitlines()[-1])
        return MicroRun(np.load(folder / "outputs.npy"), report["arena_bytes"])


def main() -> int:
    """The child's side."""
    parser = argparse.ArgumentParser(prog="python -m trainer.micro", description="Run crops in TensorFlow Lite Micro.")
    parser.add_argument("model", type=Path)
    parser.add_argument("crops", type=Path, help=".npy, (N, 28, 28) uint8")
    parser.add_argument("outputs", type=Path, help=".npy to write, (N, classes) int8")
    args = parser.parse_args()
    try:
        from tflite_micro import runtime
    except ImportError as error:
        print(f"{error}; it is in the trainer extra, for x86_64", file=sys.stderr)
        return 1
    model = args.model.read_bytes()
    try:
        interpreter = runtime.Interpreter.from_bytes(model, arena_size=ARENA_LIMIT)
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    details = interpreter.get_input_details(0)["quantization_parameters"]
    scale, zero_point = float(details["scales"][0]), int(details["zero_points"][0])
    table = quantize_table(TensorDetails((1, 28, 28, 1), "int8", scale, zero_point))
    outputs = [_invoke(interpreter, crop) for crop in quantize(np.load(args.crops), table)]
    np.save(args.outputs, np.concatenate(outputs))
    print(json.dumps({"arena_bytes": _least_arena(runtime, model)}))
    return 0


def _invoke(interpreter: Any, crop: Int8) -> Int8:
    interpreter.set_input(crop[np.newaxis], 0)
    interpreter.invoke()
    return np.array(interpreter.get_output(0), np.int8)


def _least_arena(runtime: Any, model: bytes) -> int:
    """By halving; every size below it is refused when the tensors are laid out."""
    refused, enough = 0, ARENA_LIMIT
    while enough - refused > ARENA_STEP:
        middle = (refused + enough) // 2 // ARENA_STEP * ARENA_STEP
        try:
            runtime.Interpreter.from_bytes(model, arena_size=middle)
            enough = middle
        except (RuntimeError, ValueError):
            refused = middle
    return enough


if __name__ == "__main__":
    sys.exit(main())
