"""Quantiles under a mask are those of numpy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_app.frames import UInt8
from edge_app.stages.levels import quantile, ranks_of


@given(arrays(np.uint8, (6, 7)), arrays(np.bool_, (6, 7)), st.sampled_from([0.5, 0.75]))
def test_quantiles_of_the_pixels_in_a_mask_are_numpys(level: UInt8, chosen: np.ndarray, share: float) -> None:
    mask = np.where(chosen, 255, 0).astype(np.uint8)

    ranks = ranks_of(level, mask)

    assert ranks[-1] == chosen.sum()
    if chosen.any():
        assert quantile(ranks, share) == np.percentile(level[chosen].astype(np.float32), 100 * share)
