"""What stands over a dot on the line of the digits beside it is a question or an exclamation mark."""

import numpy as np
import pytest

from edge_app.frames import Region, RegionMap
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.dotted import without_dotted
from tests.patches import patches_of

DIGITS = [(20, 100, 25, 40), (60, 98, 24, 42)]  # on a line at 140
BODY = (100, 100, 20, 27)


def read(
    dot: tuple[int, int, int, int],
    label: int = 7,
    body: tuple[int, int, int, int] = BODY,
    joined: bool = False,
    full: float = 1.0,
    digits: list[tuple[int, int, int, int]] = DIGITS,
) -> int:
    """What the last of three shapes is taken for, over a piece of ink that belongs to it or to none."""
    boxes = [*digits, body]
    pieces = [(*box, box[2] * box[3] // 3) for box in boxes] + [(*dot, int(full * dot[2] * dot[3]))]
    statistics = np.array([(0, 0, 640, 480, 300_000), *pieces], np.int32)
    height = dot[1] + dot[3] - body[1] if joined else body[3]
    places = [*digits, (*body[:3], height)]
    regions = tuple(Region(box, (row, 4) if joined and row == 3 else (row,)) for row, box in enumerate(places, 1))
    scores = np.full((3, 11), 0.001, np.float32)
    scores[np.arange(3), [4, 8, label]] = 0.99
    zeros = np.zeros(3, np.float32)
    scored = Scored(regions, scores, Measures(zeros, zeros, zeros), np.full(3, np.nan, np.float32), patches_of(*zeros))
    components = np.zeros((480, 640), np.int32)
    changed = without_dotted(scored, RegionMap(regions, components, statistics, 1.0, True)).scores.argmax(axis=1)
    assert changed[:2].tolist() == [4, 8]
    return int(changed[2])


@pytest.mark.parametrize("label", [1, 2, 3, 7])
@pytest.mark.parametrize("joined", [False, True])
def test_what_stands_over_a_dot_on_the_line_is_a_mark(label: int, joined: bool) -> None:
    assert read((107, 133, 6, 7), label, joined=joined) == 10


@pytest.mark.parametrize(
    ("dot", "body", "full"),
    [
        pytest.param((107, 145, 6, 6), (100, 100, 20, 40), 1.0, id="the body stands on the line itself"),
        pytest.param((107, 118, 6, 6), (100, 88, 20, 27), 1.0, id="the dot is far above the line"),
        pytest.param((125, 133, 6, 7), BODY, 1.0, id="a decimal point after it"),
        pytest.param((107, 128, 6, 7), BODY, 1.0, id="the lower end of a digit in pieces"),
        pytest.param((107, 137, 6, 7), BODY, 1.0, id="a dot far below"),
        pytest.param((106, 131, 9, 9), BODY, 1.0, id="too large a dot"),
        pytest.param((109, 130, 3, 3), (100, 80, 20, 40), 1.0, id="a speck"),
        pytest.param((109, 131, 3, 8), BODY, 1.0, id="a stroke"),
        pytest.param((107, 133, 6, 7), BODY, 0.4, id="a ring"),
        pytest.param((407, 133, 6, 7), (400, 100, 20, 27), 1.0, id="no digit beside it"),
    ],
)
def test_what_else_has_ink_under_it_is_a_digit(
    dot: tuple[int, int, int, int], body: tuple[int, int, int, int], full: float
) -> None:
    assert read(dot, 7, body, full=full) == 7


@pytest.mark.parametrize("label", [1, 2, 3, 7])
@pytest.mark.parametrize(("left", "goes_on"), [(133, True), (134, False)])
def test_a_number_goes_on_after_a_digit_whose_foot_is_apart_and_not_after_a_mark(
    label: int, left: int, goes_on: bool
) -> None:
    assert read((107, 133, 6, 7), label, digits=[DIGITS[0], (left, 99, 24, 41)]) == (label if goes_on else 10)


def test_other_digits_are_no_marks() -> None:
    assert read((107, 133, 6, 7), label=5) == 5
