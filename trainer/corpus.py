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

from edge_app.frames import UInt8
from trainer.data import Digits, prepare
from trainer.errors import RunError
from trainer.hands import other_hands
from trainer.harvest import REJECT, harvest
from trainer.kinds import KINDS, TAUGHT
from trainer.negatives import KINDS as NEGATIVES
from trainer.negatives import make_negatives
from trainer.pairs import make_pairs

# Left out: kinds with letters and marks, many of which look like a digit or are kept for the measure.
UNSURE = ("noted", "notes", "dated", "letters", "words", "handwritten", "print", "scribbles", "signs", "turned")
# Likewise: their crops are as those of other kinds.
ALIKE = ("columns", "full", "afar", "binary", "coded", "pale", "across")
CROPS_OF_PAGES = 150  # of the pages with words of all kinds, one of each
HARVESTED = tuple(kind for kind in KINDS if kind not in (*UNSURE, *ALIKE))


@dataclass(frozen=True, slots=True)
class Extras:
    """How much is added to MNIST.

    Attributes:
        scenes: of each kind that crops are cut from.
        negatives: drawn crops of what is no digit.
        pairs: crops of two digits that touch.
        hands: digits as other schools and hands write them.
        written: crops of pages with words on them.
        shown: how many of all of them an epoch sees, others each time; None for all.
    """

    scenes: int
    negatives: int
    pairs: int = 0
    hands: int = 0
    written: int = 0
    shown: int | None = None

    @property
    def drawn(self) -> int:
        """How many, the last ones of all, no teacher has seen the like of."""
        return self.negatives + self.pairs + self.hands + self.written

    def part(self, share: float) -> "Extras":
        """The same in small, with something of each; all of it is shown."""
        counts = self.scenes, self.negatives, self.pairs, self.hands, self.written
        return Extras(*(ceil(share * count) for count in counts))


def make_extras(handwriting: Digits, extras: Extras, seed: int) -> Digits:
    """Crops from scenes, and after them what labels alone speak of.

    Args:
        handwriting: digits that all are written with.
        extras: how many.
        seed: of all chance.

    Returns:
        Crops with labels 0 to 9 and `REJECT`.
    """
    random = np.random.default_rng((seed, 0x4E47))
    centred = prepare(handwriting)
    drawn = [_rejected(make_negatives(extras.negatives, random))]
    if extras.pairs:
        drawn.append(_rejected(make_pairs(centred, extras.pairs, random)))
    if extras.hands:
        drawn.append(other_hands(centred, extras.hands, random))
    if extras.written:
        pages = harvest(tuple(TAUGHT), ceil(extras.written / CROPS_OF_PAGES), handwriting, (seed, 0x5752))
        drawn.append(pages.take(random.integers(0, len(pages), extras.written)))
    found = harvest(HARVESTED, extras.scenes, handwriting, (seed, 0x5343))  # what takes longest comes last
    return joined(found, *drawn)


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
    names = *HARVESTED, *TAUGHT, *(kind.__name__ for kind in NEGATIVES)
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


def joined(*parts: Digits) -> Digits:
    """One after the other."""
    return Digits(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))


def _rejected(crops: UInt8) -> Digits:
    return Digits(crops, np.full(len(crops), REJECT, dtype=np.uint8))
