"""Readings in, the public JSON record out: what `read --json`, `run --json`, MQTT and the web page all carry.

`edge_app/assets/readings.schema.json` states the same in JSON Schema; a change to either bumps `SCHEMA`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import msgspec

from edge_app.frames import Digit, FrameReadings, Moment, Reading, Withheld
from edge_app.status import LoopStatus, Tuning

SCHEMA = 1  # first key of every record, so that a reader can tell records of another shape
CONFIDENCE_DECIMALS = 4  # an INT8 output has 256 steps; more decimals would be noise
TIMING_DECIMALS = 3  # microseconds
LATENCY_DECIMALS = 1  # milliseconds, of a status; the readings' own records have more
SHARE_DECIMALS = 4  # of a picture's side: half a pixel of the largest cameras

Record: TypeAlias = dict[str, Any]


def image_record(source: str, readings: FrameReadings, model: str) -> Record:
    """What one picture says, for `read --json`.

    Args:
        source: the picture's path as the person gave it.
        readings: what the pipeline made of it.
        model: the bundle's id.

    Returns:
        Plain values only, "schema" first.

    >>> image_record("a.png", FrameReadings((), (64, 48), {"total": 1.23456}), "00c0ffee00c0ffee")
    {'schema': 1, 'source': 'a.png', 'width': 64, 'height': 48, 'model': '00c0ffee00c0ffee', \
'numbers': [], 'timing_ms': {'total': 1.235}}
    """
    width, height = readings.size_wh
    return {
        "schema": SCHEMA,
        "source": printable(source),
        "width": int(width),
        "height": int(height),
        "model": model,
        "numbers": [number_record(reading) for reading in readings.readings],
        "timing_ms": _timing(readings.timing_ms),
    }


def moment_record(moment: Moment) -> Record:
    """What a turn of the loop says, for `run --json`: the published numbers, not those that this frame alone shows.

    Args:
        moment: the turn.

    Returns:
        An `image_record` with "frame" (sequence number) and "timestamp" (RFC 3339, UTC, milliseconds).
    """
    width, height = moment.frame.size_wh
    published = FrameReadings(moment.published, (width, height), moment.seen.timing_ms)
    record = image_record(moment.source, published, moment.model)
    return record | {"frame": int(moment.frame.sequence), "timestamp": timestamp(moment.wall_time_s)}


def status_record(status: LoopStatus) -> Record:
    """How the loop is, for `edge-app status --json`, the web page and MQTT: plain values only."""
    moment = status.moment
    return {
        "phase": status.phase.value,
        "problem": printable(status.problem),
        "advice": list(status.advice),
        "model": status.model,
        "model_frames": status.model_frames,
        "camera": printable(status.camera),
        "fps": 0.0 if moment is None else round(moment.fps, 1),
        "latency_ms": 0.0 if moment is None else round(moment.seen.timing_ms.get("total", 0.0), LATENCY_DECIMALS),
        "frames": status.frames,
        "dropped": status.dropped,
        "still": status.still,
        "camera_losses": status.camera_losses,
        "publications": status.publications,
        "publishing": not status.held,
        "readings": [] if moment is None else [reading.text for reading in moment.published],
        "withheld": [] if moment is None else [withheld_record(withheld) for withheld in moment.withheld],
        "read_at": None if moment is None else timestamp(moment.wall_time_s),
        "uptime_s": round(status.uptime_s, 1),
        "snapshot": printable(status.snapshot),
        "reload": {"under_way": status.reload.under_way, "done": status.reload.done, "refused": status.reload.refused},
    }


def withheld_record(withheld: Withheld) -> Record:
    """A number that is not published, and why."""
    return number_record(withheld.reading) | {"reason": withheld.reason}


def tuning_record(tuning: Tuning) -> Record:
    """How frames are read, as the page and the file of its settings have it."""
    roi = None if tuning.roi is None else [round(share, SHARE_DECIMALS) for share in tuning.roi]
    return {"roi": roi, "orientation": tuning.orientation, "confidence": round(tuning.confidence, SHARE_DECIMALS)}


def error_record(source: str, message: str) -> Record:
    """What stands in the place of a picture that could not be read.

    >>> error_record("a.png", "file is empty")
    {'schema': 1, 'source': 'a.png', 'error': 'file is empty'}
    """
    return {"schema": SCHEMA, "source": printable(source), "error": printable(message)}


def encode(record: Record) -> bytes:
    """One line of UTF-8 JSON, without the line end; line ends within texts are escaped."""
    return msgspec.json.encode(record)


def timestamp(wall_time_s: float) -> str:
    """RFC 3339 in UTC with milliseconds.

    Args:
        wall_time_s: seconds since the epoch.

    >>> timestamp(0.25)
    '1970-01-01T00:00:00.250Z'
    """
    return datetime.fromtimestamp(wall_time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def printable(text: str) -> str:
    r"""`text` with what UTF-8 cannot carry escaped: a file name need not be valid UTF-8.

    >>> printable("caf\udce9.png")
    'caf\\udce9.png'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def number_record(reading: Reading) -> Record:
    """One written number with its digits, left to right."""
    return {
        "text": reading.text,
        "confidence": _confidence(reading.confidence),
        "box": [int(value) for value in reading.box_xywh],
        "digits": [_digit(digit) for digit in reading.digits],
    }


def _digit(digit: Digit) -> Record:
    """One digit; `int` and `float` because numpy's own numbers may be in it, which JSON encoders refuse."""
    return {
        "digit": int(digit.digit),
        "confidence": _confidence(digit.confidence),
        "box": [int(value) for value in digit.box_xywh],
    }


def _confidence(confidence: float) -> float:
    """Rounded to what an INT8 model can tell apart."""
    return round(float(confidence), CONFIDENCE_DECIMALS)


def _timing(timing_ms: Mapping[str, float]) -> dict[str, float]:
    """Milliseconds rounded to microseconds."""
    return {stage: round(float(elapsed_ms), TIMING_DECIMALS) for stage, elapsed_ms in timing_ms.items()}
