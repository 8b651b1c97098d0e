"""Frames that follow one another in, which of their regions show what they showed before and what was said of them out.

While a hand moves over a page, most of the page is as it was: what the classifier said of it still holds, and only the
rest is cropped and classified. Frames are compared as in `still`, but in the place of each region.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Region, RegionMap, UInt8
from edge_app.stages.classify import Scored, merged
from edge_app.stages.levels import median
from edge_app.stages.shrink import shrunk
from edge_app.stages.still import LEAST_CHANGE, MOST_NOISE, REFRESH_FRAMES, SIDE_PX

NOISE_TIMES = 9.0  # times the median change: six standard deviations of normal noise
SURE = 0.9  # least probability: what the classifier doubts, it is asked of each frame, for each is a chance to tell
MOVED_PX = 1.5  # at working size, of any edge of a region: how far it may seem to have moved in noise
TURNED_DEG = 0.5  # of the page's tilt, by which crops are turned

Rows = NDArray[np.intp]


class Familiar:
    """Remembers what was said of the regions of the last frame. One frame after another: `match`, then `merge`."""

    def __init__(self) -> None:
        self._scored: Scored | None = None
        self._boxes = np.zeros((0, 4))
        self._uses = np.zeros(0, dtype=np.int64)
        self._picture: UInt8 | None = None
        self._page: tuple[bool, float] = True, 0.0

    def match(self, gray: UInt8, region_map: RegionMap) -> Rows:
        """Where the regions of a frame are found among those of the last one, (N,) intp; -1 where they are not.

        Args:
            gray: (H, W) uint8 at full resolution; not kept.
            region_map: its regions.
        """
        now, before = shrunk(gray, SIDE_PX).copy(), self._picture
        boxes = np.array([region.box_xywh for region in region_map.regions], dtype=np.float64).reshape(-1, 4)
        places = _within(boxes, now.shape[1] / gray.shape[1], now.shape)
        page, self._page = self._page, (region_map.dark_on_light, region_map.tilt_deg)
        same_page = page[0] == self._page[0] and abs(page[1] - self._page[1]) <= TURNED_DEG
        found = np.full(len(boxes), -1, dtype=np.intp)
        if before is not None and before.shape == now.shape and same_page and len(boxes) and len(self._boxes):
            moved = np.abs(boxes[:, np.newaxis] - self._boxes).max(axis=2)
            nearest = moved.argmin(axis=1)
            there = moved[np.arange(len(boxes)), nearest] <= MOVED_PX / region_map.resize_factor
            change = np.asarray(cv2.absdiff(before, now), dtype=np.uint8)
            changed = change > min(max(LEAST_CHANGE, NOISE_TIMES * median(change)), MOST_NOISE)
            known = there & self._is_usable()[nearest]
            for row in np.flatnonzero(known):
                if not changed[places[row]].any():
                    found[row] = nearest[row]
                    now[places[row]] = before[places[row]]  # slow changes add up
        self._boxes, self._picture = boxes, now
        return found

    def merge(self, fresh: Scored, found: Rows, regions: tuple[Region, ...]) -> Scored:
        """All regions of a frame, of which those that were not found have been classified.

        Args:
            fresh: what the classifier says of the regions that were not found, in their order.
            found: of `match`.
            regions: all N of them.
        """
        old = np.flatnonzero(found >= 0)
        uses = np.zeros(len(found), dtype=np.int64)
        if len(old) and self._scored is not None:
            uses[old] = self._uses[found[old]] + 1
            fresh = replace(merged(fresh, self._scored, found), regions=regions)
        self._uses, self._scored = uses, fresh
        return fresh

    def _is_usable(self) -> NDArray[np.bool_]:
        """Which of the remembered regions are sure, and were not taken over too often."""
        if self._scored is None:
            return np.zeros(len(self._boxes), dtype=bool)
        return np.asarray((self._scored.scores.max(axis=1, initial=0.0) >= SURE) & (self._uses < REFRESH_FRAMES - 1))


def _within(boxes: NDArray[np.float64], factor: float, shape_hw: tuple[int, ...]) -> list[tuple[slice, slice]]:
    """Where boxes lie in the shrunken picture, with a pixel around them."""
    starts = np.maximum(np.floor(boxes[:, :2] * factor) - 1, 0).astype(int).tolist()
    ends = np.ceil((boxes[:, :2] + boxes[:, 2:]) * factor + 1).astype(int).tolist()
    return [
        (slice(top, min(bottom, shape_hw[0])), slice(left, min(right, shape_hw[1])))
        for (left, top), (right, bottom) in zip(starts, ends, strict=True)
    ]
