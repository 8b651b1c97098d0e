"""Regions and what the classifier says of them in, other ways to divide the same ink out, and the best one.

A digit that fell into pieces and two digits that touch cannot be told from whole ones by rules alone. So
where the classifier is in doubt, ink is divided otherwise (joined with what lies beside it, relieved of
specks, cut where strokes are thin), classified again, and the reading that the classifier believes most
is kept: over-segmentation and best path, after Casey and Lecolinet, "A Survey of Methods and Strategies
in Character Segmentation" (IEEE PAMI 18(7), 1996).
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, Float32, Int32, Region, RegionMap
from edge_app.stages.boxes import off_edges, own_ink, working_box
from edge_app.stages.cuts import cut_apart, find_cuts
from edge_app.stages.division import SURE, UNLIKE, Proposal, Proposals
from edge_app.stages.regions import as_region, union
from edge_app.stages.rows import each_in_row

NARROW_ASPECT = 0.95  # width / height
MANY_UNLIKE = 40  # regions that are no digit as they stand
UNLIKE_A_DIGIT = 4  # more of these to each sure digit, and the page is of print or of texture
MAX_PROPOSED = 1024  # regions classified a second time; bounds the time of one frame
MAX_CUT_REGIONS = 24  # the tallest; a page with more of them is of letters, or of texture
JOINED_ASPECT = 1.6  # width / height of pieces put together
STACKED_OVERLAP = 0.4  # of the narrower piece's width that lies above or below the other
BESIDE_GAP_SHARE = 0.15  # of the height of both: widest gap between pieces side by side
STACKED_GAP_SHARE = 0.25  # the same, one above the other: the bar of a 5
STROKE_SHARE = 0.35  # of the height of both: least extent of what is joined to a piece that passes for a digit
LOW_SHARE = 0.75  # of the usual height: a lower digit may be a piece of one, however sure the classifier is
CORNER_GAP_SHARE = 0.05  # the same, both ways: a slanted stroke that is interrupted
ROW_HEIGHTS = 0.3, 3.5  # of a digit's beside a piece of one, in the piece's height
ROW_DIGITS, FEW_IN_ROW = 6, 2  # sure digits of a row that say how tall they are; fewer do not
TALLER_THAN_USUAL = 1.4  # of the page's sure digits: pieces of two lines are not joined
LEAST_KEPT = 0.75  # of a region's ink that its largest piece must have, to be a digit without the rest
AS_TALL = 0.8  # of a region's height: a piece that is as tall may be a digit that something lies beside
LOOSE_WIDTH = 1.5  # of a region's longer side: widest loose piece, the bar of a 5
MIN_PART_AREA_PX = 8  # at working size; below this it is noise
WIDE_ASPECT = 0.4  # width / height from which a region that is no digit as it stands may be two: a 1 and another one
WIDEST_PART = 1.6  # width / height: a 2 with a long foot
LOWEST_PART = 0.4  # of the height of a region: a lower part is no digit of it
BEYOND = 2**31 - 1  # where nothing begins


def propose(region_map: RegionMap, belief: Float32) -> Proposals:
    """Finds other ways to divide ink that the classifier is not sure of.

    Args:
        region_map: of the frame; not changed.
        belief: (N,) float32, probability of the best digit for each of its regions.

    Returns:
        The proposals; none where every region is surely a digit, or surely nothing like one, or where more was left
        out than looked at.
    """
    unlike, sure = np.count_nonzero(belief < UNLIKE), np.count_nonzero(belief >= SURE)
    heights = [region.box_xywh[3] for region in region_map.regions]
    none_is_low = min(heights, default=0) >= LOW_SHARE * max(heights, default=0)
    of_no_digits = unlike > max(MANY_UNLIKE, UNLIKE_A_DIGIT * sure) or len(region_map.left_out) > len(heights)
    if of_no_digits or (sure == len(heights) and none_is_low):
        return Proposals(replace(region_map, regions=()), ())
    draft = _Draft(region_map, belief)
    cuts_left = MAX_CUT_REGIONS
    doubtful = np.flatnonzero((belief < SURE) | draft.low)
    for index in sorted(doubtful, key=lambda index: -region_map.regions[index].box_xywh[3]):
        if draft.full:
            break
        if region_map.regions[index].cut:
            continue
        draft.add_joined(int(index))
        draft.add_with_loose(int(index))
        if belief[index] < SURE:
            draft.add_parted(int(index))
            cuts_left -= draft.add_cut(int(index)) if cuts_left else 0
    return draft.proposals()


class _Draft:
    """The proposals of one frame while they are collected."""

    def __init__(self, region_map: RegionMap, belief: Float32) -> None:
        self._map = region_map
        self._boxes = np.array([region.box_xywh for region in region_map.regions], dtype=np.int64).reshape(-1, 4)
        self._belief = belief
        self._usual = _usual_heights(self._boxes, belief)
        self.low = (self._boxes[:, 3] < LOW_SHARE * self._usual) & np.isfinite(self._usual)
        self._used = {component for region in region_map.regions for component in region.components}
        self._components = region_map.components
        self._next = len(region_map.statistics)
        self._cut: dict[int, tuple[int, ...]] = {}
        self._regions: list[Region] = []
        self._ways: list[Proposal] = []
        self._groups: set[tuple[int, ...]] = set()

    @property
    def full(self) -> bool:
        """Whether no more regions can be proposed."""
        return len(self._regions) >= MAX_PROPOSED

    def proposals(self) -> Proposals:
        """What was collected."""
        regions = tuple(replace(region, components=self._after_cuts(region.components)) for region in self._regions)
        return Proposals(replace(self._map, regions=regions, components=self._components), tuple(self._ways))

    def add_joined(self, index: int) -> None:
        """The region together with one or two regions that may be other pieces of the same digit."""
        box = self._boxes[index]
        near = [
            int(other)
            for other in np.flatnonzero(_may_join(box, self._boxes, self._usual[index]))
            if other != index and self._may_be_piece(int(other), box)
        ]
        for other in near:
            self._add_group((index, other))
        for first, second in combinations(near, 2):
            both = np.array(self._joined((index, first)).box_xywh)
            if self.low[[index, first, second]].all() and _may_join(both, self._boxes[[second]], self._usual[index])[0]:
                self._add_group((index, first, second))

    def _may_be_piece(self, other: int, box: NDArray[np.int64]) -> bool:
        """Whether a region need not be a digit of its own beside the piece in a box."""
        sure = self._belief[other] >= SURE and not (self.low[other] or _alike(box, self._boxes[other]))
        return not sure and not self._map.regions[other].cut

    def _add_group(self, members: tuple[int, ...]) -> None:
        """Some regions as one digit, unless that is proposed already."""
        group = tuple(sorted(members))
        if group not in self._groups:
            self._groups.add(group)
            self._add(group, self._joined(group), low=int(self.low[list(group)].sum()))

    def _joined(self, members: tuple[int, ...]) -> Region:
        return reduce(_union, (self._map.regions[number] for number in members))

    def add_with_loose(self, index: int) -> None:
        """The region with loose pieces near it."""
        region = self._map.regions[index]
        tall = self._usual[index] * TALLER_THAN_USUAL if self.low[index] else float(region.box_xywh[3])
        pieces = _loose_pieces(region, self._map, self._used, tall * self._map.resize_factor)
        if pieces:
            self._add((index,), self._of_components((*region.components, *pieces)), low=int(self.low[index]))

    def add_parted(self, index: int) -> None:
        """The largest piece of a region and the rest, either alone, as two digits, or the rest with a neighbour."""
        pieces = self._map.regions[index].components
        if len(pieces) == 1:
            return
        areas = self._map.statistics[list(pieces), 4]
        largest = pieces[int(areas.argmax())]
        first, rest = self._of_components((largest,)), self._of_components(tuple(p for p in pieces if p != largest))
        tall = first.box_xywh[3] >= AS_TALL * self._map.regions[index].box_xywh[3]
        if tall or areas.max() >= LEAST_KEPT * areas.sum():
            self._add((index,), first, left_out=True)
        self._add((index,), rest, left_out=True)
        self._add_two((index,), first, rest)
        for other in np.flatnonzero(_may_join(np.array(rest.box_xywh), self._boxes, self._usual[index])):
            region = self._map.regions[other]
            if other != index and not region.cut:
                self._add_two((index, int(other)), first, _union(rest, region))

    def _add_two(self, replaces: tuple[int, ...], first: Region, second: Region) -> None:
        """Two digits in place of some regions."""
        self._ways.append(Proposal(replaces, 2, {(0, 1): len(self._regions), (1, 2): len(self._regions) + 1}))
        self._regions += [first, second]

    def add_cut(self, index: int) -> bool:
        """The region cut into two or more, every way that its thin places allow; whether there is any."""
        region = self._map.regions[index]
        _, _, width, height = region.box_xywh
        narrow = width < NARROW_ASPECT * height
        if width < WIDE_ASPECT * height or (narrow and self._belief[index] >= UNLIKE):
            return False
        box = working_box(region.box_xywh, self._map.resize_factor, self._components.shape)
        own = own_ink(self._map.components, region, box)
        cuts = find_cuts(own)
        if not cuts:
            return False
        parts = self._number_parts(region, box, own, cut_apart(own, cuts))
        runs = parts.runs()
        if runs:
            numbers = {run: number for number, run in enumerate(runs, start=len(self._regions))}
            self._ways.append(Proposal((index,), len(cuts) + 1, numbers, narrow=narrow))
            self._regions += [self._region(box, pieces) for box, pieces in runs.values()]
        return True

    def _number_parts(
        self, region: Region, box: BoxXYWH, own: NDArray[np.bool_], beyond: NDArray[np.bool_]
    ) -> "_Parts":
        """Gives what lies between the same cuts a number of its own, for each piece of a region's ink."""
        if self._components is self._map.components:
            self._components = self._components.copy()
        x, y, width, height = box
        view = self._components[y : y + height, x : x + width]
        down, across = np.nonzero(own)
        cuts = len(beyond)
        sides = (1 << np.arange(cuts)) @ beyond[:, down, across]
        kept, parts = np.unique((view[down, across].astype(np.int64) << cuts) + sides, return_inverse=True)
        numbers = self._next + np.arange(len(kept))
        view[down, across] = numbers[parts]
        for piece in region.components:
            self._cut[piece] = tuple(numbers[kept >> cuts == piece].tolist())
        self._next += len(kept)
        order = np.argsort(parts, kind="stable")
        first = np.searchsorted(parts[order], np.arange(len(kept)))
        left, top = (np.minimum.reduceat(place[order], first) for place in (across, down))
        right, bottom = (np.maximum.reduceat(place[order], first) + 1 for place in (across, down))
        boxes = np.column_stack([x + left, y + top, right - left, bottom - top]).astype(np.int32)
        past = np.ones((cuts + 2, len(kept)), dtype=bool)
        past[1:-1] = kept >> np.arange(cuts)[:, np.newaxis] & 1
        past[-1] = False
        return _Parts(numbers, boxes, past)

    def _after_cuts(self, components: tuple[int, ...]) -> tuple[int, ...]:
        """What pieces of ink are called now that some of them are cut."""
        return tuple(number for piece in components for number in self._cut.get(piece, (piece,)))

    def _of_components(self, components: tuple[int, ...]) -> Region:
        return self._region(union(self._map.statistics[list(components)]), components)

    def _region(self, box: BoxXYWH, components: tuple[int, ...]) -> Region:
        return as_region(box, components, self._components.shape, self._map.resize_factor)

    def _add(self, replaces: tuple[int, ...], region: Region, low: int = 0, left_out: bool = False) -> None:
        self._ways.append(Proposal(replaces, 1, {(0, 1): len(self._regions)}, low=low, left_out=left_out))
        self._regions.append(region)


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """What cuts leave of the pieces of a region's ink.

    Attributes:
        numbers: (N,) that each part now has.
        boxes: (N, 4) int32 round each, at working size.
        past: (cuts + 2, N) bool, whether each lies to the right of the left edge, of each cut, and of the right edge.
    """

    numbers: NDArray[np.int64]
    boxes: Int32
    past: NDArray[np.bool_]

    def runs(self) -> dict[tuple[int, int], tuple[BoxXYWH, tuple[int, ...]]]:
        """What may be a digit and leaves others beside it: its box and the numbers of its parts, left ones first.

        By the two cuts that it lies between, counted from 1; 0 is the left edge, and one after the last the right.
        """
        starts, stops = np.triu_indices(len(self.past), 1)
        within = self.past[starts] & ~self.past[stops]
        near, far = self.boxes[:, :2], self.boxes[:, :2] + self.boxes[:, 2:]
        corner = np.where(within[..., np.newaxis], near, BEYOND).min(axis=1)
        sides = np.where(within[..., np.newaxis], far, 0).max(axis=1) - corner
        width, height = sides.T
        whole = height[len(self.past) - 2]  # from the left edge to the right one
        shaped = within.any(axis=1) & (width <= WIDEST_PART * height) & (height >= LOWEST_PART * whole)
        boxes = np.hstack([corner, sides])
        rows = {(int(starts[row]), int(stops[row])): row for row in np.flatnonzero(shaped)}
        return {
            run: (tuple(boxes[rows[run]].tolist()), tuple(self.numbers[within[rows[run]]].tolist()))
            for run in _on_paths(rows, len(self.past) - 1)
        }


