"""What the classifier says of a page's crops in all four positions in, how the page lies out.

A single digit says little: a 0 and an 8 read the same upside down, a 6 becomes a 9. All crops of a page
together are clear, the more so where the model knows what is no digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edge_app.frames import BoxXYWH, Float32, Frame, Orientation, Reading, Region, UInt8
from edge_app.stages.classify import DIGITS

QUARTERS: dict[Orientation, int] = {"upright": 0, "90": 1, "180": 2, "270": 3}
MOST_CROPS = 32  # looked at in every position; more make nothing clearer
LEAST_CROPS = 3  # fewer are no page
FLOOR = 0.02  # probability below which a crop is as good as no digit: one blot must not outvote a page
MARGIN = 0.35  # mean log-probability by which another position must be better: exp(0.35) is 1.4 times as likely
LEAST = -1.75  # least mean log-probability there: pages of digits have more, nine in ten of words and signs less
SLIM_ASPECT = 0.4  # width / height, either way, of a stroke: a 1 lying on its side is a dash, which says nothing


def telling_rows(regions: Sequence[Region]) -> list[int]:
    """Numbers of the regions that tell most of how a page lies: whole, not mere strokes, the tallest first."""
    rows = [row for row, region in enumerate(regions) if not region.cut and _is_telling(region.box_xywh)]
    return sorted(rows, key=lambda row: -max(regions[row].box_xywh[2:]))[:MOST_CROPS]


def in_all_positions(crops: UInt8) -> UInt8:
    """Crops as they are and with 90, 180 and 270 degrees of turning undone, (4 N, 28, 28) uint8."""
    return np.concatenate([np.rot90(crops, quarters, axes=(1, 2)) for quarters in range(4)])


def evidence(scores: Float32) -> Float32:
    """How well each position agrees with what digits look like.

    Args:
        scores: (4 N, classes) float32, probabilities of `in_all_positions`.

    Returns:
        (4,) float32, mean logarithm of the best digit's probability; equal where there are too few crops.
    """
    belief = scores[:, :DIGITS].max(axis=1, initial=0.0).reshape(4, -1)
    if belief.shape[1] < LEAST_CROPS:
        return np.zeros(4, dtype=np.float32)
    logarithms: Float32 = np.log(np.maximum(belief, FLOOR)).mean(axis=1).astype(np.float32)
    return logarithms


@dataclass(slots=True)
class Lie:
    """How the page of one camera lies, as far as frames have told.

    Attributes:
        settle_frames: frames running that must agree on another position; 1 where each picture is a page of
            its own, and nothing is remembered.
        quarters: quarter turns clockwise.
    """

    settle_frames: int = 1
    quarters: int = 0
    _challenger: int = field(default=0, init=False)
    _agreeing: int = field(default=0, init=False)

    @property
    def contested(self) -> bool:
        """Whether the last frame spoke for another position."""
        return self._agreeing > 0

    def update(self, said: Float32) -> int:
        """Takes the evidence of one more frame; gives the quarter turns it is to be read with."""
        if self.settle_frames == 1:
            self.quarters = 0
        best = int(said.argmax())
        if best == self.quarters or said[best] < max(LEAST, said[self.quarters] + MARGIN):
            self._agreeing = 0
            return self.quarters
        self._agreeing = self._agreeing + 1 if best == self._challenger else 1
        self._challenger = best
        if self._agreeing >= self.settle_frames:
            self.quarters, self._agreeing = best, 0
        return self.quarters


def turned_upright(gray: UInt8, quarters: int) -> UInt8:
    """The picture with some quarter turns undone; the same array where there are none."""
    return np.ascontiguousarray(np.rot90(gray, quarters)) if quarters else gray


def as_given(box: BoxXYWH, quarters: int, size_wh: tuple[int, int]) -> BoxXYWH:
    """A box of the upright picture in pixels of the picture as it was given.

    Args:
        box: in the upright picture.
        quarters: turns that were undone.
        size_wh: of the picture as given.

    >>> as_given((10, 0, 5, 20), 1, (640, 480))
    (620, 10, 20, 5)
    """
    width, height = size_wh if quarters % 2 == 0 else size_wh[::-1]
    for _ in range(quarters):  # undo one quarter turn of the upright picture after another
        x, y, box_width, box_height = box
        width, height = height, width
        box = width - y - box_height, x, box_height, box_width
    return box


def _is_telling(box: BoxXYWH) -> bool:
    return min(box[2], box[3]) >= SLIM_ASPECT * max(box[2], box[3])


def frame_upright(frame: Frame, quarters: int) -> Frame:
    """The frame with its page upright."""
    lores = None if frame.lores_gray is None else turned_upright(frame.lores_gray, quarters)
    return replace(frame, gray=turned_upright(frame.gray, quarters), lores_gray=lores, make_bgr=None)


def reading_as_given(reading: Reading, quarters: int, size_wh: tuple[int, int]) -> Reading:
    """The reading of an upright page with its boxes in the picture as it was given, whose size is meant."""
    digits = (replace(digit, box_xywh=as_given(digit.box_xywh, quarters, size_wh)) for digit in reading.digits)
    return replace(reading, digits=tuple(digits))
