"""What each stage asks of a processor: `python benchmarks/instructions.py [--digits 8]`, some minutes.

Counts the instructions that a stage takes for one page of 640x480, under valgrind's callgrind, once with the stage and
once without it; they repeat from run to run, whatever else the machine does. From these follows what boards may take:
NONE OF THEM WAS MEASURED. The range is between a core that waits for memory most of the time and one that hardly does;
and these are x86 instructions of up to 32 bytes, where a Pi's take 16. What a board really takes is told by
`edge-app bench --all`.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Callable

import cv2

from edge_app.bench_pages import crops_to_draw, draw_page
from edge_app.build import build_pipeline
from edge_app.config import load_config
from edge_app.frames import Frame
from edge_app.stages.binarize import binarize
from edge_app.stages.crop import crop_regions
from edge_app.stages.quantize import dequantize, quantize, quantize_table
from edge_app.stages.regions import find_regions
from edge_app.verified import open_model

SIZE_WH = 640, 480
TIMES = 8
BOARDS = (
    ("Pi Zero 2 W (Cortex-A53, 1.0 GHz)", 1.0, (0.4, 0.9)),
    ("Pi 4 (Cortex-A72, 1.8 GHz)", 1.8, (0.7, 1.5)),
    ("Pi 5 (Cortex-A76, 2.4 GHz)", 2.4, (1.2, 2.5)),
)
"""Name, clock in GHz, and instructions a cycle, at the least and at the most."""


def stages(digits: int) -> dict[str, Callable[[], object]]:
    """Each stage by itself, on what the ones before it make of the page; and all of them."""
    cv2.setNumThreads(1)  # the others would count while they wait
    config = load_config(environ={}, flags={("model", "threads"): "1"}).config
    model = open_model(config, verify=False)
    page = draw_page(SIZE_WH, digits, crops_to_draw(model.bundle))
    pipeline, frame = build_pipeline(config, model), Frame(page, 0, 0)
    ink = binarize(page)
    region_map = find_regions(ink.mask, ink.dark_on_light)
    crops, table = crop_regions(page, region_map).pictures, quantize_table(model.interpreter.input)

    def classify() -> object:
        return dequantize(model.interpreter.invoke(quantize(crops, table)), model.interpreter.output)

    return {
        "nothing": lambda: None,
        "binarize": lambda: binarize(page),
        "regions": lambda: find_regions(ink.mask, ink.dark_on_light),
        "crop": lambda: crop_regions(page, region_map),
        "classify": classify,
        "a whole page": lambda: pipeline.read(frame),
    }


def counted(stage: str, digits: int) -> int:
    """Instructions of a process that does a stage, or nothing, `TIMES` times."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, __file__]
    done = subprocess.run(
        [*command, "--stage", stage, "--digits", str(digits)], env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or found is None:
        raise SystemExit(f"valgrind must run. Received: {done.stderr.strip().splitlines()[-1:]}")
    return int(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--digits", type=int, default=8, help="on the page (default: 8)")
    parser.add_argument("--stage", help="only do this one, uncounted")
    args = parser.parse_args()
    if args.stage is not None:
        job = stages(args.digits)[args.stage]
        for _ in range(TIMES):
            job()
        return
    nothing, *names = stages(args.digits)
    base = counted(nothing, args.digits)
    millions = {name: (counted(name, args.digits) - base) / TIMES / 1e6 for name in names}
    print(f"{SIZE_WH[0]}x{SIZE_WH[1]}, {args.digits} digits, millions of instructions:")
    for name, count in millions.items():
        print(f"  {name:14}{count:8.2f}")
    print("a whole page, projected and not measured:")
    for board, ghz, (least, most) in BOARDS:
        slow, quick = (millions["a whole page"] / (ghz * 1e3 * rate) * 1e3 for rate in (least, most))
        print(f"  {board:36}{quick:6.1f} to {slow:.1f} ms")


if __name__ == "__main__":
    main()
