"""What a bundle says of itself: its manifest.json in, a checked `Manifest` out.

The manifest is judged by itself and against the files beside it; the model is not loaded here.
"""

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from edge_app.errors import BundleError
from edge_app.frames import TensorDetails

SCHEMA = 1
MODEL_FILE, MANIFEST_FILE, GOLDEN_FILE = "model.tflite", "manifest.json", "golden.npz"
DIGIT_LABELS = tuple("0123456789")
REJECT_LABEL = "reject"
INPUT_SHAPE = (1, 28, 28, 1)
MAX_FILE_BYTES = 64 * 2**20  # hundreds of times any model of ours; a larger file is a mistake or an attack


class FileRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of the bundle must be: lower-case hex sha256 and size in bytes."""

    sha256: str
    size: int


class TensorRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the model's input or output must be; see `edge_app.frames.TensorDetails`."""

    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


class GoldenRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How golden outputs are compared.

    Attributes:
        tolerance: largest difference allowed in any output, in int8 steps; runtimes round differently.
        runtime: the runtime that the expected outputs came from.
    """

    tolerance: int
    runtime: str


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where this model's answers are believed.

    Attributes:
        confidence: least probability of a digit that is shown, 0 to 1, chosen on validation.
    """

    confidence: float


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What manifest.json says.

    Attributes:
        schema: version of this record; another one is refused.
        name: of the recipe, for people, e.g. "compact".
        files: every other file of the bundle by name.
        labels: meaning of each output, in order: "0" to "9" and, where trained, "reject".
        input, output: shape and quantization that the runtime must report.
        preprocessing: version of the crop that the model was trained on; the app's must be equal.
        thresholds: where the answers are believed.
        golden: how golden.npz is compared.
        training: data and their hashes, architecture, seed, versions, git revision.
        metrics: accuracies and what they were measured on.
    """

    schema: int
    name: str
    files: dict[str, FileRecord]
    labels: tuple[str, ...]
    input: TensorRecord
    output: TensorRecord
    preprocessing: str
    thresholds: Thresholds
    golden: GoldenRecord
    training: dict[str, Any]
    metrics: dict[str, Any]


def load_manifest(folder: Path) -> Manifest:
    """Reads a bundle's manifest and checks it and every file that it lists.

    Raises:
        BundleError: it is missing, of another schema or not for this app, or a file is not what it says.
    """
    manifest = _read_manifest(folder)
    for name in (MODEL_FILE, GOLDEN_FILE):
        if name not in manifest.files:
            raise BundleError(f"{folder / MANIFEST_FILE}: `files` must list {name}. Received: {sorted(manifest.files)}")
    for name, record in manifest.files.items():
        _check_file(folder, name, record)
    _check_labels(folder, manifest)
    check_tensors(str(folder / MANIFEST_FILE), manifest, manifest.input, manifest.output)
    return manifest


def manifest_name(folder: Path) -> str:
    """What a bundle calls itself; its files are not checked.

    Raises:
        BundleError: its manifest is missing or of another schema.
    """
    return _read_manifest(folder).name


def check_tensors(
    source: str, manifest: Manifest, input: TensorRecord | TensorDetails, output: TensorRecord | TensorDetails
) -> None:
    """Refuses shapes and types that no bundle of ours has.

    Args:
        source: what is judged, for the message.
        manifest: says how many outputs there are.
        input, output: as the manifest or a runtime tells them.

    Raises:
        BundleError: shape, dtype or quantization is another.
    """
    for which, tensor, shape in (("input", input, INPUT_SHAPE), ("output", output, (1, len(manifest.labels)))):
        if tuple(tensor.shape) != shape or tensor.dtype != "int8" or tensor.scale <= 0.0:
            raise BundleError(
                f"model {which} must be {shape} int8, quantized. "
                f"Received: shape={tuple(tensor.shape)} dtype={tensor.dtype} scale={tensor.scale} from {source}"
            )


def tensor_record(details: TensorDetails) -> TensorRecord:
    """What a manifest says of a tensor that a runtime reports."""
    return TensorRecord(details.shape, details.dtype, details.scale, details.zero_point)


def file_record(file: Path) -> FileRecord:
    """What a manifest says of a file as it is now."""
    content = file.read_bytes()
    return FileRecord(hashlib.sha256(content).hexdigest(), len(content))


def _read_manifest(path: Path) -> Manifest:
    file = path / MANIFEST_FILE
    try:
        raw = _read_limited(file)
        schema = msgspec.json.decode(raw, type=dict[str, Any]).get("schema")
        if schema != SCHEMA:
            raise BundleError(
                f"{file}: schema must be {SCHEMA}. Received: {schema}; this app and the bundle differ in age"
            )
        return msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # the former covers ValidationError
        raise BundleError(f"{file} must be a manifest of schema {SCHEMA}. Received: {error}") from error


def _read_limited(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            raise BundleError(f"{file} must have at most {MAX_FILE_BYTES} bytes. Received: {size}")
        return file.read_bytes()
    except OSError as error:
        raise BundleError(f"{file} must be a readable file. Received: {error.strerror}") from error


def _check_file(path: Path, name: str, record: FileRecord) -> None:
    if Path(name).name != name:
        raise BundleError(f"{path / MANIFEST_FILE}: file names must have no folder. Received: {name!r}")
    content = _read_limited(path / name)
    digest = hashlib.sha256(content).hexdigest()
    if len(content) != record.size or digest != record.sha256:
        raise BundleError(
            f"{path / name} must have {record.size} bytes and sha256 {record.sha256}. "
            f"Received: {len(content)} bytes and {digest}; copy the bundle again"
        )


def _check_labels(path: Path, manifest: Manifest) -> None:
    if manifest.labels not in (DIGIT_LABELS, (*DIGIT_LABELS, REJECT_LABEL)):
        raise BundleError(
            f'{path / MANIFEST_FILE}: labels must be "0" to "9" and then, optionally, "{REJECT_LABEL}". '
            f"Received: {list(manifest.labels)}"
        )
