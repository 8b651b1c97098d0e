"""Bundles are refused, with what was expected and received, before a wrong or damaged model is used."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.bundle import (
    EMBEDDED_BUNDLES,
    check_interpreter,
    check_preprocessing,
    embedded_bundle_path,
    load_bundle,
    read_golden,
    replay_golden,
    verify_in_child,
)
from edge_app.devices.interpreters import open_interpreter
from edge_app.devices.interpreters.fake import FakeInterpreter, certain_of
from edge_app.errors import BundleError
from edge_app.frames import TensorDetails
from edge_app.manifest import GOLDEN_FILE, MANIFEST_FILE, MODEL_FILE
from edge_app.stages.crop import PREPROCESSING
from edge_app.stages.quantize import quantize, quantize_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the embedded bundle that a test may damage."""
    copy = tmp_path / "bundle"
    shutil.copytree(embedded_bundle_path(), copy)
    return copy


def edit_manifest(folder: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    file = folder / MANIFEST_FILE
    manifest = json.loads(file.read_text())
    edit(manifest)
    file.write_text(json.dumps(manifest))


def replace_file(folder: Path, name: str, content: bytes) -> None:
    """Replaces a file and makes the manifest agree, as a careless or hostile hand would."""
    (folder / name).write_bytes(content)
    record = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    edit_manifest(folder, lambda manifest: manifest["files"].update({name: record}))


@pytest.mark.parametrize("name", EMBEDDED_BUNDLES)
def test_an_embedded_bundle_is_named_by_its_model(name: str) -> None:
    bundle = load_bundle(embedded_bundle_path(name))

    assert bundle.manifest.name == name
    assert bundle.path.name == bundle.id == hashlib.sha256(bundle.model_path.read_bytes()).hexdigest()[:16]


def test_an_embedded_bundle_of_another_name_is_refused() -> None:
    with pytest.raises(BundleError, match=r"must hold one bundle named 'huge'. Received: \['accurate', 'compact'\]"):
        embedded_bundle_path("huge")


@pytest.mark.parametrize("name", EMBEDDED_BUNDLES)
def test_an_embedded_bundle_fits_this_app_and_answers_as_recorded(name: str) -> None:
    report = verify_in_child(embedded_bundle_path(name), ["--runtime=tflite"])

    assert report["golden crops"] == 100
    assert report["labels changed"] == 0
    assert report["largest difference"] <= report["tolerance"]


def test_golden_crops_cover_every_digit_ten_times() -> None:
    golden = read_golden(load_bundle(embedded_bundle_path()))

    assert np.bincount(golden.labels).tolist() == [10] * 10


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        pytest.param(lambda f: shutil.rmtree(f), "bundle must be a folder with manifest.json", id="no folder"),
        pytest.param(lambda f: (f / MANIFEST_FILE).unlink(), "must be a readable file", id="no manifest"),
        pytest.param(lambda f: (f / MODEL_FILE).unlink(), "must be a readable file", id="no model"),
        pytest.param(lambda f: (f / MANIFEST_FILE).write_text("{"), "must be a manifest of schema 1", id="not JSON"),
        pytest.param(
            lambda f: (f / MANIFEST_FILE).write_bytes(b'{"schema": 1, "\xee": 0}'),
            "must be a manifest of",
            id="not UTF-8",
        ),
        pytest.param(lambda f: (f / MANIFEST_FILE).write_text("[]"), "must be a manifest of schema 1", id="a list"),
        pytest.param(
            lambda f: edit_manifest(f, lambda m: m.update(schema=2)), "schema must be 1. Received: 2", id="later schema"
        ),
        pytest.param(
            lambda f: edit_manifest(f, lambda m: m.update(colour="red")), "unknown field `colour`", id="unknown field"
        ),
        pytest.param(
            lambda f: edit_manifest(f, lambda m: m.pop("labels")), "missing required field `labels`", id="missing field"
        ),
        pytest.param(
            lambda f: edit_manifest(f, lambda m: m["labels"].reverse()),
            'labels must be "0" to "9"',
            id="labels permuted",
        ),
        pytest.param(
            lambda f: edit_manifest(f, lambda m: m["files"].pop(GOLDEN_FILE)),
            "must list golden.npz",
            id="no golden listed",
        ),
        pytest.param(
            lambda f: edit_manifest(f, lambda m: m["files"].update({"../up": m["files"][MODEL_FILE]})),
            "file names must have no folder. Received: '../up'",
            id="a file outside",
        ),
        pytest.param(
            lambda f: (f / MODEL_FILE).write_bytes((f / MODEL_FILE).read_bytes()[:-1]),
            "copy the bundle again",
            id="short",
        ),
        pytest.param(
            lambda f: replace_file(f, MODEL_FILE, b"\x00" * 100), "must be a TFLite flatbuffer", id="not a flatbuffer"
        ),
        pytest.param(
            lambda f: edit_manifest(f, lambda m: m["input"].update(shape=[1, 96, 96, 3])),
            "model input must be (1, 28, 28, 1) int8, quantized. Received: shape=(1, 96, 96, 3) dtype=int8",
            id="other input shape",
        ),
        pytest.param(
            lambda f: edit_manifest(f, lambda m: m["output"].update(dtype="float32")),
            "model output must be (1, 11) int8, quantized. Received: shape=(1, 11) dtype=float32",
            id="float model",
        ),
    ],
)
def test_a_bundle_that_does_not_fit_is_refused(folder: Path, damage: Callable[[Path], Any], message: str) -> None:
    damage(folder)

    with pytest.raises(BundleError, match=re.escape(message)):
        load_bundle(folder)


