"""A frame and its readings in, the annotated picture out.

Everything is drawn twice, dark under bright, so that it can be read on any background, and its size follows the
picture's. How sure a digit is shows in three ways: the percentage, a bar, and the outline (solid, dashed or dotted);
the colours, of Okabe and Ito's palette (https://jfly.uni-koeln.de/color/), only repeat it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from edge_app.frames import BoxXYWH, Digit, Reading, UInt8
from edge_app.stages.labels import (
    FONT,
    covered_px,
    fit_text,
    font_of,
    grown,
    joined,
    moved_within,
    place_label,
    text_width,
)

ColourBGR = tuple[int, int, int]

DARK: ColourBGR = (24, 20, 16)
WHITE: ColourBGR = (255, 255, 255)
TRACK: ColourBGR = (90, 84, 78)  # what a confidence bar fills
PALE: ColourBGR = (200, 196, 190)
PLATE_OPACITY = 0.82  # keeps white text above 4.5:1 contrast on white paper, and the ink under a plate visible
MIN_TEXT_PX = 9  # height of a digit; Hershey glyphs run together below it
TEXT_FRACTION = 0.028  # of the picture's shorter side: 13 px at 480, 85 px at 12 megapixels
WRITTEN_FRACTION = 0.6  # most of the written height: on a page photographed from afar, labels must not hide digits
NUMBER_FRACTION = 0.42  # the number's height in its label, of the written height
MAX_NUMBER_FRACTION = 0.085  # of the picture's shorter side
ROUNDING = 1e-9  # 0.29 * 100 is 28.999999999999996
STRIP_OVERHANG = 1.15  # text under a digit may be this much wider than its ink: neighbours have gaps
BAR_MIN_LINES = 5  # a picture lower than this many text lines has no room for the status bar


@dataclass(frozen=True, slots=True)
class Style:
    """How sure a digit is, as seen.

    Attributes:
        least: the lowest confidence that is drawn so.
        colour_bgr: of the outline, the bar and the percentage.
        dash: length of a dash in line widths, with gaps of the same length; 0 is a solid line.
    """

    least: float
    colour_bgr: ColourBGR
    dash: int


STYLES = (
    Style(0.95, (233, 180, 86), 0),  # sky blue, solid
    Style(0.80, (66, 228, 240), 5),  # yellow, dashed
    Style(0.00, (40, 120, 235), 2),  # vermilion (a little lighter, for the dark plates), dotted
)


@dataclass(frozen=True, slots=True)
class NumberLabel:
    """A number and its confidence as they are written beside it; sizes in pixels."""

    number: str
    number_px: int
    percent: str
    percent_px: int
    pad: int
    size_wh: tuple[int, int]
    colour_bgr: ColourBGR


def draw_overlay(
    frame_bgr: UInt8, readings: Sequence[Reading], *, fps: float | None, model: str, note: str = ""
) -> UInt8:
    """Draws boxes, digits, numbers and the status bar.

    Args:
        frame_bgr: (H, W, 3) uint8, blue first; not written to.
        readings: what to draw, boxes in pixels of this picture; parts outside it are left out.
        fps: frames a second, or None for a still picture.
        model: name for the right of the status bar.
        note: a word for the middle of the status bar, e.g. "paused"; characters that are not ASCII become "?".

    Returns:
        (H, W, 3) uint8, a new array.
    """
    overlay = np.array(frame_bgr, dtype=np.uint8, order="C")
    height, width = overlay.shape[:2]
    text_px = text_height(width, height)
    bar_px = 2 * text_px if height >= BAR_MIN_LINES * 2 * text_px else 0
    bounds = (0, 0, width, height - bar_px)
    taken = [reading.box_xywh for reading in readings]
    label_px = min(text_px, max(MIN_TEXT_PX, round(_written_px(readings) * WRITTEN_FRACTION)))
    for reading in readings:
        _draw_boxes(overlay, reading, label_px)
    for reading in readings:
        taken.extend(_draw_labels(overlay, reading, label_px, bounds, taken))
    if bar_px:
        _draw_status(overlay, bar_px, text_px, fps, model, note)
    return overlay


def text_height(width: int, height: int) -> int:
    """Height of small text in pixels, for a picture of this size.

    >>> text_height(320, 240), text_height(640, 480), text_height(4056, 3040)
    (9, 13, 85)
    """
    return max(MIN_TEXT_PX, round(min(width, height) * TEXT_FRACTION))


def _written_px(readings: Sequence[Reading]) -> float:
    """Typical height of the digits, whichever way the page lies; 0.0 where there are none."""
    heights = [max(digit.box_xywh[2:]) for reading in readings for digit in reading.digits]
    return float(np.median(heights)) if heights else 0.0


def style_of(confidence: float) -> Style:
    """How a digit or number of this confidence is drawn."""
    return next((style for style in STYLES if confidence >= style.least), STYLES[-1])


def _draw_boxes(overlay: UInt8, reading: Reading, text_px: int) -> None:
    """Outlines of a number and, where it has several, of its digits."""
    stroke = _stroke(text_px)
    if len(reading.digits) > 1:
        for digit in reading.digits:
            _draw_outline(overlay, grown(digit.box_xywh, stroke), style_of(digit.confidence), max(1, stroke // 2))
    outline = grown(reading.box_xywh, _margin(text_px) - stroke)
    _draw_outline(overlay, outline, style_of(reading.confidence), stroke)


def _draw_outline(overlay: UInt8, box: BoxXYWH, style: Style, stroke: int) -> None:
    """A rectangle in the style's colour on a dark one that is wider by a stroke."""
    left, top, width, height = box
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
    cv2.rectangle(overlay, corners[0], corners[2], DARK, stroke + 2 * max(1, stroke // 2), cv2.LINE_8)
    if style.dash == 0:
        cv2.rectangle(overlay, corners[0], corners[2], style.colour_bgr, stroke, cv2.LINE_8)
        return
    for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
        _draw_dashes(overlay, start, end, style, stroke)


def _draw_dashes(overlay: UInt8, start: tuple[int, int], end: tuple[int, int], style: Style, stroke: int) -> None:
    """A dashed line between two corners; each end is a dash, so that corners are seen."""
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    pieces = max(1, length // (style.dash * stroke))
    pieces -= 1 - pieces % 2
    stops = np.linspace(start, end, pieces + 1).round().astype(int)
    for first, last in zip(stops[:-1:2], stops[1::2], strict=True):
        cv2.line(overlay, first.tolist(), last.tolist(), style.colour_bgr, stroke, cv2.LINE_8)


def _draw_labels(
    overlay: UInt8, reading: Reading, text_px: int, bounds: BoxXYWH, taken: Sequence[BoxXYWH]
) -> list[BoxXYWH]:
    """The number's label and, where there is room for both, the digits' strip; gives the boxes that they take."""
    own = grown(reading.box_xywh, _margin(text_px))
    label = _number_label(reading, text_px, min(overlay.shape[:2]), bounds[2])
    strip = _place_strip(own, label.size_wh, text_px, bounds, taken) if len(reading.digits) > 1 else None
    if strip is None:
        place = place_label(label.size_wh, own, bounds, taken)
        if covered_px(place, taken):
            label = _small_label(reading, text_px, bounds[2])
            place = place_label(label.size_wh, own, bounds, taken)
        _draw_number(overlay, label, place)
        return [place]
    _draw_plate(overlay, strip)
    for digit in reading.digits:
        _draw_digit(overlay, digit, strip, text_px)
    place = place_label(label.size_wh, joined(own, strip), bounds, [*taken, strip])
    _draw_number(overlay, label, place)
    return [strip, place]


def _place_strip(
    own: BoxXYWH, label_wh: tuple[int, int], text_px: int, bounds: BoxXYWH, taken: Sequence[BoxXYWH]
) -> BoxXYWH | None:
    """Below the number, else above it; None where it would cover something, or leave no free place for the label."""
    left, top, width, height = own
    strip_px = 2 * text_px
    for strip in ((left, top + height, width, strip_px), (left, top - strip_px, width, strip_px)):
        if moved_within(strip, bounds) != strip or covered_px(strip, _others(taken, own)):
            continue
        label = place_label(label_wh, joined(own, strip), bounds, [*taken, strip])
        if covered_px(label, [*taken, strip]) == 0:
            return strip
    return None


def _number_label(reading: Reading, text_px: int, short_side: int, max_width: int) -> NumberLabel:
    """Chooses texts and sizes: the number follows the height of the writing, within what suits the picture."""
    largest_px = short_side * MAX_NUMBER_FRACTION + 1
    number_px = int(np.clip(_written_px([reading]) * NUMBER_FRACTION, text_px, max(text_px, largest_px)))
    return _label_of(reading, number_px, percent_text(reading.confidence), max_width)


def _small_label(reading: Reading, text_px: int, max_width: int) -> NumberLabel:
    """For a crowded page, where a large one would hide other digits: the number alone."""
    return _label_of(reading, max(MIN_TEXT_PX, text_px // 2), "", max_width)


def _label_of(reading: Reading, number_px: int, percent: str, max_width: int) -> NumberLabel:
    percent_px, pad = max(MIN_TEXT_PX, round(number_px * 0.45)), max(3, number_px // 4)
    percent_width = text_width(percent, percent_px) + pad if percent else 0
    number = fit_text(reading.text, number_px, max(0, max_width - 2 * pad - percent_width))
    size_wh = (text_width(number, number_px) + percent_width + 2 * pad, number_px + 2 * pad)
    return NumberLabel(number, number_px, percent, percent_px, pad, size_wh, style_of(reading.confidence).colour_bgr)


def _draw_number(overlay: UInt8, label: NumberLabel, place: BoxXYWH) -> None:
    """The number in large, then its confidence in percent, on a plate."""
    _draw_plate(overlay, place)
    left, baseline = place[0] + label.pad, place[1] + label.pad + label.number_px
    _draw_text(overlay, label.number, (left, baseline), label.number_px, WHITE)
    left += text_width(label.number, label.number_px) + label.pad
    _draw_text(overlay, label.percent, (left, baseline), label.percent_px, label.colour_bgr)


def percent_text(confidence: float) -> str:
    """Confidence in whole percent, rounded down so that only certainty shows as 100.

    >>> percent_text(0.998)
    '99%'
    """
    return f"{int(confidence * 100 + ROUNDING)}%"


def _draw_digit(overlay: UInt8, digit: Digit, strip: BoxXYWH, text_px: int) -> None:
    """Under its ink: the digit and its percentage, as much as fits, over a bar as long as the confidence."""
    left, _, width, _ = digit.box_xywh
    colour = style_of(digit.confidence).colour_bgr
    small_px = max(MIN_TEXT_PX, text_px * 3 // 4)
    full = f"{digit.digit} {percent_text(digit.confidence)}"
    choices = ((full, text_px), (full, small_px), (str(digit.digit), text_px))
    fitting = (choice for choice in choices if text_width(*choice) <= width * STRIP_OVERHANG)
    text, height_px = next(fitting, ("", text_px))
    bar_px = max(2, text_px // 4)
    bar_top = strip[1] + strip[3] - bar_px - max(1, bar_px // 2)
    text_left = left + (width - text_width(text, height_px)) // 2
    baseline = strip[1] + (bar_top - strip[1] + height_px) // 2
    _draw_text(overlay, text, (text_left, baseline), height_px, WHITE)
    filled = round(width * min(max(digit.confidence, 0.0), 1.0))
    _fill(overlay, (left, bar_top, width, bar_px), TRACK)
    _fill(overlay, (left, bar_top, filled, bar_px), colour)


def _draw_status(overlay: UInt8, bar_px: int, text_px: int, fps: float | None, model: str, note: str) -> None:
    """The bar along the bottom: fps on the left, a note in the middle, the model on the right."""
    height, width = overlay.shape[:2]
    _draw_plate(overlay, (0, height - bar_px, width, bar_px))
    baseline = height - bar_px + (bar_px + text_px) // 2
    pad = text_px
    left_text = fit_text("" if fps is None else f"{fps:.1f} fps", text_px, width - 2 * pad)
    left_end = pad + text_width(left_text, text_px)
    right_text = fit_text(model, text_px, max(0, width - left_end - 3 * pad))
    right_start = width - pad - text_width(right_text, text_px)
    middle = fit_text(note, text_px, max(0, right_start - left_end - 4 * pad))
    middle_start = (left_end + right_start - text_width(middle, text_px)) // 2
    _draw_text(overlay, left_text, (pad, baseline), text_px, WHITE)
    _draw_text(overlay, right_text, (right_start, baseline), text_px, PALE)
    _draw_text(overlay, middle, (middle_start, baseline), text_px, STYLES[1].colour_bgr)


def _draw_text(overlay: UInt8, text: str, origin_xy: tuple[int, int], height_px: int, colour: ColourBGR) -> None:
    """Text with its baseline's left end at `origin_xy`."""
    font_size, stroke = font_of(height_px)
    cv2.putText(overlay, text, origin_xy, FONT, font_size, colour, stroke, cv2.LINE_AA)


def _draw_plate(overlay: UInt8, box: BoxXYWH) -> None:
    """Darkens a rectangle; what lies under it stays faintly visible."""
    part = _part(overlay, box)
    if part.size:
        part[:] = cv2.addWeighted(part, 1 - PLATE_OPACITY, np.full_like(part, DARK), PLATE_OPACITY, 0)


def _fill(overlay: UInt8, box: BoxXYWH, colour: ColourBGR) -> None:
    """Paints a rectangle."""
    _part(overlay, box)[:] = colour


def _part(overlay: UInt8, box: BoxXYWH) -> UInt8:
    """The view of the picture inside a box; empty where the box lies outside."""
    left, top, width, height = box
    return overlay[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]


def _stroke(text_px: int) -> int:
    """Width of a number's outline."""
    return max(1, text_px // 6)


def _margin(text_px: int) -> int:
    """From a number's ink to the far side of its outline: the digits' own outlines lie in between."""
    return 5 * _stroke(text_px) + 2


def _others(taken: Sequence[BoxXYWH], own: BoxXYWH) -> list[BoxXYWH]:
    """What is taken by others: a number's own ink lies within its own box and never under its strip."""
    return [box for box in taken if joined(box, own) != own]
