"""A picture and a mask in, how many pixels are as dark as each gray level and below which a share of them lies out.

There are 256 levels, so counting pixels takes less than ranking them.
"""

from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8

Ranks: TypeAlias = NDArray[np.int64]


def ranks_of(level: UInt8, mask: UInt8 | None = None) -> Ranks:
    """How many pixels are as bright as each gray level or darker, (256,) int64.

    Args:
        level: (h, w) uint8.
        mask: (h, w) uint8, not 0 for those that count; None for all.
    """
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


def median(level: UInt8) -> float:
    """The gray level that half of all pixels lie below, as numpy.median has it."""
    return quantile(ranks_of(level), 0.5)


def median_deviation(ranks: Ranks, middle: float) -> float:
    """The median of how far gray levels lie from one of them, in gray levels.

    >>> ramp = np.arange(5, dtype=np.uint8).reshape(1, 5)
    >>> median_deviation(ranks_of(ramp), 1.0)
    1.0
    """
    away = np.abs(np.arange(len(ranks)) - middle)
    nearest_first = away.argsort(kind="stable")
    within = np.diff(ranks, prepend=0)[nearest_first].cumsum()
    middles = np.searchsorted(within, ((within[-1] - 1) // 2, within[-1] // 2), side="right")
    return float(away[nearest_first[middles]].mean())


def percentile(ranked: NDArray[Any], percent: float) -> NDArray[np.float64]:
    """What `numpy.percentile` says of the last axis, which is sorted, without asking whether it is.

    >>> float(percentile(np.array([1, 2, 4, 8]), 50))
    3.0
    """
    place = percent / 100 * (ranked.shape[-1] - 1)
    first = int(place)
    low, high = ranked[..., first], ranked[..., min(first + 1, ranked.shape[-1] - 1)]
    weight = place - first
    step = (high - low).astype(np.float64)
    return np.asarray(high - step * (1 - weight) if weight >= 0.5 else low + step * weight, dtype=np.float64)
