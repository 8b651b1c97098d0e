"""A camera without hardware: a script of frames and failures, or a little scene of its own."""

import time
from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np

from edge_app.errors import CameraError
from edge_app.frames import Frame, UInt8

SCENE_TEXT = "407 12"
SCENE_SWING_PX = 40  # how far the scene drifts to either side


class FakeCamera:
    """Plays a script; see `edge_app.protocols.Camera`.

    Attributes:
        closed: how often it was closed.
        failure: what every read raises while it is set: a camera that vanished. None brings it back.

    Args:
        script: pictures (H, W) uint8 to yield as frames, errors to raise once, or None to end.
        name, live: what it claims to be.
        fps: its pace; frames are due at whole periods of it.
        clock, sleep: seconds, so that a test need not wait; `sleep=None` yields frames at once.
    """

    def __init__(
        self,
        script: Iterable[UInt8 | CameraError | None],
        *,
        name: str = "fake",
        live: bool = True,
        fps: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.name, self.live, self.fps = name, live, fps
        self.closed = 0
        self.failure: CameraError | None = None
        self._script = iter(script)
        self._clock, self._sleep = clock, sleep
        self._start_s: float | None = None
        self._sequence = 0
        self._ended = False

    def read(self) -> Frame | None:
        """The next turn of the script.

        Raises:
            CameraError: the script or `failure` says so, or it was closed.
        """
        if self.closed:
            raise CameraError(f"{self.name}: camera is closed")
        if self.failure is not None:
            raise self.failure
        turn = None if self._ended else next(self._script, None)
        if turn is None:
            self._ended = True
            return None
        if isinstance(turn, CameraError):
            raise turn
        frame = Frame(turn, self._sequence, round(self._wait_until_due() * 1e9))
        self._sequence += 1
        return frame

    def close(self) -> None:
        """Safe to call twice."""
        self.closed += 1

    def _wait_until_due(self) -> float:
        """Seconds at which the next frame is due: of the clock, or from 0 for a camera without pace."""
        if self._sleep is None:
            return self._sequence / self.fps
        now_s = self._clock()
        if self._start_s is None:
            self._start_s = now_s
        due_s = self._start_s + self._sequence / self.fps
        self._sleep(max(0.0, due_s - now_s))
        return due_s


def scene(size_wh: tuple[int, int], text: str = SCENE_TEXT) -> Iterator[UInt8]:
    """Endless pictures of a text that drifts slowly to and fro, dark on a light page.

    Args:
        size_wh: width and height in pixels.
        text: what is drawn; made small enough to fit.

    Yields:
        (H, W) uint8, a fresh array each.
    """
    width, height = size_wh
    font_size, thickness = height / 240, max(2, height // 90)
    (text_width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, font_size, thickness)
    font_size *= min(1.0, 0.8 * width / text_width)
    (text_width, text_height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, font_size, thickness)
    left, baseline = (width - text_width) // 2, (height + text_height) // 2
    step = 0
    while True:
        picture = np.full((height, width), 225, dtype=np.uint8)
        drift = round(SCENE_SWING_PX * float(np.sin(step / 60)))
        corner = left + drift, baseline
        cv2.putText(picture, text, corner, cv2.FONT_HERSHEY_SIMPLEX, font_size, (40,), thickness, cv2.LINE_AA)
        yield picture
        step += 1
