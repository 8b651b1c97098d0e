"""Sides of boxes stand on each other, leaning no more than perspective has them lean."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.box_sides import erase_posts, find_box_sides
from edge_app.stages.segments import Segment

RULES = [Segment((4.0, 635.0), (float(y), float(y)), 631.0, True) for y in (170, 260)]
MARGIN = Segment((168.0, 262.0), (90.0, 90.0), 94.0, False)


def leaning(middle: float, slope: float) -> Segment:
    return Segment((168.0, 262.0), (middle - 47 * slope, middle + 47 * slope), 94.0, False)


def drawn(segments: list[Segment]) -> UInt8:
    mask = np.zeros((480, 640), np.uint8)
    for segment in segments:
        ends = zip(segment.along, segment.across, strict=True)
        points = [(round(a), round(b)) if segment.flat else (round(b), round(a)) for a, b in ends]
        cv2.line(mask, *points, 255, 2)
    return mask


@pytest.mark.parametrize(("slope", "sides"), [(0.1, 2), (0.2, 2), (-0.2, 2), (0.41, 0), (-0.41, 0)])
def test_two_that_lean_alike_are_sides_only_where_they_lean_little(slope: float, sides: int) -> None:
    two = [leaning(470.0, slope), leaning(550.0, slope)]
    segments = [*RULES, MARGIN, *two]

    found = find_box_sides(drawn(segments), segments)

    assert [side for side in found if side in two] == two[:sides]


def test_one_that_leans_alone_is_none() -> None:
    alone = leaning(470.0, 0.2)
    segments = [*RULES, MARGIN, alone, leaning(550.0, 0.0)]

    assert alone not in find_box_sides(drawn(segments), segments)


@pytest.mark.parametrize(
    ("starts", "ends", "kept"),
    [
        pytest.param((100, 100), (300, 300), 0, id="the side of a box"),
        pytest.param((20, 20), (300, 300), 50, id="a 1 between two rules"),
        pytest.param((20, 100), (300, 300), 50, id="a 1 that begins on a longer one"),
        pytest.param((100, 150), (300, 300), 50, id="a 1 at the beginning of one alone"),
    ],
)
def test_a_lone_stroke_goes_where_both_lines_begin(starts: tuple[int, int], ends: tuple[int, int], kept: int) -> None:
    mask, lines = np.zeros((2, 200, 400), np.uint8)
    mask[75:125, 98:103] = 255
    for row, start, end in zip((72, 125), starts, ends, strict=True):
        lines[row : row + 4, start:end] = 255

    erase_posts(mask, lines)

    assert np.count_nonzero(mask.any(axis=1)) == kept
