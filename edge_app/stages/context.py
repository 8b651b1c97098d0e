"""Readings and the regions that are no digit in, the readings that their surroundings bear out.

Alone, an o cannot be told from a 0 nor an l from a 1, and in the grain of wood there is always something
like a 7. Among letters, or among dozens of shapes that are nothing, it is not believed; nor are strokes in a row
of nothing else.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Reading, Region, RegionMap
from edge_app.stages.boxes import off_edges, working_box
from edge_app.stages.classify import ONE
from edge_app.stages.crop import Patch
from edge_app.stages.ground import PAPER_LIKE
from edge_app.stages.rows import Boxes, as_boxes, gaps, in_row

LETTER_HEIGHTS = 0.6, 1.8  # of a letter's, in the number's height; operators are mostly lower
SMALL_LETTER = 0.4  # the same at the least, beside what may be an l or a j
LETTER_GAP = 0.3  # widest gap between neighbours in a word, of the number's height; operators stand further off
BROAD_LETTER = 0.45  # width / height of what counts as one; parentheses and slashes are slimmer
LETTERS_LEAST = 2  # beside one digit that is beyond doubt
UNIT_LETTERS = 2  # at most, after a number: kg, cm
CLEARLY_DIGITS, LONG_NUMBER = 0.9, 3  # probability of each of its digits; digits of a number that is no word
LETTER_LAP = 0.3  # of the number's height: a box that lies further over it is no neighbour
MISREAD = 0.05  # of the digits on a page of binary numbers: what is neither 0 nor 1
FEW_SHAPES = 2  # that are no digit: on a page with hardly anything else, a stroke is a 1 and a ring a 0
SOLID, BROAD = 0.7, 0.5  # of a shape's box that is ink, where a disc has .79; of its longer side, its shorter one
SPECK, FEW_SPECKS = 0.25, 8  # of the number's height, below which these do not count, while there are as few
LIKE_HEIGHTS = 0.5, 2.0  # of a number that supports another, in that one's height
AREA_REACH = 8.0  # of a number's surroundings, in its heights
AREA_LEAST = 10  # shapes around it that are no digit; fewer are words and operators beside numbers
AREA_RATIO = 1.2  # of shapes that are no digit to digits, from which all of them are letters or texture
GRAIN_HEIGHTS = 0.4, 2.2  # of shapes around a number of one digit, in its height
LONELY_LEAST, LONELY_RATIO = 4, 1.5  # of these: a shape like a digit is soon found anywhere
INK_EXTENT = 0.3, 4.0  # of pieces of ink around a number of one digit, whatever they look like, in its height
INK_REACH = 4.0  # how far around it, likewise
INK_LEAST, INK_RATIO = 8, 3.5  # of these to digits: on a desk of leather, or of wood
BEYOND_DOUBT = 0.99  # probability from which one digit is believed there, beside a letter, clear of print; not of a 1
CALM = 0.055  # unrest of a digit on a card before a garden; leaves have more
CLEARLY_CALM = 0.95  # probability of each digit of such a number
LIGHT_AMID, LIGHT_LEAST = 0.4, 2  # share of light shapes that are no digit, and their number: lights and glints
STEADY, STEADY_ALONE = 0.2, 0.08  # unrest that 97 % of the digits on pages with as many words stay below
WILD = 0.3  # unrest from which hardly two digits are no number where most numbers are on paper
UNEVEN, MOSTLY_OTHER = 0.13, 0.28  # typical unrest of numbers, and share of digits in all shapes: texture, not a page
CLEAR = 0.5  # of a digit's height: where it stands as far from all shapes about as tall, it is in no texture
TOWER_OVER = 0.2, 1.0  # of a lone stroke's height: of the digits in its row
TOWER = 1.75  # of the tallest of these: where it is as tall, it is none of them
FEW_BESIDE = 2  # of them, itself among them, do not tell
TALLY_LEAST = 10  # 1s in a row: a tally, a ruler, a bar code, a fence
TALLY_HEIGHTS = 0.3, 3.0  # of theirs, in the number's: the marks of a ruler differ

NEXT_DIGIT = 0.6  # of the number's height: the space that one more digit would take
LARGE_SHARE = 0.7  # of the number's height: least extent of what may hold or hide a digit; operators are smaller
COVERED_SHARE = 0.1  # of that space; a line that was not removed covers less


def believable(
    readings: Sequence[Reading],
    others: Sequence[Region],
    region_map: RegionMap,
    patches: Mapping[BoxXYWH, Patch],
    letters: Collection[BoxXYWH] = (),
    signs: Collection[BoxXYWH] = (),
    in_fields: Collection[Reading] = (),
) -> tuple[Reading, ...]:
    """Leaves out the readings that are letters of a word, or stray shapes in print or texture.

    Args:
        readings: of one frame.
        others: its regions that are surely no digit.
        region_map: its ink.
        patches: of all of these, by their boxes.
        letters: boxes of those others that form words: no texture.
        signs: boxes of those others that were told from digits, as slashes are: no letters.
        in_fields: those of the readings whose digits stand in the boxes of a form, or the cells of a table.

    Returns:
        The rest, in the order given.
    """
    whole = [region for region in others if not region.cut]  # what runs off the frame is the desk
    unseen = region_map.statistics[list(region_map.left_out), :4] / region_map.resize_factor
    shapes = np.vstack([_boxes(whole), unseen])
    digits = as_boxes([digit.box_xywh for reading in readings for digit in reading.digits])
    stats = region_map.statistics[1:]
    ink = stats[off_edges(stats, region_map.components.shape), :4] / region_map.resize_factor
    ones = as_boxes([digit.box_xywh for reading in readings for digit in reading.digits if digit.digit == ONE])
    kept = [r for r in readings if not (_towers(r, digits) or _in_tally(r, ones, digits))]
    kept = [r for r in kept if not _in_grain(r, ink, digits) or _is_on_card(r, patches)]
    wild = [r for r in kept if len(r.digits) < LONG_NUMBER and _unrest(r, patches) >= WILD]
    if wild and median(_unrest(r, patches) for r in kept) < PAPER_LIKE:
        kept = [r for r in kept if r not in wild]
    if not region_map.dark_on_light and len(others) >= max(LIGHT_LEAST, LIGHT_AMID * len(region_map.regions)):
        kept = [r for r in kept if _is_steady(r, patches)]
    if not kept or not len(shapes):
        return tuple(kept)
    unsigned = [region for region in whole if region.box_xywh not in signs]
    every = np.vstack([_boxes(unsigned), unseen])
    broad = _boxes([region for region in unsigned if _is_broad(region) or region.box_xywh in letters])
    telling = np.vstack([broad, unseen[unseen[:, 2] >= BROAD_LETTER * unseen[:, 3]]])
    binary = _are_binary(kept, shapes)
    doubted = [r for r in kept if is_plain(r) and not (binary or _is_supported(r, kept, in_fields))]
    beside = {r: every if r in doubted else telling for r in kept}
    apart = [r for r in kept if r in in_fields or not _in_word(r, beside[r], is_plain(r) and not binary)]
    kept = [r for r in kept if r in apart or _has_unit(r, beside[r], apart)]
    # Fellows are some of the shapes, and sought only where there are too many of these.
    texture = _boxes([region for region in whole if region.box_xywh not in letters])
    loose = [r for r in kept if r not in in_fields]
    strays = [r for r in loose if _in_texture(r, texture if _is_written(r) else shapes, digits)]
    strays = [r for r in strays if _in_texture(r, _boxes(_fellows(r, whole, patches)), digits)]
    kept = [r for r in kept if r not in strays]
    kept = [
        r
        for r in kept
        if not is_plain(r)
        or binary
        or _is_supported(r, kept, in_fields)
        or _has_few_beside(r, _fellows(r, whole, patches), region_map)
    ]
    if _are_in_texture(kept, shapes, patches):
        kept = [r for r in kept if is_calm(r, patches)]
    return tuple(kept)


def with_clear_ends(
    readings: Sequence[Reading], others: Sequence[Region], region_map: RegionMap
) -> tuple[Reading, ...]:
    """Marks the readings as not whole that something large lies beside: a hand or a smudge may hide a digit.

    Args:
        readings: of one frame.
        others: its regions that are no digit, but may hold one.
        region_map: its ink.
    """
    stats = region_map.statistics
    strange = np.ones(len(stats), dtype=bool)
    strange[0] = False  # paper
    ours = {region.components for region in others}
    known = [region.components for region in region_map.regions if region.components not in ours]
    strange[[piece for pieces in known for piece in pieces]] = False
    extent = np.where(strange, np.maximum(stats[:, 2], stats[:, 3]), 0)
    return tuple(
        replace(reading, whole=False) if reading.whole and _something_beside(reading, region_map, extent) else reading
        for reading in readings
    )


def _something_beside(reading: Reading, region_map: RegionMap, extent: NDArray[np.int64]) -> bool:
    """Whether much of the space for another digit, on either side, is covered by ink as large as a digit."""
    factor = region_map.resize_factor
    left, top, width, height = (round(side * factor) for side in reading.box_xywh)
    space = round(NEXT_DIGIT * height)
    large = extent >= LARGE_SHARE * height
    if not large.any():
        return False
    for start, end in ((left - space, left), (left + width, left + width + space)):
        zone = region_map.components[top : top + height, max(0, start) : max(0, end)]
        if np.count_nonzero(large[zone]) > COVERED_SHARE * zone.size:
            return True
    return False


def _in_word(reading: Reading, shapes: Boxes, plain: bool) -> bool:
    """Whether at least as many letters as digits stand close beside the digits or between them, in one row.

    Of plain strokes and rings, which words are made of, a single letter makes letters; one digit beyond doubt has
    more likely a digit beside it that could not be told than a letter.
    """
    before, between, after = _letters(reading, shapes)
    least = 1 if plain else LETTERS_LEAST if _is_beyond_doubt(reading) else len(reading.digits)
    return before + between + after >= least


def _is_broad(region: Region) -> bool:
    """Whether a shape is so broad that it may be a letter beside a number; what is slimmer is rather a sign."""
    return region.box_xywh[2] >= BROAD_LETTER * region.box_xywh[3]


def _has_unit(reading: Reading, shapes: Boxes, readings: Sequence[Reading]) -> bool:
    """Whether a number that looks like nothing else ends in hardly a letter, on a page that has longer ones.

    Args:
        reading: which stands beside letters.
        shapes: of the page, that are no digit.
        readings: those that do not.
    """
    before, between, after = _letters(reading, shapes)
    if before or between or after > UNIT_LETTERS or is_plain(reading):
        return False
    lowest, highest = (share * reading.box_xywh[3] for share in LIKE_HEIGHTS)
    clear = min(digit.confidence for digit in reading.digits) >= CLEARLY_DIGITS
    long = (r for r in readings if len(r.digits) >= LONG_NUMBER and not is_plain(r))
    return clear and any(lowest <= other.box_xywh[3] <= highest for other in long)


def _letters(reading: Reading, shapes: Boxes) -> tuple[int, int, int]:
    """How many shapes as tall as letters stand close before a number, between its digits and close after it."""
    left, _, width, height = (float(side) for side in reading.box_xywh)
    least = SMALL_LETTER if is_plain(reading) else LETTER_HEIGHTS[0]
    row = shapes[in_row(reading.box_xywh, shapes, (least, LETTER_HEIGHTS[1]))]
    middles = row[:, 0] + row[:, 2] / 2
    between = int(np.count_nonzero((middles > left) & (middles < left + width)))
    return _chain(_mirrored(row), -left, height), between, _chain(row, left + width, height)


def is_calm(reading: Reading, patches: Mapping[BoxXYWH, Patch]) -> bool:
    """Whether all digits of a number are sure and alone on even ground.

    Args:
        reading: a number.
        patches: of its digits, by their boxes.
    """
    return all(digit.confidence >= CLEARLY_CALM and patches[digit.box_xywh].unrest < CALM for digit in reading.digits)


def _are_in_texture(readings: Sequence[Reading], shapes: Boxes, patches: Mapping[BoxXYWH, Patch]) -> bool:
    """Whether hardly any shape of a picture is a digit, and what is stands mostly on uneven ground."""
    digits = sum(len(reading.digits) for reading in readings)
    few = 0 < digits < MOSTLY_OTHER * (digits + len(shapes))
    return few and median(_unrest(reading, patches) for reading in readings) >= UNEVEN


def _is_on_card(reading: Reading, patches: Mapping[BoxXYWH, Patch]) -> bool:
    """Whether a number is more than strokes, and so calm that nothing around speaks against it."""
    return set(reading.text) != {str(ONE)} and is_calm(reading, patches)


def _is_steady(reading: Reading, patches: Mapping[BoxXYWH, Patch]) -> bool:
    """Whether a number is on ground as even as a board; one digit alone must be surer, and its ground more even."""
    if len(reading.digits) == 1:
        return reading.digits[0].confidence >= CLEARLY_CALM and _unrest(reading, patches) < STEADY_ALONE
    return _unrest(reading, patches) < STEADY


def _unrest(reading: Reading, patches: Mapping[BoxXYWH, Patch]) -> float:
    """How unlike writing on paper most of a number is."""
    return median(patches[digit.box_xywh].unrest for digit in reading.digits)


def _fellows(reading: Reading, shapes: Sequence[Region], patches: Mapping[BoxXYWH, Patch]) -> Sequence[Region]:
    """The shapes that may be of one kind with a number: where that is calm, what is behind the card it is on is not."""
    if not _is_on_card(reading, patches):
        return shapes
    return [shape for shape in shapes if patches[shape.box_xywh].unrest < PAPER_LIKE]


def _boxes(regions: Sequence[Region]) -> Boxes:
    return as_boxes([region.box_xywh for region in regions])


def _towers(reading: Reading, digits: Boxes) -> bool:
    """Whether a lone stroke is far taller than all digits around it: a pen that lies on the page."""
    if reading.text != "1":
        return False
    height = reading.box_xywh[3]
    beside = digits[in_row(reading.box_xywh, digits, TOWER_OVER) & (gaps(reading.box_xywh, digits) <= 4 * height)]
    tallest = beside[beside[:, 3] < height, 3].max(initial=0.0)
    alone = np.count_nonzero(beside[:, 3] >= height) <= 1  # itself
    return bool(len(beside) > FEW_BESIDE and alone and height >= TOWER * tallest)


def _in_tally(reading: Reading, ones: Boxes, digits: Boxes) -> bool:
    """Whether a number of 1s stands in a row of many strokes, and of no other digit."""
    if set(reading.text) != {str(ONE)}:
        return False
    strokes, all_digits = (np.count_nonzero(in_row(reading.box_xywh, boxes, TALLY_HEIGHTS)) for boxes in (ones, digits))
    return strokes >= TALLY_LEAST and strokes == all_digits


def _is_written(reading: Reading) -> bool:
    """Whether a number may stand amid words: it is sure, and more than strokes and rings."""
    least = BEYOND_DOUBT if len(reading.digits) == 1 else CLEARLY_DIGITS
    return not is_plain(reading) and min(digit.confidence for digit in reading.digits) >= least


def is_plain(reading: Reading) -> bool:
    """Whether a number is but strokes and rings, of which the world is full: 1, 0, 10."""
    return set(reading.text) <= {"0", "1"}


def _is_supported(reading: Reading, readings: Sequence[Reading], in_fields: Collection[Reading]) -> bool:
    """Whether a number that nothing else looks like, or in a form's boxes, stands on the page, about as tall."""
    lowest, highest = LIKE_HEIGHTS
    height = reading.box_xywh[3]
    telling = (other for other in readings if other in in_fields or not is_plain(other))
    return any(lowest * height <= other.box_xywh[3] <= highest * height for other in telling)


