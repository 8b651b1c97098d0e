"""Regions are the marks that a digit can be; everything else on a page is left out."""

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.regions import RegionLimits, find_regions


def blank() -> UInt8:
    return np.zeros((240, 320), dtype=np.uint8)


def boxes(mask: UInt8, **limits: int) -> list[tuple[int, int, int, int]]:
    return [region.box_xywh for region in find_regions(mask, limits=RegionLimits(**limits)).regions]


def test_each_digit_is_a_region_left_to_right() -> None:
    mask = blank()
    for x in (150, 30, 90):
        cv2.ellipse(mask, (x, 100), (12, 20), 0, 0, 360, 255, 4)

    found = boxes(mask)

    assert [x + width // 2 for x, _, width, _ in found] == [30, 90, 150]


def fine_5(mask: UInt8) -> None:
    points = np.array([[200, 30], [110, 30], [105, 110], [180, 105], [205, 150], [180, 200], [100, 205]], np.int32)
    cv2.polylines(mask, [points], False, (255,), 1)


@pytest.mark.parametrize("times_as_tall", [1.0, 3.0])
def test_a_large_digit_of_a_fine_pen_is_a_region(times_as_tall: float) -> None:
    mask = np.zeros((int(240 * times_as_tall), 320), np.uint8)
    fine_5(mask)

    assert len(boxes(mask)) == 1


def test_an_open_curve_round_digits_is_none() -> None:
    mask = blank()
    cv2.ellipse(mask, (160, 120), (110, 90), 20, 0, 310, 255, 1)
    for x in (130, 180):
        cv2.ellipse(mask, (x, 120), (8, 10), 0, 0, 360, 255, 3)

    assert [width for _, _, width, _ in boxes(mask)] == [21, 21]


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda mask: cv2.circle(mask, (50, 50), 3, 255, -1), id="dot"),
        pytest.param(lambda mask: cv2.line(mask, (0, 120), (319, 120), 255, 2), id="rule across the page"),
        pytest.param(lambda mask: cv2.line(mask, (20, 60), (200, 60), 255, 12), id="underline"),
        pytest.param(lambda mask: cv2.rectangle(mask, (50, 50), (120, 120), 255, -1), id="filled block"),
        pytest.param(lambda mask: cv2.rectangle(mask, (0, 0), (319, 239), 255, 3), id="edge of the page"),
        pytest.param(lambda mask: None, id="nothing"),
    ],
)
def test_what_cannot_be_a_digit_is_no_region(draw) -> None:  # type: ignore[no-untyped-def]
    mask = blank()
    draw(mask)

    assert boxes(mask) == []


def test_a_page_full_of_ink_has_no_region() -> None:
    assert boxes(np.full((240, 320), 255, np.uint8)) == []


def test_a_straight_1_is_a_region() -> None:
    mask = blank()
    cv2.line(mask, (100, 60), (100, 140), 255, 3)

    assert len(boxes(mask)) == 1


def test_the_desk_above_the_page_is_no_part_of_the_digit_below_it() -> None:
    mask = blank()
    cv2.ellipse(mask, (160, 120), (40, 90), 0, 0, 360, 255, 12)
    cv2.rectangle(mask, (150, 0), (260, 12), 255, -1)

    assert boxes(mask)[0][1] > 12


def test_the_bar_of_a_5_is_joined_to_its_body() -> None:
    mask = blank()
    cv2.ellipse(mask, (100, 130), (20, 22), 0, -100, 150, 255, 5)
    cv2.line(mask, (92, 92), (125, 88), 255, 5)

    found = find_regions(mask).regions

    assert len(found) == 1
    assert found[0].box_xywh[1] <= 88
    assert len(found[0].components) == 2


def test_two_touching_digits_of_the_line_above_are_no_part_of_a_digit() -> None:
    mask = blank()
    cv2.line(mask, (80, 30), (120, 30), 255, 4)
    for x in (82, 118):
        cv2.line(mask, (x, 18), (x, 40), 255, 4)
    cv2.line(mask, (96, 52), (88, 100), 255, 5)
    cv2.line(mask, (70, 52), (96, 52), 255, 5)

    assert [len(region.components) for region in find_regions(mask).regions] == [1, 1]


def test_a_dot_above_a_digit_is_not_part_of_it() -> None:
    mask = blank()
    cv2.ellipse(mask, (100, 130), (16, 20), 0, 0, 360, 255, 5)
    cv2.circle(mask, (102, 102), 2, 255, -1)

    assert [len(region.components) for region in find_regions(mask).regions] == [1]


def test_crumbs_within_a_digits_box_are_part_of_it() -> None:
    mask = blank()
    cv2.ellipse(mask, (100, 130), (16, 20), 0, 30, 330, 255, 5)
    mask[129:132, 98:101] = 255

    assert [len(region.components) for region in find_regions(mask).regions] == [2]


@pytest.mark.parametrize(("small", "kept"), [(7, 0), (8, 8)])
def test_specks_beside_a_large_digit_are_left_out_but_not_a_page_beside_a_knot_of_wood(small: int, kept: int) -> None:
    mask = np.zeros((480, 640), dtype=np.uint8)
    cv2.ellipse(mask, (200, 240), (100, 210), 0, 0, 360, (255,), 20)
    for mark in range(small):
        cv2.ellipse(mask, (400 + 20 * mark, 100), (5, 8), 0, 0, 360, (255,), 2)

    assert len(boxes(mask)) == 1 + kept


