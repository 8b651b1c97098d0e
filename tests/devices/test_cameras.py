"""Cameras of every kind keep one contract, and one string chooses among them."""

import re
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest
from PIL import Image

from edge_app.devices import cameras
from edge_app.devices.cameras import fake, images, opencv, picamera
from edge_app.errors import CameraError
from edge_app.frames import UInt8
from edge_app.protocols import Camera

SIZE_WH = (96, 64)
FRAMES = 4


def picture(level: int) -> UInt8:
    return np.full((SIZE_WH[1], SIZE_WH[0]), level, dtype=np.uint8)


def video_file(path: Path, frames: int = FRAMES, fps: float = 12.5) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, SIZE_WH)
    for level in range(frames):
        writer.write(cv2.cvtColor(picture(50 * level), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


class StandInRequest:
    """What picamera2's capture_request gives: buffers with padded rows, and a release that is counted."""

    def __init__(self, camera: "StandInPicamera2", level: int) -> None:
        self._camera, self._level = camera, level
        self.config = camera.configuration

    def make_buffer(self, name: str) -> UInt8:
        (width, height), stride = self.config[name]["size"], self.config[name]["stride"]
        luma = np.full((height, stride), 7, dtype=np.uint8)  # 7: padding
        luma[:, :width] = self._level
        chroma = np.full(stride * height // 2, 128, dtype=np.uint8)
        return np.concatenate([luma.ravel(), chroma])

    def get_metadata(self) -> dict[str, int]:
        return {"SensorTimestamp": 1_000_000_000 + self._level * 1_000_000}

    def release(self) -> None:
        self._camera.held -= 1


class StandInPicamera2:
    """The part of picamera2's API that the backend uses, with FRAMES frames and then silence."""

    instances: ClassVar[list["StandInPicamera2"]] = []
    format = "YUV420"
    refuse: Exception | None = None

    def __init__(self, number: int) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.number, self.held, self.taken, self.running, self.closed = number, 0, 0, False, 0
        self.configuration: dict[str, Any] = {}
        StandInPicamera2.instances.append(self)

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        return [{"Model": "imx708", "Num": 0}]

    def create_video_configuration(self, *, main: Any, lores: Any, **_: Any) -> dict[str, Any]:
        streams = {"main": main, "lores": lores}
        return {
            name: {"size": stream["size"], "format": self.format, "stride": stream["size"][0] + 32}
            for name, stream in streams.items()
        }

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def start(self) -> None:
        self.running = True

    def capture_request(self, wait: float) -> StandInRequest:
        assert self.running
        assert wait > 0
        if self.taken == FRAMES:
            raise TimeoutError
        self.held += 1
        self.taken += 1
        return StandInRequest(self, 50 * (self.taken - 1))

    def close(self) -> None:
        self.running = False
        self.closed += 1


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[StandInPicamera2]]:
    module = types.ModuleType("picamera2")
    module.Picamera2 = StandInPicamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    StandInPicamera2.instances.clear()
    yield StandInPicamera2


@pytest.fixture(params=["fake", "images", "video", "picamera2"])
def make_camera(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Camera]:
    """Opens the same four frames on each backend in turn."""
    if request.param == "fake":
        return lambda: fake.FakeCamera([picture(50 * n) for n in range(FRAMES)])
    if request.param == "images":
        paths = [tmp_path / f"{n}.png" for n in range(FRAMES)]
        for n, path in enumerate(paths):
            Image.fromarray(picture(50 * n)).save(path)
        return lambda: images.ImagesCamera("pictures", paths)
    if request.param == "video":
        path = video_file(tmp_path / "film.avi")
        return lambda: opencv.open_video(path)
    request.getfixturevalue("picamera2")
    return lambda: picamera.PicameraCamera(0, SIZE_WH, 30.0)


def test_frames_are_numbered_timed_and_shaped(make_camera: Callable[[], Camera]) -> None:
    camera = make_camera()

    frames = [camera.read() for _ in range(FRAMES)]

    assert [frame.sequence for frame in frames if frame] == list(range(FRAMES))
    times = [frame.timestamp_ns for frame in frames if frame]
    assert times == sorted(times)
    for level, frame in enumerate(frames):
        assert frame is not None
        assert frame.gray.dtype == np.uint8
        assert frame.size_wh == SIZE_WH
        assert abs(float(frame.gray.mean()) - 50 * level) < 3


def test_colour_is_a_fresh_picture_that_may_be_drawn_on(make_camera: Callable[[], Camera]) -> None:
    camera = make_camera()
    frame = camera.read()
    assert frame is not None
    before = frame.gray.copy()

    colour = frame.bgr()
    colour[...] = 99

    assert colour.shape == (SIZE_WH[1], SIZE_WH[0], 3)
    assert np.array_equal(frame.gray, before)
    assert not np.array_equal(frame.bgr(), colour)


def test_a_frame_outlives_the_next_one(make_camera: Callable[[], Camera]) -> None:
    camera = make_camera()
    first = camera.read()
    assert first is not None
    before = first.gray.copy()

    camera.read()
    camera.close()

    assert np.array_equal(first.gray, before)


def test_the_end_is_told_over_and_over_or_is_an_error(make_camera: Callable[[], Camera]) -> None:
    camera = make_camera()
    for _ in range(FRAMES):
        camera.read()

    for _ in range(2):
        if isinstance(camera, picamera.PicameraCamera):
            with pytest.raises(CameraError, match="a frame must come within 5 s"):
                camera.read()
        else:
            assert camera.read() is None


def test_closing_twice_is_safe_and_reading_after_is_an_error(make_camera: Callable[[], Camera]) -> None:
    camera = make_camera()

    camera.close()
    camera.close()

    with pytest.raises(CameraError, match="closed"):
        camera.read()


def test_a_camera_can_be_opened_again(make_camera: Callable[[], Camera]) -> None:
    first = make_camera()
    first.read()
    first.close()

    frame = make_camera().read()

    assert frame is not None
    assert frame.sequence == 0


def test_picamera2_gives_every_buffer_back(picamera2: type[StandInPicamera2]) -> None:
    camera = picamera.PicameraCamera(0, SIZE_WH, 30.0)
    for _ in range(FRAMES):
        camera.read()
    camera.close()

    assert [(instance.held, instance.closed) for instance in picamera2.instances] == [(0, 1)]


@pytest.mark.parametrize("layout", ["YUV420", "NV12"])
def test_picamera2_colours_and_gray_agree(
    picamera2: type[StandInPicamera2], monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    monkeypatch.setattr(picamera2, "format", layout)
    camera = picamera.PicameraCamera(0, SIZE_WH, 30.0)
    camera.read()
    camera.read()

    frame = camera.read()

    assert frame is not None
    assert set(np.unique(frame.gray)) == {100}  # the padding is not in the picture
    assert np.ptp(frame.bgr()) <= 2
    assert frame.lores_gray is not None
    assert frame.timestamp_ns == 1_100_000_000


def test_picamera2_lores_is_the_same_picture_smaller(picamera2: type[StandInPicamera2]) -> None:
    frame = picamera.PicameraCamera(0, (1280, 720), 30.0).read()

    assert frame is not None
    assert frame.gray.shape == (720, 1280)
    assert frame.lores_gray is not None
    assert frame.lores_gray.shape == (360, 640)


def test_a_picamera2_that_is_in_use_is_an_error(
    picamera2: type[StandInPicamera2], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picamera2, "refuse", RuntimeError("Camera __init__ sequence did not complete."))

    with pytest.raises(CameraError, match="must be connected and free. Received: Camera __init__"):
        picamera.PicameraCamera(0, SIZE_WH, 30.0)


def test_without_picamera2_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)

    with pytest.raises(CameraError, match="sudo apt install python3-picamera2"):
        picamera.PicameraCamera(0, SIZE_WH, 30.0)


def test_a_video_has_its_own_pace(tmp_path: Path) -> None:
    camera = opencv.open_video(video_file(tmp_path / "film.avi", fps=12.5))
    frames = [camera.read(), camera.read()]

    assert camera.fps == pytest.approx(12.5)
    assert [frame.timestamp_ns for frame in frames if frame] == [0, 80_000_000]


def test_a_fake_fails_and_goes_on_as_its_script_says() -> None:
    camera = fake.FakeCamera([picture(1), CameraError("unplugged"), picture(2)])

    assert camera.read() is not None
    with pytest.raises(CameraError, match="unplugged"):
        camera.read()
    frame = camera.read()

    assert frame is not None
    assert frame.gray[0, 0] == 2


def test_a_paced_fake_waits_for_each_frame() -> None:
    now_s = [10.0]
    waits: list[float] = []

    def sleep(wait_s: float) -> None:
        waits.append(wait_s)
        now_s[0] += wait_s

    camera = fake.FakeCamera([picture(1)] * 3, fps=20.0, clock=lambda: now_s[0], sleep=sleep)
    for _ in range(3):
        camera.read()

    assert waits == pytest.approx([0.0, 0.05, 0.05])


def test_auto_takes_the_pis_camera_first(picamera2: type[StandInPicamera2]) -> None:
    assert cameras.open_camera("auto").name == "picamera2:0"


def test_auto_without_any_camera_says_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))

    with pytest.raises(CameraError, match=r"picamera2 sees no camera; there is no /dev/video\*; connect one"):
        cameras.open_camera("auto")


