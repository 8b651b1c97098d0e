"""The Pi's own camera through picamera2: a main stream to crop from and a small one to seek digits in.

Both streams are YUV 4:2:0 (YUV420 planar, or NV12 where the camera stack yields that), so gray is simply
the first H rows of the buffer, and colour is converted only where somebody looks. (picamera2's "RGB888"
would be blue, green, red in memory; it is not used here.)
"""

import logging
from typing import Any

import cv2
import numpy as np

from edge_app.errors import CameraError
from edge_app.frames import Frame, UInt8

log = logging.getLogger(__name__)

READ_TIMEOUT_S = 5.0  # a Pi camera needs up to a second to start; later frames come within milliseconds
BUFFER_COUNT = 4  # one being read, one waiting, two with the sensor
LORES_SIDE_PX = 640  # longer side of the small stream: digits of 30 px in 1280x720 are still 15 px high
YUV_TO_BGR = {"YUV420": cv2.COLOR_YUV2BGR_I420, "NV12": cv2.COLOR_YUV2BGR_NV12}


def available_cameras() -> list[str]:
    """Models of the cameras that libcamera sees; empty where there is none or picamera2 is not installed."""
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        log.debug("picamera2 is not to be had: %s", error)
        return []
    return [str(info.get("Model", info.get("Id", "camera"))) for info in Picamera2.global_camera_info()]


class PicameraCamera:
    """One Pi camera; see `edge_app.protocols.Camera`.

    Args:
        number: of the camera, 0 for the first.
        size_wh: size of the main stream in pixels.
        fps: frames a second asked for.

    Raises:
        CameraError: picamera2 is not installed, there is no such camera, or it is in use.
    """

    live = True

    def __init__(self, number: int, size_wh: tuple[int, int], fps: float) -> None:
        self.name = f"picamera2:{number}"
        self.fps = fps
        self._sequence = 0
        self._camera: Any | None = None
        try:
            from picamera2 import Picamera2
        except ImportError as error:
            raise CameraError(
                f"picamera2 must be installed: sudo apt install python3-picamera2, and a venv with system site "
                f"packages. Received: {error}"
            ) from error
        try:
            self._camera = Picamera2(number)
            self._start(size_wh, fps)
        except (RuntimeError, IndexError, ValueError, OSError) as error:
            self.close()
            raise CameraError(
                f"{self.name}: a camera must be connected and free. Received: {error}; "
                "see `rpicam-hello --list-cameras`"
            ) from error

    def _start(self, size_wh: tuple[int, int], fps: float) -> None:
        camera = self._camera
        assert camera is not None
        configuration = camera.create_video_configuration(
            main={"size": size_wh, "format": "YUV420"},
            lores={"size": lores_size(size_wh), "format": "YUV420"},
            controls={"FrameRate": fps},
            buffer_count=BUFFER_COUNT,
            display=None,
            encode=None,
        )
        camera.configure(configuration)
        camera.start()

    def read(self) -> Frame | None:
        """The next frame; its buffer is given back to the camera before this returns.

        Raises:
            CameraError: no frame came in time, or the camera is closed or failed.
        """
        camera = self._camera
        if camera is None:
            raise CameraError(f"{self.name}: camera is closed")
        try:
            request = camera.capture_request(wait=READ_TIMEOUT_S)
        except TimeoutError as error:
            raise CameraError(f"{self.name}: a frame must come within {READ_TIMEOUT_S:g} s. None came") from error
        except (RuntimeError, OSError) as error:
            raise CameraError(f"{self.name}: camera failed: {error}") from error
        try:
            main, lores = request.make_buffer("main"), request.make_buffer("lores")  # copies
            metadata, streams = request.get_metadata(), request.config
            main_stream, lores_stream = dict(streams["main"]), dict(streams["lores"])
        finally:
            request.release()
        frame = Frame(
            gray=luma(main, main_stream),
            sequence=self._sequence,
            timestamp_ns=int(metadata["SensorTimestamp"]),  # nanoseconds of the monotonic clock
            make_bgr=lambda: to_bgr(main, main_stream),
            lores_gray=luma(lores, lores_stream),
        )
        self._sequence += 1
        return frame

    def close(self) -> None:
        """Stops the camera and frees it for others. Safe to call twice."""
        camera, self._camera = self._camera, None
        if camera is None:
            return
        try:
            camera.close()
        except (RuntimeError, OSError) as error:  # it vanished: there is nothing left to free
            log.warning("%s: closing failed: %s", self.name, error)


def lores_size(size_wh: tuple[int, int]) -> tuple[int, int]:
    """Size of the small stream: the main one's shape, at most 640 on the longer side, both sides even.

    >>> lores_size((1280, 720)), lores_size((320, 240))
    ((640, 360), (320, 240))
    """
    factor = min(1.0, LORES_SIDE_PX / max(size_wh))
    return round(size_wh[0] * factor / 2) * 2, round(size_wh[1] * factor / 2) * 2


def luma(buffer: UInt8, stream: dict[str, Any]) -> UInt8:
    """The Y plane of a YUV 4:2:0 buffer, a view.

    Args:
        buffer: (bytes,) uint8, planes one after another, rows padded to the stride.
        stream: picamera2's description: "format", "size" and "stride".

    Returns:
        (H, W) uint8.
    """
    width, height = stream["size"]
    stride = stream["stride"]
    return buffer[: stride * height].reshape(height, stride)[:, :width]


def to_bgr(buffer: UInt8, stream: dict[str, Any]) -> UInt8:
    """The picture in colour.

    Args:
        buffer, stream: as for `luma`.

    Returns:
        (H, W, 3) uint8, blue first, a fresh array.

    Raises:
        CameraError: the stream has another format.
    """
    layout = YUV_TO_BGR.get(stream["format"])
    if layout is None:
        raise CameraError(f"camera format must be one of {', '.join(YUV_TO_BGR)}. Received: {stream['format']}")
    width, height = stream["size"]
    stride = stream["stride"]
    # With padded rows the conversion runs over the padding too, which is then cut off; I420's chroma
    # rows are padded to half the stride, so the planes still line up.
    padded = buffer[: stride * height * 3 // 2].reshape(height * 3 // 2, stride)
    return np.asarray(cv2.cvtColor(padded, layout)[:, :width], dtype=np.uint8)