def _usual_heights(boxes: NDArray[np.int64], belief: Float32) -> NDArray[np.float64]:
    """(N,) how tall digits are around each box.

    Median height of the nearest sure digits in its row; of the page's where there are too few; infinite
    where there are none.
    """
    each, sure = boxes.astype(np.float64), boxes[belief >= SURE].astype(np.float64)
    usual = np.full(len(each), np.median(sure[:, 3]) if len(sure) else np.inf)
    beside = each_in_row(each, sure, ROW_HEIGHTS)
    middles = (sure[:, 0] + sure[:, 2] / 2) - (each[:, 0:1] + each[:, 2:3] / 2)
    nearest = np.where(beside, np.abs(middles), np.inf).argsort(axis=1)[:, :ROW_DIGITS]
    heights = np.where(np.take_along_axis(beside, nearest, axis=1), sure[nearest, 3], np.nan)
    enough = beside.sum(axis=1) >= FEW_IN_ROW
    usual[enough] = _medians(heights[enough])
    return usual


def _medians(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) the median of each row, NaN left out; as `numpy.nanmedian`, which masks arrays of this size, and is slow.

    >>> _medians(np.array([[3.0, np.nan, 1.0], [2.0, 9.0, 4.0]]))
    array([2., 4.])
    """
    ranked, count = np.sort(rows, axis=1), np.count_nonzero(~np.isnan(rows), axis=1)  # NaN comes last
    each = np.arange(len(rows))
    return np.asarray((ranked[each, (count - 1) // 2] + ranked[each, count // 2]) / 2, dtype=np.float64)


def _may_join(box: NDArray[np.int64], boxes: NDArray[np.int64], usual: float) -> NDArray[np.bool_]:
    """(N,) whether a box and each other may be pieces of one digit."""
    left, top = np.minimum(box[0], boxes[:, 0]), np.minimum(box[1], boxes[:, 1])
    right = np.maximum(box[0] + box[2], boxes[:, 0] + boxes[:, 2])
    bottom = np.maximum(box[1] + box[3], boxes[:, 1] + boxes[:, 3])
    width, height = right - left, bottom - top
    across = box[2] + boxes[:, 2] - width  # shared columns, or minus the gap
    down = box[3] + boxes[:, 3] - height
    stacked = (across >= STACKED_OVERLAP * np.minimum(box[2], boxes[:, 2])) & (-down <= STACKED_GAP_SHARE * height)
    beside = (down >= 0.3 * np.minimum(box[3], boxes[:, 3])) & (-across <= BESIDE_GAP_SHARE * height)
    shaped = (width <= JOINED_ASPECT * height) & (height <= TALLER_THAN_USUAL * usual)
    corner = np.minimum(across, down) >= -CORNER_GAP_SHARE * height
    return np.asarray((stacked | beside | corner) & shaped)


def _alike(box: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Whether both boxes are strokes of a digit: the upright and the rest of a 4. A sure digit wants no speck."""
    height = max(box[1] + box[3], other[1] + other[3]) - min(box[1], other[1])
    return bool(min(box[2:].max(), other[2:].max()) >= STROKE_SHARE * height)


