"""OpenCV's cameras: what is asked of a USB camera, real servers on the loopback, and files good and bad."""

import http.server
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import pytest

from edge_app.devices import cameras
from edge_app.devices.cameras import opencv
from edge_app.devices.cameras.newest import NewestFrame
from edge_app.errors import CameraError
from edge_app.frames import UInt8

RTSP_SERVER = Path(__file__).parent / "rtsp_server.py"
SYSTEM_PYTHON = Path("/usr/bin/python3")  # Debian's python3-gi is for this one alone


def page(level: int, size_wh: tuple[int, int] = (96, 64)) -> UInt8:
    return np.full((size_wh[1], size_wh[0], 3), level, dtype=np.uint8)


def save_video(path: Path, frames: int, fps: float = 12.5) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (96, 64))
    for number in range(frames):
        writer.write(page(5 * number))
    writer.release()
    return path


class StandInCapture:
    """cv2.VideoCapture of a USB camera, which no test machine has.

    Attributes:
        yields: what each format makes it read, for ever; None is a frame that does not come.
        frames: how many come before it vanishes.
        busy: whether another program has it.
    """

    yields: ClassVar[dict[str, UInt8 | None]] = {}
    frames = 1000
    busy = False
    opened: ClassVar[list["StandInCapture"]] = []

    def __init__(self, device: str, backend: int) -> None:
        assert backend == cv2.CAP_V4L2
        self.device, self.settings, self.left = device, {cv2.CAP_PROP_FPS: 24.0}, self.frames
        self.released = False
        self.opened.append(self)

    def isOpened(self) -> bool:
        return not self.busy

    def set(self, setting: int, value: float) -> bool:
        self.settings[setting] = value
        return True

    def get(self, setting: int) -> float:
        return self.settings.get(setting, 0.0)

    @property
    def fourcc(self) -> str:
        return int(self.settings[cv2.CAP_PROP_FOURCC]).to_bytes(4, "little").decode()

    def read(self) -> tuple[bool, UInt8 | None]:
        self.left -= 1
        picture = self.yields[self.fourcc] if self.left >= 0 else None
        return picture is not None, picture

    def release(self) -> None:
        self.released = True


@pytest.fixture
def usb_camera(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[type[StandInCapture], str]]:
    """A USB camera that yields MJPG and YUYV, with the path of its device."""

    class Fresh(StandInCapture):
        yields: ClassVar[dict[str, UInt8 | None]] = {"MJPG": page(90), "YUYV": page(90)}
        opened: ClassVar[list[StandInCapture]] = []

    device = tmp_path / "video0"
    device.touch()
    monkeypatch.setattr(cv2, "VideoCapture", Fresh)
    yield Fresh, str(device)


def test_a_usb_camera_is_asked_for_format_size_pace_and_no_queue(usb_camera: tuple[Any, str]) -> None:
    capture, device = usb_camera

    camera = opencv.open_v4l2(device, (1280, 720), 15.0)

    settings = capture.opened[0].settings
    assert capture.opened[0].fourcc == "MJPG"
    assert (settings[cv2.CAP_PROP_FRAME_WIDTH], settings[cv2.CAP_PROP_FRAME_HEIGHT]) == (1280, 720)
    assert (settings[cv2.CAP_PROP_FPS], camera.fps) == (15.0, 15.0)
    assert settings[cv2.CAP_PROP_BUFFERSIZE] == 1
    assert camera.live


@pytest.mark.parametrize(
    "mjpg",
    [
        pytest.param(None, id="no frames"),
        pytest.param(np.zeros((1, 40_000), dtype=np.uint8), id="raw bytes"),
    ],
)
def test_a_usb_camera_without_mjpg_is_opened_as_yuyv(usb_camera: tuple[Any, str], mjpg: UInt8 | None) -> None:
    capture, device = usb_camera
    capture.yields["MJPG"] = mjpg

    frame = opencv.open_v4l2(device, (96, 64), 30.0).read()

    assert frame is not None
    assert frame.size_wh == (96, 64)
    assert [(tried.fourcc, tried.released) for tried in capture.opened] == [("MJPG", True), ("YUYV", False)]


def test_a_usb_camera_without_pictures_is_refused_and_let_go(usb_camera: tuple[Any, str]) -> None:
    capture, device = usb_camera
    capture.yields.update(MJPG=None, YUYV=None)

    with pytest.raises(CameraError, match="video0: must yield pictures as MJPG or YUYV. Received: none"):
        opencv.open_v4l2(device, (96, 64), 30.0)

    assert all(tried.released for tried in capture.opened)


def test_a_usb_camera_in_use_is_an_error(usb_camera: tuple[Any, str], monkeypatch: pytest.MonkeyPatch) -> None:
    capture, device = usb_camera
    monkeypatch.setattr(capture, "busy", True)

    with pytest.raises(CameraError, match="video0: must be a camera that is not in use. It cannot be opened"):
        opencv.open_v4l2(device, (96, 64), 30.0)


