"""A lone 1 that is slim and pale is what is left of a line."""

import numpy as np
import pytest

from edge_app.frames import Digit, Reading, Region
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.remnants import without_remnants
from tests.patches import patches_of

PRINT = ("5", 0.8, 8.0)  # what is read, how strong its ink is, how wide its strokes are; all of them 40 px high


def page(*shapes: tuple[str, float, float]) -> tuple[list[Reading], Scored]:
    """Numbers of digits in a row that are all as strong and as wide."""
    readings, regions, strengths, widths = [], [], [], []
    for text, strength, width in shapes:
        digits = []
        for character in text:
            box = (30 * len(regions), 10, 20, 40)
            digits.append(Digit(int(character), 0.99, box))
            regions.append(Region(box, (len(regions) + 1,)))
            strengths.append(strength)
            widths.append(width)
        readings.append(Reading(tuple(digits)))
    count = len(regions)
    scores = np.eye(11, dtype=np.float32)[[digit.digit for reading in readings for digit in reading.digits]]
    measures = Measures(np.zeros(count, np.float32), np.float32(strengths), np.float32(widths))
    return readings, Scored(tuple(regions), scores, measures, np.zeros(count, np.float32), patches_of(*[0.0] * count))


@pytest.mark.parametrize(
    ("text", "strength", "width", "kept"),
    [
        pytest.param("1", 0.5, 2.0, False, id="a piece of a fine line"),
        pytest.param("1", 0.7, 2.0, False, id="of a stronger one"),
        pytest.param("1", 0.5, 6.0, False, id="of a pale thick one"),
        pytest.param("1", 0.65, 6.0, True, id="written with another pen"),
        pytest.param("1", 0.78, 2.0, True, id="with a fine one"),
        pytest.param("11", 0.5, 2.0, True, id="no line has two"),
        pytest.param("7", 0.5, 2.0, True, id="no line looks like it"),
    ],
)
def test_what_is_slim_and_pale_is_left_of_a_line(text: str, strength: float, width: float, kept: bool) -> None:
    readings, scored = page(PRINT, (text, strength, width), PRINT)

    assert [reading.text for reading in without_remnants(readings, scored)] == ["5", *[text] * kept, "5"]


def test_where_nothing_but_1s_was_read_nothing_tells_how_strong_ink_is() -> None:
    readings, scored = page(("1", 0.3, 2.0), ("11", 0.8, 8.0))

    assert without_remnants(readings, scored) == tuple(readings)
