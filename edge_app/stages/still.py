"""Frame after frame in, whether what stands before the camera is as it was when it was last read out.

A page on a desk stays the same for hours, so only the change test is paid for then. Frames are compared shrunken, where
noise is averaged away, and with the frame that was last read rather than the last one, so that slow changes add up.
"""

import cv2

from edge_app.frames import UInt8
from edge_app.stages.shrink import shrunk

SIDE_PX = 160  # longer side of what is compared: a stroke of the faintest digit still darkens a pixel of it
LEAST_CHANGE = 4.0  # gray levels; a pencil stroke that covers half of a pixel changes it by 7
NOISE_TIMES = 7.5  # times the mean change: of some 15,000 pixels with normal noise, the most changed one has five
MOST_NOISE = 12.0  # gray levels; where noise changes more than that, every frame is read
SETTLE_FRAMES = 15  # read after a change, before any is left out: a number needs several to be published
REFRESH_FRAMES = 15  # of these one is read all the same: doubtful digits get their chance, and no change is missed


class StillPage:
    """Remembers what was read last. `is_still` is to be called once for each frame, in order."""

    def __init__(self) -> None:
        self._read: UInt8 | None = None
        self._settled = self._left_out = 0

    def is_still(self, gray: UInt8) -> bool:
        """Whether the frame need not be read, since it says what the last one that was read said.

        Args:
            gray: (H, W) uint8; not kept.
        """
        small = shrunk(gray, SIDE_PX).copy()  # the camera may write the next frame into the same memory
        before = self._read
        if before is None or before.shape != small.shape or _changed(before, small):
            self._settled = self._left_out = 0
        elif self._settled >= SETTLE_FRAMES and self._left_out < REFRESH_FRAMES - 1:
            self._left_out += 1
            return True
        self._read, self._left_out = small, 0
        self._settled += 1
        return False

    def forget(self) -> None:
        """The next frames are read, whatever they show: they are to be read otherwise."""
        self._read = None


def _changed(before: UInt8, now: UInt8) -> bool:
    mean = cv2.norm(before, now, cv2.NORM_L1) / now.size
    allowed = min(max(LEAST_CHANGE, NOISE_TIMES * mean), MOST_NOISE)
    return bool(cv2.norm(before, now, cv2.NORM_INF) > allowed)
