"""Labels go where they hide least, and their text fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.frames import BoxXYWH
from edge_app.stages.labels import covered_px, fit_text, joined, moved_within, place_label, text_width

boxes = st.tuples(st.integers(-50, 250), st.integers(-50, 250), st.integers(1, 90), st.integers(1, 90))


@pytest.mark.parametrize(
    ("box", "taken", "expected"),
    [
        pytest.param((50, 50, 40, 40), [], (50, 40, 20, 10), id="above"),
        pytest.param((50, 5, 40, 40), [(50, 5, 40, 40)], (50, 45, 20, 10), id="below at the top edge"),
        pytest.param((190, 50, 8, 40), [], (180, 40, 20, 10), id="moved in from the right"),
        pytest.param((50, 50, 40, 40), [(45, 40, 20, 10)], (70, 40, 20, 10), id="flush right"),
        pytest.param((50, 50, 40, 40), [(0, 40, 200, 10)], (50, 90, 20, 10), id="below another label"),
        pytest.param((50, 0, 40, 200), [(50, 0, 40, 200)], (90, 0, 20, 10), id="right"),
        pytest.param((160, 0, 40, 200), [(160, 0, 40, 200)], (140, 0, 20, 10), id="left"),
        pytest.param((50, 0, 40, 200), [(0, 0, 200, 200)], (50, 0, 20, 10), id="within, where nothing is free"),
    ],
)
def test_label_goes_where_it_hides_least(box: BoxXYWH, taken: list[BoxXYWH], expected: BoxXYWH) -> None:
    assert place_label((20, 10), box, (0, 0, 200, 200), taken) == expected


@given(text=st.text(max_size=40), height_px=st.integers(9, 40), max_width=st.integers(0, 300))
def test_fitted_text_is_ascii_and_never_wider_than_its_room(text: str, height_px: int, max_width: int) -> None:
    fitted = fit_text(text, height_px, max_width)

    assert fitted.isascii()
    assert fitted == "" or text_width(fitted, height_px) <= max_width


@given(box=boxes, size_wh=st.tuples(st.integers(1, 200), st.integers(1, 200)), taken=st.lists(boxes, max_size=6))
def test_label_that_fits_never_leaves_its_bounds(box: BoxXYWH, size_wh: tuple[int, int], taken: list[BoxXYWH]) -> None:
    left, top, width, height = place_label(size_wh, box, (0, 0, 200, 200), taken)

    assert (width, height) == size_wh
    assert left >= 0 and top >= 0
    assert left + width <= 200 and top + height <= 200


@given(first=boxes, second=boxes)
def test_covered_pixels_are_those_of_both_boxes(first: BoxXYWH, second: BoxXYWH) -> None:
    def pixels(box: BoxXYWH) -> set[tuple[int, int]]:
        return {(x, y) for x in range(box[0], box[0] + box[2]) for y in range(box[1], box[1] + box[3])}

    assert covered_px(first, [second]) == len(pixels(first) & pixels(second))


@given(first=boxes, second=boxes)
def test_joined_box_holds_both_and_moving_within_it_changes_nothing(first: BoxXYWH, second: BoxXYWH) -> None:
    both = joined(first, second)

    assert moved_within(first, both) == first
    assert moved_within(second, both) == second
