"""Scored regions in, the same out with slashes, commas and parentheses told from 1s, and degree signs from 0s.

The first three are one bare stroke. But a slash stands by itself between numbers, on a page that has other operators,
and leans further than most hands do. A comma is far lower than the digit before it, and hangs at its foot. And a
parenthesis stands at the end of a number: one between two digits is a bent 1. A degree sign is as low as a comma, and
hangs at the top.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge_app.stages.classify import DIGITS, Scored
from edge_app.stages.rows import Boxes, as_boxes, gaps, in_row
from edge_app.stages.strokes import ONE, ZERO, without_digit

SLASH_DEG = 24.0, 42.0  # how far slashes lean to the right; of lone 1s few do
SLASH_HEIGHTS = 0.45, 2.2  # of the digits beside an operator, in its height
SIGN_HEIGHTS = 0.8, 8.0
REACH = 2.5  # how far these may stand from it, in their height
GAP = 0.3  # the least space around an operator, in their height; digits of one number stand closer
SLIM_ASPECT = 0.5  # width / height of a bent 1
LEAST_ONE = 0.03  # probability that it is one
NEXT_HEIGHTS, NEXT_GAP = (0.6, 1.8), 0.5  # of the digits on both sides of it, in its height
SURE = 0.8  # probability of the digit that a comma hangs at
COMMA_HEIGHT = 0.45  # most of that of the digit before it
COMMA_TOP = 0.55  # of that digit's height: where a comma begins at the earliest
TICK_BOTTOM = 0.4  # the same: where a high one, or a degree sign, ends at the latest
COMMA_GAP = 0.4  # the same: the widest between the two
OWN_HEIGHTS, OWN_GAP = (0.6, 1.8), 1.5  # of digits beside it, in its height, that make it a 1 of a smaller number
FEW = 3  # other operators on a page, at least: one or two may be blots


def without_slashes(scored: Scored) -> Scored:
    """Scores with the probability of a 1 given to "not a digit" where a stroke is a slash among operators.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
    """
    leaning = (scored.leans >= SLASH_DEG[0]) & (scored.leans <= SLASH_DEG[1])
    if not leaning.any() or scored.scores.shape[1] <= DIGITS:
        return scored
    boxes = as_boxes([region.box_xywh for region in scored.regions])
    is_sign = scored.scores.argmax(axis=1) >= DIGITS
    signs = [row for row in np.flatnonzero(is_sign) if _is_between(row, boxes, is_sign, SIGN_HEIGHTS)]
    if len(signs) < FEW:
        return scored
    slashes = np.zeros(len(boxes), dtype=bool)
    slashes[[row for row in np.flatnonzero(leaning) if _is_slash(row, boxes, is_sign)]] = True
    return replace(scored, scores=without_digit(scored.scores, slashes))


def without_small_signs(scored: Scored) -> Scored:
    """Scores with the probability of a 1 or a 0 given to "not a digit" where it is a comma or a degree sign.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
    """
    if scored.scores.shape[1] <= DIGITS:
        return scored
    boxes, winners = as_boxes([region.box_xywh for region in scored.regions]), scored.scores.argmax(axis=1)
    whole = np.array([not region.cut for region in scored.regions], dtype=bool)
    sure = (winners < DIGITS) & (scored.belief >= SURE) & whole
    small = np.zeros(len(boxes), dtype=bool)
    for row in np.flatnonzero((winners == ONE) | (winners == ZERO)):
        small[row] = _is_small_sign(row, boxes, sure, low_too=bool(winners[row] == ONE))
    return replace(scored, scores=without_digit(scored.scores, small, winners[small])) if small.any() else scored


def with_bent_ones(scored: Scored) -> Scored:
    """Scores with half of the probability of "not a digit" given to a 1 where a bent stroke stands between two digits.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
    """
    if scored.scores.shape[1] <= DIGITS:
        return scored
    boxes = as_boxes([region.box_xywh for region in scored.regions])
    slim = boxes[:, 2] <= SLIM_ASPECT * boxes[:, 3]
    is_digit = scored.scores.argmax(axis=1) < DIGITS
    maybe = np.flatnonzero(~is_digit & slim & (scored.scores[:, ONE] >= LEAST_ONE))
    bent = [row for row in maybe if _has_on_both_sides(row, boxes, is_digit)]
    if not bent:
        return scored
    scores = scored.scores.copy()
    scores[bent, ONE] += scores[bent, DIGITS] / 2
    scores[bent, DIGITS] /= 2
    return replace(scored, scores=scores)


def _has_on_both_sides(row: int, boxes: Boxes, is_digit: NDArray[np.bool_]) -> bool:
    """Whether a region has a digit close on its left and on its right."""
    box, middles = tuple(boxes[row]), boxes[:, 0] + boxes[:, 2] / 2
    beside = is_digit & in_row(box, boxes, NEXT_HEIGHTS) & (np.abs(gaps(box, boxes)) <= NEXT_GAP * box[3])
    return bool(np.any(beside & (middles < middles[row])) and np.any(beside & (middles > middles[row])))


def _is_small_sign(row: int, boxes: Boxes, is_digit: NDArray[np.bool_], low_too: bool) -> bool:
    """Whether something low hangs high beside a much taller digit, or at its foot, and at no digit of its size."""
    box, (left, top, tall) = boxes[row], boxes[:, [0, 1, 3]].T
    away = gaps(tuple(box), boxes)
    before = is_digit & (left < box[0]) & (box[3] <= COMMA_HEIGHT * tall) & (np.abs(away) <= COMMA_GAP * tall)
    low = (box[1] >= top + COMMA_TOP * tall) & (box[1] <= top + tall)
    high = (box[1] + box[3] <= top + TICK_BOTTOM * tall) & (box[1] + box[3] >= top)
    if not np.any(before & (high | (low & low_too))):
        return False
    alike = is_digit & in_row(tuple(box), boxes, OWN_HEIGHTS) & (away <= OWN_GAP * box[3])
    alike[row] = False
    return not alike.any()


def _is_slash(row: int, boxes: Boxes, is_sign: NDArray[np.bool_]) -> bool:
    """Whether a region stands by itself after a digit, as a sign does: the first 1 of a line may lean as well."""
    middles = boxes[:, 0] + boxes[:, 2] / 2
    return _is_between(row, boxes, is_sign | (middles >= middles[row]), SLASH_HEIGHTS)


def _is_between(row: int, boxes: Boxes, is_sign: NDArray[np.bool_], heights: tuple[float, float]) -> bool:
    """Whether a region has a digit in its row within reach, and nothing close by."""
    box, tall = tuple(boxes[row]), boxes[:, 3]
    away = gaps(box, boxes)
    beside = in_row(box, boxes, heights)
    beside[row] = False
    return bool(np.any(beside & ~is_sign & (away <= REACH * tall)) and np.all((away >= GAP * tall)[beside]))
