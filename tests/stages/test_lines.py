"""Drawn lines go, strokes stay."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_app.frames import UInt8
from edge_app.stages.grids import find_hairlines, without_strokes
from edge_app.stages.lines import _reach, remove_lines
from edge_app.stages.regions import find_regions
from edge_app.stages.segments import Segment

SHAPE = (480, 640)


def blank() -> UInt8:
    return np.zeros(SHAPE, np.uint8)


def write(mask: UInt8, text: str, corner: tuple[int, int], size: float = 2.0, stroke: int = 5) -> None:
    cv2.putText(mask, text, corner, cv2.FONT_HERSHEY_SIMPLEX, size, 255, stroke)


def without_lines(mask: UInt8) -> UInt8:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    return remove_lines(mask, np.asarray(labels, np.int32), np.asarray(stats, np.int32))


def turned(mask: UInt8, degrees: float) -> UInt8:
    turn = cv2.getRotationMatrix2D((SHAPE[1] / 2, SHAPE[0] / 2), degrees, 1.0)
    rotated = cv2.warpAffine(mask, turn, (SHAPE[1], SHAPE[0]), flags=cv2.INTER_LINEAR)
    return np.where(rotated > 127, 255, 0).astype(np.uint8)


def ruled(text: bool) -> UInt8:
    page = blank()
    for y in range(80, 470, 90):
        cv2.line(page, (4, y), (635, y), 255, 2)
        if text:
            write(page, "3 8 5 6", (120, y + 3))
    return page


def boxes(text: bool) -> UInt8:
    page = blank()
    for column in range(5):
        cv2.rectangle(page, (60 + 80 * column, 150), (140 + 80 * column, 240), 255, 2)
        if text:
            write(page, "38524"[column], (78 + 80 * column, 219))
    return page


def sudoku(text: bool) -> UInt8:
    page = blank()
    for place in range(10):
        thickness = 6 if place % 3 == 0 else 2
        cv2.line(page, (60 + 45 * place, 30), (60 + 45 * place, 435), 255, thickness)
        cv2.line(page, (60, 30 + 45 * place), (465, 30 + 45 * place), 255, thickness)
    if text:
        for row in range(9):
            write(page, str(row + 1), (73 + 45 * row, 64 + 45 * row), size=0.9, stroke=2)
    return page


@pytest.mark.parametrize("page", [ruled, boxes, sudoku])
@pytest.mark.parametrize("degrees", [0, -3, 12, -22])
def test_an_empty_form_is_empty_paper(page, degrees: float) -> None:  # type: ignore[no-untyped-def]
    drawn = turned(page(text=False), degrees)

    left = without_lines(drawn)

    assert np.count_nonzero(left) < 0.12 * np.count_nonzero(drawn)
    assert len(find_regions(drawn).regions) <= 2


@pytest.mark.parametrize(("page", "count"), [(ruled, 20), (boxes, 5), (sudoku, 9)])
@pytest.mark.parametrize("degrees", [0, -3, 8])
def test_what_is_written_in_it_is_found(page, count: int, degrees: float) -> None:  # type: ignore[no-untyped-def]
    drawn = turned(page(text=True), degrees)

    tall = [region for region in find_regions(drawn).regions if region.box_xywh[3] >= 17]

    assert abs(len(tall) - count) <= count // 9


def test_a_stroke_that_crosses_a_line_stays_whole() -> None:
    page = blank()
    cv2.line(page, (0, 240), (639, 240), 255, 2)
    cv2.line(page, (0, 340), (639, 340), 255, 2)
    cv2.line(page, (300, 200), (300, 290), 255, 5)

    left = without_lines(page)

    assert (left[200:291, 300] == 255).all()
    assert not left[240, :290].any()
    assert not left[340].any()


@pytest.mark.parametrize("text", ["1", "7", "4", "2", "5", "11", "77", "14"])
@pytest.mark.parametrize("stroke", [4, 14, 40])
def test_digits_that_fill_the_frame_stay_as_they_are(text: str, stroke: int) -> None:
    page = blank()
    write(page, text, (60, 430), size=17 if len(text) == 1 else 12, stroke=stroke)

    assert without_lines(page) is page


ARCS = {
    "0": [(280, 60), (420, 70), (470, 200), (420, 370), (300, 375), (250, 330), (255, 180), (280, 60)],
    "5": [(500, 45), (400, 55), (360, 75), (345, 170), (330, 175), (460, 185), (500, 250), (480, 330), (280, 350)],
}


@pytest.mark.parametrize("digit", list(ARCS))
@pytest.mark.parametrize("stroke", [8, 10])
def test_the_arcs_of_a_large_digit_stay_though_each_is_found_more_than_once(digit: str, stroke: int) -> None:
    page = blank()
    cv2.polylines(page, [np.array(ARCS[digit], np.int32)], False, 255, stroke)

    assert without_lines(page) is page


def test_two_lines_go_though_a_digit_between_them_is_nearly_as_large() -> None:
    digit = blank()
    write(digit, "8", (215, 370), size=9, stroke=14)
    page = digit.copy()
    for y in (60, 420):
        cv2.line(page, (150, y), (450, y), 255, 3)

    assert np.array_equal(without_lines(page), digit)


def test_a_ruler_straight_1_in_the_middle_of_a_page_stays() -> None:
    page = blank()
    cv2.line(page, (320, 30), (320, 450), 255, 4)

    assert without_lines(page) is page


def test_a_single_line_across_the_page_goes() -> None:
    page = blank()
    cv2.line(page, (0, 250), (639, 256), 255, 2)
    write(page, "58", (200, 200))

    assert not without_lines(page)[245:262].any()


def test_a_page_without_lines_costs_no_copy() -> None:
    page = blank()
    write(page, "3074", (100, 200))

    assert without_lines(page) is page


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), lines=st.integers(0, 8))
def test_ink_is_only_ever_taken_away(seed: int, lines: int) -> None:
    random = np.random.default_rng(seed)
    page = blank()
    for _ in range(lines):
        start, end = (tuple(int(v) for v in random.integers(0, (640, 480))) for _ in range(2))
        cv2.line(page, start, end, 255, int(random.integers(1, 9)))
    write(page, "".join(map(str, random.integers(0, 10, 4))), (60, 240))
    before = page.copy()

    left = without_lines(page)

    assert not np.any((left > 0) & (page == 0))
    assert np.array_equal(page, before)


def test_joined_up_writing_is_no_line() -> None:
    page = blank()
    for y in (90, 180, 270, 360):
        for x in range(20, 600, 24):  # waves on a baseline, as of mmmm
            cv2.ellipse(page, (x, y), (12, 18), 0, 180, 360, 255, 5)
    before = page.copy()

    assert np.array_equal(without_lines(page), before)


def test_digits_below_each_other_on_rules_are_no_margin() -> None:
    page = ruled(text=False)
    for y in (76, 166, 256, 346, 436):
        cv2.line(page, (300 - y // 4, y - 70), (280 - y // 4, y + 10), 255, 5)  # 1s on rules, by chance in one row
    ones = page.copy()
    ones[ruled(text=False) > 0] = 0

    left = without_lines(page)

    assert np.count_nonzero(left & ones) > 0.97 * np.count_nonzero(ones)


def test_a_rule_that_the_threshold_broke_up_goes() -> None:
    page = ruled(text=False)
    random = np.random.default_rng(3)
    for x in range(4, 636, 40):
        page[255:266, x : x + int(random.integers(3, 9))] = 0

    assert np.count_nonzero(without_lines(page)[255:266]) < 0.15 * np.count_nonzero(page[255:266])


@pytest.mark.parametrize(("drop", "left"), [pytest.param(0, 0, id="as the rules"), pytest.param(9, 1, id="aslant")])
def test_what_is_left_of_a_rule_goes_where_it_runs_as_the_others_do(drop: int, left: int) -> None:
    page = ruled(text=False)
    page[430:450] = 0
    cv2.line(page, (300, 440), (400, 440 + drop), 255, 2)

    assert np.any(without_lines(page)[430:460, 310:390]) == bool(left)


def test_the_double_sides_of_boxes_go_where_only_their_tops_and_bottoms_are_found() -> None:
    mask = blank()
    for number in range(6):
        left = 100 + 44 * number
        cv2.rectangle(mask, (left, 200), (left + 40, 240), 255, 3)
        if number % 2:
            cv2.line(mask, (left + 21, 209), (left + 19, 232), 255, 4)  # a 1
        else:
            cv2.ellipse(mask, (left + 20, 220), (7, 11), 0, 0, 360, 255, 4)
    mask[198:243, 140:146] = 255  # two sides run together
    mask[198:243, 228:234] = 255

    left_over = find_regions(without_lines(mask)).regions

    assert len(left_over) == 6
    assert all(region.box_xywh[3] < 30 for region in left_over)


def test_strokes_that_reach_from_rule_to_rule_are_no_sides_of_a_box() -> None:
    page = blank()
    for y in range(80, 470, 70):
        cv2.line(page, (4, y), (635, y), 255, 2)
    strokes = blank()
    for x in (100, 290, 560):
        cv2.line(strokes, (x, 158), (x, 222), 255, 7)

    left = without_lines(page | strokes)

    assert np.count_nonzero(left & strokes) > 0.8 * np.count_nonzero(strokes)


def test_a_bent_rule_is_followed_where_only_its_beginning_is_found() -> None:
    along = np.arange(10, 630)
    page = blank()
    for y in (90, 180, 270, 360):
        bent = np.column_stack([along, y + 14 * (along / 630) ** 2]).round().astype(np.int32)
        cv2.polylines(page, [bent], False, 255, 2)
    page[265:290, 170:][:, np.arange(470) % 40 < 25] = 0  # dashes, too short for a line of their own
    before = page.copy()
    write(page, "3856", (300, 279))

    left = without_lines(page)

    dashes = np.count_nonzero(left[265:290, 470:]) / np.count_nonzero(before[265:290, 470:])
    assert dashes < 0.1
    found = find_regions(page).regions
    assert len(found) == 4 and all(region.box_xywh[2] < 60 for region in found)


def test_a_stroke_halfway_between_rules_is_none_of_them() -> None:
    page = ruled(text=False)
    cv2.line(page, (300, 215), (390, 215), 255, 2)  # as long and level as a rule of which little is left

    left = without_lines(page)

    assert np.count_nonzero(left[213:218, 300:391]) >= 170
    assert np.count_nonzero(left) < 400


def test_a_leaning_stem_from_rule_to_rule_is_no_side_of_a_box() -> None:
    page = ruled(text=False)
    cv2.line(page, (40, 4), (40, 475), 255, 2)  # the margin
    cv2.line(page, (442, 168), (420, 262), 255, 2)  # 13 degrees

    left = without_lines(page)

    assert np.count_nonzero(left[175:255, 415:450]) > 100


def test_a_rule_in_two_pieces_is_not_led_astray_by_bars_in_a_row() -> None:
    page = blank()
    for y in (98, 148, 198, 298):
        cv2.line(page, (14, y), (620, y), 255, 1)
    cv2.line(page, (16, 248), (158, 247), 255, 3)  # the middle of this rule is too faint
    cv2.line(page, (449, 248), (624, 248), 255, 1)
    bars = [(190, 244), (255, 241), (320, 238), (385, 235)]
    for x, y in bars:
        cv2.line(page, (x, y), (x + 30, y), 255, 4)

    left = without_lines(page)

    for x, y in bars:
        assert left[y, x : x + 30].all()
    assert not left[196:200].any()


def test_what_is_left_of_a_faint_rule_goes_from_the_digits_that_stand_on_it() -> None:
    page = blank()
    for y, drop in ((150, 26), (200, 21)):  # in perspective: each runs down a little less than the one above
        cv2.line(page, (200, y), (600, y + drop), 255, 1)
    cv2.line(page, (420, 313), (520, 317), 255, 1)
    write(page, "47", (440, 316), size=1.0, stroke=3)

    left = without_lines(page)

    assert not left[310:325, 500:525].any()
    assert not left[310:325, 415:432].any()
    assert len(find_regions(page).regions) == 2


def test_the_desk_beside_a_page_of_few_rules_is_no_rest_of_a_digit() -> None:
    page = blank()
    cv2.fillPoly(page, [np.array([(0, 0), (60, 0), (20, 440), (640, 470), (640, 480), (0, 480)], np.int32)], 255)
    for y in (200, 270, 340):
        cv2.line(page, (90, y), (600, y + 20), 255, 1)

    left = without_lines(page)

    assert not left[195:370, 100:590].any()


def test_the_fine_lines_of_a_grid_go_where_only_dashes_are_left_of_them() -> None:
    page = blank()
    fine = blank()
    for place in range(10):
        canvas, thickness = (page, 5) if place % 3 == 0 else (fine, 1)
        cv2.line(canvas, (60 + 45 * place, 30), (80 + 43 * place, 435), 255, thickness)  # in perspective
        cv2.line(canvas, (60, 30 + 45 * place), (465, 30 + 45 * place), 255, thickness)
    random = np.random.default_rng(2)
    for y in range(0, 480, 24):
        for x in range(0, 640, 24):
            if random.random() < 0.5:
                fine[y : y + 14, x : x + 14] = 0
    ones = blank()
    for row in range(9):
        cv2.line(ones, (85 + 45 * (row % 4), 40 + 45 * row), (86 + 45 * (row % 4), 66 + 45 * row), 255, 3)
    write(page, "4", (250, 330), size=1.0, stroke=3)

    found = find_regions(page | fine | ones).regions

    assert len(found) == 10
    assert np.count_nonzero(without_lines(page | fine | ones) & ones) > 0.9 * np.count_nonzero(ones)


def squares(ends: tuple[int, ...] = ()) -> UInt8:
    """Squared paper; of the upright lines at some places only both ends."""
    page = blank()
    for place in range(30, 640, 80):
        cv2.line(page, (place, 0), (place, 479), 255, 2)
        if place in ends:
            page[34:446, place - 8 : place + 9] = 0
    for place in range(30, 640, 80):
        cv2.line(page, (0, place), (639, place), 255, 2)
    return page


def test_squares_take_nothing_of_a_fat_digit_that_they_cross() -> None:
    digit = blank()
    write(digit, "5", (230, 350), size=10.0, stroke=26)

    left = without_lines(squares() | digit)

    assert np.count_nonzero(left & digit) > 0.97 * np.count_nonzero(digit)


def fine_squares(border: int = 2) -> UInt8:
    """Squared paper as a large frame shows it, every third line of another thickness."""
    page = np.zeros((960, 1280), np.uint8)
    for number, place in enumerate(range(30, 1280, 60)):
        cv2.line(page, (place, 0), (place, 959), 255, 2 if number % 3 else border)
        cv2.line(page, (0, place), (1279, place), 255, 2 if number % 3 else border)
    return page


@pytest.mark.parametrize("stroke", [7, 9, 11])
def test_the_bar_of_a_4_from_line_to_line_is_no_side_of_a_box_on_squared_paper(stroke: int) -> None:
    bar = np.zeros((960, 1280), np.uint8)
    cv2.line(bar, (278, 460), (458, 460), 255, stroke)

    left = without_lines(fine_squares() | bar)

    assert np.count_nonzero(left & bar) > 0.97 * np.count_nonzero(bar)
    assert np.count_nonzero(left & ~bar) < 0.02 * np.count_nonzero(fine_squares())


def test_thick_borders_between_fine_lines_go_with_them() -> None:
    puzzle = fine_squares(border=7)

    assert np.count_nonzero(without_lines(puzzle)) < 0.02 * np.count_nonzero(puzzle)


@pytest.mark.parametrize(
    ("px", "length", "kept"),
    [
        pytest.param(13, 300, True, id="a bold line of a puzzle"),
        pytest.param(17, 300, False, id="digits in a row"),
        pytest.param(17, 900, True, id="a long line tells how thick they are"),
    ],
)
def test_a_short_line_may_be_twice_as_thick_as_the_long_ones(px: int, length: int, kept: bool) -> None:
    page = np.zeros((960, 1280), np.uint8)
    page[197:204, 30:1251] = 255
    page[500 - px // 2 : 501 + px // 2, 30 : 31 + length] = 255
    border = Segment((30.0, 1250.0), (200.0, 200.0), 1220.0, True)
    other = Segment((30.0, 30.0 + length), (500.0, 500.0), float(length), True)

    assert without_strokes(page, [border, other], []) == (
        [border, other] if kept else [border],
        [],
        px if length > 600 else 7,
    )


def grid(corner: tuple[int, int], cells: tuple[int, int], cell: int, px: int) -> UInt8:
    """The lines of a puzzle on a large frame."""
    page = np.zeros((960, 1280), np.uint8)
    (left, top), (columns, rows) = corner, cells
    for column in range(columns + 1):
        cv2.line(page, (left + cell * column, top), (left + cell * column, top + cell * rows), 255, px)
    for row in range(rows + 1):
        cv2.line(page, (left, top + cell * row), (left + cell * columns, top + cell * row), 255, px)
    return page


def test_a_bold_line_ends_with_its_puzzle_whatever_stands_below_it() -> None:
    above, below = grid((700, 30), (3, 3), 100, 7), grid((100, 420), (6, 3), 160, 7)
    stems = np.zeros_like(above)
    for row in range(3):
        cv2.line(stems, (800, 465 + 160 * row), (800, 535 + 160 * row), 255, 9)

    left = without_lines(above | below | stems)

    assert np.count_nonzero(left & stems) > 0.97 * np.count_nonzero(stems)
    assert np.count_nonzero(left & ~stems) < 0.02 * np.count_nonzero(above | below)


def test_a_line_is_not_followed_where_another_goes_on_beside_it() -> None:
    """The border of a puzzle on bent paper is two straight lines."""
    other, upper = (Segment((60.0, end), (x, x), end - 60.0, False) for x, end in ((100.0, 860.0), (1060.0, 420.0)))
    lower = Segment((400.0, 860.0), (1048.0, 1030.0), 460.0, False)

    assert _reach(upper, [other, upper, lower], near=25.0) == (pytest.approx(0.8 * 360), 0.0)
    assert _reach(lower, [other, upper, lower], near=25.0) == (0.0, pytest.approx(0.8 * 460))
    assert _reach(upper, [other, upper, lower], near=5.0) == (pytest.approx(0.8 * 360), 440.0)


def test_strokes_in_a_column_thicker_than_the_lines_of_a_puzzle_are_no_broken_one() -> None:
    puzzle, stems = grid((100, 60), (6, 5), 160, 5), np.zeros((960, 1280), np.uint8)
    puzzle[63:858, 570:590] = 0
    cv2.line(puzzle, (100, 140), (400, 140), 255, 10)
    for row in range(5):
        cv2.line(stems, (580, 100 + 160 * row), (580, 180 + 160 * row), 255, 8)

    left = without_lines(puzzle | stems)

    assert np.count_nonzero(left & stems) > 0.97 * np.count_nonzero(stems)


def test_strokes_that_lean_in_a_column_are_no_broken_line_of_an_upright_puzzle() -> None:
    puzzle, stems = grid((100, 60), (6, 5), 160, 8), np.zeros((960, 1280), np.uint8)
    puzzle[65:856, 570:590] = 0
    for row in range(5):
        cv2.line(stems, (565, 180 + 160 * row), (595, 100 + 160 * row), 255, 6)

    left = without_lines(puzzle | stems)

    assert np.count_nonzero(left & stems) > 0.97 * np.count_nonzero(stems)


def test_tops_of_digits_in_a_row_are_no_rule_of_a_page_of_fine_ones() -> None:
    page, tops = np.zeros((960, 1280), np.uint8), np.zeros((960, 1280), np.uint8)
    for y in range(130, 900, 120):
        cv2.line(page, (40, y), (1240, y), 255, 2)
    cv2.line(tops, (300, 354), (640, 354), 255, 11)

    left = without_lines(page | tops)

    assert np.count_nonzero(left & tops) > 0.97 * np.count_nonzero(tops)
    assert np.count_nonzero(left & ~tops) < 0.02 * np.count_nonzero(page)


@pytest.mark.parametrize("stroke", [8, 26])
def test_a_fold_from_edge_to_edge_goes_from_a_large_digit_that_it_crosses(stroke: int) -> None:
    fold, digit = blank(), blank()
    cv2.line(fold, (300, 0), (308, 479), 255, 2)
    write(digit, "5", (230, 350), size=10.0, stroke=stroke)

    left = without_lines(fold | digit)

    assert np.count_nonzero(left & digit) > 0.97 * np.count_nonzero(digit)
    assert np.count_nonzero(left & ~digit) < 0.05 * np.count_nonzero(fold & ~digit)


def test_ones_that_lean_from_line_to_line_stay_on_squared_paper() -> None:
    ones = blank()
    for x in (145, 385):
        cv2.line(ones, (x, 96), (x - 34, 210), 255, 4)

    left = without_lines(squares() | ones)

    assert np.count_nonzero(left & ones) > 0.8 * np.count_nonzero(ones)


def test_the_ends_go_that_a_digit_leaves_of_a_line_of_squares() -> None:
    page, digit = squares(ends=(270, 350)), blank()
    write(digit, "0", (220, 360), size=9.0, stroke=24)
    page[140:400, 220:410] = 0  # the threshold rises beside dark ink

    (found,) = find_regions(page | digit).regions

    assert found.box_xywh[3] > 180


def test_boxes_drawn_around_numbers_make_no_ruled_page() -> None:
    page = blank()
    for left, top, right, bottom in (
        (40, 60, 240, 150),
        (350, 75, 580, 165),
        (40, 210, 260, 290),
        (400, 330, 600, 400),
    ):
        cv2.rectangle(page, (left, top), (right, bottom), 255, 2)
    numbers = blank()
    write(numbers, "7", (275, 104))  # its bar lies where the top of the first box would go on
    write(numbers, "7", (100, 378))  # the same of the last one
    write(numbers, "1", (480, 270))

    both = cv2.bitwise_or(page, numbers)

    np.testing.assert_array_equal(without_lines(both) & numbers, numbers)
    assert len(find_regions(both).regions) == 3


def looped(page: UInt8, left: int, top: int, right: int, bottom: int) -> None:
    """A closed line with straight parts and round corners, as somebody draws it around a number."""
    cv2.line(page, (left + 30, top), (right - 30, top), 255, 3)
    cv2.line(page, (left + 30, bottom), (right - 30, bottom), 255, 3)
    for middle, angle in ((left + 30, 90), (right - 30, 270)):
        cv2.ellipse(page, (middle, (top + bottom) // 2), (30, (bottom - top) // 2), 0, angle, angle + 180, 255, 3)


def test_loops_around_numbers_go_with_all_their_parts() -> None:
    page, numbers = blank(), blank()
    for top in (40, 180, 320):
        looped(page, 60, top, 420, top + 100)
        write(numbers, "3856", (110, top + 70))

    page, numbers = turned(page, 4), turned(numbers, 4)
    both = cv2.bitwise_or(page, numbers)

    np.testing.assert_array_equal(without_lines(both), numbers)
    assert len(find_regions(both).regions) == 12


def test_a_small_box_goes_as_a_whole_where_a_long_line_would_go_on_through_its_foot() -> None:
    page, number = blank(), blank()
    cv2.line(page, (220, 235), (635, 235), 255, 2)
    cv2.rectangle(page, (80, 150), (160, 235), 255, 2)
    write(number, "3", (100, 215))

    both = cv2.bitwise_or(page, number)

    np.testing.assert_array_equal(without_lines(both), number)


def test_a_loop_that_a_digit_hangs_on_is_not_taken_with_it() -> None:
    page, number = blank(), blank()
    looped(page, 60, 180, 420, 300)
    write(page, "3856", (110, 260))
    write(number, "7", (250, 345))  # its bar lies on the loop

    left = without_lines(cv2.bitwise_or(page, number)) & number

    assert np.count_nonzero(left) > 0.6 * np.count_nonzero(number)


def test_a_large_0_with_nothing_in_it_is_no_loop() -> None:
    page = blank()
    cv2.ellipse(page, (320, 240), (110, 170), 0, 0, 360, 255, 4)
    cv2.circle(page, (300, 200), 4, 255, -1)  # a speck

    np.testing.assert_array_equal(without_lines(page), page)


def large_on_rules(digit: str, stroke: int) -> tuple[UInt8, UInt8]:
    """A digit over several rules of paper; and these, from edge to edge."""
    ink, rules = blank(), blank()
    write(ink, digit, (190, 400), size=14, stroke=stroke)
    for y in range(20, 480, 40):
        cv2.line(rules, (0, y), (640, y + 5), 255, 2)
    return ink, rules


@pytest.mark.parametrize(("digit", "stroke"), [("4", 10), ("9", 12), ("1", 9), ("7", 10)])
def test_the_strokes_of_a_large_digit_are_no_lines_of_the_paper_that_it_crosses(digit: str, stroke: int) -> None:
    ink, rules = large_on_rules(digit, stroke)

    left = without_lines(ink | rules)

    assert np.count_nonzero(left & ink) >= 0.97 * np.count_nonzero(ink)
    assert np.count_nonzero(left & ~ink) <= 0.02 * np.count_nonzero(rules)


def test_rules_go_from_a_digit_of_a_fat_marker_though_most_of_its_box_is_ink() -> None:
    ink, rules = large_on_rules("8", 110)

    left = without_lines(ink | rules)

    assert np.array_equal(left & ink, ink)
    assert np.count_nonzero(left & ~ink) <= 0.1 * np.count_nonzero(rules & ~ink)
    assert not left[:, :150].any()
    assert not left[:, 560:].any()


def test_a_bold_rule_goes_on_behind_a_fat_stroke() -> None:
    ink, rules = blank(), blank()
    cv2.line(ink, (75, 60), (75, 420), 255, 90)
    for y in range(40, 480, 60):
        cv2.line(rules, (0, y), (640, y), 255, 5)

    left = without_lines(ink | rules)

    assert not left[:, :10].any()
    assert np.array_equal(left[70:410, 30:120], ink[70:410, 30:120])


def test_a_rule_that_the_threshold_left_thinner_near_a_digit_goes_whole() -> None:
    ink, rules = blank(), blank()
    write(ink, "5", (60, 300), size=5, stroke=12)
    for y in range(30, 480, 38):
        rules[y, :] = 255
        rules[y - 1 : y + 2, 260:] = 255

    left = without_lines(ink | rules)

    assert not left[:, 260:].any()
    assert np.count_nonzero(left & ink) >= 0.99 * np.count_nonzero(ink)


def test_what_a_digit_left_of_the_lines_of_squares_at_the_edge_of_the_frame_goes() -> None:
    page = np.zeros((960, 1280), np.uint8)
    for at in range(24, 1280, 53):
        cv2.line(page, (at, 0), (at, 960), 255, 5)
        cv2.line(page, (0, at), (1280, at), 255, 5)
    page[60:, 160:780] = 0  # where the strokes of a digit made the threshold blind to faint lines
    write(page, "0", (220, 820), size=22, stroke=26)

    assert not without_lines(page)[:40].any()


def test_strips_of_desk_along_the_edges_of_the_frame_rule_no_page() -> None:
    ink, desk = blank(), np.full(SHAPE, 255, np.uint8)
    for stroke in (
        [(135, 180), (128, 290), (150, 306), (338, 311)],
        [(338, 150), (333, 320)],
        [(302, 308), (296, 385)],
    ):
        cv2.polylines(ink, [np.array(stroke)], False, 255, 8)
    cv2.fillPoly(desk, [np.array([(12, 4), (627, 0), (639, 475), (0, 470)])], 0)

    left = without_lines(ink | desk)

    assert np.array_equal(left[20:460, 20:620], ink[20:460, 20:620])


@pytest.mark.parametrize("shift", [-12, 0, 12])
def test_a_line_of_squares_goes_that_a_digit_hides_most_of(shift: int) -> None:
    ink, squares = np.zeros((960, 1280), np.uint8), np.zeros((960, 1280), np.uint8)
    for at in range(24, 1280, 53):
        cv2.line(squares, (at, 0), (at, 960), 255, 3)
        cv2.line(squares, (0, at), (1280, at), 255, 3)
    stem = 24 + 12 * 53 + shift
    cv2.line(ink, (stem, 120), (stem, 880), 255, 80)
    cv2.line(ink, (stem - 250, 120), (stem, 120), 255, 80)

    left = without_lines(ink | squares)

    assert not left[:60].any()
    assert not left[940:].any()
    assert np.count_nonzero(left & ink) >= 0.999 * np.count_nonzero(ink)


@pytest.mark.parametrize("stroke", [10, 12])
def test_two_thick_strokes_across_the_rules_of_a_page_make_no_squares_of_it(stroke: int) -> None:
    strokes, rules = blank(), blank()
    for x in (200, 420):
        cv2.line(strokes, (x, 40), (x, 440), 255, stroke)
    for y in range(20, 480, 40):
        cv2.line(rules, (0, y), (640, y), 255, 2)

    left = without_lines(strokes | rules)

    assert np.count_nonzero(left & strokes) >= 0.97 * np.count_nonzero(strokes)
    assert np.count_nonzero(left & ~strokes) <= 0.02 * np.count_nonzero(rules)


def test_an_upright_stroke_across_a_few_rules_is_no_margin() -> None:
    stem, rules = blank(), blank()
    cv2.line(stem, (320, 170), (320, 330), 255, 6)
    for y in range(20, 480, 40):
        cv2.line(rules, (0, y), (640, y), 255, 3)

    left = without_lines(stem | rules)

    assert np.count_nonzero(left & stem) >= 0.97 * np.count_nonzero(stem)


@pytest.mark.parametrize(
    ("dashes", "first", "y", "found"),
    [
        pytest.param(4, 200, 480, 1, id="four of a line of the grid"),
        pytest.param(3, 200, 480, 0, id="too few"),
        pytest.param(4, 200, 540, 0, id="between two lines"),
        pytest.param(1, 0, 480, 1, id="one at the edge of the frame"),
    ],
)
def test_a_few_dashes_are_a_line_where_the_grid_has_one(dashes: int, first: int, y: int, found: int) -> None:
    left = np.zeros((960, 1280), np.uint8)
    for x in range(first, first + 40 * dashes, 40):
        left[y - 2 : y + 3, x : x + 24] = 255
    flat = [Segment((0.0, 1279.0), (at, at), 1279.0, True) for at in (30.0, 180.0, 330.0, 630.0, 780.0)]
    upright = [Segment((0.0, 959.0), (at, at), 959.0, False) for at in (30.0, 180.0, 330.0, 480.0)]

    assert len(find_hairlines(left, flat + upright, 5.0)) == found
