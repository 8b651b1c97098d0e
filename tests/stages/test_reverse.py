"""What shows through from the other side of the paper is no digit; pencil beside print is."""

import numpy as np
import pytest

from edge_app.frames import Digit, Reading, Region
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.reverse import shows_through, without_pale
from tests.patches import patches_of

DARK, PALE, PENCIL = 0.8, 0.25, 0.4


def page(*rows: tuple[str, float], height: int = 40) -> tuple[list[Reading], Scored]:
    """A number a row, all of whose regions are so strong; of "x" none is read. The first row is 40 px high."""
    readings, regions, strengths = [], [], []
    for row, (text, strength) in enumerate(rows):
        digits = []
        for place, character in enumerate(text):
            box = (30 * place, 60 * row, 20, height if row else 40)
            regions.append(Region(box, (len(regions) + 1,)))
            strengths.append(strength)
            if character != "x":
                digits.append(Digit(int(character), 0.99, box))
        if digits:
            readings.append(Reading(tuple(digits)))
    count = len(regions)
    measures = Measures(np.zeros(count, np.float32), np.float32(strengths), np.zeros(count, np.float32))
    scores = np.zeros((count, 11), np.float32)
    return readings, Scored(tuple(regions), scores, measures, np.zeros(count, np.float32), patches_of(*[0.0] * count))


@pytest.mark.parametrize(
    ("rows", "height", "expected"),
    [
        pytest.param([("407", DARK), ("12", DARK), ("x1xx", PALE)], 40, True, id="mirrored writing"),
        pytest.param([("407", DARK), ("12", DARK), ("xxxx", PALE)], 40, True, id="none of it looks like a digit"),
        pytest.param([("407", DARK), ("12", DARK), ("5123", PALE)], 40, False, id="pencil in a printed puzzle"),
        pytest.param([("407", DARK), ("12", DARK), ("x1xx", PENCIL)], 40, False, id="signs in pencil"),
        pytest.param([("407", DARK), ("12", DARK), ("x1x", PALE)], 40, False, id="a few marks"),
        pytest.param([("407", DARK), ("12", PALE), ("xxxx", PALE)], 90, False, id="stains"),
        pytest.param([("40", DARK), ("xxxx", PALE)], 40, False, id="too few digits to tell"),
    ],
)
def test_what_is_pale_and_mostly_no_digit_shows_through(
    rows: list[tuple[str, float]], height: int, expected: bool
) -> None:
    assert shows_through(*page(*rows, height=height)) is expected


def test_numbers_with_nothing_but_pale_digits_are_left_out() -> None:
    readings, scored = page(("407", DARK), ("12", DARK), ("51", PALE), ("9", PENCIL))

    assert [reading.text for reading in without_pale(readings, scored)] == ["407", "12", "9"]