def _are_binary(readings: Sequence[Reading], shapes: Boxes) -> bool:
    """Whether a page is one of binary numbers: with 0s and 1s, of each at least as many as of shapes that are none.

    Hardly another digit is on it: a 1 may have been taken for a 7.
    """
    text = "".join(reading.text for reading in readings)
    zeros, ones = text.count("0"), text.count("1")
    if not zeros or not ones or len(text) - zeros - ones > MISREAD * len(text):
        return False
    height = median(reading.box_xywh[3] for reading in readings)
    large = np.count_nonzero(shapes[:, 2:].max(axis=1) >= SPECK * height)
    return bool(large <= min(zeros, ones))


def _has_few_beside(reading: Reading, shapes: Sequence[Region], region_map: RegionMap) -> bool:
    """Whether hardly anything else is on the page, but for specks and for blots or the holes of a binder."""
    if len(shapes) > FEW_SPECKS:
        return False
    large = [shape for shape in shapes if max(shape.box_xywh[2:]) >= SPECK * reading.box_xywh[3]]
    return sum(not _is_solid(shape, region_map) for shape in large) <= FEW_SHAPES


def _is_solid(region: Region, region_map: RegionMap) -> bool:
    """Whether a region is full of ink, as no letter is, and no bar."""
    x, y, width, height = working_box(region.box_xywh, region_map.resize_factor, region_map.components.shape)
    ink = region_map.components[y : y + height, x : x + width]
    return min(width, height) >= BROAD * max(width, height) and np.count_nonzero(ink) >= SOLID * width * height


