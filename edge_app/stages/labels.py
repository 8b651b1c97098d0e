"""Boxes and texts in, where a label goes and how much of its text fits out: the geometry of the overlay."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge_app.frames import BoxXYWH

FONT = cv2.FONT_HERSHEY_DUPLEX


def place_label(size_wh: tuple[int, int], box: BoxXYWH, bounds: BoxXYWH, taken: Sequence[BoxXYWH]) -> BoxXYWH:
    """Finds where a label hides least.

    That is the first free place of: above its box, below it, right of it, left of it. On a crowded page, where none is
    free, it is whichever hides least of above, below and within the box's top edge: beside its box, it would seem to
    belong to the neighbour.

    Args:
        size_wh: of the label.
        box: what it belongs to.
        bounds: what it must stay within; a larger label starts at the left or top edge of it.
        taken: boxes that it should not cover.

    Returns:
        The label's box; above and below, flush left before flush right.

    >>> place_label((20, 10), (50, 50, 40, 40), (0, 0, 200, 200), [])
    (50, 40, 20, 10)
    >>> place_label((20, 10), (50, 5, 40, 40), (0, 0, 200, 200), [(50, 5, 40, 40)])
    (50, 45, 20, 10)
    """
    width, height = size_wh
    left, top, box_width, box_height = box
    right, bottom = left + box_width, top + box_height
    near = [(x, y) for y in (top - height, bottom) for x in (left, right - width)]
    beside, within = [(right, top), (left - width, top)], [(left, top)]

    def hidden_px(corner: tuple[int, int]) -> int:
        return covered_px(moved_within((*corner, width, height), bounds), taken)

    free = (corner for corner in near + beside if hidden_px(corner) == 0)
    corner = next(free, None) or min(near + within, key=hidden_px)
    return moved_within((*corner, width, height), bounds)


def moved_within(box: BoxXYWH, bounds: BoxXYWH) -> BoxXYWH:
    """A box moved the least that puts it within `bounds`; its size stays."""
    left = max(bounds[0], min(box[0], bounds[0] + bounds[2] - box[2]))
    top = max(bounds[1], min(box[1], bounds[1] + bounds[3] - box[3]))
    return left, top, box[2], box[3]


def covered_px(box: BoxXYWH, others: Sequence[BoxXYWH]) -> int:
    """Pixels that a box shares with others, counted once for each of them."""
    left, top, width, height = np.array(others, dtype=np.int64).reshape(-1, 4).T
    shared_width = np.minimum(left + width, box[0] + box[2]) - np.maximum(left, box[0])
    shared_height = np.minimum(top + height, box[1] + box[3]) - np.maximum(top, box[1])
    return int(np.sum(np.maximum(shared_width, 0) * np.maximum(shared_height, 0)))


def joined(first: BoxXYWH, second: BoxXYWH) -> BoxXYWH:
    """The smallest box around two."""
    left, top = min(first[0], second[0]), min(first[1], second[1])
    right = max(first[0] + first[2], second[0] + second[2])
    bottom = max(first[1] + first[3], second[1] + second[3])
    return left, top, right - left, bottom - top


def grown(box: BoxXYWH, by_px: int) -> BoxXYWH:
    """A box larger on each side."""
    left, top, width, height = box
    return left - by_px, top - by_px, width + 2 * by_px, height + 2 * by_px


def fit_text(text: str, height_px: int, max_width: int) -> str:
    """`text` in ASCII, cut to the width with two dots at its end; empty where not even those fit.

    >>> fit_text("mnist-compact-v1", 13, 90)
    'mnist-c..'
    """
    text = text.encode("ascii", "replace").decode("ascii").replace("\n", " ")
    if text_width(text, height_px) <= max_width:
        return text
    for end in range(len(text) - 1, -1, -1):
        cut = text[:end].rstrip(" -_") + ".."
        if text_width(cut, height_px) <= max_width:
            return cut
    return ""


def text_width(text: str, height_px: int) -> int:
    """Width in pixels of ASCII text whose digits are `height_px` tall."""
    font_size, stroke = font_of(height_px)
    (width, _), _ = cv2.getTextSize(text, FONT, font_size, stroke)
    return int(width)


def font_of(height_px: int) -> tuple[float, int]:
    """OpenCV's font size and stroke for digits of this height."""
    stroke = max(1, round(height_px / 14))
    return cv2.getFontScaleFromHeight(FONT, height_px, stroke), stroke
