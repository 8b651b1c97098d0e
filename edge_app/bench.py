"""The subcommand bench: times each stage on frames of the sample clip or of a file, crowded frames, whole pages."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from edge_app.assemble import plan_camera
from edge_app.bench_pages import (
    CAMERA_FPS,
    Bench,
    board,
    crops_to_draw,
    peak_rss_mib,
    time_latency,
    time_one_crop,
    time_pages,
    time_start,
    time_still,
)
from edge_app.build import build_pipeline
from edge_app.config import LoadedConfig
from edge_app.errors import CameraError, ConfigError
from edge_app.frames import Frame, FrameReadings, UInt8
from edge_app.pipeline import Pipeline
from edge_app.protocols import Camera
from edge_app.verified import model_flags, open_model

EXIT_OK = 0
WARM_UP_FRAMES = 10  # the first invokes allocate; caches fill
CROWD_WH = 1920, 1440
CROWDS = (25, 50, 100, 200, 500, 1000, 5000)  # marks on a frame; the first is a page as people write it
MOST_DIGITS = 200  # that are drawn as digits; more marks are blobs
CROWD_ROUNDS = 5


def bench(args: argparse.Namespace, loaded: LoadedConfig) -> int:
    """Prints median, 95th percentile and largest time of each stage."""
    if args.frames < 1:
        raise ConfigError(f"--frames must be 1 or more. Received: {args.frames}")
    config = loaded.config
    if config.camera.source == "auto":  # a benchmark wants the same frames every time
        config = msgspec.structs.replace(config, camera=msgspec.structs.replace(config.camera, source="clip"))
    model = open_model(config)
    frames = _load_frames(plan_camera(config).open(), args.frames)
    pipeline = build_pipeline(config, model)
    for frame in frames[:WARM_UP_FRAMES]:
        pipeline.read(frame)
    timed = [pipeline.read(frame) for frame in frames]
    figures = _figures(timed)
    report: dict[str, Any] = {
        "source": config.camera.source,
        "model": model.bundle.id,
        "interpreter": model.interpreter.name,
        "frames": len(frames),
        "size": list(frames[0].size_wh),
        "regions_per_frame": float(np.mean([readings.regions_found for readings in timed])),
        "stages_ms": figures,
    }
    if args.crowds:
        report["crowds"] = _crowds(pipeline)
    if args.all:
        report |= _everything(Bench(pipeline, model.interpreter, crops_to_draw(model.bundle)), model_flags(config))
    if args.json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    else:
        _print_table(report, figures)
        _print_crowds(report.get("crowds", []))
        if args.all:
            _print_everything(report)
    return EXIT_OK


def _everything(bench: Bench, flags: Sequence[str]) -> dict[str, Any]:
    """All that a board's owner may want to tell others."""
    rss_mib = peak_rss_mib()
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.png"
        return {
            "board": board(),
            "peak_rss_mib": rss_mib,
            "pages": time_pages(bench),
            "one_crop": time_one_crop(bench),
            "still": time_still(bench),
            "latency": [time_latency(bench, fps) for fps in CAMERA_FPS],
            "start": time_start([sys.executable, "-m", "edge_app", "read", *flags, str(page)], page),
        }


def _load_frames(camera: Camera, count: int) -> list[Frame]:
    """The first frames, decoded beforehand, so that decoding is not timed."""
    frames: list[Frame] = []
    try:
        while len(frames) < count and (frame := camera.read()) is not None:
            frames.append(frame)
    finally:
        camera.close()
    if not frames:
        raise CameraError(f"{camera.name}: must yield at least one frame. Received: none")
    return frames


def _figures(timed: Sequence[FrameReadings]) -> dict[str, dict[str, float]]:
    """Milliseconds by stage: median, 95th percentile, largest."""
    figures = {}
    for stage in timed[0].timing_ms:
        stage_ms = np.array([readings.timing_ms[stage] for readings in timed])
        median, p95 = np.percentile(stage_ms, [50, 95])
        figures[stage] = {"median": float(median), "p95": float(p95), "max": float(stage_ms.max())}
    return figures


def _print_table(report: dict[str, Any], figures: dict[str, dict[str, float]]) -> None:
    width, height = report["size"]
    print(
        f"{report['frames']} frames of {report['source']}, {width}x{height}, "
        f"{report['regions_per_frame']:.1f} regions each\n{report['model']} on {report['interpreter']}\n"
    )
    total = figures["total"]["median"]
    print(f"{'stage':12}{'median ms':>11}{'p95 ms':>9}{'max ms':>9}{'share':>8}")
    for stage, figure in figures.items():
        print(
            f"{stage:12}{figure['median']:11.3f}{figure['p95']:9.3f}{figure['max']:9.3f}{figure['median'] / total:8.0%}"
        )


