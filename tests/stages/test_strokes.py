"""A 1 may lean as hands do, and is never quite straight; a pen that lies on the page leans as it fell, and is."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge_app.frames import Region, RegionMap
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.regions import find_regions
from edge_app.stages.strokes import leans_of_ones, long_axis, without_lying_ones, without_ruled_ones
from tests.patches import patches_of


def stroke(lean_deg: float) -> np.ndarray:
    """A crop with one straight stroke, leaning to the right."""
    crop = np.zeros((28, 28), np.uint8)
    reach = np.array([np.sin(np.radians(lean_deg)), -np.cos(np.radians(lean_deg))]) * 9
    start, end = (tuple(int(value) for value in (14 + sign * reach).round()) for sign in (-1, 1))
    cv2.line(crop, start, end, (255,), 3)
    return crop


def score(label: int) -> np.ndarray:
    row = np.full((1, 11), 0.01, dtype=np.float32)
    row[0, label] = 0.9
    return row


@pytest.mark.parametrize("lean", [-80, -45, -10, 0, 30, 45, 70])
def test_the_lean_is_measured_to_the_right_of_upright(lean: int) -> None:
    found, slimness = long_axis(stroke(lean))

    assert found == pytest.approx(lean, abs=4)
    assert slimness < 0.3


def said_of(scores: np.ndarray, lean_deg: float) -> np.ndarray:
    """What is made of scores of a stroke."""
    return without_lying_ones(scores, leans_of_ones(scores, stroke(lean_deg)[np.newaxis]))


@pytest.mark.parametrize("lean", [-20, 0, 20, 45])
def test_a_1_may_lean(lean: int) -> None:
    assert said_of(score(1), lean).argmax() == 1


@pytest.mark.parametrize("lean", [-70, -42, 62, 88])
def test_a_stroke_that_lies_is_no_1(lean: int) -> None:
    given = score(1)

    changed = said_of(given, lean)

    assert changed.argmax() == 10
    assert changed.sum() == pytest.approx(given.sum())
    assert given.argmax() == 1  # what was handed in stays as it was


def test_only_1s_are_asked_for_their_lean() -> None:
    assert said_of(score(7), 88).argmax() == 7


def test_a_model_without_a_class_for_what_is_no_digit_keeps_its_scores() -> None:
    assert said_of(score(1)[:, :10], 88).argmax() == 1


def test_an_empty_crop_has_no_axis() -> None:
    assert long_axis(np.zeros((28, 28), np.uint8)) == (0.0, 1.0)


def long_stroke(bend_px: float, length: int) -> RegionMap:
    """A stroke that leans, and whose middle strays from straight by so much."""
    mask = np.zeros((300, 200), np.uint8)
    along = np.linspace(0, 1, 60)
    course = np.column_stack([60 + 40 * along + bend_px * np.sin(np.pi * along), 40 + length * along])
    cv2.polylines(mask, [np.rint(course * 16).astype(np.int32)], False, 255, 11, cv2.LINE_AA, 4)
    return find_regions(np.where(mask > 127, 255, 0).astype(np.uint8))


def read(regions: tuple[Region, ...], labels: list[int], region_map: RegionMap) -> list[int]:
    """What regions are taken for, of which the classifier is sure."""
    scores, zeros = np.eye(11, dtype=np.float32)[labels], np.zeros(len(labels), np.float32)
    scored = Scored(regions, scores, Measures(zeros, zeros, zeros), zeros, patches_of(*zeros))
    return without_ruled_ones(scored, region_map).scores.argmax(axis=1).tolist()


@pytest.mark.parametrize(
    ("bend_px", "length", "label", "ruled"),
    [
        pytest.param(0.0, 160, 1, True, id="a pen on the page"),
        pytest.param(4.0, 160, 1, False, id="a hand's 1"),
        pytest.param(0.0, 40, 1, False, id="too short to tell"),
        pytest.param(0.0, 160, 7, False, id="no 1"),
    ],
)
def test_a_stroke_straighter_than_a_hand_draws_is_no_1(bend_px: float, length: int, label: int, ruled: bool) -> None:
    region_map = long_stroke(bend_px, length)

    assert read(region_map.regions, [label], region_map) == [10 if ruled else label]
    elsewhere = (replace(region_map.regions[0], box_xywh=(0, 0, 90, 90)),)  # joined or cut: not of the map
    assert read(elsewhere, [label], region_map) == [label]


def test_a_straight_1_in_a_row_of_digits_is_one() -> None:
    region_map = long_stroke(0.0, 160)
    one = region_map.regions[0]
    x, y, width, height = one.box_xywh
    beside, below = ((x + width + 40, y), (x, y + 2 * height))

    for corner, label in ((beside, 1), (below, 10)):
        seven = Region((*corner, 90, height), (9,))
        assert read((one, seven), [1, 7], region_map) == [label, 7]
