"""The subcommand bench: times each stage on the frames of the sample clip, or of a file."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from edge_app.assemble import build_pipeline, open_model, plan_camera
from edge_app.config import LoadedConfig
from edge_app.errors import CameraError, ConfigError
from edge_app.frames import Frame, FrameReadings
from edge_app.protocols import Camera

EXIT_OK = 0
WARM_UP_FRAMES = 10  # the first invokes allocate; caches fill


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
    report = {
        "source": config.camera.source,
        "model": model.bundle.id,
        "interpreter": model.interpreter.name,
        "frames": len(frames),
        "size": list(frames[0].size_wh),
        "regions_per_frame": float(np.mean([readings.regions_found for readings in timed])),
        "stages_ms": figures,
    }
    if args.json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    else:
        _print_table(report, figures)
    return EXIT_OK


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
