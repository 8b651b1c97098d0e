"""A mask of thin ink in, the straight segments in it out, and how segments lie to each other.

They are found by the probabilistic Hough transform (Matas, Galambos and Kittler, "Robust detection of lines
using the progressive probabilistic Hough transform", 2000).
"""

from bisect import bisect_right
from dataclasses import dataclass

import cv2
import numpy as np

from edge_app.frames import UInt8

SHORTEST_SHARE = 0.055  # of the longer side: the side of a form box
SHORTEST_PX = 24
ONE_OF_SEVERAL_SHARE = 0.2  # the same: one of several rules, that may be faint in places
PARALLEL = 0.02  # most that the slopes of rules differ: one degree
SQUARE = 0.14  # most that a margin's slope may differ from plumb on the rules: 8 degrees
APART = 0.04  # of the longer side: two segments nearer than this are one line found twice
GAP_SHARE = 0.02  # of the longer side: gaps in a line that the threshold lost
FOUND_TWICE_PX = 5  # to either side of a segment the same line would be found once more
LARGE_PX = 800  # longer side, from which half the resolution will do: a quarter of the pixels to vote
LEAST_COVERED = 100  # of 255 of a pixel there: half of it, which a hairline covers
MAX_SLOPE = 0.58  # from level or plumb: 30 degrees
FROM_EDGE = 0.02  # of the frame's side: a line that begins and ends so near the frame's edges goes on outside it
ROW_GAP = 0.7  # of the longer of two pieces: digits below each other on rules are further apart than tall


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a line in pixels, or several in one row; flat ones run left to right, upright ones top to bottom.

    Attributes:
        along, across: where it runs, ascending along it: x and y for flat ones, y and x for upright ones.
        drawn: length of it that is ink, in pixels.
        flat: whether it is nearer to level than to plumb.
    """

    along: tuple[float, ...]
    across: tuple[float, ...]
    drawn: float
    flat: bool

    @property
    def length(self) -> float:
        """From end to end, in pixels."""
        return self.along[-1] - self.along[0]

    @property
    def middle(self) -> float:
        """Where half of it is, along its direction."""
        return (self.along[0] + self.along[-1]) / 2

    @property
    def slope(self) -> float:
        """Pixels across for each along."""
        return (self.across[-1] - self.across[0]) / max(self.length, 1e-6)

    def across_at(self, along: float) -> float:
        """Where it is across its direction at a place along it, beyond its ends too."""
        if along <= self.along[0]:
            return self.across[0] + self.slope * (along - self.along[0])
        if along >= self.along[-1]:
            return self.across[-1] + self.slope * (along - self.along[-1])
        piece = bisect_right(self.along, along) - 1
        (start, end), (across, beyond) = self.along[piece : piece + 2], self.across[piece : piece + 2]
        return across + (beyond - across) / (end - start) * (along - start)


def straight_segments(drawn: UInt8, side: int) -> list[Segment]:
    """The straight segments in a mask that are nearly level or plumb, the longest first.

    Args:
        drawn: (h, w) uint8, 255 for ink that lines may be in.
        side: the frame's longer one, in pixels.
    """
    shortest = max(SHORTEST_PX, SHORTEST_SHARE * side)
    # Long ones first: what the transform takes for a short segment it takes away from a long one.
    long = _hough(drawn, ONE_OF_SEVERAL_SHARE * side, GAP_SHARE * side)
    rest = drawn.copy()
    for start, end in long:
        cv2.line(rest, start, end, (0,), FOUND_TWICE_PX)
    return _as_segments(long + _hough(rest, shortest, GAP_SHARE * side))


def segments_of(drawn: UInt8, shortest: float, gap: float) -> list[Segment]:
    """The straight segments in a small mask that are nearly level or plumb, the longest first.

    Args:
        drawn: (h, w) uint8, not 0 for ink.
        shortest: least length of one, in pixels.
        gap: that may be missing from it in one place, likewise.
    """
    return _as_segments(_hough(drawn, shortest, gap))


def _as_segments(ends: list[tuple[tuple[int, int], tuple[int, int]]]) -> list[Segment]:
    segments = []
    for (x1, y1), (x2, y2) in ends:
        flat = abs(x2 - x1) >= abs(y2 - y1)
        (first, across), (last, beyond) = sorted([(x1, y1), (x2, y2)] if flat else [(y1, x1), (y2, x2)])
        if abs(beyond - across) <= MAX_SLOPE * (last - first):
            along, course = (float(first), float(last)), (float(across), float(beyond))
            segments.append(Segment(along, course, along[1] - along[0], flat))
    return sorted(segments, key=lambda segment: -segment.length)


def _hough(drawn: UInt8, shortest: float, gap: float) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Both ends of straight segments, x and y each; to two pixels in a large picture, which is looked at in half."""
    factor = 2 if max(drawn.shape) > LARGE_PX else 1
    if factor > 1:
        half = cv2.resize(drawn, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
        drawn = np.asarray(cv2.threshold(half, LEAST_COVERED, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)
    shortest, gap = shortest / factor, gap / factor
    cv2.setRNGSeed(1)  # the transform samples pixels at random: the same frame must give the same lines
    found = cv2.HoughLinesP(drawn, 1, np.pi / 360, int(shortest * 0.8), None, shortest, max(3.0, gap))
    ends = [] if found is None else (factor * found.reshape(-1, 4)).tolist()
    return [((x1, y1), (x2, y2)) for x1, y1, x2, y2 in ends]


def in_rows(segments: list[Segment], near: float) -> list[Segment]:
    """The segments with those put together that lie in one row; both edges of a thick line are in one row, too.

    Args:
        segments: the longest first.
        near: pixels that the pieces may stray from one line.
    """
    rows: list[list[Segment]] = []
    for segment in segments:
        row = next((row for row in rows if row[0].flat == segment.flat and _continues(row, segment, near)), None)
        if row is None:
            rows.append([segment])
        else:
            row.append(segment)
    return sorted((as_one(row) for row in rows), key=lambda segment: -segment.drawn)


def _continues(row: list[Segment], segment: Segment, near: float) -> bool:
    """Whether a segment lies in the row of others, seen from the nearest of them."""
    nearest = min(row, key=lambda other: max(other.along[0] - segment.along[-1], segment.along[0] - other.along[-1]))
    gap = max(0.0, nearest.along[0] - segment.along[-1], segment.along[0] - nearest.along[-1])
    if gap > ROW_GAP * max(nearest.length, segment.length):
        return False
    ends = zip(segment.along, segment.across, strict=True)
    return all(abs(nearest.across_at(along) - across) <= near for along, across in ends)


def as_one(row: list[Segment]) -> Segment:
    """Segments of one row as one; where two run beside each other, the longer one counts."""
    along, across, drawn = list(row[0].along), list(row[0].across), row[0].drawn
    for segment in row[1:]:
        if segment.along[0] >= along[-1]:
            along, across, drawn = along + list(segment.along), across + list(segment.across), drawn + segment.drawn
        elif segment.along[-1] <= along[0]:
            along, across, drawn = list(segment.along) + along, list(segment.across) + across, drawn + segment.drawn
    return Segment(tuple(along), tuple(across), drawn, row[0].flat)


def distinct(segments: list[Segment], apart: float) -> list[Segment]:
    """The segments without those that lie beside a longer one."""
    kept: list[Segment] = []
    for segment in segments:
        if all(abs(segment.across_at(segment.middle) - other.across_at(segment.middle)) >= apart for other in kept):
            kept.append(segment)
    return kept


def is_parallel(segment: Segment, rules: list[Segment], most: float = PARALLEL) -> bool:
    """Whether a segment runs as the nearest rule above or below it does, but for a difference of slopes."""
    nearest = min(rules, key=lambda rule: abs(rule.across_at(segment.middle) - segment.across_at(segment.middle)))
    return abs(segment.slope - nearest.slope) <= most


def in_line(rule: Segment, segment: Segment, near: float) -> bool:
    """Whether a segment lies on the straight continuation of a rule, however far away."""
    ends = zip(segment.along, segment.across, strict=True)
    return rule.flat == segment.flat and all(abs(rule.across_at(along) - across) <= near for along, across in ends)


def is_square_to(margin: Segment, rules: list[Segment], most: float = SQUARE) -> bool:
    """Whether an upright line crosses the rules at a right angle, as far as perspective leaves it one."""
    return abs(margin.slope + float(np.median([rule.slope for rule in rules]))) <= most


def reaches(line: Segment, shape_hw: tuple[int, ...]) -> tuple[bool, bool]:
    """Whether a line reaches the frame's edge at its start and at its end; no stroke of a digit reaches both."""
    side = shape_hw[line.flat]
    return line.along[0] <= FROM_EDGE * side, line.along[-1] >= (1 - FROM_EDGE) * side
