"""Paper in, the same with shade in it out: shadows, gray rows of a table, what a highlighter marked.

Such areas may be no broader than the window that strokes vanish in (`paper.py`), and would be ink with all that is
written on them. They are told from strokes by what is on them, thinner and darker, or by how pale they are beside the
darkest ink, since a pen has one darkness.
"""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8
from edge_app.stages.paper import on_rim, window, without_strokes

Mask: TypeAlias = NDArray[np.bool_]

STEPS = 200.0  # of brightness, from black to paper
WIDE_HALF, NARROW_HALF = 3, 2  # half a window that strokes on a shade vanish in
PALE = 0.7  # of the darkest ink's contrast: less has a shadow
DARKEST_SHARE = 0.005  # of the pixels, that tell how dark ink is

LIGHTEST_MARKED = 0.93  # of paper's brightness: what a highlighter leaves
FAINTEST_INK = 0.6  # the same of what is as dark as ink: paler ink cannot be told from a marking
LEAST_MARKED = 0.0025  # of the picture
INK_ON_IT = 0.12, 0.45  # of a marked area, that is as dark as ink
PLAIN, PARTLY_PLAIN = 0.9, 0.5  # of its brightness without thin strokes; of its area, that has nothing on it
BAR = 0.76  # of the rectangle round it, however it lies
STROKE_ENDS = 0.18, 0.6  # of its outline, along which a bleached piece of a stroke goes on as ink; a cell has more
FINER = 0.5  # of its own width, that of the ink on it; a stroke whose pen ran dry goes on as broad as it was

LIGHTEST_SHADE = 0.86  # of paper's brightness
LEAST_SHADE = 0.008  # of the picture
MOST_RIM = 0.08  # of its pixels that lie on the picture's rim: more has a strip of the desk beside a page
SHARP_STEP = 0.12  # of paper's brightness, from a shade to ink on it, within two pixels
BROADER = 3.0  # than the dark part of a stroke: what glare bleaches is hardly
THICK_INK = 0.01  # of the picture, from which there are strokes that do not vanish in a narrow window
WIDE_SHADE, NARROW_SHADE = (WIDE_HALF, 0.3, 2), (NARROW_HALF, 0.48, 8)
"""The window that strokes vanish in, how dark the shade may be, and how few strokes must be on all of it."""
MOSTLY_PLAIN = 0.62  # as `PARTLY_PLAIN`
WRITTEN, UNWRITTEN = 0.7, 0.8  # of its usual brightness: most of what is written, least of what is under it
LIKE_DEPTH = 0.08  # of paper's brightness: another area that differs less from one that is written on is of its kind
STROKE_PX, FEWEST_STROKES = 5, 2  # area of a stroke; how many must be on one: a single one is an edge of something


def with_shade(small: UInt8, paper: UInt8, half: int) -> UInt8:
    """The paper with the dark areas in it, too, that are no ink.

    Args:
        small: (h, w) uint8, dark ink on light paper, at the size that paper is estimated from; not written to.
        paper: (h, w) uint8, the same without what may be a stroke.
        half: of the window that strokes were filled in with.
    """
    fine = without_strokes(small, NARROW_HALF)
    brightness = share_of_paper(fine, paper)
    if cv2.countNonZero(_broad(_below(LIGHTEST_MARKED, brightness))) < LEAST_MARKED * small.size:
        return paper
    of_small = share_of_paper(small, paper)
    ink_level = _ink_level(of_small)
    is_ink = _below(ink_level, of_small)
    shaded = paper
    if cv2.countNonZero(_broad(_below(LIGHTEST_SHADE, brightness))) >= LEAST_SHADE * small.size:
        shaded = _with_large_shade(small, paper, fine, is_ink, half)
    if ink_level <= FAINTEST_INK:
        pale = _below(LIGHTEST_MARKED, brightness) & ~_below(ink_level, brightness)
        shaded = np.where(_marked(_broad(pale), small, fine, is_ink), np.minimum(fine, shaded), shaded)
    return np.asarray(shaded, dtype=np.uint8)


def share_of_paper(of: UInt8, paper: UInt8) -> UInt8:
    """(h, w) uint8, brightness in steps, of which paper has `STEPS`."""
    return np.asarray(cv2.divide(of, paper, scale=STEPS), dtype=np.uint8)


