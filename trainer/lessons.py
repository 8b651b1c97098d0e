"""Teachers' opinions on many crops, on disk: what a small network learns from instead of bare labels.

A lesson is one epoch of augmented crops with the probabilities that the teachers give each; a student goes
through the lessons in turn, over and over. They are made once (`trainer.teach`) and serve every student.

    run.json            teachers, augmentation, counts, versions
    NN.images.npy       (N, 28, 28) uint8
    NN.targets.npy      (N, classes) float16 probabilities
"""

import copy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, UInt8
from trainer.errors import RunError
from trainer.runs import read_record


class Lessons:
    """A folder of finished lessons, a `trainer.batches.Source`. The files are mapped, not loaded.

    Args:
        folder: that `trainer.teach.make_lessons` filled.

    Raises:
        RunError: a lesson is missing or cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.plan: dict[str, Any] = read_record(folder)["lessons"]
        self._times = 1
        pairs = [lesson_files(folder, number) for number in range(self.plan["count"])]
        try:
            self._lessons = [(np.load(images, "r"), np.load(targets, "r")) for images, targets in pairs]
        except (OSError, ValueError) as error:
            raise RunError(f"{folder} must hold {self.plan['count']} whole lessons. Received: {error}") from error

    def showing(self, times: int) -> "Lessons":
        """The same lessons, with MNIST's digits shown so often in an epoch: those of other lessons beside its own."""
        more = copy.copy(self)
        more._times = times
        return more

    def __len__(self) -> int:
        return self._others + len(self._lessons[0][0])

    @property
    def _others(self) -> int:
        """Crops of other lessons that an epoch shows: they come first."""
        return (self._times - 1) * int(self.plan["train_size"])

    def take(self, rows: NDArray[np.intp], epoch: int, index: int) -> tuple[UInt8, Float32]:
        """As `Source` says; after the last lesson comes the first again."""
        rows, count, of_mnist = np.sort(rows), len(self._lessons), int(self.plan["train_size"])  # disks like it sorted
        crops, probabilities = [], []
        for other in range(self._times):
            first, end = (self._others, len(self)) if other == 0 else ((other - 1) * of_mnist, other * of_mnist)
            own = rows[(rows >= first) & (rows < end)] - first
            images, targets = self._lessons[(epoch + other * count // self._times) % count]
            crops.append(images[own])
            probabilities.append(targets[own])
        return np.concatenate(crops), np.concatenate(probabilities).astype(np.float32)


def lesson_files(folder: Path, number: int) -> tuple[Path, Path]:
    """Images and targets of a lesson."""
    return folder / f"{number:02}.images.npy", folder / f"{number:02}.targets.npy"
