"""Exported models are full INT8, repeatable, and hold nothing that a device cannot run."""

from collections.abc import Callable

import flatbuffers
import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from trainer.batches import as_input
from trainer.data import Mnist
from trainer.errors import TrainerError
from trainer.graph import read_operations
from trainer.models import build
from trainer.quantize import OPERATIONS, ExportError, check_operations, float_tflite, quantize
from trainer.replay import replay

LABELS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def compact() -> keras.Model:
    keras.utils.set_random_seed(3)
    return build("compact", LABELS)


@pytest.fixture(scope="module")
def int8(compact: keras.Model, mnist: Mnist) -> bytes:
    return quantize(compact, mnist.train.images[:200], representative=50)


def test_the_device_sees_int8_in_and_out_at_the_usual_parameters(int8: bytes, mnist: Mnist) -> None:
    answer = replay(int8, mnist.train.images[:3])

    assert (answer.input.shape, answer.input.dtype) == ((1, 28, 28, 1), "int8")
    assert (answer.input.scale, answer.input.zero_point) == (pytest.approx(1 / 255), -128)
    assert (answer.output.shape, answer.output.dtype) == ((1, 10), "int8")
    assert (answer.output.scale, answer.output.zero_point) == (1 / 256, -128)
    assert answer.interpreter.startswith("tflite-runtime 2.14.0")


def test_the_same_weights_give_the_same_bytes(compact: keras.Model, int8: bytes, mnist: Mnist) -> None:
    assert quantize(compact, mnist.train.images[:200], representative=50) == int8


def test_another_draw_of_representative_crops_gives_other_ranges(
    compact: keras.Model, int8: bytes, mnist: Mnist
) -> None:
    assert quantize(compact, mnist.train.images[:200], representative=50, seed=9) != int8


@pytest.mark.parametrize("representative", [0, -1])
def test_no_representative_crop_is_refused(compact: keras.Model, mnist: Mnist, representative: int) -> None:
    with pytest.raises(TrainerError, match=f"1 representative crop or more. Received: representative={representative}"):
        quantize(compact, mnist.train.images[:20], representative=representative)


def test_an_empty_training_set_is_refused(compact: keras.Model, mnist: Mnist) -> None:
    with pytest.raises(TrainerError, match="Received: representative=500 of 0 crops"):
        quantize(compact, mnist.train.images[:0])


@pytest.mark.parametrize("name", ["seed", "compact"])
def test_every_operation_is_one_that_devices_run(name: str, mnist: Mnist) -> None:
    flatbuffer = quantize(build(name, LABELS), mnist.train.images[:60], representative=20)

    names = {operation.name for operation in read_operations(flatbuffer)}
    assert {"CONV_2D", "FULLY_CONNECTED", "SOFTMAX"} <= names
    assert not names & {"SHAPE", "STRIDED_SLICE", "PACK"}


@pytest.mark.parametrize("name", ["seed", "compact"])
def test_a_batch_gives_the_answers_of_single_crops(name: str, mnist: Mnist) -> None:
    keras.utils.set_random_seed(1)
    flatbuffer = quantize(build(name, LABELS), mnist.train.images[:60], representative=20)
    crops = mnist.train.images[:9]

    together = replay(flatbuffer, crops).outputs
    apart = np.concatenate([replay(flatbuffer, crops[row : row + 1]).outputs for row in (0, 5, 8)])

    assert np.array_equal(together[[0, 5, 8]], apart)


def test_int8_answers_as_the_float_model_does(compact: keras.Model, int8: bytes, mnist: Mnist) -> None:
    crops = mnist.train.images[:100]

    answer = replay(int8, crops)

    scores = (answer.outputs.astype(int) + 128) / 256
    assert np.abs(scores - compact.predict(as_input(crops), verbose=0)).max() < 0.05


def declaring(flatbuffer: bytes, operations: dict[str, int]) -> bytes:
    """The model with more operations declared, unused: a runtime looks all of them up when it loads."""
    graph = schema.ModelT.InitFromObj(schema.Model.GetRootAs(flatbuffer, 0))
    for name, version in operations.items():
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
        code.version = version
        graph.operatorCodes.append(code)
    builder = flatbuffers.Builder(len(flatbuffer))
    builder.Finish(graph.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def test_the_runtime_knows_every_operation_of_the_table(int8: bytes, mnist: Mnist) -> None:
    crops = mnist.train.images[:2]

    answer = replay(declaring(int8, OPERATIONS), crops)

    assert np.array_equal(answer.outputs, replay(int8, crops).outputs)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_table_goes_as_far_as_the_runtime(int8: bytes, mnist: Mnist, name: str) -> None:
    version = OPERATIONS[name] + 1

    with pytest.raises(TrainerError, match=f"Didn't find op for builtin opcode '{name}' version '{version}'"):
        replay(declaring(int8, {name: version}), mnist.train.images[:1])


def converted(model: keras.Model, change: Callable[[tf.lite.TFLiteConverter], None]) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    change(converter)
    return bytes(converter.convert())


def test_a_float_model_is_refused_by_the_name_of_a_tensor(compact: keras.Model) -> None:
    with pytest.raises(ExportError, match=r"tensor .* must be INT32 or INT8. Received: FLOAT32"):
        check_operations(float_tflite(compact))


def test_a_version_that_the_device_does_not_know_is_refused() -> None:
    def dynamic_range(converter: tf.lite.TFLiteConverter) -> None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]

    numbers = keras.Input((64,), name="numbers")
    big = keras.Model(numbers, keras.layers.Dense(256, name="dense")(numbers))

    with pytest.raises(ExportError, match="FULLY_CONNECTED must have at most version 10.* Received: version 12"):
        check_operations(converted(big, dynamic_range))


def test_an_operation_that_the_edge_tpu_does_not_map_is_refused_by_name() -> None:
    picture = keras.Input((28, 28, 1), name="crop")
    model = keras.Model(picture, keras.ops.exp(picture))

    with pytest.raises(ExportError, match=r"operation must be one of ADD, .* Received: EXP version \d"):
        check_operations(float_tflite(model))


def test_keras_own_flatten_is_refused(mnist: Mnist) -> None:
    picture = keras.Input((28, 28, 1), name="crop")
    flat = keras.layers.Flatten(name="flatten")(picture)
    model = keras.Model(picture, keras.layers.Dense(10, activation="softmax", name="scores")(flat))

    with pytest.raises(ExportError, match="Received: SHAPE"):
        quantize(model, mnist.train.images[:30], representative=10)
