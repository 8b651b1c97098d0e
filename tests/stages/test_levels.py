"""Quantiles, medians and percentiles are those of numpy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge_app.frames import UInt8
from edge_app.stages.levels import median, median_deviation, percentile, quantile, ranks_of


@given(arrays(np.uint8, (6, 7)), arrays(np.bool_, (6, 7)), st.sampled_from([0.5, 0.75]))
def test_quantiles_of_the_pixels_in_a_mask_are_numpys(level: UInt8, chosen: np.ndarray, share: float) -> None:
    mask = np.where(chosen, 255, 0).astype(np.uint8)

    ranks = ranks_of(level, mask)

    assert ranks[-1] == chosen.sum()
    if chosen.any():
        assert quantile(ranks, share) == np.percentile(level[chosen].astype(np.float32), 100 * share)


@given(arrays(np.uint8, (6, 7)))
def test_medians_are_numpys(level: UInt8) -> None:
    middle = median(level)

    assert middle == np.median(level)
    assert median_deviation(ranks_of(level), middle) == np.median(np.abs(level.astype(np.float32) - middle))


@given(st.lists(st.integers(0, 255), min_size=1, max_size=80), st.sampled_from([0.0, 10.0, 25.0, 40.0, 50.0, 100.0]))
def test_percentiles_are_numpys(values: list[int], percent: float) -> None:
    ranked = np.sort(np.array([values, values[::-1]], dtype=np.uint8), axis=1)

    assert percentile(ranked, percent).tolist() == np.percentile(ranked, percent, axis=1).tolist()
