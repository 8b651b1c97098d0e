"""Ways to divide a frame's ink and what the classifier says of each in, the most probable division out."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edge_app.frames import BoxXYWH, Float32, RegionMap
from edge_app.stages.classify import ONE, Scored
from edge_app.stages.rows import Boxes, as_boxes, gaps, in_row

SURE = 0.9  # probability above which a region is left as it is
ACCEPTED = 0.8  # least probability of the digits of another division, their geometric mean
ACCEPTED_OF_NARROW = 0.95  # the same where a single digit is cut more often than two
LEAST_CLEAR = 0.5  # least of each: one that stays doubtful does not take its neighbours with it
MARGIN = 0.1  # by which it must be more probable than the first one
LOSS_ALLOWED = 0.05  # that a joined digit may be less probable than its best piece: a piece may pass for a 1
LOSS_OF_PIECES = 0.2  # the same where all that it replaces is lower than digits are
UNLIKE = 0.5  # probability below which a region is no digit as it stands: a letter, or digits that touch
FEW_UNLIKE = 4  # of these on any page
DIGITS_A_LETTER = 2.2  # sure digits to each of these from which a page is of digits, not a text that falls apart
LETTER_HEIGHTS = 0.5, 2.0  # of a letter's beside joined-up ones, in their height
LETTER_GAP = 0.3  # widest gap between them, of that height
CLEAR = 0.99  # least probability of digits, none of them a stroke or a ring, that are cut apart beside them
PIECE_GAIN = 0.02  # for each region replaced: of two that exclude each other the one that leaves less unexplained
LEFT_OUT_COST = 0.04  # of a piece that is left out, more than of another digit: the bar beside an 8 belongs to a 7
STEMS = 3  # 1s that are cut from one piece of ink: letters, of which each stem passes for a 1
FLOURISH = 0.75  # of the height of the tallest digit that it was cut off: a lower 1 is the hook or serif of it
APART_DEG = 10.0  # that 1s which were cut from one piece of ink lean to either side from which they are a tick, or a v
LOW_STROKE_COST = 0.1  # of a 1 as low as that, in natural logarithms: a cut elsewhere may leave it whole
EXTRA_DIGIT_COST = 0.03  # for each digit, in natural logarithms: of two equal divisions the simpler one


@dataclass(frozen=True, slots=True)
class Proposal:
    """Other ways to divide some ink: it is cut into parts, and neighbouring parts make a digit.

    Attributes:
        replaces: numbers of the regions that it would take the place of.
        parts: how many parts the ink is cut into, left to right; 1 where it stays whole.
        runs: by first part and the part after the last, the number in `Proposals.region_map` of the region
            that they make together.
        narrow: whether the ink is hardly wider than one digit, so that a cut must prove itself.
        low: how many of what it replaces are lower than the page's digits; these are hardly digits of their own,
            so that it need not be more probable than they are.
        left_out: whether a piece of what it replaces is in none of its digits.
    """

    replaces: tuple[int, ...]
    parts: int
    runs: Mapping[tuple[int, int], int]
    narrow: bool = False
    low: int = 0
    left_out: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Proposals:
    """All other ways to divide the ink of a frame.

    Attributes:
        region_map: the regions that they consist of, to be cropped and classified.
        ways: the proposals, which may exclude each other.
    """

    region_map: RegionMap
    ways: tuple[Proposal, ...]


def best_division(proposals: Proposals, scored: Scored, proposed: Scored) -> Scored:
    """The frame's regions with those replaced that the classifier believes more in another division.

    Args:
        proposals: of `propose`.
        scored: the frame's regions.
        proposed: those of the proposals.
    """
    chosen = [
        (way, path)
        for way, path in _choose(proposals.ways, scored.belief, proposed)
        if np.any(proposed.scores[path].argmax(axis=1) != ONE) or not (len(path) >= STEMS or _is_tick(path, proposed))
    ]
    divided = {number for way, _ in chosen for number in way.replaces}
    unlike = [number for number in np.flatnonzero(scored.belief < UNLIKE).tolist() if number not in divided]
    digits = np.count_nonzero(scored.belief >= SURE) + sum(len(path) for _, path in chosen)
    if len(unlike) > max(FEW_UNLIKE, digits / DIGITS_A_LETTER):
        chosen = [(way, path) for way, path in chosen if way.parts == 1]
    boxes = [region.box_xywh for region in scored.regions]
    letters = as_boxes([boxes[number] for number in unlike])
    telling = (scored.belief >= SURE) & (scored.scores.argmax(axis=1) > 1)  # every word has strokes and rings
    sure = as_boxes([boxes[number] for number in np.flatnonzero(telling)])
    chosen = [
        (way, path)
        for way, path in chosen
        if way.parts == 1 or _is_clear(path, proposed) or not _in_word(boxes[way.replaces[0]], letters, sure)
    ]
    if not chosen:
        return scored
    gone = {number for way, _ in chosen for number in way.replaces}
    kept = [number for number in range(len(scored.regions)) if number not in gone]
    dropped = {row for _, path in chosen for row in _low_strokes(path, proposed)}
    new = [row for _, path in chosen for row in path if row not in dropped]
    return scored.take(np.array(kept, dtype=np.intp)).joined(proposed.take(np.array(new, dtype=np.intp)))


def best_path(way: Proposal, belief: Float32, low_strokes: Collection[int] = ()) -> list[int]:
    """The rows of the most probable way from the first part to the last; empty where there is none.

    The costs of a path add up, so the best path to each part goes on from the best path to one before it
    (Viterbi's algorithm).

    Args:
        way: how the ink can be divided.
        belief: (N,) probability of the best digit for each region of the proposals.
        low_strokes: rows that are hardly digits of their own, however probable.

    >>> cut = Proposal((0,), 3, {(0, 1): 0, (1, 2): 1, (2, 3): 2, (0, 2): 3, (1, 3): 4})
    >>> best_path(cut, np.array([0.9, 0.2, 0.9, 0.95, 0.3], np.float32))
    [3, 2]
    """

    def cost(row: int) -> float:
        low = LOW_STROKE_COST if row in low_strokes else 0.0
        return low + EXTRA_DIGIT_COST - math.log(max(float(belief[row]), 1e-6))

    best: dict[int, tuple[float, list[int]]] = {0: (0.0, [])}
    for end in range(1, way.parts + 1):
        steps = [
            (best[start][0] + cost(row), [*best[start][1], row])
            for (start, stop), row in way.runs.items()
            if stop == end and start in best
        ]
        if steps:
            best[end] = min(steps, key=lambda step: step[0])
    return best.get(way.parts, (0.0, []))[1]


def _low_strokes(rows: Sequence[int], proposed: Scored) -> list[int]:
    """Those of the rows that are 1s too low beside the tallest of them: the hook or the serif of another digit."""
    heights = [proposed.regions[row].box_xywh[3] for row in rows]
    labels = proposed.scores[rows].argmax(axis=1)
    least = FLOURISH * max(heights, default=0)
    return [row for row, height, label in zip(rows, heights, labels, strict=True) if label == ONE and height < least]


def _is_tick(rows: Sequence[int], proposed: Scored) -> bool:
    """Whether two strokes, left to right, lean apart: a tick, or a v. The 1s of one hand lean alike, or nearly so."""
    leans = proposed.leans[rows]
    return bool(len(rows) > 1 and leans[0] <= -APART_DEG and leans[-1] >= APART_DEG)


def _is_clear(rows: Sequence[int], proposed: Scored) -> bool:
    """Whether digits that were cut from one piece of ink are such as no letters look like."""
    labels = proposed.scores[rows].argmax(axis=1)
    return bool(np.all(labels > ONE) and proposed.belief[rows].min() >= CLEAR)


def _in_word(box: BoxXYWH, letters: Boxes, sure: Boxes) -> bool:
    """Whether a region stands beside something that is no digit, and beside no digit: joined-up letters."""
    return _stands_beside(box, letters) and not _stands_beside(box, sure)


def _stands_beside(box: BoxXYWH, others: Boxes) -> bool:
    """Whether something about as tall stands close beside a region."""
    return bool(np.any(in_row(box, others, LETTER_HEIGHTS) & (gaps(box, others) <= LETTER_GAP * box[3])))


def _choose(ways: Sequence[Proposal], belief: Float32, proposed: Scored) -> list[tuple[Proposal, list[int]]]:
    """The ways that are more probable than what they replace, the better one where two exclude each other."""
    believed = proposed.belief
    gains: list[tuple[float, Proposal, list[int]]] = []
    for way in ways:
        path = best_path(way, believed, _low_strokes(list(way.runs.values()), proposed))
        before = belief[list(way.replaces)]
        if path and _is_better(way, believed[path], before):
            gain = float(believed[path].min() - before.min()) + PIECE_GAIN * len(way.replaces)
            gains.append((gain - EXTRA_DIGIT_COST * len(path) - LEFT_OUT_COST * way.left_out, way, path))
    chosen: list[tuple[Proposal, list[int]]] = []
    taken: set[int] = set()
    for _, way, path in sorted(gains, key=lambda gain: -gain[0]):
        if not taken.intersection(way.replaces):
            chosen.append((way, path))
            taken.update(way.replaces)
    return chosen


def _is_better(way: Proposal, after: Float32, before: Float32) -> bool:
    """Whether the digits of a path are clear, and clearer than what they would replace."""
    clear, probable = float(np.exp(np.log(np.maximum(after, 1e-6)).mean())), float(after.min())
    if clear < (ACCEPTED_OF_NARROW if way.narrow else ACCEPTED) or probable < LEAST_CLEAR:
        return False
    loss = LOSS_OF_PIECES if way.low == len(way.replaces) else LOSS_ALLOWED
    as_good = len(way.replaces) == 1 or probable >= float(before.max()) - loss
    return as_good and (way.low > 0 or clear >= float(before.min()) + MARGIN)
