"""A digit or a word in, its ink at any size and with any pen out.

Handwriting that was scanned with one pen is brought back to its centre line (Zhang and Suen, "A fast
parallel algorithm for thinning digital patterns", CACM 1984) and drawn anew, so that the same hand
writes with a ballpoint, a marker, a pencil or chalk.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from edge_app.frames import Float32, UInt8
from edge_app.manifest import DIGIT_LABELS
from edge_app.stages.crop import CROP_SIDE_PX
from trainer.textures import clouds

INK_SIDE_PX = 20  # of an MNIST digit
LINE_SIDE_PX = 100  # height that centre lines are found at: 5 times MNIST's, so that a corner stays a corner
LINE_LIFT_PX = 0.8  # what the blur of the distance adds on the line itself
MAX_FILLED_SHARE = 0.06  # of a digit's ink
SOLID_PX = 5.0  # at LINE_SIDE_PX: where half the ink is further from its centre line, it is a blot
MIN_HOLE_PX = 12  # at LINE_SIDE_PX
RING_WEIGHTS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], dtype=np.float32)  # a bit a neighbour, clockwise
FAINTEST = 0.05  # of ink: less is paper
DIGITS_AT_PX = 200  # size of a font that its digits are measured at
HERSHEY = "hershey"  # OpenCV's stroke fonts; "hershey-0" to "hershey-7"


@dataclass(frozen=True, slots=True)
class Pen:
    """What writes.

    Attributes:
        width: of the stroke as a share of the digit's height; None as the writer's own pen had it.
        grain: share of the stroke that the paper's tooth leaves bare, 0 to 0.6: pencil and chalk.
        breaks: how many times the stroke is interrupted in a digit, on average.
        bleed: how far ink runs into the paper, as a share of the digit's height.
    """

    width: float | None = None
    grain: float = 0.0
    breaks: float = 0.0
    bleed: float = 0.0


PLAIN = Pen()


def _removable(step: int) -> UInt8:
    """(256,) uint8: for each ring of neighbours, whether a half step of Zhang and Suen's takes the pixel away."""
    rings = np.arange(256)[:, np.newaxis] >> np.arange(8) & 1
    count, turns = rings.sum(axis=1), (rings < np.roll(rings, -1, axis=1)).sum(axis=1)
    north, east, south, west = (rings[:, bit] for bit in (0, 2, 4, 6))
    blocked = east & south & (north | west) if step == 0 else north & west & (east | south)
    return np.asarray((count >= 2) & (count <= 6) & (turns == 1) & (blocked == 0), dtype=np.uint8)


REMOVABLE = _removable(0), _removable(1)


def draw_digit(image: UInt8, height_px: int, pen: Pen, random: np.random.Generator) -> Float32:
    """A scanned digit as a pen would have written it at some size.

    Args:
        image: (h, w) uint8, ink bright on black; MNIST's 28x28, or larger.
        height_px: what the height of its ink becomes, roughly.
        pen: what writes; its width is the writer's own where another would make the digit unreadable.
        random: where the stroke breaks, and the grain.

    Returns:
        (h, w) float32 in 0..1, cut to the ink's box.
    """
    redrawn = None if pen.width is None else _redrawn(image, height_px, pen.width)
    ink = pen_ink(image, height_px) if redrawn is None else redrawn
    for _ in range(int(random.poisson(pen.breaks))):
        ink = _broken(ink, random)
    return cut_to_ink(with_texture(ink, height_px, pen, random))


