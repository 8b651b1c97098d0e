"""Other schools' digits: what they add, and to which digits only."""

import cv2
import numpy as np
import pytest

from trainer.data import Mnist, prepare
from trainer.hands import foreign, other_hands, stroke_px

OFTEN = 40  # draws, of which some get the trait


def scan(*strokes: tuple[tuple[int, int], tuple[int, int]]) -> np.ndarray:
    """A digit of straight strokes, x and y each, drawn large and averaged down as a scan is."""
    large = np.zeros((112, 112), np.uint8)
    for start, end in strokes:
        cv2.line(large, tuple(4 * v for v in start), tuple(4 * v for v in end), 255, 9)
    return np.asarray(cv2.resize(large, (28, 28), interpolation=cv2.INTER_AREA))


def drawn(image: np.ndarray, label: int) -> list[np.ndarray]:
    """The different pictures that come out; the first is the digit as it was."""
    as_it_was = foreign(image, 3, np.random.default_rng(0))
    results = [foreign(image, label, np.random.default_rng(seed)) for seed in range(OFTEN)]
    return [as_it_was, *(result for result in results if not np.array_equal(result, as_it_was))]


def holes(image: np.ndarray) -> int:
    _, _, stats, _ = cv2.connectedComponentsWithStats((image < 110).astype(np.uint8), connectivity=4)
    return int(np.count_nonzero(stats[1:, 4] >= 20)) - 1


FOUR = scan(((9, 11), (8, 17)), ((8, 17), (21, 17)), ((16, 3), (15, 25)))
HOOK = scan(((9, 11), (8, 17)), ((8, 17), (16, 17)), ((16, 3), (15, 25)))  # no bar beyond the stem
ONE = scan(((14, 4), (14, 24)))
SEVEN = scan(((8, 5), (19, 5)), ((19, 5), (13, 24)))


def nine() -> np.ndarray:
    large = np.zeros((112, 112), np.uint8)
    cv2.circle(large, (52, 36), 18, 255, 9)
    cv2.line(large, (70, 36), (64, 98), 255, 9)
    return np.asarray(cv2.resize(large, (28, 28), interpolation=cv2.INTER_AREA))


def test_a_1_gets_a_flag_and_a_7_a_bar() -> None:
    for image, label in ((ONE, 1), (SEVEN, 7)):
        first, *others = drawn(image, label)
        assert len(others) > OFTEN / 2
        assert all(other.sum(dtype=int) > first.sum(dtype=int) for other in others)


def test_a_4_is_closed_where_a_bar_crosses_its_stem() -> None:
    first, *others = drawn(FOUR, 4)

    assert holes(first) == 0
    assert others
    assert all(holes(other) == 1 for other in others)


def test_a_4_that_would_become_a_9_stays_open() -> None:
    assert len(drawn(HOOK, 4)) == 1


def test_the_loop_of_a_9_is_opened() -> None:
    first, *others = drawn(nine(), 9)

    assert holes(first) == 1
    assert others
    assert all(holes(other) == 0 for other in others)
    assert all(other.sum(dtype=int) > 0.8 * first.sum(dtype=int) for other in others)


def test_a_9_without_a_loop_stays_as_it_is() -> None:
    assert len(drawn(ONE, 9)) == 1


@pytest.mark.parametrize("label", [2, 3, 5, 6, 8])
def test_other_digits_are_the_same_everywhere(label: int) -> None:
    assert len(drawn(SEVEN, label)) == 1


def test_the_pens_width_is_measured() -> None:
    assert stroke_px(foreign(ONE, 3, np.random.default_rng(0))) == pytest.approx(9, abs=2)


def test_a_1_that_leans_gets_its_flag_too_and_one_with_a_flag_no_other() -> None:
    leaning = scan(((20, 4), (9, 24)))
    flagged = scan(((9, 9), (14, 4)), ((14, 4), (14, 24)))

    assert len(drawn(leaning, 1)) > 1
    assert len(drawn(flagged, 1)) == 1


def test_other_hands_write_all_digits_some_of_them_narrower_than_mnist(mnist: Mnist) -> None:
    handwriting = prepare(mnist.validation)

    digits = other_hands(handwriting, 600, np.random.default_rng(2))

    assert digits.images.shape == (600, 28, 28)
    assert set(digits.labels) == set(range(10))
    slim = {
        name: np.mean([_slimness(image) < 0.5 for image in source.images[source.labels == 8]])
        for name, source in (("other", digits), ("mnist", handwriting))
    }
    assert slim["other"] > 3 * slim["mnist"]


def test_the_same_chance_gives_the_same_hands(mnist: Mnist) -> None:
    first, second = (other_hands(prepare(mnist.validation), 50, np.random.default_rng(4)) for _ in range(2))

    assert np.array_equal(first.images, second.images)
    assert np.array_equal(first.labels, second.labels)


def _slimness(image: np.ndarray) -> float:
    _, _, width, height = cv2.boundingRect((image > 110).astype(np.uint8))
    return float(width / max(height, 1))
