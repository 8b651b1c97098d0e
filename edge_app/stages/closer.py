"""The ink of a frame in, out how much larger a picture of it should be for what is small in it to be told apart.

Digits are sought in a picture that is no larger than it must be. A whole page, photographed with many megapixels,
holds digits that are legible in the photo, and a few pixels high in that picture.
"""

import numpy as np

from edge_app.frames import RegionMap
from edge_app.stages.boxes import HEIGHT
from edge_app.stages.regions import digit_shaped

LEGIBLE_PX = 28  # typical height of marks from which on a larger picture tells hardly more
AIMED_PX = 40  # that they are brought to
MIN_MARK_PX = 5  # least height of what may be a digit, rather than noise
MOST = 4.0  # bounds the time of a frame of dust
LEAST = 1.25  # below, it is not worth the time


def enlargement(region_map: RegionMap) -> float:
    """How many times as large the picture should be that a frame's digits are sought in: 1.0, or `LEAST` to `MOST`.

    Args:
        region_map: what was found in the picture so far. What is too small for a region counts as well.
    """
    marks = digit_shaped(region_map.statistics, region_map.components.shape, MIN_MARK_PX)
    typical_px = float(np.median(region_map.statistics[marks, HEIGHT])) if marks.size else LEGIBLE_PX
    if typical_px >= LEGIBLE_PX:
        return 1.0
    times = min(AIMED_PX / typical_px, MOST, 1.0 / region_map.resize_factor)
    return times if times >= LEAST else 1.0