def with_texture(ink: Float32, height_px: int, pen: Pen, random: np.random.Generator) -> Float32:
    """The ink as the pen's material leaves it on paper, (h, w) float32 in 0..1."""
    if pen.bleed > 0:
        spread = cv2.GaussianBlur(ink, (0, 0), max(0.5, pen.bleed * height_px))
        ragged = spread + 0.18 * clouds(ink.shape, random, max(2, height_px // 14))
        ink = np.asarray(np.maximum(ink, np.clip((ragged - 0.25) / 0.35, 0.0, 1.0) * (spread > 0.05)), np.float32)
    if pen.grain > 0:
        tooth = clouds(ink.shape, random, 2)
        ink = np.asarray(ink * np.clip(1.1 - pen.grain * (1.0 + tooth), 0.0, 1.0), dtype=np.float32)
    return ink


def pen_ink(image: UInt8, height_px: int) -> Float32:
    """A scanned digit at another size, with its own pen.

    Enlarged smoothly and then cut at half height with a soft edge: what was one blurred pixel becomes
    the edge of a stroke.

    Args:
        image: (28, 28) uint8, or the same larger.
        height_px: what its box of 20 of 28 pixels becomes.

    Returns:
        (h, w) float32 in 0..1, cut to the digit's box.
    """
    factor = height_px / (INK_SIDE_PX * image.shape[0] / CROP_SIDE_PX)
    large = _enlarged(image, factor)
    smooth = cv2.GaussianBlur(large, (0, 0), factor * 0.35)
    edge = np.clip((smooth / 255.0 - 0.3) / 0.3, 0.0, 1.0)
    return cut_to_ink(np.asarray(edge * edge * (3.0 - 2.0 * edge), dtype=np.float32))  # smoothstep: no halo


def thin(mask: UInt8) -> UInt8:
    """The centre lines of strokes, one pixel wide.

    Args:
        mask: (h, w) uint8, not 0 for ink; its border is taken as paper.

    Returns:
        (h, w) uint8, 1 on the lines.

    >>> thin(np.pad(np.ones((3, 9), np.uint8), 2)).sum(axis=0)
    array([0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0], dtype=uint64)
    """
    ink = np.pad((mask > 0).astype(np.uint8), 1)
    changed = True
    while changed:
        changed = False
        for table in REMOVABLE:
            ring = cv2.filter2D(ink, -1, RING_WEIGHTS, borderType=cv2.BORDER_CONSTANT)
            removable = np.asarray(cv2.LUT(ring, table), dtype=np.uint8) & ink
            changed = changed or bool(removable.any())
            ink ^= removable
    return ink[1:-1, 1:-1].copy()


def write_text(text: str, font: str, height_px: int, width: float = 0.1) -> Float32:
    """Text in a font.

    Args:
        text: what the font has.
        font: "hershey-0" to "hershey-7" for OpenCV's stroke fonts, a file name among `font_files`, or the path of
            another font.
        height_px: of a capital letter.
        width: of a Hershey stroke, as a share of the height; other fonts have their own.

    Returns:
        (h, w) float32 in 0..1, cut to the ink's box; empty text gives one pixel of paper.
    """
    if font.startswith(HERSHEY):
        return _hershey(text, int(font.removeprefix(f"{HERSHEY}-")), height_px, width)
    return _in_face(text, _face(font, round(height_px * 1.38)))[0]


def write_beside_digits(text: str, font: str, digits_px: float) -> tuple[Float32, int]:
    """Text as large, and as high on the line, as a hand writes it beside its own digits.

    Args:
        text: what the font has.
        font: path of a hand's font.
        digits_px: height of the digits.

    Returns:
        (h, w) float32 in 0..1, cut to the ink's box, and by how many pixels it hangs below their feet.
    """
    height, foot = _digits_of(font)
    size = max(1, round(digits_px / height))
    ink, below_px = _in_face(text, _face(font, size))
    return ink, below_px - round(foot * size)


def _in_face(text: str, face: ImageFont.FreeTypeFont) -> tuple[Float32, int]:
    """The ink of a text, cut to its box, and by how many pixels it hangs below the font's line."""
    left, top, right, bottom = (int(side) for side in face.getbbox(text, anchor="ls"))
    canvas = Image.new("L", (max(1, right - left) + 4, max(1, bottom - top) + 4))
    ImageDraw.Draw(canvas).text((2 - left, 2 - top), text, fill=255, font=face, anchor="ls")
    drawn = np.asarray(canvas, dtype=np.float32) / 255.0
    _, y, _, height = cv2.boundingRect((drawn > FAINTEST).astype(np.uint8))
    return cut_to_ink(drawn), y + height - (2 - top)


@lru_cache(maxsize=64)
def _digits_of(font: str) -> tuple[float, float]:
    """Usual height of a font's digits, and how far their feet are below its line, in its size."""
    face = _face(font, DIGITS_AT_PX)
    written = [_in_face(digit, face) for digit in DIGIT_LABELS]
    height, foot = (float(np.median(px)) for px in zip(*((ink.shape[0], below) for ink, below in written), strict=True))
    return height / DIGITS_AT_PX, foot / DIGITS_AT_PX


@lru_cache(maxsize=1)
def font_files() -> tuple[str, ...]:
    """The text fonts that matplotlib ships: sans, serif, typewriter and TeX's, upright, bold and italic."""
    kept = ("DejaVuSans", "DejaVuSerif", "STIXGeneral", "cmr10", "cmb10", "cmss10", "cmtt10")
    names = (file.name for file in font_folder().glob("*.ttf") if file.stem.startswith(kept))
    return tuple(sorted(name for name in names if "Display" not in name))  # those have no digits


def is_print(font: str) -> bool:
    """Whether a font is a printer's, and no hand's nor OpenCV's."""
    return font in font_files()


def cut_to_ink(ink: Float32) -> Float32:
    """The box of all ink; one pixel of paper where there is none."""
    x, y, width, height = cv2.boundingRect((ink > FAINTEST).astype(np.uint8))
    return np.asarray(ink[y : y + max(1, height), x : x + max(1, width)], dtype=np.float32)


def _enlarged(image: UInt8, factor: float) -> Float32:
    left, top, width, height = cv2.boundingRect(image)
    padded = np.pad(image[top : top + height, left : left + width], 2)
    size_wh = max(2, round(padded.shape[1] * factor)), max(2, round(padded.shape[0] * factor))
    return np.asarray(cv2.resize(padded, size_wh, interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _redrawn(image: UInt8, height_px: int, width: float) -> Float32 | None:
    """The digit's centre line, drawn with a round nib of a width; None where it would not be the same digit any more.

    A loop that the first pen filled has no centre line, and one that a fat nib fills is gone.
    """
    _, _, box_width, box_height = cv2.boundingRect(image)
    factor = LINE_SIDE_PX / max(box_width, box_height, 1)
    smooth = cv2.GaussianBlur(_enlarged(image, factor), (0, 0), factor * 0.35)
    strokes = (smooth > 115).astype(np.uint8)
    line = thin(strokes)
    margin = int(LINE_SIDE_PX * width) + 4
    away = cv2.distanceTransform(np.pad(1 - line, margin, constant_values=1), cv2.DIST_L2, 5)
    away = cv2.GaussianBlur(away, (0, 0), 1.2) - LINE_LIFT_PX
    strokes = np.pad(strokes, margin)
    nib = LINE_SIDE_PX * width / 2
    if _filled_share(strokes, away) > MAX_FILLED_SHARE or _holes(away <= nib) != _holes(strokes > 0):
        return None
    zoom = height_px / LINE_SIDE_PX
    size_wh = max(2, round(away.shape[1] * zoom)), max(2, round(away.shape[0] * zoom))
    distance_px = cv2.resize(away, size_wh, interpolation=cv2.INTER_CUBIC) * zoom
    return np.asarray(np.clip(width * height_px / 2 - distance_px + 0.5, 0.0, 1.0), dtype=np.float32)


def _filled_share(strokes: UInt8, away: Float32) -> float:
    """Share of the ink that lies further from the centre line than half its usual width: loops that ran full."""
    inside = away[strokes > 0]
    usual = float(np.median(inside)) if inside.size else np.inf
    return float(np.mean(inside > 2.2 * usual + 1.0)) if usual <= SOLID_PX else 1.0


def _holes(ink: NDArray[np.bool_]) -> int:
    """How many patches of paper the ink encloses, specks left out."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((~ink).astype(np.uint8), connectivity=4)
    return int(np.count_nonzero(stats[1:, 4] >= MIN_HOLE_PX))


def _broken(ink: Float32, random: np.random.Generator) -> Float32:
    """The ink with one gap across a stroke."""
    rows, columns = np.nonzero(ink > 0.6)
    if len(rows) == 0:
        return ink
    spot = int(random.integers(len(rows)))
    gap_px = max(2, round(max(ink.shape) * random.uniform(0.03, 0.08)))
    angle = random.uniform(0.0, np.pi)
    reach = max(ink.shape) * 0.1 * np.array([np.cos(angle), np.sin(angle)])
    centre = np.array([columns[spot], rows[spot]])
    start, end = (tuple(int(value) for value in (centre + sign * reach).round()) for sign in (-1, 1))
    rubbed = np.zeros(ink.shape, dtype=np.uint8)
    cv2.line(rubbed, start, end, (255,), gap_px, cv2.LINE_AA)
    return np.asarray(ink * (1.0 - rubbed / 255.0), dtype=np.float32)


def _hershey(text: str, face: int, height_px: int, width: float) -> Float32:
    stroke = max(1, round(width * height_px))
    size = cv2.getFontScaleFromHeight(face, height_px, stroke)
    (across, up), below = cv2.getTextSize(text, face, size, stroke)
    canvas = np.zeros((up + below + 4 * stroke + 8, across + 4 * stroke + 8), dtype=np.uint8)
    cv2.putText(canvas, text, (2 * stroke + 4, up + 2 * stroke + 4), face, size, (255,), stroke, cv2.LINE_AA)
    return cut_to_ink(canvas.astype(np.float32) / 255.0)


@lru_cache(maxsize=256)
def _face(file: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_folder() / file), size)


def font_folder() -> Path:
    """Where matplotlib keeps the fonts that it ships."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"
