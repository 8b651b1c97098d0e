"""Moments in, an annotated video file out."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import cv2

from edge_app.errors import OutputError
from edge_app.frames import Moment, UInt8
from edge_app.outputs.caption import letterbox
from edge_app.outputs.picture import check_folder
from edge_app.protocols import Command

CODECS: Mapping[str, str] = MappingProxyType({".mp4": "mp4v", ".avi": "MJPG", ".webm": "VP80"})
"""Suffix to FourCC; all three are in every opencv-python wheel."""

# What must stay free on the disk. cv2.VideoWriter reports no failed write, and an MP4 is playable only with its index,
# which is written last and takes some 20 bytes a frame: 32 MiB is enough for 22 hours at 20 frames a second, and for
# what the encoder and the file system still hold back.
MAX_STILL_S = 2.0  # a longer gap between two frames, or a jump back, is left out of the video
RESERVE_BYTES = 32 * 2**20


class Video:
    """A video of what the overlay showed, in real time; see `edge_app.protocols.Output`.

    A camera's frames come when they come, a video's at an even pace: a frame is repeated or left out so that
    the video keeps step with the frames' own timestamps.
    """

    wants_overlay = True

    def __init__(
        self,
        path: Path,
        fps: float,
        *,
        free_bytes: Callable[[Path], int] | None = None,
    ) -> None:
        """Takes the file's name; the file is made at the first frame, whose size the video keeps.

        Args:
            path: ends in .mp4, .avi or .webm; an existing file is overwritten.
            fps: frames a second of the video, above 0.
            free_bytes: tells the free space of a folder; the default asks the file system.

        Raises:
            OutputError: another suffix, no folder to write in, or a disk that is nearly full.
            ValueError: `fps` is out of range.
        """
        if path.suffix.lower() not in CODECS:
            raise OutputError(f"video file must end in {', '.join(CODECS)}. Received: {path}")
        if not 0 < fps <= 1000:
            raise ValueError(f"video fps must be above 0 and at most 1000. Received: {fps}")
        check_folder(path)
        self._path, self._fps = path, fps
        self._free_bytes = free_bytes or free_bytes_of
        self._writer: cv2.VideoWriter | None = None
        self._size_wh = (0, 0)
        self._start_ns, self._written = 0, 0
        self._closed = False
        self._check_space()

    @property
    def name(self) -> str:
        """E.g. "video out.mp4"."""
        return f"video {self._path}"

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        """Adds a frame; one of another size than the first is fitted into that size.

        Raises:
            OutputError: the disk is nearly full (after `close` the file is playable), the codec is missing, or the
                file was closed.
        """
        if overlay_bgr is None:
            return None
        if self._closed:
            raise OutputError(f"video {self._path} is closed. Open a new one to record on")
        self._check_space()
        if self._writer is None:
            self._writer = self._open(overlay_bgr)
        try:
            for _ in range(self._copies(moment.frame.timestamp_ns)):
                self._writer.write(letterbox(overlay_bgr, self._size_wh))
                self._written += 1
        except cv2.error as error:
            raise OutputError(f"cannot add a frame of shape {overlay_bgr.shape} to {self._path}: {error}") from error
        return None

    def close(self) -> None:
        """Writes the index, which makes the file playable. Safe to call twice."""
        self._closed = True
        if self._writer is not None:
            self._writer.release()
            self._writer = None

    def _copies(self, timestamp_ns: int) -> int:
        """How often a frame is written so that the video keeps step: 0 or more, 1 at an even pace."""
        due = 1 + round((timestamp_ns - self._start_ns) / 1e9 * self._fps)
        copies = due - self._written
        if self._written == 0 or not 0 <= copies <= MAX_STILL_S * self._fps:
            self._start_ns = timestamp_ns - round(self._written * 1e9 / self._fps)  # a camera came back
            return 1
        return copies

    def _open(self, overlay_bgr: UInt8) -> cv2.VideoWriter:
        """Starts the file in the size of its first frame."""
        height, width = overlay_bgr.shape[:2]
        self._size_wh = (width + width % 2, height + height % 2)  # the codecs halve colour, so sizes are even
        codec = CODECS[self._path.suffix.lower()]
        try:
            writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*codec), self._fps, self._size_wh)
        except cv2.error as error:
            raise OutputError(f"cannot start the video {self._path}: {error}") from error
        if not writer.isOpened():
            raise OutputError(
                f"cannot start the video {self._path}: OpenCV refuses codec {codec} at {width}x{height}. "
                "Check that the file can be written, or try another suffix: " + ", ".join(CODECS)
            )
        return writer

    def _check_space(self) -> None:
        """Stops while there is still room for the index."""
        free = self._free_bytes(self._path.parent)
        if free < RESERVE_BYTES:
            raise OutputError(
                f"disk is nearly full: {self._path} needs {RESERVE_BYTES // 2**20} MiB free to stay playable. "
                f"Received: {free / 2**20:.1f} MiB. Free some space, or record elsewhere"
            )


def free_bytes_of(folder: Path) -> int:
    """Bytes that this user may still write to the file system that holds `folder`.

    Raises:
        OutputError: the folder has gone, e.g. with a memory stick.
    """
    try:
        status = os.statvfs(folder)
    except OSError as error:
        raise OutputError(f"cannot ask for the free space of {folder}: {error.strerror or error}") from error
    return status.f_bavail * status.f_frsize
