"""Patches of shapes, as the crop stage hands them on."""

import numpy as np

from edge_app.stages.crop import Patch


def patch_of(unrest: float = 0.0, dark_rim: float = 0.0) -> Patch:
    """One whose surroundings are as restless as that, all of it the share of other ink; its rim may be dark as well."""
    side = 100
    strokes, any_ink = np.zeros((2, side, side), dtype=np.uint8)
    any_ink[: round(unrest * side)] = 255
    patch = Patch(np.zeros_like(strokes), strokes, any_ink, contrast=100.0, stroke_width=5.0)
    return with_dark_rim(patch, dark_rim)


def with_dark_rim(patch: Patch, dark_rim: float) -> Patch:
    """The patch once somebody found out how dark its rim is."""
    vars(patch)["dark_rim"] = dark_rim
    return patch


def patches_of(*unrests: float, dark_rim: float = 0.0) -> tuple[Patch, ...]:
    """One for each."""
    return tuple(patch_of(unrest, dark_rim) for unrest in unrests)
