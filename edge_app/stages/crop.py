"""Regions and the full-resolution gray in, 28x28 MNIST-style crops out.

MNIST's own recipe (http://yann.lecun.com/exdb/mnist/): the digit is fitted into 20x20 keeping its
aspect, anti-aliased, and placed so that its centre of mass is the centre of a 28x28 field. The same
`center_ink` prepares the training images, so what the model learns on is what it later sees.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, Int32, Region, RegionMap, UInt8
from edge_app.stages.ground import open_ends, unrest
from edge_app.stages.levels import quantile, ranks_of

PREPROCESSING = "mnist-20in28-mass-v2"  # stands in every manifest; change it with any change to a crop

CROP_SIDE_PX = 28
INK_SIDE_PX = 20
WORK_SIDE_PX = 60  # a large digit is first averaged down to this: 3 samples for each final pixel
FINE_SIDE_PX = 120  # or to this, where a fine pen's strokes would be ragged there:
FINE_INK, BROAD = 0.06, 0.25  # of its longer side squared, what is ink at the most; of its longer side, its shorter one
THINNEST_STROKE = 0.08  # of the longer side: 98 % of MNIST's digits have a wider one
PROPER_STROKE = 0.11  # what a thinner one is drawn out to: between MNIST's 10th and 25th percentile
MARGIN_FRACTION = 0.15  # of the longer side: paper around the ink, to tell its brightness from
INK_CORE_SHARE = 0.25  # the darker quarter of the strokes is taken as solid ink
RIM_STEP = 0.35  # of the way from the darkest ink to the brightest paper nearby: what lies within is no paper
INK_FLOOR = 0.12  # of solid ink: below this it is paper texture or sensor noise
LEAST_BRIGHTNESS = 32.0  # of paper, in gray levels: in a darker place a share of it says nothing
MIN_CONTRAST = 8.0  # gray levels; a smaller step would blow up noise to full ink

ANY = 2**31 - 1  # the highest number that a piece of ink can have
GRAY_LEVELS = np.arange(256, dtype=np.float32)
NEAR, BESIDE, NEXT_TO, AROUND = (np.ones((side, side), np.uint8) for side in (3, 7, 9, 13))
"""Windows that reach 1, 3, 4 and 6 pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """What was measured of the ink of N regions, (N,) float32 each.

    Attributes:
        contrasts: gray levels between a region's paper and its ink.
        strengths: the same as a share of the paper's brightness, 0 to 1, which no shadow changes; of light
            ink, as a share of white.
        stroke_widths: mean width of its strokes, in pixels of the frame.
    """

    contrasts: Float32
    strengths: Float32
    stroke_widths: Float32

    def take(self, rows: NDArray[np.intp]) -> "Measures":
        """Those of some regions, in the order given."""
        return Measures(*(column[rows] for column in self._columns()))

    def joined(self, others: "Measures") -> "Measures":
        """Those of these regions and of others after them."""
        pairs = zip(self._columns(), others._columns(), strict=True)
        return Measures(*(np.concatenate(pair) for pair in pairs))

    def _columns(self) -> tuple[Float32, ...]:
        return self.contrasts, self.strengths, self.stroke_widths