@pytest.mark.parametrize(
    ("source", "name", "live"),
    [
        pytest.param("clip", "clip.mp4", False, id="sample clip"),
        pytest.param("{folder}/film.avi", "film.avi", False, id="video"),
        pytest.param("{folder}/0.png", "0.png", False, id="picture"),
        pytest.param("{folder}", "/", False, id="folder"),
        pytest.param("fake", "fake", True, id="fake"),
    ],
)
def test_one_string_chooses_the_camera(tmp_path: Path, source: str, name: str, live: bool) -> None:
    video_file(tmp_path / "film.avi")
    Image.fromarray(picture(9)).save(tmp_path / "0.png")
    source = source.format(folder=tmp_path)

    camera = cameras.open_camera(source)

    assert camera.name.endswith(name)
    assert camera.live is live is cameras.is_live_source(source)
    assert camera.read() is not None


@pytest.mark.parametrize(
    ("source", "message"),
    [
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


def test_a_file_that_is_no_video_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"not a video" * 100)

    with pytest.raises(CameraError, match="must be a video that can be decoded"):
        cameras.open_camera(str(path))


def test_a_truncated_video_ends_or_fails_but_does_not_hang(tmp_path: Path) -> None:
    whole = cameras.embedded_clip_path().read_bytes()
    path = tmp_path / "part.avi"  # AVI has its index last, as the clip's MP4 has
    video_file(tmp_path / "whole.avi", frames=20)
    path.write_bytes((tmp_path / "whole.avi").read_bytes()[:-2000])
    (tmp_path / "part.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CameraError, match="must be a video that can be decoded"):
        cameras.open_camera(str(tmp_path / "part.mp4"))
    camera = cameras.open_camera(str(path))
    count = 0

    while camera.read() is not None:
        count += 1

    assert 0 < count < 20


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="must hold at least one picture"):
        cameras.open_camera(str(tmp_path))


def test_a_password_is_not_shown() -> None:
    with pytest.raises(CameraError) as refusal:
        cameras.open_camera("rtsp://me:secret@127.0.0.1:9/stream")

    assert "secret" not in str(refusal.value)
    assert "rtsp://me:…@127.0.0.1:9/stream" in str(refusal.value)
