"""The overlay can be read, stays inside the picture and leaves its input alone."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Digit, Reading, UInt8
from edge_app.stages.overlay import (
    DARK,
    PLATE_OPACITY,
    STYLES,
    draw_overlay,
    percent_text,
    style_of,
    text_height,
)

BACKGROUNDS = {
    "white": np.full((480, 640, 3), 255, np.uint8),
    "black": np.zeros((480, 640, 3), np.uint8),
    "noise": np.random.default_rng(1).integers(0, 256, (480, 640, 3)).astype(np.uint8),
}


def number(text: str, box: BoxXYWH, confidences: Sequence[float] | None = None) -> Reading:
    """A number whose digits share its box evenly."""
    left, top, width, height = box
    step = width // len(text)
    sure = confidences or [0.99] * len(text)
    return Reading(
        tuple(
            Digit(int(text[index]), sure[index], (left + index * step, top, max(1, step - 2), height))
            for index in range(len(text))
        )
    )


def changed(before: UInt8, after: UInt8) -> NDArray[np.bool_]:
    """(H, W) bool, the pixels that differ."""
    differs: NDArray[np.bool_] = np.any(before != after, axis=2)
    return differs


boxes = st.tuples(st.integers(-40, 120), st.integers(-40, 120), st.integers(1, 150), st.integers(1, 150))
digits = st.builds(Digit, digit=st.integers(0, 9), confidence=st.floats(0, 1), box_xywh=boxes)
numbers = st.builds(Reading, digits=st.lists(digits, min_size=1, max_size=6).map(tuple))


@settings(max_examples=60, deadline=None)
@given(
    readings=st.lists(numbers, max_size=5),
    size_wh=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    fps=st.none() | st.floats(0, 1000),
    model=st.text(max_size=30),
    note=st.text(max_size=30),
)
def test_input_is_left_alone_and_size_is_kept(
    readings: list[Reading], size_wh: tuple[int, int], fps: float | None, model: str, note: str
) -> None:
    frame = np.full((size_wh[1], size_wh[0], 3), 200, np.uint8)
    before = frame.copy()
    frame.setflags(write=False)

    overlay = draw_overlay(frame, readings, fps=fps, model=model, note=note)

    assert np.array_equal(frame, before)
    assert overlay.shape == frame.shape and overlay.dtype == np.uint8
    assert not np.shares_memory(overlay, frame)


def test_view_into_a_larger_picture_is_not_drawn_outside() -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    view = picture[50:250, 50:350]

    overlay = draw_overlay(view, [number("407", (-20, 150, 340, 80))], fps=10.0, model="compact")

    assert overlay.shape == (200, 300, 3)
    assert overlay.any()
    assert not picture.any()


def test_without_readings_only_the_status_bar_is_drawn() -> None:
    frame = BACKGROUNDS["white"]

    overlay = draw_overlay(frame, [], fps=12.3, model="compact")

    rows = np.flatnonzero(changed(frame, overlay).any(axis=1))
    assert rows.min() == 480 - 2 * text_height(640, 480)
    assert rows.max() == 479


def test_picture_without_room_for_it_gets_no_status_bar() -> None:
    frame = np.zeros((40, 200, 3), np.uint8)

    overlay = draw_overlay(frame, [], fps=12.3, model="compact")

    assert not overlay.any()


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("confidence", [0.99, 0.85, 0.4], ids=["sure", "fair", "weak"])
def test_outline_is_bright_on_dark_on_any_background(background: str, confidence: float) -> None:
    frame = BACKGROUNDS[background]

    overlay = draw_overlay(frame, [number("7", (300, 200, 60, 90), [confidence])], fps=None, model="m")

    left_edge = overlay[205:285, 270:299].reshape(-1, 3)
    colour = np.array(style_of(confidence).colour_bgr)
    assert (left_edge == colour).all(axis=1).any()
    assert (left_edge == np.array(DARK)).all(axis=1).any()
    assert np.array_equal(overlay[215:275, 305:355], frame[215:275, 305:355]), "the ink itself stays free"


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_number_is_white_on_a_dark_plate_above_its_box(background: str) -> None:
    frame = BACKGROUNDS[background]

    overlay = draw_overlay(frame, [number("407", (200, 200, 180, 90))], fps=None, model="m")

    label = overlay[150:185, 195:280]
    plate_limit = round(255 * (1 - PLATE_OPACITY)) + max(DARK)
    assert (label > 240).all(axis=2).sum() > 100
    assert np.median(label.max(axis=2)) <= plate_limit


def test_number_at_the_top_edge_has_its_label_below() -> None:
    frame = BACKGROUNDS["black"]

    overlay = draw_overlay(frame, [number("7", (300, 2, 60, 90))], fps=None, model="m")

    assert not overlay[20:80, 310:350].any()
    assert (overlay[100:150, 280:380] > 240).all(axis=2).any()


def test_sizes_follow_the_picture() -> None:
    small, large = np.zeros((240, 320, 3), np.uint8), np.zeros((2400, 3200, 3), np.uint8)

    on_small = draw_overlay(small, [number("407", (100, 80, 90, 50))], fps=9.0, model="m")
    on_large = draw_overlay(large, [number("407", (1000, 800, 900, 500))], fps=9.0, model="m")

    assert on_large.any(axis=2).mean() == pytest.approx(on_small.any(axis=2).mean(), rel=0.35)


def test_confidence_shows_without_colour() -> None:
    frame = BACKGROUNDS["white"]

    drawn = {
        style.least: draw_overlay(frame, [number("88", (200, 200, 160, 90), [style.least, 0.999])], fps=None, model="m")
        for style in STYLES
    }

    outline_px = {
        style.least: int((drawn[style.least][:, :] == style.colour_bgr).all(axis=2)[188:304, 180:380].sum())
        for style in STYLES
    }
    assert outline_px[0.95] > 1.3 * outline_px[0.80] > 0
    assert outline_px[0.95] > 1.3 * outline_px[0.00] > 0


def test_labels_of_two_lines_do_not_cover_written_digits() -> None:
    frame = BACKGROUNDS["white"]
    upper, lower = (200, 200, 90, 60), (200, 275, 90, 60)

    overlay = draw_overlay(frame, [number("1", upper), number("2", lower)], fps=None, model="m")

    for left, top, width, height in (upper, lower):
        inside = (slice(top + 2, top + height - 2), slice(left + 2, left + width - 2))
        assert np.array_equal(overlay[inside], frame[inside])


def test_labels_on_a_puzzle_hide_hardly_any_of_its_digits() -> None:
    frame = BACKGROUNDS["white"]
    written = [(20 + 60 * column, 20 + 48 * row, 26, 30) for row in range(9) for column in range(9)]

    overlay = draw_overlay(frame, [number("8", box) for box in written], fps=None, model="m")

    hidden = [changed(frame, overlay)[y : y + high, x : x + wide].mean() for x, y, wide, high in written]
    assert np.mean(hidden) < 0.05


def test_a_number_on_a_page_that_lies_on_its_side_has_a_label_as_large_as_upright() -> None:
    frame = np.zeros((1280, 960, 3), np.uint8)
    upright = number("4271", (300, 600, 400, 100))
    lying = Reading(tuple(Digit(d.digit, 0.99, (300, 400 + 100 * i, 100, 98)) for i, d in enumerate(upright.digits)))

    written = [
        (draw_overlay(frame, [reading], fps=None, model="m") > 240).all(axis=2).sum() for reading in (upright, lying)
    ]

    assert written[1] == pytest.approx(written[0], rel=0.1)


@pytest.mark.parametrize(
    ("confidence", "expected"), [(1.0, "100%"), (0.9999, "99%"), (0.29, "29%"), (0.57, "57%"), (0.0, "0%")]
)
def test_percent_is_rounded_down(confidence: float, expected: str) -> None:
    assert percent_text(confidence) == expected


@pytest.mark.parametrize(("confidence", "dash"), [(1.0, 0), (0.95, 0), (0.94, 5), (0.8, 5), (0.79, 2), (0.0, 2)])
def test_less_sure_is_dashed_shorter(confidence: float, dash: int) -> None:
    assert style_of(confidence).dash == dash


def test_labels_are_no_larger_than_what_is_written() -> None:
    """On a page photographed from afar they would hide the next line."""
    frame = np.full((3000, 4000, 3), 255, np.uint8)
    readings = [number("407", (1000, 1000 + 60 * line, 90, 30)) for line in range(3)]

    overlay = draw_overlay(frame, readings, fps=None, model="m")

    rows, columns = np.nonzero(changed(frame, overlay)[:2800])
    assert rows.min() > 1000 - 4 * 30
    assert rows.max() < 1150 + 4 * 30
    assert columns.max() - columns.min() < 4 * 90
