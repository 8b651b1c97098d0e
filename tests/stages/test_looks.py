"""Other views of a crop are the same digit, and what is clear is not looked at again."""

import cv2
import numpy as np
import pytest

from edge_app.stages.looks import CLEAR, MOST, STEPS, VIEWS, averaged, doubtful_rows, views_of


def crops() -> np.ndarray:
    drawn = np.zeros((2, 28, 28), np.uint8)
    cv2.circle(drawn[0], (14, 14), 8, 255, 2)
    cv2.line(drawn[1], (14, 5), (14, 23), 255, 3)
    return drawn


def test_only_what_is_not_clear_is_looked_at_again() -> None:
    scores = np.array([[CLEAR, 1 - CLEAR], [0.6, 0.4], [0.01, 0.99]], np.float32)

    assert doubtful_rows(scores).tolist() == [1]
    assert doubtful_rows(np.zeros((0, 11), np.float32)).size == 0


def test_views_from_aside_are_the_crop_a_pixel_away_in_each_direction() -> None:
    views = views_of(crops()).reshape(VIEWS, 2, 28, 28)[: len(STEPS)]

    aside = [(down - 1, across - 1) for down, across in np.ndindex(3, 3) if (down, across) != (1, 1)]
    moved = [np.roll(crops(), by, axis=(1, 2)) for by in aside]
    assert {view.tobytes() for view in views} == {each.tobytes() for each in moved}
    assert views_of(crops()[:0]).shape == (0, 28, 28)


def test_a_softer_pen_leaves_no_specks_bare() -> None:
    crayon = crops()
    crayon[0, ::3] = 0
    bare = (crops()[0] > 0) & (crayon[0] == 0)

    soft = views_of(crayon).reshape(VIEWS, 2, 28, 28)[-1, 0]

    assert (soft[bare] > 50).all()
    assert (soft[crops()[0] > 0] > 50).all()
    assert not soft[:3].any()


def test_the_looks_are_averaged_crop_by_crop() -> None:
    first = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    others = np.tile(np.array([[0.5, 0.5], [0.0, 1.0]], np.float32), (VIEWS, 1))

    assert averaged(first, others)[1].tolist() == [0.0, 1.0]
    assert averaged(first, others)[0, 0] == pytest.approx((1 + 0.5 * VIEWS) / (1 + VIEWS))


def test_of_many_doubtful_shapes_the_likest_to_digits_are_looked_at_again() -> None:
    scores = np.zeros((3 * MOST, 11), np.float32)
    scores[:, 10] = 0.9
    likely = np.arange(0, 3 * MOST, 3)
    scores[likely, 4] = 0.4
    scores[1, 7] = 0.99  # sure

    assert doubtful_rows(scores).tolist() == likely.tolist()
    assert doubtful_rows(scores[: MOST // 2]).tolist() == [row for row in range(MOST // 2) if row != 1]
