"""Among letters and shapes a lonely digit is not believed."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge_app.frames import BoxXYWH, Digit, Reading, Region, UInt8
from edge_app.stages.context import believable, with_clear_ends
from edge_app.stages.regions import RegionLimits, find_regions
from tests.patches import patch_of


def number(x: int, text: str, y: int = 100, height: int = 30) -> Reading:
    return Reading(tuple(Digit(int(c), 0.99, (x + 24 * i, y, 20, height)) for i, c in enumerate(text)))


def shapes(*boxes: BoxXYWH) -> list[Region]:
    return [Region(box, (1,)) for box in boxes]


def texts(
    readings: list[Reading],
    others: list[Region],
    ink: UInt8 | None = None,
    *,
    unrest: float | Sequence[float] = 0.06,
    unrest_of_others: float = 0.0,
    letters: Collection[BoxXYWH] = (),
    signs: Collection[BoxXYWH] = (),
    in_fields: Collection[Reading] = (),
    dark_on_light: bool = True,
) -> list[str]:
    region_map = find_regions(np.zeros((480, 640), np.uint8) if ink is None else ink, dark_on_light)
    each = [unrest] * len(readings) if isinstance(unrest, float) else unrest
    patches = {d.box_xywh: patch_of(one) for reading, one in zip(readings, each, strict=True) for d in reading.digits}
    patches |= {region.box_xywh: patch_of(unrest_of_others) for region in others}
    kept = believable(readings, others, region_map, patches, letters, signs, in_fields)
    return [reading.text for reading in kept]


def test_numbers_alone_are_believed() -> None:
    assert texts([number(100, "407"), number(300, "1")], []) == ["407", "1"]


@pytest.mark.parametrize(
    ("reading", "others"),
    [
        pytest.param(number(100, "0"), [(78, 100, 20, 30)], id="to: a letter before it"),
        pytest.param(number(100, "110"), [(78, 96, 20, 34), (52, 105, 22, 25), (28, 96, 20, 34)], id="hello"),
        pytest.param(number(100, "1"), [(122, 104, 22, 26)], id="in: a letter after it"),
        pytest.param(number(100, "11"), [(86, 114, 12, 14)], id="ell: a low letter before two strokes"),
    ],
)
def test_letters_of_a_word_are_no_digits(reading: Reading, others: list[BoxXYWH]) -> None:
    assert texts([reading], shapes(*others)) == []


@pytest.mark.parametrize(
    ("reading", "others"),
    [
        pytest.param(number(100, "12"), [(160, 110, 16, 4)], id="12 -"),
        pytest.param(number(100, "12"), [(158, 107, 16, 16)], id="12 +"),
        pytest.param(number(100, "12"), [(170, 96, 20, 34), (194, 96, 20, 34)], id="12 kg, a space between"),
        pytest.param(number(100, "407"), [(176, 104, 20, 26)], id="407m: more digits than letters"),
        pytest.param(number(100, "12"), [(100, 40, 20, 30), (124, 40, 20, 30)], id="a word on another line"),
    ],
)
def test_numbers_beside_signs_and_words_are_believed(reading: Reading, others: list[BoxXYWH]) -> None:
    assert texts([reading], shapes(*others)) == [reading.text]


@pytest.mark.parametrize(
    ("read", "others", "believed"),
    [
        pytest.param("37", [(148, 96, 20, 34), (170, 104, 20, 26)], True, id="37cm"),
        pytest.param("5", [(124, 96, 20, 34), (146, 104, 20, 34)], True, id="5kg"),
        pytest.param("37", [(148, 96, 20, 34), (170, 104, 20, 26), (192, 104, 20, 26)], False, id="three letters"),
        pytest.param("5", [(78, 96, 20, 34), (124, 104, 20, 26)], False, id="letters on both sides"),
        pytest.param("10", [(148, 96, 20, 34), (170, 104, 20, 26)], False, id="lo.."),
    ],
)
def test_a_unit_after_a_number_makes_no_word_where_there_are_long_numbers(
    read: str, others: list[BoxXYWH], believed: bool
) -> None:
    alone = texts([number(100, read)], shapes(*others))
    among = texts([number(100, read), number(100, "4072", y=200)], shapes(*others))

    assert (alone, among) == ([], [read, "4072"] if believed else ["4072"])


@pytest.mark.parametrize(
    ("numbers", "believed"),
    [
        pytest.param(["1111", "11111", "11"], False, id="a tally of eleven"),
        pytest.param(["111111111111"], False, id="a ruler"),
        pytest.param(["1111", "11111"], True, id="nine 1s"),
        pytest.param(["1111", "11111", "11", "7"], True, id="a 7 among them"),
    ],
)
def test_strokes_in_a_row_of_nothing_else_are_no_numbers(numbers: list[str], believed: bool) -> None:
    starts = np.cumsum([0] + [24 * len(text) + 20 for text in numbers])[:-1]
    row = [number(20 + int(start), text) for start, text in zip(starts, numbers, strict=True)]

    assert texts([number(20, "11", y=300), *row], []) == ["11", *(numbers if believed else [])]


@pytest.mark.parametrize(
    ("text", "confidence", "letters", "believed"),
    [
        pytest.param("7", 1.0, 1, True, id="beyond doubt, and perhaps it was a digit"),
        pytest.param("7", 1.0, 2, False, id="beyond doubt in a word"),
        pytest.param("7", 0.9, 1, False, id="not beyond doubt"),
        pytest.param("0", 1.0, 1, False, id="a ring is an o"),
    ],
)
def test_one_digit_beside_what_is_none(text: str, confidence: float, letters: int, believed: bool) -> None:
    reading = Reading((Digit(int(text), confidence, (100, 100, 20, 30)),))
    beside = shapes(*((122 + 22 * place, 100, 20, 30) for place in range(letters)))

    assert texts([number(300, "53"), reading], beside) == ["53", text][: 1 + believed]


@pytest.mark.parametrize(
    ("confidence", "nearest_px", "believed"),
    [
        pytest.param(1.0, 20, True, id="beyond doubt, clear of all"),
        pytest.param(1.0, 10, False, id="beyond doubt, among them"),
        pytest.param(0.9, 20, False, id="not beyond doubt"),
    ],
)
def test_one_digit_beside_print_is_believed_where_it_stands_clear(
    confidence: float, nearest_px: int, believed: bool
) -> None:
    reading = Reading((Digit(6, confidence, (100, 100, 20, 30)),))
    print_below = shapes(*((40 + 24 * place, 130 + nearest_px, 16, 20) for place in range(6)))

    assert texts([reading], print_below) == ["6"] * believed


@pytest.mark.parametrize(
    ("amid", "believed"),
    [
        pytest.param(number(300, "407"), True, id="a number"),
        pytest.param(number(300, "5"), True, id="a digit beyond doubt"),
        pytest.param(number(300, "10"), False, id="a stroke and a ring"),
        pytest.param(Reading((Digit(5, 0.8, (300, 100, 20, 30)),)), False, id="a digit in doubt"),
    ],
)
def test_a_sure_number_amid_words_is_in_no_texture(amid: Reading, believed: bool) -> None:
    words = [(120 + 24 * column, 20 + 40 * row, 20, 30) for row in (0, 1, 3, 4) for column in range(16)]

    assert texts([amid], shapes(*words)) == []
    assert texts([amid], shapes(*words), letters=words) == ([amid.text] if believed else [])


def test_a_stray_digit_in_a_texture_is_not_believed() -> None:
    grain = shapes(*((60 * column, 60 * row, 25, 28) for row in range(5) for column in range(6)))

    assert texts([number(130, "7", y=130)], grain) == []


def test_a_page_of_numbers_with_a_few_smudges_is_believed() -> None:
    page = [number(40, "12345", y=40 * row) for row in range(1, 6)]
    smudges = shapes(*((200 + 40 * column, 90, 25, 28) for column in range(6)))

    assert len(texts(page, smudges)) == 5


def signs_between(count: int) -> list[Region]:
    return shapes(*((250 + 100 * (n % 3), 107 + 60 * (n // 3), 16, 16) for n in range(count)))


@pytest.mark.parametrize(
    ("rows", "signs", "believed"),
    [
        pytest.param(["1001", "10", "110"], 4, True, id="as many signs as zeros"),
        pytest.param(["1001", "10", "110"], 5, False, id="one more"),
        pytest.param(["0100", "01", "001"], 3, True, id="as many signs as ones"),
        pytest.param(["0100", "01", "001"], 4, False, id="one more than ones"),
        pytest.param(["111", "11", "1111"], 3, False, id="strokes alone"),
        pytest.param(["000", "00", "0000"], 3, False, id="rings alone"),
        pytest.param(["1001", "10", "112"], 5, True, id="no binary numbers, and one that supports all"),
    ],
)
def test_sums_of_binary_numbers_have_signs(rows: list[str], signs: int, believed: bool) -> None:
    page = [number(100, text, y=100 + 60 * row) for row, text in enumerate(rows)]

    assert texts(page, signs_between(signs)) == (rows if believed else [])


@pytest.mark.parametrize(("last", "believed"), [("1011010110", True), ("101101011", False)])
def test_a_1_taken_for_a_7_takes_nothing_from_a_page_of_binary_numbers(last: str, believed: bool) -> None:
    rows = [number(100, "1170", y=100, height=90), number(100, "100110", y=300), number(100, last, y=360)]
    page = rows if believed else rows[:1]

    assert texts(rows, signs_between(4)) == [reading.text for reading in page]


def test_a_tick_beside_a_binary_number_makes_no_word_of_it() -> None:
    tick = (172, 100, 24, 28)

    assert texts([number(100, "101")], shapes(tick)) == ["101"]
    assert texts([number(100, "101")], shapes(tick, (400, 300, 24, 28))) == []
    assert texts([number(100, "1")], shapes((124, 100, 24, 28))) == []


def test_strokes_and_rings_in_the_boxes_of_a_form_are_digits_whatever_else_is_on_it() -> None:
    answers = [number(100, "1011", y=100), number(100, "0", y=160), number(100, "11", y=400, height=90)]
    labels = shapes(*((400 + 40 * n, 300, 24, 30) for n in range(5)))

    assert texts(answers, labels) == []
    assert texts(answers, labels, in_fields=answers[:1]) == ["1011", "0"]


def test_a_digit_in_a_cell_of_its_own_is_of_no_word_and_no_texture_beside_it() -> None:
    score, total = number(200, "0"), number(400, "27")
    name = shapes(*[(168 - 30 * place, 100, 24, 30) for place in range(5)])
    names = name + shapes(*[(20 + 30 * place, 180 + 50 * row, 24, 30) for place in range(6) for row in range(2)])

    assert texts([score, total], name) == ["27"]
    assert texts([score, total], name, in_fields=[score]) == ["0", "27"]
    assert texts([score, total], names, in_fields=[score]) == ["0", "27"]


@pytest.mark.parametrize(("height", "kept"), [(20, []), (12, ["44"])])
def test_what_was_not_looked_at_stands_for_letters(height: int, kept: list[str]) -> None:
    ink = np.zeros((480, 640), np.uint8)
    for left in (78, 146, 168):
        ink[110 : 110 + height, left : left + 16] = 255
    region_map = replace(find_regions(ink, limits=RegionLimits(max_regions=1)), left_out=(1, 2, 3))
    forty_four = number(100, "44")
    patches = {digit.box_xywh: patch_of(0.06) for digit in forty_four.digits}

    assert [reading.text for reading in believable([forty_four], [], region_map, patches)] == kept


def test_small_specks_around_a_large_digit_say_nothing() -> None:
    specks = shapes(*((30 * column, 20 * row, 5, 6) for row in range(12) for column in range(12)))

    assert texts([number(100, "7", height=120)], specks) == ["7"]


@pytest.mark.parametrize(
    ("others", "believed"),
    [
        pytest.param([(400, 40 * i, 20, 12) for i in range(6)], True, id="six specks"),
        pytest.param([(400, 20 * i, 20, 12) for i in range(20)], False, id="twenty specks"),
        pytest.param([(400, 100 * i, 50, 60) for i in range(3)], False, id="three shapes as large as letters"),
    ],
)
def test_a_large_1_alone_is_believed_beside_a_few_specks(others: list[BoxXYWH], believed: bool) -> None:
    assert texts([number(100, "1", height=120)], shapes(*others)) == ["1"] * believed


def test_a_0_alone_is_believed_beside_the_holes_of_a_binder_but_not_beside_rings() -> None:
    boxes = [(30, 40 + 160 * row, 36, 36) for row in range(3)]
    holes, rings = np.zeros((2, 480, 640), np.uint8)
    for x, y, side, _ in boxes:
        cv2.circle(holes, (x + side // 2, y + side // 2), side // 2, 255, -1)
        cv2.circle(rings, (x + side // 2, y + side // 2), side // 2 - 2, 255, 3)

    assert texts([number(100, "0", height=120)], shapes(*boxes), holes) == ["0"]
    assert texts([number(100, "0", height=120)], shapes(*boxes), rings) == []


def page_of(*boxes: BoxXYWH) -> np.ndarray:
    mask = np.zeros((240, 640), np.uint8)
    for x, y, width, height in boxes:
        cv2.ellipse(mask, (x + width // 2, y + height // 2), (width // 2 - 2, height // 2 - 2), 0, 0, 360, 255, 4)
    return mask


def is_whole(mask: np.ndarray, reading: Reading, others: tuple[BoxXYWH, ...] = ()) -> bool:
    found = find_regions(mask)
    unknown = [region for region in found.regions if region.box_xywh[:2] in {box[:2] for box in others}]
    (kept,) = with_clear_ends([reading], unknown, found)
    return kept.whole


def test_a_number_on_clean_paper_is_whole() -> None:
    assert is_whole(page_of((100, 100, 20, 30), (124, 100, 20, 30)), number(100, "00"))


@pytest.mark.parametrize("side", [pytest.param(150, id="after"), pytest.param(0, id="before")])
def test_a_number_beside_a_hand_is_not_whole(side: int) -> None:
    mask = page_of((100, 100, 20, 30), (124, 100, 20, 30))
    cv2.rectangle(mask, (side, 60), (side + 95, 239), 255, -1)

    assert not is_whole(mask, number(100, "00"))


def test_a_number_beside_a_shape_that_may_hold_a_digit_is_not_whole() -> None:
    mask = page_of((100, 100, 20, 30), (124, 100, 20, 30), (152, 98, 40, 34))

    assert not is_whole(mask, number(100, "00"), others=((152, 98, 40, 34),))
    assert is_whole(mask, number(100, "00"))


def test_a_number_beside_an_operator_or_far_from_a_hand_is_whole() -> None:
    mask = page_of((100, 100, 20, 30), (124, 100, 20, 30))
    cv2.rectangle(mask, (152, 112), (164, 116), 255, -1)
    cv2.rectangle(mask, (200, 20), (300, 239), 255, -1)

    assert is_whole(mask, number(100, "00"))


def test_the_desk_around_a_page_and_what_a_digit_lies_in_are_no_letters() -> None:
    large = Reading((Digit(5, 0.99, (340, 160, 510, 610)),))
    desk = Region((0, 0, 570, 800), (1,), cut=True)
    blot = Region((0, 100, 570, 700), (2,))

    assert texts([large], [desk, blot]) == ["5"]


def test_a_stroke_far_taller_than_the_digits_around_it_is_a_pen_on_the_page() -> None:
    row = [number(100, "53"), number(300, "68"), number(420, "9")]
    pen = Reading((Digit(1, 0.99, (220, 70, 12, 90)),))

    assert texts([*row, pen], []) == ["53", "68", "9"]


def test_a_1_may_be_taller_than_its_neighbours() -> None:
    row = [number(100, "53"), number(300, "68"), number(420, "9")]
    one = Reading((Digit(1, 0.99, (220, 95, 12, 40)),))

    assert texts([*row, one], []) == ["53", "68", "9", "1"]


def test_letters_between_two_digits_are_letters_of_the_same_word() -> None:
    apart = Reading((Digit(1, 0.99, (100, 100, 10, 34)), Digit(4, 0.6, (146, 100, 14, 34))))

    assert texts([number(300, "53"), apart], shapes((114, 108, 20, 24), (164, 108, 20, 24))) == ["53"]
    assert texts([number(300, "53"), apart], shapes((114, 108, 20, 24))) == ["53", "14"]


@pytest.mark.parametrize(
    ("text", "confidence", "scratches", "believed"),
    [
        pytest.param("7", 0.9, 12, False, id="a shape like a 7 in leather"),
        pytest.param("1", 1.0, 12, False, id="a scratch among scratches"),
        pytest.param("7", 1.0, 12, True, id="a 7 beyond doubt"),
        pytest.param("7", 0.9, 5, True, id="few scratches"),
        pytest.param("77", 0.9, 12, True, id="a number"),
    ],
)
def test_in_grain_one_digit_alone_is_not_believed(text: str, confidence: float, scratches: int, believed: bool) -> None:
    ink = np.zeros((480, 640), np.uint8)
    for place in range(scratches):
        x, y = 240 + 40 * (place % 4), 150 + 50 * (place // 4)
        cv2.line(ink, (x, y), (x + 12, y + 20), 255, 2)
    digits = tuple(Digit(int(c), confidence, (300 + 24 * i, 220, 20, 30)) for i, c in enumerate(text))

    assert texts([Reading(digits)], [], ink) == ([text] if believed else [])


LEAVES = [(40 + 60 * (number % 8), 20 + 60 * (number // 8), 20, 30) for number in range(32)]


@pytest.mark.parametrize(
    ("text", "unrest", "behind", "is_believed"),
    [
        pytest.param("4", 0.05, 0.16, True, id="a card before leaves"),
        pytest.param("0", 0.05, 0.16, True, id="a ring on it"),
        pytest.param("1", 0.05, 0.16, False, id="a stroke may be anything"),
        pytest.param("10", 0.05, 0.16, True, id="with a ring it is a number"),
        pytest.param("4", 0.06, 0.16, False, id="between leaves"),
        pytest.param("4", 0.05, 0.14, False, id="among letters on a page"),
        pytest.param("0", 0.05, 0.14, False, id="an o among them"),
    ],
)
def test_a_card_before_a_garden_is_no_part_of_it(text: str, unrest: float, behind: float, is_believed: bool) -> None:
    card = number(243, text, y=113)
    around = [box for box in LEAVES if not (200 < box[0] < 320 and 60 < box[1] < 180)]

    said = texts([card], shapes(*around), unrest=unrest, unrest_of_others=behind)

    assert said == [text] * is_believed


@pytest.mark.parametrize(
    ("text", "unrest", "dark_on_light", "lights", "is_believed"),
    [
        pytest.param("74", 0.25, False, 5, False, id="glints of a motorcycle"),
        pytest.param("74", 0.15, False, 5, True, id="words on a board"),
        pytest.param("7", 0.09, False, 5, False, id="one digit amid them"),
        pytest.param("7", 0.07, False, 5, True, id="on a smooth board"),
        pytest.param("74", 0.25, False, 2, False, id="two lamps"),
        pytest.param("74", 0.25, False, 1, True, id="one"),
        pytest.param("74", 0.25, True, 5, True, id="dark ink"),
    ],
)
def test_lights_amid_lights_are_no_digits(
    text: str, unrest: float, dark_on_light: bool, lights: int, is_believed: bool
) -> None:
    far = shapes(*[(20 + 120 * number, 400, 20, 30) for number in range(lights)])

    assert texts([number(300, text)], far, unrest=unrest, dark_on_light=dark_on_light) == [text] * is_believed


def test_a_doubtful_digit_amid_lights_is_none() -> None:
    far = shapes(*[(20 + 120 * number, 400, 20, 30) for number in range(5)])
    seven = Reading((Digit(7, 0.94, (300, 100, 20, 30)),))

    assert texts([seven], far, unrest=0.07) == ["7"]
    assert texts([seven], far, unrest=0.07, dark_on_light=False) == []


@pytest.mark.parametrize(("digits", "is_believed"), [(7, False), (8, True)])
def test_a_board_of_numbers_with_a_few_words_is_no_photograph(digits: int, is_believed: bool) -> None:
    chalk = np.zeros((480, 640), np.uint8)
    for place in range(digits + 5):
        cv2.rectangle(chalk, (20 + 48 * place, 400), (40 + 48 * place, 430), 255, 3)
    far = shapes(*[(20 + 48 * place, 400, 20, 30) for place in range(5)])

    assert texts([number(300, "74")], far, chalk, unrest=0.25, dark_on_light=False) == ["74"] * is_believed


def test_what_is_left_of_a_grid_is_no_number_beside_numbers_on_paper() -> None:
    page = [number(40, "23"), number(40, "45", y=200), number(400, "47")]

    assert texts(page, [], unrest=(0.05, 0.1, 0.28)) == ["23", "45", "47"]
    assert texts(page, [], unrest=(0.05, 0.1, 0.32)) == ["23", "45"]
    assert texts(page, [], unrest=(0.32, 0.1, 0.32)) == ["23", "45", "47"]
    assert texts([*page[:2], number(400, "470")], [], unrest=(0.05, 0.1, 0.32)) == ["23", "45", "470"]


@pytest.mark.parametrize(("confidence", "is_believed"), [(0.96, True), (0.94, False)])
def test_grain_around_a_card_does_not_speak_against_what_is_surely_on_it(confidence: float, is_believed: bool) -> None:
    ink = np.zeros((480, 640), np.uint8)
    for x in range(60, 400, 40):
        ink[60:80, x : x + 12] = ink[150:170, x : x + 12] = 255
    card = Reading((Digit(4, confidence, (200, 100, 20, 30)),))

    assert texts([card], [], ink, unrest=0.05) == ["4"] * is_believed
    assert not texts([card], [], ink, unrest=0.06)


def test_slim_shapes_beside_a_number_are_no_letters_but_where_it_may_be_one_itself() -> None:
    around = [(88, 92, 8, 44), (150, 92, 8, 44)]

    assert texts([number(100, "25")], shapes(*around)) == ["25"]
    assert texts([number(100, "10")], shapes(*around)) == []
    assert texts([number(300, "407"), number(100, "10")], shapes(*around)) == ["407", "10"]


def test_slim_letters_of_words_are_letters() -> None:
    word = [(88, 92, 8, 44), (124, 92, 8, 44)]

    assert texts([number(300, "407"), number(100, "5")], shapes(*word)) == ["407", "5"]
    assert texts([number(300, "407"), number(100, "5")], shapes(*word), letters=word) == ["407"]


def test_slashes_however_far_they_lean_make_no_word_of_a_date() -> None:
    slashes = [(72, 92, 26, 44), (148, 92, 26, 44)]

    assert texts([number(100, "03")], shapes(*slashes)) == []
    assert texts([number(100, "03")], shapes(*slashes), signs=slashes) == ["03"]


@pytest.mark.parametrize(
    ("unrest", "others", "is_believed"),
    [
        pytest.param([0.2, 0.14, 0.2], 24, False, id="leather"),
        pytest.param([0.2, 0.14, 0.2], 6, True, id="digits that touch print"),
        pytest.param([0.2, 0.1, 0.1], 24, True, id="one on a page touches something"),
    ],
)
def test_few_digits_on_uneven_ground_are_texture(unrest: list[float], others: int, is_believed: bool) -> None:
    numbers = [number(300 * place, "42") for place in range(3)]
    far = shapes(*[(20 + 40 * place, 400, 20, 30) for place in range(others)])

    assert texts(numbers, far, unrest=unrest) == ["42"] * 3 * is_believed


def test_a_calm_number_amid_texture_stays() -> None:
    numbers = [number(300 * place, "42") for place in range(3)]
    far = shapes(*[(20 + 40 * place, 400, 20, 30) for place in range(24)])

    assert texts(numbers, far, unrest=[0.2, 0.01, 0.2]) == ["42"]
