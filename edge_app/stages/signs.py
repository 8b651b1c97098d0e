"""Scored regions in, the same out with commas and parentheses told from 1s, and degree signs from 0s.

The first two are one bare stroke; a comma with a head is a 9, or a 7. But it is far lower than the digit before it, and
hangs at its foot. And a parenthesis is taller than the digit that it is bent around; lower ones between two digits are
bent 1s. A degree sign is as low as a comma, and hangs at the top.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8
from edge_app.stages.classify import DIGITS, ONE, ZERO, Scored, are_among
from edge_app.stages.rows import Boxes, as_boxes, gaps, in_row, next_to
from edge_app.stages.strokes import without_digit

PARENTHESES_LEAST = 2  # on a page; a single one is a bent 1
BENT = 0.06  # of its height: how far the middle of a parenthesis lies beside its ends; of 1s a tenth is more bent
HARDLY_BENT = 0.035  # the same of others on a page that has these
TALLER, BEYOND = 1.12, 0.03  # than the digit beside it, and how far it goes above and below that, in its height
PAIR_HEIGHTS, PAIR_GAP = (0.4, 1.0), 0.4  # of that digit and how far it stands off, in the height of a parenthesis
PARENTHESIS_ASPECT = 0.6  # width / height: most of what looks like no digit
SLIM_ASPECT = 0.5  # width / height of a bent 1
LEAST_ONE = 0.03  # probability that it is one
NEXT_HEIGHTS, NEXT_GAP = (0.6, 1.8), 0.5  # of the digits on both sides of it, in its height
SURE = 0.8  # probability of the digit that a comma hangs at
LIKE_COMMA, LIKE_HIGH = (ONE, 7, 9), (ONE, ZERO)  # what commas pass for, and ticks and degree signs
COMMA_HEIGHT = 0.45  # most of that of the digit before it
COMMA_TOP = 0.55  # of that digit's height: where a comma begins at the earliest
TICK_BOTTOM = 0.4  # the same: where a high one, or a degree sign, ends at the latest
COMMA_GAP = 0.4  # the same: the widest between the two
OWN_HEIGHTS, OWN_GAP = (0.6, 1.8), 1.5  # of digits beside it, in its height, that make it a 1 of a smaller number


def without_small_signs(scored: Scored) -> Scored:
    """Scores with the probability of a digit given to "not a digit" where it is a comma or a degree sign.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
    """
    if scored.scores.shape[1] <= DIGITS:
        return scored
    boxes, winners = as_boxes([region.box_xywh for region in scored.regions]), scored.scores.argmax(axis=1)
    whole = np.array([not region.cut for region in scored.regions], dtype=bool)
    sure = (winners < DIGITS) & (scored.belief >= SURE) & whole
    small = np.zeros(len(boxes), dtype=bool)
    low = boxes[:, 3] <= COMMA_HEIGHT * boxes[sure, 3].max(initial=0.0)
    for row in np.flatnonzero(low & are_among(winners, (*LIKE_COMMA, *LIKE_HIGH))):
        small[row] = _is_small_sign(row, boxes, sure, winners[row] in LIKE_COMMA, winners[row] in LIKE_HIGH)
    return replace(scored, scores=without_digit(scored.scores, small, winners[small])) if small.any() else scored


def parentheses(scored: Scored) -> NDArray[np.bool_]:
    """Which strokes around a number are parentheses: 1s that are none, and what looks like no digit, but is no letter.

    Args:
        scored: of one frame.

    Returns:
        (N,) bool; none where the model has no class for what is no digit.
    """
    boxes, winners = as_boxes([region.box_xywh for region in scored.regions]), scored.scores.argmax(axis=1)
    bends, none = np.zeros(len(boxes)), np.zeros(len(boxes), dtype=bool)
    if scored.scores.shape[1] <= DIGITS:
        return none
    slim = boxes[:, 2] <= PARENTHESIS_ASPECT * boxes[:, 3]
    for row in np.flatnonzero((winners == ONE) | ((winners >= DIGITS) & slim)):
        beside = next_to(int(row), boxes, winners < DIGITS, PAIR_HEIGHTS, PAIR_GAP)
        closes, opens = (each is not None and _reaches_beyond(boxes[row], boxes[each]) for each in beside)
        if closes or opens:
            bend = _bend(scored.patches[row].strokes)
            bends[row] = max(bend if closes else 0.0, -bend if opens else 0.0)
    bent = bends >= BENT
    if np.count_nonzero(bent) < PARENTHESES_LEAST:
        return none
    return bends >= (HARDLY_BENT if np.count_nonzero(bent & (winners == ONE)) >= PARENTHESES_LEAST else BENT)


def _reaches_beyond(box: Boxes, digit: Boxes) -> bool:
    """Whether a box is taller than a digit's, at the top and at the bottom."""
    more = BEYOND * digit[3]
    above, below = digit[1] - box[1], box[1] + box[3] - digit[1] - digit[3]
    return bool(box[3] >= TALLER * digit[3] and above >= more and below >= more)


def _bend(strokes: UInt8) -> float:
    """How far the middle of an upright stroke lies to the right of its ends, of its height.

    >>> strokes = np.eye(9, dtype=np.uint8)[[2, 3, 4, 5, 5, 5, 4, 3, 2]]
    >>> _bend(strokes) > BENT > -BENT > _bend(strokes[:, ::-1])
    True
    """
    rows, columns = np.nonzero(strokes)
    counts = np.bincount(rows)
    places = np.flatnonzero(counts)
    middles = np.bincount(rows, columns)[places] / counts[places]
    height = places[-1] - places[0] + 1
    along = (places - places.mean()) / (height / 2)
    return float(-np.polyfit(along, middles, 2)[0] / height)


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
    bent = [row for row in maybe if None not in next_to(row, boxes, is_digit, NEXT_HEIGHTS, NEXT_GAP)]
    if not bent:
        return scored
    scores = scored.scores.copy()
    scores[bent, ONE] += scores[bent, DIGITS] / 2
    scores[bent, DIGITS] /= 2
    return replace(scored, scores=scores)


def _is_small_sign(row: int, boxes: Boxes, is_digit: NDArray[np.bool_], at_foot: bool, on_top: bool) -> bool:
    """Whether something low hangs at the foot of a much taller digit, or high beside it, and at none of its size."""
    box, (left, top, tall) = boxes[row], boxes[:, [0, 1, 3]].T
    away = gaps(tuple(box), boxes)
    before = is_digit & (left < box[0]) & (box[3] <= COMMA_HEIGHT * tall) & (np.abs(away) <= COMMA_GAP * tall)
    low = (box[1] >= top + COMMA_TOP * tall) & (box[1] <= top + tall)
    high = (box[1] + box[3] <= top + TICK_BOTTOM * tall) & (box[1] + box[3] >= top)
    if not np.any(before & ((low & at_foot) | (high & on_top))):
        return False
    alike = is_digit & in_row(tuple(box), boxes, OWN_HEIGHTS) & (away <= OWN_GAP * box[3])
    alike[row] = False
    return not alike.any()
