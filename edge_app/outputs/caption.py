"""A line of text in, a strip of picture with it out; for the window's help line and the contact sheet."""

import cv2
import numpy as np

from edge_app.frames import UInt8

FONT = cv2.FONT_HERSHEY_DUPLEX
BACKGROUND_BGR = (24, 20, 16)
TEXT_BGR = (235, 235, 235)


def caption(text: str, size_wh: tuple[int, int], colour_bgr: tuple[int, int, int] = TEXT_BGR) -> UInt8:
    """Draws text on a dark strip, smaller where it is too long and at last cut with two dots.

    Args:
        text: characters that are not ASCII become "?", which is all that OpenCV's font has.
        size_wh: of the strip in pixels.
        colour_bgr: of the text.

    Returns:
        (height, width, 3) uint8.
    """
    width, height = size_wh
    strip = np.full((height, width, 3), BACKGROUND_BGR, dtype=np.uint8)
    pad = max(2, height // 4)
    text = text.encode("ascii", "replace").decode("ascii").replace("\n", " ")
    text_px = height // 2
    while text_px > height // 3 and _width(text, text_px) > width - 2 * pad:
        text_px -= 1
    shown = text
    while shown and _width(shown, text_px) > width - 2 * pad:
        text = text[:-1]
        shown = text.rstrip() + ".." if text else ""
    inner = strip[:, pad : width - pad]
    if inner.size:
        font_size, stroke = _font(text_px)
        cv2.putText(inner, shown, (0, (height + text_px) // 2), FONT, font_size, colour_bgr, stroke, cv2.LINE_AA)
    return strip


def letterbox(picture_bgr: UInt8, size_wh: tuple[int, int]) -> UInt8:
    """Fits a picture into a size, keeping its aspect, with black either side where it does not fill it.

    Args:
        picture_bgr: (H, W, 3) uint8; not written to.
        size_wh: width and height of the answer in pixels.

    Returns:
        (height, width, 3) uint8; `picture_bgr` itself where it has that size already.
    """
    width, height = size_wh
    if picture_bgr.shape[:2] == (height, width):
        return picture_bgr
    resize_factor = min(width / picture_bgr.shape[1], height / picture_bgr.shape[0])
    fitted_wh = (
        max(1, min(width, round(picture_bgr.shape[1] * resize_factor))),
        max(1, min(height, round(picture_bgr.shape[0] * resize_factor))),
    )
    method = cv2.INTER_AREA if resize_factor < 1 else cv2.INTER_LINEAR
    left, top = (width - fitted_wh[0]) // 2, (height - fitted_wh[1]) // 2
    boxed = np.zeros((height, width, 3), dtype=np.uint8)
    boxed[top : top + fitted_wh[1], left : left + fitted_wh[0]] = cv2.resize(
        picture_bgr, fitted_wh, interpolation=method
    )
    return boxed


def _width(text: str, text_px: int) -> int:
    """Pixels that the text takes, in digits of this height."""
    font_size, stroke = _font(text_px)
    return int(cv2.getTextSize(text, FONT, font_size, stroke)[0][0])


def _font(text_px: int) -> tuple[float, int]:
    """OpenCV's font size and stroke for digits of this height."""
    stroke = max(1, round(text_px / 14))
    return cv2.getFontScaleFromHeight(FONT, text_px, stroke), stroke
