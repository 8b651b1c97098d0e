"""The classifier's scores in, a verdict on each region out: a digit, doubtful, or not a digit."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Digit, Float32, Region
from edge_app.stages.crop import Measures, Patch

FAINT_SHARE = 0.2  # of the contrast of most of the digits' ink: fainter marks are folds, smudges and show-through
PALE_SHARE = 0.5  # of their median strength: what is left of a rule is paler than a written 1
THIN_SHARE = 0.42  # of their median stroke width, likewise, but beside bold print a 1 of a fine pen is as thin,
PALER_SHARE = 0.75  # and then it is not as pale: .8 of the median strength and more
CORNERS = 4, 7  # what is left where the lines of squares meet; of 17,000 drawn digits none was so thin and so pale
MAX_DARK_RIM = 0.15  # of 5,482 drawn digits none has more; of the edges of pages and shadows, most have
MOST_OPEN = 0.4  # of a 1's ink that goes on beyond both its ends; of 3,900 written ones none has more than .26
RESTLESS, UNQUIET = 0.4, 0.22  # of 12,000 drawn digits 2 are as restless; none that is unquiet is so among most others
BOLD_PX, BOLD_INK, BOLD_SURE = 60, 0.6, 0.98  # longer side, strength of ink and probability of what is bold
BEYOND_DOUBT = 0.9  # probability of a digit on a page that may be full of them
MANY = 20  # digits other than 1, which any scratch is: that many are writing, wherever they stand
WIDE, WIDEST = 1.9, 2.5  # of its height: of 25,000 drawn digits none is wider, nor are those that may lie:
LYING = 0, 2, 5
SURELY_NONE = 0.7  # probability of "not a digit": a doubtful digit does not make a word of those beside it
ZERO, ONE = 0, 1  # outputs of every model,
DIGITS = 10  # of which the first ten are "0" to "9"; an eleventh means "not a digit"


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Regions with what was measured of them.

    Attributes:
        regions: N of them.
        scores: (N, classes) float32, probabilities; class 10, where there is one, means "not a digit".
        measures: of their ink.
        leans: (N,) float32, degrees that a stroke taken for a 1 leans to the right; NaN for anything else.
        patches: that they were cut from, N of them.
    """

    regions: tuple[Region, ...]
    scores: Float32
    measures: Measures
    leans: Float32
    patches: tuple[Patch, ...]

    @property
    def belief(self) -> Float32:
        """(N,) float32, the probability of the most probable digit."""
        belief: Float32 = self.scores[:, :DIGITS].max(axis=1, initial=0.0)
        return belief

    @property
    def digits(self) -> tuple[BoxXYWH, ...]:
        """Boxes of the regions that are rather a digit than none."""
        rows = np.flatnonzero(self.scores.argmax(axis=1) < DIGITS)
        return tuple(self.regions[row].box_xywh for row in rows)

    def take(self, rows: NDArray[np.intp]) -> "Scored":
        """Some of the regions, in the order given."""
        regions, patches = (tuple(each[row] for row in rows) for each in (self.regions, self.patches))
        return Scored(regions, self.scores[rows], self.measures.take(rows), self.leans[rows], patches)

    def joined(self, others: "Scored") -> "Scored":
        """These regions and others after them."""
        return Scored(
            self.regions + others.regions,
            np.concatenate([self.scores, others.scores]),
            self.measures.joined(others.measures),
            np.concatenate([self.leans, others.leans]),
            self.patches + others.patches,
        )


