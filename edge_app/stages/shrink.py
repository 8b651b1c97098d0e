"""A picture in, the same at a smaller size out: what is looked for on it is as large as ever, and costs less."""

import cv2
import numpy as np

from edge_app.frames import UInt8


def shrunk(picture: UInt8, side_px: int) -> UInt8:
    """The picture with its longer side `side_px` long, averaged over areas.

    Args:
        picture: (h, w) uint8; returned as it is where it is no larger.
        side_px: at least 1.

    >>> shrunk(np.zeros((480, 640), np.uint8), 160).shape
    (120, 160)
    """
    resize_factor = side_px / max(picture.shape)
    if resize_factor >= 1.0:
        return picture
    size_wh = max(1, round(picture.shape[1] * resize_factor)), max(1, round(picture.shape[0] * resize_factor))
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)
