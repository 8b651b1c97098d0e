"""Moments in, the newest annotated frame as one picture file out."""

import os
from datetime import UTC, datetime
from pathlib import Path

import cv2

from edge_app.errors import OutputError
from edge_app.files import write_whole
from edge_app.frames import Moment, UInt8
from edge_app.protocols import Command

SUFFIXES = (".png", ".jpg", ".jpeg")


class Picture:
    """One picture that is replaced at every published change; see `edge_app.protocols.Output`."""

    wants_overlay = True

    def __init__(self, path: Path) -> None:
        """Takes the file's name.

        Args:
            path: ends in .png, .jpg or .jpeg.

        Raises:
            OutputError: another suffix, or no folder to write in.
        """
        check_picture_path(path)
        self._path = path

    @property
    def name(self) -> str:
        """E.g. "picture latest.png"."""
        return f"picture {self._path}"

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        """Replaces the file where what is published changed; a reader finds the old picture or the new, never half.

        Raises:
            OutputError: the disk is full or the folder has gone.
        """
        if moment.changed and overlay_bgr is not None:
            write_picture(overlay_bgr, self._path)
        return None

    def close(self) -> None:
        """Does nothing: the file is complete whenever it exists."""


def check_picture_path(path: Path) -> None:
    """Makes sure, before the first frame, that a picture can be written there.

    Raises:
        OutputError: the suffix names no format of ours, or the folder is missing or not writable.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"picture file must end in {', '.join(SUFFIXES)}. Received: {path}")
    check_folder(path)


def check_folder(path: Path) -> None:
    """Makes sure that `path` can become a file.

    Raises:
        OutputError: its folder is missing or not writable, or it is itself a folder.
    """
    if path.is_dir():
        raise OutputError(f"expected the name of a file to write. Received: the folder {path}")
    if not path.parent.is_dir():
        raise OutputError(f"folder not found: {path.parent}. Create it, or choose another place than {path}")
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"folder is not writable: {path.parent}. Choose another place than {path}")


def write_picture(picture_bgr: UInt8, path: Path) -> None:
    """Writes a picture, whole or not at all.

    Args:
        picture_bgr: (H, W, 3) uint8; not written to.
        path: ends in .png, .jpg or .jpeg.

    Raises:
        OutputError: it cannot be encoded or written; what was at `path` is still there.
    """
    try:
        encoded, buffer = cv2.imencode(path.suffix.lower(), picture_bgr)
    except cv2.error as error:
        raise OutputError(f"cannot encode a picture of shape {picture_bgr.shape} as {path.suffix}: {error}") from error
    if not encoded:
        raise OutputError(f"cannot encode a picture of shape {picture_bgr.shape} as {path.suffix}")
    try:
        write_whole(path, buffer.tobytes())
    except OSError as error:
        raise OutputError(f"cannot write picture {path}: {error.strerror or error}") from error


def save_snapshot(overlay_bgr: UInt8, folder: Path, wall_time_s: float | None = None) -> Path:
    """Saves an annotated frame under a name made of the time, as the window's "s" key does.

    Args:
        overlay_bgr: (H, W, 3) uint8; not written to.
        folder: where to; made where it is missing.
        wall_time_s: seconds since the epoch; None for now.

    Returns:
        The new file, e.g. edge-digits-20261123T094501.250Z.png; an existing one is never overwritten.

    Raises:
        OutputError: the folder cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder} for snapshots: {error.strerror or error}") from error
    taken = datetime.now(UTC) if wall_time_s is None else datetime.fromtimestamp(wall_time_s, UTC)
    stem = f"edge-digits-{taken:%Y%m%dT%H%M%S}.{taken.microsecond // 1000:03d}Z"
    path = folder / f"{stem}.png"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{number}.png"
        number += 1
    write_picture(overlay_bgr, path)
    return path
