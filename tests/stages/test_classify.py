"""Scores become digits only beyond doubt."""

import numpy as np
import pytest

from edge_app.frames import Region
from edge_app.stages.classify import Scored, classify, share_of_digits
from edge_app.stages.crop import Measures
from tests.patches import patches_of


def scores(winner: int, probability: float, classes: int = 10) -> np.ndarray:
    row = np.full((1, classes), (1 - probability) / (classes - 1), dtype=np.float32)
    row[0, winner] = probability
    return row


def scored(
    rows: np.ndarray,
    regions: list[Region],
    contrasts: list[float],
    dark_rim: float = 0.0,
    stroke_widths: list[float] | None = None,
    unrests: list[float] | None = None,
) -> Scored:
    levels = np.array(contrasts, dtype=np.float32)
    widths = np.array(stroke_widths or [5.0] * len(regions), dtype=np.float32)
    patches = patches_of(*(unrests or [0.0] * len(regions)), dark_rim=dark_rim)
    measures = Measures(levels, levels / 200, widths)
    return Scored(tuple(regions), rows, measures, np.full_like(levels, np.nan), patches)


HERE = (10, 20, 30, 40)
INKY = [120.0]


@pytest.mark.parametrize(
    ("row", "cut", "digits", "doubtful", "others"),
    [
        pytest.param(scores(7, 0.9), False, [7], 0, 0, id="sure"),
        pytest.param(scores(7, 0.6), False, [7], 0, 0, id="just sure enough"),
        pytest.param(scores(7, 0.5), False, [], 1, 0, id="unsure"),
        pytest.param(scores(7, 0.99), True, [], 1, 0, id="sure but cut by the frame"),
        pytest.param(scores(10, 0.9, 11), False, [], 0, 1, id="no digit"),
        pytest.param(scores(10, 0.6, 11), False, [], 1, 0, id="hardly a digit"),
        pytest.param(scores(3, 0.9, 11), False, [3], 0, 0, id="a digit of a model with reject"),
    ],
)
def test_verdict(row: np.ndarray, cut: bool, digits: list[int], doubtful: int, others: int) -> None:
    verdicts = classify(scored(row, [Region(HERE, (1,), cut)], INKY), threshold=0.6)

    assert [digit.digit for digit in verdicts.digits] == digits
    assert len(verdicts.doubtful) == doubtful
    assert len(verdicts.others) == others


@pytest.mark.parametrize(("digit", "told"), [(1, False), (7, True)])
def test_the_gap_between_two_things_is_no_1_nor_anything_else(digit: int, told: bool) -> None:
    gap = scored(scores(digit, 0.95), [Region(HERE, (1,))], INKY)
    vars(gap.patches[0])["open_ends"] = 0.9

    verdicts = classify(gap, threshold=0.6)

    assert bool(verdicts.digits) == told
    assert not verdicts.doubtful
    assert not verdicts.others


def test_a_digit_keeps_its_box_and_confidence() -> None:
    digit = classify(scored(scores(4, 0.75), [Region(HERE, (1,))], INKY), threshold=0.5).digits[0]

    assert digit.box_xywh == HERE
    assert digit.confidence == pytest.approx(0.75)


def test_no_regions_give_no_verdicts() -> None:
    verdicts = classify(scored(np.zeros((0, 10), np.float32), [], []), threshold=0.5)

    assert verdicts.digits == verdicts.doubtful == ()


def test_a_smudge_is_no_digit_however_sure_the_classifier_is() -> None:
    rows = np.concatenate([scores(4, 0.9), scores(6, 0.9), scores(0, 0.9), scores(8, 0.99)])
    regions = [Region((40 * n, 20, 30, 40), (n,)) for n in range(4)]

    verdicts = classify(scored(rows, regions, [120, 110, 40, 12]), threshold=0.5)

    assert [digit.digit for digit in verdicts.digits] == [4, 6, 0]
    assert verdicts.doubtful == ()


