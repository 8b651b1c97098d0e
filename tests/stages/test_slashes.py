"""A slash is no 1: among operators, between digits that stand close, in a date."""

from dataclasses import replace

import numpy as np
import pytest

from edge_app.frames import BoxXYWH, Region
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.slashes import without_slashes
from tests.patches import patches_of

DIGIT_XS = (20, 50, 150, 180, 300, 330)
SIGN_XS = (100, 215, 400)


def page(stroke_x: int, lean_deg: float, signs: int = 3) -> Scored:
    """Digits in a row, operators between them, and a stroke that is taken for a 1, the last region."""
    places = [*((x, 7) for x in DIGIT_XS), *((x, 10) for x in SIGN_XS[:signs]), (stroke_x, 1)]
    regions = tuple(Region((x, 100 + 8 * (label == 10), 20, 40 - 16 * (label == 10)), (1,)) for x, label in places)
    scores = np.full((len(places), 11), 0.001, np.float32)
    scores[np.arange(len(places)), [label for _, label in places]] = 0.99
    leans = np.full(len(places), np.nan, np.float32)
    leans[-1] = lean_deg
    zeros = np.zeros(len(places), np.float32)
    return Scored(regions, scores, Measures(zeros, zeros, zeros), leans, patches_of(*zeros))


def read(scored: Scored) -> int:
    return int(without_slashes(scored).scores[-1].argmax())


def test_a_slash_among_operators_is_no_digit() -> None:
    assert read(page(stroke_x=260, lean_deg=29)) == 10


def test_a_1_stands_more_upright_than_a_slash() -> None:
    assert read(page(stroke_x=260, lean_deg=15)) == 1


def test_a_leaning_1_that_begins_a_line_is_a_digit_and_a_slash_may_end_one() -> None:
    regions = page(stroke_x=-40, lean_deg=29), page(stroke_x=440, lean_deg=29)

    assert [read(scored) for scored in regions] == [1, 10]


def test_a_leaning_1_in_a_number_is_a_digit() -> None:
    assert read(page(stroke_x=356, lean_deg=29)) == 1


def test_on_a_page_with_hardly_an_operator_a_leaning_stroke_is_a_1() -> None:
    assert read(page(stroke_x=260, lean_deg=29, signs=1)) == 1


@pytest.mark.parametrize(
    ("aside", "beside", "label"),
    [
        pytest.param(0, 0, 1, id="in the columns of a sum"),
        pytest.param(25, 0, 10, id="above no digit"),
        pytest.param(0, 22, 10, id="above a digit of a longer number"),
    ],
)
def test_in_the_columns_of_a_sum_a_leaning_stroke_is_a_1(aside: int, beside: int, label: int) -> None:
    scored = page(stroke_x=260, lean_deg=29)
    below = [Region((x, 150, 20, 40), (1,)) for x in (180, 260 + aside, *([260 + aside + beside] if beside else []))]
    left = Region((180, 100, 20, 40), (1,))
    rows = np.array([scored.regions.index(left)] * len(below))

    sums = scored.take(rows).joined(scored)

    assert read(replace(sums, regions=(*below, *scored.regions))) == label


def test_a_model_without_a_class_for_what_is_no_digit_is_left_as_it_is() -> None:
    scored = page(stroke_x=260, lean_deg=29)
    ten = replace(scored, scores=scored.scores[:, :10])

    assert without_slashes(ten) is ten


def line(signs: str, lean_deg: float = 20.0, length: int = 40, below: int = 0, top: int = 100) -> Scored:
    """Digits side by side, with a leaning stroke that is taken for a 1 at each slash."""
    labels = [1 if sign == "/" else int(sign) for sign in signs]
    stroke = (top + 40 - length + below, length)
    regions = tuple(
        Region((20 + 28 * place, *(stroke[:1] if sign == "/" else (top,)), 22, stroke[1] if sign == "/" else 40), (1,))
        for place, sign in enumerate(signs)
    )
    scores = np.full((len(signs), 11), 0.001, np.float32)
    scores[np.arange(len(signs)), labels] = 0.99
    leans = np.array([lean_deg if sign == "/" else 2.0 if sign == "1" else np.nan for sign in signs], np.float32)
    zeros = np.zeros(len(signs), np.float32)
    return Scored(regions, scores, Measures(zeros, zeros, zeros), leans, patches_of(*zeros))


def text(scored: Scored) -> str:
    return "".join("/" if label == 10 else str(label) for label in without_slashes(scored).scores.argmax(axis=1))


def test_a_long_leaning_stroke_that_goes_below_the_digits_beside_it_is_a_slash() -> None:
    assert text(line("3/4", length=52, below=6)) == "3/4"


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(line("3/4"), id="as long as the digits"),
        pytest.param(line("3/4", length=52, below=6, lean_deg=8), id="hardly leaning"),
        pytest.param(line("3/4", length=52), id="ends where they do"),
        pytest.param(line("34/", length=52, below=6), id="no digit after it"),
        pytest.param(line("3/4", length=44, below=4), id="a little longer, the only one of its page"),
    ],
)
def test_other_leaning_strokes_are_1s(number: Scored) -> None:
    assert without_slashes(number) is number


