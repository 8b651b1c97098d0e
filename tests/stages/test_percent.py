"""A percent sign is no digit, and other shapes with two rings are no percent sign."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.frames import UInt8
from edge_app.stages.percent import is_percent, slashes_with_rings
from edge_app.stages.regions import find_regions


def sign(size: int = 60, lean: float = 0.3, pen: int = 3) -> UInt8:
    """A percent sign whose slash leans, in a field twice as large."""
    mask = np.zeros((2 * size, 2 * size), np.uint8)
    middle, half, ring = size, size // 2, round(size * 0.16)
    foot, head = (round(middle - lean * size), middle + half), (round(middle + lean * size), middle - half)
    cv2.line(mask, foot, head, 255, pen)
    cv2.circle(mask, (foot[0] + ring // 2, head[1] + ring), ring, 255, pen)
    cv2.circle(mask, (head[0] - ring // 2, foot[1] - ring), ring, 255, pen)
    return mask


@pytest.mark.parametrize("size", [40, 60, 120])
@pytest.mark.parametrize("lean", [0.25, 0.4])
def test_a_percent_sign_is_no_region(size: int, lean: float) -> None:
    mask = np.zeros((480, 640), np.uint8)
    cv2.putText(mask, "5", (20, 200), cv2.FONT_HERSHEY_SIMPLEX, size / 22, 255, 4)
    alone = len(find_regions(mask).regions)
    mask[60 : 60 + 2 * size, 200 : 200 + 2 * size] = sign(size, lean)

    assert len(find_regions(mask).regions) == alone == 1


@pytest.mark.parametrize("text", ["8", "B", "&", "0", "96"])
def test_other_rings_are_none(text: str) -> None:
    mask = np.zeros((120, 200), np.uint8)
    cv2.putText(mask, text, (20, 100), cv2.FONT_HERSHEY_SIMPLEX, 3, 255, 4)
    x, y, width, height = cv2.boundingRect(mask)

    assert not is_percent(mask[y : y + height, x : x + width] > 0)


def rings(upper: tuple[int, int, int], lower: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Two rings, each x, y and radius, on a line from one to the other."""
    mask = np.zeros((200, 200), np.uint8)
    cv2.line(mask, upper[:2], lower[:2], 255, 3)
    for x, y, radius in (upper, lower):
        cv2.circle(mask, (x, y), radius, 0, cv2.FILLED)
        cv2.circle(mask, (x, y), radius, 255, 3)
    x, y, width, height = cv2.boundingRect(mask)
    return mask[y : y + height, x : x + width] > 0


def test_rings_side_by_side_are_none() -> None:
    mask = np.zeros((100, 100), np.uint8)
    cv2.line(mask, (40, 95), (60, 5), 255, 3)
    cv2.circle(mask, (30, 45), 12, 255, 3)
    cv2.circle(mask, (72, 60), 12, 255, 3)

    assert not is_percent(mask > 0)


def test_rings_lie_askew_apart_and_are_alike_and_small() -> None:
    assert is_percent(rings((60, 60, 15), (100, 120, 15)))
    assert not is_percent(rings((60, 60, 20), (64, 120, 20)))  # an 8
    assert not is_percent(rings((60, 60, 10), (110, 110, 22)))


def test_a_6_at_the_head_of_a_slash_and_a_9_after_it_are_digits() -> None:
    mask = np.zeros((220, 220), np.uint8)
    cv2.line(mask, (30, 200), (110, 60), 255, 3)
    for x, y in ((105, 45), (160, 110)):
        cv2.circle(mask, (x, y), 16, 255, 3)
    x, y, width, height = cv2.boundingRect(mask)

    assert not is_percent(mask[y : y + height, x : x + width] > 0)


def apart(pen: int = 3) -> UInt8:
    """A 5, and a percent sign of three pieces."""
    mask = np.zeros((160, 240), np.uint8)
    cv2.putText(mask, "5", (20, 105), cv2.FONT_HERSHEY_SIMPLEX, 2, 255, 4)
    cv2.line(mask, (110, 106), (130, 56), 255, 3)
    cv2.circle(mask, (105, 65), 9, 255, pen)
    cv2.circle(mask, (135, 97), 9, 255, pen)
    return mask


def test_a_percent_sign_of_three_pieces_leaves_nothing_that_passes_for_a_digit() -> None:
    found = find_regions(apart())

    assert len(found.regions) == 1
    assert not found.components[:, 90:].any()
    assert not found.statistics[1:, 4][found.statistics[1:, 0] > 90].any()


def test_a_ring_may_hang_on_to_its_slash() -> None:
    mask = apart()
    cv2.line(mask, (112, 95), (130, 97), 255, 3)  # a 6, but for the ring high on its left

    assert len(find_regions(mask).regions) == 1


def pricked(mask: UInt8) -> UInt8:
    mask[[65, 97], [105, 135]] = 0
    return mask


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(apart(pen=cv2.FILLED), id="discs"),
        pytest.param(pricked(apart(pen=cv2.FILLED)), id="specks of paper in discs"),
        pytest.param(np.fliplr(apart()).copy(), id="in a mirror"),
    ],
)
def test_what_else_stands_beside_a_slash_stays(mask: UInt8) -> None:
    ink = np.count_nonzero(mask)

    assert np.count_nonzero(find_regions(mask).components) == ink


UPPER, LOWER = (96, 52, 16, 16, 120), (120, 80, 16, 18, 120)


def beside_slash(*pieces: tuple[int, ...], paper: tuple[int, ...] = (0, 0, 640, 480, 9)) -> list[list[int]]:
    """The signs of a slash, piece 1, and what is beside it, from piece 2 on."""
    return slashes_with_rings(np.array([paper, (100, 50, 30, 50, 300), *pieces], np.int32), np.array([1]))


def test_a_ring_on_either_side_makes_a_sign_of_a_slash() -> None:
    assert beside_slash(UPPER, LOWER) == [[1, 2, 3]]
    assert beside_slash(UPPER) == beside_slash(LOWER) == [[1, 2]]
    assert beside_slash((97, 60, 12, 12, 90), UPPER) == [[1, 3]]


@pytest.mark.parametrize(
    "ring",
    [
        pytest.param((99, 52, 9, 9, 60), id="too low"),
        pytest.param((70, 52, 34, 34, 200), id="as tall as a digit beside it"),
        pytest.param((83, 52, 16, 16, 120), id="far to the left"),
        pytest.param((131, 80, 16, 18, 120), id="far to the right"),
        pytest.param((96, 44, 16, 16, 120), id="above it"),
        pytest.param((82, 52, 30, 16, 120), id="flat"),
        pytest.param((96, 52, 12, 22, 120), id="slim"),
        pytest.param((107, 66, 16, 18, 120), id="in its middle"),
        pytest.param((96, 52, 16, 16, 7), id="hardly ink"),
        pytest.param((96, 80, 16, 18, 120), id="low on the left"),
        pytest.param((122, 52, 16, 16, 120), id="high on the right"),
    ],
)
def test_what_is_no_ring_of_a_slash(ring: tuple[int, ...]) -> None:
    assert beside_slash(ring) == []


def test_paper_is_no_ring() -> None:
    assert beside_slash(paper=UPPER) == []
