"""One country's digit in, the same as other schools teach it out.

MNIST's writers are American: their 1 is a bare stroke and their 7 has no bar. Elsewhere the 1 has a flag
and often a foot, the 7 a bar, the 4 is closed at the top and the 0 is sometimes left open.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8

FACTOR = 4  # digits are drawn on at 4 times MNIST's size
SLIM = 0.45  # width / height of a 1 that has neither flag nor foot yet
LEAST_SLOPE = 0.3  # of its height: how much lower the left end of a 4 is than the right one, to be joined to it
CLOSE_SHARE = 0.75  # of foreign digits that get what their school adds; the rest stay


def foreign(image: UInt8, label: int, random: np.random.Generator) -> UInt8:
    """The digit as somebody from elsewhere might have written it.

    Args:
        image: (28, 28) uint8, ink bright on black.
        label: which digit; those that every school writes alike come back unchanged.
        random: which traits it gets, and how large.

    Returns:
        (112, 112) uint8: four times the size.
    """
    large = np.asarray(cv2.resize(image, None, fx=FACTOR, fy=FACTOR, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    trait = {1: _flag, 7: _bar, 4: _close, 0: _open}.get(label)
    if trait is None or random.random() > CLOSE_SHARE:
        return large
    return trait(large, random)


def stroke_px(image: UInt8) -> int:
    """Width of the strokes in pixels, at least 2: ink divided by half its outline's length."""
    mask = (image > 110).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(outline, True) for outline in outlines) / 2
    return max(2, round(float(mask.sum()) / max(length, 1.0)))


def _flag(image: UInt8, random: np.random.Generator) -> UInt8:
    """A 1 with a flag at its head, and sometimes a foot."""
    _, y, width, height = cv2.boundingRect((image > 110).astype(np.uint8))
    if width > SLIM * height:
        return image
    drawn, pen = image.copy(), stroke_px(image)
    head = np.array([_mean_column(image, y + pen // 2 + 1), y + pen // 2])
    length, angle = height * random.uniform(0.22, 0.55), np.deg2rad(random.uniform(28, 65))
    _line(drawn, head, head + length * np.array([-np.cos(angle), np.sin(angle)]), pen)
    if random.random() < 0.35:
        foot = np.array([_mean_column(image, y + height - pen), y + height - pen // 2])
        reach = height * random.uniform(0.15, 0.3)
        _line(drawn, foot - np.array([reach, 0.0]), foot + np.array([reach, random.uniform(-2, 2)]), pen)
    return drawn


def _bar(image: UInt8, random: np.random.Generator) -> UInt8:
    """A 7 with a bar across its stem."""
    _, y, _, height = cv2.boundingRect((image > 110).astype(np.uint8))
    drawn, pen = image.copy(), stroke_px(image)
    row = int(y + height * random.uniform(0.45, 0.6))
    centre = np.array([_mean_column(image, row), row])
    reach, rise = height * random.uniform(0.16, 0.3), height * random.uniform(-0.08, 0.04)
    half = np.array([reach, rise])
    _line(drawn, centre - half, centre + half, max(2, round(pen * random.uniform(0.7, 1.0))))
    return drawn


def _close(image: UInt8, random: np.random.Generator) -> UInt8:
    """A 4 whose two upper ends are joined by a slope; level ones would make a 9 of it, and such a 4 stays open."""
    rows, columns = np.nonzero(image > 110)
    if len(rows) == 0:
        return image
    middle = (columns.min() + columns.max()) / 2
    left, right = columns < middle, columns >= middle
    if not left.any() or not right.any():
        return image
    ends = [np.array([columns[side][rows[side].argmin()], rows[side].min()]) for side in (left, right)]
    if ends[0][1] - ends[1][1] < LEAST_SLOPE * (rows.max() - rows.min()):
        return image
    drawn = image.copy()
    _line(drawn, ends[0] * 1.0, ends[1] + [0.0, stroke_px(image) / 2], stroke_px(image))
    return drawn


def _open(image: UInt8, random: np.random.Generator) -> UInt8:
    """A 0 whose end does not reach its beginning."""
    x, y, width, height = cv2.boundingRect((image > 110).astype(np.uint8))
    drawn = image.copy()
    gap = max(3, round(height * random.uniform(0.05, 0.12)))
    column = int(x + width * random.uniform(0.4, 0.8))
    drawn[: y + height // 3, column : column + gap] = 0
    return drawn


def _mean_column(image: UInt8, row: int) -> float:
    """Where the ink of a row stands; the middle of the picture where the row has none."""
    columns = np.flatnonzero(image[min(row, image.shape[0] - 1)] > 110)
    return float(columns.mean()) if columns.size else image.shape[1] / 2


def _line(image: UInt8, start: NDArray[np.float64], end: NDArray[np.float64], width_px: int) -> None:
    """Draws on the picture itself."""
    first, last = (tuple(int(value) for value in np.rint(point)) for point in (start, end))
    cv2.line(image, first, last, (255,), width_px, cv2.LINE_AA)
