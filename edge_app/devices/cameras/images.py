"""Picture files in, frames out: stills of any common kind through Pillow, one by one or as a camera."""

import logging
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from edge_app.errors import CameraError, ImageError
from edge_app.frames import Frame, UInt8

log = logging.getLogger(__name__)

DEFAULT_MAX_PIXELS = 50_000_000  # 150 MB once decoded: what a Pi with 512 MB can still take
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm"})
PICTURE_PERIOD_NS = 33_333_333  # pictures have no time of their own; they follow as frames of a video would
WHITE = (255, 255, 255, 255)  # what shows through a transparent picture on a page or in a browser

Image.MAX_IMAGE_PIXELS = None  # the limit is checked here, by the caller's own figure


def read_image(path: Path, *, max_pixels: int = DEFAULT_MAX_PIXELS, sequence: int = 0) -> Frame:
    """Reads one picture as a person would see it: turned by its EXIF tag, transparency on white.

    Args:
        path: a file of any kind that Pillow reads; of several pictures in it, the first.
        max_pixels: largest picture that is decoded; the size is taken from the header first.
        sequence: number of the frame.

    Raises:
        ImageError: the file is missing, no picture, damaged or too large.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as picture:  # Pillow's remarks on odd tags
            width, height = picture.size
            if width * height > max_pixels:
                raise ImageError(
                    f"{path}: picture must have at most {max_pixels / 1e6:g} megapixels. "
                    f"Received: {width}x{height} ({width * height / 1e6:.1f} megapixels); see limits.max_megapixels"
                )
            rgb = _as_rgb(ImageOps.exif_transpose(picture))
    except ImageError:
        raise
    except FileNotFoundError as error:
        raise ImageError(f"{path}: file not found") from error
    except IsADirectoryError as error:
        raise ImageError(
            f"{path}: must be a picture, or a folder with pictures in it. Received: a folder without"
        ) from error
    except UnidentifiedImageError as error:
        what = "an empty file" if path.stat().st_size == 0 else "a file of another kind"
        raise ImageError(f"{path}: must be a picture. Received: {what}") from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, MemoryError) as error:
        # Pillow's decoders raise any of these on damaged files.
        raise ImageError(f"{path}: picture cannot be decoded. Received: {error or type(error).__name__}") from error
    return _frame(rgb, sequence)


def list_images(folder: Path) -> list[Path]:
    """The pictures of a folder by their suffix, in the order a person would count them (2 before 10).

    Raises:
        ImageError: the folder cannot be listed.
    """
    try:
        return sorted(
            (path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()), key=_natural
        )
    except OSError as error:
        raise ImageError(f"{folder}: must be a folder that can be listed. Received: {error.strerror}") from error


class ImagesCamera:
    """Yields pictures as frames; see `edge_app.protocols.Camera`. One that cannot be read is left out.

    Args:
        name: what a person calls it.
        paths: the pictures, in order.
        max_pixels: largest picture that is decoded.
    """

    live = False
    fps = 0.0

    def __init__(self, name: str, paths: Sequence[Path], max_pixels: int = DEFAULT_MAX_PIXELS) -> None:
        if not paths:
            raise CameraError(f"{name}: must hold at least one picture ({', '.join(sorted(SUFFIXES))}). Received: none")
        self.name = name
        self._left = list(paths)
        self._max_pixels = max_pixels
        self._sequence = 0
        self._closed = False

    def read(self) -> Frame | None:
        """The next picture that can be read, or None after the last.

        Raises:
            CameraError: it was closed.
        """
        if self._closed:
            raise CameraError(f"{self.name}: camera is closed")
        while self._left:
            path = self._left.pop(0)
            try:
                frame = read_image(path, max_pixels=self._max_pixels, sequence=self._sequence)
            except ImageError as error:
                log.warning("left out: %s", error)
                continue
            self._sequence += 1
            return frame
        return None

    def close(self) -> None:
        """Safe to call twice."""
        self._closed = True


def _as_rgb(picture: Image.Image) -> UInt8:
    """(H, W, 3) uint8, red first, of a picture in any of Pillow's modes."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        gray = _stretched(np.asarray(picture.convert("F") if picture.mode != "F" else picture))
        return np.repeat(gray[:, :, np.newaxis], 3, axis=2)
    if picture.has_transparency_data:
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, WHITE), picture.convert("RGBA"))
    return np.array(picture.convert("RGB"))


def _stretched(wide: NDArray[Any]) -> UInt8:
    """A 16-bit, 32-bit or float gray picture as uint8: its own range becomes 0 to 255.

    Sensors store 10 or 12 bits in 16, so the file's nominal range says little.
    """
    low, high = np.percentile(wide[np.isfinite(wide)] if not np.isfinite(wide).all() else wide, (0.1, 99.9))
    stretched = (np.nan_to_num(wide) - low) * (255.0 / max(high - low, 1e-9))
    gray: UInt8 = np.clip(stretched + 0.5, 0, 255).astype(np.uint8)
    return gray


def _frame(rgb: UInt8, sequence: int) -> Frame:
    gray = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return Frame(gray, sequence, sequence * PICTURE_PERIOD_NS, make_bgr=lambda: rgb[:, :, ::-1])


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort key in which numbers count as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part.lower()) for part in re.split(r"(\d+)", path.name)]
