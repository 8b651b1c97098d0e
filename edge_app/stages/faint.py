"""A mask of ink in, the same with the faint parts of its strokes: a threshold with hysteresis.

A pixel on its own must stand out from the noise of its paper by far. One that hangs together with ink needs less, so
that a pencil's stroke stays whole where it was pressed lightly (after Canny, "A computational approach to edge
detection", PAMI 1986, which follows edges so).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8

FAINT_SHARE = 0.5  # of the contrast that ink on its own needs; from .4 to .6 pages read the same, at .75 less is won
MOST_NEEDED = 0.4  # of the paper's brightness: where ink on its own needs more contrast, the ground is cloth or creased
SIGMA_PX = 1.0  # of the blur that takes noise off what is faint, at working size
LEAST_SURE_PX = 3  # of a stroke that its faint parts hang on; one alone is noise
MOST_LOOSE = 0.1  # of the ink that stands on its own: where so much is as faint and no part of it, it is cloth


def faint_contrast(needed: NDArray[np.float64], paper: UInt8) -> NDArray[np.float64]:
    """The contrast from which a pixel may be a faint part of ink, (H, W) float64 in gray levels.

    Args:
        needed: (H, W) float64, that which ink on its own needs to stand out from the noise of the paper.
        paper: (H, W) uint8, its brightness.
    """
    return np.where(needed <= MOST_NEEDED * paper, FAINT_SHARE * needed, needed)


def with_faint_parts(mask: UInt8, gray: UInt8, threshold: UInt8, faint: UInt8) -> UInt8:
    """Adds what is too faint to be ink on its own, and hangs together with ink.

    Args:
        mask: (h, w) uint8, 255 for ink that stands on its own.
        gray: (h, w) uint8, the picture, its ink dark.
        threshold: (H, W) uint8, the brightness below which a pixel is ink on its own, on any grid.
        faint: (H, W) uint8, that below which it may be a faint part; the same as `threshold` where that does not
            come from the noise of the paper.

    Returns:
        The mask, (h, w) uint8; the one given where nothing hangs together with ink, or the ground is too rough to tell.
    """
    size_wh = mask.shape[1], mask.shape[0]
    where = cv2.resize(cv2.compare(faint, threshold, cv2.CMP_GT), size_wh, interpolation=cv2.INTER_NEAREST)
    if not cv2.countNonZero(cv2.bitwise_and(mask, where)):
        return mask
    surface = cv2.resize(faint, size_wh, interpolation=cv2.INTER_LINEAR)
    maybe = cv2.bitwise_and(cv2.compare(cv2.GaussianBlur(gray, (0, 0), SIGMA_PX), surface, cv2.CMP_LT), where)
    both = cv2.bitwise_or(mask, maybe)
    count, strokes = cv2.connectedComponents(both, connectivity=8)
    believed = np.bincount(strokes[mask > 0], minlength=count) >= LEAST_SURE_PX
    believed[0] = False  # paper
    grown = np.where(believed[strokes], np.uint8(255), mask)
    loose = cv2.countNonZero(both) - cv2.countNonZero(grown)
    return grown if loose <= MOST_LOOSE * cv2.countNonZero(mask) else mask
