"""One string chooses among the cameras."""

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from edge_app.devices import cameras
from edge_app.devices.cameras import opencv
from edge_app.devices.cameras.fake import FakeCamera
from edge_app.errors import CameraError


def save_picture(path: Path) -> None:
    Image.fromarray(np.full((48, 64), 90, dtype=np.uint8)).save(path)


def save_video(path: Path) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (64, 48))
    writer.write(np.full((48, 64, 3), 90, dtype=np.uint8))
    writer.release()


@pytest.mark.parametrize(
    ("source", "name", "live"),
    [
        pytest.param("clip", "clip", False, id="sample clip"),
        pytest.param("{folder}/film.avi", "film.avi", False, id="video"),
        pytest.param("{folder}/0.png", "0.png", False, id="picture"),
        pytest.param("{folder}", "/", False, id="folder"),
        pytest.param("fake", "fake", True, id="fake"),
        pytest.param("fake:31", "fake:31", True, id="fake with a text of one's own"),
    ],
)
def test_one_string_chooses_the_camera(tmp_path: Path, source: str, name: str, live: bool) -> None:
    save_video(tmp_path / "film.avi")
    save_picture(tmp_path / "0.png")
    source = source.format(folder=tmp_path)

    camera = cameras.open_camera(source, size_wh=(320, 240))

    assert camera.name.endswith(name)
    assert camera.live is live is cameras.is_live_source(source)
    assert camera.read() is not None


@pytest.mark.parametrize(
    ("source", "live"),
    [
        ("auto", True),
        ("picamera2", True),
        ("picamera2:1", True),
        ("/dev/video0", True),
        ("/dev/v4l/by-id/usb-Webcam-index0", True),
        ("2", True),
        ("rtsp://camera/stream", True),
        ("HTTP://camera/stream.mjpg", True),
        ("fake", True),
        ("clip", False),
        ("film.mp4", False),
        ("photos/2", False),
        ("fake.png", False),
        ("automatic", False),
    ],
)
def test_a_source_is_live_where_a_lost_camera_may_come_back(source: str, live: bool) -> None:
    assert cameras.is_live_source(source) is live


def test_picamera2_is_chosen_by_its_number(picamera2: Any) -> None:
    assert cameras.open_camera("picamera2").name == "picamera2:0"
    with pytest.raises(CameraError, match="picamera2:1: .* Received: No camera number 1 found"):
        cameras.open_camera("picamera2:1")


def test_auto_takes_the_pis_camera_first(picamera2: Any) -> None:
    assert cameras.open_camera("auto").name == "picamera2:0"


def test_auto_takes_the_first_usb_camera_that_works(no_picamera2: None, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = [Path(f"/dev/video{number}") for number in (10, 2, 19, 0)]
    drivers = {"video0": "USB Camera: metadata", "video2": "USB Camera", "video10": "bcm2835-codec-decode"}
    asked: list[str] = []

    def open_v4l2(device: str, *_: object) -> FakeCamera:
        asked.append(device)
        if device == "/dev/video0":
            raise CameraError(f"{device}: yields nothing")
        return FakeCamera([], name=f"opened {device}")

    monkeypatch.setattr(Path, "glob", lambda *_: iter(devices))
    monkeypatch.setattr(cameras, "_v4l2_name", lambda device: drivers.get(device.name, ""))
    monkeypatch.setattr(opencv, "open_v4l2", open_v4l2)

    camera = cameras.open_camera("auto")

    assert camera.name == "opened /dev/video2"
    assert asked == ["/dev/video0", "/dev/video2"]


def test_auto_without_any_camera_says_what_was_tried(no_picamera2: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: iter([Path("/dev/video98")]))

    with pytest.raises(CameraError) as refusal:
        cameras.open_camera("auto")

    assert "no camera found: picamera2 must be installed" in str(refusal.value)
    assert "/dev/video98: no such camera" in str(refusal.value)
    assert str(refusal.value).endswith("; connect one, or name one with --camera")


def test_the_stages_of_a_pis_own_hardware_are_no_usb_cameras(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(["bcm2835-isp-capture0\n", "rp1-cfe-csi2_ch0\n", "USB Camera\n"]):
        (tmp_path / f"video{number}").mkdir()
        (tmp_path / f"video{number}" / "name").write_text(name)
    devices = [Path(f"/dev/video{number}") for number in range(4)]
    monkeypatch.setattr(Path, "glob", lambda *_: iter(devices))
    monkeypatch.setattr(cameras, "V4L2_NAMES", tmp_path)

    assert cameras._v4l2_devices() == [Path("/dev/video2"), Path("/dev/video3")]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("", "clip or fake. Received: nothing", id="empty"),
        pytest.param(" ", "clip or fake. Received: nothing", id="blank"),
        pytest.param("x" * 300, "must be a file that can be opened. Received: File name too long", id="long name"),
        pytest.param("x" * 300 + ".mp4", "must be a file that can be opened. Received: File name", id="long video"),
        pytest.param("/dev/video99", "/dev/video99: no such camera", id="no device"),
        pytest.param("99", "/dev/video99: no such camera", id="no such number"),
        pytest.param("gone.mp4", "gone.mp4: video file not found", id="no video"),
        pytest.param("gone.png", "gone.png (no such file)", id="no picture"),
        pytest.param("kamera", "camera must be auto, picamera2, /dev/video0", id="no such form"),
        pytest.param("rtsp://127.0.0.1:9/stream", "must answer with a video within 5 s", id="nobody answers"),
    ],
)
def test_what_cannot_be_opened_is_an_error(source: str, message: str) -> None:
    with pytest.raises(CameraError, match=re.escape(message)):
        cameras.open_camera(source)


def test_a_file_of_no_known_kind_is_an_error_that_names_the_forms(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("407")

    with pytest.raises(CameraError, match=r"a folder of pictures, clip or fake. Received: .*a file of kind .txt"):
        cameras.open_camera(str(path))


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="must hold at least one picture"):
        cameras.open_camera(str(tmp_path))


def test_the_limit_on_pictures_is_the_callers(tmp_path: Path) -> None:
    save_picture(tmp_path / "0.png")
    camera = cameras.open_camera(str(tmp_path), max_pixels=1000)

    with pytest.raises(CameraError, match="must hold a picture that can be read. Received: 1 bad"):
        camera.read()


def test_the_sample_clip_has_its_truth_beside_it() -> None:
    clip = cameras.embedded_clip_path()

    assert clip.is_file()
    assert clip.with_suffix(".json").is_file()
