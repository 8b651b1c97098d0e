"""Digits told from all else in, the numbers that they are out; the stages in order."""

from edge_app.frames import Reading, RegionMap
from edge_app.stages.classify import Verdicts
from edge_app.stages.columns import joined_in_columns
from edge_app.stages.context import believable
from edge_app.stages.fields import joined_in_fields, parted_in_cells
from edge_app.stages.marks import parted_at_marks
from edge_app.stages.readings import group_readings
from edge_app.stages.remnants import without_remnants
from edge_app.stages.told import Told


def numbers_of(told: Told, verdicts: Verdicts, region_map: RegionMap, size_wh: tuple[int, int]) -> tuple[Reading, ...]:
    """Groups digits to numbers, and leaves those that their surroundings bear out.

    Args:
        told: the regions of one frame.
        verdicts: what is believed of them.
        region_map: what they were found in.
        size_wh: of the frame.

    Returns:
        In reading order.
    """
    lines, unread = told.lines, verdicts.doubtful + verdicts.others
    numbers = group_readings(verdicts.digits, verdicts.doubtful, size_wh, region_map.tilt_deg, signs=verdicts.others)
    numbers = joined_in_columns(parted_in_cells(numbers, region_map, lines), unread, region_map, lines)
    readings = joined_in_fields(numbers, unread, region_map, lines)
    alone, letters, signs = (told.boxes(rows) for rows in (told.celled, told.words, told.signs))
    in_fields = frozenset(readings).difference(numbers)
    in_fields |= {number for number in readings if alone.issuperset(digit.box_xywh for digit in number.digits)}
    readings = believable(readings, verdicts.others, region_map, told.patches, letters, signs, in_fields)
    return without_remnants(parted_at_marks(readings, told.settled, region_map), told.settled)
