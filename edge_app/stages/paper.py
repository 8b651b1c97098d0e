"""A shrunken picture in, the paper in it as it would be without writing out.

Paper is what remains when every dark structure thinner than a window is filled in (a gray-scale closing). Unlike a
local mean it keeps the edge of a shadow or of the page where it is, so neither looks like ink. Shadows that are no
broader than the window are left to `shade.py`.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8

STROKE_FRACTION = 0.22  # of the shorter side: thicker dark structures are background, not strokes
FAT_FRACTION = 0.5  # the same for what lies all within the picture
MAX_FALL = 0.75  # least share of its brightness that paper keeps within half a window of the frame's edge


def find_paper(small: UInt8) -> tuple[UInt8, int]:
    """The paper of a picture, (h, w) uint8, and half the side of the window that strokes were filled in with.

    Args:
        small: (h, w) uint8, dark ink on light paper, at the size that paper is estimated from; not written to.
    """
    half = _half_window(small)
    return without_strokes(small, half), half


def _half_window(small: UInt8) -> int:
    """Half the side of the window that fills strokes in, in pixels of the shrunken picture.

    Wider where strokes are that lie all within the picture: what runs off it may be desk, shadow or hand.
    """
    least, most = (max(1, int(min(small.shape) * share / 2)) for share in (STROKE_FRACTION, FAT_FRACTION))
    _, dark = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    depth = cv2.distanceTransform(dark, cv2.DIST_C, 3)
    if depth.max() <= least:
        return least
    _, areas = cv2.connectedComponents(dark, connectivity=4)
    depth[np.isin(areas, on_rim(areas))] = 0
    return int(np.clip(depth.max(), least, most))


def without_strokes(small: UInt8, half: int) -> UInt8:
    """The page with every dark stroke filled in that is narrower than twice `half`, (h, w) uint8.

    A closing is too bright where the page darkens towards the frame's edge, since there is nothing
    darker beyond to close against; within half a window of the edge the paper is therefore continued
    from further inside by point reflection.
    """
    closed = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, window(half)), dtype=np.uint8)
    if min(small.shape) <= 4 * half:
        return closed
    continued: NDArray[np.int16] = closed[half:-half, half:-half].astype(np.int16)
    for sides in ((half, half, 0, 0), (0, 0, half, half)):
        edge, mirrored = (
            cv2.copyMakeBorder(continued, *sides, border) for border in (cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101)
        )
        continued = np.asarray(2 * edge - mirrored, dtype=np.int16)
    lowest = (closed * MAX_FALL).astype(np.int16)  # a shadow's edge just inside must not be continued
    return np.minimum(np.maximum(continued, lowest), closed).astype(np.uint8)


def on_rim(areas: cv2.typing.MatLike) -> NDArray[np.int32]:
    """The numbers of the areas that reach the rim of the picture, on each of its pixels."""
    rim = np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]])
    return np.asarray(rim, dtype=np.int32)


def window(half: int) -> UInt8:
    return np.ones((2 * half + 1, 2 * half + 1), dtype=np.uint8)
