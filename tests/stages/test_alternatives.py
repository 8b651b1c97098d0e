"""Ink in doubt is divided in other ways, and the most probable one wins."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_app.frames import Region, RegionMap, UInt8
from edge_app.stages.alternatives import MAX_PROPOSED, propose
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures, crop_regions
from edge_app.stages.division import Proposal, best_division
from edge_app.stages.regions import find_regions
from tests.patches import patches_of


def page() -> UInt8:
    return np.zeros((120, 300), np.uint8)


def belief(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def scored(region_map: RegionMap, values: list[float]) -> Scored:
    """Regions that are believed to be a 7 with some probability, else nothing."""
    rows = np.zeros((len(values), 11), dtype=np.float32)
    rows[:, 7], rows[:, 10] = values, 1.0 - np.array(values)
    some = np.full(len(values), 100, dtype=np.float32)
    return Scored(region_map.regions, rows, Measures(some, some / 200, some / 20), 0 * some, patches_of(*0 * some))


def broken() -> RegionMap:
    """One digit in two strokes side by side."""
    mask = page()
    cv2.line(mask, (60, 20), (52, 60), 255, 5)
    cv2.line(mask, (52, 60), (72, 60), 255, 5)
    cv2.line(mask, (80, 20), (80, 100), 255, 5)
    return find_regions(mask)


def touching() -> RegionMap:
    """Two round digits that touch."""
    mask = page()
    cv2.ellipse(mask, (70, 60), (22, 36), 0, 0, 360, 255, 6)
    cv2.ellipse(mask, (116, 60), (22, 36), 0, 0, 360, 255, 6)
    return find_regions(mask)


def ink_of(proposals: RegionMap, row: int) -> UInt8:
    return np.isin(proposals.components, proposals.regions[row].components).astype(np.uint8)


def test_what_is_surely_a_digit_is_left_alone() -> None:
    assert propose(touching(), belief(0.99)).ways == ()


def test_what_is_too_low_for_a_digit_of_the_page_may_be_a_piece_however_sure() -> None:
    ways = propose(broken(), belief(0.99, 0.95)).ways

    assert [way.replaces for way in ways] == [(0, 1)]
    assert ways[0].low == 1  # the other stroke is as tall as the page's digits


def test_where_more_was_left_out_than_looked_at_nothing_is_divided() -> None:
    found = replace(touching(), left_out=(1,))
    assert len(found.regions) == 1

    assert propose(found, belief(0.1)).ways
    assert not propose(replace(found, left_out=(1, 1)), belief(0.1)).ways


def test_a_page_of_print_is_not_taken_apart() -> None:
    mask = np.zeros((400, 1200), np.uint8)
    for number in range(60):
        x, y = 30 + 75 * (number % 15), 40 + 90 * (number // 15)
        cv2.ellipse(mask, (x, y), (12, 24), 0, 0, 360, 255, 4)
        cv2.ellipse(mask, (x + 26, y), (12, 24), 0, 0, 360, 255, 4)
    found = find_regions(mask)

    assert len(found.regions) == 60
    assert propose(found, np.full(60, 0.1, np.float32)).ways == ()
    assert propose(found, np.array([0.1] * 20 + [0.95] * 40, np.float32)).ways


def test_pieces_side_by_side_are_offered_as_one() -> None:
    found = broken()

    proposals = propose(found, belief(0.3, 0.98))

    together = [way for way in proposals.ways if way.replaces == (0, 1)]
    assert len(together) == 1
    assert proposals.region_map.regions[together[0].runs[0, 1]].box_xywh == (49, 17, 35, 87)


@pytest.mark.parametrize(
    ("joined", "regions"),
    [
        pytest.param(0.97, 1, id="joined, it is clearly a digit"),
        pytest.param(0.6, 2, id="joined, it is not clear either"),
        pytest.param(0.85, 2, id="its best piece is far clearer: a digit beside a speck"),
    ],
)
def test_pieces_are_joined_where_that_makes_a_clear_digit(joined: float, regions: int) -> None:
    found = broken()
    first = scored(found, [0.3, 0.98])
    proposals = propose(found, first.belief)

    divided = best_division(
        proposals, first, scored(proposals.region_map, [joined] * len(proposals.region_map.regions))
    )

    assert len(divided.regions) == regions
    assert len(divided.scores) == len(divided.measures.contrasts) == len(divided.leans) == regions


def test_touching_digits_are_cut_where_they_touch() -> None:
    found = touching()
    assert len(found.regions) == 1

    proposals = propose(found, belief(0.1))

    boxes = [region.box_xywh for region in proposals.region_map.regions]
    assert any(abs(x - 45) <= 4 and abs(width - 46) <= 8 for x, _, width, _ in boxes)
    assert any(abs(x + width - 142) <= 4 and abs(width - 46) <= 8 for x, _, width, _ in boxes)


def test_cut_parts_are_chosen_where_each_is_a_clear_digit() -> None:
    found = touching()
    first = scored(found, [0.1])
    proposals = propose(found, first.belief)
    wide = [0.95 if 38 <= region.box_xywh[2] <= 56 else 0.1 for region in proposals.region_map.regions]

    divided = best_division(proposals, first, scored(proposals.region_map, wide))

    assert len(divided.regions) == 2
    assert divided.belief.min() > 0.9


def test_all_ink_of_a_region_is_in_the_parts_it_is_cut_into() -> None:
    found = touching()
    whole = np.isin(found.components, found.regions[0].components)

    proposals = propose(found, belief(0.0))

    for way in proposals.ways:
        single = [way.runs[start, start + 1] for start in range(way.parts) if (start, start + 1) in way.runs]
        if len(single) == way.parts > 1:
            parts = np.sum([ink_of(proposals.region_map, row) for row in single], axis=0)
            assert np.array_equal(parts > 0, whole)
            assert parts.max() == 1


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000), strokes=st.integers(1, 60))
def test_every_proposal_is_ink_in_its_box_and_their_number_is_bounded(seed: int, strokes: int) -> None:
    random = np.random.default_rng(seed)
    mask = page()
    for _ in range(strokes):
        start, end = (tuple(int(v) for v in random.integers(4, (296, 116))) for _ in range(2))
        cv2.line(mask, start, end, 255, int(random.integers(2, 6)))
    found = find_regions(mask)
    before = found.components.copy()

    proposals = propose(found, np.zeros(len(found.regions), dtype=np.float32))

    assert len(proposals.region_map.regions) <= MAX_PROPOSED + 60
    assert np.array_equal(found.components, before)
    for row, region in enumerate(proposals.region_map.regions):
        assert cv2.boundingRect(ink_of(proposals.region_map, row)) == region.box_xywh
    assert len(crop_regions(255 - mask, proposals.region_map).pictures) == len(proposals.region_map.regions)


def test_joined_letters_beside_another_letter_are_not_taken_for_digits() -> None:
    mask = page()
    cv2.ellipse(mask, (70, 60), (22, 36), 0, 0, 360, 255, 6)
    cv2.ellipse(mask, (116, 60), (22, 36), 0, 0, 360, 255, 6)
    cv2.line(mask, (156, 30), (176, 90), 255, 6)
    cv2.line(mask, (196, 30), (176, 90), 255, 6)
    found = find_regions(mask)
    first = scored(found, [0.1, 0.05])
    proposals = propose(found, first.belief)
    wide = [0.95 if 38 <= region.box_xywh[2] <= 56 else 0.1 for region in proposals.region_map.regions]

    assert len(best_division(proposals, first, scored(proposals.region_map, wide)).regions) == 2


def test_two_low_pieces_that_pass_for_digits_become_the_one_that_they_are() -> None:
    mask = page()
    for x in (40, 90, 140, 190):
        cv2.line(mask, (x, 20), (x, 100), 255, 6)
    cv2.line(mask, (240, 20), (240, 56), 255, 6)
    cv2.line(mask, (240, 64), (240, 100), 255, 6)
    found = find_regions(mask)
    first = scored(found, [0.99] * 6)
    proposals = propose(found, first.belief)

    divided = best_division(proposals, first, scored(proposals.region_map, [0.98] * len(proposals.region_map.regions)))

    assert sorted(region.box_xywh[3] for region in divided.regions) == [found.regions[0].box_xywh[3]] * 5


def way_of(ways: tuple[Proposal, ...], replaces: tuple[int, ...]) -> Proposal:
    (found,) = (way for way in ways if way.replaces == replaces and way.parts == 1)
    return found


def test_three_low_pieces_are_offered_as_one() -> None:
    mask = page()
    for x in (40, 90):
        cv2.line(mask, (x, 20), (x, 100), 255, 6)
    for top in (20, 49, 78):
        cv2.line(mask, (140, top), (140, top + 20), 255, 6)
    found = find_regions(mask)
    assert len(found.regions) == 5

    proposals = propose(found, belief(0.99, 0.99, 0.2, 0.2, 0.2))

    whole = proposals.region_map.regions[way_of(proposals.ways, (2, 3, 4)).runs[0, 1]]
    assert whole.box_xywh == (137, 17, 7, 85)


def test_a_slanted_stroke_that_is_interrupted_is_offered_as_one() -> None:
    mask = page()
    cv2.line(mask, (80, 100), (96, 66), 255, 6)
    cv2.line(mask, (104, 57), (122, 20), 255, 6)

    assert way_of(propose(find_regions(mask), belief(0.6, 0.6)).ways, (0, 1)).runs


def test_how_tall_digits_are_is_asked_of_their_own_row() -> None:
    mask = np.zeros((400, 500), np.uint8)
    for x in range(40, 480, 40):
        cv2.line(mask, (x, 20), (x, 60), 255, 5)
    for x in (60, 120, 180):
        cv2.line(mask, (x, 200), (x, 300), 255, 8)
    cv2.line(mask, (240, 200), (240, 244), 255, 8)
    cv2.line(mask, (240, 258), (240, 300), 255, 8)
    found = find_regions(mask)
    tall = [region.box_xywh[1] > 150 for region in found.regions]
    halves = [row for row, region in enumerate(found.regions) if tall[row] and region.box_xywh[3] < 60]
    said = np.where(np.isin(np.arange(len(tall)), halves), 0.2, 0.99).astype(np.float32)

    assert way_of(propose(found, said).ways, (halves[0], halves[1])).low == 2


def test_what_is_read_in_a_box_is_offered_without_the_box() -> None:
    mask = page()
    cv2.rectangle(mask, (40, 20), (110, 100), 255, 3)
    cv2.line(mask, (75, 40), (75, 80), 255, 5)
    _, components, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    boxed = RegionMap((Region((39, 19, 73, 83), (1, 2)),), components, stats, 1.0, True)

    proposals = propose(boxed, belief(0.1))

    assert (72, 37, 7, 47) in [region.box_xywh for region in proposals.region_map.regions]


def test_a_1_is_offered_without_the_shadow_beside_its_top() -> None:
    mask = page()
    cv2.line(mask, (60, 24), (56, 100), 255, 12)
    cv2.rectangle(mask, (76, 14), (99, 40), 255, -1)
    _, components, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    stem, shadow = int(components[60, 58]), int(components[20, 90])
    joined = RegionMap((Region((50, 14, 50, 93), (stem, shadow)),), components, stats, 1.0, True)

    proposals = propose(joined, belief(0.1))

    alone = [proposals.region_map.regions[way.runs[0, 1]] for way in proposals.ways if way.parts == 1]
    assert tuple(stats[stem, :4]) in [region.box_xywh for region in alone]


def test_a_piece_that_was_given_to_the_wrong_neighbour_is_offered_to_the_other() -> None:
    mask = page()
    cv2.line(mask, (60, 20), (60, 100), 255, 6)
    cv2.line(mask, (80, 34), (100, 34), 255, 6)
    cv2.ellipse(mask, (90, 72), (16, 30), 0, 0, 360, 255, 6)
    cv2.line(mask, (200, 20), (200, 100), 255, 6)
    _, components, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    bar, stem, ring, other = (int(components[y, x]) for y, x in ((34, 90), (60, 60), (42, 90), (60, 200)))
    regions = (
        Region((57, 17, 47, 87), (stem, bar)),
        Region((71, 39, 39, 67), (ring,)),
        Region((197, 17, 7, 87), (other,)),
    )

    for neighbour in (0.1, 0.99):  # without its bar a 5 may pass for a digit, and a 7 for a 1
        ways = propose(RegionMap(regions, components, stats, 1.0, True), belief(0.1, neighbour, 0.99)).ways

        assert any(way.replaces == (0, 1) and way.parts == 2 for way in ways)
        assert {way.left_out for way in ways if way.parts == 2} == {False}
        assert {way.left_out for way in ways if way.replaces == (0,) and way.parts == 1} == {True}


def test_a_digit_that_is_read_with_some_doubt_is_not_cut_in_two() -> None:
    mask = page()
    cv2.ellipse(mask, (80, 40), (28, 20), 0, 40, 300, 255, 6)
    cv2.ellipse(mask, (80, 80), (28, 20), 0, 220, 480, 255, 6)
    found = find_regions(mask)
    assert len(found.regions) == 1

    assert all(way.parts == 1 for way in propose(found, belief(0.7)).ways)
    assert any(way.parts > 1 for way in propose(found, belief(0.3)).ways)


def test_a_low_stroke_is_offered_with_the_bar_above_it_however_sure() -> None:
    mask = page()
    for x in (40, 90, 140):
        cv2.line(mask, (x, 20), (x, 100), 255, 6)
    cv2.line(mask, (210, 52), (206, 100), 255, 6)
    cv2.line(mask, (180, 28), (196, 28), 255, 6)
    cv2.line(mask, (204, 28), (212, 28), 255, 6)  # interrupted, so that neither piece is a region
    found = find_regions(mask)
    low = [row for row, region in enumerate(found.regions) if region.box_xywh[3] < 70]

    proposals = propose(found, np.full(len(found.regions), 0.99, np.float32))

    offered = [proposals.region_map.regions[way.runs[0, 1]].box_xywh for way in proposals.ways if way.low]
    assert len(low) == 1
    assert any(y <= 28 and y + height >= 100 for _, y, _, height in offered)


def test_the_stout_bar_of_a_small_5_is_offered_with_it() -> None:
    mask = page()
    cv2.ellipse(mask, (100, 80), (11, 12), 0, -100, 150, 255, 5)
    cv2.line(mask, (112, 62), (130, 54), 255, 7)

    assert way_of(propose(find_regions(mask), belief(0.3, 0.3)).ways, (0, 1)).runs


def test_a_5_whose_bar_stands_far_out_is_offered_with_it() -> None:
    """The hook lies to the left of the bar, and both together are half as wide again as tall."""
    mask = page()
    cv2.polylines(mask, [np.array([(66, 46), (62, 64), (80, 66), (78, 82), (60, 90)])], False, 255, 6)
    cv2.line(mask, (88, 38), (155, 30), 255, 7)
    found = find_regions(mask)
    assert len(found.regions) == 2

    ways = propose(found, belief(0.01, 0.01)).ways

    assert way_of(ways, (0, 1))


def test_the_desk_above_the_page_is_not_offered_with_the_digit_below_it() -> None:
    mask = page()
    cv2.ellipse(mask, (150, 66), (24, 44), 0, 0, 360, 255, 6)
    cv2.rectangle(mask, (120, 0), (200, 6), 255, -1)
    region_map = find_regions(mask)

    proposals = propose(region_map, belief(*[0.6] * len(region_map.regions)))

    assert all(region.box_xywh[1] > 6 for region in proposals.region_map.regions)


def test_a_1_that_touches_its_neighbour_is_cut_off_however_slim_both_are() -> None:
    mask = page()
    cv2.line(mask, (60, 20), (60, 100), 255, 6)
    cv2.line(mask, (92, 20), (92, 100), 255, 6)
    cv2.line(mask, (60, 90), (92, 90), 255, 3)
    found = find_regions(mask)

    (way,) = propose(found, belief(0.1)).ways

    assert found.regions[0].box_xywh[2] < 0.5 * found.regions[0].box_xywh[3]
    assert way.parts > 1 and {start for start, _ in way.runs} != {0}
