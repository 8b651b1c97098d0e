"""Scored regions and the ink in, the same out with question and exclamation marks told from digits.

Their upper part alone is a 7, a 2, a 3 or a 1. But it ends above the line of the digits beside it, and a dot stands on
that line, under its middle. A number goes on after a digit whose foot is apart, and not after a mark.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Int32, RegionMap
from edge_app.stages.boxes import AREA
from edge_app.stages.classify import DIGITS, Scored, are_among
from edge_app.stages.rows import Boxes, as_boxes, in_row
from edge_app.stages.strokes import without_digit

LIKE_MARKS = (1, 2, 3, 7)
SURE = 0.8  # probability of the digits that tell where the line is
LEAST_PX = 6  # area of a dot at working size
ROUND, FULL = 0.6, 0.65  # of its longer side, its shorter one; of its box, its ink
DOT = 0.08, 0.3  # its longer side, in the height of what stands over it
ASIDE, BELOW = 0.14, (0.1, 0.35)  # the same: how far it may lie off the middle, and does under it
REACH, NEAREST = 6.0, 2  # the same: how far away digits may be that tell; so many do
BESIDE_HEIGHTS = 0.6, 1.9  # of these
OFF_LINE = 0.28  # most that the dot's foot is off theirs
ABOVE_LINE = 0.14  # least that the rest ends above it
FOLLOWED = 0.5  # the same: the widest gap to a digit that goes on after it


def without_dotted(scored: Scored, region_map: RegionMap) -> Scored:
    """Scores with the probability of a digit given to "not a digit" where it stands over a dot on the line.

    Args:
        scored: of one frame; where the model has no class for what is no digit it stays as it is.
        region_map: of that frame.
    """
    dots = _dots(region_map.statistics)
    winners = scored.scores.argmax(axis=1)
    if not len(dots) or scored.scores.shape[1] <= DIGITS:
        return scored
    boxes = as_boxes([region.box_xywh for region in scored.regions]) * region_map.resize_factor
    sure = boxes[(winners < DIGITS) & (scored.belief >= SURE)]
    marks = np.zeros(len(boxes), dtype=bool)
    for row in np.flatnonzero(are_among(winners, LIKE_MARKS)):
        pieces = [piece for piece in scored.regions[row].components if piece < len(region_map.statistics)]
        if pieces:
            stats = region_map.statistics[pieces]
            marks[row] = _is_over_dot(stats[stats[:, AREA].argmax(), :4].astype(np.float64), dots, sure)
    return replace(scored, scores=without_digit(scored.scores, marks, winners[marks])) if marks.any() else scored


def _dots(stats: Int32) -> Boxes:
    """(N, 4) boxes of the pieces of ink that may be dots."""
    _, _, width, height, area = stats[1:].T
    round_ = np.minimum(width, height) >= ROUND * np.maximum(width, height)
    return stats[1:][round_ & (area >= LEAST_PX) & (area >= FULL * width * height), :4].astype(np.float64)


def _is_over_dot(body: NDArray[np.float64], dots: Boxes, sure: Boxes) -> bool:
    """Whether a dot is under a piece of ink, on the line that digits beside it stand on."""
    left, top, width, height = body
    size, middles = dots[:, 2:].max(axis=1), dots[:, 0] + dots[:, 2] / 2
    gap = dots[:, 1] - (top + height)
    under = (np.abs(middles - (left + width / 2)) <= ASIDE * height) & (gap >= BELOW[0] * height)
    under &= (gap <= BELOW[1] * height) & (size >= DOT[0] * height) & (size <= DOT[1] * height)
    beside = sure[in_row((left, top, width, height), sure, BESIDE_HEIGHTS)]
    after = beside[:, 0] - (left + width)
    followed = np.any((after >= 0) & (after <= FOLLOWED * height))
    away = np.abs(beside[:, 0] + beside[:, 2] / 2 - (left + width / 2))
    beside = beside[(away > width / 2) & (away <= REACH * height)]
    beside = beside[np.argsort(np.abs(beside[:, 0] - left))[:NEAREST]]
    if followed or not under.any() or not len(beside):
        return False
    line = float(np.median(beside[:, 1] + beside[:, 3]))
    feet = dots[under, 1] + dots[under, 3]
    return bool(line - (top + height) >= ABOVE_LINE * height and np.abs(feet - line).min() <= OFF_LINE * height)
