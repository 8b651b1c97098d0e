"""The classifier's scores in, a verdict on each region out: a digit, doubtful, or not a digit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_app.frames import Digit, Float32, Region

FAINT_SHARE = 0.2  # of the digits' median contrast: fainter marks are folds, smudges and show-through
DIGITS = 10  # the first ten outputs of every model are "0" to "9"; an eleventh means "not a digit"


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What the classifier makes of the regions of one frame.

    Attributes:
        digits: the regions that are digits beyond doubt.
        doubtful: the regions that look like a digit, but not surely which, or not surely a whole one.
    """

    digits: tuple[Digit, ...]
    doubtful: tuple[Region, ...]


def classify(scores: Float32, regions: Sequence[Region], contrasts: Float32, threshold: float) -> Verdicts:
    """Sorts the regions by what their scores say.

    Args:
        scores: (N, classes) float32, probabilities; class 10, where there is one, means "not a digit".
        regions: the N regions that they belong to.
        contrasts: (N,) float32, how dark each region's ink is, in gray levels.
        threshold: least probability of a digit that is believed, 0 to 1.

    Returns:
        Digits and doubtful regions in the order given; regions that are no digit are in neither.
    """
    winners, confidences = scores.argmax(axis=1), scores.max(axis=1, initial=0.0)
    sure = (winners < DIGITS) & (confidences >= threshold) & ~np.array([region.cut for region in regions], dtype=bool)
    faintest = FAINT_SHARE * float(np.median(contrasts[sure])) if sure.any() else 0.0
    digits, doubtful = [], []
    for row, region in enumerate(regions):
        if winners[row] >= DIGITS or contrasts[row] < faintest:
            continue
        if sure[row]:
            digits.append(Digit(int(winners[row]), float(confidences[row]), region.box_xywh))
        else:
            doubtful.append(region)
    return Verdicts(tuple(digits), tuple(doubtful))
