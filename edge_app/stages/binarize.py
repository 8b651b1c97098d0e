"""Gray in, a mask of ink out: a local threshold that follows the light on the page.

A pixel is ink where it is darker than its paper (`paper.py`) by more than the noise, and by more than a share of the
strongest contrast around it (after Bernsen's local contrast threshold, "Dynamic thresholding of gray-level images",
ICPR 1986). Light ink on a dark ground is the same, negated.
"""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import cv2
import numpy as np

from edge_app.frames import Float32, UInt8
from edge_app.stages.faint import faint_contrast, with_faint_parts
from edge_app.stages.levels import median, median_deviation, percentile, quantile, ranks_of
from edge_app.stages.pale import PALE_SHARE, with_pale_ink
from edge_app.stages.paper import find_paper, on_rim, window
from edge_app.stages.shade import STEPS, Mask, share_of_paper, with_shade
from edge_app.stages.shrink import shrunk

Polarity: TypeAlias = Literal["auto", "dark", "light"]

PAPER_SIDE_PX = 160  # longer side of the picture that paper is estimated from; averages noise away
SHARP_SHARE = 0.8  # of such an area's pixels that are fully dark
POLARITY_FRACTION = 0.15  # of the shorter side: window in which ink is the minority
CLEAR_TAIL = 0.5  # by how much the dark tail outweighs the light one where ink is dark beyond doubt
LEAST_TAILS = 200.0  # weight of both: the page of a faint pencil has 1,400, an empty page hardly any
PAGE_STROKE_PX = 9  # of the shrunken picture: strokes on a page are thinner
PAGE_SHARES, PAGE_FILL = (0.15, 0.9), 0.8  # of the picture, and of the rectangle round it: chalk has less
PAPER_SHARE = 0.6  # of what lies within its outline; of a large 0 in chalk, most is board
BOARD_FILL = 0.86  # of the rectangle round a board on a wall: a fat 8 has .83, boards in perspective .89 and more
CHALK = -0.2  # by how much dark strokes outweigh light ones: on pages -.07 and more, on boards -.37 and less
THIN_PX = 7  # width of the strokes of a page that is small in the frame
THIN_WEIGHT, THIN_LEAST = 4.0, 0.3  # of these beside the tails, where they weigh so much of what the tails do
LIGHT_STROKES, LEAST_THIN = -0.5, 0.15  # thin strokes that are light beyond doubt; of the tails, what they must weigh
CONTRAST_SHARE = 0.33  # of the strongest contrast nearby; half would thin faint ends, a quarter joins neighbours
MIN_CONTRAST = 0.07  # of the paper's brightness: fainter marks are paper texture or show-through
NOISE_SIGMAS = 4.0  # above the spread of the paper itself: one pixel in 30,000
DESK_CONTRAST = 0.2  # of the paper's brightness, from which what runs off the frame is no stroke of this page
SMOOTH_ABOVE = 3.0  # gray levels of noise: a small blur then costs less than the noise
SMOOTHED_SHARE = 0.45  # of the noise that a 3x3 Gaussian leaves, with margin for noise that JPEG has smeared
STEP = 0.9  # of paper's brightness: where it falls below that from one pixel to the next, something else begins
MAD_TO_SIGMA = 1.4826  # of a normal distribution
LOCAL_FRACTION = 0.25  # of the shorter side: window in which a page is told from the cloth that it lies on
EVENEST = 0.75  # of the frame's unevenness: the least that is taken for any part of it
CLEAN = 0.2  # of the frame's unevenness, below which there is a page on something rough
USUAL, LOW = 40.0, 10.0  # percentiles that are paper where ink and the lines of squared paper cover half of it
USUAL_TO_LOW_SIGMAS = 1.028  # of a normal distribution, between its 40th and its 10th percentile
BESIDE = np.asarray(cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), dtype=np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """Where ink is.

    Attributes:
        mask: (h, w) uint8, 255 for ink and 0 for paper.
        dark_on_light: whether ink is darker than paper.
    """

    mask: UInt8
    dark_on_light: bool


