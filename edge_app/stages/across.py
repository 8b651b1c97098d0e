"""A mask of ink and a line in it in; how thick the ink is across the line, and the mask without the line, out.

Where the ink across a line is no thicker than the line, it is erased; where it is, a stroke crosses.
"""

import math

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8
from edge_app.stages.levels import percentile
from edge_app.stages.segments import Segment

STRIP_PX = 14  # to either side of a line that is looked at across it
TAIL_PX, STEP_PX = 120, 30  # of a line, that tell where it goes on, and that it is then followed by
LEAST_SEEN_PX = 8  # of a step: fewer may be a stroke that crosses
BOLD_PX, MOST_MISSED = 4.0, 2  # thickness of a line that no threshold loses; steps without it, where it ends
HIDDEN = 0.5  # of a step: where so much is ink as far as is looked, a fat stroke, it may go on behind
WANDER_PX = 3  # that a line strays from straight: paper is bent, lenses are round
LEAST_BARE = 0.3  # of a line: the least that nothing crosses
MAX_STEPS = 0.03  # of that: how often the middle of the ink leaps; the strokes of joined-up writing do
BARE_PERCENTILE = 25  # of the thickness along a line: where nothing crosses it
CROSSING = 1.6  # times the line's thickness: thicker ink across it is a stroke that crosses
THINNEST_STROKE_PX = 3.0  # across a line; but a line may be as thick where no dark ink is near, thinner where some is

COUNT = np.int8(2 * STRIP_PX + 1)
PLACES = np.arange(COUNT, dtype=np.int8)[:, np.newaxis]  # across a line, as they are looked at; bytes are quick
NEAREST = np.array([STRIP_PX + aside for aside in sorted(range(-WANDER_PX, WANDER_PX + 1), key=abs)], dtype=np.int8)
"""Those that the line may be at, the nearest first."""


def is_straight(mask: UInt8, line: Segment) -> bool:
    """Whether the ink runs along a line, and does not just lie on it as the letters of a word do.

    Args:
        mask: (h, w) uint8, 255 for ink.
        line: in it.
    """
    view = mask if line.flat else mask.T
    along = np.arange(max(0, int(line.along[0])), min(view.shape[1], int(line.along[-1]) + 1))
    top, bottom, found = _runs(view, along, np.interp(along, line.along, line.across))
    if not found.any():
        return False
    thin = found & (bottom - top + 1 <= _crossed_from(top, bottom, found))
    steps = np.abs(np.diff(top + bottom))[thin[1:] & thin[:-1]]
    bare = np.count_nonzero(thin) >= LEAST_BARE * line.drawn
    return bare and len(steps) > 0 and float(np.mean(steps > 2)) <= MAX_STEPS


def _crossed_from(top: NDArray[np.int64], bottom: NDArray[np.int64], found: NDArray[np.bool_]) -> float:
    """How thick the ink across a line is where a stroke crosses it."""
    return max(
        THINNEST_STROKE_PX, float(percentile(np.sort((bottom - top + 1)[found]), BARE_PERCENTILE)) * CROSSING + 1
    )


def thickness(mask: UInt8, line: Segment, percent: float = 50) -> float:
    """Pixels of ink across a line, median; a low percentile tells of where nothing stands on it or crosses it.

    Args:
        mask: (h, w) uint8, 255 for ink.
        line: in it.
        percent: 0 to 100, over the places along the line that have ink.
    """
    view = mask if line.flat else mask.T
    along = np.arange(max(0, int(line.along[0])), min(view.shape[1], int(line.along[-1]) + 1))
    top, bottom, found = _runs(view, along, np.interp(along, line.along, line.across))
    return float(percentile(np.sort((bottom - top + 1)[found]), percent)) if found.any() else 0.0


