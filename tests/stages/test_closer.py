"""How much larger a picture should be follows how small most marks in it are."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.closer import MOST, enlargement
from edge_app.stages.regions import find_regions


def marks(*heights: int) -> UInt8:
    """A mask of rings in a row, so high each."""
    mask = np.zeros((480, 1280), np.uint8)
    for number, height in enumerate(heights):
        cv2.rectangle(mask, (20 + 60 * number, 200), (19 + 60 * number + height * 2 // 3, 199 + height), 255, 1)
    return mask


@pytest.mark.parametrize(
    ("heights", "resize_factor", "times"),
    [
        pytest.param((30, 40, 28), 0.25, 1.0, id="legible"),
        pytest.param((20, 20, 60), 0.25, 2.0, id="most are small"),
        pytest.param((20, 60, 60), 0.25, 1.0, id="one of them"),
        pytest.param((8, 8, 8), 0.25, MOST, id="too small for a region"),
        pytest.param((8, 8, 8), 0.1, MOST, id="and more at hand than takes little time"),
        pytest.param((20, 20, 20), 2 / 3, 1.5, id="no larger than the frame"),
        pytest.param((20, 20, 20), 0.9, 1.0, id="hardly smaller than it"),
        pytest.param((20, 20, 20), 1.0, 1.0, id="as large as it"),
        pytest.param((3, 4, 3, 40), 0.25, 1.0, id="noise beside a digit"),
        pytest.param((), 0.25, 1.0, id="nothing"),
    ],
)
def test_small_marks_are_brought_closer(heights: tuple[int, ...], resize_factor: float, times: float) -> None:
    assert enlargement(find_regions(marks(*heights), resize_factor=resize_factor)) == pytest.approx(times)
