"""Readings in, the same without what the threshold left of fine lines out: between the cells of a puzzle, a lone 1.

Where such a line is thinner and paler than all digits, `classify.py` leaves it out; one that is only rather so may be
written with another pen. But that one is not also as slim as a line, or it stands in a number.
"""

from collections.abc import Mapping, Sequence
from statistics import median

from edge_app.frames import BoxXYWH, Reading
from edge_app.stages.classify import ONE, Scored

SLIM, PALER = 0.075, 0.9  # stroke to height, and to the median strength of the digits: of 848 lone 1s none is both,
PALE = 0.75  # and three are as pale, whatever their stroke; of 64 pieces of lines half are one or the other


def without_remnants(readings: Sequence[Reading], scored: Scored) -> tuple[Reading, ...]:
    """Leaves out the lone 1s that are pieces of lines.

    Args:
        readings: of one frame.
        scored: the regions that they were read in.
    """
    lone = {reading for reading in readings if _is_lone_one(reading)}
    told = [digit.box_xywh for reading in readings for digit in reading.digits if digit.digit != ONE]
    if not lone or not told:
        return tuple(readings)
    rows = {region.box_xywh: row for row, region in enumerate(scored.regions)}
    usual = median(float(scored.measures.strengths[rows[box]]) for box in told)
    return tuple(reading for reading in readings if reading not in lone or _is_written(reading, scored, rows, usual))


def _is_written(one: Reading, scored: Scored, rows: Mapping[BoxXYWH, int], usual: float) -> bool:
    row = rows[one.box_xywh]
    share, slimness = scored.measures.strengths[row] / usual, scored.measures.stroke_widths[row] / one.box_xywh[3]
    return bool(share >= PALER or (share >= PALE and slimness >= SLIM))


def _is_lone_one(reading: Reading) -> bool:
    return len(reading.digits) == 1 and reading.digits[0].digit == ONE