def merged(fresh: Scored, known: Scored, found: NDArray[np.intp]) -> Scored:
    """Regions of which some have been scored before.

    Args:
        fresh: those that were not found among these, in their order.
        known: what was scored before.
        found: (N,) the row of each of all regions there, or -1.
    """
    old, new = np.flatnonzero(found >= 0), np.flatnonzero(found < 0)
    return fresh.joined(known.take(found[old])).take(np.argsort(np.concatenate([new, old])))


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the classifier makes of the regions of one frame.

    Attributes:
        digits: the regions that are digits beyond doubt.
        doubtful: the regions that look like a digit, but not surely which, or not surely a whole one.
        others: the regions that are surely no digit: letters, signs, texture.
    """

    digits: tuple[Digit, ...]
    doubtful: tuple[Region, ...]
    others: tuple[Region, ...] = ()


def classify(scored: Scored, threshold: float) -> Verdicts:
    """Sorts the regions by what their scores say.

    Args:
        scored: the regions.
        threshold: least probability of a digit that is believed, 0 to 1.

    Returns:
        Digits, doubtful regions and others in the order given; marks much fainter than the digits are in none, nor
        are gaps between things that are brighter or darker.
    """
    regions, ink = scored.regions, scored.measures
    winners, confidences = scored.scores.argmax(axis=1), scored.scores.max(axis=1, initial=0.0)
    sure = (winners < DIGITS) & (confidences >= threshold) & ~np.array([region.cut for region in regions], dtype=bool)
    faint = ink.contrasts < FAINT_SHARE * _of_most_ink(ink.contrasts, regions, sure)
    told = sure & (winners != ONE)  # what is left of rules looks like 1s, and may outnumber the digits
    told = told if told.any() else sure
    thin, pale = _below(THIN_SHARE, ink.stroke_widths, told), _below(PALE_SHARE, ink.strengths, told)
    of_rules = (winners == ONE) & (pale | thin & _below(PALER_SHARE, ink.strengths, told))
    remnant = of_rules | are_among(winners, CORNERS) & pale & thin
    restless = _restless(scored, sure, winners)
    sides = np.array([region.box_xywh[2:] for region in regions], dtype=np.float64).reshape(-1, 2)
    wide = sides[:, 0] > np.where(are_among(winners, LYING), WIDEST, WIDE) * sides[:, 1]
    digits, doubtful, others = [], [], []
    for row, region in enumerate(regions):
        if faint[row] or remnant[row] or (winners[row] == ONE and scored.patches[row].open_ends > MOST_OPEN):
            continue
        if restless[row] or wide[row] or (winners[row] >= DIGITS and confidences[row] >= SURELY_NONE):
            others.append(region)
        elif sure[row] and scored.patches[row].dark_rim <= MAX_DARK_RIM:
            digits.append(Digit(int(winners[row]), float(confidences[row]), region.box_xywh))
        else:
            doubtful.append(region)
    return Verdicts(tuple(digits), tuple(doubtful), tuple(others))


def are_among(labels: NDArray[np.intp], some: Sequence[int]) -> NDArray[np.bool_]:
    """(N,) bool, which labels are some of all; `numpy.isin` sorts first, which takes ten times as long."""
    return np.asarray((labels[:, np.newaxis] == np.array(some)).any(axis=1))


def share_of_digits(scored: Scored) -> float:
    """The share of regions that are digits beyond doubt, and not strokes, which anything may be; 0.0 of none."""
    sure = (scored.belief >= BEYOND_DOUBT) & (scored.scores.argmax(axis=1) != ONE)
    return float(np.count_nonzero(sure) / max(len(sure), 1))


def _restless(scored: Scored, sure: NDArray[np.bool_], winners: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which digits stand where nobody writes."""
    restless, rows = np.zeros_like(sure), np.flatnonzero(sure)
    if rows.size and np.count_nonzero(winners[rows] != ONE) < MANY:
        unrests = np.array([scored.patches[row].unrest for row in rows])
        quiet = median(unrests.tolist()) <= UNQUIET
        restless[rows] = unrests > (RESTLESS if quiet else np.where(_bold(scored)[rows], RESTLESS, UNQUIET))
    return restless


def _bold(scored: Scored) -> NDArray[np.bool_]:
    """Which shape is the only large one in strong ink that is a digit beyond doubt: among leaves there are several."""
    large = np.array([max(region.box_xywh[2:]) >= BOLD_PX for region in scored.regions], dtype=bool)
    bold = large & (scored.measures.strengths >= BOLD_INK) & (scored.belief >= BOLD_SURE)
    return np.asarray(bold & (np.count_nonzero(bold) == 1))


def _of_most_ink(values: Float32, regions: Sequence[Region], sure: NDArray[np.bool_]) -> float:
    """The median value of the digits, each weighted by the area that it takes up.

    What shows through from the other side of the paper may be many small digits around a large one.
    """
    rows = np.flatnonzero(sure)
    if not rows.size:
        return 0.0
    ranked = rows[np.argsort(values[rows])]
    area = np.cumsum([regions[row].box_xywh[2] * regions[row].box_xywh[3] for row in ranked])
    return float(values[ranked[np.searchsorted(area, area[-1] / 2, side="right")]])


def _below(share: float, values: Float32, sure: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which values lie below a share of the median one of the digits."""
    usual = median(values[sure].tolist()) if sure.any() else 0.0
    return np.asarray(values < share * usual)
