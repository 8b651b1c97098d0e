"""Real MNIST for the trainer's tests, from the user's cache or fetched once."""

import pytest

from trainer.data import Mnist, load_mnist


@pytest.fixture(scope="session")
def mnist() -> Mnist:
    return load_mnist()
