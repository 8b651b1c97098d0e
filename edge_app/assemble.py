"""A checked config in, the parts of the loop that it asks for out: a reader, a camera opener, outputs."""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edge_app.build import build_pipeline, confidence_threshold, max_pixels, parse_roi
from edge_app.config import Config, Key, LoadedConfig, load_config
from edge_app.devices.cameras import is_live_source, open_camera
from edge_app.errors import CameraError, ConfigError
from edge_app.manifest import Manifest
from edge_app.outputs.contract import tuning_record
from edge_app.outputs.jsonlines import JsonLines
from edge_app.outputs.logfile import LogFile
from edge_app.outputs.picture import Picture
from edge_app.outputs.sheet import ContactSheet
from edge_app.outputs.video import Video
from edge_app.outputs.window import Window, display_available
from edge_app.protocols import Camera, Output
from edge_app.reloads import Reader
from edge_app.stages.plausible import PlausibleLimits
from edge_app.stages.track import TrackLimits
from edge_app.status import Tuning
from edge_app.verified import Model, bundle_paths, load_model

log = logging.getLogger(__name__)

PUBLISHED_DOUBT = 0.2  # of the doubt that one picture is allowed: the most that a published digit has on average
FALLBACK_VIDEO_FPS = 30.0  # for a source without a pace of its own


def track_limits(config: Config, model: Model) -> TrackLimits:
    """The configured evidence; what is published may be acted on by machines, so that it has to be surer."""
    publish, doubt = config.publish, 1.0 - confidence_threshold(config, model)
    return TrackLimits(publish.confirm_frames, publish.forget_frames, 1.0 - PUBLISHED_DOUBT * doubt)


def build_reader(config: Config, model: Model) -> Reader:
    """What the loop reads frames with."""
    return Reader(
        build_pipeline(config, model, glance=True),
        track_limits(config, model),
        model.bundle.id,
        model.problem,
        model.interpreter.close,
        describe(model.bundle.manifest),
        plausible_limits(config),
        tuning_of(config, model),
        lambda tuning: build_reader(tuned(config, tuning), model),
    )


def tuning_of(config: Config, model: Model) -> Tuning:
    """What can be changed while frames are read, as the config has it."""
    return Tuning(parse_roi(config.detect.roi), config.detect.orientation, confidence_threshold(config, model))


def tuned(config: Config, tuning: Tuning) -> Config:
    """The config with what was changed meanwhile."""
    values = tuning_values(tuning)
    detect = msgspec.structs.replace(
        config.detect, roi=values["detect", "roi"], orientation=values["detect", "orientation"]
    )
    read = msgspec.structs.replace(config.read, confidence=values["read", "confidence"])
    return msgspec.structs.replace(config, detect=detect, read=read)


def tuning_values(tuning: Tuning) -> dict[Key, Any]:
    """The keys of the config that it stands for."""
    record = tuning_record(tuning)
    roi = "" if record["roi"] is None else ", ".join(f"{share:g}" for share in record["roi"])
    return {
        ("detect", "roi"): roi,
        ("detect", "orientation"): record["orientation"],
        ("read", "confidence"): record["confidence"],
    }


def plausible_limits(config: Config) -> PlausibleLimits:
    """What the configured number can be; -1 stands for no limit."""
    plausible = config.plausible

    def limit(value: float) -> float | None:
        return None if value < 0 else value

    return PlausibleLimits(
        plausible.digits,
        limit(plausible.minimum),
        limit(plausible.maximum),
        limit(plausible.max_step_per_hour),
        plausible.never_decreasing,
    )


def describe(manifest: Manifest) -> str:
    """A bundle in a line, e.g. "compact, 99.58 % of the MNIST test digits"."""
    accuracy = manifest.metrics.get("int8_ten_classes")
    return manifest.name + (f", {accuracy:.2%} of the MNIST test digits" if isinstance(accuracy, float) else "")


def reload_reader(loaded: LoadedConfig) -> Reader:
    """The same from a config that is read anew. The bundle that is meant has to be good: there is one in use.

    Raises:
        ConfigError: the config is refused.
        BundleError: the bundle is refused.
        InterpreterError: the runtime or delegate is not to be had.
    """
    config = load_config(loaded.file, flags=loaded.flags).config
    return build_reader(config, load_model(config, bundle_paths(config)[0]))


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """How frames are to be had.

    Attributes:
        source: the string that chose the camera; the fallback's where that was taken.
        open: opens it, again and again; raises CameraError.
        live: whether it has its own pace and is worth trying again when it fails.
        fps: frames a second to expect.
    """

    source: str
    open: Callable[[], Camera]
    live: bool
    fps: float


def plan_camera(config: Config) -> CameraPlan:
    """Decides which camera to read from: the configured one, or the fallback where "auto" finds none.

    Raises:
        CameraError: the source is a file or folder that cannot be opened; a missing camera is no error
            yet, since it may come.
    """
    camera = config.camera

    def open_source() -> Camera:
        size_wh = camera.width, camera.height
        return open_camera(source, size_wh=size_wh, fps=camera.fps, max_pixels=max_pixels(config))

    source, opened = camera.source, []
    if source == "auto" and camera.fallback:
        try:
            opened.append(open_source())
        except CameraError as error:
            log.info("%s", error)
            log.info("playing %s instead", camera.fallback)
            source = camera.fallback
    live = is_live_source(source)
    if not live:
        opened.append(open_source())
    fps = opened[0].fps if opened else camera.fps
    return CameraPlan(source, lambda: opened.pop() if opened else open_source(), live, fps)


def build_outputs(config: Config, fps: float) -> list[Output]:
    """The configured outputs, the window last, since it waits for the screen.

    Args:
        config: says which.
        fps: frames a second of the camera, for the video; 0.0 where it has none.

    Raises:
        OutputError: one cannot be opened.
        ConfigError: a window is demanded where there is no display.
    """
    output = config.output
    outputs: list[Output] = []
    if output.json:
        outputs.append(JsonLines(sys.stdout.buffer))
    if output.video:
        outputs.append(Video(Path(output.video), fps or FALLBACK_VIDEO_FPS))
    if output.sheet:
        outputs.append(ContactSheet(Path(output.sheet)))
    if output.picture:
        outputs.append(Picture(Path(output.picture)))
    if output.log:
        outputs.append(LogFile(Path(output.log), round(output.log_max_mb * 1e6), output.log_files))
    if wants_window(config):
        outputs.append(Window())
    return outputs


def wants_window(config: Config) -> bool:
    """Whether a window is to be opened.

    Raises:
        ConfigError: one is demanded where there is no display.
    """
    if config.output.window == "on" and not display_available():
        raise ConfigError('output.window: "on" needs a display. Received: no X server answers at DISPLAY')
    return config.output.window != "off" and display_available()
