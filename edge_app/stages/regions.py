"""A mask of ink in, the rectangles that may each hold one digit out.

Ink that hangs together is a component. Components of a digit's size and shape become regions; smaller
pieces beside one (the bar of a 5, a broken stroke) are joined to it; what is drawn round a digit (a form
box, a table cell) is left out, and percent signs are erased.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Int32, Region, RegionMap, UInt8
from edge_app.stages.boxes import AREA, HEIGHT, LEFT, TOP, WIDTH, off_edges
from edge_app.stages.lines import pieces_without_lines
from edge_app.stages.percent import is_percent, slashes_with_rings
from edge_app.stages.tilt import page_tilt

Rows: TypeAlias = NDArray[np.intp]
Flags: TypeAlias = NDArray[np.bool_]

MIN_PART_AREA_PX = 8  # at working size; below this it is sensor noise, not a piece of a stroke
MORE_DIGITS, MORE_LETTERS = 7, 3  # times as many regions, where digits are found among the tallest
# Share of them on a page of numbers, and on one with some; 1s aside, which anything may be. Of blobs at random places
# a tenth passes for digits.
MOSTLY_DIGITS, SOME_DIGITS = 0.5, 0.12
MAX_PARTS = 2_000  # largest pieces looked at when joining; bounds the time of a frame full of specks
GROUPS_AT_ONCE = 64  # regions that these are joined to; bounds the memory of such a frame
MIN_ASPECT, MAX_ASPECT = 0.04, 6.0  # width / height: a ruler-straight 1; a number whose digits all touch
MAX_SIDE_SHARE = 0.985  # of the frame's side: a digit may nearly fill the frame, the edge of a page spans it
MIN_FILL = 0.05  # share of its box that is ink: a table's lines have less
LARGE, MIN_LARGE_FILL = 0.2, 0.012  # of the frame's height: what is so tall, a fine pen may have written
MAX_SOLID_FILL = 0.85  # a filled block is no digit, unless it is as slim as a 1
SLIM_ASPECT = 0.45
MIN_SHARE_OF_TALLEST = 0.05  # of the tallest region: dots and specks beside a large digit
MANY_TIMES = 8  # as many as larger ones, and they are a page beside the edge of a table
FRAME_EDGE_PX = 1  # at working size; ink this near the edge of the frame goes on outside it
FILLING_SHARE = 0.6  # of the frame's height: what is so tall and still a digit is all there
HELD_HEIGHT_SHARE = 0.35  # of the height of a form box: the least height of a digit in it
LOOPED_HEIGHT_SHARE = 0.2  # the same of each of two: loops round them may touch, and look like an 8
HOLDER_MAX_FILL = 0.3
TABLE_MIN_HELD = 3  # regions inside another; the loops of a large 8 may hold a speck or two
FLAT_ASPECT = 1.4  # width / height
PART_WIDTH_SHARE, PART_HEIGHT_SHARE = 1.3, 0.4  # largest part, of its digit's height: a long bar, a short stem
PART_LENGTH_SHARE = 0.25  # least length of a part outside its digit's box: a shorter one is a dot beside it
TOP_SHARE = 0.4  # of the digit's height, where the bar of a 5 or 7 may stick out to the right
PART_GAP_SHARE = 0.25  # widest gap between a part and its digit, of the digit's height
PART_OVERLAP = 0.5  # of the part's width that lies above or below its digit
TWIN_OVERLAP = 0.6  # of the smaller box that lies within the other, for two large strokes of one digit
TWIN_LENGTH = 0.25  # of the other's longer side: what is much smaller stands within the bend of a shadow or a pen


@dataclass(frozen=True, slots=True)
class RegionLimits:
    """What may be a digit.

    Attributes:
        min_height_px: least height in pixels of the mask; MNIST's shapes blur together below 10.
        max_regions: most regions returned; the tallest are kept. Bounds the time of one frame.
    """

    min_height_px: int = 10
    max_regions: int = 160

    def extended(self, digits: float) -> "RegionLimits":
        """The same for a page with such a share of digits in what was looked at, as far as there is more on it.

        Of a page of digits as few are left out as can be, for what is left of a number is a wrong number; on a page of
        words with some among them more letters tell which of them are words.
        """
        more = MORE_DIGITS if digits >= MOSTLY_DIGITS else MORE_LETTERS if digits >= SOME_DIGITS else 1
        return replace(self, max_regions=more * self.max_regions)


DEFAULT_LIMITS = RegionLimits()


def find_regions(
    mask: UInt8, dark_on_light: bool = True, resize_factor: float = 1.0, limits: RegionLimits = DEFAULT_LIMITS
) -> RegionMap:
    """Finds the rectangles that may each hold one digit.

    Args:
        mask: (h, w) uint8, 255 for ink; not written to.
        dark_on_light: polarity of the ink, handed on to the crops.
        resize_factor: size of the mask divided by that of the full-resolution frame, at most 1.
        limits: what may be a digit.

    Returns:
        The regions, left to right, with boxes in pixels of the full-resolution frame.

    >>> mask = np.zeros((60, 80), np.uint8)
    >>> mask[10:40, 20:24] = 255
    >>> [region.box_xywh for region in find_regions(mask).regions]
    [(20, 10, 4, 30)]
    """
    components, stats = pieces_without_lines(mask)
    return _regions_of(components, stats, dark_on_light, resize_factor, limits)


def with_limits(region_map: RegionMap, limits: RegionLimits) -> RegionMap:
    """The regions that the same ink has within other limits."""
    ink = region_map.components, region_map.statistics
    return _regions_of(*ink, region_map.dark_on_light, region_map.resize_factor, limits)


def _regions_of(
    components: Int32, stats: Int32, dark_on_light: bool, resize_factor: float, limits: RegionLimits
) -> RegionMap:
    """The regions among pieces of ink, from which percent signs are erased."""
    shape_hw = components.shape
    rows, left_out = _tallest(stats, digit_shaped(stats, shape_hw, limits.min_height_px), limits.max_regions)
    for pieces in slashes_with_rings(stats, rows):
        if is_percent(_ink_of(pieces, components, stats)):
            _erase(pieces, components, stats)
    rows = rows[stats[rows, HEIGHT] > 0]
    rows = rows[~(_holds_digits(stats[rows]) | _is_thin_round_others(stats[rows]))]
    rows = rows[~_are_specks(stats[rows], shape_hw)]
    flat = stats[rows, WIDTH] > stats[rows, HEIGHT] * FLAT_ASPECT  # a digit, or the bar of one
    edge = np.array([_at_frame_edge(tuple(box), shape_hw) for box in stats[rows, :AREA].tolist()], dtype=bool)
    inner = rows[~flat & ~edge]  # the desk beside a page is as little of a digit as it is one
    groups = _join_parts(stats, _join_twins(stats, inner), _parts(stats, rows[~flat], shape_hw))
    joined = {row for group in groups for row in group}
    groups += [[row] for row in rows[flat | edge].tolist() if row not in joined]
    boxes = [union(stats[group]) for group in groups]
    order = sorted(range(len(groups)), key=lambda index: boxes[index])
    regions = tuple(
        as_region(boxes[index], tuple(int(row) for row in groups[index]), shape_hw, resize_factor) for index in order
    )
    ids = tuple(left_out.tolist())
    return RegionMap(regions, components, stats, resize_factor, dark_on_light, ids, page_tilt(regions))


def as_region(
    box_xywh: BoxXYWH, components: tuple[int, ...], shape_hw: tuple[int, ...], resize_factor: float
) -> Region:
    """Some pieces of ink as a region.

    Args:
        box_xywh: round them, in pixels of the mask.
        components: their numbers.
        shape_hw: of the mask.
        resize_factor: size of the mask divided by that of the full-resolution frame.
    """
    cut = _at_frame_edge(box_xywh, shape_hw)
    return Region(_full_resolution(box_xywh, resize_factor), components, cut)


def _ink_of(group: list[int], components: Int32, stats: Int32) -> NDArray[np.bool_]:
    """(h, w) bool, the ink of some pieces in the box round them."""
    x, y, width, height = union(stats[group])
    return np.asarray(np.isin(components[y : y + height, x : x + width], group))


def _erase(pieces: list[int], components: Int32, stats: Int32) -> None:
    """Makes paper of some pieces of ink."""
    x, y, width, height = union(stats[pieces])
    ink = components[y : y + height, x : x + width]
    ink[np.isin(ink, pieces)] = 0
    stats[pieces] = 0


def digit_shaped(stats: Int32, shape_hw: tuple[int, ...], min_height_px: int) -> Rows:
    """Rows of pieces of ink whose size, aspect and fill a digit can have.

    Args:
        stats: (M, 5) int32, see `RegionMap`.
        shape_hw: of the mask.
        min_height_px: least height in pixels of the mask.
    """
    width, height, area = (stats[:, column].astype(np.float64) for column in (WIDTH, HEIGHT, AREA))
    width, height = np.maximum(width, 1), np.maximum(height, 1)  # paper has no size where all is ink
    aspect, fill = width / height, area / (width * height)
    fits = (
        (height >= min_height_px)
        & (height <= shape_hw[0] * MAX_SIDE_SHARE)
        & (width <= shape_hw[1] * MAX_SIDE_SHARE)
        & (aspect >= MIN_ASPECT)
        & (aspect <= MAX_ASPECT)
        & (fill >= np.where(height >= LARGE * shape_hw[0], MIN_LARGE_FILL, MIN_FILL))
        & ((fill <= MAX_SOLID_FILL) | (aspect <= SLIM_ASPECT))
    )
    fits[0] = False  # paper
    return np.flatnonzero(fits)


def _tallest(stats: Int32, rows: Rows, limit: int) -> tuple[Rows, Rows]:
    """At most `limit` of the rows, and those that were left out."""
    ranked = np.argsort(-stats[rows, HEIGHT], kind="stable")
    return np.sort(rows[ranked[:limit]]), np.sort(rows[ranked[limit:]])


def _holds_digits(boxes: Int32) -> Flags:
    """Which boxes are thin outlines round one tall enough box, or round several: form boxes and tables."""
    left, top, right, bottom = _edges(boxes)
    inside = (
        (left[None, :] > left[:, None])
        & (top[None, :] > top[:, None])
        & (right[None, :] < right[:, None])
        & (bottom[None, :] < bottom[:, None])
    )
    tall = boxes[None, :, HEIGHT] >= boxes[:, None, HEIGHT] * HELD_HEIGHT_SHARE
    thin = boxes[:, AREA] <= boxes[:, WIDTH] * boxes[:, HEIGHT] * HOLDER_MAX_FILL
    fair = boxes[None, :, HEIGHT] >= boxes[:, None, HEIGHT] * LOOPED_HEIGHT_SHARE
    holds = (inside & tall).any(axis=1) | ((inside & fair).sum(axis=1) >= 2) | (inside.sum(axis=1) >= TABLE_MIN_HELD)
    return np.asarray(holds & thin)


def _is_thin_round_others(boxes: Int32) -> Flags:
    """Which boxes hold hardly any ink, and others: no large digit of a fine pen, but what is drawn round them."""
    left, top, right, bottom = _edges(boxes)
    x, y = (left + right) / 2, (top + bottom) / 2
    holds = (left[:, None] < x) & (x < right[:, None]) & (top[:, None] < y) & (y < bottom[:, None])
    thin = boxes[:, AREA] < boxes[:, WIDTH] * boxes[:, HEIGHT] * MIN_FILL
    return np.asarray(thin & (holds.sum(axis=1) > 1))  # each holds itself


def _are_specks(boxes: Int32, shape_hw: tuple[int, ...]) -> Flags:
    """Which boxes are far lower than the tallest one, unless there are many of them.

    The edge of a page that runs off the frame is no measure.
    """
    low = boxes[:, HEIGHT] < boxes[off_edges(boxes, shape_hw), HEIGHT].max(initial=0) * MIN_SHARE_OF_TALLEST
    return np.asarray(low & (np.count_nonzero(low) < MANY_TIMES * np.count_nonzero(~low)))


def _join_twins(stats: Int32, rows: Rows) -> list[list[int]]:
    """Groups rows whose boxes lie mostly within one another: two long strokes of one 4 or 5."""
    left, top, right, bottom = _edges(stats[rows])
    across = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    down = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    shared = np.maximum(across, 0) * np.maximum(down, 0)
    size = (right - left) * (bottom - top)
    length = np.maximum(right - left, bottom - top)
    twins = (shared >= np.minimum(size[:, None], size) * TWIN_OVERLAP) & (length >= length[:, None] * TWIN_LENGTH)
    groups: list[list[int]] = []
    taken = np.zeros(len(rows), dtype=bool)
    for index in np.argsort(-size, kind="stable"):
        if taken[index]:
            continue
        members = np.flatnonzero(twins[index] & ~taken)
        taken[members] = True
        groups.append([int(rows[member]) for member in members])
    return groups


def _join_parts(stats: Int32, groups: list[list[int]], parts: Rows) -> list[list[int]]:
    """Adds to each group the small pieces that lie in it, just above or below it, or at its top right."""
    if len(parts) == 0 or not groups:
        return groups
    boxes = np.array([union(stats[group]) for group in groups], dtype=np.int32)
    owners = np.full(len(parts), -1, dtype=np.intp)
    for start in range(0, len(groups), GROUPS_AT_ONCE):
        belongs = _belong(stats[parts], boxes[start : start + GROUPS_AT_ONCE])
        free = (owners < 0) & belongs.any(axis=0)
        owners[free] = start + belongs[:, free].argmax(axis=0)  # to the first of them
    members = parts[np.argsort(owners, kind="stable")]
    ends = np.searchsorted(np.sort(owners), np.arange(len(groups) + 1))
    return [group + members[ends[row] : ends[row + 1]].tolist() for row, group in enumerate(groups)]


def _belong(parts: Int32, boxes: Int32) -> Flags:
    """(G, P) which of P small pieces lie in each of G boxes, just above or below it, or at its top right."""
    left, top, right, bottom = _edges(parts)
    x, y, width, height = boxes.T[..., np.newaxis]
    gap = np.maximum(2.0, height * PART_GAP_SHARE)
    across = np.minimum(right, x + width) - np.maximum(left, x)
    above_or_below = across >= (right - left) * PART_OVERLAP
    near = (top <= y + height + gap) & (bottom >= y - gap)
    top_right = (left >= x) & (left <= x + width + gap) & (bottom <= y + height * TOP_SHARE)
    small = (right - left <= height * PART_WIDTH_SHARE) & (bottom - top <= height * PART_HEIGHT_SHARE)
    inside = (left >= x) & (top >= y) & (right <= x + width) & (bottom <= y + height)
    stroke = np.maximum(right - left, bottom - top) >= height * PART_LENGTH_SHARE
    return np.asarray(small & (inside | (near & stroke & (above_or_below | top_right))))


def _parts(stats: Int32, rows: Rows, shape_hw: tuple[int, ...]) -> Rows:
    """Rows that are no region of their own and more than noise; the largest where there are many.

    What runs off the frame is the desk beside the page, and no part of a digit on it.
    """
    is_part = off_edges(stats, shape_hw) & (stats[:, AREA] >= MIN_PART_AREA_PX)
    is_part[0] = False
    is_part[rows] = False
    parts = np.flatnonzero(is_part)
    if len(parts) > MAX_PARTS:
        parts = parts[np.argsort(-stats[parts, AREA], kind="stable")[:MAX_PARTS]]
    return parts


def _edges(boxes: Int32) -> tuple[Int32, Int32, Int32, Int32]:
    """Left, top, right and bottom edges, (N,) int32 each."""
    left, top = boxes[:, LEFT], boxes[:, TOP]
    return left, top, left + boxes[:, WIDTH], top + boxes[:, HEIGHT]


def union(boxes: Int32) -> BoxXYWH:
    """The smallest box around all rows, each left, top, width, height."""
    left, top, right, bottom = _edges(boxes)
    x, y = int(left.min()), int(top.min())
    return x, y, int(right.max()) - x, int(bottom.max()) - y


def _at_frame_edge(box_xywh: BoxXYWH, shape_hw: tuple[int, ...]) -> bool:
    """Whether ink runs off the frame; one that nearly fills its height may touch the top and the bottom."""
    x, y, width, height = box_xywh
    beside = x < FRAME_EDGE_PX or x + width > shape_hw[1] - FRAME_EDGE_PX
    above_or_below = y < FRAME_EDGE_PX or y + height > shape_hw[0] - FRAME_EDGE_PX
    return beside or (above_or_below and height < FILLING_SHARE * shape_hw[0])


def _full_resolution(box_xywh: BoxXYWH, resize_factor: float) -> BoxXYWH:
    """The same box in pixels of the full-resolution frame."""
    if resize_factor == 1.0:
        return box_xywh
    x, y, width, height = box_xywh
    left, top = round(x / resize_factor), round(y / resize_factor)
    return left, top, round((x + width) / resize_factor) - left, round((y + height) / resize_factor) - top
