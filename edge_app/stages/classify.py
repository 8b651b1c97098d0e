"""The classifier's scores in, a verdict on each region out: a digit, doubtful, or not a digit."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_app.frames import Digit, Float32, Region

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


def classify(scores: Float32, regions: Sequence[Region], threshold: float) -> Verdicts:
    """Sorts the regions by what their scores say.

    Args:
        scores: (N, classes) float32, probabilities; class 10, where there is one, means "not a digit".
        regions: the N regions that they belong to.
        threshold: least probability of a digit that is believed, 0 to 1.

    Returns:
        Digits and doubtful regions in the order given; regions that are no digit are in neither.
    """
    digits, doubtful = [], []
    best = scores.argmax(axis=1)
    for region, winner, row in zip(regions, best.tolist(), scores, strict=True):
        if winner >= DIGITS:
            continue
        confidence = float(row[winner])
        if region.cut or confidence < threshold:
            doubtful.append(region)
        else:
            digits.append(Digit(winner, confidence, region.box_xywh))
    return Verdicts(tuple(digits), tuple(doubtful))
