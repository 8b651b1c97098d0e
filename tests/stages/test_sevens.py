"""Whoever bars their 7s writes 1s that are 7s without."""

from contextlib import closing

import cv2
import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path, load_bundle
from edge_app.devices.interpreters import open_interpreter
from edge_app.frames import Frame, Region, UInt8
from edge_app.pipeline import Pipeline, ReadSettings
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures, Patch
from edge_app.stages.sevens import FALL_DEG, shape_of, told_by_bars

STEM = [(0.5, 0.0), (0.44, 0.5), (0.38, 1.0)]
TOP = [(0.0, 0.03), (0.5, 0.0)]
SHAPES = {
    "1": [[(0.0, 0.26), (0.5, 0.0)], STEM],
    "7": [TOP, STEM],
    "barred 7": [TOP, STEM, [(0.22, 0.52), (0.66, 0.48)]],
    "7 with a bar aslant": [TOP, STEM, [(0.22, 0.56), (0.66, 0.46)]],
    "leaning 1": [[(0.22, 0.3), (0.6, 0.0)], [(0.6, 0.0), (0.2, 1.0)]],
    "leaning 7": [[(0.16, 0.06), (0.6, 0.0)], [(0.6, 0.0), (0.2, 1.0)]],
}
"""Strokes as points, in heights of the digit."""


def drawn(name: str, height: int = 60, pen: int = 6) -> UInt8:
    """The ink of one, (h, w) uint8."""
    ink = np.zeros((height + 20, height + 20), dtype=np.uint8)
    for stroke in SHAPES[name]:
        points = np.rint(10 + height * np.array(stroke)).astype(np.int32)
        cv2.polylines(ink, [points], False, (255,), pen)
    return ink


@pytest.mark.parametrize(("height", "pen"), [(28, 3), (28, 4), (60, 3), (60, 6), (60, 9)])
@pytest.mark.parametrize("name", SHAPES)
def test_bars_and_flags_are_seen(name: str, height: int, pen: int) -> None:
    shape = shape_of(drawn(name, height, pen))

    assert shape.barred is ("bar" in name)
    assert (shape.fall_deg >= FALL_DEG) is name.endswith("1")


def scored(*shapes: str, probability: float = 0.99) -> Scored:
    """Shapes that are all taken for 7s."""
    count = len(shapes)
    scores = np.zeros((count, 11), dtype=np.float32)
    scores[:, 7], scores[:, 1] = probability, 1.0 - probability
    zeros = np.zeros(count, dtype=np.float32)
    regions = tuple(Region((30 * row, 10, 20, 30), (row + 1,)) for row in range(count))
    inks = [drawn(shape) for shape in shapes]
    patches = tuple(Patch(ink, ink, ink, contrast=100.0, stroke_width=6.0) for ink in inks)
    return Scored(regions, scores, Measures(zeros, zeros, zeros), zeros, patches)


def test_among_barred_7s_one_with_a_flag_and_no_bar_is_a_1() -> None:
    settled = told_by_bars(scored("barred 7", "1", "barred 7", "7", "7 with a bar aslant", "leaning 1"))

    assert settled.scores.argmax(axis=1).tolist() == [7, 1, 7, 7, 7, 1]
    assert settled.scores.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (("barred 7", "barred 7", "1"), "two bars may be chance where each digit is of another hand"),
        (("barred 7",) * 3 + ("7", "7", "1"), "these 7s are of hands that use no bars, too"),
        (("barred 7",) * 4, "there is nothing else to tell"),
        (("7",) * 4 + ("1",), "of a hand without bars it may be a 7"),
    ],
)
def test_else_the_classifier_is_believed(page: tuple[str, ...], why: str) -> None:
    assert told_by_bars(scored(*page)).scores.argmax(axis=1).tolist() == [7] * len(page), why


def test_bars_in_doubt_show_nothing() -> None:
    assert (told_by_bars(scored(*["barred 7"] * 3, "1", probability=0.8)).scores.argmax(axis=1) == 7).all()


def test_a_page_of_a_hand_with_bars_is_read() -> None:
    page = np.full((360, 560), 215, dtype=np.uint8)
    lines = (("barred 7", "1", "barred 7"), ("1", "barred 7", "1"), ("barred 7", "1", "1"))
    for row, line in enumerate(lines):
        for column, name in enumerate(line):
            y, x = 20 + 110 * row, 60 + 70 * column
            page[y : y + 80, x : x + 80] -= (drawn(name) * (160 / 255)).astype(np.uint8)
    page = np.asarray(cv2.GaussianBlur(page, (0, 0), 0.8), dtype=np.uint8)
    bundle = load_bundle(embedded_bundle_path())

    with closing(open_interpreter(bundle.model_path, runtime="litert")) as interpreter:
        settings = ReadSettings(bundle.manifest.thresholds.confidence)
        said = Pipeline(interpreter, settings).read(Frame(page, 0, 0))

    assert tuple(reading.text for reading in said.readings) == ("717", "171", "711")
