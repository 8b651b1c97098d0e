"""Models in, how long each takes for one crop out, side by side in one process, round by round.

Machines are shared and noisy: what can be relied on are the ratios of one call.

    python -m trainer.stopwatch --runtime tflite MODEL...
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edge_app.devices.interpreters import open_interpreter
from edge_app.errors import EdgeAppError
from trainer.errors import TrainerError

RUNTIMES = ("tflite", "litert")
ROUNDS = 60
INVOKES = 20  # a round


def microseconds_per_crop(models: Mapping[str, bytes], runtime: str) -> dict[str, float]:
    """Median time of one crop by name of the model, one thread, in a child process.

    Raises:
        TrainerError: the runtime refused a model or crashed.
    """
    with tempfile.TemporaryDirectory() as scratch:
        files = [Path(scratch) / f"{number}.tflite" for number in range(len(models))]
        for file, model in zip(files, models.values(), strict=True):
            file.write_bytes(model)
        command = [sys.executable, "-m", "trainer.stopwatch", "--runtime", runtime, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise TrainerError(f"{runtime} must run the models. Received: {said[-1]}")
        return dict(zip(models, json.loads(done.stdout), strict=True))


def main() -> int:
    """The child's side."""
    parser = argparse.ArgumentParser(prog="python -m trainer.stopwatch", description="Time models side by side.")
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--runtime", choices=RUNTIMES, default="tflite")
    args = parser.parse_args()
    try:
        interpreters = [open_interpreter(model, runtime=args.runtime, threads=1) for model in args.models]
        crop = np.random.default_rng(0).integers(-128, 128, (1, 28, 28, 1)).astype(np.int8)
        for interpreter in interpreters:
            interpreter.invoke(crop)  # allocates
        times = np.zeros((ROUNDS, len(interpreters)))
        for round_times in times:
            for number, interpreter in enumerate(interpreters):
                began = time.perf_counter()
                for _ in range(INVOKES):
                    interpreter.invoke(crop)
                round_times[number] = (time.perf_counter() - began) / INVOKES
    except EdgeAppError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps((1e6 * np.median(times, axis=0)).round(2).tolist()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
