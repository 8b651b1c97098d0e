"""A camera that is read slowly still shows what stands before it now; nothing of it is left behind."""

import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from edge_app.devices.cameras.fake import FakeCamera
from edge_app.devices.cameras.newest import NewestFrame
from edge_app.errors import CameraError
from edge_app.frames import UInt8

PAGE: UInt8 = np.full((48, 64), 200, dtype=np.uint8)


def newest(frames: int, fps: float = 100.0, *then: CameraError) -> NewestFrame:
    return NewestFrame(FakeCamera([*[PAGE] * frames, *then], fps=fps, sleep=time.sleep))


def numbers(camera: NewestFrame) -> list[int]:
    """Of all frames that it yields to somebody who is fast."""
    seen = []
    while (frame := camera.read()) is not None:
        seen.append(frame.sequence)
    return seen


def test_who_is_fast_enough_gets_every_frame() -> None:
    assert numbers(newest(20)) == list(range(20))


def test_who_is_slow_gets_the_newest_frame_each_time() -> None:
    camera = newest(1000, 200.0)
    seen = []
    for _ in range(5):
        frame = camera.read()
        assert frame is not None
        seen.append((frame.sequence, time.monotonic() - frame.timestamp_ns / 1e9))
        time.sleep(0.1)
    camera.close()

    steps = np.diff([sequence for sequence, _ in seen])
    assert steps.min() >= 5  # of twenty that the camera took meanwhile
    assert max(age_s for _, age_s in seen[1:]) < 0.1


def test_no_frame_is_given_twice() -> None:
    camera = newest(50, 100.0)

    seen = numbers(camera)

    assert len(set(seen)) == len(seen)


def test_a_camera_that_vanishes_is_an_error_after_its_last_frame() -> None:
    camera = newest(1, 100.0, CameraError("unplugged"))

    assert camera.read() is not None
    with pytest.raises(CameraError, match="unplugged"):
        camera.read()


def test_closing_ends_the_thread_and_the_camera_even_while_somebody_waits() -> None:
    fake = FakeCamera([PAGE] * 10, fps=2.0, sleep=time.sleep)
    camera = NewestFrame(fake)
    camera.read()
    errors: list[Exception] = []

    def wait() -> None:
        try:
            camera.read()
        except CameraError as error:
            errors.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    camera.close()
    camera.close()
    waiting.join(5)

    assert not camera._thread.is_alive()
    assert fake.closed == 2
    assert len(errors) <= 1 and not waiting.is_alive()
    with pytest.raises(CameraError, match="camera is closed"):
        camera.read()


def test_a_process_that_forgets_to_close_a_camera_ends_cleanly() -> None:
    """Its thread draws with OpenCV, and is in native code most of the time."""
    script = (
        "from edge_app.devices.cameras import open_camera\n"
        "cameras = [open_camera('fake', size_wh=(1920, 1080), fps=900) for _ in range(4)]\n"
        "for camera in cameras: camera.read()\n"
    )

    codes = [subprocess.run([sys.executable, "-c", script], check=False).returncode for _ in range(4)]

    assert codes == [0] * 4


def test_a_camera_that_is_never_read_has_no_thread() -> None:
    camera = newest(5)

    camera.close()

    assert camera._thread.ident is None
