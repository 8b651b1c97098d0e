"""What systemd is told, at a real socket: ready once, alive at every turn, reloading, and how it is."""

import logging
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_app.frames import Digit, Frame, FrameReadings, Moment, Reading
from edge_app.outputs.contract import status_record
from edge_app.status import LoopStatus, Phase, Reload, status_line
from edge_app.systemd import Notifier

READINGS = (Reading((Digit(4, 0.9, (1, 1, 2, 3)), Digit(2, 0.9, (4, 1, 2, 3)))),)
MOMENT = Moment(
    Frame(np.zeros((4, 4), np.uint8), 0, 0), FrameReadings(READINGS, (4, 4), {"total": 12.34}), READINGS,
    True, 0.5, 29.96, "fake", "0123",
)  # fmt: skip
STATUS = LoopStatus(Phase.READING, "", "0123", 3, "fake", 7, 2, 1, 1, 12.0, Reload(), MOMENT)


class Manager:
    """A service manager's end of the socket."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)

    def heard(self) -> list[list[str]]:
        """The messages since the last call, each as its lines."""
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode().split("\n"))
            except BlockingIOError:
                return messages

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.close()


@pytest.fixture
def notifier(manager: Manager, tmp_path: Path) -> Iterator[Notifier]:
    notifier = Notifier(str(tmp_path / "notify"), clock=lambda: 0.0)
    yield notifier
    notifier.close()


def test_the_first_frame_means_ready_and_each_frame_feeds_the_watchdog(manager: Manager, notifier: Notifier) -> None:
    for _ in range(3):
        notifier.observe(STATUS)

    line = "STATUS=reading, 30.0 fps, last reading: 42, model 0123"
    assert manager.heard() == [["READY=1", "WATCHDOG=1", line], ["WATCHDOG=1"], ["WATCHDOG=1"]]


def test_a_missing_camera_means_ready_too_and_is_told(manager: Manager, notifier: Notifier) -> None:
    notifier.observe(replace(STATUS, phase=Phase.WAITING, problem="no camera found", moment=None))

    line = "STATUS=waiting for the camera, no camera found, model 0123"
    assert manager.heard() == [["READY=1", "WATCHDOG=1", line]]


def test_a_change_is_told_at_once(manager: Manager, notifier: Notifier) -> None:
    notifier.observe(STATUS)
    notifier.observe(replace(STATUS, phase=Phase.WAITING, problem="camera lost"))
    notifier.observe(STATUS)

    assert [message[-1].split(",")[0] for message in manager.heard()] == [
        "STATUS=reading", "STATUS=waiting for the camera", "STATUS=reading"]  # fmt: skip


def test_the_text_is_told_again_after_a_while(manager: Manager, tmp_path: Path) -> None:
    times = iter([0.0, 4.9, 5.1])
    notifier = Notifier(str(tmp_path / "notify"), clock=lambda: next(times))

    for _ in range(3):
        notifier.observe(STATUS)

    assert [message[-1].startswith("STATUS=") for message in manager.heard()] == [True, False, True]


def test_a_reload_is_told_as_it_begins_and_ends(manager: Manager, notifier: Notifier) -> None:
    notifier.observe(STATUS)
    manager.heard()

    for under_way in (True, True, False, False):
        notifier.observe(replace(STATUS, reload=Reload(under_way)))

    first, *others = manager.heard()
    assert first[0] == "RELOADING=1"
    assert first[1].startswith("MONOTONIC_USEC=")
    assert others == [["WATCHDOG=1"], ["READY=1", "WATCHDOG=1"], ["WATCHDOG=1"]]


def test_the_end_is_told(manager: Manager, notifier: Notifier) -> None:
    notifier.observe(replace(STATUS, phase=Phase.STOPPING))

    assert manager.heard()[0][0] == "STOPPING=1"


def test_a_problem_of_several_lines_stays_one_message(manager: Manager, notifier: Notifier) -> None:
    notifier.observe(replace(STATUS, problem="first\nWATCHDOG=0"))

    assert manager.heard()[0][-1].startswith("STATUS=reading, first WATCHDOG=0,")


def test_an_abstract_address_is_understood() -> None:
    manager = Manager("\0edge-digits-test")
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": "@edge-digits-test"})

    assert notifier is not None
    notifier.observe(STATUS)

    assert manager.heard()[0][0] == "READY=1"
    manager.close()


def test_without_a_manager_there_is_nobody_to_tell() -> None:
    assert Notifier.from_environment({}) is None


def test_a_manager_that_is_gone_is_warned_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier(str(tmp_path / "nobody"))

    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            notifier.observe(STATUS)

    assert caplog.text.count("systemd cannot be told") == 1


def test_the_record_and_the_line_say_the_same() -> None:
    assert status_record(STATUS) == {
        "phase": "reading",
        "problem": "",
        "advice": [],
        "model": "0123",
        "model_frames": 3,
        "camera": "fake",
        "fps": 30.0,
        "latency_ms": 12.3,
        "frames": 7,
        "dropped": 2,
        "still": 0,
        "camera_losses": 1,
        "publications": 1,
        "publishing": True,
        "readings": ["42"],
        "withheld": [],
        "read_at": "1970-01-01T00:00:00.500Z",
        "uptime_s": 12.0,
        "snapshot": "",
        "reload": {"under_way": False, "done": 0, "refused": ""},
    }
    assert status_line(STATUS) == "reading, 30.0 fps, last reading: 42, model 0123"
