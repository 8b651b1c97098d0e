"""One country's digits in, those of other schools and hands out.

MNIST's writers are American: their 1 is a bare stroke and their 7 has no bar. Elsewhere the 1 has a flag
and often a foot, the 7 a bar, the 4 is closed at the top, and the 0 and the loop of the 9 are sometimes left open.
Some hands write digits that are far narrower than theirs.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8
from edge_app.stages.crop import CROP_SIDE_PX, center_ink
from trainer.data import Digits
from trainer.pens import write_text
from trainer.writers import learnt_hands

FACTOR = 4  # digits are drawn on at 4 times MNIST's size
INK = 110  # gray value from which a pixel is ink
BARE = 2.0  # widths of the pen: thickness of a 1 that has neither flag nor foot yet
LEAST_LOOP_PX = 60  # paper inside the loop of a 9
LEAST_SLOPE = 0.3  # of its height: how much lower the left end of a 4 is than the right one, to be joined to it
LEAST_CROSSING = 0.2  # of its height: how far the bar of a 4 reaches beyond the middle of its stem
WRITERS_SHARE = 0.4  # of the digits of other hands that are somebody's own; the others are MNIST's, written anew
LIKELIHOOD = np.array([6, 30, 6, 5, 18, 5, 5, 15, 5, 5]) / 100  # of each digit among the latter: what hands differ in
TRAIT_LEAST = 0.6  # share of them, at the least, that get what another school adds
NARROWED_SHARE, NARROWED = 0.5, 0.6  # of them; greatest width / height of such a digit
NARROWEST, NARROWEST_7 = 0.3, 0.45  # the least; a 7 without a bar that is narrower is a 1 with a flag
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
    large = _enlarged(image)
    if label not in TRAITS or random.random() > TRAIT_SHARES[label]:
        return large
    return TRAITS[label](large, random)


def other_hands(handwriting: Digits, count: int, random: np.random.Generator) -> Digits:
    """Digits as people elsewhere write them: MNIST's with what their schools add, or narrower, and others' own.

    Args:
        handwriting: MNIST's, as the device's crop stage yields them.
        count: how many.
        random: source of all chance.

    Returns:
        (count, 28, 28) uint8 crops with their labels.

    Raises:
        DataError: the hands of others cannot be fetched.
    """
    rows = [np.flatnonzero(handwriting.labels == digit) for digit in range(10)]
    crops, labels = [], random.choice(10, count, p=LIKELIHOOD)
    for place, digit in enumerate(labels):
        if random.random() < WRITERS_SHARE:
            labels[place] = digit = int(random.integers(10))
            large = _by_a_writer(digit, random)
        else:
            large = _written_anew(handwriting.images[random.choice(rows[digit])], int(digit), random)
        crops.append(center_ink(_as_large_as_mnist(large)))
    return Digits(np.stack(crops), labels.astype(np.uint8))


def _by_a_writer(digit: int, random: np.random.Generator) -> UInt8:
    hands = learnt_hands()
    ink = write_text(str(digit), hands[int(random.integers(len(hands)))], FACTOR * CROP_SIDE_PX)
    return (ink * 255).astype(np.uint8)


def _written_anew(image: UInt8, digit: int, random: np.random.Generator) -> UInt8:
    large = _enlarged(image)
    has_trait = digit in TRAITS and random.random() < max(TRAIT_LEAST, TRAIT_SHARES[digit])
    if has_trait:
        large = TRAITS[digit](large, random)
    if digit == 1 or random.random() >= NARROWED_SHARE:
        return large
    _, _, width, height = cv2.boundingRect((large > INK).astype(np.uint8))
    least = NARROWEST_7 if digit == 7 and not has_trait else NARROWEST
    factor = random.uniform(least, NARROWED) * height / max(width, 1)
    return large if factor >= 1 else np.asarray(cv2.resize(large, None, fx=factor, fy=1, interpolation=cv2.INTER_AREA))


def _enlarged(image: UInt8) -> UInt8:
    return np.asarray(cv2.resize(image, None, fx=FACTOR, fy=FACTOR, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def _as_large_as_mnist(ink: UInt8) -> UInt8:
    """A picture of any size, shrunk to twice that of a crop, with room around it."""
    height, width = ink.shape
    side = max(height, width) + 2 * FACTOR
    square = np.zeros((side, side), dtype=np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = ink
    size_wh = 2 * CROP_SIDE_PX, 2 * CROP_SIDE_PX
    return np.asarray(cv2.resize(square, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def stroke_px(image: UInt8) -> int:
    """Width of the strokes in pixels, at least 2: ink divided by half its outline's length."""
    mask = (image > INK).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    length = sum(cv2.arcLength(outline, True) for outline in outlines) / 2
    return max(2, round(float(mask.sum()) / max(length, 1.0)))


