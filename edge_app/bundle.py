"""Model bundles: a folder in, a verified model with its manifest out; and the trainer's values in, a folder out.

A bundle is written once, never changed, and named by the first 16 hex digits of its model's sha256:

    model.tflite     full INT8, (1, 28, 28, 1) to (1, classes)
    manifest.json    `edge_app.manifest`: hashes, labels, quantization, thresholds, how it was trained, how good it is
    golden.npz       labelled crops with the outputs expected of them: the model's self-test
    weights.npz      float weights to go on training from, where the trainer left them
    MODEL_CARD.md    the manifest's knowledge in a person's words, where the trainer wrote it

`load_bundle` judges the files, `check_interpreter` the loaded model, `replay_golden` its answers;
`verify_in_child` does all three in a process of its own, because a damaged model can crash the native
loader without an exception.
"""

import hashlib
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edge_app.errors import BundleError, InterpreterError
from edge_app.frames import Int8, UInt8
from edge_app.manifest import (
    GOLDEN_FILE,
    INPUT_SHAPE,
    MANIFEST_FILE,
    MODEL_FILE,
    SCHEMA,
    GoldenRecord,
    Manifest,
    check_tensors,
    file_record,
    load_manifest,
    manifest_name,
)
from edge_app.protocols import Interpreter

ID_LENGTH = 16
EMBEDDED_BUNDLES = ("compact", "accurate")
DEFAULT_BUNDLE = EMBEDDED_BUNDLES[0]
TFLITE_IDENTIFIER = b"TFL3"  # bytes 4 to 8 of every TFLite flatbuffer
CHILD_TIMEOUT_S = 120.0  # a Pi Zero takes seconds; this only ends a loader that hangs


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """The self-test of a model.

    Attributes:
        crops: (N, 28, 28) uint8.
        labels: (N,) uint8, index of the label expected.
        outputs: (N, classes) int8, the outputs expected.
    """

    crops: UInt8
    labels: UInt8
    outputs: Int8


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files are what its manifest says. The model has not been run."""

    path: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """First 16 hex digits of the model's sha256."""
        return self.manifest.files[MODEL_FILE].sha256[:ID_LENGTH]

    @property
    def model_path(self) -> Path:
        """The TFLite flatbuffer."""
        return self.path / MODEL_FILE


@dataclass(frozen=True, slots=True)
class GoldenReplay:
    """How a loaded model answered the golden crops.

    Attributes:
        crops: how many were replayed.
        labels_changed: how many got another label than expected.
        largest_difference: between any output and the one expected, in int8 steps.
    """

    crops: int
    labels_changed: int
    largest_difference: int


def embedded_bundle_path(name: str = DEFAULT_BUNDLE) -> Path:
    """A bundle that ships inside the package.

    Args:
        name: of its recipe, one of `EMBEDDED_BUNDLES`.

    Raises:
        BundleError: the package does not hold one bundle of that name.
    """
    folder = Path(str(resources.files("edge_app"))) / "assets" / "bundles"
    found = {path.parent: manifest_name(path.parent) for path in sorted(folder.glob(f"*/{MANIFEST_FILE}"))}
    named = [path for path, of in found.items() if of == name]
    if len(named) != 1:
        raise BundleError(f"{folder} must hold one bundle named {name!r}. Received: {sorted(found.values())}")
    return named[0]


def load_bundle(path: Path) -> Bundle:
    """Reads a bundle and checks every file against the manifest; does not run the model.

    Raises:
        BundleError: a file is missing, changed, of another schema, or not for this app.
    """
    if not path.is_dir():
        raise BundleError(f"bundle must be a folder with {MANIFEST_FILE}. Received: {path}, which is not a folder")
    manifest = load_manifest(path)
    if (path / MODEL_FILE).read_bytes()[4:8] != TFLITE_IDENTIFIER:
        raise BundleError(f"{path / MODEL_FILE} must be a TFLite flatbuffer (bytes 4 to 8 are {TFLITE_IDENTIFIER!r})")
    return Bundle(path, manifest)


def check_preprocessing(bundle: Bundle, preprocessing: str) -> None:
    """Refuses a model that was trained on other crops than this app makes.

    Raises:
        BundleError: the versions differ.
    """
    if bundle.manifest.preprocessing != preprocessing:
        raise BundleError(
            f"bundle {bundle.id} must have been trained on crops of version {preprocessing!r}. "
            f"Received: {bundle.manifest.preprocessing!r}; use a bundle made for this version of Edge Digits"
        )


def check_interpreter(bundle: Bundle, interpreter: Interpreter) -> None:
    """Refuses a loaded model whose tensors are not those of the manifest.

    Raises:
        BundleError: shape, dtype, scale or zero point differ.
    """
    manifest = bundle.manifest
    source = f"{bundle.model_path} on {interpreter.name}"
    check_tensors(source, manifest, interpreter.input, interpreter.output)
    for which, record, details in (
        ("input", manifest.input, interpreter.input),
        ("output", manifest.output, interpreter.output),
    ):
        same_scale = abs(details.scale - record.scale) <= 1e-6 * record.scale  # float32 in the model
        if not same_scale or details.zero_point != record.zero_point:
            raise BundleError(
                f"{source}: {which} must have scale {record.scale} and zero_point {record.zero_point} as in the "
                f"manifest. Received: scale {details.scale} and zero_point {details.zero_point}"
            )


