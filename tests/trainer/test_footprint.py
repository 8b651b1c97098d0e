"""Sizes are counted as a person would, and TensorFlow Lite Micro runs what is exported, byte for byte."""

import importlib.util

import keras
import numpy as np
import pytest

from edge_app.bundle import embedded_bundle_path, load_bundle, read_golden
from trainer.data import Mnist
from trainer.errors import TrainerError
from trainer.footprint import footprint
from trainer.graph import read_operations
from trainer.micro import ARENA_STEP, run_micro
from trainer.models import build
from trainer.quantize import quantize
from trainer.replay import replay

LABELS = [str(digit) for digit in range(10)]
needs_micro = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None, reason="tflite-micro has no wheel for this machine"
)


@pytest.fixture(scope="module")
def seed_cnn(mnist: Mnist) -> bytes:
    keras.utils.set_random_seed(1)
    model = build("seed", LABELS)
    model.set_weights([weights + 0.01 for weights in model.get_weights()])  # a bias of nothing would be left out
    return quantize(model, mnist.train.images[:60], representative=20)


def test_the_seed_network_is_counted_by_hand(seed_cnn: bytes) -> None:
    asked = footprint(seed_cnn)

    assert asked.parameters == 320 + 18_496 + 204_928 + 1_290
    assert asked.multiply_adds == 26 * 26 * 9 * 32 + 11 * 11 * 9 * 32 * 64 + 1600 * 128 + 128 * 10
    assert asked.flash_bytes == len(seed_cnn)
    assert asked.operations == ("CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D", "RESHAPE", "SOFTMAX")


def test_operations_come_in_the_order_they_run_with_their_tensors(seed_cnn: bytes) -> None:
    operations = read_operations(seed_cnn)

    assert [operation.name for operation in operations][:2] == ["CONV_2D", "MAX_POOL_2D"]
    picture, kernel, bias = operations[0].inputs
    assert (picture.shape, picture.dtype, picture.constant) == ((1, 28, 28, 1), "INT8", False)
    assert (kernel.shape, kernel.dtype, kernel.constant) == ((32, 3, 3, 1), "INT8", True)
    assert (bias.shape, bias.dtype, bias.constant) == ((32,), "INT32", True)
    assert operations[0].outputs == operations[1].inputs


@needs_micro
def test_micro_answers_as_tflite_runtime_does(seed_cnn: bytes, mnist: Mnist) -> None:
    crops = mnist.validation.images[:50]

    micro = run_micro(seed_cnn, crops)

    np.testing.assert_array_equal(micro.outputs, replay(seed_cnn, crops).outputs)
    largest = 26 * 26 * 32 + 13 * 13 * 32  # what the first layer writes while the second one writes, too
    assert largest < micro.arena_bytes < largest + 8_000
    assert micro.arena_bytes % ARENA_STEP == 0


@needs_micro
def test_the_embedded_bundle_runs_on_a_microcontroller() -> None:
    bundle = load_bundle(embedded_bundle_path())
    golden = read_golden(bundle)

    micro = run_micro(bundle.model_path.read_bytes(), golden.crops)

    np.testing.assert_array_equal(micro.outputs.argmax(axis=1), golden.labels)


@needs_micro
def test_what_is_no_model_is_refused_with_a_reason() -> None:
    with pytest.raises(TrainerError, match="TensorFlow Lite Micro must run the model. Received: "):
        run_micro(b"no model at all" * 100, np.zeros((1, 28, 28), np.uint8))
