"""One string in, an opened camera out.

auto                       the Pi's own camera, else the first V4L2 camera that yields a picture
picamera2, picamera2:1     a Pi camera by its number
/dev/video0, 0             a USB or other V4L2 camera
rtsp://…, http://…         a network camera
film.mp4                   a video file
photo.jpg, folder/         a picture, or the pictures of a folder
clip                       the sample clip that ships with the app
fake, fake:31              drawn numbers that drift, for a try without a camera
"""

import re
import time
from importlib import resources
from pathlib import Path

from edge_app.devices.cameras import fake, images, opencv, picamera
from edge_app.devices.cameras.newest import NewestFrame
from edge_app.errors import CameraError, ImageError
from edge_app.protocols import Camera

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mkv", ".mov", ".webm", ".mjpeg", ".mjpg", ".m4v", ".mpg", ".ts"})
URL = re.compile(r"(rtsps?|https?|rtmp|udp)://", re.IGNORECASE)
PICAMERA = re.compile(r"picamera2(?::(\d+))?")
V4L2 = re.compile(r"/dev/video\d+|/dev/v4l/.+|\d+")
FAKE = re.compile(r"fake(?::(.+))?")
FORMS = "auto, picamera2, /dev/video0, rtsp://…, a video file, a picture, a folder of pictures, clip or fake"
# On a Pi most /dev/video* are stages of the camera and codec hardware, which wait for ever for a picture.
PI_INTERNAL_NODES = ("bcm2835-codec", "bcm2835-isp", "unicam", "rp1-cfe", "pispbe", "rpivid", "rpi-hevc")
V4L2_NAMES = Path("/sys/class/video4linux")


def open_camera(
    source: str,
    *,
    size_wh: tuple[int, int] = (1280, 720),
    fps: float = 30.0,
    max_pixels: int = images.DEFAULT_MAX_PIXELS,
) -> Camera:
    """Opens the camera that a string names. A live one has a thread of its own, so that its newest frame is next.

    Args:
        source: one of the forms above.
        size_wh: width and height in pixels asked of a live camera.
        fps: frames a second asked of a live camera.
        max_pixels: largest picture that is decoded from a file.

    Raises:
        CameraError: there is no such camera or file, or it cannot be opened.
    """
    camera = _open(source, size_wh, fps, max_pixels)
    return NewestFrame(camera) if camera.live else camera


def _open(source: str, size_wh: tuple[int, int], fps: float, max_pixels: int) -> Camera:
    if not source.strip():  # as a path it would be the folder that the app happens to run in
        raise CameraError(f"camera must be {FORMS}. Received: nothing")
    if source == "auto":
        return _open_any(size_wh, fps)
    if match := FAKE.fullmatch(source):
        return fake.FakeCamera(fake.scene(size_wh, match[1] or fake.SCENE_TEXT), name=source, fps=fps, sleep=time.sleep)
    if match := PICAMERA.fullmatch(source):
        return picamera.PicameraCamera(int(match[1] or 0), size_wh, fps)
    if V4L2.fullmatch(source):
        return opencv.open_v4l2(f"/dev/video{source}" if source.isdigit() else source, size_wh, fps)
    if URL.match(source):
        return opencv.open_stream(source)
    if source == "clip":
        return opencv.open_video(embedded_clip_path(), name=source)
    try:
        return _open_file(Path(source), max_pixels)
    except CameraError:
        raise
    except OSError as error:  # a name that is too long, or a folder above it that may not be searched
        raise CameraError(f"{source}: must be a file that can be opened. Received: {error.strerror}") from error


def is_live_source(source: str) -> bool:
    """Whether a string names a camera that may come back, rather than a file.

    >>> [is_live_source(source) for source in ("auto", "0", "rtsp://host/", "clip", "film.mp4")]
    [True, True, True, False, False]
    """
    return (
        source == "auto"
        or any(form.fullmatch(source) is not None for form in (PICAMERA, V4L2, FAKE))
        or URL.match(source) is not None
    )


def embedded_clip_path() -> Path:
    """The sample clip that ships with the app; its truth stands beside it as clip.json."""
    return Path(str(resources.files("edge_app"))) / "assets" / "clip.mp4"


def _open_any(size_wh: tuple[int, int], fps: float) -> Camera:
    """The first camera that works, the Pi's own before any other."""
    tried = []
    try:
        return picamera.PicameraCamera(0, size_wh, fps)
    except CameraError as error:
        tried.append(str(error))
    devices = _v4l2_devices()
    for device in devices:
        try:
            return opencv.open_v4l2(str(device), size_wh, fps)
        except CameraError as error:
            tried.append(str(error))
    if not devices:
        tried.append("there is no USB camera at /dev/video*")
    raise CameraError("no camera found: " + "; ".join(tried) + "; connect one, or name one with --camera")


def _v4l2_devices() -> list[Path]:
    """The /dev/video* that may be cameras, in the order of their numbers."""
    devices = [path for path in Path("/dev").glob("video*") if V4L2.fullmatch(str(path))]
    return sorted(
        (path for path in devices if not _v4l2_name(path).startswith(PI_INTERNAL_NODES)),
        key=lambda path: int(path.name.removeprefix("video")),
    )


def _v4l2_name(device: Path) -> str:
    """What the driver calls a device; empty where the kernel does not say."""
    try:
        return (V4L2_NAMES / device.name / "name").read_text().strip()
    except OSError:
        return ""


def _open_file(path: Path, max_pixels: int) -> Camera:
    if path.is_dir():
        try:
            return images.ImagesCamera(f"{path}/", images.list_images(path), max_pixels)
        except ImageError as error:
            raise CameraError(str(error)) from error
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return opencv.open_video(path)
    if suffix in images.SUFFIXES and path.is_file():
        return images.ImagesCamera(str(path), [path], max_pixels)
    what = "no such file" if not path.exists() else f"a file of kind {suffix or 'unknown'}"
    raise CameraError(f"camera must be {FORMS}. Received: {path} ({what})")
