"""The ink of a region that may be several digits in, where to cut it and the parts out.

A cut runs where little ink is in its way, or where the outline is waisted: two round digits touch along
upright strokes, where there is more ink than anywhere else. Neighbours lean differently, so each cut has
a slant of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

CUT_MARGIN_SHARE = 0.12  # of the height: a digit is wider than this
MAX_CUTS = 18
CUTS_A_HEIGHT = 6  # for each height of width
APART_SHARE = 0.025  # of the square of the height: least ink between two cuts
MAX_CUT_INK_SHARE = 0.45  # of the height: a cut through more ink runs along a stroke
SLANTS = (0.0, 0.2, 0.4, -0.2)  # of cuts: hands lean to the right more often
WAIST_SHARE = 0.8  # of the height: most that the outline is tall where two round digits touch


@dataclass(frozen=True, slots=True)
class Cut:
    """A straight line across a region.

    Attributes:
        place: where it crosses the middle row, in pixels from the left.
        slant: how far it runs to the right for each pixel upwards.
    """

    place: float
    slant: float


def find_cuts(own: NDArray[np.bool_]) -> tuple[Cut, ...]:
    """Where strokes are thin enough to part two digits.

    Args:
        own: (h, w) bool, the ink of one region at working size.

    Returns:
        At most `MAX_CUTS`, left to right.

    >>> two = np.zeros((20, 21), bool); two[:, 4] = two[:, 16] = True; two[10, 4:16] = True
    >>> any(4 < cut.place < 16 for cut in find_cuts(two))
    True
    """
    height = own.shape[0]
    margin = max(2, round(CUT_MARGIN_SHARE * height))
    rows, columns = np.nonzero(own)
    found: list[tuple[float, Cut]] = []
    for slant in SLANTS:
        at = columns + slant * (rows - height / 2)
        start = float(np.floor(at.min()))
        ink, extent = _profiles((at - start).astype(np.int64), rows)
        thin = {place for place in _lowest_places(ink, margin) if ink[place] <= MAX_CUT_INK_SHARE * height}
        waists = {place for place in _lowest_places(extent, margin) if extent[place] <= WAIST_SHARE * height}
        cost = np.minimum(ink, extent / 2)
        found += [(float(cost[place]), Cut(start + place + 0.5, slant)) for place in sorted(thin | waists)]
    return tuple(sorted(_best(found, rows, columns), key=lambda cut: cut.place))


def cut_apart(own: NDArray[np.bool_], cuts: Sequence[Cut]) -> NDArray[np.bool_]:
    """(N, h, w) bool, the pixels to the right of each of N cuts."""
    rows, columns = np.indices(own.shape)
    right = [columns + cut.slant * (rows - own.shape[0] / 2) > cut.place for cut in cuts]
    return np.array(right, dtype=bool).reshape(-1, *own.shape)


def _best(found: Sequence[tuple[float, Cut]], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> list[Cut]:
    """The cuts through the least ink that part it differently."""
    height = int(rows.max()) + 1
    most = min(MAX_CUTS, int(CUTS_A_HEIGHT * (columns.max() + 1) / height))
    kept: list[tuple[Cut, NDArray[np.bool_]]] = []
    for _, cut in sorted(found, key=lambda one: (one[0], one[1].place)):
        right = columns + cut.slant * (rows - height / 2) > cut.place
        if all(np.count_nonzero(right != other) >= APART_SHARE * height**2 for _, other in kept):
            kept.append((cut, right))
        if len(kept) == most:
            break
    return [cut for cut, _ in kept]


def _profiles(places: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much ink stands in the way of a cut at each place across, and how tall the outline is there.

    Args:
        places: (N,) where each pixel of ink is crossed.
        rows: (N,) its row, from the first to the last.
    """
    ink = np.bincount(places).astype(np.float64)
    highest, lowest = np.zeros((2, len(ink)))
    highest[places[::-1]], lowest[places] = rows[::-1], rows  # what comes last stays
    return ink, np.where(ink > 0, lowest - highest + 1, 0.0)


def _lowest_places(profile: NDArray[np.float64], margin: int) -> list[int]:
    """Where a profile is lowest within a margin to either side, off its ends; the middle of what is level."""
    near = cv2.erode(profile[np.newaxis], np.ones((1, 2 * margin + 1), dtype=np.uint8))
    lowest = np.flatnonzero(profile <= near[0])
    lowest = lowest[(lowest >= margin) & (lowest < len(profile) - margin)]
    if not lowest.size:
        return []
    ends = np.flatnonzero(np.diff(lowest) > 1) + 1
    middles = (np.append(0, ends) + np.append(ends, len(lowest))) // 2
    return [int(place) for place in lowest[middles]]
