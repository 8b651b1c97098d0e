"""The Pi's own camera through picamera2: a main stream to crop from and a small one to seek digits in.

Both streams are YUV 4:2:0 (YUV420 planar, or NV12 where the camera stack yields that), so gray is simply
the first H rows of the buffer, and colour is converted only where somebody looks. (picamera2's "RGB888"
would be blue, green, red in memory; it is not used here.)
"""

import logging
import time
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
STREAMS = ("main", "lores")


class PicameraCamera:
    """One Pi camera; see `edge_app.protocols.Camera`.

    Args:
        number: of the camera, 0 for the first.
        size_wh: size of the main stream in pixels; odd sides lose a pixel.
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
        picamera2, libcamera = _import_picamera2()
        try:
            self._camera = picamera2.Picamera2(number)
            # BT.601 at limited range is what OpenCV converts from; at 720p picamera2 would choose BT.709.
            self._start(even_size(size_wh), libcamera.ColorSpace.Smpte170m())
        except (RuntimeError, IndexError, ValueError, OSError) as error:
            self.close()
            raise CameraError(
                f"{self.name}: a camera must be connected and free. Received: {_reason(error)}; "
                "see `rpicam-hello --list-cameras`"
            ) from error

    def _start(self, size_wh: tuple[int, int], colour_space: Any) -> None:
        camera = self._camera
        assert camera is not None
        configuration = camera.create_video_configuration(
            main={"size": size_wh, "format": "YUV420"},
            lores={"size": lores_size(size_wh), "format": "YUV420"},
            colour_space=colour_space,
            controls={"FrameRate": self.fps},
            buffer_count=BUFFER_COUNT,
            display=None,
            encode=None,
        )
        camera.configure(configuration)
        for name in STREAMS:
            given = camera.stream_configuration(name)["format"]
            if given not in YUV_TO_BGR:  # a USB camera, say, which libcamera lists too
                raise ValueError(f"{name} stream as {given}, not {' or '.join(YUV_TO_BGR)}")
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
            camera.cancel_all_and_flush()  # else a late frame would go to nobody, and never back
            raise CameraError(f"{self.name}: a frame must come within {READ_TIMEOUT_S:g} s. None came") from error
        except (RuntimeError, OSError) as error:
            raise CameraError(f"{self.name}: camera failed: {_reason(error)}") from error
        try:
            return self._frame(request)
        except (RuntimeError, OSError) as error:
            raise CameraError(f"{self.name}: camera failed: {_reason(error)}") from error
        finally:
            request.release()

    def close(self) -> None:
        """Stops the camera and frees it for others. Safe to call twice."""
        camera, self._camera = self._camera, None
        if camera is None:
            return
        try:
            camera.close()
        except (RuntimeError, OSError) as error:  # it vanished: there is nothing left to free
            log.warning("%s: closing failed: %s", self.name, _reason(error))

    def _frame(self, request: Any) -> Frame:
        """A frame that shares nothing with the camera's buffers."""
        main, lores = (request.make_buffer(name) for name in STREAMS)  # copies
        main_stream, lores_stream = (dict(request.config[name]) for name in STREAMS)
        # Nanoseconds since boot; on a Pi, which never sleeps, that is the monotonic clock.
        timestamp_ns = int(request.get_metadata().get("SensorTimestamp") or time.monotonic_ns())
        frame = Frame(
            gray=luma(main, main_stream),
            sequence=self._sequence,
            timestamp_ns=timestamp_ns,
            make_bgr=lambda: to_bgr(main, main_stream),
            lores_gray=luma(lores, lores_stream),
        )
        self._sequence += 1
        return frame


def even_size(size_wh: tuple[int, int]) -> tuple[int, int]:
    """The size without the odd pixel, which YUV 4:2:0 has no colour for.

    >>> even_size((1281, 721))
    (1280, 720)
    """
    return size_wh[0] // 2 * 2, size_wh[1] // 2 * 2


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
    """
    width, height = stream["size"]
    stride = stream["stride"]
    # With padded rows the conversion runs over the padding too, which is then cut off; I420's chroma
    # rows are padded to half the stride, so the planes still line up.
    padded = buffer[: stride * height * 3 // 2].reshape(height * 3 // 2, stride)
    return np.asarray(cv2.cvtColor(padded, YUV_TO_BGR[stream["format"]])[:, :width], dtype=np.uint8)


def _import_picamera2() -> tuple[Any, Any]:
    """The modules picamera2 and libcamera.

    Raises:
        CameraError: they are not installed, or do not fit what is.
    """
    try:
        import libcamera
        import picamera2
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        # ValueError is what apt's simplejpeg raises beside a numpy of another generation in the venv.
        raise CameraError(
            "picamera2 must be installed (on a Pi: sudo apt install python3-picamera2, and a venv with system site "
            f"packages). Received: {_reason(error)}"
        ) from error
    return picamera2, libcamera


def _reason(error: BaseException) -> str:
    """An error in one line, with what caused it: picamera2 wraps libcamera's reasons."""
    text = " ".join(str(error).split()) or type(error).__name__
    return f"{text} ({_reason(error.__cause__)})" if error.__cause__ is not None else text
