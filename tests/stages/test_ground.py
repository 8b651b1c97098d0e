"""What is taken for a digit is told from leaves and tiles by what lies around it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.classify import MOST_OPEN, RESTLESS, UNQUIET
from edge_app.stages.crop import Patch
from tests.patches import with_dark_rim

PAPER, INK = 60, 200
SIDE = 72


def patch(ground: UInt8, beside: UInt8 | None = None, teeth: int = 0, dark_rim: float = 0.0) -> Patch:
    """A 1 on some ground; `teeth` of its edge stand out by as many pixels."""
    strokes = np.zeros((SIDE, SIDE), dtype=np.uint8)
    strokes[10:60, 31:39] = 255
    if teeth:
        strokes[10:60:4, 31 - teeth : 39 + teeth] = 255
    any_ink = strokes if beside is None else np.asarray(cv2.bitwise_or(strokes, beside), dtype=np.uint8)
    level = np.where(any_ink > 0, np.uint8(INK), ground)
    return with_dark_rim(Patch(level, strokes, any_ink, float(INK - PAPER), stroke_width=8.0), dark_rim)


def even() -> UInt8:
    return np.full((SIDE, SIDE), PAPER, dtype=np.uint8)


def shadowed() -> UInt8:
    return np.where(np.add.outer(np.arange(SIDE), np.arange(SIDE)) < SIDE, PAPER, 2 * PAPER).astype(np.uint8)


def sloping() -> UInt8:
    return np.tile(np.linspace(PAPER - 40, PAPER + 60, SIDE).astype(np.uint8), (SIDE, 1))


def noisy() -> UInt8:
    return np.clip(np.random.default_rng(1).normal(PAPER, 8, (SIDE, SIDE)), 0, 255).astype(np.uint8)


def leafy() -> UInt8:
    """Leaves in sunlight and shade, four pixels large."""
    leaves = np.random.default_rng(2).choice(np.array([0, INK], dtype=np.uint8), (SIDE // 4, SIDE // 4))
    return leaves.repeat(4, axis=0).repeat(4, axis=1)


@pytest.mark.parametrize("ground", [even, shadowed, sloping, noisy])
def test_paper_is_calm_in_any_light(ground: Callable[[], UInt8]) -> None:
    assert patch(ground()).unrest < UNQUIET / 2


def test_leaves_are_not() -> None:
    assert patch(leafy()).unrest > UNQUIET


def test_nor_is_a_place_that_other_shapes_stand_close_around() -> None:
    beside = np.zeros((SIDE, SIDE), dtype=np.uint8)
    beside[:, :22] = beside[:, 48:] = 255

    assert patch(even(), beside).unrest > RESTLESS


def test_nor_is_a_shape_with_ragged_edges() -> None:
    assert patch(even(), teeth=5).unrest > RESTLESS > UNQUIET > patch(even(), teeth=1).unrest > 0.0


def test_nor_is_an_edge_of_a_thing() -> None:
    assert patch(even(), dark_rim=0.12).unrest > patch(even()).unrest + 0.05


def stroke(lean: float, below: bool, above: bool, line: bool = False) -> Patch:
    """A stroke that leans so far to the right, drawn on beyond either end or not; on a line where there is one."""
    strokes, level = np.zeros((SIDE, SIDE), dtype=np.uint8), even()
    foot, head = (36 - round(lean * 22), 58), (36 + round(lean * 22), 14)
    cv2.line(strokes, foot, head, (255,), 6)
    level[strokes > 0] = INK
    for beyond, end, way in ((below, foot, 1), (above, head, -1)):
        if beyond:
            cv2.line(level, end, (end[0] - round(way * lean * 16), end[1] + way * 16), (INK,), 6)
    if line:
        level[13:16] = level[57:60] = INK
    return Patch(level, strokes, strokes, float(INK - PAPER), stroke_width=6.0)


@pytest.mark.parametrize("lean", [-0.3, 0.0, 0.3, 0.6])
def test_what_goes_on_beyond_both_ends_is_told_from_a_stroke(lean: float) -> None:
    assert stroke(lean, below=True, above=True).open_ends > 0.9 > MOST_OPEN
    assert stroke(lean, below=True, above=False).open_ends < MOST_OPEN / 2
    assert stroke(lean, below=False, above=True).open_ends < MOST_OPEN / 2
    assert abs(stroke(lean, below=False, above=False).open_ends) < 0.1


def test_a_stroke_along_the_edge_of_a_shadow_ends_where_it_ends() -> None:
    along = stroke(0.0, below=False, above=False)
    level = along.level.copy()
    level[:, 36:] = np.where(along.strokes[:, 36:] > 0, INK, PAPER + 70)
    shaded = Patch(level, along.strokes, along.strokes, float(INK - PAPER), stroke_width=6.0)

    assert shaded.open_ends < MOST_OPEN / 2


def test_a_1_between_two_lines_ends_on_them() -> None:
    assert stroke(0.0, below=False, above=False, line=True).open_ends < MOST_OPEN / 2


def test_where_there_is_no_ink_nothing_goes_on() -> None:
    blank = np.zeros((SIDE, SIDE), dtype=np.uint8)

    assert Patch(even(), blank, blank, 100.0, stroke_width=1.0).open_ends == 0.0
