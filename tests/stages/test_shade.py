"""What is pale and has something darker written on it is paper; what a mottled pen leaves pale is ink."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.binarize import binarize

SHAPE = 480, 640


def agreement(mask: UInt8, ink: UInt8) -> float:
    """Intersection over union."""
    both, either = (np.count_nonzero(way(mask > 0, ink > 0)) for way in (np.logical_and, np.logical_or))
    return both / either


def photo(ink: UInt8, light: np.ndarray, pen: float = 50.0) -> UInt8:
    """White paper in some light, with ink on it."""
    page = cv2.GaussianBlur(np.where(ink > 0, pen, 215.0) * light, (0, 0), 1.2)
    return np.clip(page + np.random.default_rng(1).normal(0, 2, SHAPE), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("marker", [0.7, 0.8, 0.88])
def test_what_a_highlighter_marked_is_paper(marker: float) -> None:
    ink, light = np.zeros(SHAPE, np.uint8), np.ones(SHAPE)
    for x, y, text in ((60, 120, "37"), (330, 150, "4826"), (90, 300, "512"), (420, 330, "9")):
        width, height = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 2, 7)[0]
        light[y - height - 8 : y + 10, x - 12 : x + width + 12] = marker
        cv2.putText(ink, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 2, 255, 7)

    assert agreement(binarize(photo(ink, light)).mask, ink) > 0.75


@pytest.mark.parametrize("digit", list("02367"))
@pytest.mark.parametrize("shadow", [0.45, 0.6])
def test_a_large_digit_that_a_shadow_crosses_stands_out_from_it(digit: str, shadow: float) -> None:
    ink, light = np.zeros(SHAPE, np.uint8), np.ones(SHAPE)
    cv2.putText(ink, digit, (220, 370), cv2.FONT_HERSHEY_SIMPLEX, 11, 255, 34)
    cv2.fillConvexPoly(light, np.array([[130, 200], [330, 120], [560, 260], [330, 420]]), shadow)

    assert agreement(binarize(photo(ink, cv2.GaussianBlur(light, (0, 0), 4), pen=35)).mask, ink) > 0.75


def test_a_shadow_that_reaches_into_no_stroke_leaves_the_others_as_they_are() -> None:
    ink, light = np.zeros(SHAPE, np.uint8), np.ones(SHAPE)
    cv2.putText(ink, "3", (120, 330), cv2.FONT_HERSHEY_SIMPLEX, 7, 255, 34)
    alone = binarize(photo(ink, light)).mask
    light[60:420, 440:540] = 0.6

    beside = binarize(photo(ink, light)).mask

    assert agreement(beside[:, :400], alone[:, :400]) > 0.98


def test_a_mottled_stroke_is_no_marking() -> None:
    ink = np.zeros(SHAPE, np.uint8)
    cv2.putText(ink, "1738", (50, 320), cv2.FONT_HERSHEY_SIMPLEX, 6, 255, 38)
    cover = cv2.GaussianBlur(np.random.default_rng(4).normal(0, 1, SHAPE), (0, 0), 5)
    pen = 90 + 60 * cover / np.abs(cover).max()

    assert agreement(binarize(photo(ink, np.ones(SHAPE), pen)).mask, ink) > 0.9
