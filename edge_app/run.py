"""The subcommand run: a camera read until it ends or somebody asks to stop."""

import argparse
import logging
import signal
import sys
from pathlib import Path
from typing import TextIO

from edge_app.agreement import Agreement, load_truth
from edge_app.assemble import CameraPlan, build_outputs, build_reader, plan_camera, reload_reader, wants_window
from edge_app.config import Config, LoadedConfig
from edge_app.config import Output as OutputConfig
from edge_app.connect import Controls, build_observers, build_plausibility, wants_page
from edge_app.devices.board import board_celsius
from edge_app.devices.cameras import embedded_clip_path
from edge_app.errors import ImageError
from edge_app.frames import Moment, UInt8
from edge_app.memory import keep_loaded
from edge_app.outputs.picture import save_snapshot
from edge_app.pace import Pace, PaceLimits
from edge_app.protocols import Command
from edge_app.reloads import Reloads
from edge_app.requests import Requests
from edge_app.service import LoopSettings, RunSummary, Service
from edge_app.verified import open_model

EXIT_OK, EXIT_FAILED = 0, 1

log = logging.getLogger(__name__)


def run(args: argparse.Namespace, loaded: LoadedConfig) -> int:
    """Reads from a camera until it ends or somebody asks to stop."""
    config = loaded.config
    model = open_model(config)
    log.info("model: %s %s on %s", model.bundle.manifest.name, model.bundle.id, model.interpreter.name)
    plan = plan_camera(config)
    # The truth counts frames from the start, and a file that begins again has several.
    referee = _Referee(None if config.camera.loop else _truth_file(plan))
    reloads = Reloads(lambda: reload_reader(loaded))
    requests = Requests()
    observers = build_observers(loaded, Controls(requests, reloads.request))
    service = Service(
        plan.open,
        build_reader(config, model),
        [referee, *build_outputs(config, plan.fps)],
        LoopSettings(
            realtime=(wants_window(config) or wants_page(config)) and not args.fast,
            loop=config.camera.loop,
            skip_still=config.detect.skip_still,
            retry_camera=plan.live,
            retry_max_s=config.camera.retry_max_s,
            summary_s=config.log.summary_s,
        ),
        save_snapshot=lambda overlay: save_snapshot(overlay, Path(config.output.snapshots)),
        reloads=reloads,
        observers=observers,
        requests=requests,
        plausibility=build_plausibility(config),
        pace=Pace(
            PaceLimits(config.service.max_fps, config.service.max_busy, config.service.hot_celsius), board_celsius
        ),
    )
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: service.request_stop())
    if observers:  # a run by hand ends with its terminal
        signal.signal(signal.SIGHUP, lambda *_: reloads.request())
    keep_loaded()
    summary = service.run()
    _print_summary(summary, referee, config.output, sys.stderr if config.output.json else sys.stdout)
    return EXIT_OK


def pace_limits(config: Config) -> PaceLimits:
    """What the loop may take of the board."""
    service = config.service
    return PaceLimits(service.max_fps, service.max_busy, service.hot_celsius)


class _Referee:
    """An output that compares what is published with the truth, where a source comes with it.

    Args:
        truth: the truth file; None where there is none.
    """

    name = "agreement"
    wants_overlay = False

    def __init__(self, truth: Path | None) -> None:
        self.agreement: Agreement | None = None
        try:
            self.agreement = Agreement(load_truth(truth)) if truth is not None else None
        except ImageError as error:  # a file of that name may be anything
            log.warning("no comparison with the truth: %s", error)

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        """Takes what is published as of this frame."""
        if self.agreement is not None:
            self.agreement.update(moment.frame.sequence, moment.published)
        return None

    def close(self) -> None:
        """Nothing to complete."""


def _truth_file(plan: CameraPlan) -> Path | None:
    """The JSON file that says what is written in a video: it stands beside it under the same name."""
    video = embedded_clip_path() if plan.source == "clip" else Path(plan.source)
    if plan.live or not video.is_file():
        return None
    truth = video.with_suffix(".json")
    return truth if truth.is_file() else None


def _print_summary(summary: RunSummary, referee: _Referee, output: OutputConfig, stream: TextIO) -> None:
    """What the run did, and where its files are."""
    fps = summary.frames / summary.seconds if summary.seconds else 0.0
    busy_ms = 1e3 * summary.busy_s / max(summary.frames, 1)
    print(
        f"{summary.frames} frames in {summary.seconds:.1f} s ({fps:.0f} a second, {busy_ms:.1f} ms each to read), "
        f"{summary.publications} numbers published",
        file=stream,
    )
    if summary.newest:
        print("readings: " + " ".join(text for _, text in summary.newest), file=stream)
    if referee.agreement is not None:
        print(f"agreement with the truth: {referee.agreement.summary()}", file=stream)
    for what, path in (("video", output.video), ("contact sheet", output.sheet), ("picture", output.picture)):
        if path and Path(path).exists():
            print(f"{what}: {path}", file=stream)