def test_the_tall_edge_of_a_page_does_not_make_digits_specks() -> None:
    mask = np.zeros((960, 1280), dtype=np.uint8)
    cv2.line(mask, (20, 0), (60, 930), 255, 6)
    cv2.ellipse(mask, (300, 400), (12, 18), 0, 0, 360, 255, 4)

    assert len(boxes(mask)) == 2


def test_a_flat_mark_by_itself_stays_a_region() -> None:
    mask = blank()
    cv2.ellipse(mask, (100, 100), (30, 14), 0, 0, 300, 255, 4)

    assert len(boxes(mask)) == 1


@pytest.mark.parametrize("end", [72, 92])
def test_two_strokes_of_an_open_4_are_one_region(end: int) -> None:
    mask = blank()
    cv2.polylines(mask, [np.array([[80, 60], [70, 100], [110, 100]])], False, 255, 4)
    cv2.line(mask, (98, 62), (98, end), 255, 4)

    assert len(boxes(mask)) == 1


def test_digits_of_two_lines_are_not_joined() -> None:
    mask = blank()
    for y in (60, 112):
        cv2.ellipse(mask, (100, y), (12, 20), 0, 0, 360, 255, 4)

    assert len(boxes(mask)) == 2


def test_a_box_round_a_digit_is_left_out_and_the_digit_kept() -> None:
    mask = blank()
    cv2.rectangle(mask, (70, 50), (130, 130), 255, 2)
    cv2.ellipse(mask, (100, 90), (12, 22), 0, 0, 360, 255, 4)

    found = boxes(mask)

    assert len(found) == 1
    assert found[0][2] < 40


def test_a_table_is_left_out_and_its_digits_kept() -> None:
    mask = blank()
    for x in range(20, 301, 40):
        cv2.line(mask, (x, 20), (x, 220), 255, 1)
    for y in range(20, 221, 40):
        cv2.line(mask, (20, y), (300, y), 255, 1)
    for x in (40, 120, 240):
        cv2.ellipse(mask, (x, 80), (7, 12), 0, 0, 360, 255, 3)

    assert len(boxes(mask)) == 3


@pytest.mark.parametrize("x", [0, 305])
def test_ink_that_runs_off_the_frame_is_marked_as_cut(x: int) -> None:
    mask = blank()
    mask[80:130, x : x + 15] = 255

    regions = find_regions(mask).regions

    assert [region.cut for region in regions] == [True]


def test_boxes_are_in_pixels_of_the_full_resolution_frame() -> None:
    mask = blank()
    mask[60:100, 40:50] = 255

    region = find_regions(mask, resize_factor=0.25).regions[0]

    assert region.box_xywh == (160, 240, 40, 160)


def test_the_cap_keeps_the_tallest_and_counts_the_rest() -> None:
    mask = blank()
    for index in range(20):
        mask[10 : 30 + index, 10 + index * 15 : 14 + index * 15] = 255

    region_map = find_regions(mask, limits=RegionLimits(max_regions=5))

    assert len(region_map.regions) == 5
    assert len(region_map.left_out) == 15
    assert min(region.box_xywh[3] for region in region_map.regions) == 35


@pytest.mark.parametrize(("digits", "most"), [(0.0, 10), (0.1, 10), (0.12, 30), (0.49, 30), (0.5, 70), (1.0, 70)])
def test_the_cap_is_higher_on_a_page_of_digits(digits: float, most: int) -> None:
    assert RegionLimits(min_height_px=12, max_regions=10).extended(digits) == RegionLimits(12, most)


def test_five_thousand_blobs_are_capped() -> None:
    mask = np.zeros((1080, 1920), dtype=np.uint8)
    for index in range(5000):
        y, x = divmod(index, 100)
        mask[5 + y * 21 : 18 + y * 21, 5 + x * 19 : 10 + x * 19] = 255

    region_map = find_regions(mask)

    assert len(region_map.regions) == 160
    assert len(region_map.left_out) == 5000 - 160


def test_the_mask_is_not_written_to() -> None:
    mask = blank()
    mask[60:100, 40:50] = 255
    before = mask.copy()

    find_regions(mask)

    assert np.array_equal(mask, before)


def test_the_desk_around_two_sides_of_a_page_does_not_swallow_its_digits() -> None:
    mask = blank()
    mask[20:140, :4] = mask[20:24, :110] = 255
    mask[60:100, 40:46] = mask[60:100, 70:76] = 255

    boxes = [region.box_xywh for region in find_regions(mask).regions]

    assert (40, 60, 6, 40) in boxes
    assert (70, 60, 6, 40) in boxes


def test_a_broad_shadow_round_a_corner_of_a_page_does_not_swallow_its_digits() -> None:
    mask = np.zeros((480, 640), np.uint8)
    mask[40:440, 360:600] = 255
    mask[:330, :540] = 0
    for x in (380, 420, 460):
        mask[200:240, x : x + 8] = 255

    boxes = [region.box_xywh for region in find_regions(mask).regions]

    assert [box for box in boxes if box[3] == 40] == [(x, 200, 8, 40) for x in (380, 420, 460)]


def test_two_loops_that_touch_around_two_digits_are_no_8() -> None:
    mask = np.zeros((480, 640), np.uint8)
    for middle, digit in ((130, "5"), (270, "9")):
        cv2.ellipse(mask, (200, middle), (55, 70), 0, 0, 360, 255, 4)
        cv2.putText(mask, digit, (172, middle + 32), cv2.FONT_HERSHEY_SIMPLEX, 3, 255, 5)

    assert len(find_regions(mask).regions) == 2