def test_a_usb_camera_that_vanishes_is_an_error(usb_camera: tuple[Any, str], monkeypatch: pytest.MonkeyPatch) -> None:
    capture, device = usb_camera
    monkeypatch.setattr(capture, "frames", 3)  # the first of them was the trial
    camera = opencv.open_v4l2(device, (96, 64), 30.0)
    frames = [camera.read(), camera.read()]

    with pytest.raises(CameraError, match="video0: must go on yielding frames. It stopped after 2"):
        camera.read()

    assert [frame.sequence for frame in frames if frame] == [0, 1]


def test_a_gray_usb_camera_is_read(usb_camera: tuple[Any, str]) -> None:
    capture, device = usb_camera
    capture.yields["MJPG"] = page(90)[:, :, 0]

    frame = opencv.open_v4l2(device, (96, 64), 30.0).read()

    assert frame is not None
    assert frame.bgr().tolist() == page(90).tolist()


class MjpegCamera(http.server.BaseHTTPRequestHandler):
    """A network camera as cheap ones are: JPEGs one after another in one endless answer.

    The gray of each is its number.
    """

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        server: Any = self.server
        while not server.gone.wait(0.02):
            _, jpeg = cv2.imencode(".jpg", page(min(server.sent, 250)))
            try:
                self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg.tobytes() + b"\r\n")
            except OSError:
                return
            server.sent += 1

    def log_message(self, *_: Any) -> None:
        """Nothing: the tests' output is not the place."""


@pytest.fixture
def http_camera() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), MjpegCamera)
    server.gone, server.sent = threading.Event(), 0  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.gone.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_http_camera_plays_until_it_goes(http_camera: Any) -> None:
    camera = cameras.open_camera(f"http://127.0.0.1:{http_camera.server_port}/stream.mjpg")
    frames = [camera.read() for _ in range(3)]

    http_camera.gone.set()
    with pytest.raises(CameraError, match="must go on yielding frames"):
        for _ in range(1000):
            camera.read()
    camera.close()

    assert [frame.sequence for frame in frames if frame] == [0, 1, 2]
    levels = [float(frame.gray.mean()) for frame in frames if frame]
    assert levels == sorted(set(levels))


def test_a_slow_reader_gets_the_newest_picture_of_a_network_camera(http_camera: Any) -> None:
    camera = cameras.open_camera(f"http://127.0.0.1:{http_camera.server_port}/stream.mjpg")
    first = camera.read()
    assert first is not None
    sent_at_first = http_camera.sent

    while http_camera.sent < sent_at_first + 60:  # the camera goes on while somebody thinks
        time.sleep(0.02)
    second = camera.read()
    camera.close()

    assert second is not None
    assert second.sequence >= 40  # not 1; some may still be on their way
    assert float(second.gray.mean()) - float(first.gray.mean()) > 20


def test_closing_a_network_camera_ends_its_thread(http_camera: Any) -> None:
    camera = cameras.open_camera(f"http://127.0.0.1:{http_camera.server_port}/stream.mjpg")
    assert isinstance(camera, NewestFrame)
    camera.read()
    reading = camera._thread.is_alive()

    camera.close()

    assert reading
    assert not camera._thread.is_alive()


