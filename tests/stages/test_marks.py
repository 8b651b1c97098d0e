"""Numbers are parted at points, commas, colons and dashes, and at nothing else."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge_app.frames import Digit, Reading, Region, RegionMap, UInt8
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.marks import parted_at_marks
from edge_app.stages.regions import find_regions, union
from tests.patches import patches_of

Mark = Callable[[UInt8, int, int], None]
"""Draws on a mask in a gap, whose middle and whose line are given."""

TALL, PEN = 60, 6


def point(mask: UInt8, x: int, line: int) -> None:
    cv2.circle(mask, (x, line - 3), 4, (255,), -1)


def comma(mask: UInt8, x: int, line: int) -> None:
    cv2.line(mask, (x + 3, line - 6), (x - 4, line + 10), (255,), PEN)


def colon(mask: UInt8, x: int, line: int) -> None:
    cv2.circle(mask, (x + 2, line - 34), 4, (255,), -1)
    cv2.circle(mask, (x, line - 8), 4, (255,), -1)


def dash(mask: UInt8, x: int, line: int) -> None:
    cv2.line(mask, (x - 8, line - 26), (x + 9, line - 28), (255,), PEN)


def equals(mask: UInt8, x: int, line: int) -> None:
    for top in (34, 14):
        cv2.line(mask, (x - 8, line - top), (x + 9, line - top - 1), (255,), PEN)


def nothing(mask: UInt8, x: int, line: int) -> None:
    pass


def dirt(mask: UInt8, x: int, line: int) -> None:
    mask[line - 3 : line - 1, x : x + 3] = 255


def speck(mask: UInt8, x: int, line: int) -> None:
    """Larger than dirt, and smaller than a pen can draw."""
    for aside in range(6):
        mask[line - 8 + aside, x + aside] = 255


def faint_1(mask: UInt8, x: int, line: int) -> None:
    """What the threshold left of a 1."""
    for top in (52, 32, 8):
        cv2.circle(mask, (x, line - top), 4, (255,), -1)


def both_ends(mask: UInt8, x: int, line: int) -> None:
    """Likewise."""
    for top in (54, 6):
        cv2.circle(mask, (x, line - top), 4, (255,), -1)


def two_strokes(mask: UInt8, x: int, line: int) -> None:
    """Likewise: as a colon stands, but each too long for it."""
    for top, bottom in ((50, 32), (18, 2)):
        cv2.line(mask, (x, line - top), (x, line - bottom), (255,), PEN)


def tick(mask: UInt8, x: int, line: int) -> None:
    cv2.circle(mask, (x, line - 54), 4, (255,), -1)


def block(mask: UInt8, x: int, line: int) -> None:
    """As wide as a dash, and as tall."""
    cv2.rectangle(mask, (x - 10, line - 42), (x + 10, line - 22), (255,), -1)


def overline(mask: UInt8, x: int, line: int) -> None:
    cv2.line(mask, (x - 8, line - 58), (x + 9, line - 58), (255,), PEN)


def underscore(mask: UInt8, x: int, line: int) -> None:
    cv2.line(mask, (x - 10, line - 3), (x + 10, line - 3), (255,), PEN)


def foot_of_a_1(mask: UInt8, x: int, line: int) -> None:
    """What the threshold left of it: as low as a point, but taller."""
    cv2.line(mask, (x, line - 14), (x, line - 3), (255,), PEN)


def thread(mask: UInt8, x: int, line: int) -> None:
    """As long as a dash, and finer than any pen."""
    mask[line - 28 : line - 25, x - 9 : x + 9] = 255


def long_tail(mask: UInt8, x: int, line: int) -> None:
    cv2.line(mask, (x, line - 26), (x, line + 14), (255,), PEN)


def stub(mask: UInt8, x: int, line: int) -> None:
    """As flat as a dash, but hardly longer than a pen is wide."""
    cv2.line(mask, (x - 3, line - 28), (x + 3, line - 28), (255,), PEN - 1)


def three_dashes(mask: UInt8, x: int, line: int) -> None:
    for top in (36, 24, 12):
        cv2.line(mask, (x - 8, line - top), (x + 8, line - top), (255,), PEN)


def foot_of_the_digit(mask: UInt8, x: int, line: int) -> None:
    """That came off, and lies under the digit itself."""
    cv2.circle(mask, (x - 25, line + 2), 4, (255,), -1)


def stroke_with_dash(mask: UInt8, x: int, line: int) -> None:
    """A stroke that is no digit, and something beside it."""
    cv2.line(mask, (x - 6, line - 50), (x - 10, line - 6), (255,), PEN)
    cv2.line(mask, (x + 2, line - 27), (x + 12, line - 28), (255,), PEN)


def page(mark: Mark, tilt: int = 0, factor: float = 1.0) -> tuple[RegionMap, tuple[Reading, ...], Scored]:
    """Three 0s in a row that make one number, with something between the first two."""
    mask = np.zeros((300, 640), np.uint8)
    places = (150, 232, 300, 368, 436)
    for place in places:
        cv2.ellipse(mask, (place, 150), (20, TALL // 2 - PEN // 2), 0, 0, 360, (255,), PEN)
    mark(mask, 191, 180)
    turn = cv2.getRotationMatrix2D((320, 150), -tilt, 1.0)
    found = find_regions(cv2.warpAffine(mask, turn, (640, 300), flags=cv2.INTER_NEAREST), resize_factor=factor)
    digits = [region for region in found.regions if region.box_xywh[2] > 0.6 * TALL / factor]
    assert len(digits) == len(places)
    return found, number_of(digits), scored(digits, PEN / factor)


def number_of(regions: list[Region]) -> tuple[Reading, ...]:
    return (Reading(tuple(Digit(0, 0.99, region.box_xywh) for region in regions)),)


def scored(regions: list[Region], pen: float = PEN) -> Scored:
    some = np.full(len(regions), pen, dtype=np.float32)
    scores = np.zeros((len(regions), 11), dtype=np.float32)
    return Scored(tuple(regions), scores, Measures(some, some, some), some, patches_of(*some))


@pytest.mark.parametrize("tilt", [0, 14, -14])
@pytest.mark.parametrize("mark", [point, comma, colon, dash])
def test_a_number_is_parted_at_a_mark(mark: Mark, tilt: int) -> None:
    found, readings, those = page(mark, tilt)

    assert (found.tilt_deg != 0.0) == (tilt != 0)
    assert [reading.text for reading in parted_at_marks(readings, those, found)] == ["0", "0000"]


def test_a_number_is_parted_at_an_equals_sign() -> None:
    found, readings, those = page(equals)

    assert [reading.text for reading in parted_at_marks(readings, those, found)] == ["0", "0000"]


NO_MARKS = [
    nothing, dirt, speck, faint_1, both_ends, two_strokes, tick, block, overline, underscore, long_tail, foot_of_a_1,
    thread, stub, three_dashes, foot_of_the_digit, stroke_with_dash,
]  # fmt: skip


@pytest.mark.parametrize("mark", NO_MARKS)
def test_a_number_stays_whole_where_there_is_none(mark: Mark) -> None:
    found, readings, those = page(mark)

    assert parted_at_marks(readings, those, found) == readings


@pytest.mark.parametrize("mark", [point, comma, dash])
def test_a_mark_parts_that_was_taken_for_a_part_of_a_digit(mark: Mark) -> None:
    found, _, _ = page(mark)
    first, *others = sorted(found.regions, key=lambda region: region.box_xywh)
    rest = [region for region in others if region.box_xywh[2] > 0.6 * TALL]
    used = {piece for region in (first, *rest) for piece in region.components}
    pieces = (*first.components, *(row for row in range(1, len(found.statistics)) if row not in used))
    assert len(pieces) == 2
    with_mark = Region(union(found.statistics[list(pieces)]), pieces)

    parted = parted_at_marks(number_of([with_mark, *rest]), scored([with_mark, *rest]), found)

    assert [reading.text for reading in parted] == ["0", "0000"]


def test_dirt_beside_a_mark_hides_none() -> None:
    def with_dirt(mask: UInt8, x: int, line: int) -> None:
        point(mask, x, line)
        mask[line - 50, x : x + 2] = 255

    found, readings, those = page(with_dirt)

    assert [reading.text for reading in parted_at_marks(readings, those, found)] == ["0", "0000"]


def test_a_mark_of_another_line_parts_nothing() -> None:
    def below(mask: UInt8, x: int, line: int) -> None:
        point(mask, x, line)
        cv2.line(mask, (x, line + 30), (x, line + 90), (255,), PEN)
        dash(mask, x, line - 100)

    found, readings, those = page(below)

    assert [reading.text for reading in parted_at_marks(readings, those, found)] == ["0", "0000"]


def test_marks_of_a_large_frame_are_found_where_its_digits_were() -> None:
    def small(mask: UInt8, x: int, line: int) -> None:
        cv2.circle(mask, (x, line - 3), 2, (255,), -1)

    found, readings, those = page(small, factor=0.5)

    assert readings[0].digits[0].box_xywh[3] > 1.9 * TALL
    assert [reading.text for reading in parted_at_marks(readings, those, found)] == ["0", "0000"]


def test_digits_that_hang_together_are_no_mark_between_what_lies_beside_them() -> None:
    mask = np.zeros((300, 640), np.uint8)
    for place in (200, 252):
        cv2.ellipse(mask, (place, 150), (24, TALL // 2 - PEN // 2), 0, 0, 360, (255,), PEN)
    mask[150:154, 166:170] = mask[150:154, 282:286] = 255
    found = find_regions(mask)
    both = Region(union(found.statistics[1:]), (1, 2, 3))
    left, top, width, height = both.box_xywh
    half = width // 2
    digits = [replace(both, box_xywh=(left + aside, top, half, height)) for aside in (0, half)]

    assert parted_at_marks(number_of(digits), scored(digits), found) == number_of(digits)