def test_small_digits_that_show_through_around_a_large_one_are_none_however_many() -> None:
    rows = np.concatenate([scores(4, 0.9)] + 6 * [scores(8, 0.99)])
    regions = [Region((200, 20, 150, 200), (0,))] + [Region((40 * n, 20, 30, 40), (n,)) for n in range(1, 7)]

    verdicts = classify(scored(rows, regions, [120] + 6 * [18]), threshold=0.5)

    assert [digit.digit for digit in verdicts.digits] == [4]


def test_what_is_left_of_a_pale_rule_is_no_1() -> None:
    rows = np.concatenate([scores(4, 0.9), scores(1, 0.9), scores(8, 0.9), scores(1, 0.99), scores(7, 0.99)])
    regions = [Region((40 * n, 20, 30, 40), (n,)) for n in range(5)]

    verdicts = classify(scored(rows, regions, [120, 100, 120, 40, 40]), threshold=0.5)

    assert [(digit.digit, digit.box_xywh[0]) for digit in verdicts.digits] == [(4, 0), (1, 40), (8, 80), (7, 160)]


def test_what_is_left_of_a_thin_rule_is_no_1_either() -> None:
    rows = np.concatenate([scores(4, 0.9), scores(1, 0.9), scores(8, 0.9), scores(1, 0.99), scores(7, 0.99)])
    regions = [Region((40 * n, 20, 30, 40), (n,)) for n in range(5)]

    levels = [120, 120, 120, 80, 80]
    verdicts = classify(scored(rows, regions, levels, stroke_widths=[6.0, 4.0, 6.0, 1.5, 1.5]), threshold=0.5)

    assert [digit.digit for digit in verdicts.digits] == [4, 1, 8, 7]


def test_the_share_of_digits_leaves_out_strokes_and_doubts() -> None:
    rows = np.concatenate([scores(4, 0.9), scores(1, 0.99), scores(8, 0.8), scores(7, 0.99)])
    regions = [Region((40 * n, 20, 30, 40), (n,)) for n in range(4)]

    assert share_of_digits(scored(rows, regions, [120.0] * 4)) == 0.5
    assert share_of_digits(scored(np.zeros((0, 10), np.float32), [], [])) == 0.0


@pytest.mark.parametrize(
    ("digit", "level", "width", "believed"),
    [
        pytest.param(7, 40.0, 1.5, False, id="a corner of squares"),
        pytest.param(4, 40.0, 1.5, False, id="where two lines cross"),
        pytest.param(7, 75.0, 1.5, True, id="a fine pen"),
        pytest.param(7, 40.0, 3.0, True, id="a pale pen"),
        pytest.param(2, 40.0, 1.5, True, id="no corner"),
    ],
)
def test_a_thin_and_pale_corner_is_no_digit(digit: int, level: float, width: float, believed: bool) -> None:
    rows = np.concatenate([scores(4, 0.9), scores(3, 0.9), scores(8, 0.9), scores(digit, 0.99)])
    regions = [Region((40 * n, 20, 30, 40), (n,)) for n in range(4)]

    verdicts = classify(scored(rows, regions, [120, 110, 120, level], stroke_widths=[6.0, 5.0, 6.0, width]), 0.5)

    assert [digit.digit for digit in verdicts.digits] == [4, 3, 8] + [digit] * believed


def test_what_is_left_of_squared_paper_is_no_digit_though_there_is_more_of_it() -> None:
    rows = np.concatenate([scores(4, 0.9), scores(1, 0.9), scores(8, 0.9), *[scores(1, 0.99)] * 9])
    regions = [Region((40 * n, 20, 30, 40), (n,)) for n in range(12)]
    levels, widths = [120.0, 110.0, 120.0] + [40.0] * 9, [6.0, 4.0, 6.0] + [2.0] * 9

    verdicts = classify(scored(rows, regions, levels, stroke_widths=widths), threshold=0.5)

    assert [digit.digit for digit in verdicts.digits] == [4, 1, 8]


