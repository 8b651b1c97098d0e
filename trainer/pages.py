"""Handwritten digits in, a page with numbers written on it out, with the place of every digit.

Pages are drawn at a resolution of their own, about twice that of the frames made of them, so that a
camera's view of them is averaged down as a lens and sensor would do it.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Float32, UInt8
from trainer.data import Digits

PAGE_WH = (1200, 900)
MARGIN_PX = 70
PENS_BGR = ((45, 40, 38), (120, 55, 30), (95, 45, 25), (60, 60, 70))  # black, two blues, soft pencil
PAPERS_BGR = ((238, 242, 243), (225, 236, 240), (240, 240, 236))  # white, cream, cold white
INK_SIDE_PX = 20  # of an MNIST digit


@dataclass(frozen=True, slots=True)
class WrittenDigit:
    """One digit on a page, its box in page pixels."""

    label: int
    box_xywh: BoxXYWH


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """The digits of one number, left to right, and the line that it stands on, from 0 at the top."""

    digits: tuple[WrittenDigit, ...]
    line: int

    @property
    def text(self) -> str:
        """The number as written."""
        return "".join(str(digit.label) for digit in self.digits)


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A written page.

    Attributes:
        ink: (H, W) float32, 1.0 for solid ink and 0.0 for paper.
        picture: (H, W, 3) uint8, blue first, under even light.
        numbers: what is written, in reading order.
    """

    ink: Float32
    picture: UInt8
    numbers: tuple[WrittenNumber, ...]


def write_page(handwriting: Digits, random: np.random.Generator, height_px: tuple[int, int] = (58, 130)) -> Page:
    """Fills a page with lines of numbers.

    Args:
        handwriting: digits to write with, drawn at random.
        random: source of all chance.
        height_px: least and greatest height of a line's digits, in page pixels.
    """
    width, height = PAGE_WH
    ink = np.zeros((height, width), dtype=np.float32)
    numbers: list[WrittenNumber] = []
    line, top = 0, MARGIN_PX
    while True:
        size_px = int(random.integers(height_px[0], height_px[1] + 1))
        if top + size_px > height - MARGIN_PX:
            break
        left = MARGIN_PX + int(random.integers(0, 60))
        while (number := _write_number(ink, handwriting, random, left, top, size_px, line)) is not None:
            numbers.append(number)
            left = _right(number.digits[-1]) + int(size_px * random.uniform(1.3, 2.4))
        line += 1
        top += int(size_px * random.uniform(1.45, 1.9))
    return Page(ink, _colour(ink, random), tuple(numbers))


def pen_ink(image: UInt8, height_px: int) -> Float32:
    """An MNIST digit as a pen would have drawn it at another size.

    Enlarged smoothly and then cut at half height with a soft edge: what was one blurred pixel becomes
    the edge of a stroke.

    Args:
        image: (28, 28) uint8.
        height_px: what its 20-pixel box becomes.

    Returns:
        (h, w) float32 in 0..1, cut to the digit's box.
    """
    left, top, width, height = cv2.boundingRect(image)
    padded = np.pad(image[top : top + height, left : left + width], 2)
    factor = height_px / INK_SIDE_PX
    size_wh = max(2, round(padded.shape[1] * factor)), max(2, round(padded.shape[0] * factor))
    large = cv2.resize(padded, size_wh, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    smooth = cv2.GaussianBlur(large, (0, 0), factor * 0.35)
    edge = np.clip((smooth / 255.0 - 0.3) / 0.3, 0.0, 1.0)
    ink = edge * edge * (3.0 - 2.0 * edge)  # smoothstep: no halo
    x, y, w, h = cv2.boundingRect((ink > 0.05).astype(np.uint8))
    return np.asarray(ink[y : y + h, x : x + w], dtype=np.float32)


def _write_number(
    ink: Float32, handwriting: Digits, random: np.random.Generator, left: int, top: int, size_px: int, line: int
) -> WrittenNumber | None:
    """Writes one number where it fits on the line; None where the line is full."""
    rows = random.integers(0, len(handwriting), int(random.integers(1, 7)))
    strokes = [pen_ink(handwriting.images[row], int(size_px * random.uniform(0.92, 1.06))) for row in rows]
    gaps = [int(size_px * random.uniform(0.1, 0.24)) for _ in strokes]
    if left + sum(stroke.shape[1] for stroke in strokes) + sum(gaps[1:]) > PAGE_WH[0] - MARGIN_PX:
        return None
    digits: list[WrittenDigit] = []
    for row, stroke, gap in zip(rows, strokes, gaps, strict=True):
        x = left + (gap if digits else 0)
        y = top + size_px - stroke.shape[0] + int(size_px * random.uniform(-0.04, 0.04))
        height, width = stroke.shape
        ink[y : y + height, x : x + width] = np.maximum(ink[y : y + height, x : x + width], stroke)
        digits.append(WrittenDigit(int(handwriting.labels[row]), (x, y, width, height)))
        left = x + width
    return WrittenNumber(tuple(digits), line)


def _colour(ink: Float32, random: np.random.Generator) -> UInt8:
    """Ink on paper under even light, (H, W, 3) uint8: paper with fibres, a pen whose ink is not quite even."""
    paper = np.array(PAPERS_BGR[random.integers(len(PAPERS_BGR))], dtype=np.float32)
    pen = np.array(PENS_BGR[random.integers(len(PENS_BGR))], dtype=np.float32)
    mottle = _clouds(ink.shape, random, 90) * 4.0 + _clouds(ink.shape, random, 7) * 2.5
    flow = 0.9 + 0.08 * _clouds(ink.shape, random, 25)
    cover = (ink * flow)[..., np.newaxis]
    picture = (paper + mottle[..., np.newaxis]) * (1.0 - cover) + pen * cover
    coloured: UInt8 = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    return coloured


def _clouds(shape_hw: tuple[int, ...], random: np.random.Generator, cell_px: int) -> NDArray[np.float32]:
    """Smooth noise of about unit variance with features of a size, (H, W) float32."""
    grid = random.normal(0.0, 1.0, (shape_hw[0] // cell_px + 3, shape_hw[1] // cell_px + 3)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (shape_hw[1], shape_hw[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _right(digit: WrittenDigit) -> int:
    return digit.box_xywh[0] + digit.box_xywh[2]