@dataclass(frozen=True, eq=False)
class Patch:
    """A region with a margin at work size.

    Attributes:
        level: (h, w) uint8 gray, ink brighter than paper.
        strokes: (h, w) uint8, 255 for the region's own ink.
        any_ink: (h, w) uint8, 255 for anybody's.
        contrast: gray levels between its paper and its ink; `MIN_CONTRAST` and more.
        stroke_width: mean width of its strokes, in pixels of the patch; 1 and more.
    """

    level: UInt8
    strokes: UInt8
    any_ink: UInt8
    contrast: float
    stroke_width: float

    @cached_property
    def dark_rim(self) -> float:
        """Share of its rim that is as dark as its ink; worked out where somebody asks.

        The edge of a page has something dark on one side, a stroke has paper on both.
        """
        return _dark_rim(self.level, self.strokes, self.any_ink)

    @cached_property
    def open_ends(self) -> float:
        """How much of it goes on beyond both its ends, where it is a stroke; worked out where somebody asks."""
        return open_ends(self.level, self.strokes, contrast=self.contrast, stroke_width=self.stroke_width)

    @cached_property
    def unrest(self) -> float:
        """How unlike writing on paper it is; worked out where somebody asks."""
        return unrest(
            self.level,
            self.strokes,
            self.any_ink,
            contrast=self.contrast,
            stroke_width=self.stroke_width,
            dark_rim=self.dark_rim,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """The crops of one frame.

    Attributes:
        pictures: (N, 28, 28) uint8, ink bright on black.
        measures: of the ink that is on them.
        patches: that they were cut from, N of them.
    """

    pictures: UInt8
    measures: Measures
    patches: tuple[Patch, ...]


def crop_regions(gray: UInt8, region_map: RegionMap) -> Crops:
    """One crop for each region.

    Args:
        gray: (H, W) uint8 at full resolution; not written to.
        region_map: the regions and the ink they were found in.

    Returns:
        Fresh arrays, in the order of the regions; N of 0 or more.
    """
    count = len(region_map.regions)
    pictures = np.zeros((count, CROP_SIDE_PX, CROP_SIDE_PX), dtype=np.uint8)
    measured = np.zeros((3, count), dtype=np.float32)
    patches = []
    for row, region in enumerate(region_map.regions):
        ink, measured[:, row], patch = _region_ink(gray, region_map, region)
        pictures[row] = center_ink(turned(ink, region_map.tilt_deg))
        patches.append(patch)
    return Crops(pictures, Measures(*measured), tuple(patches))


def _region_ink(gray: UInt8, region_map: RegionMap, region: Region) -> tuple[UInt8, tuple[float, float, float], Patch]:
    """How much ink each pixel of a region holds, neighbours and paper left out.

    Paper is the median of what is not ink in and around the region, solid ink the darkest quarter of
    the region's own strokes; between the two it is linear.

    Args:
        gray: (H, W) uint8 at full resolution.
        region_map: the ink that the region was found in.
        region: one of its regions.

    Returns:
        (h, w) uint8, 255 for solid ink and 0 for paper: the region with a margin, its longer side at
        most `WORK_SIDE_PX`, a fine pen's `FINE_SIDE_PX`; a value for each column of `Measures`; and what
        it was made from.
    """
    level, strokes, any_ink, shrink = _patches(gray, region_map, region)
    if region_map.dark_on_light:
        level = np.asarray(cv2.bitwise_not(level), dtype=np.uint8)
    ranks = ranks_of(level, ~any_ink)
    paper = quantile(ranks, 0.5) if ranks[-1] else float(level.min())
    ranks = ranks_of(level, strokes)
    solid = quantile(ranks, 1 - INK_CORE_SHARE) if ranks[-1] else paper
    brightness = 255.0 - paper if region_map.dark_on_light else 255.0
    contrast = max(solid - paper, MIN_CONTRAST)
    table = _ink_table(paper, contrast)
    near = cv2.dilate(strokes, NEAR)
    ink = np.asarray(cv2.bitwise_and(cv2.LUT(level, table), near), dtype=np.uint8)
    width = stroke_width(strokes)
    measures = (
        solid - paper,
        (solid - paper) / max(brightness, LEAST_BRIGHTNESS),
        width / shrink,
    )
    return _drawn_out(ink, strokes, width), measures, Patch(level, strokes, any_ink, contrast, width)


def _ink_table(paper: float, contrast: float) -> UInt8:
    """How much ink a pixel of each gray level holds, (256,) uint8: 0 for paper, 255 for solid ink, linear between."""
    ink = (GRAY_LEVELS - paper) / contrast
    ink[ink < INK_FLOOR] = 0.0
    return np.minimum(ink * 255.0 + 0.5, 255.0).astype(np.uint8)


def _dark_rim(level: UInt8, strokes: UInt8, any_ink: UInt8) -> float:
    """Share of the pixels two or three beside the strokes that are hardly brighter than the ink next to them."""
    rim = np.flatnonzero(np.greater(cv2.dilate(strokes, BESIDE), cv2.dilate(any_ink, NEAR)))
    if not rim.size:
        return 0.0
    planes = level, cv2.dilate(level, NEXT_TO), cv2.erode(level, AROUND)
    beside, darkest, brightest = (np.asarray(plane).take(rim).astype(np.float32) for plane in planes)
    return np.count_nonzero(darkest - beside < RIM_STEP * (darkest - brightest)) / rim.size


def stroke_width(strokes: UInt8) -> float:
    """Mean width of strokes in pixels.

    Across a stroke of width w the distance to paper rises from 1 to (w + 1) / 2 and falls again, so that
    it is (w + 2) / 4 on average.

    Args:
        strokes: (h, w) uint8, not 0 for ink; what lies outside counts as paper.

    >>> bar = np.zeros((60, 300), np.uint8)
    >>> bar[20:27] = 1
    >>> round(stroke_width(bar))
    7
    """
    padded = cv2.copyMakeBorder(strokes, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0,))
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    count = cv2.countNonZero(strokes)
    return max(1.0, 4.0 * float(distance.sum()) / count - 2.0) if count else 0.0


def _drawn_out(ink: UInt8, strokes: UInt8, stroke: float) -> UInt8:
    """The ink with strokes as wide as MNIST's where a fine pen's would vanish in 20 pixels."""
    _, _, width, height = cv2.boundingRect(strokes)
    side = max(width, height)
    if stroke == 0.0 or stroke >= side * THINNEST_STROKE:
        return ink
    nib = round(side * PROPER_STROKE - stroke) + 1
    if nib < 2:
        return ink
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (nib, nib))
    padded = cv2.copyMakeBorder(ink, nib, nib, nib, nib, cv2.BORDER_CONSTANT, value=(0,))
    return np.asarray(cv2.dilate(padded, disc), dtype=np.uint8)


