"""Quantizing rounds, clips and then casts; dequantizing widens before it subtracts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.frames import TensorDetails
from edge_app.stages.quantize import dequantize, quantize, quantize_table

scales = st.floats(min_value=1e-4, max_value=0.1)
zero_points = st.integers(min_value=-128, max_value=127)


def details(scale: float, zero_point: int) -> TensorDetails:
    return TensorDetails((1, 28, 28, 1), "int8", scale, zero_point)


@given(scales, zero_points)
def test_a_round_trip_is_within_half_a_step_where_the_value_fits(scale: float, zero_point: int) -> None:
    parameters = details(scale, zero_point)
    real = np.arange(256) / 255

    table = quantize_table(parameters)

    fits = np.abs(np.rint(real / scale) + zero_point) <= 127
    error = np.abs(dequantize(table, parameters) - real)
    assert (error[fits] <= scale / 2 + 1e-6).all()


@given(scales, zero_points)
def test_values_beyond_int8_saturate_and_never_wrap(scale: float, zero_point: int) -> None:
    table = quantize_table(details(scale, zero_point)).astype(int)

    assert (np.diff(table) >= 0).all()
    assert table[-1] == min(127, np.rint(1 / scale) + zero_point)


def test_at_the_usual_parameters_quantizing_flips_the_top_bit() -> None:
    table = quantize_table(details(1 / 255, -128))

    assert (table.view(np.uint8) == np.arange(256, dtype=np.uint8) ^ 0x80).all()


def test_halves_round_to_even_as_the_runtime_does() -> None:
    table = quantize_table(details(2 / 255, 0))

    assert table[[1, 3, 5, 7]].tolist() == [0, 2, 2, 4]


def test_a_tensor_has_one_channel_and_is_a_copy() -> None:
    crops = np.zeros((3, 28, 28), dtype=np.uint8)

    tensor = quantize(crops, quantize_table(details(1 / 255, -128)))
    tensor[...] = 0

    assert tensor.shape == (3, 28, 28, 1)
    assert tensor.dtype == np.int8
    assert not crops.any()


@pytest.mark.parametrize(
    ("stored", "zero_point", "real"),
    [
        pytest.param(-128, 127, -255.0, id="widest span down"),
        pytest.param(127, -128, 255.0, id="widest span up"),
        pytest.param(5, 5, 0.0, id="zero point is zero"),
    ],
)
def test_dequantizing_does_not_wrap(stored: int, zero_point: int, real: float) -> None:
    tensor = np.array([stored], dtype=np.int8)

    assert dequantize(tensor, details(1.0, zero_point)).tolist() == [real]
