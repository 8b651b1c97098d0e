"""Straight segments are found where they are drawn, in pictures of any size."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.stages.segments import Segment, in_rows, straight_segments


@pytest.mark.parametrize("side", [640, 1280])
@pytest.mark.parametrize("thickness", [1, 2, 5])
@pytest.mark.parametrize("drop", [0, 31, 90])
def test_lines_are_found_however_large_the_picture_and_fine_the_pen(side: int, thickness: int, drop: int) -> None:
    drawn = np.zeros((side * 3 // 4, side), np.uint8)
    start, end = (50, side // 3), (side - 60, side // 3 + drop)
    cv2.line(drawn, start, end, (255,), thickness)
    cv2.line(drawn, (side // 2, 40), (side // 2 + drop // 8, side // 4), (255,), thickness)

    longest, *others = in_rows(straight_segments(drawn, side), 0.008 * side)

    assert longest.flat
    assert longest.length >= 0.75 * (end[0] - start[0])  # the rest is followed in the ink
    for place in (longest.along[0], longest.middle, longest.along[-1]):
        course = start[1] + (end[1] - start[1]) * (place - start[0]) / (end[0] - start[0])
        assert abs(longest.across_at(place) - course) <= 2 + thickness / 2
    upright = [segment for segment in others if not segment.flat]
    assert upright and abs(upright[0].across_at(side / 8) - side / 2) <= 10 + thickness


@given(st.lists(st.integers(0, 999), min_size=2, max_size=6, unique=True), st.data())
def test_between_its_ends_a_line_runs_as_numpy_interpolates(places: list[int], data: st.DataObject) -> None:
    along = tuple(float(place) for place in sorted(places))
    across = tuple(float(data.draw(st.integers(0, 99))) for _ in places)
    place = data.draw(st.floats(along[0], along[-1]))

    assert Segment(along, across, 1.0, True).across_at(place) == pytest.approx(np.interp(place, along, across))
