"""A loaded model in, what pages take beside their floor, how old readings get, and how soon the first one comes.

Every figure that matters is a ratio of two things timed in turn in this process, since a board is rarely idle.
"""

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge_app.bundle import Bundle, read_golden
from edge_app.devices.cameras.fake import FakeCamera
from edge_app.devices.cameras.newest import NewestFrame
from edge_app.floor import Floor
from edge_app.frames import Frame, UInt8
from edge_app.pipeline import Pipeline
from edge_app.protocols import Interpreter
from edge_app.reloads import Reader
from edge_app.service import LoopSettings, Service
from edge_app.stages.quantize import dequantize, quantize, quantize_table
from edge_app.stages.still import StillPage
from edge_app.stages.track import TrackLimits
from edge_app.status import LoopStatus

PAGES = (((640, 480), 8), ((1280, 720), 20), ((1920, 1080), 40), ((640, 480), 0))
PAPER, INK = 215, 150  # gray level of the paper, and what solid ink takes from it
WARM_UP, ROUNDS = 5, 60
STARTS = 5  # of a process, of which the fastest counts
CAMERA_FPS = (30.0, 60.0, 120.0)
LATENCY_S = 5.0
BARE_IMPORT = "import numpy, cv2, {runtime}"
RUNTIMES = ("ai_edge_litert.interpreter", "tflite_runtime.interpreter")


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """What is timed.

    Attributes:
        pipeline: reads frames.
        interpreter: its model.
        crops: (N, 28, 28) uint8, written digits to draw pages with.
    """

    pipeline: Pipeline
    interpreter: Interpreter
    crops: UInt8


def board() -> dict[str, str]:
    """What machine this is."""
    device = Path("/proc/device-tree/model")
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return {
        "machine": device.read_text().strip("\0 \n") if device.exists() else (names or [platform.machine()])[0],
        "cores": str(len(os.sched_getaffinity(0))),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "versions": f"Python {platform.python_version()}, numpy {np.__version__}, OpenCV {cv2.__version__}",
    }


def crops_to_draw(bundle: Bundle) -> UInt8:
    """The golden crops of a bundle, (N, 28, 28) uint8, in an order that mixes the digits; they come sorted by them."""
    return np.random.default_rng(0).permutation(read_golden(bundle).crops)


