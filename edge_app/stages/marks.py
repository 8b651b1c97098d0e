"""Numbers in, the same parted where a point, a comma, a colon, a dash or an equals sign stands between two digits out.

19:08 is no 1908, and 403.62 no 40362. These marks are too small to be regions, or pass for parts of a digit; but
each stands free, alone in the gap between two digits, on the line, in the middle of its height, or twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from edge_app.frames import BoxXYWH, Reading, RegionMap
from edge_app.stages.boxes import working_box
from edge_app.stages.classify import Scored
from edge_app.stages.tilt import level

# Sizes are shares of the height of the two digits, places are counted from their top down. Chosen on drawn pages: of
# 467 numbers with marks between them 399 are read, without these rules 245; of some 13,000 without any 5 are parted.
REACH = -0.1, 1.3  # what stands higher or lower is not between them
SPECK, LEAST_INK = 0.1, 0.25  # of the square of the strokes' width: what covers less is dirt, and is no mark
LEAST_SIDE = 0.07  # shorter one of a mark
LAP = 0.03  # by which a mark may reach over a digit
ROUND = 1.25  # height / width, at most, of a point; what is taller is a piece of a stroke, or a comma,
HANGS = 1.03  # whose foot is as far down
POINT_SIDES, POINT_MIDDLE = (0.34, 0.5), 0.78  # largest width and height, with the tail of a comma; the highest
DASH_WIDTHS, DASH_ASPECT = (0.28, 0.8), 1.5  # the latter is the least width / height
DASH_MIDDLE = 0.38, 0.75
COLON_MIDDLES = (0.28, 0.62), (0.65, 1.0)  # of its points, or of the two lines of an equals sign


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of ink between two digits.

    Attributes:
        width, height: of its box, in the height of the digits.
        middle: of its box, likewise, from their top down.
        ink: area, in squares of the width of their strokes.
    """

    width: float
    height: float
    middle: float
    ink: float

    @property
    def is_round(self) -> bool:
        """Whether it is no taller than a point."""
        return self.height <= ROUND * self.width

    @property
    def hangs(self) -> bool:
        """Whether it reaches below the line, as the tail of a comma does."""
        return self.middle + self.height / 2 >= HANGS


def parted_at_marks(readings: Sequence[Reading], scored: Scored, region_map: RegionMap) -> tuple[Reading, ...]:
    """Parts numbers at the marks within them.

    Args:
        readings: of one frame.
        scored: the regions that their digits are.
        region_map: that they were found in.

    Returns:
        The numbers in the order given.
    """
    pieces = _Pieces(region_map)
    widths = {
        region.box_xywh: float(width)
        for region, width in zip(scored.regions, scored.measures.stroke_widths, strict=True)
    }
    parted = []
    for reading in readings:
        pairs = enumerate(pairwise(digit.box_xywh for digit in reading.digits), start=1)
        ends = [place for place, (left, right) in pairs if _is_mark(pieces.between(left, right, widths))]
        for start, end in pairwise([0, *ends, len(reading.digits)]):
            parted.append(replace(reading, digits=reading.digits[start:end]))
    return tuple(parted)


class _Pieces:
    """The pieces of ink of a frame that may be marks."""

    def __init__(self, region_map: RegionMap) -> None:
        self._map = region_map
        self._stats = region_map.statistics.astype(np.float64)
        self._middles = self._stats[:, :2] + self._stats[:, 2:4] / 2

    def between(self, left: BoxXYWH, right: BoxXYWH, widths: Mapping[BoxXYWH, float]) -> list[_Piece]:
        """What stands free between two digits, the highest first; nothing where there is more than dirt beside it.

        Args:
            left, right: round the digits, in pixels of the frame.
            widths: of their strokes, likewise, by their boxes.
        """
        factor, tilt = self._map.resize_factor, self._map.tilt_deg
        boxes = [working_box(box, factor, self._map.components.shape) for box in (left, right)]
        stroke = max(1.0, factor * (widths[left] + widths[right]) / 2)
        levelled = [level(box, tilt) for box in boxes]
        tall, top = (sum(box[side] for box in levelled) / 2 for side in (3, 1))
        found = []
        for number in self._near(boxes, SPECK * stroke**2):
            piece = self._box(number)
            before, after = (level(self._without(box, number, piece), tilt) for box in boxes)
            x, y, width, height = level(piece, tilt)
            if x - before[0] - before[2] < -LAP * tall or after[0] - x - width < -LAP * tall:
                continue
            middle, ink = (y + height / 2 - top) / tall, self._stats[number, 4] / stroke**2
            found.append(_Piece(width / tall, height / tall, middle, ink))
        return sorted(found, key=lambda piece: piece.middle)

    def _near(self, boxes: Sequence[BoxXYWH], least_px: float) -> list[int]:
        """Numbers of the pieces whose middle lies between those of two boxes, and that are no dirt."""
        (x1, y1, w1, h1), (x2, y2, w2, h2) = boxes
        tall, top = max(h1, h2), min(y1, y2)
        x, y = self._middles.T
        near = (x > x1 + w1 / 2) & (x < x2 + w2 / 2) & (y >= top + REACH[0] * tall) & (y <= top + REACH[1] * tall)
        near &= self._stats[:, 4] >= least_px
        near[0] = False  # paper
        return [int(number) for number in np.flatnonzero(near)]

    def _without(self, box: BoxXYWH, number: int, piece: BoxXYWH) -> BoxXYWH:
        """What is left of a digit's box without a piece of ink that was taken for a part of it."""
        x, y, width, height = box
        if x + width <= piece[0] or piece[0] + piece[2] <= x:
            return box
        ink = self._map.components[y : y + height, x : x + width]
        rest = (ink > 0) & (ink != number)
        left, top, across, down = cv2.boundingRect(rest.view(np.uint8))
        return (x + left, y + top, across, down) if across else box

    def _box(self, number: int) -> BoxXYWH:
        x, y, width, height = self._map.statistics[number, :4].tolist()
        return x, y, width, height


def _is_mark(pieces: Sequence[_Piece]) -> bool:
    """Whether what stands between two digits is a mark, and nothing else."""
    if any(piece.ink < LEAST_INK or min(piece.width, piece.height) < LEAST_SIDE for piece in pieces):
        return False
    if len(pieces) == 2:
        middles = zip(pieces, COLON_MIDDLES, strict=True)
        return all(piece.is_round and first <= piece.middle <= last for piece, (first, last) in middles)
    return len(pieces) == 1 and (_is_point(pieces[0]) or _is_dash(pieces[0]))


def _is_point(piece: _Piece) -> bool:
    """Whether it is a point, or a comma."""
    small = piece.width <= POINT_SIDES[0] and piece.height <= POINT_SIDES[1]
    return small and piece.middle >= POINT_MIDDLE and (piece.is_round or piece.hangs)


def _is_dash(piece: _Piece) -> bool:
    long = DASH_WIDTHS[0] <= piece.width <= DASH_WIDTHS[1] and piece.width >= DASH_ASPECT * piece.height
    return long and DASH_MIDDLE[0] <= piece.middle <= DASH_MIDDLE[1]
