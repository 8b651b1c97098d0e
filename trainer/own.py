"""A folder of one's own handwriting in, labelled crops out, found and cropped as the device does.

One folder a class: `0` to `9`, and `reject` for what is no digit. A picture no larger than a crop's working
size is taken for one digit; any other is taken for a photo, all of whose digits are of the folder's class,
so that a sheet full of sevens gives as many crops.
"""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from edge_app.frames import UInt8
from edge_app.manifest import DIGIT_LABELS, REJECT_LABEL
from edge_app.stages.binarize import binarize
from edge_app.stages.crop import CROP_SIDE_PX, center_ink, crop_regions
from edge_app.stages.regions import find_regions
from trainer.batches import Source
from trainer.data import Digits
from trainer.errors import DataError

log = logging.getLogger(__name__)

FOLDERS = (*DIGIT_LABELS, REJECT_LABEL)
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp"})
SINGLE_SIDE_PX = 64  # at most, of a picture that is one crop
LEAST_HEIGHT = 0.5  # of the median of a photo's regions: lower ones are specks and strokes
SHEET_COLUMNS = 24


@dataclass(frozen=True, slots=True, eq=False)
class OwnDigits:
    """One's own digits and how much they count.

    Attributes:
        digits: crops with labels 0 to 9 and, for `reject`, 10.
        weight: how often each is seen an epoch, in a new form each time.
    """

    digits: Digits
    weight: int

    def record(self) -> dict[str, object]:
        """What a run says of them."""
        content = self.digits.images.tobytes() + self.digits.labels.tobytes()
        return {"sha256": hashlib.sha256(content).hexdigest(), "crops": len(self.digits), "weight": self.weight}


class Mixed:
    """Another source and one's own digits, each as often as its weight says; a `trainer.batches.Source`.

    Args:
        source: the other one.
        own: comes after it, `weight` times.
    """

    def __init__(self, source: Source, own: Source, weight: int) -> None:
        self._source, self._own, self._weight = source, own, weight

    def __len__(self) -> int:
        return len(self._source) + self._weight * len(self._own)

    def take(self, rows: NDArray[np.intp], epoch: int, index: int) -> tuple[UInt8, NDArray[np.float32]]:
        """As `Source` says."""
        own = rows >= len(self._source)
        parts = [
            self._source.take(rows[~own], epoch, index),
            self._own.take((rows[own] - len(self._source)) % max(len(self._own), 1), epoch, index),
        ]
        return np.concatenate([crops for crops, _ in parts]), np.concatenate([targets for _, targets in parts])


def read_own(folder: Path) -> Digits:
    """All crops of a folder of classes.

    Raises:
        DataError: it has no folder of a class, no picture in them, a picture cannot be read, or none holds a digit.
    """
    classes = [(label, folder / name) for label, name in enumerate(FOLDERS) if (folder / name).is_dir()]
    if not classes:
        raise DataError(f"{folder} must hold folders named {', '.join(FOLDERS)}. Received: none of them")
    images, labels = [], []
    for label, place in classes:
        files = sorted(file for file in place.iterdir() if file.suffix.lower() in SUFFIXES)
        crops = [read_crops(file) for file in files]
        for file, found in zip(files, crops, strict=True):
            if not len(found):
                log.warning("%s holds no digit that the device would find; left out", file)
        count = sum(map(len, crops))
        log.info("%s: %d crops from %d pictures", place, count, len(files))
        images += crops
        labels += [label] * count
    if not labels:
        raise DataError(f"{folder} must hold pictures of digits ({', '.join(sorted(SUFFIXES))}). Received: no crop")
    return Digits(np.concatenate(images), np.array(labels, np.uint8))


def read_crops(file: Path) -> UInt8:
    """(N, 28, 28) uint8 crops of a picture: one of a small one, all that stand out of a photo.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with Image.open(file) as picture:
            gray = np.asarray(ImageOps.exif_transpose(picture).convert("L"), dtype=np.uint8)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"{file} must be a picture. Received: {error}") from error
    if max(gray.shape) <= SINGLE_SIDE_PX:
        ink = gray if _border_is_dark(gray) else 255 - gray
        crop = center_ink(np.where(ink > ink.max() // 5, ink, 0).astype(np.uint8))
        return crop[np.newaxis] if crop.any() else np.zeros((0, CROP_SIDE_PX, CROP_SIDE_PX), np.uint8)
    ink_map = binarize(gray)
    found = find_regions(ink_map.mask, ink_map.dark_on_light)
    heights = np.array([region.box_xywh[3] for region in found.regions])
    crops = crop_regions(gray, found).pictures
    return crops[heights >= LEAST_HEIGHT * np.median(heights)] if len(heights) else crops


def draw_sheet(digits: Digits, file: Path) -> None:
    """Draws all crops, a class a block of rows, so that one sees what is about to be learnt.

    Raises:
        DataError: it cannot be written.
    """
    rows = []
    for label in np.unique(digits.labels):
        crops = digits.images[digits.labels == label]
        blank = np.full((-len(crops) % SHEET_COLUMNS, CROP_SIDE_PX, CROP_SIDE_PX), 60, np.uint8)
        padded = np.concatenate([crops, blank])
        for start in range(0, len(padded), SHEET_COLUMNS):
            name = np.zeros((CROP_SIDE_PX, 2 * CROP_SIDE_PX), np.uint8)
            cv2.putText(name, FOLDERS[label], (2, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255,), 1, cv2.LINE_AA)
            rows.append(np.hstack([name, *padded[start : start + SHEET_COLUMNS]]))
    if not cv2.imwrite(str(file), cv2.resize(np.vstack(rows), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)):
        raise DataError(f"{file} must be writable. Received: no picture written")


def _border_is_dark(gray: UInt8) -> bool:
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    return float(np.median(border)) < 128
