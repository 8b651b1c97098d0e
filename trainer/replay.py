"""A model and crops in, the outputs of the device's own runtime out, run in a process of its own.

TensorFlow and tflite-runtime cannot share a process: one crashes, or silently answers for the other, and
a parity test would then compare TensorFlow with itself. This module loads no TensorFlow.

    python -m trainer.replay MODEL CROPS.npy OUTPUTS.npy --runtime tflite
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from edge_app.devices.interpreters import open_interpreter
from edge_app.errors import EdgeAppError
from edge_app.frames import Int8, TensorDetails, UInt8
from edge_app.stages.quantize import quantize, quantize_table
from trainer.errors import TrainerError

CHUNK = 1000  # crops an invoke; bounds memory


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """What the device's runtime made of some crops.

    Attributes:
        outputs: (N, classes) int8.
        input, output: the model's tensors as the runtime reports them.
        interpreter: runtime, version and threads.
    """

    outputs: Int8
    input: TensorDetails
    output: TensorDetails
    interpreter: str


def replay(model: bytes, crops: UInt8, runtime: str = "tflite", xnnpack: bool = True) -> Replay:
    """Runs crops through an INT8 model in a child process.

    Args:
        model: the flatbuffer.
        crops: (N, 28, 28) uint8.
        runtime: "tflite" or "litert".
        xnnpack: whether LiteRT may use its XNNPACK kernels.

    Raises:
        TrainerError: the child refused the model or crashed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "model.tflite").write_bytes(model)
        np.save(folder / "crops.npy", crops)
        files = [str(folder / name) for name in ("model.tflite", "crops.npy", "outputs.npy")]
        command = [sys.executable, "-m", "trainer.replay", *files, "--runtime", runtime]
        done = subprocess.run(
            [*command, *([] if xnnpack else ["--no-xnnpack"])], capture_output=True, text=True, check=False
        )
        if done.returncode < 0:
            name = signal.Signals(-done.returncode).name
            raise TrainerError(f"{runtime} must run the model. Received: a crash of the native loader ({name})")
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise TrainerError(f"{runtime} must run the model. Received: {said[-1]}")
        report = json.loads(done.stdout)
        return Replay(
            outputs=np.load(folder / "outputs.npy"),
            input=_details(report["input"]),
            output=_details(report["output"]),
            interpreter=report["interpreter"],
        )


def _details(record: dict[str, object]) -> TensorDetails:
    shape = record["shape"]
    assert isinstance(shape, list)
    scale, zero_point = float(str(record["scale"])), int(str(record["zero_point"]))
    return TensorDetails(tuple(shape), str(record["dtype"]), scale, zero_point)


def main() -> int:
    """The child's side."""
    parser = argparse.ArgumentParser(prog="python -m trainer.replay", description="Run crops through an INT8 model.")
    parser.add_argument("model", type=Path)
    parser.add_argument("crops", type=Path, help=".npy, (N, 28, 28) uint8")
    parser.add_argument("outputs", type=Path, help=".npy to write, (N, classes) int8")
    parser.add_argument("--runtime", choices=("tflite", "litert"), default="tflite")
    parser.add_argument("--no-xnnpack", action="store_true", help="keep LiteRT on its builtin kernels")
    args = parser.parse_args()
    try:
        interpreter = open_interpreter(args.model, runtime=args.runtime, xnnpack=not args.no_xnnpack)
        tensor = quantize(np.load(args.crops), quantize_table(interpreter.input))
        chunks = [interpreter.invoke(tensor[start : start + CHUNK]) for start in range(0, len(tensor), CHUNK)]
    except EdgeAppError as error:
        print(error, file=sys.stderr)
        return 1
    np.save(args.outputs, np.concatenate(chunks) if chunks else interpreter.invoke(tensor))
    report = {
        "interpreter": interpreter.name,
        "input": asdict(interpreter.input),
        "output": asdict(interpreter.output),
    }
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