def binarize(gray: UInt8, polarity: Polarity = "auto", pale_ink: bool = True) -> Ink:
    """Tells ink from paper.

    Args:
        gray: (h, w) uint8 at working size; not written to.
        polarity: "dark" ink on light paper, "light" on dark, or "auto": whichever is the minority.
        pale_ink: whether strokes much paler than others nearby are ink, too.

    Returns:
        The mask, a fresh array, and the polarity found.
    """
    small = shrunk(gray, PAPER_SIDE_PX)
    noise = _noise(gray, small)
    if noise >= SMOOTH_ABOVE:
        gray = np.asarray(cv2.GaussianBlur(gray, (3, 3), 0), dtype=np.uint8)
        noise *= SMOOTHED_SHARE
    dark_on_light = ink_is_dark(gray, small) if polarity == "auto" else polarity == "dark"
    if not dark_on_light:
        gray, small = ~gray, ~small
    paper, half = find_paper(small)
    if dark_on_light:  # on a board a shadow makes chalk paler, which then looks like shade
        paper = with_shade(small, paper, half)
    threshold, faint, pale = _thresholds(small, paper, noise, half)
    size_wh = gray.shape[1], gray.shape[0]
    surface = cv2.resize(threshold, size_wh, interpolation=cv2.INTER_LINEAR)
    mask = np.asarray(cv2.compare(gray, surface, cv2.CMP_LT), dtype=np.uint8)
    mask = with_faint_parts(mask, gray, threshold, faint)
    if pale_ink:
        mask = with_pale_ink(mask, gray, paper, threshold, pale)
    return Ink(mask, dark_on_light)


