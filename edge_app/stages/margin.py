"""A picture that was cut closely around its digits in, the same with paper around it out.

What is around a digit tells where its ink ends, and that it does not go on outside the frame. Somebody who cuts a digit
out of a page, or whose hand holds the camera very close, leaves none.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Frame, Reading, UInt8
from edge_app.stages.binarize import MAD_TO_SIGMA
from edge_app.stages.shrink import shrunk

SIDE_PX = 160  # longer side of what is looked at
TALL = 0.88  # of the frame's height or width: where ink is as long, it stands close to the edge
SLIM = 0.2  # width / height: ink that is slimmer may be a line from edge to edge
MOST_OF_RIM, MOST_OF_A_SIDE = 0.3, 0.9  # that may be ink: more is a desk beside the page, or a shadow
FATTEST, FATTEST_LIGHT = 0.22, 0.12  # of the longer side, from a stroke's middle to paper; a page is light, and fatter
MOST_OF_INK = 0.8  # that is so long: else there is more to see
MOST_HOLES = 8  # of what is not ink, with what is outside: more have the lines of a table
MARGIN = 0.2  # of the longer side
CLEAR_OF_INK = np.ones((5, 5), np.uint8)
NEAR = (9, 9)  # pixels of what is looked at: paper is as bright as that around it, free of ink,
USUAL_WEIGHT = 0.01  # or, where there is only ink near, as most of it
NOISE_SIDE_PX = 61  # of the tile that noise repeats in


def margin_px(gray: UInt8) -> int:
    """How wide a margin a frame lacks; 0 for nearly all.

    Args:
        gray: (H, W) uint8; not written to.

    >>> crop = np.full((40, 30), 200, np.uint8)
    >>> crop[1:39, 10:20] = 30
    >>> margin_px(crop), margin_px(np.pad(crop, 20, constant_values=200))
    (8, 0)
    """
    ink, is_dark = _ink(_sample(gray))
    fattest = FATTEST if is_dark else FATTEST_LIGHT
    sides = [np.count_nonzero(side) / side.size for side in (ink[0], ink[-1], ink[:, 0], ink[:, -1])]
    lengths = (ink.shape[1], ink.shape[1], ink.shape[0], ink.shape[0])
    if max(sides) > MOST_OF_A_SIDE or np.dot(sides, lengths) > MOST_OF_RIM * sum(lengths):
        return 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    width, height, area = stats[1:, 2:].T
    long = (height >= TALL * ink.shape[0]) | (width >= TALL * ink.shape[1])
    broad = np.minimum(width, height) >= SLIM * np.maximum(width, height)
    if area[long & broad].sum() < MOST_OF_INK * area.sum() or not area.size:
        return 0
    depth = float(cv2.distanceTransform(ink, cv2.DIST_L2, 3).max())
    holes = cv2.connectedComponents(~ink, connectivity=4)[0]
    return round(MARGIN * max(gray.shape)) if depth <= fattest * max(ink.shape) and holes <= MOST_HOLES else 0


def with_margin(frame: Frame, margin: int) -> Frame:
    """The frame with so many pixels of paper on each side, as bright and as noisy as its rim. Without a lores."""
    if not margin:
        return frame
    gray = frame.gray
    paper, noise = _paper(gray)
    around = round(margin * paper.shape[1] / gray.shape[1])
    wider = cv2.copyMakeBorder(paper, around, around, around, around, cv2.BORDER_REPLICATE)
    height, width = (side + 2 * margin for side in gray.shape)
    whole = cv2.resize(wider, (width, height), interpolation=cv2.INTER_LINEAR)
    if noise:
        whole = cv2.add(whole, _noise(noise, (height, width)), dtype=cv2.CV_8U)
    whole[margin : height - margin, margin : width - margin] = gray
    return replace(frame, gray=np.asarray(whole, dtype=np.uint8), make_bgr=None, lores_gray=None)


def without_margin(reading: Reading, margin: int, size_wh: tuple[int, int]) -> Reading:
    """The reading with its boxes in the frame as it came, and inside it.

    Args:
        reading: of the frame with a margin.
        margin: of that, in pixels.
        size_wh: of the frame as it came.
    """
    if not margin:
        return reading
    digits = (replace(digit, box_xywh=_within(digit.box_xywh, margin, size_wh)) for digit in reading.digits)
    return replace(reading, digits=tuple(digits))


def _within(box_xywh: BoxXYWH, margin: int, size_wh: tuple[int, int]) -> BoxXYWH:
    """The part of a box that lies in the frame as it came, in its pixels; at least one."""
    x, y, width, height = box_xywh
    left, right = np.clip((x - margin, x + width - margin), 0, size_wh[0]).tolist()
    top, bottom = np.clip((y - margin, y + height - margin), 0, size_wh[1]).tolist()
    left, top = min(left, size_wh[0] - 1), min(top, size_wh[1] - 1)
    return left, top, max(1, right - left), max(1, bottom - top)


def _rim(picture: UInt8) -> UInt8:
    """The first and last rows and columns, one after the other."""
    return np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])


def _sample(gray: UInt8) -> UInt8:
    """Every n-th pixel, so that the longer side has about SIDE_PX; not averaged, which would cost each frame more."""
    step = max(1, max(gray.shape) // SIDE_PX)
    return gray[::step, ::step]


def _ink(sample: UInt8) -> tuple[UInt8, bool]:
    """Which pixels are ink, 255 for it, and whether it is dark; most of the rim is paper."""
    _, dark = cv2.threshold(sample, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    ink = np.asarray(dark, dtype=np.uint8)
    return (ink, True) if np.mean(_rim(ink) > 0) <= 0.5 else (~ink, False)


def _paper(gray: UInt8) -> tuple[UInt8, float]:
    """A smaller picture of the paper as it would be without ink, and the standard deviation of its noise."""
    small = shrunk(gray, SIDE_PX)
    clear = cv2.bitwise_not(cv2.dilate(_ink(small)[0], CLEAR_OF_INK)) > 0
    if not clear.any():
        return small, 0.0
    seen = clear.astype(np.float32)
    usual = float(np.median(small[clear]))
    paper = (cv2.blur(seen * small, NEAR) + USUAL_WEIGHT * usual) / (cv2.blur(seen, NEAR) + USUAL_WEIGHT)
    pixels = cv2.resize(gray, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_NEAREST)
    return paper.round().astype(np.uint8), MAD_TO_SIGMA * float(np.median(cv2.absdiff(pixels, small)[clear]))


def _noise(sigma: float, shape_hw: tuple[int, int]) -> NDArray[np.int16]:
    """(h, w) int16 gray levels, the same each time."""
    tile = np.random.default_rng(0).normal(0.0, sigma, (NOISE_SIDE_PX, NOISE_SIDE_PX)).round().astype(np.int16)
    times = [-(-side // NOISE_SIDE_PX) for side in shape_hw]
    return np.tile(tile, times)[: shape_hw[0], : shape_hw[1]]
