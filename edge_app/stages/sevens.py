"""What the classifier says of each region in, the same with 1s told from 7s by a hand that bars its 7s out.

Who puts a bar through a 7 does so because their 1 has a long flag and is a 7 without it. The classifier learnt from
MNIST's writers, who bar few of theirs, and is sure that such a 1 is a 7. So on a page whose 7s have bars, one without
is a 1 where its upper stroke falls to the left as a flag does; the level one of a printed 7 stays.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8
from edge_app.stages.classify import ONE, Scored

SEVEN = 7  # output of every model
SURE = 0.9  # probability of a 7 that shows how its hand writes them
BARRED_LEAST, BARRED_MORE = 3, 2  # of these, with a bar; so many more than have neither bar nor flag, as printed ones
STEM_FROM, BAR_TO = 0.4, 0.8  # of the height: where there is nothing but stem and bar, and below that stem alone
BAR_REACH = 0.1  # of the height: how far a bar reaches beyond the stem, to either side
BAR_RISE = 0.06  # of the height: how far from each other both sides of it may be
FALL_DEG = 20.0  # of a flag, from level: of 260 photographed 97 % fall more, of the level tops of 414 7s two do
LOWEST_TIP = 0.7  # of the height: where a flag ends at the lowest
HEAD = 0.08  # of the height: where it begins


@dataclass(frozen=True, slots=True)
class SevenShape:
    """What something like a 7 looks like.

    Attributes:
        barred: whether a bar crosses its stem.
        fall_deg: how far its upper stroke falls from its head to its tip on the left, in degrees from level.
    """

    barred: bool
    fall_deg: float


def told_by_bars(scored: Scored) -> Scored:
    """The regions, with the probability of a 7 given to the 1 where the page's 7s have bars and it has a flag.

    Args:
        scored: of one frame.
    """
    scores = scored.scores
    sevens = np.flatnonzero(scores.argmax(axis=1) == SEVEN)
    sure = scores[sevens, SEVEN] >= SURE
    if np.count_nonzero(sure) < BARRED_LEAST or len(sevens) <= BARRED_LEAST:
        return scored
    shapes = [shape_of(scored.patches[row].strokes) for row in sevens]
    barred = np.array([shape.barred for shape in shapes])
    flagged = ~barred & (np.array([shape.fall_deg for shape in shapes]) >= FALL_DEG)
    shown, plain = np.count_nonzero(sure & barred), np.count_nonzero(sure & ~barred & ~flagged)
    if shown < max(BARRED_LEAST, plain + BARRED_MORE) or not flagged.any():
        return scored
    settled, ones = scores.copy(), sevens[flagged]
    settled[ones, ONE] += settled[ones, SEVEN]
    settled[ones, SEVEN] = 0.0
    return replace(scored, scores=settled)


def shape_of(strokes: UInt8) -> SevenShape:
    """Measures a shape.

    Args:
        strokes: (h, w) uint8, 255 for its ink; some of it.

    >>> strokes = np.zeros((40, 30), np.uint8)
    >>> strokes[5:35, 18:21] = 255
    >>> for step in range(12):
    ...     strokes[5 + step : 8 + step, 18 - step] = 255
    >>> shape_of(strokes).barred, 40 < shape_of(strokes).fall_deg < 50
    (False, True)
    >>> strokes[20:23, 12:27] = 255
    >>> shape_of(strokes).barred
    True
    """
    inked = strokes[np.flatnonzero(strokes.any(axis=1))] > 0
    height, width = inked.shape
    level, last = np.arange(height), width - 1
    stem = level >= STEM_FROM * height
    middles = (inked * np.arange(width)).sum(axis=1) / inked.sum(axis=1)
    course = np.clip(np.rint(_straight_through(level, middles, stem)), 0, last).astype(np.int64)
    left, right = _inked_before(inked, course), _inked_before(inked[:, ::-1], last - course)
    foot = level >= BAR_TO * height
    reach = np.median(inked[foot].sum(axis=1)) / 2 + BAR_REACH * height
    near = np.ones(1 + 2 * round(BAR_RISE * height))
    over = [np.convolve((side >= reach) & stem & ~foot, near, "same") > 0 for side in (left, right)]
    away = np.where(level <= LOWEST_TIP * height, course - inked.argmax(axis=1), -width)
    tip = int(away.argmax())
    head = last - inked[: max(1, round(HEAD * height)), ::-1].argmax(axis=1).min()
    fall = np.arctan2(tip, max(head - int(inked[tip].argmax()), 1))
    return SevenShape(bool((over[0] & over[1]).any()), float(np.degrees(fall)))


def _straight_through(
    level: NDArray[np.int64], middles: NDArray[np.float64], some: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The straight line of least squares through the middles of some rows, in all of them."""
    down, aside = level - level[some].mean(), middles - middles[some].mean()
    along = down[some] @ down[some]
    return np.asarray(middles[some].mean() + down * (down[some] @ aside[some] / max(along, 1.0)), dtype=np.float64)


def _inked_before(inked: NDArray[np.bool_], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many pixels of each row are ink without a gap, from a place on to the left."""
    paper = ~inked & (np.arange(inked.shape[1]) <= places[:, np.newaxis])
    nearest = np.where(paper.any(axis=1), inked.shape[1] - 1 - paper[:, ::-1].argmax(axis=1), -1)
    return np.asarray(places - nearest, dtype=np.int64)
