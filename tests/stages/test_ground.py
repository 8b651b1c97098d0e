"""What is taken for a digit is told from leaves and tiles by what lies around it."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.classify import RESTLESS, UNQUIET
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
