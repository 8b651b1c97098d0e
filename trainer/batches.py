"""Training data in, the batches of one epoch after another out, the same again for the same seed."""

from typing import Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, UInt8
from trainer.augment import Augmentation, augment
from trainer.corpus import joined, shown_in
from trainer.data import Digits


class Source(Protocol):
    """Where the crops of a training come from."""

    def __len__(self) -> int:
        """Crops an epoch."""

    def take(self, rows: NDArray[np.intp], epoch: int, index: int) -> tuple[UInt8, Float32]:
        """One batch.

        Args:
            rows: (B,) which of the crops.
            epoch, index: of the batch in the training, for what is left to chance.

        Returns:
            (B, 28, 28) uint8 crops and (B, classes) float32 probabilities to learn.
        """


class Augmented:
    """Labelled crops, changed anew each epoch.

    Args:
        digits: already through the device's crop stage.
        augmentation: how they are changed; None for not at all.
        classes: width of the one-hot labels.
        seed: of the run.
        extras: further ones, of which each epoch sees others.
        shown: how many of these an epoch sees; None for all.
        times: how often an epoch shows the digits, each time changed otherwise.
    """

    def __init__(
        self,
        digits: Digits,
        augmentation: Augmentation | None,
        classes: int,
        seed: int,
        extras: Digits | None = None,
        shown: int | None = None,
        times: int = 1,
    ) -> None:
        self._always, self._digits = len(digits), digits if extras is None else joined(digits, extras)
        self._augmentation, self._classes, self._seed = augmentation, classes, seed
        others, self._times = len(self._digits) - self._always, times
        self._others, self._shown = others, others if shown is None else min(shown, others)
        self._rows, self._rows_of = np.arange(len(self)), -1

    def __len__(self) -> int:
        return self._times * self._always + self._shown

    def take(self, rows: NDArray[np.intp], epoch: int, index: int) -> tuple[UInt8, Float32]:
        """As `Source` says."""
        if epoch != self._rows_of:
            others = self._always + shown_in(epoch, self._others, self._shown, self._seed)
            self._rows, self._rows_of = np.concatenate([np.tile(np.arange(self._always), self._times), others]), epoch
        batch = self._digits.take(self._rows[rows])
        crops = batch.images
        if self._augmentation is not None:
            random = np.random.default_rng((self._seed, epoch, index))
            crops = augment(crops, batch.labels, random, self._augmentation)
        return crops, keras.utils.to_categorical(batch.labels, self._classes)


class Batches(keras.utils.PyDataset):
    """The crops of one epoch after another, shuffled.

    Args:
        source: of the crops.
        batch_size: crops a step.
        seed: of the run.
        epoch: number of the first epoch.
    """

    def __init__(self, source: Source, batch_size: int, seed: int, epoch: int) -> None:
        super().__init__(workers=1)
        self._source, self._size, self._seed, self._epoch = source, batch_size, seed, epoch
        self._order = self._shuffle()

    def _shuffle(self) -> NDArray[np.intp]:
        return np.random.default_rng((self._seed, self._epoch)).permutation(len(self._source))

    def __len__(self) -> int:
        return steps_per_epoch(len(self._source), self._size)

    def __getitem__(self, index: int) -> tuple[Float32, Float32]:
        rows = self._order[index * self._size : (index + 1) * self._size]
        crops, targets = self._source.take(rows, self._epoch, index)
        return as_input(crops), targets

    def on_epoch_end(self) -> None:
        """Moves on to the next epoch's order and changes."""
        self._epoch += 1
        self._order = self._shuffle()


def as_input(crops: UInt8) -> Float32:
    """(N, 28, 28) uint8 crops as the float model's input: (N, 28, 28, 1) float32 in 0..1."""
    tensor: Float32 = crops[..., np.newaxis].astype(np.float32) / 255.0
    return tensor


def steps_per_epoch(count: int, batch_size: int) -> int:
    """Whole batches of the data; the rest, another one each epoch, is left out."""
    return max(1, count // batch_size)
