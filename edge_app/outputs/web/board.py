"""The newest turn of the loop in, what the page shows of it out: records as JSON, pictures as JPEG, a history.

The loop's thread puts turns in; the page's threads take them out. Nothing is encoded that nobody asks for.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from edge_app.frames import BoxXYWH, Moment, UInt8
from edge_app.outputs.contract import (
    Record,
    encode,
    moment_record,
    number_record,
    status_record,
    timestamp,
    tuning_record,
)
from edge_app.status import LoopStatus, Phase

HISTORY = 50  # newest readings that are kept
THUMB_HEIGHT_PX = 48
THUMB_MARGIN = 0.4  # of the number's height, around it
STREAM_SIDE_PX = 1280  # larger pictures are shrunk: it is what a phone shows
STREAM_QUALITY, SNAPSHOT_QUALITY = 78, 92  # JPEG
STALE_S = 10.0  # without a frame: reading has stopped


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A number that was published.

    Attributes:
        number: counts from 1.
        record: for the page.
        picture: (h, w) uint8 of it and some paper around it.
    """

    number: int
    record: Record
    picture: UInt8


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame for a screen.

    Attributes:
        frame: its sequence number.
        jpeg: the picture, at most STREAM_SIDE_PX on its longer side.
    """

    frame: int
    jpeg: bytes


class Board:
    """See the module. `on_turn` is called in the loop's thread, where somebody waits for turns.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._history: deque[Entry] = deque(maxlen=HISTORY)
        self._entries = 0
        self._frame_s = clock()
        self.newest: LoopStatus | None = None
        self.turn = 0
        self.watched = 0
        self.on_turn: Callable[[], None] = lambda: None

    def observe(self, status: LoopStatus) -> None:
        """Takes a turn; costs next to nothing unless a number was published or somebody watches."""
        before, self.newest = self.newest, status
        self.turn += 1
        moment = status.moment
        if moment is not None and (before is None or moment is not before.moment):
            self._frame_s = self._clock()
            self._remember(moment)
        if self.watched:
            self.on_turn()

    @property
    def alive(self) -> bool:
        """Whether frames are being read."""
        newest = self.newest
        return newest is not None and newest.phase is Phase.READING and self._clock() - self._frame_s < STALE_S

    def readings(self) -> bytes | None:
        """What is published, as `run --json` prints it; None before the first frame."""
        moment = self._moment()
        return None if moment is None else encode(moment_record(moment))

    def status(self) -> bytes | None:
        """How the loop is; None before its first turn."""
        newest = self.newest
        return None if newest is None else encode(status_record(newest) | {"description": newest.description})

    def seen(self) -> bytes:
        """What the newest frame alone says, published or not."""
        moment = self._moment()
        readings = () if moment is None else moment.seen.readings
        return encode({"numbers": [number_record(reading) | {"whole": reading.whole} for reading in readings]})

    def settings(self) -> Record | None:
        """How frames are read now and after a reload; None where that cannot be changed."""
        newest = self.newest
        if newest is None or newest.tuning is None or newest.configured is None:
            return None
        return {"tuning": tuning_record(newest.tuning), "configured": tuning_record(newest.configured)}

    def history(self) -> bytes:
        """The newest publications, the newest first."""
        with self._lock:
            return encode({"readings": [entry.record for entry in reversed(self._history)]})

    def thumb(self, number: int) -> bytes | None:
        """The picture of a publication as JPEG; None where it is no longer kept."""
        with self._lock:
            entry = next((entry for entry in self._history if entry.number == number), None)
        return None if entry is None else _jpeg(_thumb(entry.picture), STREAM_QUALITY)

    def picture(self) -> Picture | None:
        """The newest frame for a screen; None before the first one."""
        moment = self._moment()
        if moment is None:
            return None
        return Picture(moment.frame.sequence, _jpeg(_shrunk(moment.frame.bgr()), STREAM_QUALITY))

    def snapshot(self) -> bytes | None:
        """The newest frame as JPEG, as good as the camera's; None before the first one."""
        moment = self._moment()
        return None if moment is None else _jpeg(moment.frame.bgr(), SNAPSHOT_QUALITY)

    def layer(self, name: str) -> bytes | None:
        """What the stages make of the newest frame, as PNG: its "mask" or its "crops"; None before the first one."""
        moment = self._moment()
        if moment is None or moment.make_layers is None:
            return None
        layers = moment.make_layers()
        _, buffer = cv2.imencode(".png", layers.crops if name == "crops" else _shrunk(layers.mask))
        return buffer.tobytes()

    def _moment(self) -> Moment | None:
        newest = self.newest
        return None if newest is None else newest.moment

    def _remember(self, moment: Moment) -> None:
        for reading in moment.new:
            self._entries += 1
            record = number_record(reading) | {"id": self._entries, "timestamp": timestamp(moment.wall_time_s)}
            entry = Entry(self._entries, record, _cut(moment.frame.gray, reading.box_xywh))
            with self._lock:
                self._history.append(entry)


def _cut(gray: UInt8, box: BoxXYWH) -> UInt8:
    """A copy of the box and some paper around it."""
    x, y, width, height = box
    margin = round(THUMB_MARGIN * height)
    return gray[max(0, y - margin) : y + height + margin, max(0, x - margin) : x + width + margin].copy()


def _thumb(picture: UInt8) -> UInt8:
    factor = THUMB_HEIGHT_PX / picture.shape[0]
    size_wh = max(1, round(picture.shape[1] * factor)), THUMB_HEIGHT_PX
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _shrunk(picture: UInt8) -> UInt8:
    factor = STREAM_SIDE_PX / max(picture.shape[:2])
    if factor >= 1:
        return picture
    size_wh = max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor))
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _jpeg(picture: UInt8, quality: int) -> bytes:
    _, buffer = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return buffer.tobytes()
