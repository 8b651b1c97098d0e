"""Numbers and the lines erased around them in, those whose digits stand apart in columns joined out.

In an exercise book each digit of a sum has a square of its own, as in a puzzle. But a puzzle ends after some cells, and
the squares of paper go on. On blank paper the line under a sum tells how far its numbers go.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Reading, Region, RegionMap, UInt8
from edge_app.stages.boxes import AREA, HEIGHT, LEFT, TOP, WIDTH, off_edges, pieces_of_ink, working_box
from edge_app.stages.readings import joined
from edge_app.stages.rows import Boxes, as_boxes, next_to
from edge_app.stages.tilt import level
from edge_app.stages.uprights import beside, between, centre

LIKE_HEIGHTS = 0.5, 2.0  # of the digit in the next column, in the height of the one in this
WIDEST_GAP = 1.2  # between them, likewise
PITCH = 0.9, 1.8  # from one's middle to the other's, in the taller one's height
MORE_THAN_A_PUZZLE, SEEN_BY = 11, 0.4  # squares in a row, where a puzzle has nine; share of pairs that see so many
FEWEST = 4  # squares in a row beside two digits: fewer may be anything
UNEVEN = 0.25  # of the space between two lines: how far off the next one may be
MISSING, FOUND = 2, 0.6  # of them, one after the other, that the threshold lost; share of all that it left
CROSSED = 0.7  # of a digit's height: the gap that one leaves in the line under a sum
LINE_LENGTH = 2.0, 9.0  # of such a line, likewise: a puzzle's and a rule are longer
LINE_SLOPE, THICKEST = 0.15, 0.3  # of its length, and of a digit's height: how much it rises, how thick it is
ROWS_AWAY = 4.2  # likewise: how far above or below a number it may run
ROW, ASIDE = 0.8, 0.5  # likewise: how far below a digit another stands at the least, and how far aside at the most


def joined_in_columns(
    readings: Sequence[Reading], unread: Sequence[Region], region_map: RegionMap, lines: UInt8 | None
) -> tuple[Reading, ...]:
    """Joins the numbers whose digits stand in neighbouring squares of squared paper, or over the line of one sum.

    Args:
        readings: of one frame, in reading order.
        unread: its regions that are digits of none of these, and part numbers.
        region_map: what all of these were found in.
        lines: (h, w) uint8, of `edge_app.stages.uprights.drawn_lines`.

    Returns:
        The numbers, each where its first digit was.
    """
    if lines is None and not _may_hold_lines(readings, region_map):
        return tuple(readings)
    pairs = list(_in_neighbouring_columns(readings, unread, region_map))
    if not pairs:
        return tuple(readings)
    if lines is None:
        lines = np.zeros(region_map.components.shape, dtype=np.uint8)
    squares = [_squares_in_a_row(lines, *boxes) for _, _, boxes in pairs]
    is_squared = sum(count >= MORE_THAN_A_PUZZLE for count in squares) >= max(1, SEEN_BY * len(pairs))
    if is_squared:
        told = [count >= FEWEST for count in squares]
    else:
        digits = as_boxes([digit.box_xywh for reading in readings for digit in reading.digits])
        told = _over_lines([boxes for *_, boxes in pairs], digits * region_map.resize_factor, lines, region_map)
    follows = {first: second for (first, second, _), are_one in zip(pairs, told, strict=True) if are_one}
    numbers = []
    for place in range(len(readings)):
        if place in follows.values():
            continue
        chain = [place]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        numbers.append(joined([readings[number] for number in chain]))
    return tuple(numbers)


def _may_hold_lines(readings: Sequence[Reading], region_map: RegionMap) -> bool:
    """Whether a piece of ink is as long as the line of a sum, and lower than digits are; most pages have none."""
    heights = [digit.box_xywh[3] for reading in readings for digit in reading.digits]
    lowest = region_map.resize_factor * min(heights, default=0)
    _, _, width, height, _ = region_map.statistics[1:].T
    return bool(np.any((width >= LINE_LENGTH[0] * lowest) & (height <= lowest)))


def _in_neighbouring_columns(
    readings: Sequence[Reading], unread: Sequence[Region], region_map: RegionMap
) -> Iterator[tuple[int, int, tuple[BoxXYWH, BoxXYWH]]]:
    """Numbers, by their places, of which the second begins a column after the first one's last digit; with the boxes
    of these two digits at working size."""
    place = [number for number, reading in enumerate(readings) for _ in reading.digits]
    found = [digit.box_xywh for reading in readings for digit in reading.digits]
    found += [region.box_xywh for region in unread]
    levelled = as_boxes([level(box, region_map.tilt_deg) for box in found])
    boxes = [working_box(box, region_map.resize_factor, region_map.components.shape) for box in found]
    every = np.ones(len(boxes), dtype=bool)
    last = [row for row, (own, following) in enumerate(pairwise([*place, None])) if own != following]
    first = {0, *(row + 1 for row in last)}
    for row in last:
        _, after = next_to(row, levelled, every, LIKE_HEIGHTS, WIDEST_GAP)
        if after is None or after >= len(place) or after not in first:
            continue
        tall = max(boxes[row][3], boxes[after][3])
        if PITCH[0] * tall <= centre(boxes[after]) - centre(boxes[row]) <= PITCH[1] * tall:
            yield place[row], place[after], (boxes[row], boxes[after])


def _over_lines(
    pairs: Sequence[tuple[BoxXYWH, BoxXYWH]], digits: Boxes, lines: UInt8, region_map: RegionMap
) -> list[bool]:
    """Which pairs of digits stand over the line of a sum, or under it, with others in both their columns.

    Args:
        pairs: of neighbours, at working size; one at the least.
        digits: (N, 4), all of them, likewise.
        lines: (h, w) uint8, what was erased because digits touched it.
        region_map: what was not.
    """
    tall = float(np.median([box[3] for box, _ in pairs]))
    bridged = cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((3, round(CROSSED * tall)), np.uint8))
    _, erased = pieces_of_ink(np.asarray(bridged, dtype=np.uint8))
    pieces = np.vstack([erased[1:], region_map.statistics[1:]])  # after paper
    width, height, thick = pieces[:, WIDTH], pieces[:, HEIGHT], pieces[:, AREA] / np.maximum(pieces[:, WIDTH], 1)
    short = (width >= LINE_LENGTH[0] * tall) & (width <= LINE_LENGTH[1] * tall) & off_edges(pieces, lines.shape)
    is_level = (height <= LINE_SLOPE * width + 2 * thick) & (height <= tall) & (thick <= THICKEST * tall)
    sums = pieces[short & is_level, :AREA].astype(np.float64)
    return [
        _is_over_one(*pair, sums)
        and all(_has_others_in_column(box, digits) for box in pair)
        and not between(*pair, beside(*pair, lines)).size  # in a puzzle a line stands there
        for pair in pairs
    ]


def _is_over_one(before: BoxXYWH, after: BoxXYWH, sums: Boxes) -> bool:
    """Whether just one of some lines runs below or above both digits."""
    over = (sums[:, LEFT] <= centre(before)) & (sums[:, LEFT] + sums[:, WIDTH] >= centre(after))
    away = np.abs(sums[:, TOP] + sums[:, HEIGHT] / 2 - before[1] - before[3] / 2)
    return bool(np.count_nonzero(over & (away <= ROWS_AWAY * max(before[3], after[3]))) == 1)


def _has_others_in_column(box: BoxXYWH, digits: Boxes) -> bool:
    """Whether another digit stands above or below one, no further than the line may be."""
    aside = np.abs(digits[:, LEFT] + digits[:, WIDTH] / 2 - centre(box))
    away = np.abs(digits[:, TOP] + digits[:, HEIGHT] / 2 - box[1] - box[3] / 2)
    return bool(np.any((aside <= ASIDE * box[3]) & (away >= ROW * box[3]) & (away <= ROWS_AWAY * box[3])))


def _squares_in_a_row(lines: UInt8, before: BoxXYWH, after: BoxXYWH) -> int:
    """How many squares as broad as it is from one digit's middle to another's follow one another."""
    places, pitch = beside(before, after, lines, max(before[3], after[3]) // 2), centre(after) - centre(before)
    return max((_followed(places[first:], pitch) for first in range(len(places))), default=0)


def _followed(places: NDArray[np.float64], pitch: float) -> int:
    """How many even steps ascending places make from the first one on; some may be missing, but not every other."""
    here, count, found = float(places[0]), 0, 0
    for place in places[1:]:
        steps = round((place - here) / pitch)
        if steps > MISSING + 1:
            break
        if steps >= 1 and abs(place - here - steps * pitch) <= UNEVEN * pitch:
            pitch, here, count, found = (place - here) / steps, float(place), count + steps, found + 1
    return count if found >= FOUND * count else 0
