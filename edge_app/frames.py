"""The data that flows from a camera to an overlay; holds arrays and plain values, does nothing.

frame -> gray -> mask -> region -> crop -> tensor -> scores -> digit -> reading -> overlay
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

UInt8: TypeAlias = NDArray[np.uint8]
Int8: TypeAlias = NDArray[np.int8]
Int32: TypeAlias = NDArray[np.int32]
Float32: TypeAlias = NDArray[np.float32]

BoxXYWH: TypeAlias = tuple[int, int, int, int]
"""Left, top, width and height in pixels; the right and bottom edges lie outside."""

Shares: TypeAlias = tuple[float, float, float, float]
"""Left, top, width and height as shares of the picture's own, 0 to 1."""

Orientation: TypeAlias = Literal["upright", "90", "180", "270", "auto"]
"""How far a page is turned clockwise in the picture, in degrees; "auto" finds out."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a camera.

    Attributes:
        gray: (H, W) uint8 luma at full resolution; may be a view, never written to.
        sequence: number of the frame since the camera was opened, from 0.
        timestamp_ns: capture time in nanoseconds: of the monotonic clock for a live camera, the
            position in the stream for a file (so that a file gives the same readings at any speed).
        make_bgr: gives the same picture as (H, W, 3) uint8, blue first; called only where someone
            looks. None where the source is gray.
        lores_gray: (h, w) uint8 luma of the same picture at the camera's own smaller size, where it
            has one (picamera2's lores stream); regions are then sought in it.
    """

    gray: UInt8
    sequence: int
    timestamp_ns: int
    make_bgr: Callable[[], UInt8] | None = None
    lores_gray: UInt8 | None = None

    @property
    def size_wh(self) -> tuple[int, int]:
        """Width and height in pixels at full resolution."""
        height, width = self.gray.shape
        return width, height

    def bgr(self) -> UInt8:
        """The picture as a fresh (H, W, 3) uint8 array, blue first, that the caller may draw on."""
        if self.make_bgr is not None:
            return np.array(self.make_bgr(), dtype=np.uint8, order="C")
        return np.repeat(self.gray[:, :, np.newaxis], 3, axis=2)


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle that may hold one digit.

    Attributes:
        box_xywh: the rectangle in pixels of the full-resolution frame.
        components: ids in `RegionMap.components` of the pieces of ink that make the digit.
        cut: whether the ink runs off the frame, so that this may be part of something larger.
    """

    box_xywh: BoxXYWH
    components: tuple[int, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RegionMap:
    """The regions of one frame with the ink they were found in.

    Attributes:
        regions: the regions, left to right within the order they were found.
        components: (h, w) int32, the id of the piece of ink at each pixel of the working-size mask;
            0 is paper.
        statistics: (M, 5) int32, of each piece of ink its left, top, width, height and area at working
            size; row 0 is paper.
        resize_factor: working size divided by full resolution, at most 1.
        dark_on_light: whether ink is darker than paper.
        left_out: ids of the pieces of ink that may be digits, too, but are in no region: there are more than the cap.
        tilt_deg: how far the lines of writing run down to the right, in degrees.
    """

    regions: tuple[Region, ...]
    components: Int32
    statistics: Int32
    resize_factor: float
    dark_on_light: bool
    left_out: tuple[int, ...] = ()
    tilt_deg: float = 0.0

    @property
    def ink_share(self) -> float:
        """Share of the mask that is ink."""
        return float(self.statistics[1:, -1].sum() / self.components.size)


@dataclass(frozen=True, slots=True)
class TensorDetails:
    """Shape and quantization of a model's input or output, as the runtime tells them.

    Attributes:
        shape: with the batch first, e.g. (1, 28, 28, 1).
        dtype: numpy's name, e.g. "int8".
        scale: real value of one step; 0.0 where the tensor is not quantized.
        zero_point: the stored value that means 0.0.
    """

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit that was read.

    Attributes:
        digit: 0 to 9.
        confidence: the classifier's probability for it, 0 to 1.
        box_xywh: its ink in pixels of the full-resolution frame.
    """

    digit: int
    confidence: float
    box_xywh: BoxXYWH


@dataclass(frozen=True, slots=True)
class Reading:
    """The digits of one written number, left to right; at least one.

    Attributes:
        digits: the digits that were read.
        whole: False where ink that could not be read, or that runs off the frame, stands beside the
            digits, so that the number written may be longer. Such a reading is never published.
    """

    digits: tuple[Digit, ...]
    whole: bool = True

    @property
    def text(self) -> str:
        """The number as written, leading zeros kept."""
        return "".join(str(digit.digit) for digit in self.digits)

    @property
    def confidence(self) -> float:
        """That of the least sure digit: a number is right only where every digit is."""
        return min(digit.confidence for digit in self.digits)

    @property
    def box_xywh(self) -> BoxXYWH:
        """The smallest rectangle around all digits, in pixels of the full-resolution frame."""
        left = min(digit.box_xywh[0] for digit in self.digits)
        top = min(digit.box_xywh[1] for digit in self.digits)
        right = max(digit.box_xywh[0] + digit.box_xywh[2] for digit in self.digits)
        bottom = max(digit.box_xywh[1] + digit.box_xywh[3] for digit in self.digits)
        return left, top, right - left, bottom - top


@dataclass(frozen=True, slots=True)
class FrameReadings:
    """What one frame says.

    Attributes:
        readings: the numbers, top to bottom and left to right.
        size_wh: width and height of the frame in pixels.
        timing_ms: milliseconds for each stage and the "total".
        regions_found: how many regions went to the classifier.
        regions_dropped: how many were left out because of the cap on regions.
    """

    readings: tuple[Reading, ...]
    size_wh: tuple[int, int]
    timing_ms: dict[str, float] = field(default_factory=dict)
    regions_found: int = 0
    regions_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Withheld:
    """A reading that enough frames agree on and that is not published all the same.

    Attributes:
        reading: the number.
        reason: why it cannot be true, e.g. "5 digits; 6 expected".
    """

    reading: Reading
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """What the stages made of a frame, for a person who wants to know why it reads as it does.

    Attributes:
        mask: (H, W) uint8 of the frame's own shape, bright where there is ink.
        crops: (h, w) uint8, the crops of all regions side by side as the classifier gets them, ink bright.
    """

    mask: UInt8
    crops: UInt8


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One turn of the loop as the outputs see it.

    Attributes:
        frame: the frame that was read.
        seen: what this frame alone says.
        published: the readings that enough frames agree on, as of this frame.
        changed: whether `published` differs from the moment before.
        wall_time_s: seconds since the epoch, UTC.
        fps: frames a second over the last second or so.
        source: the camera's name.
        model: the bundle's id.
        new: of the published ones, those whose text was not published the moment before.
        withheld: the readings that enough frames agree on but that cannot be true.
        make_layers: gives what the stages made of the frame; any thread may call it. None where that is not known.
    """

    frame: Frame
    seen: FrameReadings
    published: tuple[Reading, ...]
    changed: bool
    wall_time_s: float
    fps: float
    source: str
    model: str
    new: tuple[Reading, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    make_layers: Callable[[], Layers] | None = None