class RtspServer:
    """The server of rtsp_server.py on a port of its own."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{self.port}/digits"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [SYSTEM_PYTHON, RTSP_SERVER, str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/tmp")},
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def send(self, signal_number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(signal_number)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate(timeout=10)


@pytest.fixture(scope="module")
def has_rtsp_server() -> None:
    """Skips where the packages of the server are not installed."""
    probe = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    needed = "apt packages python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-good"
    if not SYSTEM_PYTHON.exists() or subprocess.run([SYSTEM_PYTHON, "-c", probe], capture_output=True).returncode:
        pytest.skip(f"the RTSP server needs the {needed}")


@pytest.fixture
def rtsp_server(has_rtsp_server: None) -> Iterator[RtspServer]:
    server = RtspServer()
    server.start()
    yield server
    server.stop()


def test_an_rtsp_camera_plays_is_lost_and_comes_back(rtsp_server: RtspServer) -> None:
    camera = cameras.open_camera(rtsp_server.url)
    frames = [camera.read() for _ in range(3)]

    rtsp_server.stop()
    with pytest.raises(CameraError, match="must go on yielding frames"):
        for _ in range(1000):
            camera.read()
    camera.close()
    with pytest.raises(CameraError, match="must answer with a video within 5 s"):
        cameras.open_camera(rtsp_server.url)
    rtsp_server.start()
    again = cameras.open_camera(rtsp_server.url)
    frame = again.read()
    again.close()

    numbers = [seen.sequence for seen in frames if seen]
    assert len(numbers) == 3 and numbers == sorted(set(numbers))
    assert frame is not None
    assert frame.size_wh == (160, 120)
    assert frame.gray.max() > 200  # the ball


def test_an_rtsp_camera_that_freezes_is_an_error(rtsp_server: RtspServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencv, "READ_TIMEOUT_MS", 1_000)
    camera = cameras.open_camera(rtsp_server.url)
    camera.read()

    rtsp_server.send(signal.SIGSTOP)
    with pytest.raises(CameraError, match="must go on yielding frames"):
        for _ in range(1000):
            camera.read()
    rtsp_server.stop()
    camera.close()


def test_a_server_that_takes_the_call_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opencv, "OPEN_TIMEOUT_MS", 1_000)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/stream"

        with pytest.raises(CameraError, match="must answer with a video within 1 s. It did not"):
            cameras.open_camera(url)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(CameraError) as refusal:
        cameras.open_camera("rtsp://me:secret@127.0.0.1:9/stream?password=secret")

    assert "secret" not in str(refusal.value)
    assert "rtsp://me:…@127.0.0.1:9/stream?…" in str(refusal.value)


def test_opencv_and_ffmpeg_print_nothing_of_their_own(tmp_path: Path, edge_app: Callable[..., Any]) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"not a video" * 100)

    outcome = edge_app("run", "--camera", path)

    *told, refusal = outcome.stderr.splitlines()
    assert "film.mp4: must be a video that can be decoded" in refusal
    assert not [line for line in told if "WARN" in line or "cap.cpp" in line or "moov" in line]
    assert outcome.returncode == CameraError.exit_code


def test_a_video_has_its_own_pace(tmp_path: Path) -> None:
    camera = opencv.open_video(save_video(tmp_path / "film.avi", 2, fps=12.5))

    frames = [camera.read(), camera.read()]

    assert camera.fps == pytest.approx(12.5)
    assert [frame.timestamp_ns for frame in frames if frame] == [0, 80_000_000]


def test_the_time_of_a_frame_is_its_position_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    positions_ms = [0.0, 40.0, 140.0, 100.0, 180.0]  # a phone's varying pace, and a damaged place
    camera = opencv.open_video(cameras.embedded_clip_path())
    capture: Any = camera._capture

    class Jumpy:
        def read(self) -> Any:
            return capture.read()

        def get(self, _: int) -> float:
            return positions_ms.pop(0)

    monkeypatch.setattr(camera, "_capture", Jumpy())
    times = [frame.timestamp_ns for frame in (camera.read() for _ in range(5)) if frame]

    assert times == [0, 40_000_000, 140_000_000, 140_000_000, 180_000_000]


def test_a_stream_of_bare_jpegs_is_timed_by_its_numbers(tmp_path: Path) -> None:
    path = tmp_path / "film.mjpeg"
    path.write_bytes(b"".join(cv2.imencode(".jpg", page(5 * number))[1].tobytes() for number in range(4)))
    camera = cameras.open_camera(str(path))

    times = [frame.timestamp_ns for frame in (camera.read() for _ in range(4)) if frame]

    assert len(set(times)) == 4
    assert times == sorted(times)


def test_every_frame_of_the_clip_is_timed_by_its_number() -> None:
    camera = opencv.open_video(cameras.embedded_clip_path())

    for _ in range(30):
        frame = camera.read()

        assert frame is not None
        assert frame.timestamp_ns == pytest.approx(frame.sequence * 1e9 / camera.fps, abs=1e6)


def test_a_file_that_is_no_video_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"not a video" * 100)

    with pytest.raises(CameraError, match=r"film.mp4: must be a video that can be decoded. Received: 1100 bytes"):
        cameras.open_camera(str(path))


def test_a_video_without_its_index_is_an_error(tmp_path: Path) -> None:
    whole = cameras.embedded_clip_path().read_bytes()
    path = tmp_path / "part.mp4"
    path.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(CameraError, match="must be a video that can be decoded"):
        cameras.open_camera(str(path))


@pytest.mark.parametrize("name", ["12:30.avi", "http:page.avi", "50%d.avi", "page ☃.avi"])
def test_a_video_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    save_video(tmp_path / "film.avi", frames=1).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)

    camera = cameras.open_camera(name)

    assert camera.name == name
    assert camera.read() is not None


def test_a_truncated_video_ends_where_it_was_cut(tmp_path: Path) -> None:
    whole = save_video(tmp_path / "whole.avi", frames=20).read_bytes()
    path = tmp_path / "part.avi"
    path.write_bytes(whole[:-4000])
    camera = cameras.open_camera(str(path))

    count = sum(1 for _ in iter(camera.read, None))

    assert 0 < count < 20


def test_a_live_frame_has_the_time_of_the_clock(usb_camera: tuple[Any, str]) -> None:
    before_ns = time.monotonic_ns()

    frame = opencv.open_v4l2(usb_camera[1], (96, 64), 30.0).read()

    assert frame is not None
    assert before_ns <= frame.timestamp_ns <= time.monotonic_ns()
