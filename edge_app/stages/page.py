"""A gray picture in, the sheet of paper that lies or is held before something else out.

A shelf, a garden or a face behind the sheet is full of strokes, and darker or brighter than paper as it pleases, so
that neither polarity nor threshold of the whole picture is right. A sheet, or a screen, is even, convex, has few
corners, and what lies beside it is darker or brighter along nearly all of its edges. It is sought among the areas
brighter than each of several levels, and among those that no edge crosses.
"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from statistics import median
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Float32, Reading, RegionMap, UInt8
from edge_app.stages.boxes import off_edges
from edge_app.stages.crop import Patch
from edge_app.stages.division import UNLIKE
from edge_app.stages.levels import quantile, ranks_of
from edge_app.stages.lines import pieces_without_lines
from edge_app.stages.shrink import shrunk

Corners: TypeAlias = NDArray[np.int32]

SIDE_PX = 160  # longer side of the picture that the page is sought in
INK_PX = 9  # of it: strokes are thinner
LEVELS = 9  # of brightness
OUTERMOST = 0.02, 0.98  # quantiles that the levels lie between
EDGES = (0.04, 0.07, 0.12)  # steps of brightness within 3 pixels, as shares of it
LEAST_STEP = 4  # gray levels
LEAST_SHARE, LARGE_SHARE = 0.02, 0.08  # of the picture: of a sheet, and of one that goes before others
PART_SHARES = 0.01, 0.92  # the same of an area that may be a part of a sheet
MOST_OF_IT = 0.75  # of the picture, from which a page counts as all of it
SOLID, BLOT = 0.5, 1.2  # of its box that a blot fills; its narrower side, of the height of most regions
CONVEX = 0.9  # of its convex hull that an area fills
CORNERS_FIT, LOOSE = 0.92, 0.025  # share of the hull within its corners; how far these may miss it, of its length
SEAM = 0.85  # of a sheet that its bright part and its dark one take up, between which lies the edge of a shadow
MOST_CORNERS = 6  # of a sheet that the frame cuts off twice
DIFFERENT = 0.87  # times as dark or as bright as the page: what lies beside it
DIFFERENT_SHARE = 0.75  # of its edges
CLEARNESS = 8  # how much more that counts than size, of two sheets that lie in one another
INSIDE_PX, OUTSIDE_PX = 4.0, 3.5  # from an edge, where both are compared
PLACE_PX, LEAST_PLACES = 2.0, 20  # from one such place to the next; how many there must be
EVENNESS = 0.3, 0.9  # quantiles of its brightness: a fat digit or a shadow may cover a quarter of a sheet
MOST_UNEVEN = 1.8  # of brightness, between these two
RIM_PX = 2  # edges that lie so near the frame's are none of the sheet
ALIKE = 0.5  # of what two pages cover together: what they share, where it is one sheet that hardly moved
NEAR_PX = 6  # to its edges: what belongs to the page all the same
UNWRITTEN = 0.1  # median unrest of what is beside: strays have .11 and more, digits that lie in a shadow .08 at most
EDGE_PX = 1  # left out along its edges, which are no ink


def find_page(gray: UInt8) -> UInt8 | None:
    """Where a sheet of paper is that does not fill the picture.

    Args:
        gray: (h, w) uint8 at working size.

    Returns:
        (h', w') uint8, 255 where it is, at the size that it was sought in; None where there is none.

    >>> gray = np.full((120, 160), 60, np.uint8)
    >>> gray[30:90, 40:120] = 200
    >>> cv2.boundingRect(find_page(gray))
    (41, 31, 78, 58)
    >>> find_page(np.full((120, 160), 200, np.uint8)) is None
    True
    """
    small = shrunk(gray, SIDE_PX)
    corners = _best_sheet(small)
    if corners is None or not _is_large(corners, small):
        screen = _best_sheet(~small)  # a dark one
        corners = screen if screen is not None and _is_large(screen, small) else corners
    if corners is None:
        return None
    return np.asarray(cv2.erode(_filled(corners, small.shape), _window(1 + 2 * EDGE_PX)), dtype=np.uint8)


def _best_sheet(small: UInt8) -> Corners | None:
    """Corners of the sheet that stands out most, of a picture in which ink is darker than sheets."""
    paper = _without_ink(small)
    best, most = None, (False, 0.0)
    candidates = [each for each in _candidates(paper) if _is_even(paper, each[0])]
    for corners, area in [*candidates, *_in_two_lights(candidates)]:
        if area < LEAST_SHARE * paper.size:
            continue
        stands_out, seen = _stands_out(small, paper, corners)
        merit = _is_large(corners, small), area * seen * stands_out**CLEARNESS
        if stands_out >= DIFFERENT_SHARE and merit > most:
            best, most = corners, merit
    return best


def _is_large(corners: Corners, small: UInt8) -> bool:
    return cv2.contourArea(corners) >= LARGE_SHARE * small.size


def is_same_sheet(page: UInt8, before: UInt8 | None) -> bool:
    """Whether a page lies about where one of another frame did, by most of what both cover.

    Args:
        page, before: of `find_page`.

    >>> page = np.zeros((10, 10), np.uint8)
    >>> page[2:6] = 255
    >>> is_same_sheet(page, np.roll(page, 1, axis=0)), is_same_sheet(page, np.roll(page, 3, axis=0))
    (True, False)
    """
    if before is None or before.shape != page.shape:
        return False
    return cv2.countNonZero(page & before) > ALIKE * cv2.countNonZero(page | before)


def without_surroundings(gray: UInt8, page: UInt8) -> tuple[UInt8, UInt8]:
    """The picture as if its page went on beyond its edges.

    Args:
        gray: (h, w) uint8 at working size; not written to.
        page: of `find_page`.

    Returns:
        (h, w) uint8, around the page as bright as the page is nearby; and (h, w) uint8, 255 where the page is.
    """
    small = cv2.resize(gray, page.shape[::-1], interpolation=cv2.INTER_AREA)  # the page may come from a smaller picture
    paper = cv2.blur(_without_ink(np.asarray(small, dtype=np.uint8)), (5, 5))
    known = cv2.erode(page, _window(5))
    if not cv2.countNonZero(known):
        known = page
    _, nearest = cv2.distanceTransformWithLabels(cv2.bitwise_not(known), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    levels = np.zeros(int(nearest.max()) + 1, dtype=np.uint8)
    levels[nearest[known > 0]] = paper[known > 0]
    size_wh = gray.shape[1], gray.shape[0]
    inside = cv2.threshold(cv2.resize(page, size_wh), 127, 255, cv2.THRESH_BINARY)[1]
    beyond = cv2.resize(levels[nearest], size_wh)
    return np.where(inside > 0, gray, beyond).astype(np.uint8), np.asarray(inside, dtype=np.uint8)


def part_with_page(inside: UInt8) -> tuple[slice, slice]:
    """Rows and columns of the part of a picture that its page fills; of all of it where that is most of it.

    What the stages after it know of strokes and shadows is how large they are beside the picture: beside the page.

    Args:
        inside: (h, w) uint8, 255 where the page is, as of `without_surroundings`.

    >>> inside = np.zeros((10, 10), np.uint8)
    >>> inside[2:5, 3:9] = 255
    >>> part_with_page(inside)
    (slice(2, 5, None), slice(3, 9, None))
    """
    x, y, width, height = cv2.boundingRect(inside)
    if width * height > MOST_OF_IT * inside.size:
        return slice(None), slice(None)
    return slice(y, y + height), slice(x, x + width)


def wholly_on_page(mask: UInt8, inside: UInt8) -> UInt8:
    """The ink of a page without what reaches over its edges: pens, fingers and rules, but not what stands on a rule.

    Args:
        mask: (h, w) uint8, 255 for ink; not written to.
        inside: of `without_surroundings`.
    """
    ink = np.asarray(cv2.bitwise_and(mask, inside), dtype=np.uint8)
    numbers, stats = pieces_without_lines(ink)
    border = cv2.subtract(inside, cv2.erode(inside, _window(5), borderType=cv2.BORDER_CONSTANT, borderValue=(255,)))
    kept = np.full(len(stats), 255, dtype=np.uint8)
    kept[np.unique(numbers[border > 0])] = 0
    kept[0] = 0
    return np.asarray(kept[numbers], dtype=np.uint8)


def is_something_beside(page: UInt8, region_map: RegionMap, belief: Float32) -> bool:
    """Whether there is something beside a page that is no digit, or ink was taken for light, as on no page.

    Args:
        page: of `find_page`.
        region_map: of the whole picture, at any size.
        belief: (N,) float32, probability of the best digit for each of its regions.
    """
    if not region_map.dark_on_light:
        return True
    height, width = region_map.components.shape
    size_wh = width / region_map.resize_factor, height / region_map.resize_factor
    unlike = [region.box_xywh for region, each in zip(region_map.regions, belief, strict=True) if each < UNLIKE]
    return not all(_lies_on(page, box, size_wh) for box in unlike)


def is_blotted(region_map: RegionMap, belief: Float32) -> bool:
    """Whether something broad and solid lies in a picture that is no digit: a shadow on its page, taken for ink.

    Args:
        region_map: of the whole picture.
        belief: (N,) float32, probability of the best digit for each of its regions.
    """
    if not region_map.regions:
        return False
    usual = median(region.box_xywh[3] for region in region_map.regions) * region_map.resize_factor
    _, _, width, height, area = region_map.statistics.T
    solid = (area >= SOLID * width * height) & (np.minimum(width, height) >= BLOT * usual)
    solid &= off_edges(region_map.statistics, region_map.components.shape)
    solid[0] = False  # paper
    like = (region.components for region, each in zip(region_map.regions, belief, strict=True) if each >= UNLIKE)
    solid[[piece for pieces in like for piece in pieces]] = False
    return bool(solid.any())


def is_better(
    alone: tuple[Reading, ...],
    whole: tuple[Reading, ...],
    page: UInt8,
    size_wh: tuple[float, float],
    patches: Mapping[BoxXYWH, Patch],
) -> bool:
    """Whether what was read of a page alone is better than what was read of the whole picture.

    It holds all digits of the page. If there are some beside the page, most of these stand where nobody writes: where a
    hard shadow falls on a page, its bright part looks like one, but what is in the shadow is written, too. If there are
    none, it holds more.

    Args:
        alone: read of the page.
        whole: read of the whole picture.
        page: of `find_page`.
        size_wh: of the picture that the readings are of.
        patches: that the digits of the whole picture were cut from, by their boxes.
    """
    count = sum(len(reading.digits) for reading in alone)
    boxes = [digit.box_xywh for reading in whole for digit in reading.digits]
    beside = [box for box in boxes if not _lies_on(page, box, size_wh, near_px=0)]
    if not beside:
        return count > len(boxes)
    return count >= len(boxes) - len(beside) and median(patches[box].unrest for box in beside) >= UNWRITTEN


def _lies_on(page: UInt8, box: BoxXYWH, size_wh: tuple[float, float], near_px: int = NEAR_PX) -> bool:
    """Whether the middle of a box in a picture of some size is on the page, or all but on it."""
    column = int((box[0] + box[2] / 2) * page.shape[1] / size_wh[0])
    row = int((box[1] + box[3] / 2) * page.shape[0] / size_wh[1])
    around = page[max(row - near_px, 0) : row + near_px + 1, max(column - near_px, 0) : column + near_px + 1]
    return bool(around.any())


def _without_ink(small: UInt8) -> UInt8:
    return np.asarray(cv2.morphologyEx(small, cv2.MORPH_CLOSE, _window(INK_PX)), dtype=np.uint8)


def _candidates(paper: UInt8) -> Iterator[tuple[Corners, float]]:
    """Corners of areas with the shape of a sheet, (N, 2) int32, and how large each is."""
    for area, reach_px in _bright_areas(paper):
        outlines, _ = cv2.findContours(area, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        for outline in outlines:
            size = cv2.contourArea(outline)
            if not PART_SHARES[0] * paper.size <= size <= PART_SHARES[1] * paper.size:
                continue
            hull = cv2.convexHull(outline)
            whole = cv2.contourArea(hull)
            corners = _corners(hull)
            if size < CONVEX * whole or cv2.contourArea(corners) < CORNERS_FIT * whole:
                continue
            if reach_px:
                wider = cv2.dilate(_filled(corners, paper.shape), _window(1 + 2 * reach_px))
                corners = _corners(cv2.findNonZero(wider))
            if len(corners) <= MOST_CORNERS:
                yield corners, size


def _in_two_lights(candidates: list[tuple[Corners, float]]) -> Iterator[tuple[Corners, float]]:
    """Pairs of areas that make one sheet together, over which the edge of a shadow runs."""
    for (first, first_area), (second, second_area) in combinations(candidates, 2):
        corners = _corners(np.concatenate([first, second]))
        whole, both = cv2.contourArea(corners), first_area + second_area
        if SEAM * whole <= both <= whole and len(corners) <= MOST_CORNERS:
            yield corners, both


def _bright_areas(paper: UInt8) -> Iterator[tuple[UInt8, int]]:
    """(h, w) uint8, 255 in areas that may be sheets, and how many pixels a sheet reaches beyond."""
    ranks = ranks_of(paper)
    darkest, brightest = (quantile(ranks, share) for share in OUTERMOST)
    for level in np.linspace(darkest, brightest, LEVELS + 2)[1:-1]:
        bright = cv2.threshold(paper, float(level), 255, cv2.THRESH_BINARY)[1]
        yield np.asarray(cv2.morphologyEx(bright, cv2.MORPH_OPEN, _window(5)), dtype=np.uint8), 0
    step = cv2.morphologyEx(paper, cv2.MORPH_GRADIENT, _window(3))
    for share in EDGES:
        even = (step < np.maximum(paper * share, LEAST_STEP)).astype(np.uint8) * 255
        yield np.asarray(cv2.morphologyEx(even, cv2.MORPH_OPEN, _window(3)), dtype=np.uint8), 1


def _corners(outline: cv2.typing.MatLike) -> Corners:
    hull = cv2.convexHull(outline)
    return np.asarray(cv2.approxPolyDP(hull, LOOSE * cv2.arcLength(hull, True), True)[:, 0], dtype=np.int32)


def _stands_out(small: UInt8, paper: UInt8, corners: Corners) -> tuple[float, float]:
    """Share of a sheet's edges beside which it is darker or brighter, and share of its outline that these edges are.

    Both are 0 where too little of it lies within the picture.
    """
    size = np.array([small.shape[1], small.shape[0]])
    within: list[NDArray[np.float64]] = []
    beside: list[NDArray[np.float64]] = []
    for start, end in zip(corners.astype(np.float64), np.roll(corners, -1, axis=0).astype(np.float64), strict=True):
        length = float(np.hypot(*(end - start)))
        on_rim = (np.minimum(start, end) > size - 1 - RIM_PX) | (np.maximum(start, end) < RIM_PX)
        if length < 4 or on_rim.any():
            continue
        along = (end - start) / length
        outward = np.array([along[1], -along[0]])
        if np.dot(outward, (start + end) / 2 - corners.mean(axis=0)) < 0:
            outward = -outward
        places = start + along * np.arange(2.0, length - 1.0, PLACE_PX)[:, np.newaxis]
        within.append(places - outward * INSIDE_PX)
        beside.append(places + outward * OUTSIDE_PX)
    if not within:
        return 0.0, 0.0
    inner, outer = (np.rint(np.concatenate(each)).astype(int) for each in (within, beside))
    seen = ((outer >= 0) & (outer < size)).all(axis=1)
    inner, outer = np.clip(inner[seen], 0, size - 1), outer[seen]
    if len(inner) < LEAST_PLACES:
        return 0.0, 0.0
    outside, inside = (part[at[:, 1], at[:, 0]].astype(np.float32) for part, at in ((small, outer), (paper, inner)))
    different = np.minimum(outside, inside) < DIFFERENT * np.maximum(outside, inside)
    return float(different.mean()), min(1.0, PLACE_PX * len(inner) / cv2.arcLength(corners, True))


def _is_even(paper: UInt8, corners: Corners) -> bool:
    """Whether an area is about equally bright."""
    ranks = ranks_of(paper, np.asarray(cv2.erode(_filled(corners, paper.shape), _window(7)), dtype=np.uint8))
    if not ranks[-1]:
        return False
    low, high = (quantile(ranks, share) for share in EVENNESS)
    return bool(high <= MOST_UNEVEN * max(low, 1.0))


def _filled(corners: Corners, shape_hw: tuple[int, ...]) -> UInt8:
    return np.asarray(cv2.fillConvexPoly(np.zeros(shape_hw, dtype=np.uint8), corners, (255,)), dtype=np.uint8)


def _window(side_px: int) -> UInt8:
    return np.ones((side_px, side_px), dtype=np.uint8)
