"""Scores become digits only beyond doubt."""

import numpy as np
import pytest

from edge_app.frames import Region
from edge_app.stages.classify import classify


def scores(winner: int, probability: float, classes: int = 10) -> np.ndarray:
    row = np.full((1, classes), (1 - probability) / (classes - 1), dtype=np.float32)
    row[0, winner] = probability
    return row


HERE = (10, 20, 30, 40)
INKY = np.array([120], dtype=np.float32)


@pytest.mark.parametrize(
    ("row", "cut", "digits", "doubtful"),
    [
        pytest.param(scores(7, 0.9), False, [7], 0, id="sure"),
        pytest.param(scores(7, 0.6), False, [7], 0, id="just sure enough"),
        pytest.param(scores(7, 0.5), False, [], 1, id="unsure"),
        pytest.param(scores(7, 0.99), True, [], 1, id="sure but cut by the frame"),
        pytest.param(scores(10, 0.9, 11), False, [], 0, id="no digit"),
        pytest.param(scores(3, 0.9, 11), False, [3], 0, id="a digit of a model with reject"),
    ],
)
def test_verdict(row: np.ndarray, cut: bool, digits: list[int], doubtful: int) -> None:
    verdicts = classify(row, [Region(HERE, (1,), cut)], INKY, threshold=0.6)

    assert [digit.digit for digit in verdicts.digits] == digits
    assert len(verdicts.doubtful) == doubtful


def test_a_digit_keeps_its_box_and_confidence() -> None:
    digit = classify(scores(4, 0.75), [Region(HERE, (1,))], INKY, threshold=0.5).digits[0]

    assert digit.box_xywh == HERE
    assert digit.confidence == pytest.approx(0.75)


def test_no_regions_give_no_verdicts() -> None:
    verdicts = classify(np.zeros((0, 10), np.float32), [], np.zeros(0, np.float32), threshold=0.5)

    assert verdicts.digits == verdicts.doubtful == ()


def test_a_smudge_is_no_digit_however_sure_the_classifier_is() -> None:
    rows = np.concatenate([scores(4, 0.9), scores(6, 0.9), scores(0, 0.9), scores(8, 0.99)])
    regions = [Region((40 * n, 20, 30, 40), (n,)) for n in range(4)]

    verdicts = classify(rows, regions, np.array([120, 110, 40, 12], dtype=np.float32), threshold=0.5)

    assert [digit.digit for digit in verdicts.digits] == [4, 6, 0]
    assert verdicts.doubtful == ()