def _below(share: float, brightness: UInt8) -> Mask:
    """(h, w) bool, what is darker than a share of paper's brightness."""
    return np.asarray(brightness < round(share * STEPS))


def _ink_level(brightness: UInt8) -> float:
    """The share of paper's brightness below which something is nearly as dark as the darkest ink."""
    counts = np.bincount(brightness.ravel(), minlength=256).cumsum()
    darkest = int(np.searchsorted(counts, int(DARKEST_SHARE * brightness.size), side="right"))
    return 1.0 - PALE * (1.0 - darkest / STEPS)


def _broad(dark: Mask) -> UInt8:
    """(h, w) uint8, 1 for what is broader than thin strokes among dark pixels."""
    return np.asarray(cv2.morphologyEx(dark.view(np.uint8), cv2.MORPH_OPEN, window(NARROW_HALF)), dtype=np.uint8)


def _marked(pale: UInt8, small: UInt8, fine: UInt8, is_ink: Mask) -> Mask:
    """(h, w) bool, the pale bars that something is written on: a highlighter's, single cells of a form.

    Args:
        pale: (h, w) uint8, 1 for what may be marked.
        small: (h, w) uint8, the picture.
        fine: the same without thin strokes.
        is_ink: (h, w) bool, what is as dark as ink in it.
    """
    count, areas, stats, _ = cv2.connectedComponentsWithStats(pale, connectivity=4)
    size = stats[:, 4]
    found = size >= LEAST_MARKED * areas.size
    found[np.append(on_rim(areas), 0)] = False
    if not found.any():
        return np.zeros(areas.shape, dtype=bool)
    on_it, plain = (
        np.bincount(areas[part], minlength=count) / size
        for part in (is_ink, ~_below(PLAIN, share_of_paper(small, fine)))
    )
    found &= (on_it >= INK_ON_IT[0]) & (on_it <= INK_ON_IT[1]) & (plain >= PARTLY_PLAIN)
    if not found.any():
        return np.zeros(areas.shape, dtype=bool)
    _, strokes = cv2.connectedComponents(is_ink.view(np.uint8), connectivity=8)
    ink_depth = cv2.distanceTransform(is_ink.view(np.uint8), cv2.DIST_C, 3)
    for area in np.flatnonzero(found):
        x, y, width, height = stats[area, :4]
        part = slice(y - 1, y + height + 1), slice(x - 1, x + width + 1)  # it does not reach the picture's rim
        own = (areas[part] == area).view(np.uint8)
        _, (across, along), _ = cv2.minAreaRect(cv2.findNonZero(own))
        with_rim = cv2.dilate(own, window(1)) > 0
        ink_around = is_ink[part][with_rim & (own == 0)].mean()
        is_bar = size[area] >= BAR * (across + 1) * (along + 1)
        on_area = np.isin(strokes, strokes[part][with_rim & is_ink[part]]) & is_ink
        is_finer = ink_depth[on_area].max() <= FINER * cv2.distanceTransform(own, cv2.DIST_C, 3).max()
        found[area] = is_bar and is_finer and not STROKE_ENDS[0] <= ink_around <= STROKE_ENDS[1]
    return np.asarray(cv2.dilate(found[areas].view(np.uint8), window(1)) > 0)


def _with_large_shade(small: UInt8, paper: UInt8, fine: UInt8, is_ink: Mask, half: int) -> UInt8:
    """The paper with large dark areas in it: bands of a table, shadows, the light through a blind.

    They are of one darkness, and something darker is written on them. Narrow ones need more to be told from a fat
    stroke. Where one large digit is written, its strokes are no thinner than they are, but far darker.
    """
    _, areas, stats, _ = cv2.connectedComponentsWithStats(_broad(is_ink), connectivity=4)
    within = np.delete(stats[:, 4], np.append(on_rim(areas), 0))
    no_shade = is_ink if within.sum() >= THICK_INK * small.size else np.zeros_like(is_ink)
    finer = {NARROW_HALF: fine, WIDE_HALF: without_strokes(small, WIDE_HALF)}
    for window_half, darkest, fewest in (WIDE_SHADE, NARROW_SHADE):
        shade = _written_shade(small, paper, finer[window_half], darkest, fewest, no_shade)
        if shade is not None:
            return np.where(shade, finer[window_half], paper).astype(np.uint8)
    pale = _below(LIGHTEST_SHADE, share_of_paper(fine, paper)) & ~is_ink
    _, areas, stats, _ = cv2.connectedComponentsWithStats(_broad(pale), connectivity=4)
    large = _may_be_shade(areas, stats)
    if large.any():
        large[_bleached(areas, np.flatnonzero(large), _share_fallen(small, paper), is_ink, half)] = False
    return _under_ink(paper, fine, large[areas], is_ink, half) if large.any() else paper


