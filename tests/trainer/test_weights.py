"""A bundle's float weights come back as the network that they were taken from."""

import io
from pathlib import Path

import keras
import numpy as np
import pytest

from edge_app.bundle import Bundle, load_bundle
from trainer.data import Mnist, prepare
from trainer.errors import RunError
from trainer.export import export
from trainer.models import build
from trainer.quantize import quantize
from trainer.study import float_scores
from trainer.weights import WEIGHTS_FILE, packed_weights, unpacked

LABELS = [str(digit) for digit in range(10)]


@pytest.fixture(scope="module")
def model(mnist: Mnist) -> keras.Model:
    keras.utils.set_random_seed(3)
    model = build("seed", LABELS)
    model.compile("adam", "sparse_categorical_crossentropy")
    digits = prepare(mnist.train.take(slice(6000)))
    model.fit(digits.images[..., None] / 255, digits.labels, batch_size=64, epochs=2, verbose=0)
    return model


def bundle_of(model: keras.Model, mnist: Mnist, folder: Path, weights: bytes | None, name: str = "seed") -> Bundle:
    validation = prepare(mnist.validation.take(slice(1500)))
    path = export(
        name=name, int8_model=quantize(model, validation.images[:100]), validation=validation,
        training={"recipe": {"model": name}}, metrics={}, bundles=folder, weights=weights,
    )  # fmt: skip
    return load_bundle(path)


def test_the_network_is_the_same_again(model: keras.Model, mnist: Mnist, tmp_path: Path) -> None:
    bundle = bundle_of(model, mnist, tmp_path, packed_weights(model))

    start = unpacked(bundle)

    crops = mnist.validation.images[:50]
    np.testing.assert_allclose(
        float_scores(start.model, crops), float_scores(model, crops), atol=2e-3
    )  # float16 keeps 11 bits
    assert start.sha256 == bundle.manifest.files[WEIGHTS_FILE].sha256


def test_normalization_is_folded_into_what_is_packed() -> None:
    with np.load(io.BytesIO(packed_weights(build("compact", LABELS)))) as arrays:
        assert {name.split("/")[0] for name in arrays} == {f"conv{number}" for number in range(1, 7)} | {"scores"}
        assert arrays["conv1/1"].shape == (16,)
        assert {array.dtype for array in arrays.values()} == {np.dtype(np.float16)}


def test_a_bundle_without_weights_is_refused(model: keras.Model, mnist: Mnist, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="must carry weights.npz"):
        unpacked(bundle_of(model, mnist, tmp_path, None))


def test_weights_of_another_network_are_refused(model: keras.Model, mnist: Mnist, tmp_path: Path) -> None:
    other = packed_weights(build("compact", LABELS))

    with pytest.raises(RunError, match="must hold the weights of 'seed'"):
        unpacked(bundle_of(model, mnist, tmp_path, other))