def ink_is_dark(gray: UInt8, small: UInt8) -> bool:
    """Whether ink is darker than paper.

    Ink is the minority, so it is the longer tail around the local mean. A small page on a dark desk looks like light
    ink that way. So unless ink is dark beyond doubt, it also counts which strokes are thin: the page is not. Nor is
    one large bright rectangle ink, nor the greater part of a picture: there are digits whose strokes are wider than
    that window.

    Args:
        gray: (h, w) uint8 at working size.
        small: the same, shrunken to the size that paper is estimated from.

    >>> page = np.full((60, 80), 200, np.uint8)
    >>> page[20:40, 38:42] = 30
    >>> ink_is_dark(page, page), ink_is_dark(255 - page, 255 - page)
    (True, False)
    """
    side = 1 + 2 * int(min(small.shape) * POLARITY_FRACTION / 2)
    deviation = np.asarray(cv2.subtract(small, cv2.blur(small, (side, side)), dtype=cv2.CV_32F), dtype=np.float32)
    excess, tails = _outweighed(np.maximum(-deviation, 0.0), np.maximum(deviation, 0.0))
    if excess >= CLEAR_TAIL or tails < LEAST_TAILS:
        return excess >= 0.0
    dark, light = (cv2.morphologyEx(gray, way, window(THIN_PX // 2)) for way in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT))
    thin_excess, thin = _outweighed(dark, light)
    looks_dark = excess + (THIN_WEIGHT * thin_excess if thin >= THIN_LEAST * tails else 0.0) >= 0.0
    if not looks_dark and thin_excess <= LIGHT_STROKES and thin >= LEAST_THIN * tails:
        return False
    return looks_dark or _is_mostly_bright(small) or _is_page_on_desk(small, dark, light)


def _is_mostly_bright(small: UInt8) -> bool:
    """Whether more than half of a picture is bright, and the dark rest of it is no board on a wall."""
    middle, _ = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return np.count_nonzero(small > middle) > small.size / 2 and _large_rectangle(~small, BOARD_FILL) is None


def _is_page_on_desk(small: UInt8, dark: cv2.typing.MatLike, light: cv2.typing.MatLike) -> bool:
    """Whether the bright part of a picture is one large rectangle, however it lies, and what is on it is not chalk.

    Args:
        small: (h, w) uint8, the picture at the size that paper is estimated from.
        dark, light: (H, W) uint8, how far thin strokes stand out, at working size.
    """
    page = _large_rectangle(small)
    if page is None:
        return False
    within = cv2.resize(cv2.erode(page, window(2)), (dark.shape[1], dark.shape[0]), interpolation=cv2.INTER_NEAREST)
    excess, thin = _outweighed(*(cv2.bitwise_and(strokes, within) for strokes in (dark, light)))
    return excess > CHALK or thin < LEAST_TAILS


def _large_rectangle(small: UInt8, fill: float = PAGE_FILL) -> UInt8 | None:
    """The bright part of a picture where it is one large rectangle, however it lies; (h, w) uint8, 255 for it."""
    without_ink = cv2.morphologyEx(small, cv2.MORPH_CLOSE, window(PAGE_STROKE_PX // 2))
    _, bright = cv2.threshold(without_ink, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    outlines, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    outline = max(outlines, key=cv2.contourArea)
    area, (_, sides, _) = cv2.contourArea(outline), cv2.minAreaRect(outline)
    least, most = PAGE_SHARES
    if not least * small.size <= area <= most * small.size or area < fill * math.prod(sides):
        return None
    page = np.asarray(cv2.drawContours(np.zeros_like(small), [outline], 0, (255,), cv2.FILLED), dtype=np.uint8)
    return page if cv2.countNonZero(cv2.bitwise_and(bright, page)) >= PAPER_SHARE * area else None


def _outweighed(dark: cv2.typing.MatLike, light: cv2.typing.MatLike) -> tuple[float, float]:
    """By how much dark outweighs light, -1 to 1, and what both weigh; cubed, so that noise counts for nothing."""
    of_dark, of_light = (cv2.mean(cv2.pow(np.asarray(part, dtype=np.float32), 3))[0] for part in (dark, light))
    both = of_dark + of_light
    return (of_dark - of_light) / max(both, 1e-3), both


def _noise(gray: UInt8, small: UInt8) -> float:
    """Standard deviation of single pixels around the shrunken picture, in gray levels, ink left out.

    The median of absolute deviations does not see ink, since ink is the minority.
    """
    size_wh = small.shape[1], small.shape[0]
    sample = cv2.resize(gray, size_wh, interpolation=cv2.INTER_NEAREST)
    return MAD_TO_SIGMA * median(np.asarray(cv2.absdiff(sample, small), dtype=np.uint8))


def _thresholds(small: UInt8, paper: UInt8, noise: float, half: int) -> tuple[UInt8, ...]:
    """The brightness below which a pixel is ink, may be a faint part of ink, and may be pale ink beside stronger one.

    Each (h, w) uint8, at the size of the shrunken picture.
    """
    contrast = np.asarray(cv2.subtract(paper, small), dtype=np.uint8)
    outside = _outside(contrast, paper)
    strongest = _strongest_near(np.where(outside, 0, contrast).astype(np.uint8), half)
    if outside.any():
        strongest = np.where(outside, _strongest_near(contrast, half), strongest)
    least = paper * MIN_CONTRAST
    floor = np.maximum(least, _roughness(contrast, paper, noise))
    pale_floor = floor
    if (floor > least).any():  # even paper asks for no less
        bare = np.asarray(cv2.dilate((contrast > floor).view(np.uint8), window(1)) == 0)
        if bare.any():
            pale_floor = np.minimum(floor, np.maximum(least, _bare_roughness(contrast, paper, noise, bare)))
    share, pale = strongest * CONTRAST_SHARE, strongest * PALE_SHARE
    needed = np.maximum(share, floor), np.maximum(share, faint_contrast(floor, paper)), np.maximum(pale, pale_floor)
    return tuple(_lowered_at_steps(np.clip(paper - each, 0, 255).astype(np.uint8), paper) for each in needed)


def _roughness(contrast: UInt8, paper: UInt8, noise: float) -> Float32 | float:
    """The contrast that the paper has by itself, (h, w) float32 in gray levels; 0.0 where it is even.

    What a lens and a sensor do to paper is the same in light and shadow; its grain is as much paler in a shadow as it
    is. Whichever asks for less is believed.
    """
    middle, overall = _middle_and_spread(contrast)
    if middle + NOISE_SIGMAS * max(overall, noise) <= float((paper * MIN_CONTRAST).min()):
        return 0.0
    shares = share_of_paper(contrast, paper)
    in_levels = middle + NOISE_SIGMAS * np.maximum(_unevenness(contrast, overall), noise)
    middle, overall = _middle_and_spread(shares)
    light = paper / np.float32(STEPS)
    in_shares = light * middle + NOISE_SIGMAS * np.maximum(light * _unevenness(shares, overall), noise)
    return np.asarray(np.minimum(in_levels, in_shares), dtype=np.float32)


def _bare_roughness(contrast: UInt8, paper: UInt8, noise: float, bare: Mask) -> Float32:
    """The same of the paper alone, (h, w) float32, as even as any part of it may be.

    Ink makes its paper seem rough where a page is full of it, so once it is known it is left out.
    """
    mask = bare.view(np.uint8)
    (in_levels, levels), (in_shares, shares) = (
        _middle_and_spread(each, mask) for each in (contrast, share_of_paper(contrast, paper))
    )
    light = paper / np.float32(STEPS)
    by_levels = in_levels + NOISE_SIGMAS * max(EVENEST * levels, noise)
    return np.minimum(by_levels, light * in_shares + NOISE_SIGMAS * np.maximum(light * EVENEST * shares, noise))


def _middle_and_spread(contrast: UInt8, mask: UInt8 | None = None) -> tuple[float, float]:
    """The median, and the standard deviation without ink, which is the minority; where the mask is not 0."""
    ranks = ranks_of(contrast, mask)
    middle = quantile(ranks, 0.5)
    return middle, MAD_TO_SIGMA * median_deviation(ranks, middle)


def _unevenness(contrast: UInt8, overall: float) -> Float32:
    """The spread of the paper at each pixel, (h, w) float32: what it is around there, within what it is overall."""
    near = _unevenness_near(contrast)
    return np.where(near < CLEAN * overall, near, np.clip(near, EVENEST * overall, overall))


def _lowered_at_steps(threshold: UInt8, paper: UInt8) -> UInt8:
    """The threshold where paper meets darker paper: that of the darker one.

    Between the two it would be interpolated, and what is dark there be taken for a line: the edge of a page on a
    desk, or of a shadow.
    """
    at_step = cv2.erode(paper, BESIDE) < STEP * paper
    return np.where(at_step, cv2.erode(threshold, BESIDE), threshold).astype(np.uint8)


def _unevenness_near(contrast: UInt8) -> Float32:
    """Standard deviation of the paper around each pixel, in gray levels, (h, w) float32.

    Low percentiles see neither ink nor the lines of squared paper. Found on a coarse grid.
    """
    side = 2 * int(min(contrast.shape) * LOCAL_FRACTION / 2) + 1
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(contrast, side // 2, mode="edge"), (side, side))
    coarse = windows[:: max(1, side // 3), :: max(1, side // 3)]
    ranked = np.sort(coarse.reshape(*coarse.shape[:2], -1), axis=2, kind="stable")  # of bytes: by counting, so quick
    size_wh = contrast.shape[1], contrast.shape[0]
    unevenness = ((percentile(ranked, USUAL) - percentile(ranked, LOW)) / USUAL_TO_LOW_SIGMAS).astype(np.float32)
    return np.asarray(cv2.resize(unevenness, size_wh, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _strongest_near(contrast: UInt8, half: int) -> UInt8:
    """The greatest contrast within a window, smoothed so that it changes gently, (h, w) uint8."""
    return np.asarray(cv2.blur(cv2.dilate(contrast, window(half)), (2 * half + 1, 2 * half + 1)), dtype=np.uint8)


def _outside(contrast: UInt8, paper: UInt8) -> Mask:
    """(h, w) bool, where dark areas with a sharp edge run off the frame: the desk around a page, which tells of no ink.

    A dark corner of the lens has no edge: much of it is only half as dark.
    """
    dark, half_dark = contrast > paper * DESK_CONTRAST, (contrast > paper * (DESK_CONTRAST / 2)).view(np.uint8)
    if not on_rim(half_dark).any():
        return np.zeros_like(dark)
    count, areas = cv2.connectedComponents(half_dark, connectivity=4)
    border = on_rim(areas)
    sharp = np.bincount(areas[dark], minlength=count) >= SHARP_SHARE * np.bincount(areas.ravel(), minlength=count)
    runs_off = np.zeros(count, dtype=np.uint8)
    runs_off[border] = sharp[border]
    runs_off[0] = 0  # paper
    return np.asarray(cv2.dilate(runs_off[areas], window(2)) > 0)
