"""Handwritten digits in, a page with numbers written on it out, with the place of every digit.

Pages are drawn at a resolution of their own, about twice that of the frames made of them, so that a
camera's view of them is averaged down as a lens and sensor would do it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from edge_app.frames import BoxXYWH, Float32, UInt8
from trainer.data import Digits
from trainer.hands import foreign
from trainer.pens import PLAIN, Pen, draw_digit, is_print, write_text
from trainer.textures import clouds

PAGE_WH = (1200, 900)
MARGIN_PX = 70
PENS_BGR = ((45, 40, 38), (120, 55, 30), (95, 45, 25), (60, 60, 70))  # black, two blues, soft pencil
PAPERS_BGR = ((238, 242, 243), (225, 236, 240), (240, 240, 236))  # white, cream, cold white
PRINTS_BGR = ((40, 38, 36), (70, 66, 66))
RULINGS_BGR = ((215, 180, 140), (170, 150, 140), (150, 140, 200))  # pale blue, gray, pale red


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
        ink: (H, W) float32, 1.0 for solid handwriting and 0.0 for paper.
        picture: (H, W, 3) uint8, blue first, under even light.
        numbers: what is written, in reading order.
    """

    ink: Float32
    picture: UInt8
    numbers: tuple[WrittenNumber, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How a page is written.

    Attributes:
        height_px: least and greatest height of a line's digits, in page pixels.
        digits: fewest and most digits of a number.
        gap: between neighbours of a number, as a share of their height; below 0 they touch.
        space: between numbers, the same way.
        pens: one is chosen for the page.
        pens_bgr, papers_bgr: its colours, one of each.
        foreign: whether the writer learnt another 1, 4, 7 and 0.
        slant: shear of the whole hand; 0.3 leans 17 degrees to the right, below 0 to the left.
        strength: how dark the ink is, 1.0 for opaque.
        creases: how deep the shading of folds is, as a share of the light; 0.15 was a ball of paper.
        taught: whether models learn from the page: by writers whom they may know, in letters that pass for no digit.
    """

    height_px: tuple[int, int] = (58, 130)
    digits: tuple[int, int] = (1, 6)
    gap: tuple[float, float] = (0.1, 0.24)
    space: tuple[float, float] = (1.3, 2.4)
    pens: tuple[Pen, ...] = (PLAIN,)
    pens_bgr: tuple[tuple[int, int, int], ...] = PENS_BGR
    papers_bgr: tuple[tuple[int, int, int], ...] = PAPERS_BGR
    foreign: bool = False
    slant: tuple[float, float] = (0.0, 0.0)
    strength: tuple[float, float] = (0.9, 0.9)
    creases: float = 0.0
    taught: bool = False


PLAIN_STYLE = Style()


@dataclass(slots=True, eq=False)
class Sheet:
    """A page that is being written on.

    Attributes:
        handwriting: digits to write with.
        random: source of all chance.
        style: how it is written.
        ink: (H, W) float32, handwriting so far.
        print: (H, W) float32, what is printed on it.
        ruling: (H, W) float32, the lines that the paper came with.
        numbers: what is written so far.
    """

    handwriting: Digits
    random: np.random.Generator
    style: Style = PLAIN_STYLE
    ink: Float32 = field(default_factory=lambda: blank())
    print: Float32 = field(default_factory=lambda: blank())
    ruling: Float32 = field(default_factory=lambda: blank())
    numbers: list[WrittenNumber] = field(default_factory=list)
    pen: Pen = field(init=False)
    slant: float = field(init=False)

    def __post_init__(self) -> None:
        self.pen = self.style.pens[int(self.random.integers(len(self.style.pens)))]
        self.slant = float(self.random.uniform(*self.style.slant))

    def write_number(
        self, left: int, top: int, size_px: int, line: int, count: int | None = None, text: str = ""
    ) -> int | None:
        """Writes a number where there is room for it.

        Args:
            left, top: where it begins, in page pixels.
            size_px: height of its digits.
            line: that it stands on.
            count: of its digits, at random; None for as many as the style says.
            text: what to write instead, in any of the handwriting's digits of these labels.

        Returns:
            Where it ends; None where it would run over the margin, and nothing is written.
        """
        count = count or int(self.random.integers(self.style.digits[0], self.style.digits[1] + 1))
        rows = self.random.integers(0, len(self.handwriting), count)
        if text:
            alike = [np.flatnonzero(self.handwriting.labels == int(label)) for label in text]
            rows = np.array([self.random.choice(each) for each in alike])
        strokes = [self.stroke(int(row), int(size_px * self.random.uniform(0.92, 1.06))) for row in rows]
        gaps = [int(size_px * self.random.uniform(*self.style.gap)) for _ in strokes]
        if left + sum(stroke.shape[1] for stroke in strokes) + sum(gaps[1:]) > PAGE_WH[0] - MARGIN_PX:
            return None
        digits: list[WrittenDigit] = []
        for row, stroke, gap in zip(rows, strokes, gaps, strict=True):
            x = left + (gap if digits else 0)
            y = top + size_px - stroke.shape[0] + int(size_px * self.random.uniform(-0.04, 0.04))
            digits.append(WrittenDigit(int(self.handwriting.labels[row]), self.put(stroke, x, y)))
            left = x + stroke.shape[1]
        self.numbers.append(WrittenNumber(tuple(digits), line))
        return left

    def put(self, stroke: Float32, x: int, y: int, printed: bool = False) -> BoxXYWH:
        """Lays ink on the page, what runs over its edge left out; gives its box."""
        layer = self.print if printed else self.ink
        x, y = max(0, x), max(0, y)
        spot = layer[y : y + stroke.shape[0], x : x + stroke.shape[1]]
        np.maximum(spot, stroke[: spot.shape[0], : spot.shape[1]], out=spot)
        return x, y, spot.shape[1], spot.shape[0]

    def put_text(self, text: str, font: str, x: int, y: int, height_px: int, width: float = 0.1) -> BoxXYWH:
        """Writes other than digits with the page's pen, or prints it where the font is a printer's."""
        return self.put(write_text(text, font, height_px, width), x, y, printed=is_print(font))

    def page(self) -> Page:
        """The page as it now stands, on paper."""
        return Page(self.ink, _colour(self), tuple(self.numbers))

    def stroke(self, row: int, size_px: int) -> Float32:
        """One digit of the handwriting as this writer and pen put it down, cut to its ink."""
        image, label = self.handwriting.images[row], int(self.handwriting.labels[row])
        if self.style.foreign:
            image = foreign(image, label, self.random)
        if self.slant:
            image = lean(image, self.slant)
        return draw_digit(image, size_px, self.pen, self.random)


def blank() -> Float32:
    """A page without ink, (H, W) float32."""
    return np.zeros((PAGE_WH[1], PAGE_WH[0]), dtype=np.float32)


def lean(image: UInt8, slant: float) -> UInt8:
    """A picture sheared to the right about its middle row, twice as wide, (h, 2w) uint8."""
    height, width = image.shape
    shift = slant * height / 2 + width / 2
    move = np.array([[1, -slant, shift], [0, 1, 0]], dtype=np.float32)
    return np.asarray(cv2.warpAffine(image, move, (2 * width, height), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def write_page(handwriting: Digits, random: np.random.Generator, style: Style = PLAIN_STYLE) -> Page:
    """Fills a page with lines of numbers.

    Args:
        handwriting: digits to write with, drawn at random.
        random: source of all chance.
        style: how it is written.
    """
    sheet = Sheet(handwriting, random, style)
    fill_lines(sheet)
    return sheet.page()


def fill_lines(sheet: Sheet, between: Callable[[Sheet, int, int, int], int] | None = None) -> None:
    """Writes lines of numbers from the top to the bottom of a sheet.

    Args:
        sheet: to write on.
        between: writes something that is no number, given left, top and size; says where it ends.
    """
    style, random = sheet.style, sheet.random
    line, top = 0, MARGIN_PX
    while True:
        size_px = int(random.integers(style.height_px[0], style.height_px[1] + 1))
        if top + size_px > PAGE_WH[1] - MARGIN_PX:
            break
        left = MARGIN_PX + int(random.integers(0, 60))
        while (end := sheet.write_number(left, top, size_px, line)) is not None:
            if between is not None:
                end = between(sheet, end, top, size_px)
            left = end + int(size_px * random.uniform(*style.space))
        line += 1
        top += int(size_px * random.uniform(1.45, 1.9))


def _colour(sheet: Sheet) -> UInt8:
    """Ink on paper under even light, (H, W, 3) uint8: paper with fibres, a pen whose ink is not quite even."""
    random, shape = sheet.random, sheet.ink.shape
    paper = _one_of(sheet.style.papers_bgr, random)
    pen = _one_of(sheet.style.pens_bgr, random)
    mottle = clouds(shape, random, 90) * 4.0 + clouds(shape, random, 7) * 2.5
    flow = random.uniform(*sheet.style.strength) + 0.08 * clouds(shape, random, 25)
    planes = [level + mottle for level in paper]
    layers = (sheet.ruling, _one_of(RULINGS_BGR, random)), (sheet.print, _one_of(PRINTS_BGR, random))
    for layer, colour in (*layers, (np.clip(sheet.ink * flow, 0, 1), pen)):
        if layer.any():
            planes = [plane * (1.0 - layer) + level * layer for plane, level in zip(planes, colour, strict=True)]
    if sheet.style.creases:
        light = 1.0 + sheet.style.creases * _folds(shape, random)
        planes = [plane * light for plane in planes]
    return np.asarray(cv2.merge([np.clip(plane + 0.5, 0, 255).astype(np.uint8) for plane in planes]), dtype=np.uint8)


def _folds(shape_hw: tuple[int, ...], random: np.random.Generator) -> Float32:
    """How much more light each spot of a crumpled page gets, (H, W) float32, about -1 to 1: flat faces, sharp edges."""
    y, x = np.mgrid[0.0 : 1.0 : shape_hw[0] * 1j, 0.0 : 1.0 : shape_hw[1] * 1j].astype(np.float32)
    shade = 0.5 * clouds(shape_hw, random, 160)
    for _ in range(int(random.integers(4, 10))):
        angle, offset = random.uniform(0, np.pi), random.uniform(0.1, 0.9)
        distance = np.cos(angle) * (x - offset) + np.sin(angle) * (y - offset)
        shade += random.uniform(-0.5, 0.5) * np.sign(distance) * np.exp(-np.abs(distance) / 0.12)
    return np.asarray(np.clip(shade, -1.0, 1.0), dtype=np.float32)


def _one_of(colours: Sequence[tuple[int, int, int]], random: np.random.Generator) -> Float32:
    return np.array(colours[int(random.integers(len(colours)))], dtype=np.float32)