def turned(ink: UInt8, tilt_deg: float) -> UInt8:
    """The ink turned back by a tilt, counter-clockwise, in a field that holds all of it; the same array where level."""
    if tilt_deg == 0.0:
        return ink
    height, width = ink.shape
    side = math.ceil(math.hypot(width, height))
    turn = np.array(cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), tilt_deg, 1.0), dtype=np.float64)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    return np.asarray(cv2.warpAffine(ink, turn, (side, side), flags=cv2.INTER_LINEAR), dtype=np.uint8)


def center_ink(ink: UInt8) -> UInt8:
    """The MNIST-style crop of a picture of one digit.

    Args:
        ink: (h, w) uint8, ink bright on black (0); one of MNIST's own images will do.

    Returns:
        (28, 28) uint8: the box of all non-zero pixels scaled so that its longer side is 20, its
        centre of mass at the centre to within half a pixel, or as near as there is room for the whole
        box. All zero where there is no ink.

    >>> center_ink(np.full((40, 10), 255, np.uint8)).astype(bool).sum(axis=0).max()
    20
    """
    crop = np.zeros((CROP_SIDE_PX, CROP_SIDE_PX), dtype=np.uint8)
    left, top, width, height = cv2.boundingRect(ink)
    if width == 0:
        return crop
    fitted = _fit(ink[top : top + height, left : left + width])
    height, width = fitted.shape
    moments = cv2.moments(fitted)
    if moments["m00"] == 0:
        return crop
    x = _offset(moments["m10"] / moments["m00"], width)
    y = _offset(moments["m01"] / moments["m00"], height)
    crop[y : y + height, x : x + width] = fitted
    return crop


def _fit(ink: UInt8) -> UInt8:
    """The ink box scaled so that its longer side is 20 px; area-averaged when it shrinks."""
    height, width = ink.shape
    resize_factor = INK_SIDE_PX / max(height, width)
    if resize_factor == 1.0:
        return ink
    size_wh = max(1, round(width * resize_factor)), max(1, round(height * resize_factor))
    method = cv2.INTER_AREA if resize_factor < 1.0 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(ink, size_wh, interpolation=method), dtype=np.uint8)


def _offset(mass_px: float, side_px: int) -> int:
    """Where the box starts so that its centre of mass is at the crop's centre, kept inside the crop."""
    # Pixel centres lie at whole numbers, so the centre of 28 pixels is 13.5; MNIST's images have 14.
    return min(max(round(CROP_SIDE_PX / 2 - mass_px), 0), CROP_SIDE_PX - side_px)


def _patches(gray: UInt8, region_map: RegionMap, region: Region) -> tuple[UInt8, UInt8, UInt8, float]:
    """The region with a margin at work size: its gray, its own ink and anybody's ink, (h, w) uint8, 255 for ink; and
    that size divided by full resolution, at most 1.
    """
    factor = region_map.resize_factor
    rows, columns = region_map.components.shape
    x, y, width, height = region.box_xywh
    margin = 2 + max(width, height) * MARGIN_FRACTION
    left, top = max(int((x - margin) * factor), 0), max(int((y - margin) * factor), 0)
    right = min(math.ceil((x + width + margin) * factor), columns)
    bottom = min(math.ceil((y + height + margin) * factor), rows)
    components = region_map.components[top:bottom, left:right]
    patch = gray[round(top / factor) : round(bottom / factor), round(left / factor) : round(right / factor)]
    own = _numbered(components, region.components[0], region.components[0])
    for component in region.components[1:]:
        own |= _numbered(components, component, component)
    side = max(width, height)
    is_broad = min(width, height) >= BROAD * side
    is_fine = is_broad and cv2.countNonZero(own) <= FINE_INK * (side * factor) ** 2
    shrink = min(1.0, (FINE_SIDE_PX if is_fine else WORK_SIDE_PX) / side)
    if shrink < 1.0:
        size_wh = max(1, round(patch.shape[1] * shrink)), max(1, round(patch.shape[0] * shrink))
        patch = np.asarray(cv2.resize(patch, size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    size_wh = patch.shape[1], patch.shape[0]
    any_ink = _numbered(components, 1, ANY)
    strokes = _resize_mask(own, size_wh)
    stands_alone = cv2.countNonZero(any_ink) == cv2.countNonZero(own)
    return patch, strokes, strokes if stands_alone else _resize_mask(any_ink, size_wh), shrink


def _numbered(components: Int32, first: int, last: int) -> UInt8:
    """255 where the number of the piece of ink lies between two, both included, (h, w) uint8."""
    # OpenCV takes numbers as bounds; its type hints know arrays alone.
    return np.asarray(cv2.inRange(components, first, last), dtype=np.uint8)  # type: ignore[call-overload]


def _resize_mask(mask: UInt8, size_wh: tuple[int, int]) -> UInt8:
    """The mask at another size; a pixel is in it where at least a quarter of what it covers is."""
    if (mask.shape[1], mask.shape[0]) == size_wh:
        return mask
    covered = cv2.resize(mask, size_wh, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.threshold(covered, 63, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)
