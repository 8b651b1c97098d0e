"""Chance in, a sign that no Hershey font has out: arrows, relations, currencies, Greek and Cyrillic letters, pictures.

A page holds more than letters and operators. What a person would take for a digit as well is left out, and
so is what looks like one of the held-out symbols of `trainer.negatives`. A fifth of the signs is kept from all
training, to measure on.
"""

import re
import unicodedata
from functools import lru_cache

import cv2
import numpy as np
from matplotlib.ft2font import FT2Font

from edge_app.frames import Float32
from trainer.pens import font_folder, thin, write_text

FONTS = ("DejaVuSans.ttf", "DejaVuSerif.ttf", "STIXGeneral.ttf")
BLOCKS = (
    (*range(0x00A1, 0x00C0), 0x00D7, 0x00F7),  # signs of Latin-1
    range(0x0391, 0x03CA),  # Greek
    range(0x0410, 0x0450),  # Cyrillic
    range(0x20A0, 0x20C0),  # currencies
    range(0x2190, 0x2400),  # arrows, relations, technical signs
    range(0x25A0, 0x27C0),  # shapes, pictures
    range(0x2A00, 0x2B00),  # more relations
)
PASS_FOR_DIGITS = "ΒΖΙΘΟΣΦβδεζηθιλξορςσφБЗОФЧЭбзофчэ¡¦ª°²³¹º∂"
PASS_FOR_HELD_OUT = "ΑΔΚΛΜΩακμψωАКМкмШш∆∧∀µ"
UNWANTED_NAMES = re.compile(
    r"\b(CIRCLE|RING|BULLET|HEXAGON|SOFTWARE|EMPTY SET|DIAMETER|DIGIT|NUMBER|FRACTION"  # 0, and digits themselves
    "|HARPOON|HOOK|EXTENSION|BRACKET|INTEGRAL|INTEGRATION|DIVIDES?|DIVISION SLASH|SET MINUS|BAR$|PARALLEL|ACUTE"  # 1
    "|WAVY|EXCLAMATION|PROJECTION"
    "|CORNER|CROP|CEILING|FLOOR|TIP|CAUTION|MUSIC|NOTE|IOTA|ETA"  # 7, 2, 6
    "|STAR|TRIANGLE|LOGICAL AND|AUSTRAL|WON SIGN|PESO|SHARP|VIEWDATA|QUESTION|INTERROBANG)"
)
HELD_OUT_EVERY = 5  # code points


@lru_cache
def signs(held_out: bool = False) -> tuple[tuple[str, str], ...]:
    """Each sign to train on, or to measure on, with a font that has it."""
    found = []
    for font in FONTS:
        known = FT2Font(str(font_folder() / font)).get_charmap()
        codes = (code for block in BLOCKS for code in block if code in known)
        found += [(chr(code), font) for code in codes if (code % HELD_OUT_EVERY == 0) == held_out]
    return tuple((sign, font) for sign, font in found if _is_wanted(sign))


def draw_sign(random: np.random.Generator, height_px: int, held_out: bool = False) -> Float32:
    """Any sign, as printed or with a pen's even stroke, (h, w) float32 in 0..1.

    Args:
        random: source of all chance.
        height_px: of a capital letter in the same font.
        held_out: whether it is one to measure on.
    """
    choices = signs(held_out)
    sign, font = choices[int(random.integers(len(choices)))]
    ink = write_text(sign, font, height_px)
    if random.random() < 0.5:
        return ink
    nib = max(2, round(height_px * random.uniform(0.035, 0.15)))
    lines = np.pad(thin((ink > 0.5).astype(np.uint8)), nib)
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (nib, nib))
    return np.asarray(cv2.GaussianBlur(cv2.dilate(lines, pen).astype(np.float32), (0, 0), 1.0), dtype=np.float32)


def _is_wanted(sign: str) -> bool:
    """Whether a character is a letter or a sign that looks neither like a digit nor like what is held out."""
    if sign in PASS_FOR_DIGITS or sign in PASS_FOR_HELD_OUT or unicodedata.category(sign)[0] not in "LSP":
        return False
    return not UNWANTED_NAMES.search(unicodedata.name(sign, ""))
