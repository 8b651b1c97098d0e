"""Cameras of every kind keep one contract: what `edge_app.protocols.Camera` promises the loop."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from edge_app.devices.cameras import fake, images, opencv, picamera
from edge_app.errors import CameraError
from edge_app.frames import Frame, UInt8
from edge_app.protocols import Camera

SIZE_WH = (96, 64)
LEVELS = (0, 50, 100, 150)  # gray of each frame in turn

MakeCamera = Callable[[], Camera]


def picture(level: int) -> UInt8:
    return np.full((SIZE_WH[1], SIZE_WH[0]), level, dtype=np.uint8)


def frames_of(camera: Camera) -> list[Frame]:
    frames = [camera.read() for _ in LEVELS]
    return [frame for frame in frames if frame is not None]


def make_fake(_: Path) -> Camera:
    return fake.FakeCamera([picture(level) for level in LEVELS])


def make_images(folder: Path) -> Camera:
    paths = [folder / f"{level}.png" for level in LEVELS]
    for path, level in zip(paths, LEVELS, strict=True):
        Image.fromarray(picture(level)).save(path)
    return images.ImagesCamera("pictures", paths)


def make_video(folder: Path) -> Camera:
    path = folder / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 12.5, SIZE_WH)
    for level in LEVELS:
        writer.write(cv2.cvtColor(picture(level), cv2.COLOR_GRAY2BGR))
    writer.release()
    return opencv.open_video(path)


def make_picamera(_: Path) -> Camera:
    return picamera.PicameraCamera(0, SIZE_WH, 30.0)


MAKERS = {"fake": make_fake, "images": make_images, "video": make_video, "picamera2": make_picamera}
LIVE = {"fake", "picamera2"}


@pytest.fixture(params=list(MAKERS))
def kind(request: pytest.FixtureRequest) -> str:
    """Each backend in turn."""
    if request.param == "picamera2":
        request.getfixturevalue("picamera2")
    return str(request.param)


@pytest.fixture
def make_camera(kind: str, tmp_path: Path) -> MakeCamera:
    """Opens the same four frames on that backend."""
    return lambda: MAKERS[kind](tmp_path)


def test_it_says_what_it_is(kind: str, make_camera: MakeCamera) -> None:
    camera = make_camera()

    assert camera.name
    assert camera.live is (kind in LIVE)
    assert camera.fps >= 0.0


def test_frames_are_numbered_from_0_by_1(make_camera: MakeCamera) -> None:
    frames = frames_of(make_camera())

    assert [frame.sequence for frame in frames] == [0, 1, 2, 3]


def test_time_goes_forward_in_nanoseconds(make_camera: MakeCamera) -> None:
    times = [frame.timestamp_ns for frame in frames_of(make_camera())]

    assert all(isinstance(time, int) for time in times)
    assert times == sorted(set(times))
    assert times[-1] - times[0] > 1_000_000  # counted in seconds it would be less


def test_gray_is_the_picture(make_camera: MakeCamera) -> None:
    frames = frames_of(make_camera())

    assert {(frame.gray.shape, frame.gray.dtype.name) for frame in frames} == {((64, 96), "uint8")}
    assert [round(float(frame.gray.mean())) for frame in frames] == pytest.approx(LEVELS, abs=2)


def test_colour_is_a_fresh_picture_that_may_be_drawn_on(make_camera: MakeCamera) -> None:
    frame = frames_of(make_camera())[1]
    before = frame.gray.copy()

    colour = frame.bgr()
    colour[...] = 99

    assert colour.shape == (64, 96, 3)
    assert colour.flags.c_contiguous
    assert np.array_equal(frame.gray, before)
    assert not np.array_equal(frame.bgr(), colour)


def test_a_frame_outlives_the_next_one_and_the_camera(make_camera: MakeCamera) -> None:
    camera = make_camera()
    first = camera.read()
    assert first is not None
    before = first.gray.copy(), first.bgr()

    camera.read()
    camera.close()

    assert np.array_equal(first.gray, before[0])
    assert np.array_equal(first.bgr(), before[1])


def test_the_end_is_told_over_and_over_and_silence_is_an_error(make_camera: MakeCamera) -> None:
    camera = make_camera()
    frames_of(camera)

    for _ in range(3):
        if isinstance(camera, picamera.PicameraCamera):
            with pytest.raises(CameraError, match=r"picamera2:0: a frame must come within 5 s. None came"):
                camera.read()
        else:
            assert camera.read() is None


def test_closing_twice_is_safe_and_reading_after_it_an_error(make_camera: MakeCamera) -> None:
    camera = make_camera()
    camera.read()

    camera.close()
    camera.close()

    with pytest.raises(CameraError, match=f"{camera.name}: camera is closed"):
        camera.read()


def test_it_can_be_opened_again_after_it_was_closed(make_camera: MakeCamera) -> None:
    first = make_camera()
    first.read()
    first.close()

    frame = make_camera().read()

    assert frame is not None
    assert frame.sequence == 0
