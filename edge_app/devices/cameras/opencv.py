"""USB and V4L2 cameras, network streams and video files through OpenCV; frames out."""

import logging
import os
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edge_app.errors import CameraError
from edge_app.frames import Frame, UInt8

log = logging.getLogger(__name__)

# What OpenCV and its FFmpeg print tells a user nothing that our errors do not, and would show passwords.
OPENCV_SETTINGS = {
    "OPENCV_FFMPEG_LOGLEVEL": "-8",  # AV_LOG_QUIET
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "rtsp_transport;tcp",  # UDP over Wi-Fi loses packets and smears the picture
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "5",  # seconds; its own 10 are twice as long as ours elsewhere
}
for setting, value in OPENCV_SETTINGS.items():
    os.environ.setdefault(setting, value)  # OpenCV reads them at the first camera; a user's own stay

OPEN_TIMEOUT_MS = 5_000  # a network camera that has not answered by then is retried by the loop
READ_TIMEOUT_MS = 5_000
V4L2_FOURCCS = ("MJPG", "YUYV")  # USB 2 carries 1280x720 at 30 fps only as MJPG; YUYV is what the rest can
FIRST_FRAMES = 5  # a USB camera may drop the first frames while it starts
FIRST_FRAMES_TIMEOUT_S = 4.0  # one that waited this long for a frame, and got none, yields none
DEFAULT_FPS = 30.0  # where a stream does not say


class OpenCVCamera:
    """An opened cv2.VideoCapture; see `edge_app.protocols.Camera`. Made by the functions below.

    Args:
        name: what a person calls it.
        capture: opened; owned and released by this object.
        live: False for a file, whose end is an end and whose frames have their own times.
    """

    def __init__(self, name: str, capture: Any, live: bool) -> None:
        self.name, self.live = name, live
        self._capture: Any | None = capture
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        self.fps = fps if 0.0 < fps < 1000.0 else DEFAULT_FPS
        self._sequence = 0
        self._newest_ns = 0
        self._ended = False

    def read(self) -> Frame | None:
        """The next frame, or None at the end of a file.

        Raises:
            CameraError: a live source yields nothing more, a file yields nothing at all, or it is closed.
        """
        if self._capture is None:
            raise CameraError(f"{self.name}: camera is closed")
        if self._ended:
            return None
        picture = _grab(self._capture)
        if picture is None:
            if self.live:
                raise CameraError(f"{self.name}: must go on yielding frames. It stopped after {self._sequence}")
            if self._sequence == 0:
                raise CameraError(f"{self.name}: must hold at least one frame that can be decoded. Received: none")
            self._ended = True
            return None
        frame = self._frame(picture)
        self._sequence += 1
        return frame

    def close(self) -> None:
        """Releases the device or file. Safe to call twice."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _frame(self, picture: UInt8) -> Frame:
        timestamp_ns = time.monotonic_ns() if self.live else self._position_ns()
        self._newest_ns = max(self._newest_ns, timestamp_ns)  # damaged files jump back
        if picture.ndim == 2:
            return Frame(picture, self._sequence, self._newest_ns)
        gray = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        return Frame(gray, self._sequence, self._newest_ns, make_bgr=lambda: picture)

    def _position_ns(self) -> int:
        """Where in the file the newest frame stands: phones film at a varying pace."""
        assert self._capture is not None
        position_ms = float(self._capture.get(cv2.CAP_PROP_POS_MSEC))
        if self._sequence > 0 and not position_ms > 0.0:  # a raw stream, which has no times
            position_ms = self._sequence * 1e3 / self.fps
        return round(position_ms * 1e6)


def open_v4l2(device: str, size_wh: tuple[int, int], fps: float) -> OpenCVCamera:
    """Opens a USB or other V4L2 camera.

    Args:
        device: path such as "/dev/video0".
        size_wh, fps: what is asked for; the camera gives the nearest it can.

    Raises:
        CameraError: there is no such device, it is in use, or it yields no pictures.
    """
    if not Path(device).exists():
        raise CameraError(f"{device}: no such camera; see `ls /dev/video*`")
    for fourcc in V4L2_FOURCCS:
        capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraError(f"{device}: must be a camera that is not in use. It cannot be opened")
        # Size and format must both be set: else some drivers hand out raw bytes instead of a picture.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*fourcc))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, size_wh[0])
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, size_wh[1])
        capture.set(cv2.CAP_PROP_FPS, fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest frame, not one that waited
        if _yields_pictures(capture):
            return OpenCVCamera(device, capture, live=True)
        capture.release()
    raise CameraError(f"{device}: must yield pictures as {' or '.join(V4L2_FOURCCS)}. Received: none")


def open_stream(url: str) -> OpenCVCamera:
    """Opens a network camera, RTSP over TCP so that no packet is lost.

    Args:
        url: rtsp:// or http(s)://; a password in it is not shown in names and messages.

    Raises:
        CameraError: it does not answer in time, or is no video.
    """
    timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
    capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, timeouts)
    if not capture.isOpened():
        raise CameraError(
            f"{without_password(url)}: must answer with a video within {OPEN_TIMEOUT_MS / 1000:g} s. It did not"
        )
    return OpenCVCamera(without_password(url), capture, live=True)


def open_video(path: Path, name: str | None = None) -> OpenCVCamera:
    """Opens a video file.

    Args:
        path: the file.
        name: what a person calls it; None for its path.

    Raises:
        CameraError: it is missing or no video that can be decoded.
    """
    if not path.is_file():
        raise CameraError(f"{path}: video file not found")
    # Absolute, since FFmpeg takes what stands before the colon of "12:30.mp4" for a protocol.
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise CameraError(
            f"{path}: must be a video that can be decoded. Received: {path.stat().st_size} bytes of another kind"
        )
    return OpenCVCamera(name or str(path), capture, live=False)


def without_password(url: str) -> str:
    """The URL fit to be shown and published: many cameras take the password in the query, too.

    >>> without_password("rtsp://me:secret@10.0.0.9/stream?password=secret")
    'rtsp://me:…@10.0.0.9/stream?…'
    """
    scheme, _, rest = url.partition("://")
    address, question, _ = rest.partition("?")
    credentials, at, host = address.rpartition("@")
    user, colon, _ = credentials.partition(":")
    shown = f"{user}:…@{host}" if at and colon else address
    return f"{scheme}://{shown}{'?…' if question else ''}"


def _yields_pictures(capture: Any) -> bool:
    """Whether one of the first frames is a picture; (1, bytes) is a frame that OpenCV could not convert."""
    start_s = time.monotonic()
    for _ in range(FIRST_FRAMES):
        picture = _grab(capture)
        if picture is not None and min(picture.shape[:2]) > 1:
            return True
        if time.monotonic() - start_s > FIRST_FRAMES_TIMEOUT_S:
            break
    return False


def _grab(capture: Any) -> UInt8 | None:
    """The next picture, or None where there is none."""
    try:
        found, picture = capture.read()
    except cv2.error as error:  # some backends raise where others say False
        log.debug("OpenCV could not read: %s", error)
        return None
    return picture if found and picture is not None and picture.size else None
