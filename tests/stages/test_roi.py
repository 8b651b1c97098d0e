"""The part of a frame that is read: inside the frame, large enough, and back in the whole frame's pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.frames import Digit, Frame, Reading
from edge_app.stages.roi import LEAST_SIDE_PX, moved, part_of, roi_box

SHARE = st.floats(0, 1, exclude_max=True)


@given(SHARE, SHARE, st.floats(0.0001, 1), st.floats(0.0001, 1), st.integers(16, 5000), st.integers(16, 5000))
def test_the_part_lies_inside_the_frame_and_holds_a_digit(
    left: float, top: float, across: float, down: float, width: int, height: int
) -> None:
    x, y, box_width, box_height = roi_box((left, top, across, down), (width, height))

    assert x >= 0 and y >= 0 and x + box_width <= width and y + box_height <= height
    assert min(box_width, box_height) >= LEAST_SIDE_PX


@pytest.mark.parametrize(
    ("roi", "box"),
    [
        pytest.param((0.0, 0.0, 1.0, 1.0), (0, 0, 640, 480), id="all"),
        pytest.param((0.5, 0.5, 1.0, 1.0), (320, 240, 320, 240), id="over the edge"),
        pytest.param((0.1, 0.1, 0.0001, 0.0001), (64, 48, 16, 16), id="next to nothing"),
    ],
)
def test_the_part_in_pixels(roi: tuple[float, float, float, float], box: tuple[int, int, int, int]) -> None:
    assert roi_box(roi, (640, 480)) == box


def test_a_part_is_a_view_without_the_lores_picture() -> None:
    gray = np.arange(48, dtype=np.uint8).reshape(6, 8)
    frame = Frame(gray, 3, 5, lores_gray=gray[::2, ::2])

    part = part_of(frame, (2, 1, 4, 3))

    assert np.shares_memory(part.gray, gray) and part.gray[0, 0] == 10
    assert (part.gray.shape, part.lores_gray, part.sequence) == ((3, 4), None, 3)


def test_readings_come_back_where_they_are() -> None:
    reading = Reading((Digit(4, 0.9, (1, 2, 3, 4)), Digit(2, 0.8, (5, 2, 3, 4))), whole=False)

    back = moved(reading, (10, 20))

    assert [digit.box_xywh for digit in back.digits] == [(11, 22, 3, 4), (15, 22, 3, 4)]
    assert (back.text, back.whole) == ("42", False)
