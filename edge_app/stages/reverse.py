"""Readings in, whether the other side of the paper shows through out, and the readings without what does.

What shows through is paler than what is written, and mirrored: hardly half of it looks like a digit, while of the
pencil in a printed puzzle, which is as pale, nearly all does.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Reading
from edge_app.stages.boxes import HEIGHT
from edge_app.stages.classify import Scored
from edge_app.stages.rows import as_boxes

PALE = 0.4  # of the strength of most digits: of 8,500 numbers on pages in one ink none is below .5
LEAST_DIGITS, LEAST_PALE = 4, 4  # that tell what is usual; pieces of ink below that
PALE_HEIGHTS = 0.5, 2.0  # of these, in the digits' height: no specks
MOST_READ = 0.75  # of them, if they show through; of pencil in puzzles .82 and more


def shows_through(readings: Sequence[Reading], scored: Scored) -> bool:
    """Whether much of what is pale among the ink of a frame is no digit.

    Args:
        readings: of one frame.
        scored: the regions that they were read in.
    """
    pale, is_read = _pale(readings, scored)
    count, read = np.count_nonzero(pale), np.count_nonzero(pale & is_read)
    return count >= LEAST_PALE and read < MOST_READ * count


def without_pale(readings: Sequence[Reading], scored: Scored) -> tuple[Reading, ...]:
    """Leaves out the numbers with nothing but pale digits; arguments as of `shows_through`."""
    pale, _ = _pale(readings, scored)
    boxes = {scored.regions[row].box_xywh for row in np.flatnonzero(pale)}
    return tuple(reading for reading in readings if not boxes.issuperset(_boxes(reading)))


def _pale(readings: Sequence[Reading], scored: Scored) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which regions are much paler than most digits, and about as tall; and which were read; (N,) bool each."""
    read = {box for reading in readings for box in _boxes(reading)}
    is_read = np.array([region.box_xywh in read for region in scored.regions], dtype=bool)
    if np.count_nonzero(is_read) < LEAST_DIGITS:
        return np.zeros_like(is_read), is_read
    heights = as_boxes([region.box_xywh for region in scored.regions])[:, HEIGHT]
    share = heights / np.median(heights[is_read])
    pale = scored.measures.strengths < PALE * np.quantile(scored.measures.strengths[is_read], 0.75)
    return pale & (share >= PALE_HEIGHTS[0]) & (share <= PALE_HEIGHTS[1]), is_read


def _boxes(reading: Reading) -> list[BoxXYWH]:
    return [digit.box_xywh for digit in reading.digits]
