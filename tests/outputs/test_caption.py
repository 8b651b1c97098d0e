"""Captions stay in their strip; letterboxes keep the aspect."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_app.outputs.caption import BACKGROUND_BGR, caption, letterbox


@settings(deadline=None)
@given(text=st.text(max_size=80), width=st.integers(1, 300), height=st.integers(6, 60))
def test_text_never_touches_the_sides_of_its_strip(text: str, width: int, height: int) -> None:
    strip = caption(text, (width, height))

    assert strip.shape == (height, width, 3)
    assert (strip[:, -1] == BACKGROUND_BGR).all()
    assert (strip[:, 0] == BACKGROUND_BGR).all()


def test_text_is_bright_on_dark() -> None:
    strip = caption("407", (200, 30))

    assert (strip > 200).all(axis=2).any()


def test_long_text_is_cut_rather_than_left_out() -> None:
    strip = caption("407  " * 40, (200, 30))

    ink = (strip > 150).all(axis=2).any(axis=0)
    assert np.flatnonzero(ink).max() > 160


@given(
    shape_hw=st.tuples(st.integers(1, 80), st.integers(1, 80)),
    size_wh=st.tuples(st.integers(1, 80), st.integers(1, 80)),
)
def test_letterbox_has_the_size_asked_for_and_leaves_its_input_alone(
    shape_hw: tuple[int, int], size_wh: tuple[int, int]
) -> None:
    picture = np.full((*shape_hw, 3), 99, np.uint8)
    picture.setflags(write=False)

    boxed = letterbox(picture, size_wh)

    assert boxed.shape == (size_wh[1], size_wh[0], 3)
    assert set(np.unique(boxed)) <= {0, 99}
    assert (boxed == 99).any()


@pytest.mark.parametrize(
    ("size_wh", "filled_wh"),
    [
        pytest.param((40, 40), (40, 20), id="bars above and below"),
        pytest.param((80, 20), (40, 20), id="bars left and right"),
        pytest.param((80, 40), (80, 40), id="same aspect"),
    ],
)
def test_letterbox_keeps_the_aspect(size_wh: tuple[int, int], filled_wh: tuple[int, int]) -> None:
    boxed = letterbox(np.full((10, 20, 3), 255, np.uint8), size_wh)

    filled = boxed.any(axis=2)
    assert (filled.any(axis=0).sum(), filled.any(axis=1).sum()) == filled_wh