def _chain(row: Boxes, edge: float, height: float) -> int:
    """How many boxes follow one another to the right of an edge, each close to the one before."""
    count = 0
    for box in row[np.argsort(row[:, 0])]:
        if box[0] + box[2] / 2 < edge or box[0] < edge - LETTER_LAP * height:
            continue
        if box[0] - edge > LETTER_GAP * height:
            break
        count, edge = count + 1, float(box[0] + box[2])
    return count


def _in_texture(reading: Reading, shapes: Boxes, digits: Boxes) -> bool:
    around, company = (_like_and_near(reading, boxes, LETTER_HEIGHTS) for boxes in (shapes, digits))
    if around >= AREA_LEAST and around > AREA_RATIO * company:
        return True
    if len(reading.digits) > 1 or (_is_beyond_doubt(reading) and _stands_clear(reading, shapes)):
        return False
    around, company = (_like_and_near(reading, boxes, GRAIN_HEIGHTS) for boxes in (shapes, digits))
    return around >= LONELY_LEAST and around > LONELY_RATIO * company


def _in_grain(reading: Reading, ink: Boxes, digits: Boxes) -> bool:
    """Whether one digit alone, and not beyond doubt, has much ink around it that is none."""
    if len(reading.digits) > 1 or _is_beyond_doubt(reading):
        return False
    reach = INK_REACH * reading.box_xywh[3]
    extent, (least, most) = np.maximum(ink[:, 2], ink[:, 3]) / reading.box_xywh[3], INK_EXTENT
    pieces = np.count_nonzero(_near(reading, ink, reach) & (extent >= least) & (extent <= most))
    return bool(pieces >= INK_LEAST and pieces >= INK_RATIO * np.count_nonzero(_near(reading, digits, reach)))


