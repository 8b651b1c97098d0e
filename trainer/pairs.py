"""Handwritten digits in, crops of two that touch out: what the device sees where its cuts leave two together.

Scenes hold few of them. Who has not seen many takes a 3 with a 1 at its end for a 3, and is sure of it.
"""

import math

import cv2
import numpy as np

from edge_app.frames import UInt8
from edge_app.stages.crop import CROP_SIDE_PX, center_ink
from trainer.augment import Augmentation, augment
from trainer.data import Digits

INK = 40  # gray value from which a pixel counts as ink of one digit's own
SHARED_INK = 100  # the same where two strokes lie on each other
MOST_SHARED_PX = 13  # of these where digits touch
MOST_LAP = 0.3  # of the slimmer one's width: a 1 within the box of a 3 would leave a 3
HEIGHTS = 0.85, 1.15  # of the second one in the first one's
UNEVEN_PX = 1.5  # standard deviation of how much lower one stands
FINER = 2  # times MNIST's resolution, before both are shrunk to one crop


def make_pairs(handwriting: Digits, count: int, random: np.random.Generator) -> UInt8:
    """Crops of two digits each, of any two writers and with any two pens.

    Args:
        handwriting: single digits, prepared as MNIST's are.
        count: how many.
        random: source of all chance.

    Returns:
        (count, 28, 28) uint8, as the device's crop stage would yield them.
    """
    rows = random.integers(0, len(handwriting), (2, count))
    first, second = (
        augment(handwriting.images[each], handwriting.labels[each], random, Augmentation()) for each in rows
    )
    return np.stack([_side_by_side(*both, random) for both in zip(first, second, strict=True)])


def _side_by_side(first: UInt8, second: UInt8, random: np.random.Generator) -> UInt8:
    """The second digit pushed against the first one until they share some ink."""
    left, right = _own_ink(first), _own_ink(second)
    size = random.uniform(*HEIGHTS)
    size_wh = max(3, round(right.shape[1] * size)), max(3, round(right.shape[0] * size))
    right = np.asarray(cv2.resize(right, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    height = 2 * CROP_SIDE_PX
    written = np.zeros((height, left.shape[1] + right.shape[1] + 2), dtype=np.uint8)
    pushed = np.zeros_like(written)
    top = (height - left.shape[0]) // 2
    written[top : top + left.shape[0], : left.shape[1]] = left
    top = (height - right.shape[0]) // 2 + round(float(np.clip(random.normal(0.0, UNEVEN_PX), -6, 6)))
    wanted = int(random.integers(1, MOST_SHARED_PX + 1))
    nearest = math.ceil(left.shape[1] - MOST_LAP * min(left.shape[1], right.shape[1]))
    for x in range(left.shape[1] + 1, nearest - 1, -1):
        pushed[:] = 0
        pushed[top : top + right.shape[0], x : x + right.shape[1]] = right
        if np.count_nonzero((written > SHARED_INK) & (pushed > SHARED_INK)) >= wanted:
            break
    fine_wh = FINER * written.shape[1], FINER * height
    both = cv2.resize(np.maximum(written, pushed), fine_wh, interpolation=cv2.INTER_CUBIC)
    return center_ink(np.asarray(both, dtype=np.uint8))


def _own_ink(crop: UInt8) -> UInt8:
    """A crop without the black around its ink."""
    x, y, width, height = cv2.boundingRect((crop > INK).astype(np.uint8))
    return crop[y : y + height, x : x + width]
