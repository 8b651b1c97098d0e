"""A picture and a mask in, how many pixels are as dark as each gray level and below which a share of them lies out."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8

Ranks: TypeAlias = NDArray[np.int64]


def ranks_of(level: UInt8, mask: UInt8) -> Ranks:
    """How many pixels in a mask are as bright as each gray level or darker, (256,) int64."""
    counts = cv2.calcHist([level], [0], mask, [256], [0, 256])
    return np.asarray(counts.ravel().cumsum(dtype=np.int64), dtype=np.int64)


def quantile(ranks: Ranks, share: float) -> float:
    """The gray level that a share of the pixels lie below, linear between two pixels as numpy.percentile has it.

    >>> ramp = np.arange(5, dtype=np.uint8).reshape(1, 5)
    >>> quantile(ranks_of(ramp, np.full_like(ramp, 255)), 0.375)
    1.5
    """
    place = (int(ranks[-1]) - 1) * share
    first = int(place)
    low, high = np.searchsorted(ranks, (first, min(first + 1, int(ranks[-1]) - 1)), side="right").tolist()
    return float(low + (high - low) * (place - first))
