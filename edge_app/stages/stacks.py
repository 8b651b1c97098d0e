"""A mask of ink and the lines erased from it in, the same with the digits parted that were joined across a line out.

Where a digit stands on the line of a sum, and another hangs from it right below, their strokes meet: to the eraser that
is one stroke, which crosses a line. But it is as tall as two digits, and each side of it as tall as one.
"""

import cv2
import numpy as np

from edge_app.frames import BoxXYWH, Int32, UInt8
from edge_app.stages.boxes import AREA, HEIGHT, WIDTH, off_edges, pieces_of_ink

LEAST_PX = 8  # height of digits
BROADEST = 1.5  # width / height of a piece of ink that tells how tall they are
TALL, EACH = 1.6, 0.6  # of their typical height: least of two digits, and of either
REACH, SEEN = 0.25, 0.5  # likewise: how far beside them the line is looked for; share of that where it must be
THICKEST = 0.3  # likewise: of a line
LENGTH = 2.0, 9.0  # likewise: of the line of a sum; the rules of paper are longer
CROSSED = 0.7  # likewise: widest gap that a digit leaves in it


def without_bridges(mask: UInt8, lines: UInt8, components: Int32, stats: Int32) -> UInt8:
    """Erases short lines once more where a digit above and one below are joined across them.

    Args:
        mask: (h, w) uint8, 255 for ink; not written to.
        lines: (h, w) uint8, 255 where lines were erased from it.
        components: (h, w) int32, the number of the piece of ink at each pixel.
        stats: (M, 5) int32, OpenCV's statistics of these.

    Returns:
        The same array where no digits are joined so, else a fresh one.
    """
    narrow = off_edges(stats, mask.shape) & (stats[:, WIDTH] <= BROADEST * stats[:, HEIGHT])
    typical = _typical_height(stats[narrow])
    tall = np.flatnonzero(narrow & (stats[:, HEIGHT] >= TALL * typical))
    if not tall.size or typical < LEAST_PX:
        return mask
    sums, parted = _sums(lines, typical), mask
    for row in tall:
        left, top, width, height = stats[row, :4].tolist()
        bridge = _bridge(sums, (left, top, width, height), typical)
        if bridge is not None:
            parted = mask.copy() if parted is mask else parted
            part = np.s_[top + bridge[0] : top + bridge[1] + 1, left : left + width]
            parted[part][components[part] == row] = 0
    return parted


def _typical_height(stats: Int32) -> float:
    """The height that half of all ink is in pieces lower than; 0 where there is none."""
    ranked = stats[np.argsort(stats[:, HEIGHT])]
    ink = ranked[:, AREA].cumsum()
    return float(ranked[np.searchsorted(ink, ink[-1] / 2), HEIGHT]) if len(ink) else 0.0


def _sums(lines: UInt8, typical: float) -> UInt8:
    """The erased lines that are no longer than those of sums, (h, w) uint8, 255 for them."""
    bridged = cv2.morphologyEx(lines, cv2.MORPH_CLOSE, np.ones((3, round(CROSSED * typical)), np.uint8))
    labels, stats = pieces_of_ink(np.asarray(bridged, dtype=np.uint8))
    fits = (stats[:, WIDTH] >= LENGTH[0] * typical) & (stats[:, WIDTH] <= LENGTH[1] * typical)
    fits &= stats[:, HEIGHT] <= typical
    fits[0] = False  # paper
    return np.where(fits, 255, 0).astype(np.uint8)[labels] & lines


def _bridge(sums: UInt8, box: BoxXYWH, typical: float) -> tuple[int, int] | None:
    """First and last row, in a box, of a line that ran on beside it between two digits; None where there is none."""
    left, top, width, height = box
    reach = max(2, round(REACH * typical))
    sides = sums[top : top + height, max(0, left - reach) : left], sums[top : top + height, left + width :][:, :reach]
    seen = np.flatnonzero(np.any([(side > 0).sum(axis=1) >= SEEN * reach for side in sides], axis=0))
    if not len(seen) or np.ptp(seen) >= THICKEST * typical:
        return None
    first, last = int(seen[0]), int(seen[-1])
    return (first, last) if min(first, height - 1 - last) >= EACH * typical else None
