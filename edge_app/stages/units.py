"""Scored regions in, the same out with the letters and signs of units told from digits: the $ of $5, the g of 5 kg.

A $ is a 5 with a bar through it, which ends above and below as narrow as the pen. A g is a 9, and a y a 4, but its tail
hangs below the letter before it, where a digit stands on the line with what it follows. A % that hangs together is a 9
and a 6 once it is cut, but the slash that both share goes below the one and above the other.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, RegionMap, UInt8
from edge_app.stages.classify import DIGITS, Scored, are_among
from edge_app.stages.rows import Boxes, as_boxes, next_to
from edge_app.stages.strokes import without_digit

LIKE_DOLLAR = 5
DOLLAR_ASPECT = 0.65  # most of its width / height
ENDS = 0.07  # of a sign's height: its uppermost and lowest rows
NARROW, NARROW_PENS = 0.16, 1.4  # most that ink spans in these, of the sign's height and in widths of its strokes
BAR_TOP, BAR_FOOT = (0.42, 0.8), (0.25, 0.65)  # in the sign's width; a 5 that lost its own begins on the left
NUMBER_HEIGHTS, NUMBER_GAP = (0.5, 1.3), 0.4  # of the digit after it and how far it stands off, in its height
LIKE_TAILED = (4, 8, 9)
LIKE_PERCENT = 9, 6
PERCENT_ASPECT = 0.95  # most of its width / height; two digits are broader
# Least that its 6 begins above its 9, and that this ends below, in its height: of 86 pairs of MNIST's 9s and 6s that
# touch none has both, of five signs each.
RISES, DESCENDS = 0.05, 0.14
HANGS, BEGINS = 0.2, -0.1  # least that a tailed letter ends, and begins, below the letter before it, in its height
LETTER_HEIGHTS, LETTER_GAP = (0.4, 2.0), 0.35  # of that letter and how far it stands off, likewise
PART_SHARED = 0.3  # of the narrower one's width: what the upper and the lower part of one digit share


def without_dollars(scored: Scored) -> Scored:
    """Scores with the probability of a 5 given to "not a digit" where it is a dollar sign before a number.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
    """
    boxes, digit, likest = _looks(scored)
    slim = boxes[:, 2] <= DOLLAR_ASPECT * boxes[:, 3]
    found = np.zeros(len(boxes), dtype=bool)
    for row in np.flatnonzero((likest == LIKE_DOLLAR) & slim):
        before, after = next_to(int(row), boxes, digit, NUMBER_HEIGHTS, NUMBER_GAP)
        patch = scored.patches[row]
        found[row] = before is None and after is not None and _is_barred(patch.strokes, patch.stroke_width)
    return _without(scored, found, likest)


def without_tailed_letters(scored: Scored) -> Scored:
    """Scores with the probability of a digit given to "not a digit" where it hangs below a letter, as a g does.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
    """
    boxes, digit, likest = _looks(scored)
    whole, found = np.array([not region.cut for region in scored.regions], dtype=bool), np.zeros(len(boxes), dtype=bool)
    for row in np.flatnonzero(digit & are_among(likest, LIKE_TAILED)):
        before, _ = next_to(int(row), boxes, whole, LETTER_HEIGHTS, LETTER_GAP)
        found[row] = (
            before is not None
            and not digit[before]
            and _hangs_below(boxes[row], boxes[before])
            and not _is_upper_part(boxes[before], boxes, boxes[row, 1] + boxes[row, 3])
        )
    return _without(scored, found, likest)


def without_percents(scored: Scored, region_map: RegionMap) -> Scored:
    """Scores with the probability of a 9 and a 6 given to "not a digit" where they are cut from one percent sign.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
        region_map: of that frame, as it was before anything was cut.
    """
    boxes, _, likest = _looks(scored)
    if not np.isin(LIKE_PERCENT, likest).all():
        return scored
    found, uncut = np.zeros(len(boxes), dtype=bool), set(scored.regions)
    for region in region_map.regions:
        if region not in uncut and region.box_xywh[2] <= PERCENT_ASPECT * region.box_xywh[3]:
            halves = _within(boxes, region.box_xywh)
            if tuple(likest[halves]) == LIKE_PERCENT and _share_a_slash(*boxes[halves]):
                found[halves] = True
    return _without(scored, found, likest)


def _within(boxes: Boxes, box: BoxXYWH) -> NDArray[np.intp]:
    """Rows of the boxes whose middle lies in another one, left to right."""
    corner, sides = np.array(box[:2]), np.array(box[2:])
    away = boxes[:, :2] + boxes[:, 2:] / 2 - corner
    rows = np.flatnonzero(((away >= 0) & (away <= sides)).all(axis=1))
    return np.asarray(rows[boxes[rows, 0].argsort(kind="stable")])


def _share_a_slash(nine: NDArray[np.float64], six: NDArray[np.float64]) -> bool:
    """Whether one half of a sign, (4,), goes below the other, which goes above it."""
    rises, descends = nine[1] - six[1], nine[1] + nine[3] - six[1] - six[3]
    height = nine[1] + nine[3] - six[1]
    return bool(rises >= RISES * height and descends >= DESCENDS * height)


def _looks(scored: Scored) -> tuple[Boxes, NDArray[np.bool_], NDArray[np.intp]]:
    """Boxes of all regions, which are rather a digit than none, and the digit that each looks like most."""
    boxes = as_boxes([region.box_xywh for region in scored.regions])
    return boxes, scored.scores.argmax(axis=1) < DIGITS, scored.scores[:, :DIGITS].argmax(axis=1)


def _without(scored: Scored, found: NDArray[np.bool_], digits: NDArray[np.intp]) -> Scored:
    if scored.scores.shape[1] <= DIGITS or not found.any():
        return scored
    return replace(scored, scores=without_digit(scored.scores, found, digits[found]))


def _is_upper_part(box: NDArray[np.float64], boxes: Boxes, foot: float) -> bool:
    """Whether something lies below a box, (4,), and begins above the foot of what is beside it: a digit fell apart."""
    left, top, width, height = box
    shared = np.minimum(boxes[:, 0] + boxes[:, 2], left + width) - np.maximum(boxes[:, 0], left)
    below = (boxes[:, 1] > top) & (boxes[:, 1] < foot) & (boxes[:, 1] + boxes[:, 3] > top + height)
    return bool(np.any(below & (shared >= PART_SHARED * np.minimum(boxes[:, 2], width))))


def _is_barred(strokes: UInt8, stroke_width: float) -> bool:
    """Whether ink ends above and below in a single stroke, upright and about the middle.

    Args:
        strokes: (h, w) uint8, not 0 for ink.
        stroke_width: in pixels of it.
    """
    rows, columns = np.nonzero(strokes)
    height, left, width = np.ptp(rows) + 1, columns.min(), np.ptp(columns) + 1
    band, widest = max(1, round(ENDS * height)), min(NARROW * height, NARROW_PENS * stroke_width)
    for end, (least, most) in ((rows < rows[0] + band, BAR_TOP), (rows > rows[-1] - band, BAR_FOOT)):
        first, last = columns[end].min(), columns[end].max() + 1
        if last - first > widest or not least <= ((first + last) / 2 - left) / width <= most:
            return False
    return True


def _hangs_below(box: NDArray[np.float64], letter: NDArray[np.float64]) -> bool:
    """Whether a box, (4,), ends well below that of the letter before it, and begins hardly above it."""
    _, top, _, height = box
    lower, deeper = (top - letter[1]) / height, (top + height - letter[1] - letter[3]) / height
    return bool(deeper >= HANGS and lower >= BEGINS)
