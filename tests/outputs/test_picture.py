"""The newest annotated frame is whole at any time, and snapshots never overwrite."""

import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.errors import OutputError
from edge_app.frames import Moment
from edge_app.outputs.picture import Picture, save_snapshot, write_picture

MakeMoment = Callable[..., Moment]

RED = np.full((20, 30, 3), (0, 0, 200), np.uint8)
BLUE = np.full((20, 30, 3), (200, 0, 0), np.uint8)


def test_file_is_replaced_at_each_change_only(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "latest.png"
    output = Picture(path)

    output.write(make_moment(0, "1"), RED)
    output.write(make_moment(1, "1", changed=False), BLUE)
    kept = cv2.imread(str(path))
    output.write(make_moment(2, "2"), BLUE)
    output.close()

    assert np.array_equal(kept, RED)
    assert np.array_equal(cv2.imread(str(path)), BLUE)
    assert [entry.name for entry in tmp_path.iterdir()] == ["latest.png"]


def test_reader_with_the_old_file_open_keeps_it(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "latest.png"
    output = Picture(path)
    output.write(make_moment(0, "1"), RED)
    with path.open("rb") as old:
        first = old.read(10)

        output.write(make_moment(1, "2"), BLUE)

        content = np.frombuffer(first + old.read(), np.uint8)
    assert np.array_equal(cv2.imdecode(content, cv2.IMREAD_COLOR), RED)


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".jpg", ".jpeg"])
def test_suffix_chooses_the_format(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"

    write_picture(RED, path)

    assert np.abs(cv2.imread(str(path)).astype(int) - RED).max() <= 3
    assert path.read_bytes().startswith(b"\x89PNG" if suffix.lower() == ".png" else b"\xff\xd8")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("a.gif", r"picture file must end in .png, .jpg, .jpeg. Received: .*a.gif", id="format"),
        pytest.param("absent/a.png", "folder not found: .*absent", id="no folder"),
        pytest.param("folder.png", "expected the name of a file to write. Received: the folder", id="a folder"),
    ],
)
def test_place_that_cannot_work_is_refused_before_the_first_frame(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()

    with pytest.raises(OutputError, match=message):
        Picture(tmp_path / name)


def test_failed_write_leaves_the_old_picture_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "latest.png"
    write_picture(RED, path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    with pytest.raises(OutputError, match="cannot write picture .*latest.png: No space left on device"):
        write_picture(BLUE, path)
    assert np.array_equal(cv2.imread(str(path)), RED)
    assert [entry.name for entry in tmp_path.iterdir()] == ["latest.png"]


def test_empty_picture_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot encode a picture of shape \(0, 0, 3\) as .png"):
        write_picture(np.zeros((0, 0, 3), np.uint8), tmp_path / "a.png")


def test_snapshots_are_named_by_their_time_and_never_overwrite(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "snapshots"

    paths = [save_snapshot(picture_bgr, folder, 1_700_000_000.25) for picture_bgr in (RED, BLUE, RED)]

    stem = "edge-digits-20231114T221320.250Z"
    assert [path.name for path in paths] == [f"{stem}.png", f"{stem}-2.png", f"{stem}-3.png"]
    assert np.array_equal(cv2.imread(str(paths[1])), BLUE)


def test_snapshot_without_a_time_is_named_by_the_clock(tmp_path: Path) -> None:
    path = save_snapshot(RED, tmp_path)

    assert re.fullmatch(r"edge-digits-\d{8}T\d{6}\.\d{3}Z\.png", path.name)


def test_snapshot_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(OutputError, match="cannot make the folder .*file/snapshots for snapshots"):
        save_snapshot(RED, tmp_path / "file" / "snapshots")
