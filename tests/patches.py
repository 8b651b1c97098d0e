"""Patches of shapes, as the crop stage hands them on."""

import numpy as np

from edge_app.stages.crop import Patch


def patch_of(unrest: float = 0.0) -> Patch:
    """One whose surroundings are as restless as that, all of it the share of other ink."""
    side = 100
    strokes, any_ink = np.zeros((2, side, side), dtype=np.uint8)
    any_ink[: round(unrest * side)] = 255
    return Patch(np.zeros_like(strokes), strokes, any_ink, contrast=100.0, stroke_width=5.0, dark_rim=0.0)


def patches_of(*unrests: float) -> tuple[Patch, ...]:
    """One for each."""
    return tuple(map(patch_of, unrests))
