"""Cuts run where digits touch, each along the slant of its hand."""

import cv2
import numpy as np
import pytest

from edge_app.stages.cuts import MAX_CUTS, Cut, cut_apart, find_cuts


def touching(*slants: float) -> np.ndarray:
    """Upright strokes, each leaning in its own way, with a bridge between neighbours."""
    ink = np.zeros((60, 40 + 40 * len(slants)), np.uint8)
    for x, slant in enumerate(slants, start=1):
        cv2.line(ink, (round(40 * x - slant * -25), 5), (round(40 * x - slant * 25), 55), (255,), 5)
    cv2.line(ink, (40, 30), (40 * len(slants), 30), (255,), 3)
    return ink > 0


def parts_strokes(ink: np.ndarray, cut: Cut) -> bool:
    """Whether a cut has one end of each row of the ink on either side, and the middle row's strokes whole."""
    right = cut_apart(ink, [cut])[0]
    return all(
        not right[row, np.flatnonzero(ink[row])[0]] and right[row, np.flatnonzero(ink[row])[-1]] for row in (8, 52)
    )


@pytest.mark.parametrize("slant", [0.0, 0.2, 0.4])
def test_leaning_strokes_are_parted_between_them(slant: float) -> None:
    ink = touching(slant, slant)

    assert any(parts_strokes(ink, cut) for cut in find_cuts(ink))


def test_neighbours_that_lean_differently_have_cuts_of_their_own() -> None:
    ink = touching(0.4, 0.4, 0.0, 0.0)
    right = cut_apart(ink, find_cuts(ink))
    corners = right[:, [5, 55, 5, 55], [52, 30, 122, 122]]  # of the first and the third stroke
    next_corners = right[:, [5, 55, 5, 55], [92, 70, 162, 162]]

    assert any(not cut[:2].any() and after[:2].all() for cut, after in zip(corners, next_corners, strict=True))
    assert any(not cut[2:].any() and after[2:].all() for cut, after in zip(corners, next_corners, strict=True))


def test_no_region_has_too_many_cuts() -> None:
    comb = np.zeros((20, 400), bool)
    comb[:, ::9] = comb[:, 1::9] = comb[10] = True

    assert 1 <= len(find_cuts(comb)) <= MAX_CUTS


def test_no_two_cuts_part_the_ink_alike() -> None:
    apart = np.zeros((40, 80), bool)
    apart[:, 5:12] = apart[:, 60:67] = apart[20, 5:67] = True

    right = cut_apart(apart, find_cuts(apart))[:, apart]
    assert len({side.tobytes() for side in right}) == len(right)


def test_a_pixel_is_right_of_the_cuts_before_it() -> None:
    right = cut_apart(np.ones((10, 30), bool), [Cut(10.0, 0.0), Cut(20.0, 0.0)])

    assert right[:, 5, [0, 11, 21]].tolist() == [[False, True, True], [False, False, True]]
