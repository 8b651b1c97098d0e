"""What goes to the Edge TPU's compiler can be mapped wholly, and what comes back becomes a bundle."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from tensorflow.lite.python import schema_py_generated as schema

from edge_app.bundle import BundleError, embedded_bundle_path, load_bundle, read_golden, verify_in_child
from trainer.cli import main
from trainer.data import Mnist
from trainer.edgetpu import check_mapped, compiled_bundle, for_compiler
from trainer.errors import TrainerError
from trainer.graph import packed, read_tensors, unpacked
from trainer.models import build
from trainer.quantize import ExportError, quantize
from trainer.replay import replay

LABELS = [str(digit) for digit in range(10)]


def embedded() -> bytes:
    return load_bundle(embedded_bundle_path()).model_path.read_bytes()


def as_compiled(flatbuffer: bytes) -> bytes:
    """What the compiler makes of a model: one operation of its own from input to output."""
    graph = unpacked(flatbuffer)
    subgraph = graph.subgraphs[0]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode, code.version = "edgetpu-custom-op", 1
    graph.operatorCodes = [code]
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = 0, subgraph.inputs, subgraph.outputs
    subgraph.operators = [operator]
    return packed(graph)


@pytest.mark.parametrize("name", ["seed", "compact", "accurate"])
def test_every_model_can_be_mapped_wholly(name: str, mnist: Mnist) -> None:
    check_mapped(quantize(build(name, LABELS), mnist.train.images[:50], representative=20))


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        pytest.param(lambda x: keras.ops.mean(x, axis=3, keepdims=True), r"axes \(3,\)", id="over channels"),
        pytest.param(lambda x: keras.ops.mean(x, axis=(1, 2, 3)), r"axes \(1, 2, 3\)", id="over all"),
    ],
)
def test_a_mean_that_it_cannot_take_is_named(pool: Callable[[Any], Any], message: str, mnist: Mnist) -> None:
    picture = keras.Input((28, 28, 1))
    x = pool(layers.Conv2D(4, 3, name="conv")(picture))
    model = keras.Model(picture, layers.Dense(10, activation="softmax", name="scores")(layers.Flatten()(x)))

    with pytest.raises(ExportError, match=message + "|operation must be one of"):
        check_mapped(quantize(model, mnist.train.images[:50], representative=20))


def test_the_compiler_gets_known_sizes_and_the_same_answers(mnist: Mnist) -> None:
    fixed = for_compiler(embedded())

    graph = unpacked(fixed)
    assert all(tensor.shapeSignature is None for tensor in graph.subgraphs[0].tensors)
    assert [tensor.shape for tensor in read_tensors(fixed)] == [tensor.shape for tensor in read_tensors(embedded())]
    crops = mnist.test.images[:20]
    np.testing.assert_array_equal(replay(fixed, crops).outputs, replay(embedded(), crops).outputs)


def test_what_the_compiler_wrote_becomes_a_bundle_that_no_cpu_takes(tmp_path: Path) -> None:
    source = load_bundle(embedded_bundle_path())

    folder = compiled_bundle(source, as_compiled(for_compiler(embedded())), tmp_path)

    bundle = load_bundle(folder)
    assert bundle.manifest.name == f"{source.manifest.name}-edgetpu"
    assert bundle.manifest.training["compiled_from"] == source.id
    np.testing.assert_array_equal(read_golden(bundle).outputs, read_golden(source).outputs)
    with pytest.raises(BundleError):
        verify_in_child(folder, ["--runtime=tflite"])


def test_a_model_of_which_the_compiler_left_some_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="must hold one operation, CUSTOM. Received: CONV_2D"):
        compiled_bundle(load_bundle(embedded_bundle_path()), embedded(), tmp_path)


def test_the_command_says_what_comes_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["edgetpu", "--out", str(tmp_path)]) == 0

    told = capsys.readouterr().out
    (model,) = tmp_path.glob("*.tflite")
    assert f"edgetpu_compiler -s -o {tmp_path} {model}" in told
    compiled = tmp_path / "model_edgetpu.tflite"
    compiled.write_bytes(as_compiled(model.read_bytes()))
    assert main(["edgetpu", "--compiled", str(compiled), "--out", str(tmp_path / "bundles")]) == 0
    assert "bundle: " in capsys.readouterr().out
