"""Picture files in, frames out: stills of any common kind through Pillow, one by one or as a camera."""

import logging
import re
import stat
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
SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm"}
)
PICTURE_PERIOD_NS = 33_333_333  # pictures have no time of their own; they follow as frames of a video would
WHITE_LEVELS = tuple(2**bits - 1 for bits in (8, 10, 12, 14, 16))
HOT_PIXELS_PERCENTILE = 99.9  # the rest may be hot pixels, and is clipped
SAMPLE_SIDE_PX = 500  # enough to judge a picture's brightness by, at a fraction of the memory
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
    _check_file(path)
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as picture:  # Pillow's remarks on odd tags
            _check_kind(path, picture.format)
            _check_size(path, picture.size, max_pixels)
            pixels = _pixels(ImageOps.exif_transpose(picture))
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError(f"{path}: must be a picture. Received: a file of another kind") from error
    except Exception as error:  # on damaged files Pillow's decoders raise nearly anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"{path}: must be a picture that can be decoded. Received: {reason}") from error
    return _frame(pixels, sequence)


def list_images(folder: Path) -> list[Path]:
    """The pictures of a folder by their suffix, in the order a person would count them (2 before 10).

    Raises:
        ImageError: the folder cannot be listed.
    """
    try:
        return sorted((path for path in folder.iterdir() if _looks_like_picture(path)), key=_natural)
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
        self._paths = tuple(paths)
        self._left = list(paths)
        self._max_pixels = max_pixels
        self._sequence = 0
        self._closed = False

    def read(self) -> Frame | None:
        """The next picture that can be read, or None after the last.

        Raises:
            CameraError: not one of them can be read, or it was closed.
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
        if self._sequence == 0:
            raise CameraError(f"{self.name}: must hold a picture that can be read. Received: {len(self._paths)} bad")
        return None

    def close(self) -> None:
        """Safe to call twice."""
        self._closed = True


def _looks_like_picture(path: Path) -> bool:
    """Hidden files are left out: macOS puts a "._page.jpg" that is none beside each picture it copies."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sort key in which numbers count as numbers: every second part is one."""
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if index % 2 else (-1, part.lower()) for index, part in enumerate(parts)]


def _check_file(path: Path) -> None:
    """Raises ImageError where there is no file that could hold a picture; opening a pipe would wait for ever."""
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or str(error)
        what = "file not found" if isinstance(error, FileNotFoundError) else f"cannot be opened: {reason}"
        raise ImageError(f"{path}: {what}") from error
    if stat.S_ISDIR(status.st_mode):
        raise ImageError(f"{path}: must be a picture, or a folder with pictures in it. Received: a folder without")
    if not stat.S_ISREG(status.st_mode):
        raise ImageError(f"{path}: must be a picture in a file. Received: a device or pipe")
    if status.st_size == 0:
        raise ImageError(f"{path}: must be a picture. Received: an empty file")


def _check_kind(path: Path, kind: str | None) -> None:
    """Raises ImageError for EPS under any name: Pillow would run it, as the program it is, through Ghostscript."""
    if kind == "EPS":
        raise ImageError(f"{path}: must be a picture made of pixels. Received: EPS, which is a program that draws one")


def _check_size(path: Path, size_wh: tuple[int, int], max_pixels: int) -> None:
    width, height = size_wh
    if width * height > max_pixels:
        raise ImageError(
            f"{path}: picture must have at most {max_pixels / 1e6:g} megapixels. "
            f"Received: {width}x{height} ({width * height / 1e6:.1f} megapixels); see limits.max_megapixels"
        )


def _pixels(picture: Image.Image) -> UInt8:
    """(H, W) uint8 gray of a gray picture, else (H, W, 3) uint8, red first."""
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        return _narrowed(np.asarray(picture))
    if picture.has_transparency_data:
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, WHITE), picture.convert("RGBA"))
    return np.array(picture.convert("L" if picture.mode in ("L", "1") else "RGB"))


def _narrowed(wide: NDArray[Any]) -> UInt8:
    """A 16-bit, 32-bit or float gray picture as uint8.

    Sensors store 10, 12 or 14 bits in 16, so the file's own depth says little: white is the largest value
    of the smallest usual depth that holds the picture. Its contrast is not stretched any further, or the
    noise of a blank page would become ink.

    Args:
        wide: (H, W) of any integer or float type; floats up to 1.0 reach from 0.0 to 1.0.

    >>> _narrowed(np.array([[0, 2048, 4095]], dtype=np.uint16))
    array([[  0, 128, 255]], dtype=uint8)
    """
    values = np.nan_to_num(wide.astype(np.float32), posinf=0.0, neginf=0.0)
    sample = values[:: max(1, values.shape[0] // SAMPLE_SIDE_PX), :: max(1, values.shape[1] // SAMPLE_SIDE_PX)]
    brightest = float(np.percentile(sample, HOT_PIXELS_PERCENTILE))
    if wide.dtype.kind == "f" and brightest <= 1.0:
        white = 1.0
    else:
        white = float(next((top for top in WHITE_LEVELS if brightest <= top), brightest))
    gray: UInt8 = np.clip(values * (255.0 / white) + 0.5, 0, 255).astype(np.uint8)
    return gray


def _frame(pixels: UInt8, sequence: int) -> Frame:
    timestamp_ns = sequence * PICTURE_PERIOD_NS
    if pixels.ndim == 2:
        return Frame(pixels, sequence, timestamp_ns)
    gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    return Frame(gray, sequence, timestamp_ns, make_bgr=lambda: pixels[:, :, ::-1])
