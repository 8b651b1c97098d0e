"""Finished teachers in, lessons out: augmented crops, and what the teachers together make of each.

Teachers speak of MNIST's digits, and those who were shown crops that a camera took speak of such as well. Of what is
drawn to be no digit the labels speak: who learns from opinions what a digit may look like takes unknown signs for one,
more often than its teachers do.
`accurate` learns from the large ones, and `compact` from `accurate`: what lies in between teaches a small network
more than a large one could (Mirzadeh et al., "Improved Knowledge Distillation via Teacher Assistant", 2020).
An opinion is not taken whole: probabilities are levelled by a temperature, so that a student also hears what else
a crop looks like, and the true label has its share (Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural
Network", 2015). Some crops are then made worse than the teachers saw them.
"""

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from edge_app.bundle import EMBEDDED_BUNDLES, embedded_bundle_path, load_bundle
from edge_app.frames import Float32, UInt8
from edge_app.manifest import DIGIT_LABELS
from trainer.augment import Augmentation, augment
from trainer.batches import as_input
from trainer.corpus import Extras, joined, kept_extras, kinds_digest, shown_in
from trainer.data import Digits, Mnist, prepare
from trainer.errors import TrainerError
from trainer.lessons import Lessons, lesson_files
from trainer.rough import roughen
from trainer.runs import open_run
from trainer.train import EXTRAS, MANY_EXTRAS, RECIPES, Finished, train
from trainer.weights import unpacked

log = logging.getLogger(__name__)

CHUNK = 2000  # crops that are changed and shown to the teachers at a time
CLASSES = len(DIGIT_LABELS) + 1


@dataclass(frozen=True, slots=True)
class Course:
    """What a student is taught.

    Attributes:
        teachers: recipe and seed of each.
        count: of lessons.
        seed: of all chance in them.
        temperature: that the teachers' probabilities are levelled by.
        label_share: of the true label in what is to be learnt of MNIST's digits.
        crop_label_share: the same of what a camera took.
        smoothing: share of certainty taken from the labels of what no teacher speaks of.
        augmentation: how the crops are changed.
        rough: share of MNIST's that then gets the faults of `trainer.rough`, which the teachers are spared.
        extras: what is added to MNIST; each lesson shows others.
    """

    teachers: tuple[tuple[str, int], ...]
    count: int
    seed: int
    temperature: float
    label_share: float
    crop_label_share: float
    smoothing: float
    augmentation: Augmentation
    rough: float
    extras: Extras


_BY_LARGE_ONES = Course(
    teachers=(("teacher", 1), ("teacher", 2)),
    count=16,
    seed=1001,
    temperature=1.0,
    label_share=0.2,
    crop_label_share=0.4,
    smoothing=0.03,
    augmentation=Augmentation(),
    rough=0.08,
    extras=EXTRAS,
)
COURSES = {
    "accurate": _BY_LARGE_ONES,
    "compact": dataclasses.replace(_BY_LARGE_ONES, teachers=(("accurate", 1),), extras=MANY_EXTRAS),
}
"""What each student is taught. Chosen on the validation split."""


def make_lessons(mnist: Mnist, course: Course, teachers: Sequence[Finished], folder: Path) -> Lessons:
    """Makes the lessons that the folder does not hold yet.

    Args:
        mnist: its training digits are used.
        course: what to teach.
        teachers: models with 10 outputs, or with 11 where they were shown what is no digit.
        folder: for the lessons; what is drawn for them is kept beside it, for those of other courses.

    Returns:
        All of them.

    Raises:
        RunError: the folder holds lessons of another plan.
    """
    plan = dataclasses.asdict(course) | {
        "teachers_sha256": [teacher.sha256 for teacher in teachers],
        "train_size": len(mnist.train),
    }
    open_run(folder, {"lessons": plan})
    missing = [number for number in range(course.count) if not lesson_files(folder, number)[1].exists()]
    if missing:
        models = [teacher.model for teacher in teachers]
        handwriting = prepare(mnist.train)
        extras = kept_extras(_extras_file(folder, course), mnist.train, course.extras, course.seed)
        for number in missing:
            _make_lesson(handwriting, extras, models, course, folder, number)
    return Lessons(folder)


def teach(
    mnist: Mnist, student: str, folder: Path, verbose: str | int = "auto", released_teachers: bool = False
) -> Lessons:
    """Makes the lessons of a student; its teachers, and theirs, are trained where they are not there yet.

    Args:
        mnist: its training and validation digits are used.
        student: among `COURSES`.
        folder: of the teachers' runs and the lessons; what is finished there is used as it is.
        verbose: of Keras.
        released_teachers: take them from the bundles that ship with the app, and train none.

    Raises:
        TrainerError: the app ships no such teacher.
        RunError: a teacher cannot be read, or the folder holds lessons of others.
    """
    course, teachers = COURSES[student], []
    for name, seed in course.teachers:
        if released_teachers:
            teachers.append(_released(name, student))
            continue
        run = folder / f"{name}-seed{seed}"
        if not (run / "model.keras").exists():
            log.info("teacher %s", run)
            lessons = teach(mnist, name, folder, verbose) if name in COURSES else None
            train(mnist, RECIPES[name], run, seed, verbose, lessons=lessons)
        teachers.append(Finished.from_run(run))
    return make_lessons(mnist, course, teachers, lessons_folder(folder, student))