def test_a_1_of_a_fine_pen_beside_bold_print_is_one() -> None:
    rows = np.concatenate([scores(4, 0.9), scores(1, 0.9), scores(8, 0.9)])
    regions = [Region((40 * n, 20, 30, 40), (n,)) for n in range(3)]

    verdicts = classify(scored(rows, regions, [120, 100, 120], stroke_widths=[7.0, 2.7, 7.0]), threshold=0.5)

    assert [digit.digit for digit in verdicts.digits] == [4, 1, 8]


def test_the_edge_of_a_page_is_no_digit() -> None:
    edge = classify(scored(scores(1, 0.99), [Region(HERE, (1,))], INKY, dark_rim=0.2), threshold=0.5)

    assert edge.digits == ()
    assert [region.box_xywh for region in edge.doubtful] == [HERE]


@pytest.mark.parametrize(
    ("unrests", "believed", "digit"),
    [
        pytest.param([0.21], 1, 3, id="on paper"),
        pytest.param([0.23], 0, 3, id="between leaves"),
        pytest.param([0.38, 0.1, 0.1], 3, 3, id="in the corner of a page"),
        pytest.param([0.42, 0.1, 0.1], 2, 3, id="beside a page"),
        pytest.param([0.1, 0.3, 0.3], 1, 3, id="a page before leaves"),
        pytest.param([0.3] * 19, 0, 3, id="many leaves"),
        pytest.param([0.5] * 20, 20, 3, id="a page whose paper cannot be seen"),
        pytest.param([0.5] * 40, 0, 1, id="grass on a hill"),
    ],
)
def test_shapes_are_no_digits_where_nobody_writes(unrests: list[float], believed: int, digit: int) -> None:
    rows = np.repeat(scores(digit, 0.99, 11), len(unrests), axis=0)
    regions = [Region((40 * number, 20, 30, 40), (number + 1,)) for number in range(len(unrests))]
    verdicts = classify(scored(rows, regions, INKY * len(unrests), unrests=unrests), threshold=0.6)

    assert len(verdicts.digits) == believed
    assert len(verdicts.others) == len(unrests) - believed


@pytest.mark.parametrize(
    ("height", "level", "probability", "unrest", "is_believed"),
    [
        pytest.param(61, 125.0, 0.99, 0.38, True, id="all of it"),
        pytest.param(59, 125.0, 0.99, 0.38, False, id="small"),
        pytest.param(61, 115.0, 0.99, 0.38, False, id="pale"),
        pytest.param(61, 125.0, 0.97, 0.38, False, id="in doubt"),
        pytest.param(61, 125.0, 0.99, 0.42, False, id="too restless for any"),
    ],
)
def test_one_large_bold_digit_is_believed_with_uneven_strokes(
    height: int, level: float, probability: float, unrest: float, is_believed: bool
) -> None:
    regions = [Region((20 + 100 * number, 20, 40, height), (number + 1,)) for number in range(2)]
    rows = np.repeat(scores(7, probability, 11), 2, axis=0)
    one = classify(scored(rows[:1], regions[:1], [level], unrests=[unrest]), threshold=0.6)
    two = classify(scored(rows, regions, [level] * 2, unrests=[unrest] * 2), threshold=0.6)

    assert len(one.digits) == is_believed
    assert not two.digits  # leaves


@pytest.mark.parametrize(
    ("digit", "width", "is_believed"),
    [(7, 75, True), (7, 78, False), (2, 99, True), (2, 102, False), (0, 99, True), (5, 99, True), (1, 78, False)],
)
def test_what_lies_too_wide_is_no_digit(digit: int, width: int, is_believed: bool) -> None:
    verdicts = classify(scored(scores(digit, 0.99, 11), [Region((10, 20, width, 40), (1,))], INKY), threshold=0.6)

    assert bool(verdicts.digits) == is_believed
    assert bool(verdicts.others) != is_believed
