"""One's own digits are found as the device finds them, and mixed in as often as asked."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.batches import Augmented
from trainer.data import Digits, Mnist, prepare
from trainer.errors import DataError
from trainer.own import Mixed, OwnDigits, draw_sheet, read_crops, read_own


@pytest.fixture(scope="module")
def sevens(mnist: Mnist) -> np.ndarray:
    return mnist.validation.images[mnist.validation.labels == 7][:12]


def photo(pictures: np.ndarray) -> np.ndarray:
    """Dark ink in rows on lit paper, with a speck."""
    paper = np.full((480, 640), 205, np.uint8) + np.linspace(0, 30, 640).astype(np.uint8)
    for number, picture in enumerate(pictures):
        large = cv2.resize(picture, (84, 84), interpolation=cv2.INTER_CUBIC)
        y, x = 40 + number // 6 * 180, 40 + number % 6 * 95
        patch = paper[y : y + 84, x : x + 84]
        patch[:] = np.clip(patch - 0.7 * large, 0, 255)
    paper[450:453, 600:603] = 30
    return paper


@pytest.mark.parametrize("dark", [True, False])
def test_a_small_picture_is_one_crop_whichever_way_its_ink_goes(sevens: np.ndarray, dark: bool, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "7.png"), 255 - sevens[0] if dark else sevens[0])

    crops = read_crops(tmp_path / "7.png")

    expected = prepare(Digits(sevens[:1], np.array([7], np.uint8))).images
    assert crops.shape == (1, 28, 28)
    assert np.corrcoef(crops.ravel(), expected.ravel())[0, 1] > 0.97


def test_a_sheet_of_sevens_gives_as_many_crops_and_no_speck(sevens: np.ndarray, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "sheet.jpg"), photo(sevens))

    crops = read_crops(tmp_path / "sheet.jpg")

    assert len(crops) == 12


def test_folders_are_classes_and_empty_pictures_are_left_out(
    sevens: np.ndarray, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("7", "reject", "other"):
        (tmp_path / name).mkdir()
    cv2.imwrite(str(tmp_path / "7" / "sheet.png"), photo(sevens))
    cv2.imwrite(str(tmp_path / "7" / "blank.png"), np.full((300, 300), 200, np.uint8))
    cv2.imwrite(str(tmp_path / "reject" / "x.png"), 255 - sevens[0].T.copy())
    (tmp_path / "7" / "notes.txt").write_text("no picture")

    digits = read_own(tmp_path)

    assert digits.labels.tolist() == [7] * 12 + [10]
    assert "blank.png holds no digit" in caplog.text
    draw_sheet(digits, tmp_path / "own.png")
    assert cv2.imread(str(tmp_path / "own.png")).shape[0] == 2 * 2 * 28


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(None, "must hold folders named 0, 1", id="no folder of a class"),
        pytest.param({}, "must hold pictures of digits", id="no picture"),
        pytest.param({"broken.png": b"no picture"}, "broken.png must be a picture", id="broken"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(content: dict[str, bytes] | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "3").mkdir()
        for name, data in content.items():
            (tmp_path / "3" / name).write_bytes(data)

    with pytest.raises(DataError, match=message):
        read_own(tmp_path)


def test_own_digits_come_as_often_as_their_weight_says(mnist: Mnist) -> None:
    others = Augmented(prepare(mnist.train.take(slice(30))), None, 10, 1)
    own = Augmented(Digits(np.full((4, 28, 28), 9, np.uint8), np.array([1, 2, 3, 4], np.uint8)), None, 10, 1)

    mixed = Mixed(others, own, 5)

    crops, targets = mixed.take(np.arange(len(mixed)), 0, 0)
    assert len(mixed) == 50
    assert (crops == 9).all(axis=(1, 2)).sum() == 20
    np.testing.assert_array_equal(targets[30:].sum(axis=0)[1:5], [5, 5, 5, 5])


def test_the_record_changes_with_the_crops() -> None:
    digits = Digits(np.zeros((2, 28, 28), np.uint8), np.array([1, 2], np.uint8))
    others = Digits(np.zeros((2, 28, 28), np.uint8), np.array([1, 3], np.uint8))

    assert OwnDigits(digits, 3).record()["sha256"] != OwnDigits(others, 3).record()["sha256"]
    assert OwnDigits(digits, 3).record()["weight"] == 3
