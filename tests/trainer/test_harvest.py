"""Crops that the device's stages cut from scenes keep their true labels."""

import cv2
import numpy as np
import pytest

from trainer import harvest
from trainer.corpus import HARVESTED, Extras, kept_extras, kinds_digest, make_extras
from trainer.data import Mnist
from trainer.errors import RunError
from trainer.harvest import REJECT, label_region
from trainer.kinds import KINDS

DIGITS = np.array([[100, 50, 20, 30], [124, 50, 20, 30]])


@pytest.mark.parametrize(
    ("box", "label"),
    [
        pytest.param((100, 50, 20, 30), 4, id="a digit"),
        pytest.param((98, 48, 24, 34), 4, id="a digit with a little room"),
        pytest.param((100, 50, 44, 30), REJECT, id="two digits"),
        pytest.param((101, 51, 8, 12), REJECT, id="a small piece"),
        pytest.param((100, 50, 20, 16), None, id="half a digit: hard to say"),
        pytest.param((100, 50, 20, 60), None, id="a digit and as much below it: hard to say"),
        pytest.param((300, 50, 20, 30), REJECT, id="nothing"),
    ],
)
def test_label_of_a_region(box: tuple[int, int, int, int], label: int | None) -> None:
    assert label_region(box, DIGITS, [4, 7]) == label


def test_where_nothing_is_written_nothing_is_a_digit() -> None:
    assert label_region((1, 2, 3, 4), np.zeros((0, 4), dtype=np.int64), []) == REJECT


def test_harvested_digits_look_like_the_digits_they_are(mnist: Mnist) -> None:
    found = harvest.harvest(["plain"], 3, mnist.train, (1,))
    digits = found.labels < REJECT
    means = np.stack([mnist.train.images[mnist.train.labels == d].mean(axis=0) for d in range(10)])
    blurred = np.stack([cv2.GaussianBlur(crop, (0, 0), 2.0) for crop in found.images[digits]]).astype(float)

    flat, patterns = blurred.reshape(len(blurred), -1), means.reshape(10, -1)
    likeness = (flat / np.linalg.norm(flat, axis=1, keepdims=True)) @ (
        patterns / np.linalg.norm(patterns, axis=1, keepdims=True)
    ).T

    assert digits.sum() > 40
    assert np.mean(likeness.argmax(axis=1) == found.labels[digits]) > 0.6  # the nearest mean reads 8 of 10 of MNIST


def test_a_texture_yields_only_rejects(mnist: Mnist) -> None:
    found = harvest.harvest(["texture"], 4, mnist.train, (1,))

    assert len(found) > 0
    assert set(found.labels.tolist()) == {REJECT}


def test_scenes_give_the_same_crops_on_one_core_and_on_several(mnist: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = harvest.harvest(["plain", "texture"], 3, mnist.train, (1,))
    monkeypatch.setattr(harvest, "WORTH_PROCESSES", 1)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    shared = harvest.harvest(["plain", "texture"], 3, mnist.train, (1,))

    assert np.array_equal(alone.images, shared.images)
    assert np.array_equal(alone.labels, shared.labels)


def test_kinds_with_letters_are_not_harvested() -> None:
    assert set(HARVESTED) < set(KINDS)
    unsure = {"noted", "notes", "dated", "letters", "words", "handwritten", "print", "scribbles", "signs"}
    assert not (unsure | {"full", "binary", "coded"}) & set(HARVESTED)


def test_extras_are_made_once_and_kept(mnist: Mnist, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("trainer.corpus.HARVESTED", ("plain", "texture"))
    file, extras = tmp_path / "extras.npz", Extras(scenes=1, negatives=20)

    made = kept_extras(file, mnist.train, extras, seed=1)
    monkeypatch.setattr("trainer.corpus.make_extras", lambda *_: pytest.fail("made twice"))
    again = kept_extras(file, mnist.train, extras, seed=1)

    assert np.array_equal(made.images, again.images)
    assert np.array_equal(made.labels, again.labels)
    assert np.count_nonzero(made.labels == REJECT) >= 20


def test_what_labels_alone_speak_of_comes_last(mnist: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.corpus.HARVESTED", ("plain",))
    extras = Extras(scenes=1, negatives=30, pairs=10, hands=50, written=70)

    made = make_extras(mnist.train, extras, seed=5)

    by_camera, drawn = np.split(made.labels, [len(made) - extras.drawn])
    assert len(by_camera)
    assert (drawn[:40] == REJECT).all()
    assert (drawn[40:90] < REJECT).all()
    assert 0 < np.count_nonzero(drawn[90:] == REJECT) < 70


def test_the_same_seed_makes_the_same_extras(mnist: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.corpus.HARVESTED", ("broken",))

    first, second = (make_extras(mnist.train, Extras(1, 5), seed=3) for _ in range(2))

    assert np.array_equal(first.images, second.images)


def test_a_damaged_file_of_extras_is_refused(mnist: Mnist, tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "extras.npz").write_bytes(b"half a file")

    with pytest.raises(RunError, match="delete it to draw them again"):
        kept_extras(tmp_path / "extras.npz", mnist.train, Extras(1, 1), seed=1)


def test_with_a_new_kind_of_crops_the_file_has_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    before = kinds_digest()

    monkeypatch.setattr("trainer.corpus.HARVESTED", (*HARVESTED, "another"))
    with_pages = kinds_digest()
    monkeypatch.setattr("trainer.corpus.NEGATIVES", (make_extras,))

    assert len({before, with_pages, kinds_digest()}) == 3
