"""A percent sign is no digit, and other shapes with two rings are no percent sign."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.percent import is_percent
from edge_app.stages.regions import find_regions


def sign(size: int = 60, lean: float = 0.3, pen: int = 3) -> UInt8:
    """A percent sign whose slash leans, in a field twice as large."""
    mask = np.zeros((2 * size, 2 * size), np.uint8)
    middle, half, ring = size, size // 2, round(size * 0.16)
    foot, head = (round(middle - lean * size), middle + half), (round(middle + lean * size), middle - half)
    cv2.line(mask, foot, head, 255, pen)
    cv2.circle(mask, (foot[0] + ring // 2, head[1] + ring), ring, 255, pen)
    cv2.circle(mask, (head[0] - ring // 2, foot[1] - ring), ring, 255, pen)
    return mask


@pytest.mark.parametrize("size", [40, 60, 120])
@pytest.mark.parametrize("lean", [0.25, 0.4])
def test_a_percent_sign_is_no_region(size: int, lean: float) -> None:
    mask = np.zeros((480, 640), np.uint8)
    cv2.putText(mask, "5", (20, 200), cv2.FONT_HERSHEY_SIMPLEX, size / 22, 255, 4)
    alone = len(find_regions(mask).regions)
    mask[60 : 60 + 2 * size, 200 : 200 + 2 * size] = sign(size, lean)

    assert len(find_regions(mask).regions) == alone == 1


@pytest.mark.parametrize("text", ["8", "B", "&", "0", "96"])
def test_other_rings_are_none(text: str) -> None:
    mask = np.zeros((120, 200), np.uint8)
    cv2.putText(mask, text, (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 3, 255, 4)
    x, y, width, height = cv2.boundingRect(mask)

    assert not is_percent(mask[y : y + height, x : x + width] > 0)
