"""What the classifier says of each region in, the same with its neighbours taken into account out.

A shape like a 7 among numbers is a 7; among dozens of shapes that are nothing it is grain, or a letter.
The classifier sees one crop at a time and knows only how common digits were in its training. So the share
of digits around each region is estimated from what it says of the others, and its probabilities are put
on that footing, after Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a
Priori Probabilities" (Neural Computation 14(1), 2002).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge_app.stages.classify import DIGITS, Scored

TRAINED_SHARE = 0.75  # of the crops that confidence was calibrated on that are digits
WEIGHT = 4.0  # neighbours that it takes to weigh as much as that
REACH = 8.0  # of a region's size: how far away its neighbours lie
LIKE_SIZE = 2.0  # times as large or as small, at most
ROUNDS = 3  # the shares depend on the probabilities, and these on the shares
LEAST_SHARE, LARGEST_SHARE = 0.02, 0.99


def in_company(scored: Scored) -> Scored:
    """The regions with probabilities that fit what is around them.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
    """
    if len(scored.regions) < 2 or scored.scores.shape[1] <= DIGITS:
        return scored
    near = _neighbours(np.array([region.box_xywh for region in scored.regions], dtype=np.float64))
    alone = np.clip(1.0 - scored.scores[:, DIGITS].astype(np.float64), 1e-6, 1.0 - 1e-6)
    is_digit = alone
    for _ in range(ROUNDS):
        share = (WEIGHT * TRAINED_SHARE + near @ is_digit) / (WEIGHT + near.sum(axis=1))
        odds = _odds(alone) * _odds(np.clip(share, LEAST_SHARE, LARGEST_SHARE)) / _odds(TRAINED_SHARE)
        is_digit = odds / (1.0 + odds)
    scores = scored.scores.copy()
    scores[:, :DIGITS] *= (is_digit / alone)[:, np.newaxis]
    scores[:, DIGITS] = 1.0 - is_digit
    return replace(scored, scores=scores)


def _neighbours(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, N), 1 where the second region lies around the first and is about as large."""
    size = np.maximum(boxes[:, 2], boxes[:, 3])
    centre = boxes[:, :2] + boxes[:, 2:] / 2
    away = np.abs(centre[:, np.newaxis] - centre).max(axis=2)
    ratio = size[:, np.newaxis] / size
    near = (away <= REACH * size[:, np.newaxis]) & (ratio <= LIKE_SIZE) & (ratio >= 1.0 / LIKE_SIZE)
    np.fill_diagonal(near, False)
    return np.asarray(near, dtype=np.float64)


def _odds(probability: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(probability / (1.0 - np.asarray(probability)))
