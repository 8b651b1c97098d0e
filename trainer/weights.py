"""A trained network in, its float weights as a bundle carries them out; and back again, to go on training."""

import hashlib
import io
import zipfile

import numpy as np

from edge_app.bundle import Bundle
from trainer.errors import RunError
from trainer.models import BUILDERS, build
from trainer.qat import folded
from trainer.train import Finished

WEIGHTS_FILE = "weights.npz"


def packed_weights(model: object) -> bytes:
    """Weights of a network, normalization folded in: a .npz with an array LAYER/NUMBER for each.

    They are rounded to float16, which is enough to go on training from, at half the size.
    """
    plain = folded(model)
    arrays = {
        f"{layer.name}/{number}": array.astype(np.float16)
        for layer in plain.layers
        for number, array in enumerate(layer.get_weights())
    }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def unpacked(bundle: Bundle) -> Finished:
    """The network of a bundle, ready to be asked or trained further.

    Raises:
        RunError: the bundle carries no float weights, or they are not those of its network.
    """
    file = bundle.path / WEIGHTS_FILE
    if WEIGHTS_FILE not in bundle.manifest.files:
        raise RunError(f"bundle {bundle.id} must carry {WEIGHTS_FILE}. Received: only {sorted(bundle.manifest.files)}")
    name = bundle.manifest.training.get("recipe", {}).get("model")
    if name not in BUILDERS:
        raise RunError(f"bundle {bundle.id} must be of a network of {', '.join(BUILDERS)}. Received: {name!r}")
    plain = folded(build(name, bundle.manifest.labels))
    try:
        with np.load(file, allow_pickle=False) as arrays:
            for layer in plain.layers:
                layer.set_weights([arrays[f"{layer.name}/{number}"] for number in range(len(layer.weights))])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise RunError(f"{file} must hold the weights of {name!r}. Received: {error}") from error
    return Finished(plain, hashlib.sha256(file.read_bytes()).hexdigest())
