"""A percent sign is no digit, and other shapes with two rings are no percent sign."""

import cv2
import numpy as np
import pytest

from edge_app.frames import BoxXYWH, Region, UInt8
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.percent import is_percent, without_percents
from edge_app.stages.regions import find_regions
from tests.patches import patches_of


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


def parted(upper: BoxXYWH, lower: BoxXYWH, lean_deg: float = 25.0) -> Scored:
    """A 5, a stroke that is taken for a 1, and two rings that are taken for a 0."""
    boxes = (20, 40, 30, 50), (72, 40, 24, 50), upper, lower
    scores = np.full((4, 11), 0.001, np.float32)
    scores[np.arange(4), [5, 1, 0, 0]] = 0.99
    zeros = np.zeros(4, np.float32)
    leans = np.array([np.nan, lean_deg, np.nan, np.nan], np.float32)
    regions = tuple(Region(box, (1,)) for box in boxes)
    return Scored(regions, scores, Measures(zeros, zeros, zeros, zeros), leans, patches_of(*zeros))


UPPER, LOWER = (64, 42, 14, 16), (88, 72, 14, 16)


def test_a_slash_between_two_small_rings_is_a_percent_sign() -> None:
    assert without_percents(parted(UPPER, LOWER)).scores.argmax(axis=1).tolist() == [5, 10, 10, 10]


@pytest.mark.parametrize(
    "scored",
    [
        pytest.param(parted(UPPER, LOWER, lean_deg=2), id="an upright stroke"),
        pytest.param(parted((52, 40, 20, 48), (98, 40, 20, 48)), id="rings as tall as it is"),
        pytest.param(parted((64, 72, 14, 16), (88, 42, 14, 16)), id="the other way round"),
        pytest.param(parted(UPPER, (140, 72, 14, 16)), id="one of them far away"),
    ],
)
def test_a_1_and_0s_elsewhere_are_digits(scored: Scored) -> None:
    assert without_percents(scored) is scored
