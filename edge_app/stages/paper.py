"""A shrunken picture in, the paper in it as it would be without writing out.

Paper is what remains when every dark structure thinner than a window is filled in (a gray-scale closing). Unlike a
local mean it keeps the edge of a shadow or of the page where it is, so neither looks like ink. Shadows and gray rows
that are no broader than the window are told from strokes by what is written on them, or by how pale they are.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8

Mask: TypeAlias = NDArray[np.bool_]

STROKE_FRACTION = 0.22  # of the shorter side: thicker dark structures are background, not strokes
FAT_FRACTION = 0.5  # the same for what lies all within the picture
MAX_FALL = 0.75  # least share of its brightness that paper keeps within half a window of the frame's edge
LIGHTEST_SHADE = 0.86  # of paper's brightness
WIDE_HALF, NARROW_HALF = 3, 2  # half a window that strokes on a shade vanish in
WIDE_SHADE, NARROW_SHADE = (WIDE_HALF, 0.3, 2), (NARROW_HALF, 0.48, 8)
"""That window, how dark the shade may be, and how few strokes must be on all of it."""
PALE = 0.7  # of the darkest ink's contrast: less has a shadow
DARKEST_SHARE = 0.005  # of the pixels, that tell how dark ink is
LEAST_SHADE = 0.008  # of the picture
MOST_RIM = 0.08  # of its pixels that lie on the picture's rim: more has a strip of the desk beside a page
PLAIN, MOSTLY_PLAIN = 0.9, 0.62  # of its brightness without thin strokes; of its area, that has nothing on it
WRITTEN, UNWRITTEN = 0.7, 0.8  # of its usual brightness: most of what is written, least of what is under it
LIKE_DEPTH = 0.08  # of paper's brightness: another area that differs less from one that is written on is of its kind
STROKE_PX, FEWEST_STROKES = 5, 2  # area of a stroke; how many must be on one: a single one is an edge of something


def find_paper(small: UInt8) -> tuple[UInt8, int]:
    """The paper of a picture, (h, w) uint8, and half the side of the window that strokes were filled in with.

    Args:
        small: (h, w) uint8, dark ink on light paper, at the size that paper is estimated from; not written to.
    """
    half = _half_window(small)
    return _with_shade(small, _paper(small, half)), half


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


def _with_shade(small: UInt8, paper: UInt8) -> UInt8:
    """The paper with those dark areas in it, too, that something darker is written on: bands of a table, shadows.

    They are narrower than the window that fills strokes in, but no strokes: these are of one darkness, and nothing
    thinner is on them. Narrow ones, as the light through a blind has, need more to be told from a fat stroke. Where
    what is written is one large digit, its strokes are no thinner, but far darker.
    """
    fine = _paper(small, NARROW_HALF)
    if not _broad(fine < LIGHTEST_SHADE * paper).any():
        return paper
    finer = {NARROW_HALF: fine, WIDE_HALF: _paper(small, WIDE_HALF)}
    for half, darkest, fewest in (WIDE_SHADE, NARROW_SHADE):
        shade = _written_shade(small, paper, finer[half], darkest, fewest)
        if shade is not None:
            return np.where(shade, finer[half], paper).astype(np.uint8)
    return np.where(_pale_shade(small, paper, fine), fine, paper).astype(np.uint8)


def _broad(dark: Mask) -> UInt8:
    """(h, w) uint8, 1 for what is broader than thin strokes among dark pixels."""
    return np.asarray(cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, window(NARROW_HALF)), dtype=np.uint8)


def _written_shade(small: UInt8, paper: UInt8, fine: UInt8, darkest: float, fewest: int) -> Mask | None:
    """(h, w) bool, the dark areas with so many strokes on them and those that are like them; None where there are none.

    Args:
        small: (h, w) uint8, the picture at the size that paper is estimated from.
        paper: the same without what may be a stroke.
        fine: the same without thin strokes alone.
        darkest: that they may be, a share of paper's brightness.
        fewest: strokes on all of them.
    """
    dark = (fine < LIGHTEST_SHADE * paper) & (fine > darkest * paper)
    _, areas, stats, _ = cv2.connectedComponentsWithStats(_broad(dark), connectivity=4)
    strokes, depths = np.zeros(len(stats), dtype=np.int64), np.full(len(stats), np.inf)
    for area in np.flatnonzero(_may_be_shade(areas, stats)):
        x, y, width, height = stats[area, :4]
        part = slice(y, y + height), slice(x, x + width)
        within, level, without = areas[part] == area, small[part], fine[part].astype(np.float32)
        plain = within & (level > PLAIN * without)
        if np.count_nonzero(plain) < MOSTLY_PLAIN * stats[area, 4]:
            continue
        usual = float(np.median(level[plain]))
        on_it = within & (level < WRITTEN * usual) & (without >= UNWRITTEN * usual)
        _, _, pieces, _ = cv2.connectedComponentsWithStats(on_it.astype(np.uint8), connectivity=8)
        strokes[area] = np.count_nonzero(pieces[1:, 4] >= STROKE_PX)
        depths[area] = usual / float(np.median(paper[part][plain]))
    written = strokes >= FEWEST_STROKES
    if not written.any() or strokes.sum() < fewest:
        return None
    alike = np.abs(depths - depths[written][:, np.newaxis]).min(axis=0) <= LIKE_DEPTH
    return np.asarray(cv2.dilate(alike.astype(np.uint8)[areas], window(1)) > 0)


def _pale_shade(small: UInt8, paper: UInt8, fine: UInt8) -> Mask:
    """(h, w) bool, the broad dark areas that are far paler than the darkest ink, since a pen has one darkness.

    Args:
        small, paper, fine: as `_written_shade` has them.
    """
    bright = small / np.maximum(paper, 1).astype(np.float32)
    darkest = int(DARKEST_SHARE * bright.size)
    ink = 1.0 - float(np.partition(bright.ravel(), darkest)[darkest])  # a tenth of the time of numpy.percentile
    pale = (fine < LIGHTEST_SHADE * paper) & (bright > 1.0 - PALE * ink)
    _, areas, stats, _ = cv2.connectedComponentsWithStats(_broad(pale), connectivity=4)
    shade = _may_be_shade(areas, stats).astype(np.uint8)
    return np.asarray(cv2.dilate(shade[areas], window(1)) > 0)


def _may_be_shade(areas: cv2.typing.MatLike, stats: cv2.typing.MatLike) -> Mask:
    """(M,) bool, which dark areas are large, and no strip along the picture's rim; the first of all is not dark."""
    on_its_rim = np.bincount(on_rim(areas), minlength=len(stats))
    found = stats[:, 4] >= np.maximum(LEAST_SHADE * areas.size, on_its_rim / MOST_RIM)
    found[0] = False
    return np.asarray(found)


def _paper(small: UInt8, half: int) -> UInt8:
    """The page with every dark stroke filled in that is narrower than twice `half`, (h, w) uint8.

    A closing is too bright where the page darkens towards the frame's edge, since there is nothing
    darker beyond to close against; within half a window of the edge the paper is therefore continued
    from further inside by point reflection.
    """
    closed = np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, window(half)), dtype=np.uint8)
    if min(small.shape) <= 4 * half:
        return closed
    inside = closed[half:-half, half:-half].astype(np.int16)
    continued = np.pad(inside, half, mode="reflect", reflect_type="odd")
    lowest = (closed * MAX_FALL).astype(np.int16)  # a shadow's edge just inside must not be continued
    return np.clip(continued, lowest, closed).astype(np.uint8)


def on_rim(areas: cv2.typing.MatLike) -> NDArray[np.int32]:
    """The numbers of the areas that reach the rim of the picture, on each of its pixels."""
    rim = np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]])
    return np.asarray(rim, dtype=np.int32)


def window(half: int) -> UInt8:
    return np.ones((2 * half + 1, 2 * half + 1), dtype=np.uint8)
