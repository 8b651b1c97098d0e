"""One country's digit in, the same as other schools teach it out.

MNIST's writers are American: their 1 is a bare stroke and their 7 has no bar. Elsewhere the 1 has a flag
and often a foot, the 7 a bar, the 4 is closed at the top, and the 0 and the loop of the 9 are sometimes left open.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8

FACTOR = 4  # digits are drawn on at 4 times MNIST's size
SLIM = 0.45  # width / height of a 1 that has neither flag nor foot yet
LEAST_LOOP_PX = 60  # paper inside the loop of a 9
LEAST_SLOPE = 0.3  # of its height: how much lower the left end of a 4 is than the right one, to be joined to it
LEAST_CROSSING = 0.2  # of its height: how far the bar of a 4 reaches beyond the middle of its stem
TRAIT_SHARES = {0: 0.75, 1: 0.75, 4: 0.4, 7: 0.75, 9: 0.4}  # of foreign digits that get what their school adds


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
    trait = {0: _open, 1: _flag, 4: _close, 7: _bar, 9: _unfinish}.get(label)
    if trait is None or random.random() > TRAIT_SHARES[label]:
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
    if random.random() < 0.5:
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
    """A 4 whose two upper ends are joined by a slope.

    Level ones would make a 9 of it, and so would any where no bar crosses the stem; such a 4 stays open.
    """
    rows, columns = np.nonzero(image > 110)
    if len(rows) == 0:
        return image
    pen, height = stroke_px(image), rows.max() - rows.min()
    top, foot = (np.array([columns[row], rows[row]]) for row in (rows.argmin(), rows.argmax()))
    beside = columns - np.interp(rows, [top[1], foot[1]], [top[0], foot[0]])  # the stem
    arm = beside < -pen
    crosses = beside[rows > top[1] + height / 3].max(initial=0.0) >= LEAST_CROSSING * height
    right = top[0] >= (columns.min() + columns.max()) / 2  # otherwise it is the arm that is the taller one
    if not (right and crosses and arm.any()) or rows[arm].min() - top[1] < LEAST_SLOPE * height:
        return image
    end = np.array([columns[arm][rows[arm].argmin()], rows[arm].min()])
    drawn = image.copy()
    _line(drawn, end * 1.0, top + np.array([0.0, pen / 2]), pen)
    return drawn


def _open(image: UInt8, random: np.random.Generator) -> UInt8:
    """A 0 whose end does not reach its beginning."""
    x, y, width, height = cv2.boundingRect((image > 110).astype(np.uint8))
    drawn = image.copy()
    gap = max(3, round(height * random.uniform(0.05, 0.12)))
    column = int(x + width * random.uniform(0.4, 0.8))
    drawn[: y + height // 3, column : column + gap] = 0
    return drawn


def _unfinish(image: UInt8, random: np.random.Generator) -> UInt8:
    """A 9 whose loop does not come back to its stem: a gap in the upper right of the loop, as wide as half a pen."""
    mask = (image > 110).astype(np.uint8)
    loop = _largest_hole(mask)
    if loop is None:
        return image
    x, y, width, height = loop
    pen = stroke_px(image)
    angle = np.deg2rad(random.uniform(10, 70))  # from level, counter-clockwise
    way = np.array([np.cos(angle), -np.sin(angle)])
    start = np.array([x + width / 2, y + height / 2])
    drawn = image.copy()
    gap = max(3, round(pen * random.uniform(0.4, 0.8)))
    end = start + way * (max(width, height) / 2 + 1.6 * pen)
    cv2.line(drawn, _rounded(start), _rounded(end), (0,), gap)
    return drawn


def _largest_hole(mask: UInt8) -> tuple[int, int, int, int] | None:
    """Box of the largest patch of paper that the ink encloses; None where there is none to speak of."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(1 - np.pad(mask, 1), connectivity=4)
    holes = stats[2:]  # after the ink and the paper around it
    if not len(holes) or holes[:, 4].max() < LEAST_LOOP_PX:
        return None
    x, y, width, height = holes[holes[:, 4].argmax(), :4]
    return int(x) - 1, int(y) - 1, int(width), int(height)


def _mean_column(image: UInt8, row: int) -> float:
    """Where the ink of a row stands; the middle of the picture where the row has none."""
    columns = np.flatnonzero(image[min(row, image.shape[0] - 1)] > 110)
    return float(columns.mean()) if columns.size else image.shape[1] / 2


def _line(image: UInt8, start: NDArray[np.float64], end: NDArray[np.float64], width_px: int) -> None:
    """Draws on the picture itself."""
    cv2.line(image, _rounded(start), _rounded(end), (255,), width_px, cv2.LINE_AA)


def _rounded(point: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(int(value) for value in np.rint(point))
