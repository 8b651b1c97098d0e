"""The running app's socket: tells how the loop is, takes a reload, survives whoever comes."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.control import ControlServer, ask
from edge_app.errors import ServiceError
from edge_app.status import LoopStatus, Phase, Reload

STATUS = LoopStatus(Phase.WAITING, "no camera", "0123", 0, "", 0, 0, 0, 0, 1.0, Reload())


@pytest.fixture
def requests() -> list[str]:
    return []


@pytest.fixture
def server(tmp_path: Path, requests: list[str]) -> Iterator[ControlServer]:
    server = ControlServer(tmp_path / "control.sock", lambda: requests.append("reload"))
    yield server
    server.close()


def test_before_the_first_turn_there_is_little_to_tell(server: ControlServer, tmp_path: Path) -> None:
    assert ask(tmp_path / "control.sock") == {}


def test_the_newest_turn_is_told(server: ControlServer, tmp_path: Path) -> None:
    server.observe(STATUS)

    record = ask(tmp_path / "control.sock")

    assert (record["phase"], record["problem"], record["model"]) == ("waiting for the camera", "no camera", "0123")


def test_a_reload_is_passed_on(server: ControlServer, tmp_path: Path, requests: list[str]) -> None:
    ask(tmp_path / "control.sock", "reload")

    assert requests == ["reload"]


def test_anything_else_is_refused(server: ControlServer, tmp_path: Path, requests: list[str]) -> None:
    with pytest.raises(ServiceError, match="expected status or reload"):
        ask(tmp_path / "control.sock", "../../etc/passwd")

    assert requests == []


def test_others_may_not_open_it(server: ControlServer, tmp_path: Path) -> None:
    assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o660


def test_clients_that_say_nothing_or_too_much_do_no_harm(
    server: ControlServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "control.sock"
    for said in (b"", b"\n", b"x" * 100_000, b"status", b"\xff\x00\n"):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(path))
            try:
                client.sendall(said)
            except BrokenPipeError:
                assert len(said) > 64  # it is not read to its end
    server.observe(STATUS)

    assert ask(path)["model"] == "0123"


def test_many_ask_at_once(server: ControlServer, tmp_path: Path) -> None:
    server.observe(STATUS)
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(tmp_path / "control.sock")["model"])) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == ["0123"] * 12


def test_the_socket_of_a_killed_run_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    server = ControlServer(path, lambda: None)

    assert ask(path) == {}
    server.close()
    assert not path.exists()


def test_the_socket_of_another_run_is_left_alone(server: ControlServer, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="another edge-app that answers there"):
        ControlServer(tmp_path / "control.sock", lambda: None)

    assert ask(tmp_path / "control.sock") == {}


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"control.sock must be a path for a socket. Received: No such file"):
        ControlServer(tmp_path / "nowhere" / "control.sock", lambda: None)


def test_nobody_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="no edge-app answers there: No such file or directory; is the service up?"):
        ask(tmp_path / "nobody.sock")


@pytest.mark.parametrize("answer", [b"220 smtp ready\n", b'{"\xee": 1}\n', b""])
def test_somebody_else_there_is_said_so(tmp_path: Path, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stranger:
        stranger.bind(str(tmp_path / "control.sock"))
        stranger.listen()
        stranger.settimeout(10)

        def answer_once() -> None:
            client, _ = stranger.accept()
            with client:
                client.recv(100)
                client.sendall(answer)

        thread = threading.Thread(target=answer_once)
        thread.start()
        with pytest.raises(ServiceError, match="what answers there is no edge-app"):
            ask(tmp_path / "control.sock")
        thread.join(10)


def test_a_socket_that_cannot_be_removed_any_more_does_not_keep_the_app_from_ending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = ControlServer(tmp_path / "control.sock", lambda: None)

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)

    server.close()

    assert "control.sock stays behind: Permission denied" in caplog.text
