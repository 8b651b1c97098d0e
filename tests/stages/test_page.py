"""A sheet before a wall of bricks, stripes or a garden is found, to the pixel or two; nothing else is taken for one."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.bench_pages import draw_page
from edge_app.bundle import embedded_bundle_path, load_bundle, read_golden
from edge_app.frames import Digit, Reading, Region, RegionMap, UInt8
from edge_app.stages.page import (
    find_page,
    is_better,
    is_blotted,
    is_something_beside,
    part_with_page,
    wholly_on_page,
    without_surroundings,
)
from edge_app.stages.regions import find_regions
from tests.patches import patch_of

SIZE_WH = (640, 480)


def bricks() -> UInt8:
    wall = np.full((480, 640), 45, dtype=np.uint8)
    for row, y in enumerate(range(0, 480, 48)):
        wall[y : y + 6] = 150
        for x in range(row % 2 * 45, 640, 90):
            wall[y : y + 48, x : x + 6] = 150
    return wall


def gravel() -> UInt8:
    grains = np.random.default_rng(5).integers(40, 190, (48, 64)).astype(np.uint8)
    return np.asarray(cv2.resize(grains, SIZE_WH, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def half_bright() -> UInt8:
    wall = np.full((480, 640), 190, dtype=np.uint8)
    wall[:, :330] = 30
    wall[::40, :330] = 120
    return wall


def sheet(turn_deg: float = 5.0, sides_wh: tuple[int, int] = (360, 260), centre: tuple[int, int] = (320, 240)) -> UInt8:
    """(480, 640) uint8, 255 where a sheet lies."""
    corners = cv2.boxPoints((centre, sides_wh, turn_deg)).astype(np.int32)
    return np.asarray(cv2.fillConvexPoly(np.zeros((480, 640), np.uint8), corners, (255,)), dtype=np.uint8)


def laid(background: UInt8, place: UInt8, paper: int = 215, text: str = "3074") -> UInt8:
    """A sheet with digits before something."""
    written = np.full_like(background, paper)
    cv2.putText(written, text, (200, 260), cv2.FONT_HERSHEY_SIMPLEX, 2.5, (60,), 6, cv2.LINE_AA)
    return np.where(place > 0, written, background).astype(np.uint8)


def agreement(page: UInt8 | None, place: UInt8) -> float:
    """Intersection over union."""
    assert page is not None
    found, true = cv2.resize(page, SIZE_WH) > 127, place > 0
    return float((found & true).sum() / (found | true).sum())


@pytest.mark.parametrize("background", [bricks(), gravel(), np.full((480, 640), 70, np.uint8)])
@pytest.mark.parametrize("turn_deg", [0.0, 5.0, -17.0])
def test_a_sheet_is_found_before_anything(background: UInt8, turn_deg: float) -> None:
    place = sheet(turn_deg)

    assert agreement(find_page(laid(background, place)), place) > 0.88


def test_a_card_on_a_large_ground_is_found_unless_a_larger_sheet_stands_out_less() -> None:
    card = sheet(5.0, (150, 90), centre=(200, 150))  # 4.4 % of the picture
    banner = np.where(card > 0, 250, laid(np.full((480, 640), 120, np.uint8), sheet(), paper=150))

    assert agreement(find_page(laid(bricks(), card, text="")), card) > 0.8
    assert agreement(find_page(banner.astype(np.uint8)), sheet()) > 0.8


def test_a_small_dark_plate_is_no_sheet() -> None:
    plate = sheet(0.0, (150, 90))
    wall = np.full((480, 640), 150, np.uint8)

    assert find_page(laid(wall, plate, paper=40, text="")) is None
    assert find_page(laid(wall, sheet(0.0), paper=40, text="")) is not None


def test_a_sheet_that_the_frame_cuts_off_is_found() -> None:
    place = sheet(4.0, centre=(500, 300))

    assert agreement(find_page(laid(bricks(), place)), place) > 0.88


def test_a_sheet_that_the_frame_cuts_off_on_three_sides_is_found() -> None:
    page = find_page(half_bright())

    assert page is not None
    assert cv2.boundingRect(page) == (83, 0, 77, 120)  # from 330 of 640 on


def test_a_sheet_in_uneven_light_is_found() -> None:
    place, light = sheet(), np.tile(np.linspace(0.65, 1.0, 640), (480, 1))

    assert agreement(find_page((laid(gravel(), place) * light).astype(np.uint8)), place) > 0.88


@pytest.mark.parametrize("paper", [90, 120])
def test_a_sheet_is_found_where_things_beside_it_are_darker_and_brighter(paper: int) -> None:
    place, wall = sheet(), np.full((480, 640), 220, dtype=np.uint8)  # a sky
    wall[200:, :300] = bricks()[200:, :300] // 2

    assert agreement(find_page(laid(wall, place, paper)), place) > 0.88


def test_a_whole_sheet_is_taken_before_a_larger_area_that_runs_off_the_picture() -> None:
    place, wall = sheet(0.0, (300, 200), (180, 240)), np.full((480, 640), 60, dtype=np.uint8)
    wall[:, :360] = 140

    assert agreement(find_page(laid(wall, place, text="")), place) > 0.88


@pytest.mark.parametrize("lit_share", [0.15, 0.5, 0.8])
def test_a_sheet_that_lies_half_in_shadow_is_found_whole(lit_share: float) -> None:
    place = sheet()
    picture = laid(gravel() // 2, place)
    left = 140 + int(360 * (1 - lit_share))
    picture[:, :left] = picture[:, :left] // 2

    assert agreement(find_page(picture), place) > 0.88


@pytest.mark.parametrize("ink_px", [60, 90])
def test_a_sheet_with_one_fat_digit_on_it_is_found(ink_px: int) -> None:
    place = sheet(5.0, (360, 260))
    picture = laid(bricks(), place, text="")
    cv2.circle(picture, (320, 240), ink_px // 2 + 20, (50,), ink_px // 2)

    assert agreement(find_page(picture), place) > 0.88


@pytest.mark.parametrize(
    "picture",
    [bricks(), gravel(), np.full((480, 640), 215, np.uint8)],
    ids=["bricks", "gravel", "a page that fills the picture"],
)
def test_nothing_else_is_a_sheet(picture: UInt8) -> None:
    assert find_page(picture) is None


@pytest.mark.parametrize("bright_px", [120, 300])
def test_a_round_thing_is_no_sheet(bright_px: int) -> None:
    picture = np.full((480, 640), 50, dtype=np.uint8)
    cv2.circle(picture, (320, 240), bright_px, (220,), -1)

    assert find_page(picture) is None


def test_the_smallest_picture_holds_none() -> None:
    assert find_page(np.zeros((1, 1), dtype=np.uint8)) is None


def test_around_a_sheet_all_is_as_bright_as_it_is_there() -> None:
    place, light = sheet(), np.tile(np.linspace(0.5, 1.0, 640), (480, 1))
    picture = (laid(bricks(), place) * light).astype(np.uint8)
    page = find_page(picture)
    assert page is not None

    alone, inside = without_surroundings(picture, page)

    assert (alone[inside > 0] == picture[inside > 0]).all()
    assert agreement(inside, place) > 0.88
    paper = 215 * light
    assert np.abs(alone[:, 5].astype(float) - paper[240, 140]).max() < 20  # the sheet's left side
    assert np.abs(alone[:, -5].astype(float) - paper[240, 500]).max() < 20


def test_what_reaches_over_the_edge_of_a_page_is_no_ink_of_it() -> None:
    inside = sheet(0.0)
    mask = np.zeros_like(inside)
    mask[200:260, 300:320] = 255  # a digit
    mask[100:200, 400:420] = 255  # a pen
    mask[360:370, 200:210] = 255  # just below its lower edge at 370

    on_page = wholly_on_page(mask, inside)

    assert cv2.boundingRect(on_page) == (300, 200, 20, 60)
    assert np.count_nonzero(mask) == 60 * 20 + 100 * 20 + 100  # not written to


@pytest.mark.parametrize("turn_deg", [0.0, 5.0])
def test_digits_that_stand_on_rules_of_a_page_are_ink_of_it_but_no_rule_is(turn_deg: float) -> None:
    inside = sheet(turn_deg)
    mask, turn = np.zeros_like(inside), cv2.getRotationMatrix2D((320, 240), -turn_deg, 1.0)
    for y in (180, 220, 260, 300):
        mask[y : y + 2] = 255
        cv2.ellipse(mask, (320, y - 12), (9, 14), 0, 0, 360, 255, 3)  # a 0
    mask = np.asarray(cv2.warpAffine(mask, turn, SIZE_WH, flags=cv2.INTER_NEAREST), dtype=np.uint8)

    regions = find_regions(wholly_on_page(mask, inside)).regions

    assert len(regions) == 4
    sides = np.array([region.box_xywh[2:] for region in regions])
    assert (np.abs(sides - (22, 32)) <= 4).all(), sides


def test_ink_at_the_edge_of_the_frame_is_kept_where_the_page_goes_on() -> None:
    inside = np.full((48, 64), 255, dtype=np.uint8)
    mask = np.zeros_like(inside)
    mask[:10, :5] = 255

    assert (wholly_on_page(mask, inside) == mask).all()


def found_at(*boxes: tuple[int, int, int, int], dark_on_light: bool = True) -> RegionMap:
    regions = tuple(Region(box, (number + 1,)) for number, box in enumerate(boxes))
    empty = np.zeros((240, 320), dtype=np.int32)
    return RegionMap(regions, empty, np.zeros((1, 5), dtype=np.int32), 0.5, dark_on_light)


PAGE = cv2.resize(sheet(0.0), (160, 120), interpolation=cv2.INTER_AREA)
ON, BESIDE, NEARLY_ON = (300, 220, 20, 40), (20, 220, 20, 40), (120, 220, 20, 40)  # the page begins at 140


@pytest.mark.parametrize(
    ("boxes", "belief", "expected"),
    [
        ((ON, ON), (0.9, 0.1), False),
        ((ON, BESIDE), (0.9, 0.1), True),
        ((ON, NEARLY_ON), (0.9, 0.1), False),
        ((ON, BESIDE), (0.9, 0.9), False),
        ((), (), False),
    ],
)
def test_what_is_no_digit_beside_a_page_is_noticed(
    boxes: tuple[tuple[int, int, int, int], ...], belief: tuple[float, ...], expected: bool
) -> None:
    assert is_something_beside(PAGE, found_at(*boxes), np.array(belief, dtype=np.float32)) is expected


def test_a_page_where_ink_was_taken_for_light_is_looked_at() -> None:
    assert is_something_beside(PAGE, found_at(ON, dark_on_light=False), np.ones(1, dtype=np.float32))


def number(*boxes: tuple[int, int, int, int], digit: int = 7) -> Reading:
    return Reading(tuple(Digit(digit, 0.9, box) for box in boxes))


CALM, RESTLESS = 0.08, 0.12  # unrest of what is written, and of strays


@pytest.mark.parametrize(
    ("alone", "whole", "beside", "expected"),
    [
        (4, number(*[ON] * 4), CALM, False),  # the same
        (5, number(*[ON] * 4), CALM, True),  # more
        (4, number(*[ON] * 5), CALM, False),  # one was lost
        (4, number(*[ON] * 4, BESIDE), RESTLESS, True),
        (4, number(*[ON] * 4, *[BESIDE] * 9), RESTLESS, True),  # a rug
        (4, number(*[ON] * 5, BESIDE), RESTLESS, False),  # one was lost
        (4, number(*[ON] * 4, BESIDE), CALM, False),  # half of the page in shadow
        (4, number(*[ON] * 4, *[NEARLY_ON] * 3, digit=1), RESTLESS, True),  # right at the page
        (1, None, CALM, True),
        (0, number(BESIDE), RESTLESS, True),  # an empty page
        (0, number(BESIDE), CALM, False),
    ],
)
def test_a_page_alone_must_say_more_than_all_or_leave_out_strays(
    alone: int, whole: Reading | None, beside: float, expected: bool
) -> None:
    patches = {ON: patch_of(0.0), BESIDE: patch_of(beside), NEARLY_ON: patch_of(beside)}
    on_all = () if whole is None else (whole,)

    assert is_better((number(*[ON] * alone),), on_all, PAGE, SIZE_WH, patches) is expected


@pytest.mark.parametrize("shown", ["bricks", "gravel", "screen"])
def test_what_is_written_on_a_sheet_or_a_dark_screen_before_something_is_read(
    shown: str, edge_app: "Callable[..., subprocess.CompletedProcess[str]]", tmp_path: Path
) -> None:
    golden = read_golden(load_bundle(embedded_bundle_path()))
    picture = {"bricks": bricks, "gravel": gravel, "screen": lambda: 255 - bricks()}[shown]()
    page = draw_page((320, 240), 6, golden.crops[::11])
    picture[110:350, 150:470] = 255 - page if shown == "screen" else page
    cv2.imwrite(str(tmp_path / "held.png"), picture)

    done = edge_app("read", "--json", tmp_path / "held.png")

    numbers = json.loads(done.stdout)["numbers"]
    digits = [digit["digit"] for number in numbers for digit in number["digits"]]
    assert digits == golden.labels[::11][:6].tolist()


def digits_and(draw: Callable[[UInt8], object]) -> UInt8:
    """Three rings, 255 for ink, and something else."""
    mask = np.zeros((480, 640), dtype=np.uint8)
    for x in (100, 150, 200):
        cv2.ellipse(mask, (x, 100), (14, 22), 0, 0, 360, 255, 4)
    draw(mask)
    return mask


@pytest.mark.parametrize(
    ("draw", "expected"),
    [
        pytest.param(lambda mask: cv2.ellipse(mask, (400, 300), (80, 40), 20, 0, 360, 255, -1), True, id="a blot"),
        pytest.param(
            lambda mask: cv2.ellipse(mask, (630, 300), (80, 40), 20, 0, 360, 255, -1), False, id="at the edge"
        ),
        pytest.param(lambda mask: cv2.ellipse(mask, (400, 300), (80, 40), 20, 0, 360, 255, 4), False, id="hollow"),
        pytest.param(lambda mask: cv2.ellipse(mask, (400, 300), (20, 20), 0, 0, 360, 255, -1), False, id="a dot"),
        pytest.param(lambda mask: None, False, id="nothing"),
    ],
)
def test_a_blot_is_broad_and_solid_and_within_the_picture(draw: Callable[[UInt8], object], expected: bool) -> None:
    region_map = find_regions(digits_and(draw))
    belief = np.array([0.99 if region.box_xywh[1] < 150 else 0.1 for region in region_map.regions], dtype=np.float32)

    assert is_blotted(region_map, belief) is expected


def test_what_is_taken_for_a_digit_is_no_blot() -> None:
    mask = digits_and(lambda mask: cv2.ellipse(mask, (400, 300), (30, 40), 0, 0, 360, 255, 28))
    region_map = find_regions(mask)

    assert len(region_map.regions) == 4
    assert not is_blotted(region_map, np.ones(4, dtype=np.float32))
    assert is_blotted(region_map, np.array([r.box_xywh[1] < 150 for r in region_map.regions], dtype=np.float32))


def test_a_page_that_nearly_fills_the_picture_counts_as_all_of_it() -> None:
    small, large = (cv2.rectangle(np.zeros((480, 640), np.uint8), (40, 30), corner, 255, -1)
                    for corner in ((339, 329), (609, 449)))  # fmt: skip

    assert part_with_page(small) == (slice(30, 330), slice(40, 340))
    assert part_with_page(large) == (slice(None), slice(None))


def test_a_page_that_was_found_in_a_smaller_picture_is_cut_out_of_a_larger_one() -> None:
    larger = np.full((1021, 1531), 60, np.uint8)
    larger[300:800, 400:1200] = 200
    page = find_page(cv2.resize(larger, (64, 43), interpolation=cv2.INTER_AREA))
    assert page is not None

    alone, inside = without_surroundings(larger, page)

    assert alone.shape == inside.shape == larger.shape
    assert alone[100, 100] > 150  # as bright as the page
