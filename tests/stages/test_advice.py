"""What a person at the camera is told, and that they are left in peace where all is well."""

import numpy as np
import pytest

from edge_app.frames import Digit, Frame, FrameReadings, Reading
from edge_app.stages.advice import advice

SIZE_WH = (160, 120)


def said(gray: int, readings: tuple[Reading, ...] = (), dropped: int = 0) -> tuple[str, ...]:
    frame = Frame(np.full((120, 160), gray, np.uint8), 0, 0)
    return advice(frame, FrameReadings(readings, SIZE_WH, regions_dropped=dropped))


def number(height: int, whole: bool = True) -> Reading:
    return Reading((Digit(4, 0.9, (10, 10, 9, height)),), whole)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(said(20), "page too dark", id="dark"),
        pytest.param(said(255), "page too bright", id="bright"),
        pytest.param(said(200, (number(12),)), "digits smaller than 16 px", id="small"),
        pytest.param(said(200, (number(30, whole=False),)), "runs off the picture", id="cut"),
        pytest.param(said(200, (number(30),), dropped=7), "7 marks more", id="crowd"),
    ],
)
def test_what_is_wrong_is_said(words: tuple[str, ...], expected: str) -> None:
    assert len(words) == 1
    assert expected in words[0]


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(said(200), id="an empty page"),
        pytest.param(said(200, (number(30),)), id="a number"),
        pytest.param(said(30, (number(30),)), id="chalk on a dark board that is read"),
        pytest.param(said(200, (number(30), number(30, whole=False))), id="one of two is cut"),
    ],
)
def test_where_all_is_well_nothing_is_said(words: tuple[str, ...]) -> None:
    assert words == ()
