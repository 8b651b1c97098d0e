"""A layer that quantization spoils is named."""

import keras
import numpy as np
import pytest
from rich.console import Console

from trainer.data import Mnist, prepare
from trainer.errors import TrainerError
from trainer.layerwise import layer_errors, print_layer_errors
from trainer.models import build
from trainer.quantize import float_tflite, quantize

LABELS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def crops(mnist: Mnist) -> np.ndarray:
    return prepare(mnist.train.take(slice(300))).images


def test_layers_come_by_name_in_the_order_they_run(crops: np.ndarray) -> None:
    keras.utils.set_random_seed(2)
    model = build("accurate", LABELS)

    errors = layer_errors(float_tflite(model), quantize(model, crops, representative=100), crops)

    names = ["conv1", "conv2", "conv3", "relu3", "conv4", "conv5", "relu5", "conv6", "relu6", "conv7", "relu7"]
    assert [error.layer for error in errors] == [*names, "average", "scores", "softmax"]
    assert all(error.snr_db > 15 for error in errors)
    assert all(error.weights_at_ends > 0 for error in errors if error.operation == "CONV_2D")


def test_a_layer_whose_range_was_measured_on_too_little_is_the_worst(crops: np.ndarray) -> None:
    keras.utils.set_random_seed(2)
    model = build("compact", LABELS)
    empty = np.zeros_like(crops)
    empty[:, 13:15, 13:15] = 30

    sound = layer_errors(float_tflite(model), quantize(model, crops, representative=100), crops)
    spoiled = layer_errors(float_tflite(model), quantize(model, empty, representative=100), crops)

    assert spoiled[1].clipped > 0.05 > sound[1].clipped
    assert spoiled[1].saturated > sound[1].saturated
    assert spoiled[1].snr_db < sound[1].snr_db - 10
    console = Console(width=120, record=True)
    print_layer_errors(spoiled, console)
    marked = [line for line in console.export_text().splitlines() if "←" in line]
    assert any("conv2" in line for line in marked)


def test_flatbuffers_of_two_networks_are_refused(crops: np.ndarray) -> None:
    models = build("compact", LABELS), build("seed", LABELS)

    with pytest.raises(TrainerError, match="both models must run the same operations"):
        layer_errors(float_tflite(models[0]), quantize(models[1], crops, representative=20), crops)
