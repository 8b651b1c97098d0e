"""Digits that a page shows none of otherwise are told by how its hand writes those that they look like."""

from contextlib import closing

import cv2
import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path, load_bundle
from edge_app.devices.interpreters import open_interpreter
from edge_app.frames import Frame, Region, UInt8
from edge_app.pipeline import Pipeline, ReadSettings
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.hand import in_one_hand
from tests.patches import patches_of

SEVEN, ONE, OTHERS = {7: 0.99}, {1: 0.99}, ({0: 0.99}, {4: 0.99})
RATHER_7, RATHER_1, A_9_OR_7 = {7: 0.7, 1: 0.25}, {1: 0.6, 7: 0.35}, {9: 0.6, 7: 0.35}
PEN = 7  # pixels wide


def scored(*probabilities: dict[int, float]) -> Scored:
    """Regions with some probabilities, what is left is that of no digit."""
    count = len(probabilities)
    scores = np.zeros((count, 11), dtype=np.float32)
    for row, given in enumerate(probabilities):
        scores[row, list(given)] = list(given.values())
        scores[row, 10] = 1.0 - sum(given.values())
    zeros = np.zeros(count, dtype=np.float32)
    regions = tuple(Region((30 * row, 10, 20, 30), (row + 1,)) for row in range(count))
    return Scored(regions, scores, Measures(zeros, zeros, zeros), zeros, patches_of(*zeros))


def winners(*probabilities: dict[int, float]) -> list[int]:
    return in_one_hand(scored(*probabilities)).scores.argmax(axis=1).tolist()


def test_what_is_never_as_sure_as_the_7s_of_a_page_without_1s_is_a_1() -> None:
    settled = in_one_hand(scored(SEVEN, RATHER_7, SEVEN, RATHER_1, *OTHERS))

    assert settled.scores.argmax(axis=1).tolist() == [7, 1, 7, 1, 0, 4]
    assert settled.scores[[1, 3], 1] == pytest.approx(0.95)
    assert settled.scores.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        ((SEVEN, SEVEN, *OTHERS, RATHER_7), "one shape in doubt may be an odd 7"),
        ((SEVEN, *OTHERS, RATHER_7, RATHER_7), "one sure digit does not show how a hand writes it"),
        ((SEVEN, SEVEN, *OTHERS, ONE, RATHER_7, RATHER_7), "the page shows how its 1s look"),
        ((SEVEN, SEVEN, *OTHERS, RATHER_7, A_9_OR_7), "they are not in doubt between the same digits"),
        ((SEVEN, SEVEN, *OTHERS, {7: 0.6, 1: 0.1}, {7: 0.6, 1: 0.1}), "they may be no digit at all"),
        ((ONE, ONE, *OTHERS, RATHER_1, RATHER_1), "no hand writes all its 1s alike"),
        ((SEVEN, SEVEN, OTHERS[0], RATHER_7, RATHER_7), "of a code of 0s and 7s other digits are missing anyway"),
    ],
)
def test_else_the_classifier_is_believed(page: tuple[dict[int, float], ...], why: str) -> None:
    assert winners(*page) == scored(*page).scores.argmax(axis=1).tolist(), why


def written(lines: tuple[str, ...]) -> UInt8:
    """A page of a hand, not quite steady, that writes 1s with a long flat flag and 7s with a bar."""
    strokes = {
        "1": [[(0.0, 0.26), (0.2, 0.12), (0.4, 0.0), (0.37, 0.5), (0.3, 1.0)]],
        "7": [[(0.0, 0.08), (0.02, 0.02), (0.3, 0.0), (0.56, 0.0), (0.28, 1.0)], [(0.16, 0.5), (0.56, 0.5)]],
        "2": [[(0.0, 0.2), (0.2, 0.0), (0.4, 0.15), (0.35, 0.4), (0.0, 1.0), (0.45, 1.0)]],
        "4": [[(0.25, 0.0), (0.0, 0.6), (0.5, 0.6)], [(0.35, 0.3), (0.3, 1.0)]],
    }
    page, rng, height = np.full((480, 640), 215, dtype=np.uint8), np.random.default_rng(0), 70
    for row, line in enumerate(lines):
        for column, digit in enumerate(line):
            for stroke in strokes[digit]:
                corner = 60 + 55 * column, 60 + 120 * row
                points = corner + height * (np.array(stroke) + rng.normal(0, 0.012, (len(stroke), 2)))
                cv2.polylines(page, [np.int32(16 * points)], False, 50, PEN, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(page, (0, 0), 0.8), dtype=np.uint8)


def test_a_page_of_a_hand_with_long_flags_is_read() -> None:
    bundle = load_bundle(embedded_bundle_path())
    settings = ReadSettings(bundle.manifest.thresholds.confidence)
    lines = "1724", "7711", "4217"

    interpreter = open_interpreter(bundle.model_path, runtime="litert")  # tflite-runtime may not meet TensorFlow
    with closing(interpreter):
        said = Pipeline(interpreter, settings).read(Frame(written(lines), 0, 0))

    assert tuple(reading.text for reading in said.readings) == lines
