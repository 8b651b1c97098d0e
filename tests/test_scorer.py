"""The model is asked of each region once, of a film only of what is new, and twice of what is in doubt."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from edge_app.devices.interpreters.fake import DIGIT_OUTPUT, FakeInterpreter, certain_of
from edge_app.frames import Int8, RegionMap, UInt8
from edge_app.scorer import Scorer
from edge_app.stages.regions import find_regions
from edge_app.stopwatch import StopWatch


def page(rings: int = 3) -> tuple[UInt8, RegionMap]:
    """(240, 320) uint8 with rings in a row, and its regions."""
    gray = np.full((240, 320), 210, dtype=np.uint8)
    for ring in range(rings):
        cv2.ellipse(gray, (60 + 50 * ring, 120), (14, 24), 0, 0, 360, (40,), 5, cv2.LINE_AA)
    return gray, find_regions(np.where(gray < 128, 255, 0).astype(np.uint8))


def asked(model: FakeInterpreter) -> int:
    return sum(model.invocations)


@pytest.mark.parametrize(("follows", "more"), [(True, 0), (False, 3)])
def test_of_a_film_only_what_is_new_is_asked(follows: bool, more: int) -> None:
    model = FakeInterpreter(certain_of([0]))
    scorer, (gray, region_map) = Scorer(model), page()
    scorer.follow(follows)
    first = scorer.score_new(gray, region_map, StopWatch())
    before = asked(model)

    scorer.follow(follows)
    second = scorer.score_new(gray, region_map, StopWatch())

    assert before == 3
    assert asked(model) - before == more
    np.testing.assert_array_equal(first.scores, second.scores)


def test_a_new_digit_on_a_known_page_is_asked_alone() -> None:
    model = FakeInterpreter(certain_of([0]))
    scorer = Scorer(model)
    for rings in (3, 4):
        scorer.follow(True)
        scored = scorer.score_new(*page(rings), StopWatch())

    assert len(scored.regions) == 4
    assert asked(model) == 4


def test_what_is_in_doubt_is_looked_at_again() -> None:
    doubtful: Int8 = np.full((1, 10), -128, dtype=np.int8)
    doubtful[0, [0, 8]] = 0
    model, sure = FakeInterpreter(doubtful), FakeInterpreter(certain_of([0]))

    for interpreter in (model, sure):
        Scorer(interpreter).score(*page(), StopWatch(), look_again=True)

    assert asked(sure) == 3
    assert asked(model) > 3


def test_boxes_stay_in_the_frame_and_laps_are_told() -> None:
    gray, region_map = page()
    beyond = tuple(replace(region, box_xywh=(*region.box_xywh[:2], 400, 400)) for region in region_map.regions)
    eleven = FakeInterpreter(certain_of([10], classes=11), output_details=replace(DIGIT_OUTPUT, shape=(1, 11)))
    watch = StopWatch()

    scored = Scorer(eleven).score(gray, replace(region_map, regions=beyond), watch)

    for region in scored.regions:
        x, y, width, height = region.box_xywh
        assert (x + width, y + height) == (320, 240)
    assert scored.scores.shape == (3, 11)
    assert {"crop", "classify", "total"} <= set(watch.total())


def test_what_is_known_of_a_picture_is_not_asked_again() -> None:
    model = FakeInterpreter(certain_of([0]))
    scorer, (gray, region_map) = Scorer(model), page()
    known = scorer.score(gray, replace(region_map, regions=region_map.regions[::2]), StopWatch())
    before = asked(model)

    scored = scorer.score(gray, region_map, StopWatch(), known=known)

    assert asked(model) - before == 1
    assert [region.box_xywh for region in scored.regions] == [region.box_xywh for region in region_map.regions]
    assert scored.patches[0] is known.patches[0]