def _released(teacher: str, student: str) -> Finished:
    """The model of a bundle that ships with the app."""
    if teacher not in EMBEDDED_BUNDLES:
        raise TrainerError(f"--released-teachers must be of {', '.join(EMBEDDED_BUNDLES)}. Received: --model {student},"
                           f" which learns from {teacher}")  # fmt: skip
    return unpacked(load_bundle(embedded_bundle_path(teacher)))


def lessons_folder(folder: Path, student: str) -> Path:
    """Where the lessons of a student are, in the folder of its teachers."""
    return folder / f"lessons-{student}"


def _extras_file(folder: Path, course: Course) -> Path:
    """Where courses that show the same find it: its name says what it was made by."""
    counts = dataclasses.asdict(dataclasses.replace(course.extras, shown=None)).values()
    made_by = "-".join(str(count) for count in (course.seed, *counts) if count is not None)
    return folder.parent / f"extras-{made_by}-{kinds_digest()}.npz"


def _make_lesson(
    handwriting: Digits, extras: Digits, models: Sequence[Any], course: Course, folder: Path, number: int
) -> None:
    """Writes one lesson; its second file comes last, so that it is there only when both are whole."""
    random = np.random.default_rng((course.seed, number))
    # In order: MNIST's, what a camera took, and from `drawn` on what no teacher speaks of.
    rows = np.sort(shown_in(number, len(extras), course.extras.shown, course.seed))
    digits, of_mnist = joined(handwriting, extras.take(rows)), len(handwriting)
    drawn = of_mnist + int(np.searchsorted(rows, len(extras) - course.extras.drawn))
    knowing = [model for model in models if model.output_shape[-1] == CLASSES]
    images, targets = np.empty_like(digits.images), np.empty((len(digits), CLASSES), np.float16)
    chunks = [
        (start, min(start + CHUNK, last))
        for first, last in ((0, of_mnist), (of_mnist, drawn), (drawn, len(digits)))
        for start in range(first, last, CHUNK)
    ]
    for start, end in track(chunks, f"lesson {number + 1} of {course.count}", console=Console(stderr=True)):
        chunk = slice(start, end)
        labels = digits.labels[chunk]
        images[chunk] = crops = augment(digits.images[chunk], labels, random, course.augmentation)
        if start < of_mnist:
            targets[chunk] = to_learn(opinion(models, crops), labels, course.label_share, course.temperature)
            images[chunk] = roughen(crops, course.rough, random)
        elif start < drawn and knowing:
            targets[chunk] = to_learn(opinion(knowing, crops), labels, course.crop_label_share, course.temperature)
        else:
            targets[chunk] = smoothed(labels, course.smoothing)
    images_file, targets_file = lesson_files(folder, number)
    _save_whole(images_file, images)
    _save_whole(targets_file, targets)


def _save_whole(file: Path, array: NDArray[Any]) -> None:
    """Whole or not at all."""
    new = file.with_suffix(".new.npy")
    np.save(new, array)
    new.replace(file)


def opinion(models: Sequence[Any], crops: UInt8) -> Float32:
    """The mean of the models' probabilities, (N, 11) float32: none of one with 10 outputs that a crop is no digit."""
    scores = np.zeros((len(models), len(crops), CLASSES), dtype=np.float32)
    for each, model in zip(scores, models, strict=True):
        said = model.predict(as_input(crops), batch_size=500, verbose=0)
        each[:, : said.shape[1]] = said
    return np.asarray(scores.mean(axis=0))


def to_learn(probabilities: Float32, labels: UInt8, label_share: float, temperature: float) -> Float32:
    """Levelled probabilities with the true label's share, (N, 11) float32 that add up to 1."""
    levelled = probabilities ** (1 / temperature)
    levelled /= levelled.sum(axis=1, keepdims=True)
    return label_share * smoothed(labels, 0.0) + (1 - label_share) * levelled


def smoothed(labels: UInt8, smoothing: float) -> Float32:
    """(N, 11) float32 that add up to 1: the label's class gets all but a share, which all classes divide.

    >>> smoothed(np.array([2], np.uint8), 0.11).round(2)[0, :4]
    array([0.01, 0.01, 0.9 , 0.01], dtype=float32)
    """
    return (1 - smoothing) * np.eye(CLASSES, dtype=np.float32)[labels] + np.float32(smoothing / CLASSES)
