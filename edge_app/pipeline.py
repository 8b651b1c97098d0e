"""START HERE: one frame in, what it says out; the stages in order, one line each."""

import time
from dataclasses import dataclass, field

import cv2
import numpy as np

from edge_app.frames import Frame, FrameReadings, UInt8
from edge_app.protocols import Interpreter
from edge_app.stages.binarize import Polarity, binarize
from edge_app.stages.classify import classify
from edge_app.stages.crop import crop_regions
from edge_app.stages.quantize import dequantize, quantize, quantize_table
from edge_app.stages.readings import group_readings
from edge_app.stages.regions import RegionLimits, find_regions


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How a frame is read.

    Attributes:
        threshold: least probability of a digit that is believed, 0 to 1; the bundle's, or the user's.
        polarity: whether ink is "dark", "light", or found out for each frame.
        working_side_px: longer side of the picture that regions are sought in; a larger frame is
            shrunk to it, its crops still come from full resolution. 0 never shrinks.
        limits: what may be a digit.
    """

    threshold: float
    polarity: Polarity = "auto"
    working_side_px: int = 1280
    limits: RegionLimits = field(default_factory=RegionLimits)


class Pipeline:
    """Reads frames with one loaded model.

    Args:
        interpreter: the model; the caller closes it.
        settings: how a frame is read.
    """

    def __init__(self, interpreter: Interpreter, settings: ReadSettings) -> None:
        self._interpreter = interpreter
        self._settings = settings
        self._table = quantize_table(interpreter.input)

    def read(self, frame: Frame) -> FrameReadings:
        """Takes one frame through the stages.

        Raises:
            InterpreterError: the runtime or its delegate failed.
        """
        settings, watch = self._settings, _StopWatch()
        gray = frame.lores_gray if frame.lores_gray is not None else _working_size(frame.gray, settings.working_side_px)
        ink = binarize(gray, settings.polarity)
        watch.lap("binarize")
        resize_factor = gray.shape[1] / frame.gray.shape[1]
        region_map = find_regions(ink.mask, ink.dark_on_light, resize_factor, settings.limits)
        watch.lap("regions")
        crops = crop_regions(frame.gray, region_map)
        watch.lap("crop")
        tensor = quantize(crops.pictures, self._table)
        scores = dequantize(self._interpreter.invoke(tensor), self._interpreter.output)
        verdicts = classify(scores, region_map.regions, crops.contrasts, settings.threshold)
        watch.lap("classify")
        readings = group_readings(verdicts.digits, verdicts.doubtful, frame.size_wh)
        watch.lap("readings")
        return FrameReadings(readings, frame.size_wh, watch.total(), len(region_map.regions), region_map.dropped)


def _working_size(gray: UInt8, side_px: int) -> UInt8:
    """The picture that regions are sought in, at most `side_px` on its longer side; a view where it fits."""
    resize_factor = side_px / max(gray.shape) if side_px else 1.0
    if resize_factor >= 1.0:
        return gray
    size_wh = max(1, round(gray.shape[1] * resize_factor)), max(1, round(gray.shape[0] * resize_factor))
    return np.asarray(cv2.resize(gray, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)


class _StopWatch:
    """Milliseconds of each lap, by name, since it was made."""

    def __init__(self) -> None:
        self._start_ns = self._lap_ns = time.perf_counter_ns()
        self._laps_ms: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now_ns = time.perf_counter_ns()
        self._laps_ms[name] = (now_ns - self._lap_ns) / 1e6
        self._lap_ns = now_ns

    def total(self) -> dict[str, float]:
        return {**self._laps_ms, "total": (time.perf_counter_ns() - self._start_ns) / 1e6}