def _written_shade(small: UInt8, paper: UInt8, fine: UInt8, darkest: float, fewest: int, no_shade: Mask) -> Mask | None:
    """(h, w) bool, the dark areas with so many strokes on them and those that are like them; None where there are none.

    Args:
        small: (h, w) uint8, the picture at the size that paper is estimated from.
        paper: the same without what may be a stroke.
        fine: the same without thin strokes alone.
        darkest: that they may be, a share of paper's brightness.
        fewest: strokes on all of them.
        no_shade: (h, w) bool, what is surely none.
    """
    brightness = share_of_paper(fine, paper)
    dark = _below(LIGHTEST_SHADE, brightness) & ~_below(darkest, brightness) & ~no_shade
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


def _under_ink(paper: UInt8, fine: UInt8, shade: Mask, is_ink: Mask, half: int) -> UInt8:
    """The paper with shade in it, which is the paper also of ink that reaches into it, however thick that is.

    Args:
        paper, fine: as `_written_shade` has them.
        shade: (h, w) bool, where it is, but for the ink on it.
        is_ink: (h, w) bool.
        half: how far into ink the shade around it is continued, in pixels.
    """
    rim = cv2.dilate(shade.view(np.uint8), window(1)) > 0
    _, strokes = cv2.connectedComponents(is_ink.view(np.uint8), connectivity=8)
    on_shade = np.isin(strokes, strokes[rim & is_ink]) & is_ink
    around = cv2.dilate(np.where(shade, fine, 0).astype(np.uint8), window(half))
    level = np.where(shade, fine, np.where(rim | (on_shade & (around > 0)), around, paper))
    return np.minimum(level, paper).astype(np.uint8)


def _share_fallen(small: UInt8, paper: UInt8) -> UInt8:
    """(h, w) uint8, by how much of paper's brightness the darkest pixel within two is darker."""
    return share_of_paper(np.asarray(cv2.subtract(small, cv2.erode(small, window(2))), dtype=np.uint8), paper)


def _bleached(
    areas: cv2.typing.MatLike, large: NDArray[np.intp], fall: UInt8, is_ink: Mask, half: int
) -> list[np.intp]:
    """Which dark areas become ink without a step, and are no broader than that: strokes that glare bleaches."""
    beside_ink = cv2.dilate(is_ink.view(np.uint8), window(1)) > 0
    ink_depth = cv2.distanceTransform(is_ink.view(np.uint8), cv2.DIST_C, 3)
    bleached = []
    for area in large:
        own = np.asarray(areas == area)
        meeting = own & beside_ink
        if not meeting.any() or np.median(fall[meeting]) >= SHARP_STEP * STEPS:
            continue
        near = cv2.dilate(meeting.view(np.uint8), window(half)) > 0
        depth = cv2.distanceTransform(own.view(np.uint8), cv2.DIST_C, 3)
        if depth.max() <= BROADER * ink_depth[near].max():
            bleached.append(area)
    return bleached


def _may_be_shade(areas: cv2.typing.MatLike, stats: cv2.typing.MatLike) -> Mask:
    """(M,) bool, which dark areas are large, and no strip along the picture's rim; the first of all is not dark."""
    on_its_rim = np.bincount(on_rim(areas), minlength=len(stats))
    found = stats[:, 4] >= np.maximum(LEAST_SHADE * areas.size, on_its_rim / MOST_RIM)
    found[0] = False
    return np.asarray(found)
