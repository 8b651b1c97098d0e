"""Augmented digits are other hands' digits: changed, repeatable, and still as the device crops them."""

import numpy as np

from trainer.augment import Augmentation, augment
from trainer.data import Mnist


def test_the_same_chance_gives_the_same_pictures(mnist: Mnist) -> None:
    images, labels = mnist.train.images[:20], mnist.train.labels[:20]

    first, second = (augment(images, labels, np.random.default_rng(3), Augmentation()) for _ in range(2))
    other = augment(images, labels, np.random.default_rng(4), Augmentation())

    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_pictures_change_but_stay_near_what_they_were(mnist: Mnist) -> None:
    images, labels = mnist.train.images[:200], mnist.train.labels[:200]

    changed = augment(images, labels, np.random.default_rng(1), Augmentation())

    assert changed.shape == images.shape
    assert changed.dtype == np.uint8
    same = (changed == images).all(axis=(1, 2))
    assert 0.2 < same.mean() < 0.4
    ink, before = (pictures[~same].reshape(-1, 784).astype(float) for pictures in (changed, images))
    likeness = (ink * before).sum(axis=1) / np.linalg.norm(ink, axis=1) / np.linalg.norm(before, axis=1)
    assert np.median(likeness) > 0.5


def test_the_originals_are_not_written_to(mnist: Mnist) -> None:
    images, labels = mnist.train.images[:50].copy(), mnist.train.labels[:50]
    before = images.copy()

    augment(images, labels, np.random.default_rng(1), Augmentation())

    assert np.array_equal(images, before)


def test_no_digit_is_lost(mnist: Mnist) -> None:
    changed = augment(mnist.train.images[:1000], mnist.train.labels[:1000], np.random.default_rng(2), Augmentation())

    assert changed.max(axis=(1, 2)).min() >= 50


def test_pens_vary_both_ways(mnist: Mnist) -> None:
    images, labels = mnist.train.images[:300], mnist.train.labels[:300]
    thinner = Augmentation(
        untouched=0, thinner=1.0, thicker=0.0, elastic_px=0, turn_deg=0, slant=0, stretch=0, foreign=0
    )
    thicker = Augmentation(
        untouched=0, thinner=0.0, thicker=1.0, elastic_px=0, turn_deg=0, slant=0, stretch=0, foreign=0
    )

    thin, fat = (augment(images, labels, np.random.default_rng(1), how).mean() for how in (thinner, thicker))

    assert thin < 0.9 * images.mean()
    assert fat > 1.1 * images.mean()
