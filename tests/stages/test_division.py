"""Of all ways through the parts the most probable one is taken."""

import numpy as np

from edge_app.stages.division import Proposal, best_path


def belief(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_the_path_with_the_most_probable_digits_is_taken() -> None:
    way = Proposal((0,), 3, {(0, 1): 0, (1, 2): 1, (2, 3): 2, (0, 2): 3, (1, 3): 4})

    assert best_path(way, belief(0.9, 0.1, 0.2, 0.1, 0.95)) == [0, 4]
    assert best_path(way, belief(0.9, 0.9, 0.9, 0.1, 0.1)) == [0, 1, 2]


def test_of_two_paths_that_are_as_probable_the_one_with_fewer_digits_is_taken() -> None:
    way = Proposal((0,), 2, {(0, 1): 0, (1, 2): 1, (0, 2): 2})

    assert best_path(way, belief(0.97, 0.97, 0.96)) == [2]


def test_a_part_that_cannot_be_reached_gives_no_path() -> None:
    assert best_path(Proposal((0,), 2, {(0, 1): 0}), belief(0.9)) == []
