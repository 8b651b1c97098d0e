"""The subcommands read, check and config: arguments and config in, an exit code out."""

import argparse
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from edge_app.build import build_pipeline, max_pixels
from edge_app.bundle import verify_in_child
from edge_app.config import Config, LoadedConfig, toml_value, values_of
from edge_app.confine import MEMORY, confine
from edge_app.devices.cameras.images import list_images, read_image
from edge_app.errors import BundleError, ImageError, OutputError
from edge_app.frames import FrameReadings
from edge_app.outputs.contract import encode, error_record, image_record
from edge_app.outputs.picture import write_picture
from edge_app.verified import bundle_paths, load_model, model_flags, open_model, self_test

EXIT_OK, EXIT_FAILED = 0, 1

log = logging.getLogger(__name__)


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
            from edge_app.stages.overlay import draw_overlay  # few ask for it, and its import takes time

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


def _check_in_process(config: Config) -> dict[str, Any]:
    confine()
    path = bundle_paths(config)[0]
    try:
        model = load_model(config, path, verify=False)
        replay = self_test(model)
    except MemoryError as error:
        raise BundleError(f"{path}: the model must load and answer within {MEMORY >> 20} MiB. It takes more") from error
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