def test_every_flipped_bit_of_the_model_is_noticed(folder: Path) -> None:
    original = (folder / MODEL_FILE).read_bytes()

    for position in np.random.default_rng(5).integers(0, len(original) * 8, 50).tolist():
        damaged = bytearray(original)
        damaged[position // 8] ^= 1 << position % 8
        (folder / MODEL_FILE).write_bytes(damaged)
        with pytest.raises(BundleError, match="must have .* bytes and sha256"):
            load_bundle(folder)


def test_a_model_trained_on_other_crops_is_refused(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(preprocessing="other-v9"))

    with pytest.raises(BundleError, match="crops of version .* Received: 'other-v9'"):
        check_preprocessing(load_bundle(folder), PREPROCESSING)


def test_a_model_with_other_quantization_than_its_manifest_is_refused() -> None:
    bundle = load_bundle(embedded_bundle_path())
    output = bundle.manifest.output
    other = TensorDetails(output.shape, output.dtype, output.scale * 2, output.zero_point)
    interpreter = FakeInterpreter(certain_of([0]), output_details=other)

    with pytest.raises(BundleError, match="output must have scale .* as in the manifest"):
        check_interpreter(bundle, interpreter)


def test_a_model_that_answers_otherwise_is_refused() -> None:
    bundle = load_bundle(embedded_bundle_path())
    golden = read_golden(bundle)
    interpreter = open_interpreter(bundle.model_path, runtime="litert")  # tflite-runtime may not meet TensorFlow
    inverted = quantize(255 - golden.crops, quantize_table(interpreter.input))

    with pytest.raises(BundleError, match=r"must answer its 100 golden crops as recorded, within 16 steps. Received:"):
        replay_golden(bundle, interpreter, inverted, golden)


@pytest.mark.parametrize(
    "arrays",
    [
        pytest.param({}, id="empty archive"),
        pytest.param({"crops": np.zeros((5, 28, 28), np.uint8)}, id="arrays missing"),
        pytest.param(
            {
                "crops": np.zeros((0, 28, 28), np.uint8),
                "labels": np.zeros(0, np.uint8),
                "outputs": np.zeros((0, 10), np.int8),
            },
            id="no crops",
        ),
        pytest.param(
            {"crops": np.zeros((2, 28, 28)), "labels": np.zeros(2, np.uint8), "outputs": np.zeros((2, 10), np.int8)},
            id="float crops",
        ),
    ],
)
def test_golden_arrays_that_do_not_fit_are_refused(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez(folder / "new.npz", **arrays)
    replace_file(folder, GOLDEN_FILE, (folder / "new.npz").read_bytes())

    with pytest.raises(BundleError, match=r"golden\.npz"):
        read_golden(load_bundle(folder))


def test_a_truncated_flatbuffer_with_matching_hashes_is_refused(folder: Path) -> None:
    original = (folder / MODEL_FILE).read_bytes()

    for length in (9, 64, len(original) // 3, len(original) - 400):
        replace_file(folder, MODEL_FILE, original[:length])
        with pytest.raises(BundleError):
            verify_in_child(folder, ["--runtime=tflite"])


def test_a_model_that_crashes_the_loader_does_not_take_us_down(folder: Path) -> None:
    original = (folder / MODEL_FILE).read_bytes()
    refused = 0

    for seed in range(12):  # mutated bytes with matching hashes: some crash the native loader, none may crash us
        random = np.random.default_rng(seed)
        damaged = bytearray(original)
        for position in random.integers(8, 2000, 40).tolist():
            damaged[position] = int(random.integers(0, 256))
        replace_file(folder, MODEL_FILE, bytes(damaged))
        try:
            verify_in_child(folder, ["--runtime=tflite"])
        except BundleError:
            refused += 1

    assert refused >= 10
