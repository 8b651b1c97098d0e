"""A mask of ink in, the same without short lines that digits stand on or hang from out: of sums, fractions, totals.

Such a line is too short to be a rule and no side of a box. It is straight, far longer than what it is joined to is
tall, and in places there is nothing but the line.
"""

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Int32, UInt8
from edge_app.stages.across import CROSSING, erase_line, is_straight
from edge_app.stages.boxes import AREA, HEIGHT, WIDTH, off_edges
from edge_app.stages.segments import FOUND_TWICE_PX, Segment, segments_of

WIDER = 1.3  # width / height of a line and of what is joined to it, at the least
LEAST_HEIGHT_PX, LEAST_WIDTH_PX = 10, 24  # of a digit, and of both: what is lower or shorter is a dash
MOST_FILL = 0.6  # of its box that is ink
SLIMNESS = 14.0  # length / thickness of a line
SPAN, GAP = 0.8, 0.03  # of its width: what the line takes up at the least; what may be missing from it in one place
STRAY_PX = 3.0  # that a line's ink may lie off its course
LONG, LONG_FOOT = 2.2, 3.0  # of the height of what stands on it: its length; where one does at its start, as of a 2
AT_END = 0.25  # likewise: how near to an end that is
BARE_STRETCH = 0.4  # likewise: where nothing stands, in one stretch
POST = 0.3  # likewise: where only narrower ones stand, they are the sides of boxes whose other side is gone
BARB = 0.5  # likewise: an arrow's head, alone at the end of its line, goes as far to its other side at the least
BARE_SHARE = 0.4  # of a line where nothing stands or hangs; the bars of letters that join others have less


def without_underlines(mask: UInt8, components: Int32, stats: Int32) -> UInt8:
    """Erases short lines that other ink is joined to.

    Args:
        mask: (h, w) uint8, 255 for ink; not written to.
        components: (h, w) int32, the number of the piece of ink at each pixel.
        stats: (M, 5) int32, OpenCV's statistics of these.

    Returns:
        The same array where there are no such lines, else a fresh one.
    """
    erased = mask
    for row in np.flatnonzero(_may_hold(stats) & off_edges(stats, mask.shape)):
        left, top, width, height, _ = stats[row].tolist()
        line = _line_of(components[top : top + height, left : left + width] == row)
        if line is None:
            continue
        (start, end), (y, beyond) = line.along, line.across
        rest = start + FOUND_TWICE_PX, width - 1 - end + FOUND_TWICE_PX
        line = Segment((start + left, end + left), (y + top, beyond + top), line.drawn, flat=True)
        if is_straight(mask, line):
            erased = mask.copy() if erased is mask else erased
            erase_line(erased, line, SLIMNESS, rest)
    return erased


def _may_hold(stats: Int32) -> NDArray[np.bool_]:
    """Which pieces of ink are broad and thin enough."""
    width, height = stats[:, WIDTH], stats[:, HEIGHT]
    found = (width >= WIDER * height) & (height >= LEAST_HEIGHT_PX) & (width >= LEAST_WIDTH_PX)
    found &= stats[:, AREA] <= MOST_FILL * width * height
    found[0] = False  # paper
    return np.asarray(found)


def _line_of(own: NDArray[np.bool_]) -> Segment | None:
    """The line along a piece of ink, (h, w) bool, that everything else of it stands on or hangs from."""
    height, width = own.shape
    line = max(segments_of(own.astype(np.uint8), SPAN * width, GAP * width), key=lambda one: one.length, default=None)
    if line is None or not line.flat:
        return None
    course = np.array([line.across_at(along) for along in range(width)])
    rows = np.arange(height)[:, np.newaxis]
    near = own & (np.abs(rows - course) <= STRAY_PX)
    reach = own.argmax(axis=0), height - 1 - own[::-1].argmax(axis=0)
    stands, hangs = float((course - reach[0]).max()), float((reach[1] - course).max())
    tall = max(stands, hangs)
    thick = own.sum(axis=0)
    bare = near.any(axis=0) & (thick <= np.percentile(thick, 25) * CROSSING + 1) & (reach[1] - reach[0] < thick)
    ends = _ends(~bare)
    if not len(ends):
        return None
    at_start, at_stop = (len(ends) == 2 and away < AT_END * tall for away in (ends[0], width - ends[-1]))
    is_foot = at_start and stands > hangs
    long = width >= (LONG_FOOT if is_foot else LONG) * tall
    long &= np.count_nonzero(bare) >= BARE_SHARE * width
    crossed, free = (max(np.diff(each)[::2], default=0) / tall for each in (ends, _ends(bare)))
    if not long or tall < LEAST_HEIGHT_PX or crossed < POST or free < BARE_STRETCH:
        return None
    is_arrow = (at_start or at_stop) and min(stands, hangs) >= BARB * tall
    return None if is_arrow else line


def _ends(places: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where stretches of true places begin and end, in turn.

    >>> _ends(np.array([True, False, True, True, False]))
    array([0, 1, 2, 4])
    """
    return np.flatnonzero(np.diff(np.concatenate([[False], places, [False]])))