def read_golden(bundle: Bundle) -> Golden:
    """The labelled crops of the bundle's self-test.

    Raises:
        BundleError: the file cannot be read or its arrays do not fit each other.
    """
    path = bundle.path / GOLDEN_FILE
    try:
        with np.load(path, allow_pickle=False) as arrays:
            golden = Golden(arrays["crops"], arrays["labels"], arrays["outputs"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"{path} must hold the arrays crops, labels and outputs. Received: {error}") from error
    count = len(golden.crops)
    expected = (
        ("crops", golden.crops, (count, *INPUT_SHAPE[1:3]), np.uint8),
        ("labels", golden.labels, (count,), np.uint8),
        ("outputs", golden.outputs, (count, len(bundle.manifest.labels)), np.int8),
    )
    for name, array, shape, dtype in expected:
        if array.shape != shape or array.dtype != dtype or count == 0:
            raise BundleError(
                f"{path}: {name} must be {shape} {np.dtype(dtype)}. Received: {array.shape} {array.dtype}"
            )
    return golden


def replay_golden(bundle: Bundle, interpreter: Interpreter, tensor: Int8, golden: Golden) -> GoldenReplay:
    """Runs the golden crops through a loaded model and compares its answers.

    Args:
        bundle: where the tolerance stands.
        interpreter: the loaded model.
        tensor: (N, 28, 28, 1) int8, the golden crops quantized for it.
        golden: what is expected.

    Raises:
        BundleError: a label differs, or an output by more than the tolerance.
    """
    outputs = interpreter.invoke(tensor)
    difference = np.abs(outputs.astype(np.int16) - golden.outputs.astype(np.int16))
    replay = GoldenReplay(
        crops=len(golden.labels),
        labels_changed=int(np.count_nonzero(outputs.argmax(axis=1) != golden.labels)),
        largest_difference=int(difference.max()),
    )
    tolerance = bundle.manifest.golden.tolerance
    if replay.labels_changed or replay.largest_difference > tolerance:
        raise BundleError(
            f"bundle {bundle.id} must answer its {replay.crops} golden crops as recorded, within {tolerance} steps. "
            f"Received: {replay.labels_changed} other labels, outputs up to {replay.largest_difference} steps away, "
            f"from {interpreter.name}"
        )
    return replay


def verify_in_child(path: Path, interpreter_flags: Sequence[str] = ()) -> dict[str, Any]:
    """Runs `edge-app check --in-process` on a bundle in a process of its own.

    Args:
        path: the bundle's folder.
        interpreter_flags: command-line flags that choose runtime, threads and delegate.

    Returns:
        What the check reported (`edge-app check --json`).

    Raises:
        BundleError: the bundle is refused, or its model crashed or hung the native loader.
        InterpreterError: the runtime or delegate is not to be had.
    """
    command = [sys.executable, "-m", "edge_app", "check", str(path), "--in-process", "--json", *interpreter_flags]
    try:
        child = subprocess.run(command, capture_output=True, text=True, timeout=CHILD_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"{path}: the model must load and answer within {CHILD_TIMEOUT_S:.0f} s. It hung") from error
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        raise BundleError(f"{path}: the model crashed the native loader ({name}) in the check's own process")
    if child.returncode != 0:
        said = child.stderr.strip().splitlines() or [f"exit code {child.returncode}"]
        kind = InterpreterError if child.returncode == InterpreterError.exit_code else BundleError
        raise kind(said[-1].removeprefix("edge-app: error: "))
    report: dict[str, Any] = msgspec.json.decode(child.stdout, type=dict[str, Any])
    return report


def write_bundle(
    parent: Path,
    *,
    model: bytes,
    golden: Golden,
    golden_record: GoldenRecord,
    others: Mapping[str, bytes] | None = None,
    **fields: Any,
) -> Path:
    """Writes a new bundle into its own folder below `parent`; whole or not at all.

    Args:
        parent: folder of bundles; made if missing.
        model: the TFLite flatbuffer.
        golden: its self-test, with at least one crop.
        golden_record: how it is compared; the manifest's field `golden`.
        others: further files by name, which the device does not need.
        **fields: the other fields of `Manifest` but `schema` and `files`.

    Returns:
        The bundle's folder. Where it was there already, with another manifest, it is replaced.

    Raises:
        BundleError: what was written would be refused.
    """
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / hashlib.sha256(model).hexdigest()[:ID_LENGTH]
    with tempfile.TemporaryDirectory(dir=parent, prefix=".new-") as scratch:
        new = Path(scratch) / folder.name
        new.mkdir()
        (new / MODEL_FILE).write_bytes(model)
        np.savez_compressed(new / GOLDEN_FILE, crops=golden.crops, labels=golden.labels, outputs=golden.outputs)
        for name, content in (others or {}).items():
            (new / name).write_bytes(content)
        files = {file.name: file_record(file) for file in sorted(new.iterdir())}
        manifest = Manifest(schema=SCHEMA, files=files, golden=golden_record, **fields)
        (new / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
        read_golden(load_bundle(new))
        if folder.exists():
            shutil.rmtree(folder)
        new.replace(folder)
    return folder
