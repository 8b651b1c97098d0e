"""START HERE: one frame in, what it says out; the stages in order, one line each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import cv2
import numpy as np

from edge_app.frames import (
    BoxXYWH,
    Float32,
    Frame,
    FrameReadings,
    Layers,
    Orientation,
    Reading,
    RegionMap,
    Shares,
    UInt8,
)
from edge_app.protocols import Interpreter
from edge_app.scorer import Scorer
from edge_app.stages.alternatives import propose
from edge_app.stages.binarize import Ink, Polarity, binarize
from edge_app.stages.boxes import lies_in
from edge_app.stages.classify import ONE, Scored, classify, share_of_digits
from edge_app.stages.closer import enlargement
from edge_app.stages.context import is_calm, is_plain, with_clear_ends
from edge_app.stages.crop import Patch, crop_regions
from edge_app.stages.division import UNLIKE, best_division
from edge_app.stages.margin import margin_px, with_margin, without_margin
from edge_app.stages.numbers import numbers_of
from edge_app.stages.orientation import (
    QUARTERS,
    Lie,
    evidence,
    frame_upright,
    in_all_positions,
    reading_as_given,
    telling_rows,
    turned_upright,
)
from edge_app.stages.page import (
    find_page,
    is_better,
    is_blotted,
    is_same_sheet,
    is_something_beside,
    part_with_page,
    wholly_on_page,
    without_surroundings,
)
from edge_app.stages.regions import RegionLimits, find_regions, with_limits
from edge_app.stages.reverse import shows_through, without_pale
from edge_app.stages.roi import moved, part_of, roi_box
from edge_app.stages.search import score_divisions
from edge_app.stages.shrink import shrunk
from edge_app.stages.told import told_apart
from edge_app.stopwatch import StopWatch

CROPS_IN_A_ROW = 16  # of the layer that shows them
SURE_IN_OTHER = 0.95  # probability of each digit, and no lone strokes, in ink that the picture does not look like
LEAST_INK = 0.05  # of a picture in which nothing may be a digit: with less it is blank
LOOK_AGAIN_FRAMES = 15  # between looks at how the page lies, unless one was contested, or for a page: half a second


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """How a frame is read.

    Attributes:
        threshold: least probability of a digit that is believed, 0 to 1; the bundle's, or the user's.
        polarity: whether ink is "dark", "light", or found out for each frame.
        working_side_px: longer side of the picture that regions are sought in; a larger frame is
            shrunk to it, its crops still come from full resolution. 0 never shrinks.
        limits: what may be a digit.
        orientation: how the page lies; "auto" finds out.
        settle_frames: for "auto", frames running that must agree before the page is taken to lie otherwise;
            1 where every frame is a picture of its own.
        roi: the part of the frame that is read; None for all of it.
    """

    threshold: float
    polarity: Polarity = "auto"
    working_side_px: int = 1280
    limits: RegionLimits = field(default_factory=RegionLimits)
    orientation: Orientation = "upright"
    settle_frames: int = 1
    roi: Shares | None = None


class Pipeline:
    """Reads frames with one loaded model.

    Args:
        interpreter: the model; the caller closes it.
        settings: how a frame is read.
    """

    def __init__(self, interpreter: Interpreter, settings: ReadSettings) -> None:
        self._scorer = Scorer(interpreter)
        self._settings = settings
        self._follows = False
        self._limits = settings.limits  # of the next frame, where it follows
        self._lie = Lie(settings.settle_frames)
        self._frames = 0
        self._frames_on_page = 0
        self._page: UInt8 | None = None  # of the last frame, where it alone was read
        self._frames_to_rest = 0
        self._frames_to_other_ink = 0
        self._frames_without_pale = 0

    def read(self, frame: Frame, follows: bool = False) -> FrameReadings:
        """Takes one frame, or the part of it that is to be read, through the stages.

        Args:
            frame: what to read.
            follows: whether it comes from the same camera as the last one that was read, shortly after it. What shows
                the same is then not classified again, within limits.

        Raises:
            InterpreterError: the runtime or its delegate failed.
        """
        self._follows = follows
        self._scorer.follow(follows)
        if not follows:
            self._limits = self._settings.limits
        if self._settings.roi is None:
            return self._read_part(frame)
        box = roi_box(self._settings.roi, frame.size_wh)
        said = self._read_part(part_of(frame, box))
        readings = tuple(moved(reading, box[:2]) for reading in said.readings)
        return replace(said, readings=readings, size_wh=frame.size_wh)

    def layers(self, frame: Frame) -> Layers:
        """What the stages before the classifier make of a frame. Any thread may ask, at its own cost."""
        roi = self._settings.roi
        x, y, width, height = roi_box(roi, frame.size_wh) if roi is not None else (0, 0, *frame.size_wh)
        part = part_of(frame, (x, y, width, height)) if roi is not None else frame
        quarters = QUARTERS.get(self._settings.orientation, self._lie.quarters)
        margin = margin_px(part.gray)
        part = with_margin(frame_upright(part, quarters) if quarters else part, margin)
        page = find_page(self._working(part)) if self._frames_on_page else None
        region_map, mask = self._find(part, StopWatch(), page)
        whole = np.zeros(frame.gray.shape, dtype=np.uint8)
        given = np.ascontiguousarray(turned_upright(mask, -quarters % 4))
        size_wh = width + 2 * margin, height + 2 * margin
        ink = cv2.resize(given, size_wh, interpolation=cv2.INTER_AREA)
        whole[y : y + height, x : x + width] = ink[margin : margin + height, margin : margin + width]
        return Layers(whole, _side_by_side(crop_regions(part.gray, region_map).pictures))

    def _read_part(self, frame: Frame) -> FrameReadings:
        """The same, turned upright first where the page is not."""
        if self._settings.orientation != "auto":
            return self._read_turned(frame, QUARTERS[self._settings.orientation])
        due = self._lie.settle_frames == 1 or self._lie.contested or self._frames % LOOK_AGAIN_FRAMES == 0
        self._frames += 1
        return self._read_turned(frame, self._lie.update(self._evidence(frame)) if due else self._lie.quarters)

    def _read_turned(self, frame: Frame, quarters: int) -> FrameReadings:
        if quarters == 0:
            return self._read_upright(frame)
        said = self._read_upright(frame_upright(frame, quarters))
        readings = tuple(reading_as_given(reading, quarters, frame.size_wh) for reading in said.readings)
        return replace(said, readings=readings, size_wh=frame.size_wh)

    def _read_upright(self, frame: Frame) -> FrameReadings:
        watch = StopWatch()
        size_wh, margin = frame.size_wh, margin_px(frame.gray)
        frame = with_margin(frame, margin)
        frame = replace(frame, lores_gray=self._working(frame))  # made once, wherever it is asked for below
        watch.lap("binarize")
        said = self._read_page_again(frame, watch) or self._read_whole(frame, watch, is_close=margin > 0)
        if self._settings.polarity == "auto" and all(_may_be_a_hole(reading) for reading in said.readings):
            said = self._read_other_ink(frame, watch, said) or said
        readings = tuple(without_margin(reading, margin, size_wh) for reading in said.readings)
        region_map = said.region_map
        return FrameReadings(readings, size_wh, watch.total(), len(region_map.regions), len(region_map.left_out))

    def _read_page_again(self, frame: Frame, watch: StopWatch) -> "_Said | None":
        """The page of a frame, where the last one's was read alone; now and then the whole frame is looked at, too."""
        if not self._follows or not 0 < self._frames_on_page < LOOK_AGAIN_FRAMES:
            self._frames_on_page = 0
            return None
        page = find_page(self._working(frame))
        watch.lap("regions")
        if page is None or not is_same_sheet(page, self._page):
            self._frames_on_page = 0
            return None
        self._frames_on_page, self._page = self._frames_on_page + 1, page
        return self._read_ink(frame, watch, page, follows=True)

    def _read_whole(self, frame: Frame, watch: StopWatch, is_close: bool) -> "_Said":
        """The whole frame, or only a page in it, where what is beside it is not written; a digit seen close up is all
        that there is.
        """
        whole = self._read_ink(frame, watch, follows=True)
        if is_close:
            return whole
        region_map, belief = whole.region_map, whole.belief
        is_told = whole.readings or not region_map.regions  # beside what is huge, digits are too small to be any
        if is_told and region_map.dark_on_light and not (belief < UNLIKE).any() and not is_blotted(region_map, belief):
            return whole
        if self._follows and self._frames_to_rest > 0:
            self._frames_to_rest -= 1
            return whole
        page = find_page(self._working(frame))
        watch.lap("regions")
        if page is not None and (
            not whole.readings or is_blotted(region_map, belief) or is_something_beside(page, region_map, belief)
        ):
            alone = self._read_ink(frame, watch, page)
            # A page with nothing on it speaks against strays of a room, not against what is sure and stands on paper.
            strays = whole.readings and not any(is_calm(reading, whole.patches) for reading in whole.readings)
            if (alone.readings or strays) and is_better(
                alone.readings, whole.readings, page, frame.size_wh, whole.patches
            ):
                self._frames_on_page, self._page = 1, page
                return alone
        self._frames_to_rest = LOOK_AGAIN_FRAMES - 1
        return whole

    def _read_other_ink(self, frame: Frame, watch: StopWatch, said: "_Said") -> "_Said | None":
        """What is surely read in the other ink: light through a blind, a fat piece of chalk, white on a black plate.

        It must hold all that was read, which may be the hole in a 0. Of frames that follow one another it is sought in
        each only once it was found; on a blank page it is not.
        """
        found = said.region_map
        if found.dark_on_light and not found.regions and found.ink_share < LEAST_INK:
            return None
        if self._follows and self._frames_to_other_ink > 0:
            self._frames_to_other_ink -= 1
            return None
        other = self._read_ink(frame, watch, polarity="light" if found.dark_on_light else "dark")
        readings = tuple(
            reading
            for reading in other.readings
            if reading.text.strip(str(ONE)) and min(digit.confidence for digit in reading.digits) >= SURE_IN_OTHER
        )
        better = bool(readings) and all(
            any(lies_in(reading.box_xywh, one.box_xywh) for one in readings) for reading in said.readings
        )
        self._frames_to_other_ink = 0 if better else LOOK_AGAIN_FRAMES - 1
        return replace(other, readings=readings) if better else None

    def _read_ink(
        self,
        frame: Frame,
        watch: StopWatch,
        page: UInt8 | None = None,
        follows: bool = False,
        polarity: Polarity | None = None,
        pale_ink: bool = True,
    ) -> "_Said":
        """The numbers of the whole frame, or of a page in it; in the settings' ink, or another.

        Where the other side of the paper shows through, pale ink is none; in frames that follow, this is tried at once.
        """
        if self._follows and self._frames_without_pale > 0:
            self._frames_without_pale -= 1
            pale_ink = False
        region_map, mask, scored = self._sought(frame, watch, page, follows, polarity, pale_ink)
        told = told_apart(self._divided(frame, watch, region_map, scored), region_map, mask)
        verdicts = classify(told.settled, self._settings.threshold)
        watch.lap("classify")
        readings = numbers_of(told, verdicts, region_map, frame.size_wh)
        shown_through = pale_ink and shows_through(readings, told.settled)
        if not shown_through:
            readings = readings if pale_ink else without_pale(readings, told.settled)
            readings = with_clear_ends(readings, verdicts.others, region_map)
        watch.lap("readings")
        if shown_through:
            self._frames_without_pale = LOOK_AGAIN_FRAMES
            return self._read_ink(frame, watch, page, follows, polarity, pale_ink=False)
        return _Said(readings, region_map, scored.belief, told.patches)

    def _sought(
        self,
        frame: Frame,
        watch: StopWatch,
        page: UInt8 | None,
        follows: bool,
        polarity: Polarity | None,
        pale_ink: bool,
    ) -> tuple[RegionMap, UInt8, Scored]:
        """Regions, the mask that they were found in, and what the classifier says of them.

        Where many of those that were looked at are digits, more are.
        """
        limits = self._limits if follows else self._settings.limits
        region_map, mask = self._find(frame, watch, page, polarity, limits, pale_ink)
        scored = self._scored(frame, region_map, watch, follows)
        wanted = self._settings.limits.extended(share_of_digits(scored))
        if region_map.left_out and wanted.max_regions > limits.max_regions:
            before, region_map = region_map, with_limits(region_map, wanted)
            known = scored if region_map.tilt_deg == before.tilt_deg else None
            scored = self._scored(frame, region_map, watch, follows, known)
        if follows:
            self._limits = wanted
        return region_map, mask, scored

    def _divided(self, frame: Frame, watch: StopWatch, region_map: RegionMap, scored: Scored) -> Scored:
        """Regions that are joined, parted or as they were, whichever the classifier takes for digits."""
        proposals = propose(region_map, scored.belief)
        watch.lap("regions")
        if not proposals.ways:
            return scored
        some, proposed = score_divisions(proposals, lambda part: self._scorer.score(frame.gray, part, watch))
        return best_division(some, scored, proposed)

    def _scored(
        self, frame: Frame, region_map: RegionMap, watch: StopWatch, follows: bool, known: Scored | None = None
    ) -> Scored:
        """What the classifier says of regions; or said before, of this frame, or where it follows another."""
        if follows:
            return self._scorer.score_new(frame.gray, region_map, watch, known)
        return self._scorer.score(frame.gray, region_map, watch, look_again=True, known=known)

    def _working(self, frame: Frame) -> UInt8:
        """The frame's gray at the size that digits are sought in."""
        if frame.lores_gray is not None:
            return frame.lores_gray
        side_px = self._settings.working_side_px
        return shrunk(frame.gray, side_px) if side_px else frame.gray

    def _find(
        self,
        frame: Frame,
        watch: StopWatch,
        page: UInt8 | None = None,
        polarity: Polarity | None = None,
        limits: RegionLimits | None = None,
        pale_ink: bool = True,
    ) -> tuple[RegionMap, UInt8]:
        """Where there may be digits, and the mask that they were found in; on a page alone, where there is one.

        Where most of what is found is small, it is sought in a larger picture.
        """
        ink_of = partial(binarize, polarity=polarity or self._settings.polarity, pale_ink=pale_ink)
        limits = limits or self._settings.limits
        gray = self._working(frame)
        region_map, mask = _find_in(gray, frame, watch, page, ink_of, limits)
        times = enlargement(region_map)
        if times == 1.0:
            return region_map, mask
        larger = shrunk(frame.gray, round(times * max(gray.shape)))
        watch.lap("binarize")
        return _find_in(larger, frame, watch, page, ink_of, limits)

    def _evidence(self, frame: Frame) -> Float32:
        """How well each position of the page agrees with what digits look like, (4,) float32."""
        region_map = replace(self._find(frame, StopWatch())[0], tilt_deg=0.0)
        telling = tuple(region_map.regions[row] for row in telling_rows(region_map.regions))
        crops = crop_regions(frame.gray, replace(region_map, regions=telling)).pictures
        return evidence(self._scorer.classify(in_all_positions(crops)))


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What was read of a frame or of a page in it.

    Attributes:
        readings: the numbers.
        region_map: what they were found in.
        belief: (N,) float32, probability of the best digit for each region as it stood.
        patches: what each was cut from, by its box.
    """

    readings: tuple[Reading, ...]
    region_map: RegionMap
    belief: Float32
    patches: Mapping[BoxXYWH, Patch]


def _find_in(
    gray: UInt8,
    frame: Frame,
    watch: StopWatch,
    page: UInt8 | None,
    ink_of: Callable[[UInt8], Ink],
    limits: RegionLimits,
) -> tuple[RegionMap, UInt8]:
    """Regions of a frame, sought in a picture of it of any size, and the mask at that size."""
    if page is None:
        ink = ink_of(gray)
        mask = ink.mask
    else:
        alone, on_page = without_surroundings(gray, page)
        rows, columns = part_with_page(on_page)
        ink = ink_of(alone[rows, columns])
        mask = np.zeros_like(gray)
        mask[rows, columns] = ink.mask
        mask = wholly_on_page(mask, on_page)
    watch.lap("binarize")
    region_map = find_regions(mask, ink.dark_on_light, gray.shape[1] / frame.gray.shape[1], limits)
    watch.lap("regions")
    return region_map, mask


def _may_be_a_hole(reading: Reading) -> bool:
    """Whether a number is a lone stroke or ring, as is the paper that a 0 or an 8 encloses, taken for ink."""
    return len(reading.digits) == 1 and is_plain(reading)


def _side_by_side(crops: UInt8) -> UInt8:
    """(N, 28, 28) crops as one picture, CROPS_IN_A_ROW a row."""
    rows = max(1, -(-len(crops) // CROPS_IN_A_ROW))
    side = crops.shape[1]
    grid = np.zeros((rows * CROPS_IN_A_ROW, side, side), dtype=np.uint8)
    grid[: len(crops)] = crops
    picture = grid.reshape(rows, CROPS_IN_A_ROW, side, side).swapaxes(1, 2)
    return picture.reshape(rows * side, CROPS_IN_A_ROW * side)
