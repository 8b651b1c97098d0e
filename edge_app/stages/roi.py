"""The part of a frame that is to be read: a view of it in, readings back in the pixels of the whole frame out."""

from dataclasses import replace

from edge_app.frames import BoxXYWH, Frame, Reading, Shares

LEAST_SIDE_PX = 16  # a digit and some paper around it


def roi_box(roi: Shares, size_wh: tuple[int, int]) -> BoxXYWH:
    """The part in pixels.

    Args:
        roi: left, top, width and height as shares of the frame, 0 to 1.
        size_wh: of the frame.

    Returns:
        A box inside the frame, at least LEAST_SIDE_PX on each side where the frame is.

    >>> roi_box((0.25, 0.5, 0.5, 0.25), (640, 480))
    (160, 240, 320, 120)
    >>> roi_box((0.99, 0.99, 0.5, 0.5), (640, 480))
    (624, 464, 16, 16)
    """
    left, width = _span(roi[0], roi[2], size_wh[0])
    top, height = _span(roi[1], roi[3], size_wh[1])
    return left, top, width, height


def part_of(frame: Frame, box: BoxXYWH) -> Frame:
    """The frame's part as a frame of its own, a view. Regions are sought in it at full resolution, not in the lores."""
    x, y, width, height = box
    return replace(frame, gray=frame.gray[y : y + height, x : x + width], make_bgr=None, lores_gray=None)


def moved(reading: Reading, by_xy: tuple[int, int]) -> Reading:
    """A reading of the part with its boxes in the whole frame."""
    digits = (
        replace(digit, box_xywh=(digit.box_xywh[0] + by_xy[0], digit.box_xywh[1] + by_xy[1], *digit.box_xywh[2:]))
        for digit in reading.digits
    )
    return replace(reading, digits=tuple(digits))


def _span(start: float, length: float, side_px: int) -> tuple[int, int]:
    """First pixel and how many, within a side."""
    least = min(LEAST_SIDE_PX, side_px)
    first = min(round(start * side_px), side_px - least)
    return first, min(max(round(length * side_px), least), side_px - first)
