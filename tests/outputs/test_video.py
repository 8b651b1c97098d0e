"""A recording is playable however it ends: by close, by another frame size, or by a full disk."""

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.errors import OutputError
from edge_app.frames import Moment, UInt8
from edge_app.outputs.video import RESERVE_BYTES, Video, free_bytes_of

MakeMoment = Callable[..., Moment]


def frames_of(path: Path) -> list[UInt8]:
    """Every frame that a player would show."""
    capture = cv2.VideoCapture(str(path))
    frames: list[UInt8] = []
    while True:
        there, frame = capture.read()
        if not there:
            capture.release()
            return frames
        frames.append(frame.astype(np.uint8))


def gray(level: int, size_wh: tuple[int, int] = (160, 120)) -> UInt8:
    """An even picture."""
    return np.full((size_wh[1], size_wh[0], 3), level, np.uint8)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 8 MiB above the reserve."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    folder = tmp_path / f"disk-{uuid.uuid4().hex[:8]}"
    folder.mkdir()
    size = f"size={RESERVE_BYTES // 2**20 + 8}m"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"this machine does not let root mount a tmpfs: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".webm"])
def test_every_kind_plays_back_what_was_written(suffix: str, make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / f"out{suffix}"
    output = Video(path, 10.0)
    levels = [40, 90, 140, 190, 240]

    for index, level in enumerate(levels):
        assert output.write(make_moment(index, "1"), gray(level)) is None
    output.close()
    output.close()

    frames = frames_of(path)
    assert [frame.shape for frame in frames] == [(120, 160, 3)] * 5
    assert [float(frame.mean()) for frame in frames] == pytest.approx(levels, abs=12)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(10.0)


def test_frames_of_other_sizes_are_fitted_into_the_first(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    output = Video(path, 10)
    sizes = [(160, 120), (320, 240), (120, 160), (33, 7)]

    for index, size_wh in enumerate(sizes):
        output.write(make_moment(index, "1"), gray(200, size_wh))
    output.close()

    frames = frames_of(path)
    assert [frame.shape for frame in frames] == [(120, 160, 3)] * 4
    assert frames[1].min() > 180
    assert frames[2][:, :30].max() < 20 and frames[2][:, 60:100].min() > 180


def test_the_video_keeps_step_with_the_camera(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    output = Video(path, 20.0)

    for sequence in (0, 1, 2, 5):  # at 10 a second, with two frames missing
        output.write(make_moment(sequence, "1"), gray(40 * sequence))
    output.close()

    levels = [round(float(frame.mean()) / 40) for frame in frames_of(path)]
    assert levels == [0, 1, 1, 2, 2, 5, 5, 5, 5, 5, 5]


def test_a_long_gap_is_not_filled_with_a_still(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "out.avi"
    output = Video(path, 10.0)

    for sequence in (0, 1, 6000, 6001, 0, 1):  # gone for ten minutes; then another camera's clock
        output.write(make_moment(sequence, "1"), gray(90))
    output.close()

    assert len(frames_of(path)) == 6


def test_odd_sizes_become_even(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    output = Video(path, 10)

    output.write(make_moment(0, "1"), gray(200, (161, 121)))
    output.close()

    assert frames_of(path)[0].shape == (122, 162, 3)


def test_existing_file_is_overwritten(make_moment: MakeMoment, tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"something older" * 100000)
    output = Video(path, 10)

    output.write(make_moment(0, "1"), gray(100))
    output.close()

    assert len(frames_of(path)) == 1


def test_no_frame_leaves_no_file(tmp_path: Path) -> None:
    output = Video(tmp_path / "out.mp4", 10)

    output.close()

    assert not (tmp_path / "out.mp4").exists()


def test_writing_after_close_is_an_output_error(make_moment: MakeMoment, tmp_path: Path) -> None:
    output = Video(tmp_path / "out.mp4", 10)
    output.close()

    with pytest.raises(OutputError, match="out.mp4 is closed"):
        output.write(make_moment(0, "1"), gray(100))


def test_disk_that_fills_stops_the_recording_while_it_is_playable(make_moment: MakeMoment, tmp_path: Path) -> None:
    free = [RESERVE_BYTES + 3, RESERVE_BYTES + 2, RESERVE_BYTES, RESERVE_BYTES - 1]
    asked: list[Path] = []
    path = tmp_path / "out.mp4"

    def free_bytes(folder: Path) -> int:
        asked.append(folder)
        return free.pop(0)

    output = Video(path, 10, free_bytes=free_bytes)

    output.write(make_moment(0, "1"), gray(50))
    output.write(make_moment(1, "1"), gray(60))
    with pytest.raises(OutputError, match="disk is nearly full: .*out.mp4 needs 32 MiB free .* Received: 32.0 MiB"):
        output.write(make_moment(2, "1"), gray(70))
    output.close()

    assert len(frames_of(path)) == 2
    assert asked == [tmp_path] * 4


def test_full_disk_is_refused_before_the_first_frame(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="disk is nearly full.*Received: 1.0 MiB"):
        Video(tmp_path / "out.mp4", 10, free_bytes=lambda _: 2**20)


def test_real_disk_fills_and_the_video_still_plays(make_moment: MakeMoment, small_disk: Path) -> None:
    path = small_disk / "out.mp4"
    output = Video(path, 10)
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    written = 0

    with pytest.raises(OutputError, match="disk is nearly full"):
        for index in range(2000):
            output.write(make_moment(index, "1"), np.roll(noise, index * 7, axis=1))
            written = index + 1
    output.close()

    assert written > 10
    assert len(frames_of(path)) == written
    assert free_bytes_of(small_disk) > RESERVE_BYTES // 2


def test_folder_that_vanishes_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot ask for the free space of .*gone: No such file"):
        free_bytes_of(tmp_path / "gone")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("out.mov", "video file must end in .mp4, .avi, .webm. Received: .*out.mov", id="suffix"),
        pytest.param("absent/out.mp4", "folder not found: .*absent", id="no folder"),
    ],
)
def test_place_that_cannot_work_is_refused(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=message):
        Video(tmp_path / name, 10)


@pytest.mark.parametrize("fps", [0.0, -1.0, 5000.0, float("nan")])
def test_impossible_fps_is_refused(fps: float, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="video fps must be above 0 and at most 1000. Received: "):
        Video(tmp_path / "out.mp4", fps)