def test_long_strokes_that_go_below_the_digits_need_hardly_lean_where_there_are_several() -> None:
    def above(number: str, lean: float, **other: float) -> str:
        page = line(number, length=52, below=6, lean_deg=lean)
        return text(page.joined(line("5/8", **{"lean_deg": lean, "top": 200} | other)))

    assert above("3/4", 8, length=52, below=6) == "3/45/8"
    assert above("3/4", 6, length=52, below=6) == "314518"
    assert above("3/4/5", 8, length=46) == "3/4/55/8"
    assert above("3/4", 13, length=46, lean_deg=9) == "3/4518"


def beside(known: str, **stroke: float) -> str:
    """What is read where a fraction stands below an entry of the page."""
    page = line(known, length=52, below=6) if known == "3/4" else line(known)
    return text(page.joined(line("5/8", **{"lean_deg": 20.0, "top": 200} | stroke)))[len(known) :]


def test_beside_a_sure_slash_what_leans_alike_and_is_as_long_needs_not_go_below_the_digits() -> None:
    assert beside("3/4", length=48) == beside("3/4", length=52, lean_deg=24) == "5/8"
    assert beside("3/4", length=40) == beside("3/4", length=52, lean_deg=27) == "518"


def test_beside_a_date_its_like_are_slashes_even_as_low_as_the_digits() -> None:
    assert beside("12/03/2024", length=36) == beside("12/03/2024", length=44, lean_deg=23) == "5/8"
    assert beside("12/03/2024", length=44, below=4) == "5/8"
    assert beside("12/03/2024", length=30) == beside("12/03/2024", lean_deg=27) == "518"
    assert text(line("12/03/2024", lean_deg=8).joined(line("5/8", lean_deg=8, top=200))) == "12/03/2024518"


def test_where_the_1s_of_a_hand_lean_as_its_slashes_do_no_other_stroke_is_a_slash_for_that() -> None:
    def with_ones_at(*leans_deg: float) -> str:
        page = line("12/03/2024").joined(line("3/4", length=52, below=6, top=160)).joined(line("5/8", top=220))
        for place, lean_deg in enumerate(leans_deg):
            page = page.joined(line("70/", lean_deg=lean_deg, top=300 + 60 * place))
        return text(page)[:16]

    assert with_ones_at() == with_ones_at(20, 4, 4) == "12/03/20243/45/8"
    assert with_ones_at(20, 22, 21) == "12/03/20243/4518"


def test_the_1s_inside_a_date_tell_how_1s_lean_but_one_alone_does_not() -> None:
    def with_date(date: str) -> str:
        leaning = line(date)
        leans = np.where(leaning.scores.argmax(axis=1) == 1, 20.0, leaning.leans).astype(np.float32)
        return text(replace(leaning, leans=leans).joined(line("5/8", top=200)))[len(date) :]

    assert with_date("22/11/2024") == "518"
    assert with_date("22/01/2024") == "5/8"


def test_a_leaning_1_of_a_date_is_a_digit() -> None:
    leaning = line("12/11/2024")
    leans = np.where(leaning.scores.argmax(axis=1) == 1, 20.0, leaning.leans).astype(np.float32)

    assert text(replace(leaning, leans=leans)) == "12/11/2024"


def test_two_that_are_a_little_longer_bear_each_other_out() -> None:
    assert text(line("3/4", length=44, below=4).joined(line("5/8", length=44, below=4, top=200))) == "3/45/8"


@pytest.mark.parametrize("date", ["12/03/2024", "1/12/1999", "31/12/24", "07/9/24"])
def test_leaning_1s_between_day_month_and_year_are_slashes(date: str) -> None:
    assert text(line(date)) == date


def test_slashes_of_a_date_with_a_short_year_are_alike() -> None:
    def with_second(box_xywh: BoxXYWH, lean_deg: float) -> str:
        date = line("12/03/24", lean_deg=25)
        regions = [*date.regions[:5], replace(date.regions[5], box_xywh=box_xywh), *date.regions[6:]]
        leans = np.where(np.arange(8) == 5, lean_deg, date.leans).astype(np.float32)
        return text(replace(date, regions=tuple(regions), leans=leans))

    box = line("12/03/24").regions[5].box_xywh
    assert with_second(box, 29) == with_second((*box[:3], 46), 25) == "12/03/24"
    assert with_second(box, 31) == with_second((*box[:3], 30), 25) == "12103124"


@pytest.mark.parametrize(
    "number",
    [
        pytest.param("12/13/2024", id="no month"),
        pytest.param("32/03/2024", id="no day"),
        pytest.param("12/03/2424", id="no year of ours"),
        pytest.param("4/9/83", id="as short as other numbers"),
        pytest.param("12/0342024", id="one slash"),
    ],
)
def test_other_numbers_are_no_dates(number: str) -> None:
    scored = line(number)

    assert without_slashes(scored) is scored


def test_upright_1s_make_a_date_only_where_the_year_is_written_out() -> None:
    assert text(line("12/03/2024", lean_deg=4)) == "12/03/2024"
    assert text(line("12/03/24", lean_deg=11)) == "12103124"
    assert text(line("12/03/2024", lean_deg=-4)) == "1210312024"
