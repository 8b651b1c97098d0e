"""A stand-in for picamera2, and the packages that the tests' servers come from."""

import sys
import types
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest

from edge_app.frames import UInt8

PADDING = 7  # what a row holds beyond the picture
CHROMA_BLUE, CHROMA_RED = 200, 90  # differ, so that planes taken one for the other show


class StandInRequest:
    """What picamera2's capture_request gives: buffers with padded rows, and a release that is counted."""

    def __init__(self, camera: "StandInPicamera2", level: int) -> None:
        self._camera, self._level = camera, level
        self.config: dict[str, Any] | None = camera.configuration

    def make_buffer(self, name: str) -> UInt8:
        if self._camera.torn:
            raise RuntimeError("failed to map the buffer")
        assert self.config is not None, "the request was given back"
        (width, height), stride = self.config[name]["size"], self.config[name]["stride"]
        luma = np.full((height, stride), PADDING, dtype=np.uint8)
        luma[:, :width] = self._level
        blue = np.full(stride * height // 4, CHROMA_BLUE, dtype=np.uint8)
        red = np.full(stride * height // 4, CHROMA_RED, dtype=np.uint8)
        planar = self.config[name]["format"] == "YUV420"
        chroma = np.concatenate([blue, red]) if planar else np.stack([blue, red], axis=1).ravel()
        surplus = np.full(4096, PADDING, dtype=np.uint8)  # buffers are whole memory pages
        return np.concatenate([luma.ravel(), chroma, surplus])

    def get_metadata(self) -> dict[str, int]:
        return {"SensorTimestamp": 1_000_000_000 + self._level * 1_000_000}

    def release(self) -> None:
        assert self.config is not None, "the request was given back twice"
        self.config = None
        self._camera.held -= 1


class StandInPicamera2:
    """The part of picamera2 0.3.38 that the backend uses, with four frames and then silence.

    Attributes:
        format: what the camera stack yields, whatever is asked for.
        torn: whether buffers can no longer be read.
    """

    instances: ClassVar[list["StandInPicamera2"]] = []
    frames = 4
    format = "YUV420"
    torn = False

    def __init__(self, camera_num: int = 0) -> None:
        if camera_num >= len(self.global_camera_info()):
            raise RuntimeError(f"No camera number {camera_num} found")
        if any(other.is_open for other in self.instances):
            raise RuntimeError("Camera __init__ sequence did not complete.") from RuntimeError(
                "Failed to acquire camera: Device or resource busy"
            )
        self.held = self.taken = self.waiting_jobs = 0
        self.started, self.is_open = False, True
        self.configuration: dict[str, Any] = {}
        self.instances.append(self)

    @staticmethod
    def global_camera_info() -> list[dict[str, Any]]:
        return [{"Model": "imx708", "Location": 2, "Rotation": 180, "Id": "/base/imx708@1a", "Num": 0}]

    def create_video_configuration(
        self,
        main: dict[str, Any],
        lores: dict[str, Any],
        colour_space: str,
        controls: dict[str, Any],
        buffer_count: int,
        display: str | None,
        encode: str | None,
    ) -> dict[str, Any]:
        return {"main": dict(main), "lores": dict(lores), "colour_space": colour_space, "controls": controls}

    def configure(self, camera_config: dict[str, Any]) -> None:
        for name in ("main", "lores"):
            width, height = camera_config[name]["size"]
            if width % 2 or height % 2:
                raise RuntimeError("width and height should be even")
            camera_config[name] |= {"format": self.format, "stride": width + 32}
        self.configuration = camera_config

    def stream_configuration(self, name: str = "main") -> dict[str, Any]:
        stream: dict[str, Any] = self.configuration[name]
        return stream

    def start(self) -> None:
        self.started = True

    def capture_request(self, wait: float | bool | None = None) -> StandInRequest:
        assert self.started
        if self.taken == self.frames:
            assert wait not in (None, True, False), "would wait for ever"
            self.waiting_jobs += 1
            raise TimeoutError
        self.held += 1
        self.taken += 1
        return StandInRequest(self, 50 * (self.taken - 1))

    def cancel_all_and_flush(self) -> None:
        self.waiting_jobs = 0

    def close(self) -> None:
        self.started = self.is_open = False


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[StandInPicamera2]]:
    """Puts the stand-in where the backend imports picamera2 from."""

    class Fresh(StandInPicamera2):
        instances: ClassVar[list[StandInPicamera2]] = []

    module = types.ModuleType("picamera2")
    module.Picamera2 = Fresh  # type: ignore[attr-defined]
    libcamera = types.ModuleType("libcamera")
    libcamera.ColorSpace = types.SimpleNamespace(Smpte170m=lambda: "SMPTE170M")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setitem(sys.modules, "libcamera", libcamera)
    yield Fresh


@pytest.fixture
def no_picamera2(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without picamera2, even where the tests run on a Pi."""
    monkeypatch.setitem(sys.modules, "picamera2", None)
    monkeypatch.setitem(sys.modules, "libcamera", None)
