"""Crops that the classifier is not sure of in, the same seen from a little aside, or written with a softer pen, out.

A crop that lies near the border between two digits falls to one side or the other by chance: where a pixel begins, how
the paper lay, what a crayon left bare. Averaged over several views of it the answer depends less on that. Only
doubtful crops are worth it, and these are few.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, UInt8
from edge_app.stages.classify import DIGITS

CLEAR = 0.98  # probability above which nothing would change
MOST = 64  # in one frame: where more is doubtful, it is a thicket, not writing
STEPS = tuple((down, across) for down in range(3) for across in range(3) if (down, across) != (1, 1))
"""How far into a crop with a margin of one pixel each view begins: it lies a pixel aside, in each of eight directions.

Of 3,526 lines on validation pages 3,303 are read without a fault with all eight, 3,299 with the four along the
diagonals, 3,288 with two by half a pixel; two pixels, turns, shears and sizes beside them are no better.
"""
SOFT_PX, STRONGER = 0.6, 1.35
"""How far a softer pen spreads ink, as a standard deviation, and how much more of it there is then.

Of 5,273 lines on validation pages 4,981 are read without a fault with it, 4,970 without.
"""
VIEWS = len(STEPS) + 1  # of each crop


def doubtful_rows(scores: Float32) -> NDArray[np.intp]:
    """Rows that another look may change; `MOST` of them, the likest to digits, of a frame that is full of them.

    Args:
        scores: (N, classes) float32, probabilities.
    """
    rows = np.flatnonzero(scores.max(axis=1, initial=0.0) < CLEAR)
    if len(rows) <= MOST:
        return rows
    likeness = scores[rows, :DIGITS].max(axis=1)
    return np.sort(rows[np.argsort(-likeness, kind="stable")[:MOST]])


def views_of(crops: UInt8) -> UInt8:
    """All views of each crop.

    Args:
        crops: (N, 28, 28) uint8.

    Returns:
        (VIEWS * N, 28, 28) uint8: the first view of all, then the second, and so on.
    """
    side = crops.shape[1]
    framed = np.pad(crops, ((0, 0), (1, 1), (1, 1)))
    aside = [framed[:, down : down + side, across : across + side] for down, across in STEPS]
    soft = [cv2.convertScaleAbs(cv2.GaussianBlur(crop, (0, 0), SOFT_PX), alpha=STRONGER) for crop in crops]
    return np.concatenate([*aside, np.array(soft, dtype=np.uint8).reshape(crops.shape)])


def averaged(scores: Float32, of_views: Float32) -> Float32:
    """The mean of the first look and of those at all views.

    Args:
        scores: (N, classes) float32, of the crops as they are.
        of_views: (VIEWS * N, classes) float32, of `views_of` these crops.
    """
    looks = np.concatenate([scores, of_views]).reshape(1 + VIEWS, *scores.shape)
    return np.asarray(looks.mean(axis=0), dtype=np.float32)
