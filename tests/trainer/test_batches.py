"""An epoch sees MNIST whole and other extras each time, the same again for the same seed."""

import numpy as np

from trainer.augment import Augmentation
from trainer.batches import Augmented, Batches
from trainer.data import Digits, Mnist, prepare


def marked(count: int, first: int) -> Digits:
    """Crops whose first pixel tells which one it is."""
    images = np.zeros((count, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(first, first + count)
    return Digits(images, np.full(count, 10, np.uint8))


def shown(source: Augmented, epoch: int) -> list[int]:
    crops, _ = source.take(np.arange(len(source)), epoch, 0)
    return sorted(crops[:, 0, 0].tolist())


def test_each_epoch_sees_other_extras_beside_all_of_mnist() -> None:
    source = Augmented(marked(5, 0), None, 11, seed=3, extras=marked(40, 100), shown=10)

    first, second = shown(source, 0), shown(source, 1)

    assert len(source) == 15
    assert first[:5] == second[:5] == [0, 1, 2, 3, 4]
    assert len(set(first[5:])) == len(set(second[5:])) == 10
    assert first[5:] != second[5:]
    assert shown(source, 0) == first


def test_without_a_number_all_extras_are_seen() -> None:
    source = Augmented(marked(5, 0), None, 11, seed=3, extras=marked(20, 100))

    assert shown(source, 4) == [*range(5), *range(100, 120)]


def test_an_epoch_may_show_each_digit_several_times_and_extras_once() -> None:
    source = Augmented(marked(5, 0), None, 11, seed=3, extras=marked(20, 100), shown=8, times=2)

    seen = shown(source, 0)

    assert seen[:10] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert len(set(seen[10:])) == 8
    assert min(seen[10:]) >= 100


def test_batches_of_an_epoch_are_the_same_for_the_same_seed_and_hold_no_crop_twice(mnist: Mnist) -> None:
    source = Augmented(prepare(mnist.train.take(slice(256))), Augmentation(), 10, seed=1)
    first, again, other = (Batches(source, 64, seed, 0) for seed in (1, 1, 2))

    for ours, theirs in zip(first[2], again[2], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert (first[2][0] != other[2][0]).any()
    labels = np.concatenate([first[number][1].argmax(axis=1) for number in range(len(first))])
    np.testing.assert_array_equal(np.sort(labels), np.sort(mnist.train.labels[:256]))
    first.on_epoch_end()
    assert (first[2][0] != again[2][0]).any()
