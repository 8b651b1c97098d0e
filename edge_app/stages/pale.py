"""A mask of ink in, the same with strokes that are paler than what is printed around them out.

The threshold asks for a share of the strongest contrast nearby, or the blur around a stroke would count as ink. Pencil
in a black form has less than that. So what lies below a lower one is looked at piece by piece: most of a pale stroke is
paler than was asked for, while of a dark one only the blur around it is.
"""

import cv2
import numpy as np

from edge_app.frames import UInt8
from edge_app.stages.boxes import AREA, HEIGHT, WIDTH
from edge_app.stages.paper import window

PALE_SHARE = 0.12  # of the strongest contrast nearby: fainter marks show through from the other side of the paper
CLEARLY_PALE = 0.5  # of what the threshold asks for: the mean contrast of a stroke
MOST_INK, BARELY = 0.5, 1.4  # of a stroke, what is ink anyway, and its mean contrast: more of either is a dark one's
LEAST_PX, STOUT_PX = 30, 3.0  # of a stroke, and by its longer side: of fine lines it is less
LEAST_FILL, MOST_FILL = 0.15, 0.9  # of its box: squares have less, the plate between two windows of a meter has more
MOST_LOOSE = 0.04  # of the ink: where so much is pale and no stroke, it is cloth; of forms .02, of puzzles .044
BLUR_PX = 2  # beyond ink, where there may be blur alone
SPECK, LEAST_THICK_PX = np.ones((2, 2), dtype=np.uint8), 8  # of what is pale and no speck, or nothing is looked at


def with_pale_ink(mask: UInt8, gray: UInt8, paper: UInt8, threshold: UInt8, pale: UInt8) -> UInt8:
    """Adds the strokes that are paler than others nearby.

    Args:
        mask: (h, w) uint8, 255 for ink.
        gray: (h, w) uint8, the picture, its ink dark.
        paper: (H, W) uint8, the brightness of its paper, on any grid.
        threshold: (H, W) uint8, that below which a pixel is ink in `mask`.
        pale: (H, W) uint8, that below which it may be pale ink; as `threshold` where the noise of the paper says so.

    Returns:
        The mask, (h, w) uint8; the one given where it has none, or nothing pale lies beyond it.
    """
    if not cv2.countNonZero(mask):
        return mask
    size_wh = mask.shape[1], mask.shape[0]
    surface = cv2.resize(pale, size_wh, interpolation=cv2.INTER_LINEAR)
    both = cv2.bitwise_or(cv2.compare(gray, surface, cv2.CMP_LT), mask)
    beyond = cv2.bitwise_and(both, cv2.bitwise_not(cv2.dilate(mask, window(BLUR_PX))))
    if cv2.countNonZero(cv2.erode(beyond, SPECK)) < LEAST_THICK_PX:
        return mask
    count, labels, stats, _ = cv2.connectedComponentsWithStats(both, connectivity=8)
    area, sides = stats[:, AREA], stats[:, [WIDTH, HEIGHT]]
    ink = np.bincount(labels[mask > 0], minlength=count)
    fill = area / sides.prod(axis=1)
    is_pale = (area >= np.maximum(LEAST_PX, STOUT_PX * sides.max(axis=1))) & (ink <= MOST_INK * area)
    is_pale &= (fill >= LEAST_FILL) & (fill <= MOST_FILL)
    is_pale[0] = False  # paper
    places = np.flatnonzero(is_pale[labels])
    pieces, is_ink = labels.ravel()[places], mask.ravel()[places] > 0
    bright, asked = (
        cv2.resize(each, size_wh, interpolation=cv2.INTER_LINEAR).ravel()[places].astype(np.float32)
        for each in (paper, threshold)
    )
    share = (bright - gray.ravel()[places]) / np.maximum(bright - asked, 1.0)
    whole, dark = (np.bincount(pieces, part, minlength=count) for part in (share, share * is_ink))
    is_pale &= (whole >= CLEARLY_PALE * area) & (dark <= BARELY * ink)
    if area[1:][~is_pale[1:] & (ink[1:] == 0)].sum() > MOST_LOOSE * cv2.countNonZero(mask):
        return mask
    return np.where(is_pale[labels], np.uint8(255), mask)
