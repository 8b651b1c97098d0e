"""The shipped fake plays its script, keeps its pace, and vanishes and returns when told to."""

import itertools

import numpy as np
import pytest

from edge_app.devices.cameras.fake import FakeCamera, scene
from edge_app.errors import CameraError
from edge_app.frames import UInt8


def picture(level: int) -> UInt8:
    return np.full((8, 8), level, dtype=np.uint8)


def test_a_failure_in_the_script_is_raised_once() -> None:
    camera = FakeCamera([picture(1), CameraError("unplugged"), picture(2)])

    first = camera.read()
    with pytest.raises(CameraError, match="unplugged"):
        camera.read()
    second = camera.read()

    assert first is not None
    assert second is not None
    assert (first.sequence, second.sequence) == (0, 1)
    assert second.gray[0, 0] == 2


def test_an_end_in_the_script_is_the_end() -> None:
    camera = FakeCamera([picture(1), None, picture(2)])
    camera.read()

    assert [camera.read(), camera.read()] == [None, None]


def test_it_vanishes_until_it_is_told_to_return() -> None:
    camera = FakeCamera([picture(1), picture(2)])
    camera.failure = CameraError("unplugged")

    for _ in range(2):
        with pytest.raises(CameraError, match="unplugged"):
            camera.read()
    camera.failure = None
    frame = camera.read()

    assert frame is not None
    assert frame.gray[0, 0] == 1


def test_it_counts_how_often_it_was_closed() -> None:
    camera = FakeCamera([])

    camera.close()
    camera.close()

    assert camera.closed == 2


def test_a_paced_fake_waits_for_each_frame_and_times_it() -> None:
    now_s = [10.0]
    waits: list[float] = []

    def sleep(wait_s: float) -> None:
        waits.append(wait_s)
        now_s[0] += wait_s

    camera = FakeCamera([picture(1)] * 3, fps=20.0, clock=lambda: now_s[0], sleep=sleep)
    frames = [camera.read() for _ in range(3)]

    assert waits == pytest.approx([0.0, 0.05, 0.05])
    assert [frame.timestamp_ns for frame in frames if frame] == [10_000_000_000, 10_050_000_000, 10_100_000_000]


def test_a_paced_fake_that_is_late_does_not_wait() -> None:
    now_s = [10.0]
    waits: list[float] = []
    camera = FakeCamera([picture(1)] * 2, fps=20.0, clock=lambda: now_s[0], sleep=waits.append)

    camera.read()
    now_s[0] += 3.0
    camera.read()

    assert waits == [0.0, 0.0]


@pytest.mark.parametrize("text", ["407 12", "31", "123456789012345"])
def test_the_scene_keeps_its_text_on_the_page_as_it_drifts(text: str) -> None:
    pictures = list(itertools.islice(scene((640, 360), text), 0, 400, 40))

    assert {(page.shape, page.dtype.name) for page in pictures} == {((360, 640), "uint8")}
    assert all(page[0].min() == page[:, 0].min() == page[:, -1].min() == 225 for page in pictures)
    assert all(page.min() == 40 for page in pictures)
    assert not np.array_equal(pictures[0], pictures[1])
