"""The contact sheet shows moments from all over the run, in bounded memory."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.errors import OutputError
from edge_app.frames import Moment, UInt8
from edge_app.outputs.sheet import (
    CELL_WIDTH,
    COLUMNS,
    GAP,
    LINE_HEIGHT,
    MAX_CELLS,
    TITLE_HEIGHT,
    ContactSheet,
    clock,
    spread,
)

MakeMoment = Callable[..., Moment]

THUMBNAIL_HEIGHT = 300  # of a 160x120 frame at CELL_WIDTH


def levels_of(sheet: UInt8) -> list[int]:
    """The gray level in the middle of each thumbnail, in reading order."""
    row_height = THUMBNAIL_HEIGHT + 2 * LINE_HEIGHT + GAP
    rows = (sheet.shape[0] - TITLE_HEIGHT) // row_height
    columns = (sheet.shape[1] - GAP) // (CELL_WIDTH + GAP)
    return [
        int(sheet[TITLE_HEIGHT + row * row_height + 150, GAP + column * (CELL_WIDTH + GAP) + 200, 0])
        for row in range(rows)
        for column in range(columns)
    ]


def loaded(path: Path) -> UInt8:
    """A picture file."""
    return cv2.imread(str(path)).astype(np.uint8)


def level(value: int) -> UInt8:
    """An even 160x120 picture."""
    return np.full((120, 160, 3), value, np.uint8)


def test_long_run_is_spread_over_twelve_cells(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    output = ContactSheet(path)
    most = 0

    for index in range(2000):
        output.write(make_moment(index * 40, str(index)), level(index // 8))
        most = max(most, len(output._cells))
    output.close()

    levels = levels_of(loaded(path))
    gaps = np.diff(levels)
    assert most < 2 * MAX_CELLS
    assert len(levels) == MAX_CELLS
    assert levels[0] == 0 and levels[-1] > 220
    assert gaps.min() > 10 and gaps.max() < 35


def test_only_new_publications_are_kept(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    output = ContactSheet(path)

    output.write(make_moment(0, changed=False), level(10))
    output.write(make_moment(1, "407"), level(60))
    output.write(make_moment(2, "407", changed=False), level(110))
    output.write(make_moment(3), level(160))
    output.write(make_moment(44, "12"), level(210))
    output.close()

    assert levels_of(loaded(path)) == [60, 210]


def test_numbers_of_one_page_share_the_last_thumbnail(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    output = ContactSheet(path)

    output.write(make_moment(10, "407"), level(60))
    output.write(make_moment(14, "407", "12"), level(110))
    output.write(make_moment(20, "12"), level(160))
    output.write(make_moment(60, "12", "5"), level(210))
    output.close()

    assert levels_of(loaded(path)) == [110, 210]


def test_captions_tell_numbers_frame_and_time(make_moment: MakeMoment, tmp_path: Path) -> None:
    output = ContactSheet(tmp_path / "sheet.png")

    output.write(make_moment(5), level(10))
    output.write(make_moment(47, "407", "12"), level(10))
    output._offer_pending()

    assert [(cell.numbers, cell.when) for cell in output._cells] == [("407  12", "frame 47   0:04.2")]


def test_run_that_published_nothing_shows_its_first_frame(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    output = ContactSheet(path)

    output.write(make_moment(0, changed=False), level(33))
    output.write(make_moment(1, changed=False), level(99))
    output.close()

    assert levels_of(loaded(path)) == [33]


def test_run_without_frames_writes_nothing(tmp_path: Path) -> None:
    output = ContactSheet(tmp_path / "sheet.png")

    output.close()

    assert list(tmp_path.iterdir()) == []


def test_closing_twice_keeps_the_first_sheet(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    output = ContactSheet(path)
    output.write(make_moment(0, "1"), level(50))
    output.close()
    first = path.read_bytes()

    output.close()

    assert path.read_bytes() == first


def test_upright_and_wide_pictures_share_a_sheet(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "sheet.png"
    output = ContactSheet(path)
    for index, shape in enumerate([(2000, 100, 3), (100, 2000, 3), (1, 1, 3)]):
        output.write(make_moment(index * 40, str(index)), np.full(shape, 120, np.uint8))

    output.close()

    height, width = cv2.imread(str(path)).shape[:2]
    assert width == 3 * (CELL_WIDTH + GAP) + GAP
    assert height == TITLE_HEIGHT + CELL_WIDTH + 2 * LINE_HEIGHT + GAP


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("sheet.jpg", "contact sheet must end in .png", id="suffix"),
        pytest.param("absent/sheet.png", "folder not found", id="no folder"),
    ],
)
def test_place_that_cannot_work_is_refused(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=message):
        ContactSheet(tmp_path / name)


@pytest.mark.parametrize(
    ("elapsed_s", "expected"),
    [(0.0, "0:00.0"), (4.26, "0:04.3"), (59.97, "1:00.0"), (3599.99, "1:00:00.0"), (3725.0, "1:02:05.0")],
)
def test_clock_carries_into_minutes_and_hours(elapsed_s: float, expected: str) -> None:
    assert clock(elapsed_s) == expected


def test_spread_keeps_the_first_and_the_last(make_moment: MakeMoment, tmp_path: Path) -> None:
    output = ContactSheet(tmp_path / "sheet.png")
    for index in range(20):
        output.write(make_moment(index * 40, str(index)), level(index))
    output._offer_pending()

    numbers = [cell.numbers for cell in spread(output._cells, COLUMNS)]

    assert numbers == ["0", "6", "13", "19"]
