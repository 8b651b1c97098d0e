"""The subcommands run, read, check and config: arguments and config in, an exit code out."""

import argparse
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import msgspec

from edge_app.agreement import Agreement, load_truth
from edge_app.assemble import (
    CameraPlan,
    build_outputs,
    build_pipeline,
    build_reader,
    bundle_paths,
    load_model,
    max_pixels,
    model_flags,
    open_model,
    plan_camera,
    reload_reader,
    self_test,
    wants_window,
)
from edge_app.bundle import verify_in_child
from edge_app.config import Config, LoadedConfig, toml_value, values_of
from edge_app.config import Output as OutputConfig
from edge_app.connect import Controls, build_observers, build_plausibility, wants_page
from edge_app.devices.cameras import embedded_clip_path
from edge_app.devices.cameras.images import list_images, read_image
from edge_app.errors import ImageError, OutputError
from edge_app.frames import FrameReadings, Moment, UInt8
from edge_app.outputs.contract import encode, error_record, image_record
from edge_app.outputs.picture import save_snapshot, write_picture
from edge_app.protocols import Command
from edge_app.reloads import Reloads
from edge_app.requests import Requests
from edge_app.service import LoopSettings, RunSummary, Service
from edge_app.stages.overlay import draw_overlay

EXIT_OK, EXIT_FAILED = 0, 1

log = logging.getLogger(__name__)


def run(args: argparse.Namespace, loaded: LoadedConfig) -> int:
    """Reads from a camera until it ends or somebody asks to stop."""
    config = loaded.config
    model = open_model(config)
    log.info("model: %s %s on %s", model.bundle.manifest.name, model.bundle.id, model.interpreter.name)
    plan = plan_camera(config)
    referee = _Referee(_truth_file(plan))
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
    )
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: service.request_stop())
    if observers:  # a run by hand ends with its terminal
        signal.signal(signal.SIGHUP, lambda *_: reloads.request())
    summary = service.run()
    _print_summary(summary, referee, config.output, sys.stderr if config.output.json else sys.stdout)
    return EXIT_OK


def read(args: argparse.Namespace, loaded: LoadedConfig) -> int:
    """Reads pictures, each once; one that cannot be read does not stop the others."""
    config = loaded.config
    model = open_model(config)
    pipeline = build_pipeline(config, model)
    if args.overlay is not None:
        _make_folder(args.overlay)
    failed, overlays = False, set[str]()
    for path in _pictures(args.images):
        try:
            frame = read_image(path, max_pixels=max_pixels(config))
        except ImageError as error:
            failed = True
            print(f"edge-app: error: {error}", file=sys.stderr)
            if args.json:
                _print_line(encode(error_record(str(path), str(error))))
            continue
        readings = pipeline.read(frame)
        if readings.regions_dropped:
            log.warning("%s: %d regions over the cap (detect.max_regions) left out", path, readings.regions_dropped)
        _print_readings(path, readings, model.bundle.id, args.json)
        if args.overlay is not None:
            overlay = draw_overlay(frame.bgr(), readings.readings, fps=None, model=model.bundle.id)
            write_picture(overlay, args.overlay / _unused(f"{path.name}.overlay.png", overlays))
    return EXIT_FAILED if failed else EXIT_OK


def check(args: argparse.Namespace, loaded: LoadedConfig) -> int:
    """Verifies a bundle, by default with its model in a process of its own."""
    config = loaded.config
    if args.folder is not None:
        config = msgspec.structs.replace(config, model=msgspec.structs.replace(config.model, bundle=str(args.folder)))
    report = (
        _check_in_process(config) if args.in_process else verify_in_child(bundle_paths(config)[0], model_flags(config))
    )
    if args.json:
        _print_line(msgspec.json.encode(report))
    else:
        print("\n".join(f"{name + ':':22}{value}" for name, value in report.items()))
    return EXIT_OK


def config(args: argparse.Namespace, loaded: LoadedConfig) -> int:
    """Prints each value and where it comes from."""
    values = values_of(loaded.config)
    if args.json:
        rows = {
            f"{section}.{name}": {"value": value, "origin": loaded.origins[section, name]}
            for (section, name), value in values.items()
        }
        _print_line(msgspec.json.encode(rows))
        return EXIT_OK
    for (section, name), value in values.items():
        text = toml_value(value)
        print(f"{f'{section}.{name}':26} = {text:12}  # {loaded.origins[section, name]}")
    return EXIT_OK


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


def _check_in_process(config: Config) -> dict[str, Any]:
    model = load_model(config, bundle_paths(config)[0], verify=False)
    replay = self_test(model)
    return {
        "bundle": str(model.bundle.path),
        "id": model.bundle.id,
        "name": model.bundle.manifest.name,
        "interpreter": model.interpreter.name,
        "golden crops": replay.crops,
        "labels changed": replay.labels_changed,
        "largest difference": replay.largest_difference,
        "tolerance": model.bundle.manifest.golden.tolerance,
    }


def _pictures(paths: Sequence[Path]) -> Iterator[Path]:
    """The paths with each folder replaced by the pictures in it; one without any stays, to be refused."""
    for path in paths:
        try:
            found = list_images(path) if path.is_dir() else []
        except (ImageError, OSError):  # `read_image` will say why, in its turn
            found = []
        yield from found or (path,)


def _print_readings(path: Path, readings: FrameReadings, model: str, as_json: bool) -> None:
    if as_json:
        _print_line(encode(image_record(str(path), readings, model)))
        return
    found = "  ".join(f"{reading.text} ({reading.confidence:.2f})" for reading in readings.readings)
    print(f"{path}: {found or 'no digits'}", flush=True)


def _unused(name: str, used: set[str]) -> str:
    """The name, numbered where it was used before: two folders may hold pictures of one name."""
    unused, number = name, 2
    while unused in used:
        unused = f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    used.add(unused)
    return unused


def _print_line(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} must be a folder that can be written. Received: {error.strerror}") from error
