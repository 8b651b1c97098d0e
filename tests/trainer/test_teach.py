"""Lessons hold what teachers make of crops, each asked about what it was taught; students learn from them."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.bundle import embedded_bundle_path, load_bundle
from trainer.augment import Augmentation
from trainer.corpus import Extras
from trainer.data import Mnist, prepare
from trainer.errors import RunError, TrainerError
from trainer.lessons import Lessons, lesson_files
from trainer.models import build
from trainer.runs import read_record
from trainer.teach import COURSES, Course, lessons_folder, make_lessons, opinion, teach, to_learn
from trainer.train import RECIPES, Finished, Recipe, train

DIGITS = [str(digit) for digit in range(10)]
LITTLE = Course((), 2, 1001, 2.0, 0.2, 0.4, 0.11, Augmentation(), 0.15, Extras(1, negatives=60, pairs=20, shown=2000))


class Certain:
    """A teacher that is always of the same opinion, and remembers how many crops it was shown."""

    def __init__(self, probabilities: list[float]) -> None:
        self._probabilities = np.array(probabilities, np.float32)
        self.output_shape = (None, len(probabilities))
        self.asked = 0

    def predict(self, crops: NDArray[np.float32], batch_size: int, verbose: int) -> NDArray[np.float32]:
        assert crops.shape[1:] == (28, 28, 1)
        self.asked += len(crops)
        return np.tile(self._probabilities, (len(crops), 1))


@pytest.fixture(scope="module")
def little(mnist: Mnist) -> Mnist:
    return Mnist(mnist.train.take(slice(320)), mnist.validation.take(slice(200)), mnist.test.take(slice(0)))


@pytest.fixture(scope="module")
def teachers() -> list[Finished]:
    """Two untrained networks."""
    models = []
    for seed in (1, 2):
        keras.utils.set_random_seed(seed)
        models.append(Finished(build("seed", DIGITS), f"sha256 of {seed}"))
    return models


@pytest.fixture(scope="module")
def folder(little: Mnist, teachers: list[Finished], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("course") / "lessons"
    make_lessons(little, LITTLE, teachers, folder)
    return folder


def test_those_who_know_digits_alone_give_nothing_to_what_is_none() -> None:
    teachers = [Certain([1.0] + 9 * [0.0]), Certain(9 * [0.0] + [1.0])]

    said = opinion(teachers, np.zeros((3, 28, 28), np.uint8))

    np.testing.assert_allclose(said, np.tile([0.5] + 8 * [0.0] + [0.5, 0.0], (3, 1)))


def test_probabilities_are_levelled_and_the_label_has_its_share() -> None:
    said = np.array([[0.81] + 9 * [0.0] + [0.09]], np.float32)  # .9 and .3 after the square root

    learnt = to_learn(said, np.array([10], np.uint8), 0.2, 2.0)

    np.testing.assert_allclose(learnt, [[0.8 * 0.75] + 9 * [0.0] + [0.2 + 0.8 * 0.25]], rtol=1e-6)


def test_who_was_shown_crops_of_a_camera_speaks_of_them_and_labels_of_what_is_drawn(
    little: Mnist, tmp_path: Path
) -> None:
    knowing, other = Certain(3 * [0.0] + [1.0] + 7 * [0.0]), Certain(10 * [0.1])
    teachers = [Finished(model, "") for model in (knowing, other)]

    lessons = make_lessons(little, dataclasses.replace(LITTLE, count=1), teachers, tmp_path / "lessons")

    of_mnist, drawn = len(little.train), LITTLE.extras.drawn
    assert (knowing.asked, other.asked) == (len(lessons) - drawn, of_mnist)
    _, targets = lessons.take(np.arange(of_mnist, len(lessons)), 0, 0)
    crops, others = targets[:-drawn], targets[-drawn:]
    assert (crops[:, 3] > 0.599).all()  # what the teacher says
    assert np.isclose(crops[:, 10], 0.4, atol=1e-3).any()  # what the label says
    np.testing.assert_allclose(others[:, 10], 0.9, atol=1e-3)  # smoothed by 0.11 over eleven classes


def test_each_lesson_is_another_one_and_the_first_comes_back(folder: Path) -> None:
    lessons = Lessons(folder)
    rows = np.arange(40)

    first, second, third = (lessons.take(rows, epoch, 0) for epoch in range(3))

    assert (first[0] != second[0]).any()
    np.testing.assert_array_equal(first[0], third[0])
    np.testing.assert_array_equal(first[1], third[1])
    np.testing.assert_allclose(first[1].sum(axis=1), 1.0, atol=0.01)


def test_an_epoch_may_show_the_digits_of_another_lesson_beside_its_own(folder: Path, little: Mnist) -> None:
    once, twice = Lessons(folder), Lessons(folder).showing(2)
    of_mnist = len(little.train)

    shown = twice.take(np.arange(len(twice)), 0, 0)
    whole, other = once.take(np.arange(len(once)), 0, 0), once.take(np.arange(of_mnist), 1, 0)

    assert len(twice) == len(once) + of_mnist
    for given, of_own, of_other in zip(shown, whole, other, strict=True):
        np.testing.assert_array_equal(given, np.concatenate([of_own, of_other]))


def test_only_missing_lessons_are_made_and_they_are_the_same(
    little: Mnist, teachers: list[Finished], folder: Path, tmp_path: Path
) -> None:
    before = [[file.read_bytes() for file in lesson_files(folder, number)] for number in (0, 1)]
    kept = lesson_files(folder, 0)[0].stat().st_mtime_ns
    lesson_files(folder, 1)[1].unlink()  # as if interrupted between the two files

    make_lessons(little, LITTLE, teachers, folder)

    assert [[file.read_bytes() for file in lesson_files(folder, number)] for number in (0, 1)] == before
    assert lesson_files(folder, 0)[0].stat().st_mtime_ns == kept


def test_lessons_of_other_teachers_are_refused(little: Mnist, teachers: list[Finished], folder: Path) -> None:
    with pytest.raises(RunError, match="must hold a run of"):
        make_lessons(little, LITTLE, teachers[::-1], folder)


def test_a_missing_or_broken_lesson_is_named(little: Mnist, teachers: list[Finished], tmp_path: Path) -> None:
    make_lessons(little, dataclasses.replace(LITTLE, count=1), teachers, tmp_path / "lessons")
    lesson_files(tmp_path / "lessons", 0)[1].write_bytes(b"half")

    with pytest.raises(RunError, match="must hold 1 whole lessons"):
        Lessons(tmp_path / "lessons")


def test_a_student_learns_what_the_lessons_say(little: Mnist, folder: Path, tmp_path: Path) -> None:
    recipe = Recipe("compact", 2, 64, 2e-3, 0.01, 0.0, 0.9, Augmentation(), LITTLE.extras)

    model = train(little, recipe, tmp_path / "run", seed=3, verbose=0, lessons=Lessons(folder))

    record = read_record(tmp_path / "run")
    assert record["lessons"]["teachers_sha256"] == read_record(folder)["lessons"]["teachers_sha256"]
    assert model.output_shape == (None, 11)
    assert not (tmp_path / "run" / "extras.npz").exists()  # the lessons have them


def test_teachers_are_spared_the_faults_that_students_get(
    little: Mnist, teachers: list[Finished], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = dataclasses.replace(LITTLE, count=1, augmentation=Augmentation(untouched=1.0), rough=1.0)
    seen: list[NDArray[np.uint8]] = []

    def remember(models: object, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        seen.append(crops)
        return np.full((len(crops), 11), 1 / 11, np.float32)

    monkeypatch.setattr("trainer.teach.opinion", remember)

    lessons = make_lessons(little, course, teachers, tmp_path / "lessons")

    np.testing.assert_array_equal(seen[0], prepare(little.train).images)
    shown, _ = lessons.take(np.arange(len(seen[0])), 0, 0)
    changed = (shown != seen[0]).any(axis=(1, 2))
    assert changed.mean() > 0.95


def test_a_student_of_a_student_has_all_its_teachers_trained_first(
    little: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int, bool]] = []

    def trained(mnist: Mnist, recipe: Recipe, run: Path, seed: int, verbose: object, lessons: Lessons | None) -> None:
        asked.append((recipe.model, seed, lessons is not None))
        run.mkdir(parents=True)
        build("seed", DIGITS).save(run / "model.keras")

    monkeypatch.setattr("trainer.teach.train", trained)
    by_large = dataclasses.replace(LITTLE, count=1, teachers=(("teacher", 1),))
    by_both = dataclasses.replace(by_large, teachers=(("teacher", 1), ("accurate", 1)))
    courses = {"accurate": by_large, "compact": by_both}
    monkeypatch.setattr("trainer.teach.COURSES", courses)

    teach(little, "compact", tmp_path)

    assert asked == [("teacher", 1, False), ("accurate", 1, True)]
    extras = list(tmp_path.glob("extras-*.npz"))
    assert len(extras) == 1  # drawn once for both courses
    made = {student: len(read_record(lessons_folder(tmp_path, student))["lessons"]["teachers"]) for student in courses}
    assert made == {"accurate": 1, "compact": 2}


def test_who_asks_for_released_teachers_learns_from_the_bundle_that_ships(
    little: Mnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.teach.train", pytest.fail)
    monkeypatch.setitem(COURSES, "compact", dataclasses.replace(LITTLE, count=1, teachers=(("accurate", 1),)))

    lessons = teach(little, "compact", tmp_path, released_teachers=True)

    weights = load_bundle(embedded_bundle_path("accurate")).manifest.files["weights.npz"]
    assert lessons.plan["teachers_sha256"] == [weights.sha256]
    digits = prepare(little.train)
    _, targets = lessons.take(np.arange(len(digits)), 0, 0)
    assert targets[np.arange(len(digits)), digits.labels].mean() > 0.6  # 0.2 is the label's share


def test_no_released_teacher_is_larger_than_what_ships(little: Mnist, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="Received: --model accurate, which learns from teacher"):
        teach(little, "accurate", tmp_path, released_teachers=True)


def test_the_released_courses_ask_for_trained_recipes() -> None:
    assert {name for course in COURSES.values() for name, _ in course.teachers} <= set(RECIPES)