def _loose_pieces(region: Region, region_map: RegionMap, used: set[int], tall_px: float) -> tuple[int, ...]:
    """Pieces of ink that belong to no region and lie close to one, for a digit of some height at working size."""
    stats = region_map.statistics
    x, y, width, height = working_box(region.box_xywh, region_map.resize_factor, region_map.components.shape)
    gap = max(2.0, STACKED_GAP_SHARE * tall_px)
    near = (
        off_edges(stats, region_map.components.shape)  # what runs off the frame is the desk
        & (stats[:, 4] >= MIN_PART_AREA_PX)
        & (stats[:, 3] <= max(height, tall_px))
        & (stats[:, 2] <= LOOSE_WIDTH * max(width, height, tall_px))
        & (stats[:, 0] <= x + width + gap)
        & (stats[:, 0] + stats[:, 2] >= x - gap)
        & (stats[:, 1] <= y + height + gap)
        & (stats[:, 1] + stats[:, 3] >= y - gap)
    )
    near[0] = False  # paper
    return tuple(int(row) for row in np.flatnonzero(near) if int(row) not in used)[:4]


def _on_paths(runs: Collection[tuple[int, int]], parts: int) -> list[tuple[int, int]]:
    """Those that lie on some way from the first part to the last, sorted.

    >>> _on_paths([(0, 1), (0, 2), (1, 3), (2, 4)], 3)
    [(0, 1), (1, 3)]
    """
    ordered = sorted(runs)
    begun, ended = {0}, {parts}
    for start, stop in ordered:
        if start in begun:
            begun.add(stop)
    for start, stop in reversed(ordered):
        if stop in ended:
            ended.add(start)
    return [(start, stop) for start, stop in ordered if start in begun and stop in ended]


def _union(first: Region, second: Region) -> Region:
    x, y = (min(first.box_xywh[axis], second.box_xywh[axis]) for axis in (0, 1))
    right, bottom = (
        max(first.box_xywh[axis] + first.box_xywh[axis + 2], second.box_xywh[axis] + second.box_xywh[axis + 2])
        for axis in (0, 1)
    )
    return Region((x, y, right - x, bottom - y), (*first.components, *second.components))
