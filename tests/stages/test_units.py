"""A dollar sign is no 5, and the g of kg no 9."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge_app.frames import BoxXYWH, Region, RegionMap, UInt8
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.units import without_dollars, without_percents, without_tailed_letters
from tests.patches import patch_of

NONE = 10
FIVE_SEVEN = (5, (40, 40, 22, 44)), (7, (66, 42, 24, 40))


def line(*places: tuple[int, BoxXYWH], strokes: UInt8 | None = None, pen: float = 6.0) -> Scored:
    """Labels in boxes, the first of which has these strokes, of a pen."""
    scores = np.full((len(places), 11), 0.001, np.float32)
    scores[np.arange(len(places)), [label for label, _ in places]] = 0.99
    zeros = np.zeros(len(places), np.float32)
    patches = [patch_of() for _ in places]
    if strokes is not None:
        patches[0] = replace(patches[0], strokes=strokes, stroke_width=pen)
    regions = tuple(Region(box, (1,)) for _, box in places)
    return Scored(regions, scores, Measures(zeros, zeros, zeros), zeros, tuple(patches))


def labels(scored: Scored) -> list[int]:
    return [int(label) for label in without_tailed_letters(without_dollars(scored)).scores.argmax(axis=1)]


def dollar(top: int = 42, foot: int = 38, reach: int = 12, pen: int = 6) -> UInt8:
    """An S and a bar through it that begins at one column and ends at another, and reaches so far beyond it."""
    strokes = np.zeros((100, 80), np.uint8)
    cv2.ellipse(strokes, (40, 38), (18, 14), 0, 90, 330, 255, 6)
    cv2.ellipse(strokes, (40, 64), (18, 14), 0, -90, 150, 255, 6)
    cv2.line(strokes, (top, 24 - reach), (foot, 78 + reach), 255, pen)
    return strokes


def amount(strokes: UInt8, *before: tuple[int, BoxXYWH], label: int = 5) -> Scored:
    """What looks like a digit, and a 7 after it."""
    return line((label, FIVE_SEVEN[0][1]), FIVE_SEVEN[1], *before, strokes=strokes)


@pytest.mark.parametrize(
    "strokes", [dollar(), dollar(top=50, foot=34), dollar(reach=8)], ids=["upright", "leaning", "short"]
)
def test_a_barred_5_before_a_number_is_a_dollar_sign(strokes: UInt8) -> None:
    assert labels(amount(strokes)) == [NONE, 7]


def test_a_dollar_sign_that_hardly_passes_for_a_5_is_none_either() -> None:
    scored = amount(dollar(), label=NONE)
    scored.scores[0, 5] = 0.3

    assert without_dollars(scored).scores[0, 5] == 0.0


@pytest.mark.parametrize(
    "scored",
    [
        pytest.param(amount(dollar(reach=-20)), id="no bar"),
        pytest.param(amount(dollar(pen=14)), id="a bar far wider than the pen"),
        pytest.param(line(*FIVE_SEVEN, strokes=dollar(pen=20), pen=18.0), id="a pen that closes every loop"),
        pytest.param(amount(dollar(top=28)), id="begins on the left"),
        pytest.param(amount(dollar(top=60)), id="begins on the right"),
        pytest.param(amount(dollar(foot=26)), id="ends on the left"),
        pytest.param(amount(dollar(foot=56)), id="ends on the right"),
        pytest.param(amount(dollar(), (3, (10, 42, 24, 40))), id="in a number"),
        pytest.param(line(FIVE_SEVEN[0], strokes=dollar()), id="no number after it"),
        pytest.param(amount(dollar(), label=8), id="no 5"),
        pytest.param(line((5, (34, 40, 30, 44)), FIVE_SEVEN[1], strokes=dollar()), id="broader"),
    ],
)
def test_other_5s_are_digits(scored: Scored) -> None:
    assert without_dollars(scored) is scored


def unit(box: BoxXYWH, label: int = 9, before: int = NONE) -> Scored:
    """A letter, and what looks like a digit after it."""
    return line((before, (100, 40, 24, 50)), (label, box))


def at_edge(scored: Scored) -> Scored:
    """The same where the first of them runs off the frame."""
    first, *others = scored.regions
    return replace(scored, regions=(replace(first, cut=True), *others))


@pytest.mark.parametrize("label", [4, 8, 9])
def test_what_hangs_below_the_letter_before_it_is_a_letter(label: int) -> None:
    assert labels(unit((128, 58, 24, 44), label)) == [NONE, NONE]


@pytest.mark.parametrize(
    "scored",
    [
        pytest.param(unit((128, 44, 24, 48)), id="on the line"),
        pytest.param(unit((128, 28, 24, 84)), id="begins above it"),
        pytest.param(unit((144, 58, 24, 44)), id="further off"),
        pytest.param(unit((128, 58, 24, 44), before=2), id="a digit before it"),
        pytest.param(unit((128, 58, 24, 44), label=7), id="looks like no letter with a tail"),
        pytest.param(line((9, (128, 58, 24, 44))), id="nothing before it"),
        pytest.param(at_edge(unit((128, 58, 24, 44))), id="the desk before it"),
        pytest.param(
            line((NONE, (100, 40, 24, 24)), (NONE, (98, 66, 20, 26)), (8, (128, 42, 24, 50))),
            id="a broken digit before it",
        ),
    ],
)
def test_other_9s_are_digits(scored: Scored) -> None:
    assert without_tailed_letters(scored) is scored


def cut(*halves: tuple[int, BoxXYWH], whole: BoxXYWH | None = (80, 30, 36, 44)) -> tuple[Scored, RegionMap]:
    """A 4, and two halves beside it that were cut from a whole; from none where they stood apart from the first."""
    scored = line((4, (40, 34, 26, 36)), *halves)
    regions = scored.regions if whole is None else (scored.regions[0], Region(whole, (2,)))
    return scored, RegionMap(regions, np.zeros((100, 200), np.int32), np.zeros((3, 5), np.int32), 1.0, True)


NINE, SIX = (9, (80, 35, 17, 39)), (6, (97, 30, 19, 35))


def test_a_9_and_a_6_that_share_a_slash_are_a_percent_sign() -> None:
    divided = without_percents(*cut(NINE, SIX))

    assert divided.scores.argmax(axis=1).tolist() == [4, NONE, NONE]


@pytest.mark.parametrize(
    ("scored", "region_map"),
    [
        pytest.param(*cut(NINE, SIX, whole=None), id="never one piece"),
        pytest.param(*cut((9, (80, 35, 20, 39)), (6, (100, 30, 24, 35)), whole=(80, 30, 44, 44)), id="broad"),
        pytest.param(*cut((9, (80, 30, 17, 44)), SIX), id="both begin at one height"),
        pytest.param(*cut((9, (80, 35, 17, 33)), SIX, whole=(80, 30, 36, 38)), id="both end at one height"),
        pytest.param(*cut((6, NINE[1]), (9, SIX[1])), id="a 6 and a 9"),
        pytest.param(*cut((9, (80, 35, 10, 39)), (1, (90, 35, 8, 39)), (6, (98, 30, 18, 35))), id="three"),
    ],
)
def test_other_9s_beside_6s_are_digits(scored: Scored, region_map: RegionMap) -> None:
    assert without_percents(scored, region_map) is scored


def test_a_model_without_a_class_for_what_is_no_digit_is_left_as_it_is() -> None:
    for scored, stage in (amount(dollar()), without_dollars), (unit((128, 58, 24, 44)), without_tailed_letters):
        ten = replace(scored, scores=scored.scores[:, :10])

        assert stage(ten) is ten
    divided, region_map = cut(NINE, SIX)
    ten = replace(divided, scores=divided.scores[:, :10])
    assert without_percents(ten, region_map) is ten
