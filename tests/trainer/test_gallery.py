"""Pictures of scores can be looked at: right size, marks where they belong."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.errors import DataError
from trainer.gallery import MISSED_BGR, TILE_WH, WRONG_BGR, draw_comparison, draw_worst
from trainer.scoring import Score, Total


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "a.png"
    cv2.imwrite(str(file), np.full((345, 460, 3), 200, np.uint8))
    return file


def scored(missed: int, wrong: int) -> Score:
    boxes = tuple((20 + 40 * place, 50, 30, 40) for place in range(missed + wrong))
    return Score("a.png", "plain", "5" * missed, "6" * wrong, 0, 1, 0, 1.0, boxes[:missed], boxes[missed:])


def has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool((np.abs(picture.astype(int) - colour).max(axis=2) < 30).any())


def test_the_worst_pictures_show_what_was_missed_and_what_is_false(picture: Path, tmp_path: Path) -> None:
    draw_worst([(picture, scored(2, 0)), (picture, scored(0, 1)), (picture, scored(0, 0))], tmp_path / "sheet.png")

    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    first, second = sheet[:, : TILE_WH[0]], sheet[:, TILE_WH[0] + 6 : 2 * TILE_WH[0]]
    assert has(first, MISSED_BGR)
    assert not has(first, WRONG_BGR)
    assert has(second, WRONG_BGR)
    assert not has(second, MISSED_BGR)


def test_a_faultless_run_says_so(picture: Path, tmp_path: Path) -> None:
    draw_worst([(picture, scored(0, 0))], tmp_path / "sheet.png")

    assert (cv2.imread(str(tmp_path / "sheet.png")) < 100).any()


def test_a_picture_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png must be a picture"):
        draw_worst([(tmp_path / "gone.png", scored(1, 0))], tmp_path / "sheet.png")


def test_a_sheet_that_cannot_be_written_is_named(picture: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none/sheet\.png must be writable"):
        draw_worst([(picture, scored(1, 0))], tmp_path / "none" / "sheet.png")


def test_the_comparison_has_a_bar_for_each_reader(tmp_path: Path) -> None:
    totals = {
        "edge-digits": Total(10, 9, 100, 100, 99, 20, 19, 40, 38, 12.0),
        "classic": Total(10, 1, 100, 140, 60, 20, 2, 40, 9, 3.0),
    }

    draw_comparison(totals, tmp_path / "comparison.png")

    drawn = cv2.imread(str(tmp_path / "comparison.png"))
    blue, orange = (178, 114, 0), (0, 159, 230)
    share = [(np.abs(drawn.astype(int) - colour).max(axis=2) < 12).mean() for colour in (blue, orange)]
    assert drawn.shape[1] > 3 * drawn.shape[0]
    assert min(share) > 0.005
    assert share[0] > share[1]