def erase_line(
    mask: UInt8, line: Segment, slimness: float, beyond: tuple[float, float], thickest: float = math.inf
) -> None:
    """Erases a line from the mask itself, and what continues it so far beyond either end; strokes that cross it stay.

    Args:
        mask: (h, w) uint8, 255 for ink; written to.
        line: in it.
        slimness: length / thickness that it must have, or it stays, too.
        beyond: pixels before its start and after its end.
        thickest: pixels that it may be across, where others tell.
    """
    view = mask if line.flat else mask.T
    first, last = line.along[0] - 2 - beyond[0], line.along[-1] + 3 + beyond[1]
    along = np.arange(max(0, int(first)), min(view.shape[1], int(last)))
    course = np.interp(along, line.along, line.across)
    drawn = (along >= line.along[0]) & (along <= line.along[-1])
    top, bottom, found = _runs(view, along[drawn], course[drawn])
    if not found.any():
        return
    crossed = min(_crossed_from(top, bottom, found), thickest * CROSSING + 1)
    if line.drawn < slimness * (crossed - 1) / CROSSING:
        return
    thin = found & (bottom - top + 1 <= crossed)
    course[drawn] = _followed(along[drawn], course[drawn], top, bottom, thin)
    ends = np.flatnonzero(drawn)[[0, -1]]
    last = ends[0] + _prolong(view, along[ends[0] :], course[ends[0] :], ends[1] - ends[0] + 1, crossed)
    first = ends[1] + 1 - _prolong(view, along[ends[1] :: -1], course[ends[1] :: -1], ends[1] - ends[0] + 1, crossed)
    along, course = along[first:last], course[first:last]
    top, bottom, found = _runs(view, along, course)
    thin = found & (bottom - top + 1 <= crossed)
    for offset in range(int((bottom - top)[thin].max(initial=-1)) + 1):
        rows = top[thin] + offset
        within = rows <= bottom[thin]
        view[rows[within], along[thin][within]] = 0


def _prolong(view: UInt8, along: NDArray[np.int64], course: NDArray[np.float64], known: int, crossed: float) -> int:
    """Follows a line step by step beyond where its course is known, and writes that into the course itself.

    A fine one may be faint and go on further along; a bold one ends where its ink does.

    Args:
        view: (h, w) uint8, the ink; along the line is across the view.
        along: (N,) places along the line.
        course: (N,) where it runs there; the first `known` of them are known.
        known: at least 1.
        crossed: thickness of ink from which a stroke crosses the line.
    """
    missed, is_bold = 0, crossed > BOLD_PX * CROSSING + 1
    while known < len(along) and not (is_bold and missed >= MOST_MISSED):
        tail, step = slice(max(0, known - TAIL_PX), known), slice(known, known + STEP_PX)
        middle = along[tail].mean()
        ahead = along[tail] - middle
        slope = ahead @ course[tail] / (ahead @ ahead) if known > 1 else 0.0  # of the line of least squares
        course[step] = course[tail].mean() + slope * (along[step] - middle)
        top, bottom, found = _runs(view, along[step], course[step])
        thin = found & (bottom - top + 1 <= crossed)
        is_seen = np.count_nonzero(thin) >= LEAST_SEEN_PX
        is_hidden = np.count_nonzero(found & (bottom - top + 1 >= COUNT)) >= HIDDEN * len(found)
        missed = 0 if is_seen else missed if is_hidden else missed + 1
        if is_seen:
            course[step] += float(np.median(((top + bottom) / 2 - course[step])[thin]))
        known += STEP_PX
    return min(known, len(along))


def _followed(
    along: NDArray[np.int64],
    course: NDArray[np.float64],
    top: NDArray[np.int64],
    bottom: NDArray[np.int64],
    thin: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """The course of a line through the middle of its ink where nothing crosses it."""
    if np.count_nonzero(thin) < 3:
        return course
    middle = np.interp(along, along[thin], ((top + bottom) / 2)[thin])
    width = min(31, len(middle) // 2 * 2 - 1)
    if width < 3:
        return course
    padded = np.pad(middle, width // 2, mode="edge")
    return np.asarray(np.convolve(padded, np.ones(width) / width, mode="valid"))


def _runs(
    view: UInt8, along: NDArray[np.int64], course: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """First and last row of the ink across a line at each place, and where there is any within reach."""
    first = np.rint(course).astype(np.int64) - STRIP_PX
    rows = first + PLACES
    # Whichever way the view lies, pixels are taken by their number in memory, in half the time of two numbers each.
    down, right = (view.shape[1], 1) if view.strides[0] >= view.strides[1] else (1, view.shape[0])
    ink = view.ravel(order="K").take(np.clip(rows, 0, view.shape[0] - 1) * down + along * right) > 0
    ink &= (rows >= 0) & (rows < view.shape[0])
    reach, paper = ink[NEAREST], ~ink
    start = NEAREST[reach.argmax(axis=0)]
    above = ((PLACES + 1) * (paper & (start > PLACES))).max(axis=0)
    below = ((COUNT - PLACES) * (paper & (start < PLACES))).max(axis=0)
    return first + above, first + (COUNT - 1 - below), reach.any(axis=0)