def _is_beyond_doubt(reading: Reading) -> bool:
    """Whether a number is one digit that hardly anything else looks like; any scratch is a 1."""
    return len(reading.digits) == 1 and reading.text != "1" and reading.digits[0].confidence >= BEYOND_DOUBT


def _stands_clear(reading: Reading, shapes: Boxes) -> bool:
    """Whether no shape about as tall is close to a number, on any side."""
    _, y, _, height = reading.box_xywh
    like = shapes[(shapes[:, 3] >= GRAIN_HEIGHTS[0] * height) & (shapes[:, 3] <= GRAIN_HEIGHTS[1] * height)]
    above = np.maximum(like[:, 1] - (y + height), y - (like[:, 1] + like[:, 3]))
    return bool((np.maximum(gaps(reading.box_xywh, like), above) >= CLEAR * height).all())


def _like_and_near(reading: Reading, boxes: Boxes, heights: tuple[float, float]) -> int:
    """How many boxes of about the number's height lie around it."""
    height, (lowest, highest) = reading.box_xywh[3], heights
    like = (boxes[:, 3] >= lowest * height) & (boxes[:, 3] <= highest * height)
    return int(np.count_nonzero(_near(reading, boxes, AREA_REACH * height) & like))


def _near(reading: Reading, boxes: Boxes, reach: float) -> NDArray[np.bool_]:
    """Which boxes have their middle within reach of a number's box."""
    left, top, width, height = reading.box_xywh
    x, y = boxes[:, 0] + boxes[:, 2] / 2, boxes[:, 1] + boxes[:, 3] / 2
    across = (x >= left - reach) & (x <= left + width + reach)
    return np.asarray(across & (y >= top - reach) & (y <= top + height + reach))


def _mirrored(boxes: Boxes) -> Boxes:
    """The boxes seen in a mirror: left is right."""
    flipped = boxes.copy()
    flipped[:, 0] = -(boxes[:, 0] + boxes[:, 2])
    return flipped
