"""While something moves on a page, what stays the same on it is not classified again; what changes is, and at once."""

import cv2
import numpy as np

from edge_app.devices.interpreters.fake import FakeInterpreter
from edge_app.frames import Frame, Int8, UInt8
from edge_app.pipeline import Pipeline, ReadSettings
from edge_app.stages.familiar import REFRESH_FRAMES

WIDTHS = 8, 14, 20


def by_width(crops: Int8, confidence: int = 127) -> Int8:
    """A digit for each width of the ink, so that another mark is another digit."""
    columns = (crops[..., 0] > -128).any(axis=1).sum(axis=1)
    answer = np.full((len(crops), 10), -128, dtype=np.int8)
    answer[np.arange(len(crops)), columns % 10] = confidence
    return answer


def page(widths: tuple[int, ...] = WIDTHS, ink: int = 40, light: int = 0) -> Frame:
    gray = np.full((480, 640), 215 - light, dtype=np.uint8)
    for place, width in enumerate(widths):
        cv2.ellipse(gray, (160 + 60 * place, 240), (width, 30), 0, 0, 360, (ink - light,), 6, cv2.LINE_AA)
    return Frame(gray, 0, 0)


def reader(confidence: int = 127) -> tuple[Pipeline, list[int]]:
    """A pipeline, and how many crops it has classified with each call."""
    interpreter = FakeInterpreter(lambda crops: by_width(crops, confidence))
    return Pipeline(interpreter, ReadSettings(threshold=0.5)), interpreter.invocations


def classified(pipeline: Pipeline, crops: list[int], frame: Frame) -> int:
    before = sum(crops)
    pipeline.read(frame, follows=True)
    return sum(crops) - before


def said(pipeline: Pipeline, frame: Frame, follows: bool) -> list[tuple[str, tuple[int, int, int, int]]]:
    return [(reading.text, reading.box_xywh) for reading in pipeline.read(frame, follows).readings]


def test_what_is_as_it_was_is_not_classified_again() -> None:
    pipeline, crops = reader()

    assert [classified(pipeline, crops, page()) for _ in range(4)] == [3, 0, 0, 0]
    assert said(pipeline, page(), follows=True) == said(reader()[0], page(), follows=False)


def test_what_changes_is_classified_and_nothing_else() -> None:
    other = page((8, 26, 20))
    pipeline, crops = reader()
    pipeline.read(page(), follows=True)

    assert classified(pipeline, crops, other) == 1
    assert said(pipeline, other, follows=True) == said(reader()[0], other, follows=False)


def test_what_comes_and_goes_does_not_mix_up_the_rest() -> None:
    pipeline, _ = reader()

    for widths in (WIDTHS, (8, 20), (8, 14, 20, 26), (26, 14, 20, 8), WIDTHS):
        assert said(pipeline, page(widths), follows=True) == said(reader()[0], page(widths), follows=False)


def test_noise_is_no_change() -> None:
    chance = np.random.default_rng(5)
    pipeline, crops = reader()

    def noisy() -> Frame:
        gray: UInt8 = np.clip(page().gray + chance.normal(0, 4, (480, 640)), 0, 255).astype(np.uint8)
        return Frame(gray, 0, 0)

    assert sum(classified(pipeline, crops, noisy()) for _ in range(REFRESH_FRAMES)) <= 6


def test_everything_is_classified_anew_now_and_then() -> None:
    pipeline, crops = reader()

    counts = [classified(pipeline, crops, page()) for _ in range(3 * REFRESH_FRAMES)]

    assert np.flatnonzero(counts).tolist() == [0, REFRESH_FRAMES, 2 * REFRESH_FRAMES]


def test_slow_changes_add_up() -> None:
    pipeline, crops = reader()
    pipeline.read(page(), follows=True)

    counts = [classified(pipeline, crops, page(ink=40 + 2 * step)) for step in range(1, 10)]

    assert counts[0] == 0 and sum(counts) >= 3


def test_what_the_classifier_doubts_it_is_asked_again() -> None:
    pipeline, crops = reader(confidence=80)
    first = classified(pipeline, crops, page())

    assert classified(pipeline, crops, page()) == first


def test_a_picture_of_its_own_is_read_from_scratch() -> None:
    pipeline, crops = reader()
    pipeline.read(page(), follows=True)

    pipeline.read(page())

    assert sum(crops) == 6
    assert classified(pipeline, crops, page()) == 3
