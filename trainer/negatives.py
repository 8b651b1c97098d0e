"""Chance in, crops of what is not a digit out: letters, signs, words, marks and stains for the class "reject".

What a person would take for a digit as well, such as O, l, S or a slash, is left out; so is a list of
symbols that no training ever sees, to measure on.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import cv2
import numpy as np

from edge_app.frames import Float32, UInt8
from edge_app.stages.crop import center_ink
from edge_app.stages.strokes import SLIM, long_axis
from trainer.foreign_signs import draw_sign
from trainer.layouts import MARKS, SURE_LETTERS, draw_lines, draw_mark, draw_tick
from trainer.pens import font_files, write_text
from trainer.writers import learnt_hands, unknown_hands

T = TypeVar("T")

SIDE_PX = 84  # of a mark before it is shrunk to a crop
PRINTED_LETTERS = "BDGQSZgjqsyzJY"
SYMBOLS = SURE_LETTERS + "+=*~^<>{}[]-.!;"
HELD_OUT_SYMBOLS = "AKMRWkmw&@%?#$"
HELD_OUT_MARKS = (4, 7)  # star and triangle, by their place in `layouts.MARKS`
HERSHEY_FONTS = tuple(f"hershey-{face}" for face in range(8))
MOST_LEAN_DEG = 50.0  # of a 1 from upright


def make_negatives(count: int, random: np.random.Generator) -> UInt8:
    """Crops of marks that are no digits, all kinds equally often.

    Args:
        count: how many.
        random: source of all chance.

    Returns:
        (count, 28, 28) uint8, as the device's crop stage would yield them.
    """
    return draw(count, random, KINDS)


def make_held_out(count: int, random: np.random.Generator) -> UInt8:
    """Crops of the symbols and marks that `make_negatives` never draws, (count, 28, 28) uint8."""
    return draw(count, random, (_held_out_symbol, _held_out_symbol, _held_out_mark))


def passes_for_a_1(crop: UInt8) -> bool:
    """Whether a crop is a slim stroke that stands or leans: a piece of a line is one, and so is a 1.

    >>> slash = np.zeros((28, 28), np.uint8)
    >>> _ = cv2.line(slash, (6, 24), (20, 4), (255,), 3)
    >>> passes_for_a_1(slash), passes_for_a_1(slash.T.copy())
    (True, False)
    """
    lean, slimness = long_axis(crop)
    return abs(lean) <= MOST_LEAN_DEG and slimness < SLIM


def draw(count: int, random: np.random.Generator, kinds: Sequence[Callable[[np.random.Generator], Float32]]) -> UInt8:
    """Crops of the kinds in turn, (count, 28, 28) uint8; none that is as slim and plain a stroke as a 1."""
    crops: list[UInt8] = []
    while len(crops) < count:
        kind = kinds[len(crops) % len(kinds)]
        crop = center_ink((kind(random) * 255).astype(np.uint8))
        if crop.any() and (kind in BENT or not passes_for_a_1(crop)):
            crops.append(crop)
    return np.stack(crops)


def _symbol(random: np.random.Generator) -> Float32:
    """A letter, operator or sign, with any pen or in any print."""
    return _written(_pick(SYMBOLS, random), random)


def _printed_letter(random: np.random.Generator) -> Float32:
    """A letter that in handwriting passes for a digit, as printers set it."""
    return write_text(_pick(PRINTED_LETTERS, random), _pick(font_files(), random), SIDE_PX)


def _bracket(random: np.random.Generator) -> Float32:
    """A round bracket: slim, but bent as no 1 is."""
    width = random.uniform(0.3, 0.6) * SIDE_PX
    canvas = np.zeros((SIDE_PX + 20, SIDE_PX + 20), dtype=np.uint8)
    side = int(random.choice((-1, 1)))
    centre = (SIDE_PX + 20) // 2 - round(side * width / 2), (SIDE_PX + 20) // 2
    start, reach = (0 if side > 0 else 180), int(random.integers(50, 75))
    lean, stroke = float(random.normal(0, 6)), int(random.integers(3, 11))
    axes = round(width), SIDE_PX // 2
    cv2.ellipse(canvas, centre, axes, lean, start - reach, start + reach, (255,), stroke, cv2.LINE_AA)
    return np.asarray(canvas / 255.0, dtype=np.float32)


def tick(random: np.random.Generator) -> Float32:
    """A tick as teachers make them."""
    return draw_tick(SIDE_PX, random)


def _word(random: np.random.Generator) -> Float32:
    """Two to four letters that hang together."""
    text = "".join(_pick(SURE_LETTERS, random) for _ in range(int(random.integers(2, 5))))
    ink = _written(text, random)
    size_wh = max(1, int(ink.shape[1] * random.uniform(0.8, 1.0))), ink.shape[0]
    return np.asarray(cv2.resize(ink, size_wh, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _mark(random: np.random.Generator) -> Float32:
    """A tick, cross, arrow, box or scribble."""
    known = [lines for index, lines in enumerate(MARKS) if index not in HELD_OUT_MARKS]
    return draw_mark(SIDE_PX, random, known)


def _sign(random: np.random.Generator) -> Float32:
    """An arrow, a relation, a currency, a foreign letter, a picture."""
    return draw_sign(random, SIDE_PX)


def _blob(random: np.random.Generator) -> Float32:
    """A filled shape: a stain, a leaf, a dot."""
    canvas = np.zeros((SIDE_PX, SIDE_PX), dtype=np.uint8)
    angles = np.sort(random.uniform(0, 2 * np.pi, 9))
    reach = random.uniform(14, 38, 9) * np.array([[1.0], [random.uniform(0.6, 1.0)]])
    outline = np.stack([np.cos(angles), np.sin(angles)]) * reach + SIDE_PX / 2
    cv2.fillPoly(canvas, [outline.T.round().astype(np.int32)], (255,), cv2.LINE_AA)
    return np.asarray(canvas / 255.0, dtype=np.float32)


def _held_out_symbol(random: np.random.Generator) -> Float32:
    return _written(_pick(HELD_OUT_SYMBOLS, random), random, unknown_hands)


def _held_out_mark(random: np.random.Generator) -> Float32:
    return draw_lines(MARKS[_pick(HELD_OUT_MARKS, random)], SIDE_PX, random)


KINDS: tuple[Callable[[np.random.Generator], Float32], ...] = (
    _symbol, _symbol, _symbol, _symbol, _printed_letter, _printed_letter, _word, _mark, _mark, _blob, _bracket,
    _sign, _sign, tick,
)  # fmt: skip
"""What is drawn in turn; a kind named twice is drawn twice as often."""

BENT = (_bracket, tick, _mark, _sign)
"""Kinds that are no 1 even where they are as slim as one."""


def _written(text: str, random: np.random.Generator, hands: Callable[[], Sequence[str]] = learnt_hands) -> Float32:
    """Text by somebody's hand, by OpenCV's or by a printer, with a pen's width of its own."""
    fonts = (HERSHEY_FONTS, font_files(), hands())[int(random.integers(3))]
    return write_text(text, _pick(fonts, random), SIDE_PX, random.uniform(0.03, 0.16))


def _pick(choices: Sequence[T], random: np.random.Generator) -> T:
    return choices[int(random.integers(len(choices)))]
