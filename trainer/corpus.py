"""MNIST's digits in, all that a model is trained on out: what a camera makes of them, and what is no digit.

The extra crops are made once a run and kept beside its checkpoints, so that a resumed run goes on with
the same ones.
"""

import hashlib
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.data import Digits, prepare
from trainer.errors import RunError
from trainer.harvest import REJECT, harvest
from trainer.kinds import KINDS
from trainer.negatives import KINDS as NEGATIVES
from trainer.negatives import make_negatives
from trainer.pairs import make_pairs

# Left out: kinds with letters and marks, many of which look like a digit or are kept for the measure.
UNSURE = ("noted", "letters", "words", "print", "scribbles", "signs", "turned")
HARVESTED = tuple(kind for kind in KINDS if kind not in UNSURE)


@dataclass(frozen=True, slots=True)
class Extras:
    """How much is added to MNIST.

    Attributes:
        scenes: of each kind that crops are cut from.
        negatives: drawn crops of what is no digit.
        pairs: crops of two digits that touch.
        shown: how many of all of them an epoch sees, others each time; None for all.
    """

    scenes: int
    negatives: int
    pairs: int = 0
    shown: int | None = None

    @property
    def drawn(self) -> int:
        """How many, the last ones of all, no camera took."""
        return self.negatives + self.pairs

    def part(self, share: float) -> "Extras":
        """The same in small, with something of each; all of it is shown."""
        scenes, negatives, pairs = (ceil(share * count) for count in (self.scenes, self.negatives, self.pairs))
        return Extras(scenes, negatives, pairs)


def make_extras(handwriting: Digits, extras: Extras, seed: int) -> Digits:
    """Crops from scenes, and after them drawn negatives.

    Args:
        handwriting: digits that scenes and pairs are written with.
        extras: how many.
        seed: of all chance.

    Returns:
        Crops with labels 0 to 9 and `REJECT`.
    """
    random = np.random.default_rng((seed, 0x4E47))
    drawn = [make_negatives(extras.negatives, random)]
    if extras.pairs:
        drawn.append(make_pairs(prepare(handwriting), extras.pairs, random))
    found = harvest(HARVESTED, extras.scenes, handwriting, (seed, 0x5343))  # what takes longest comes last
    return joined(found, Digits(np.concatenate(drawn), np.full(extras.drawn, REJECT, dtype=np.uint8)))


def kept_extras(file: Path, handwriting: Digits, extras: Extras, seed: int) -> Digits:
    """The extras of a run: from its file, or made and kept there.

    Raises:
        RunError: the file cannot be read.
    """
    if not file.exists():
        made = make_extras(handwriting, extras, seed)
        new = file.with_suffix(".new.npz")
        np.savez_compressed(new, images=made.images, labels=made.labels)
        new.replace(file)
    try:
        with np.load(file) as arrays:
            return Digits(arrays["images"], arrays["labels"])
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"{file} must hold crops and labels. Received: {error}; delete it to draw them again") from error


def kinds_digest() -> str:
    """Of the names of all kinds of crops, for the name of a file: with a new kind, others are drawn.

    >>> len(kinds_digest())
    8
    """
    names = *HARVESTED, *(kind.__name__ for kind in NEGATIVES)
    return hashlib.sha256(" ".join(names).encode()).hexdigest()[:8]


def shown_in(epoch: int, count: int, shown: int | None, seed: int) -> NDArray[np.intp]:
    """(shown,) numbers of the extras that an epoch sees.

    Args:
        epoch: its number.
        count: how many extras there are.
        shown: how many of them are seen; None for all.
        seed: of the run.
    """
    return np.random.default_rng((seed, epoch, 0x5348)).permutation(count)[:shown]


def joined(first: Digits, second: Digits) -> Digits:
    """One after the other."""
    return Digits(np.concatenate([first.images, second.images]), np.concatenate([first.labels, second.labels]))