def draw_page(size_wh: tuple[int, int], digits: int, crops: UInt8) -> UInt8:
    """Written digits in rows on plain paper, (height, width) uint8."""
    width, height = size_wh
    page = np.full((height, width), PAPER, dtype=np.uint8)
    columns = max(1, round(np.sqrt(digits * width / height)))
    rows = -(-digits // columns)
    cell = min(width // columns, height // max(rows, 1)) if digits else 0
    side = int(cell * 0.6)
    for number in range(digits):
        x, y = number % columns * width // columns, number // columns * height // rows
        ink = cv2.resize(crops[number % len(crops)], (side, side), interpolation=cv2.INTER_CUBIC)
        corner = y + (height // rows - side) // 2, x + (width // columns - side) // 2
        page[corner[0] : corner[0] + side, corner[1] : corner[1] + side] -= (ink.astype(np.uint16) * INK // 255).astype(
            np.uint8
        )
    return page


def time_pages(bench: Bench) -> list[dict[str, Any]]:
    """Each page beside its floor."""
    rows = []
    for size_wh, digits in PAGES:
        gray = draw_page(size_wh, digits, bench.crops)
        frame = Frame(gray, 0, 0)
        boxes = tuple(digit.box_xywh for reading in bench.pipeline.read(frame).readings for digit in reading.digits)
        floor = Floor(gray, boxes, bench.interpreter)
        read = partial(bench.pipeline.read, frame)
        real_ms, floor_ms = _in_turn(read, partial(floor.run, gray))
        rows.append(
            {
                "page": f"{size_wh[0]}x{size_wh[1]}, {digits} digits", "read": len(boxes),
                "median_ms": float(np.median(real_ms)), "p95_ms": float(np.percentile(real_ms, 95)),
                "p99_ms": float(np.percentile(real_ms, 99)), "floor_ms": float(np.median(floor_ms)),
                "ratio": float(np.median(real_ms) / np.median(floor_ms)), "fps": 1e3 / float(np.median(real_ms)),
                "allocated_kib": _allocated_kib(read),
            }
        )  # fmt: skip
    return rows


def time_one_crop(bench: Bench) -> dict[str, float]:
    """Our way from one crop to its probabilities beside the bare model."""
    table, crop = quantize_table(bench.interpreter.input), bench.crops[:1]
    tensor = quantize(crop, table)
    ours, bare = _in_turn(
        lambda: dequantize(bench.interpreter.invoke(quantize(crop, table)), bench.interpreter.output),
        lambda: bench.interpreter.invoke(tensor),
        rounds=500,
    )
    return {"ours_us": 1e3 * float(np.median(ours)), "bare_us": 1e3 * float(np.median(bare)),
            "ratio": float(np.median(ours) / np.median(bare))}  # fmt: skip


def time_still(bench: Bench) -> dict[str, float]:
    """What a live camera's page costs that stays the same, or where one digit changes, beside one that changes."""
    turned = [np.roll(bench.crops, number, axis=0) for number in range(4)]
    one_other = [np.concatenate([crops[:1], bench.crops[1:]]) for crops in turned]
    kinds = {"still": [bench.crops] * 4, "partly": one_other, "changing": turned}
    pages = {kind: [draw_page((640, 480), 8, crops) for crops in each] for kind, each in kinds.items()}
    taken_ms = {
        f"{kind}_ms": 1e3 * _watch(bench.pipeline, [Frame(page, 0, 0) for page in each * 15])
        for kind, each in pages.items()
    }
    ratios = {"ratio": "still_ms", "partly_ratio": "partly_ms"}
    return taken_ms | {ratio: taken_ms[kind] / taken_ms["changing_ms"] for ratio, kind in ratios.items()}


def time_latency(bench: Bench, fps: float, seconds: float = LATENCY_S) -> dict[str, float]:
    """How old a reading is once it is there, with a camera of some pace, through the real loop."""
    pages = [draw_page((640, 480), 8, np.roll(bench.crops, number, axis=0)) for number in range(4)]
    script = (pages[number % len(pages)] for number in range(round(fps * seconds)))
    camera = NewestFrame(FakeCamera(script, fps=fps, sleep=time.sleep))
    ages = _Ages()
    reader = Reader(bench.pipeline, TrackLimits(), "bench")
    Service(lambda: camera, reader, [], LoopSettings(retry_camera=False, summary_s=0), observers=[ages]).run()
    busy_ms, ages_ms = float(np.median(ages.busy_ms)), 1e3 * np.array(ages.ages_s)
    return {
        "fps": fps, "read": len(ages_ms), "dropped": ages.dropped, "processing_ms": busy_ms,
        "age_median_ms": float(np.median(ages_ms)), "age_p99_ms": float(np.percentile(ages_ms, 99)),
        "in_processing_times": float(np.median(ages_ms)) / busy_ms,
    }  # fmt: skip


def time_start(argv: Sequence[str], page: Path) -> dict[str, Any]:
    """From the start of a process to its first reading, beside the bare import of what it stands on.

    Both as after an installation, when Python has compiled every module once, wherever this runs.

    Args:
        argv: of a command that reads `page` and ends.
        page: a picture; written here.
    """
    cv2.imwrite(str(page), np.full((480, 640), PAPER, dtype=np.uint8))
    runtime = next(name for name in RUNTIMES if _wall_s([sys.executable, "-c", f"import {name}"], {}) is not None)
    bare = [sys.executable, "-c", BARE_IMPORT.format(runtime=runtime)]
    with tempfile.TemporaryDirectory(prefix="edge-app-compiled-") as compiled:
        how = {"PYTHONPYCACHEPREFIX": compiled, "PYTHONDONTWRITEBYTECODE": ""}
        took = np.array([[_wall_s(command, how) or 0.0 for command in (bare, argv)] for _ in range(1 + STARTS)])
    bare_s, ours_s = took[1:].min(axis=0).tolist()
    return {"bare_import_s": bare_s, "first_reading_s": ours_s, "ratio": ours_s / bare_s}


def peak_rss_mib() -> float:
    """Of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class _Ages:
    """An observer that notes how old each frame's reading is."""

    def __init__(self) -> None:
        self.ages_s: list[float] = []
        self.busy_ms: list[float] = []
        self.dropped = 0

    def observe(self, status: LoopStatus) -> None:
        if status.moment is not None and status.frame_age_s is not None:
            self.ages_s.append(status.frame_age_s)
            self.busy_ms.append(status.moment.seen.timing_ms["total"])
            self.dropped = status.dropped

    def close(self) -> None:
        pass


def _watch(pipeline: Pipeline, frames: Sequence[Frame]) -> float:
    """Seconds a frame, as the loop reads a live camera, once it has settled."""
    still = StillPage()
    for frame in frames[:20]:
        if not still.is_still(frame.gray):
            pipeline.read(frame, follows=True)
    began_s = time.perf_counter()
    for frame in frames[20:]:
        if not still.is_still(frame.gray):
            pipeline.read(frame, follows=True)
    return (time.perf_counter() - began_s) / (len(frames) - 20)


def _in_turn(
    ours: Callable[[], Any], floor: Callable[[], Any], rounds: int = ROUNDS
) -> tuple[list[float], list[float]]:
    """Milliseconds of both, one after the other in each round, so that a busy spell falls on both."""
    times: tuple[list[float], list[float]] = [], []
    for turn in range(WARM_UP + rounds):
        for call, taken in zip((ours, floor), times, strict=True):
            began_ns = time.perf_counter_ns()
            call()
            if turn >= WARM_UP:
                taken.append((time.perf_counter_ns() - began_ns) / 1e6)
    return times


def _allocated_kib(call: Callable[[], Any]) -> float:
    """Most memory that one call holds at a time beyond what was there, OpenCV's and numpy's arrays among it."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        call()
        return (tracemalloc.get_traced_memory()[1] - before) / 1024
    finally:
        tracemalloc.stop()


def _wall_s(command: Sequence[str], variables: Mapping[str, str]) -> float | None:
    """Seconds that a command takes with further environment variables; None where it fails."""
    environment = os.environ | variables
    began_s = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, check=False)
    return time.perf_counter() - began_s if done.returncode == 0 else None


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []
