"""The picamera2 backend takes what the camera stack gives, gives every buffer back, and names what failed."""

import sys
from typing import Any

import numpy as np
import pytest

from edge_app.devices.cameras.picamera import PicameraCamera
from edge_app.errors import CameraError

SIZE_WH = (96, 64)
FRAMES = 4


def test_every_buffer_is_given_back(picamera2: Any) -> None:
    camera = PicameraCamera(0, SIZE_WH, 30.0)

    for _ in range(FRAMES):
        camera.read()
    camera.close()

    (used,) = picamera2.instances
    assert (used.taken, used.held, used.is_open) == (FRAMES, 0, False)


def test_a_buffer_that_cannot_be_read_is_given_back_too(picamera2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = PicameraCamera(0, SIZE_WH, 30.0)
    monkeypatch.setattr(picamera2, "torn", True)

    with pytest.raises(CameraError, match="picamera2:0: camera failed: failed to map the buffer"):
        camera.read()

    assert picamera2.instances[0].held == 0


def test_a_frame_that_comes_too_late_goes_to_nobody(picamera2: Any) -> None:
    camera = PicameraCamera(0, SIZE_WH, 30.0)
    for _ in range(FRAMES):
        camera.read()

    with pytest.raises(CameraError, match="None came"):
        camera.read()

    assert picamera2.instances[0].waiting_jobs == 0


@pytest.mark.parametrize("layout", ["YUV420", "NV12"])
def test_gray_and_colour_leave_the_padding_out(picamera2: Any, monkeypatch: pytest.MonkeyPatch, layout: str) -> None:
    monkeypatch.setattr(picamera2, "format", layout)
    camera = PicameraCamera(0, SIZE_WH, 30.0)
    camera.read()
    camera.read()

    frame = camera.read()

    assert frame is not None
    assert set(np.unique(frame.gray)) == {100}
    # BT.601 of luma 100, blue chroma 200 and red chroma 90, all over the picture.
    blue = 1.164 * (100 - 16) + 2.018 * (200 - 128)
    green = 1.164 * (100 - 16) - 0.391 * (200 - 128) - 0.813 * (90 - 128)
    red = 1.164 * (100 - 16) + 1.596 * (90 - 128)
    assert frame.bgr().reshape(-1, 3).min(axis=0) == pytest.approx([blue, green, red], abs=2)
    assert frame.bgr().reshape(-1, 3).max(axis=0) == pytest.approx([blue, green, red], abs=2)


def test_the_time_is_the_sensors(picamera2: Any) -> None:
    camera = PicameraCamera(0, SIZE_WH, 30.0)
    camera.read()

    frame = camera.read()

    assert frame is not None
    assert frame.timestamp_ns == 1_050_000_000


@pytest.mark.parametrize(
    ("size_wh", "gray_shape", "lores_shape"),
    [
        pytest.param((1280, 720), (720, 1280), (360, 640), id="HD"),
        pytest.param((640, 480), (480, 640), (480, 640), id="small enough"),
        pytest.param((1281, 721), (720, 1280), (360, 640), id="odd"),
        pytest.param((480, 1920), (1920, 480), (640, 160), id="upright"),
    ],
)
def test_lores_is_the_same_picture_smaller(
    picamera2: Any, size_wh: tuple[int, int], gray_shape: tuple[int, int], lores_shape: tuple[int, int]
) -> None:
    frame = PicameraCamera(0, size_wh, 30.0).read()

    assert frame is not None
    assert frame.gray.shape == gray_shape
    assert frame.lores_gray is not None
    assert frame.lores_gray.shape == lores_shape


def test_the_camera_is_asked_for_the_pace_and_for_colours_that_opencv_knows(picamera2: Any) -> None:
    PicameraCamera(0, SIZE_WH, 12.5)

    configuration = picamera2.instances[0].configuration
    assert configuration["controls"] == {"FrameRate": 12.5}
    assert configuration["colour_space"] == "SMPTE170M"


def test_a_camera_that_cannot_yield_yuv420_is_refused_and_let_go(
    picamera2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picamera2, "format", "YUYV")

    with pytest.raises(CameraError, match="Received: main stream as YUYV, not YUV420 or NV12"):
        PicameraCamera(0, SIZE_WH, 30.0)

    assert not picamera2.instances[0].is_open


def test_a_camera_in_use_is_an_error_with_its_cause(picamera2: Any) -> None:
    PicameraCamera(0, SIZE_WH, 30.0)

    with pytest.raises(CameraError, match=r"must be connected and free. Received: .*\(Failed to acquire camera: Dev"):
        PicameraCamera(0, SIZE_WH, 30.0)


def test_a_number_without_a_camera_is_an_error(picamera2: Any) -> None:
    with pytest.raises(CameraError, match=r"picamera2:3: .* Received: No camera number 3 found; see `rpicam-hello"):
        PicameraCamera(3, SIZE_WH, 30.0)


def test_a_camera_that_cannot_be_closed_is_told_in_the_log(
    picamera2: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("Failed to release camera")

    camera = PicameraCamera(0, SIZE_WH, 30.0)
    monkeypatch.setattr(picamera2, "close", fail)

    camera.close()

    assert "picamera2:0: closing failed: Failed to release camera" in caplog.text


def test_without_picamera2_the_error_says_how_to_get_it(no_picamera2: None) -> None:
    with pytest.raises(CameraError, match="on a Pi: sudo apt install python3-picamera2"):
        PicameraCamera(0, SIZE_WH, 30.0)


def test_a_picamera2_that_does_not_fit_this_numpy_is_an_error(picamera2: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Finder:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == "picamera2":
                raise ValueError("numpy.dtype size changed, may indicate binary incompatibility")

    monkeypatch.delitem(sys.modules, "picamera2")
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])

    with pytest.raises(CameraError, match="Received: numpy.dtype size changed"):
        PicameraCamera(0, SIZE_WH, 30.0)
