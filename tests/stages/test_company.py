"""Among digits doubt is resolved for a digit, among shapes that are nothing against it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_app.frames import Region
from edge_app.stages.classify import Scored
from edge_app.stages.company import in_company
from edge_app.stages.crop import Measures
from tests.patches import patches_of


def scored(shares: list[float], boxes: list[tuple[int, int, int, int]] | None = None) -> Scored:
    """Regions side by side that are a 4 with some probability, else no digit."""
    boxes = boxes or [(30 * number, 10, 20, 30) for number in range(len(shares))]
    rows = np.zeros((len(shares), 11), dtype=np.float32)
    rows[:, 4], rows[:, 10] = shares, 1.0 - np.array(shares)
    zeros = np.zeros(len(shares), dtype=np.float32)
    regions = tuple(Region(box, (number + 1,)) for number, box in enumerate(boxes))
    return Scored(regions, rows, Measures(zeros, zeros, zeros), zeros, patches_of(*zeros))


def test_doubt_among_digits_is_resolved_for_a_digit() -> None:
    assert in_company(scored([0.99] * 8 + [0.5])).scores[-1, 4] > 0.7


def test_a_likeness_among_shapes_that_are_nothing_is_not_believed() -> None:
    assert in_company(scored([0.01] * 20 + [0.9])).scores[-1, 4] < 0.6


def test_what_is_far_away_or_of_another_size_says_nothing() -> None:
    far = [(30 * number, 2000, 20, 30) for number in range(20)]
    small = [(8 * number, 10, 5, 6) for number in range(20)]
    mark = (100, 60, 20, 30)

    assert in_company(scored([0.01] * 40 + [0.9], [*far, *small, mark])).scores[-1, 4] > 0.85


def test_a_region_alone_and_a_model_of_ten_classes_are_left_as_they_are() -> None:
    alone = scored([0.7])
    ten = scored([0.7, 0.1])
    ten = replace(ten, scores=ten.scores[:, :10])

    assert in_company(alone) is alone
    assert in_company(ten) is ten


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=12))
def test_probabilities_stay_probabilities(shares: list[float]) -> None:
    given_scores = scored(shares)

    adjusted = in_company(given_scores).scores

    assert adjusted.sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert (adjusted >= 0).all()
