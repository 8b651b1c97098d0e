"""Of all ways through the parts the most probable one is taken."""

from dataclasses import replace

import numpy as np
import pytest

from edge_app.frames import Region, RegionMap
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.division import Proposal, Proposals, best_division, best_path
from tests.patches import patches_of


def belief(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_the_path_with_the_most_probable_digits_is_taken() -> None:
    way = Proposal((0,), 3, {(0, 1): 0, (1, 2): 1, (2, 3): 2, (0, 2): 3, (1, 3): 4})

    assert best_path(way, belief(0.9, 0.1, 0.2, 0.1, 0.95)) == [0, 4]
    assert best_path(way, belief(0.9, 0.9, 0.9, 0.1, 0.1)) == [0, 1, 2]


def test_of_two_paths_that_are_as_probable_the_one_with_fewer_digits_is_taken() -> None:
    way = Proposal((0,), 2, {(0, 1): 0, (1, 2): 1, (0, 2): 2})

    assert best_path(way, belief(0.97, 0.97, 0.96)) == [2]


def test_a_part_that_cannot_be_reached_gives_no_path() -> None:
    assert best_path(Proposal((0,), 2, {(0, 1): 0}), belief(0.9)) == []


def scored(*digits: tuple[int, float, int]) -> Scored:
    """Regions side by side, each with its most probable label, the probability of that and its height."""
    rows = np.full((len(digits), 11), 0.001, np.float32)
    for row, (label, probability, _) in zip(rows, digits, strict=True):
        row[label] = probability
    regions = tuple(Region((30 * place, 10, 24, height), (1,)) for place, (_, _, height) in enumerate(digits))
    zeros = np.zeros(len(digits), np.float32)
    return Scored(regions, rows, Measures(zeros, zeros, zeros), np.full_like(zeros, np.nan), patches_of(*zeros))


@pytest.mark.parametrize(
    ("height", "read"), [pytest.param(34, [7], id="the hook of a 7"), pytest.param(46, [7, 1], id="a 1 beside a 7")]
)
def test_a_low_stroke_that_is_cut_off_a_digit_is_no_1(height: int, read: list[int]) -> None:
    parts = scored((7, 0.99, 50), (1, 0.99, height))
    ink = np.zeros((80, 80), np.int32)
    region_map = RegionMap(parts.regions, ink, np.zeros((2, 5), np.int32), 1.0, True)
    way = Proposal((0,), 2, {(0, 1): 0, (1, 2): 1})

    divided = best_division(Proposals(region_map, (way,)), scored((10, 0.6, 50)), parts)

    assert divided.scores.argmax(axis=1).tolist() == read


@pytest.mark.parametrize(
    ("labels", "divided"),
    [pytest.param([1, 1, 1], False, id="the stems of a word"), pytest.param([1, 7, 1], True, id="digits that touch")],
)
def test_of_one_piece_of_ink_three_strokes_are_no_1s(labels: list[int], divided: bool) -> None:
    parts = scored(*((label, 0.99, 50) for label in labels))
    region_map = RegionMap(parts.regions, np.zeros((80, 80), np.int32), np.zeros((2, 5), np.int32), 1.0, True)
    way = Proposal((0,), 3, {(0, 1): 0, (1, 2): 1, (2, 3): 2})

    found = best_division(Proposals(region_map, (way,)), scored((10, 0.9, 50)), parts)

    assert found.scores.argmax(axis=1).tolist() == (labels if divided else [10])


@pytest.mark.parametrize(
    ("leans", "divided"),
    [
        pytest.param([-23.0, 30.0], False, id="a tick"),
        pytest.param([-6.0, 43.0], True, id="two 1s, one of which leans"),
        pytest.param([26.0, -14.0], True, id="two 1s that meet at the top"),
    ],
)
def test_strokes_that_lean_apart_are_no_1s_that_touch(leans: list[float], divided: bool) -> None:
    parts = replace(scored((1, 0.99, 50), (1, 0.99, 50)), leans=np.array(leans, np.float32))
    region_map = RegionMap(parts.regions, np.zeros((80, 80), np.int32), np.zeros((2, 5), np.int32), 1.0, True)
    way = Proposal((0,), 2, {(0, 1): 0, (1, 2): 1})

    found = best_division(Proposals(region_map, (way,)), scored((10, 0.9, 50)), parts)

    assert found.scores.argmax(axis=1).tolist() == ([1, 1] if divided else [10])


def test_of_two_cuts_as_good_the_one_that_leaves_a_1_whole_is_taken() -> None:
    parts = scored((1, 0.99, 30), (7, 0.99, 50), (1, 0.99, 48), (7, 0.99, 50))
    region_map = RegionMap(parts.regions, np.zeros((80, 80), np.int32), np.zeros((2, 5), np.int32), 1.0, True)
    way = Proposal((0,), 3, {(0, 1): 0, (1, 3): 1, (0, 2): 2, (2, 3): 3})

    divided = best_division(Proposals(region_map, (way,)), scored((10, 0.9, 50)), parts)

    assert [region.box_xywh[3] for region in divided.regions] == [48, 50]
    assert divided.scores.argmax(axis=1).tolist() == [1, 7]


@pytest.mark.parametrize(
    ("with_bar", "read"), [pytest.param(0.99, [8, 7], id="a 7"), pytest.param(0.4, [1, 8], id="a 1 beside a blot")]
)
def test_a_piece_is_given_to_the_neighbour_that_it_makes_a_digit_of_and_else_left_out(
    with_bar: float, read: list[int]
) -> None:
    offered = scored((8, 0.99, 50), (8, 0.99, 50), (7, with_bar, 50))
    region_map = RegionMap(offered.regions, np.zeros((80, 80), np.int32), np.zeros((2, 5), np.int32), 1.0, True)
    alone = Proposal((0,), 1, {(0, 1): 0}, left_out=True)
    to_neighbour = Proposal((0, 1), 2, {(0, 1): 1, (1, 2): 2})

    for ways in ((alone, to_neighbour), (to_neighbour, alone)):
        divided = best_division(Proposals(region_map, ways), scored((10, 0.9, 50), (1, 0.99, 38)), offered)

        assert divided.scores.argmax(axis=1).tolist() == read


@pytest.mark.parametrize(
    ("signs", "divided"),
    [pytest.param(6, False, id="a page of signs, some of which fall apart"), pytest.param(4, True, id="a few signs")],
)
def test_among_many_shapes_that_are_no_digits_none_is_cut_into_digits(signs: int, divided: bool) -> None:
    parts = scored((4, 0.99, 50), (7, 0.99, 50))
    region_map = RegionMap(parts.regions, np.zeros((80, 80), np.int32), np.zeros((2, 5), np.int32), 1.0, True)
    page = scored((10, 0.6, 50), *[(5, 0.95, 50)] * 6, *[(10, 0.99, 50)] * signs)
    way = Proposal((0,), 2, {(0, 1): 0, (1, 2): 1})

    found = best_division(Proposals(region_map, (way,)), page, parts)

    assert len(found.regions) == len(page.regions) + divided


@pytest.mark.parametrize(
    ("labels", "divided"),
    [pytest.param([5, 8], True, id="digits like no letters"), pytest.param([0, 8], False, id="a ring among them")],
)
def test_beside_what_cannot_be_divided_only_clear_digits_are_cut_apart(labels: list[int], divided: bool) -> None:
    parts = scored(*((label, 0.995, 50) for label in labels))
    region_map = RegionMap(parts.regions, np.zeros((80, 80), np.int32), np.zeros((2, 5), np.int32), 1.0, True)
    way = Proposal((0,), 2, {(0, 1): 0, (1, 2): 1})

    found = best_division(Proposals(region_map, (way,)), scored((10, 0.99, 50), (10, 0.99, 50)), parts)

    assert (labels == found.scores.argmax(axis=1).tolist()[1:]) is divided