def _print_everything(report: dict[str, Any]) -> None:
    print()
    for name, value in report["board"].items():
        print(f"{name + ':':12}{value}")
    print(f"\n{'page':26}{'median ms':>11}{'p95 ms':>9}{'p99 ms':>9}{'floor ms':>10}{'ratio':>7}{'fps':>8}{'KiB':>8}")
    for row in report["pages"]:
        print(
            f"{row['page']:26}{row['median_ms']:11.2f}{row['p95_ms']:9.2f}{row['p99_ms']:9.2f}{row['floor_ms']:10.3f}"
            f"{row['ratio']:7.2f}{row['fps']:8.1f}{row['allocated_kib']:8.0f}"
        )
    crop, still, start = report["one_crop"], report["still"], report["start"]
    print(f"\none crop {crop['ours_us']:.0f} us, the bare model {crop['bare_us']:.0f} us: {crop['ratio']:.2f} times")
    print(
        f"a page that changes {still['changing_ms']:.2f} ms, one digit of it {still['partly_ms']:.2f} ms: "
        f"{still['partly_ratio']:.2f}, nothing of it {still['still_ms']:.2f} ms: {still['ratio']:.2f}"
    )
    print(
        f"first reading after {start['first_reading_s']:.2f} s, bare imports {start['bare_import_s']:.2f} s: "
        f"{start['ratio']:.2f} times; peak memory {report['peak_rss_mib']:.0f} MiB"
    )
    for row in report["latency"]:
        print(
            f"camera at {row['fps']:.0f} fps: {row['read']} frames read, {row['dropped']} dropped; a reading is "
            f"{row['age_median_ms']:.1f} ms old (99 %: {row['age_p99_ms']:.1f}), "
            f"{row['in_processing_times']:.2f} times its processing"
        )


def _crowds(pipeline: Pipeline) -> list[dict[str, float]]:
    """How long frames take with more and more on them; each round goes through all, for the machine may be busy."""
    crowds = [*((count, False) for count in CROWDS), (CROWDS[-1], True)]
    frames = [Frame(_crowd(count, scattered), 0, 0) for count, scattered in crowds]
    rounds = [[pipeline.read(frame) for frame in frames] for _ in range(CROWD_ROUNDS)]
    medians = [
        float(np.median([readings[row].timing_ms["total"] for readings in rounds])) for row in range(len(crowds))
    ]
    return [
        {
            "marks": count,
            "scattered": scattered,
            "regions": readings.regions_found,
            "dropped": readings.regions_dropped,
            "median_ms": median,
            "ratio": median / medians[0],
        }
        for (count, scattered), readings, median in zip(crowds, rounds[0], medians, strict=True)
    ]


def _crowd(count: int, scattered: bool = False) -> UInt8:
    """A page with digits, or where they are many with blobs, (H, W) uint8; evenly spread, or at random places."""
    page = np.full((CROWD_WH[1], CROWD_WH[0]), 215, dtype=np.uint8)
    columns = int(np.ceil(np.sqrt(count * CROWD_WH[0] / CROWD_WH[1])))
    cell = CROWD_WH[0] / columns
    places = np.random.default_rng(count).integers((0, 0), CROWD_WH, (count, 2)).tolist()
    for mark in range(count):
        x, y = int(cell * (mark % columns + 0.25)), int(cell * (mark // columns + 0.75))
        x, y = places[mark] if scattered else (x, y)
        if count <= MOST_DIGITS:
            cv2.putText(
                page, str(mark % 10), (x, y), cv2.FONT_HERSHEY_SIMPLEX, cell / 50, (50,), max(2, int(cell / 16))
            )
        else:
            cv2.ellipse(page, (x, y), (int(0.12 * cell), int(0.36 * cell)), float(mark % 40 - 20), 0, 360, (60,), -1)
    return page


def _print_crowds(crowds: Sequence[dict[str, float]]) -> None:
    for row, crowd in enumerate(crowds):
        if row == 0:
            print(f"\n{'marks on a frame':18}{'regions':>9}{'left out':>10}{'median ms':>11}{'times the first':>17}")
        print(
            f"{crowd['marks']:<6.0f}{'at random' if crowd['scattered'] else '':12}{crowd['regions']:9.0f}"
            f"{crowd['dropped']:10.0f}{crowd['median_ms']:11.1f}{crowd['ratio']:17.1f}"
        )