def _flag(image: UInt8, random: np.random.Generator) -> UInt8:
    """A 1 with a flag at its head, and sometimes a foot."""
    _, y, _, height = cv2.boundingRect((image > INK).astype(np.uint8))
    drawn, pen = image.copy(), stroke_px(image)
    if not _is_bare(image, pen):
        return image
    head = np.array([_mean_column(image, y + pen // 2 + 1), y + pen // 2])
    steep = random.uniform(0.0, 1.0)  # a level flag is a short one, or it would make a 7
    length, angle = height * random.uniform(0.15, 0.25 + 0.3 * steep), np.deg2rad(8 + 57 * steep)
    tip = head + length * np.array([-np.cos(angle), np.sin(angle)])
    _curve(drawn, head + np.array([0.0, height * random.uniform(0.0, 0.2)]), head, tip, pen)
    if random.random() < 0.5:
        foot = np.array([_mean_column(image, y + height - pen), y + height - pen // 2])
        reach = height * random.uniform(0.15, 0.3)
        _line(drawn, foot - np.array([reach, 0.0]), foot + np.array([reach, random.uniform(-2, 2)]), pen)
    return drawn


def _is_bare(image: UInt8, pen: int) -> bool:
    """Whether a 1 is a stroke, upright or leaning, that has neither flag nor foot yet."""
    points = np.column_stack(np.nonzero(image > INK)[::-1]).astype(np.float32)
    return len(points) > 0 and min(cv2.minAreaRect(points)[1]) <= BARE * pen


def _bar(image: UInt8, random: np.random.Generator) -> UInt8:
    """A 7 with a bar across its stem."""
    _, y, _, height = cv2.boundingRect((image > INK).astype(np.uint8))
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
    rows, columns = np.nonzero(image > INK)
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
    x, y, width, height = cv2.boundingRect((image > INK).astype(np.uint8))
    drawn = image.copy()
    gap = max(3, round(height * random.uniform(0.05, 0.12)))
    column = int(x + width * random.uniform(0.4, 0.8))
    drawn[: y + height // 3, column : column + gap] = 0
    return drawn


def _unfinish(image: UInt8, random: np.random.Generator) -> UInt8:
    """A 9 whose loop does not come back to its stem: a gap in the upper right of the loop, as wide as half a pen."""
    mask = (image > INK).astype(np.uint8)
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
    columns = np.flatnonzero(image[min(row, image.shape[0] - 1)] > INK)
    return float(columns.mean()) if columns.size else image.shape[1] / 2


def _line(image: UInt8, start: NDArray[np.float64], end: NDArray[np.float64], width_px: int) -> None:
    """Draws on the picture itself."""
    cv2.line(image, _rounded(start), _rounded(end), (255,), width_px, cv2.LINE_AA)


def _curve(
    image: UInt8, start: NDArray[np.float64], bend: NDArray[np.float64], end: NDArray[np.float64], width_px: int
) -> None:
    """Draws a quadratic Bezier curve on the picture itself."""
    t = np.linspace(0.0, 1.0, 9)[:, np.newaxis]
    points = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
    cv2.polylines(image, [np.rint(points).astype(np.int32)], False, (255,), width_px, cv2.LINE_AA)


def _rounded(point: NDArray[np.float64]) -> tuple[int, ...]:
    return tuple(int(value) for value in np.rint(point))


TRAITS: dict[int, Callable[[UInt8, np.random.Generator], UInt8]] = {
    0: _open, 1: _flag, 4: _close, 7: _bar, 9: _unfinish
}  # fmt: skip
"""What other schools make of a digit."""
