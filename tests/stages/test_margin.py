"""A picture cut closely around its digits gets paper around it; no other one does."""

import cv2
import numpy as np
import pytest

from edge_app.frames import Digit, Frame, Reading, UInt8
from edge_app.stages.margin import margin_px, with_margin, without_margin


def crop_of_a_5(paper: int = 210, ink: int = 40, stroke: int = 18) -> UInt8:
    """160x120, the digit nearly from edge to edge."""
    gray = np.full((160, 120), paper, dtype=np.uint8)
    points = np.array([[104, 10], [18, 10], [14, 70], [80, 66], [106, 100], [80, 150], [12, 150]], dtype=np.int32)
    cv2.polylines(gray, [points], False, (ink,), stroke, cv2.LINE_AA)
    return gray


def table() -> UInt8:
    gray = np.full((240, 240), 220, dtype=np.uint8)
    for place in range(4, 240, 58):
        cv2.line(gray, (place, 4), (place, 236), (40,), 4)
        cv2.line(gray, (4, place), (236, place), (40,), 4)
    return gray


def page_on_a_desk() -> UInt8:
    gray = np.full((240, 320), 60, dtype=np.uint8)
    cv2.fillPoly(gray, [np.array([[20, 10], [310, 4], [300, 236], [12, 230]], dtype=np.int32)], (220,))
    return gray


def lit_corner() -> UInt8:
    gray = np.full((240, 320), 110, dtype=np.uint8)
    cv2.fillPoly(gray, [np.array([[140, 238], [210, 4], [300, 4], [300, 238]], dtype=np.int32)], (220,))
    return gray


def desk_on_the_left() -> UInt8:
    gray = np.full((240, 320), 220, dtype=np.uint8)
    gray[:, :60] = 50
    return gray


def margin_line() -> UInt8:
    gray = np.full((240, 320), 220, dtype=np.uint8)
    cv2.line(gray, (60, 0), (64, 239), (60,), 3)
    return gray


@pytest.mark.parametrize("stroke", [3, 10, 18])
def test_a_digit_from_edge_to_edge_lacks_a_margin(stroke: int) -> None:
    gray = crop_of_a_5(stroke=stroke)

    margin = margin_px(gray)

    assert margin == 32
    assert margin_px(with_margin(Frame(gray, 0, 0), margin).gray) == 0


def test_chalk_lacks_one_as_well() -> None:
    assert margin_px(crop_of_a_5(paper=50, ink=200, stroke=14)) == 32


@pytest.mark.parametrize(
    "draw",
    [table, page_on_a_desk, lit_corner, desk_on_the_left, margin_line, lambda: np.full((240, 320), 200, np.uint8)],
)
def test_other_pictures_are_left_alone(draw) -> None:  # type: ignore[no-untyped-def]
    assert margin_px(draw()) == 0


def test_digits_among_much_else_are_left_alone() -> None:
    gray = np.pad(crop_of_a_5(), ((0, 0), (0, 300)), constant_values=210)
    for x in range(140, 410, 30):
        cv2.circle(gray, (x, 80), 12, (40,), 6)

    assert margin_px(gray) == 0


def test_the_paper_is_that_of_the_rim() -> None:
    framed = with_margin(Frame(crop_of_a_5(paper=180), 0, 0), 20).gray

    assert framed.shape == (200, 160)
    assert set(framed[:20].ravel().tolist()) == {180}


def test_boxes_are_those_of_the_frame_as_it_came_and_inside_it() -> None:
    reading = Reading((Digit(5, 0.9, (18, 22, 110, 150)),))

    (digit,) = without_margin(reading, 20, (100, 160)).digits

    assert digit.box_xywh == (0, 2, 100, 150)


@pytest.mark.parametrize("noise", [0.0, 8.0, 25.0])
def test_a_margin_is_as_bright_and_as_noisy_as_the_paper_beside_it(noise: float) -> None:
    light = np.linspace(0.6, 1.1, 480)
    grain = np.random.default_rng(2).normal(0.0, noise, (640, 480))
    gray = np.clip(cv2.resize(crop_of_a_5(), (480, 640)) * light + grain, 0, 255).astype(np.uint8)

    whole = with_margin(Frame(gray, 0, 0), 100).gray

    np.testing.assert_array_equal(whole[100:-100, 100:-100], gray)
    for beside, brightness in ((whole[:, :90], 0.6 * 210), (whole[:, -90:], 1.1 * 210)):
        assert abs(np.median(beside) - brightness) < 8
        assert 0.6 * noise <= beside.std() <= noise + 8
    assert np.percentile(whole[:90], 1) > 0.6 * 210 - 3 * noise - 8  # no ink, also where the digit nearly ends
