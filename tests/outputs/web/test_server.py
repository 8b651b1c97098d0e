"""The live page's server as browsers and programs meet it: what it shows, what it takes, whom it refuses."""

import http.client
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import cv2
import numpy as np
import pytest

from edge_app.errors import ConfigError
from edge_app.outputs.web.guard import TRIES, Access
from edge_app.outputs.web.passwords import hash_password, hash_token
from edge_app.outputs.web.server import Place
from edge_app.protocols import Command
from edge_app.status import Phase, Tuning
from tests.outputs.web.conftest import TIMEOUT_S, TUNING, Host, status_of
from tests.waiting import wait_until

MakeHost = Callable[..., Host]
LOCKED = Access(password=hash_password("secret"), token=hash_token("right"), open=False)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PAGE_LIMIT_BYTES = 60_000


def picture(body: bytes) -> Any:
    return cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_UNCHANGED)


# What it shows.


def test_the_page_comes_whole_from_the_device_and_is_light(host: Host) -> None:
    weights, pending, seen = 0, ["/"], set[str]()
    while pending:
        path = pending.pop()
        seen.add(path)
        status, _, body = host.ask("GET", path)
        assert status == 200
        weights += len(body)
        if path == "/":
            pending += re.findall(r'(?:src|href)="(/[a-z.]+\.(?:js|css|svg))"', body.decode())
        assert not re.search(rb"""(?:src|href|url\(|import)\W{0,3}(?:https?:)?//(?!www\.w3\.org)""", body)

    assert seen == {"/", "/page.js", "/page.css", "/icon.svg"}
    assert weights <= PAGE_LIMIT_BYTES


def test_readings_are_the_contract(host: Host, check_record: Callable[[Any], None]) -> None:
    status, headers, body = host.ask("GET", "/api/readings")

    assert (status, headers["content-type"]) == (200, "application/json")
    check_record(json.loads(body))
    assert [number["text"] for number in json.loads(body)["numbers"]] == ["407"]


def test_the_history_is_the_newest_first_with_a_picture_of_each(host: Host) -> None:
    host.page.observe(status_of(2, "12"))
    host.page.observe(status_of(3, "12", changed=False))

    _, _, body = host.ask("GET", "/api/history")

    readings = json.loads(body)["readings"]
    assert [(entry["id"], entry["text"]) for entry in readings] == [(2, "12"), (1, "407")]
    status, headers, thumb = host.ask("GET", "/history/1.jpg")
    assert (status, headers["content-type"], picture(thumb).shape[0]) == (200, "image/jpeg", 48)
    assert host.ask("GET", "/history/99.jpg")[0] == 404


def test_pictures_and_layers_are_the_newest_frames(host: Host) -> None:
    host.page.observe(status_of(2, gray=60))

    snapshot = picture(host.ask("GET", "/snapshot.jpg")[2])
    mask = picture(host.ask("GET", "/layers/mask.png")[2])
    crops = picture(host.ask("GET", "/layers/crops.png")[2])

    assert (snapshot.shape, abs(int(snapshot[0, 0, 0]) - 60) <= 2) == ((240, 320, 3), True)
    assert (mask.shape, mask.min()) == ((240, 320), 255)
    assert (crops.shape, crops.max()) == ((28, 448), 9)


def test_a_frame_is_given_once_it_is_another_one(host: Host) -> None:
    status, headers, _ = host.ask("GET", "/frame.jpg?after=")
    answers: list[tuple[int, dict[str, str], bytes]] = []
    waiting = threading.Thread(target=lambda: answers.append(host.ask("GET", "/frame.jpg?after=1")))
    waiting.start()
    time.sleep(0.3)
    early = list(answers)

    host.page.observe(status_of(2, gray=60))
    waiting.join(TIMEOUT_S)

    assert (status, headers["x-frame"], early) == (200, "1", [])
    assert (answers[0][1]["x-frame"], picture(answers[0][2])[0, 0, 0] < 70) == ("2", True)
    assert host.ask("GET", "/frame.jpg?after=one")[0] == 400


def test_the_stream_shows_every_frame_that_comes_slowly_enough(host: Host) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", host.port, timeout=TIMEOUT_S)) as connection:
        connection.request("GET", "/stream.mjpg")
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "multipart/x-mixed-replace;boundary=frame"
        assert answer.readline() == b"--frame\r\n"
        levels = []
        for number, gray in enumerate((180, 60, 120)):
            if number:
                host.page.observe(status_of(number + 1, gray=gray))
            assert answer.readline() == b"Content-Type: image/jpeg\r\n"
            length = int(answer.readline().split(b":")[1])
            assert answer.readline() == b"\r\n"
            levels.append(int(picture(answer.read(length))[0, 0, 0]))
            assert answer.readline() + answer.readline() == b"\r\n--frame\r\n"

    assert np.abs(np.subtract(levels, (180, 60, 120))).max() <= 2


def test_events_tell_status_readings_and_what_the_frame_alone_says(
    host: Host, check_record: Callable[[Any], None]
) -> None:
    events: dict[str, Any] = {}
    with closing(http.client.HTTPConnection("127.0.0.1", host.port, timeout=TIMEOUT_S)) as connection:
        connection.request("GET", "/api/events")
        answer = connection.getresponse()
        assert answer.getheader("Content-Type") == "text/event-stream"
        while len(events) < 3:
            name = answer.readline().decode().removeprefix("event: ").strip()
            events[name] = json.loads(answer.readline().removeprefix(b"data: "))
            assert answer.readline() == b"\n"

    check_record(events["readings"])
    assert events["status"]["phase"] == "reading"
    assert [(number["text"], number["whole"]) for number in events["seen"]["numbers"]] == [("407", True)]


def test_nothing_is_encoded_while_nobody_looks_and_once_for_all_who_do(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    board = host.page._board
    paint = board.picture
    monkeypatch.setattr(board, "picture", lambda: made.append(1) or paint())

    for number in range(2, 30):
        host.page.observe(status_of(number))
    time.sleep(0.2)
    unseen = len(made)
    streams = [socket.create_connection(("127.0.0.1", host.port)) for _ in range(10)]
    for stream in streams:
        stream.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
    wait_until(lambda: board.watched == 10)
    for number in range(30, 40):
        host.page.observe(status_of(number))
        time.sleep(0.05)
    for stream in streams:
        stream.close()
    seen = len(made)
    wait_until(lambda: board.watched == 0)
    host.page.observe(status_of(50))
    time.sleep(0.1)

    assert unseen == 0
    assert 1 <= seen <= 12
    assert len(made) <= seen + 1


def test_health_is_that_of_the_frames(host_of: MakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host = host_of(told=False)
    before = host.ask("GET", "/healthz")[0]
    host.page.observe(status_of(1))
    reading = host.ask("GET", "/healthz")[0]
    host.page.observe(status_of(1, phase=Phase.WAITING, problem="unplugged"))
    waiting = host.ask("GET", "/healthz")[0]
    host.page.observe(status_of(2))
    monkeypatch.setattr("edge_app.outputs.web.board.STALE_S", 0.0)
    stale = host.ask("GET", "/healthz")[0]

    assert (before, reading, waiting, stale) == (503, 200, 503, 503)


@pytest.mark.parametrize("path", ["/api/readings", "/api/status", "/api/settings", "/snapshot.jpg", "/layers/mask.png"])
def test_before_the_first_turn_there_is_nothing_to_show(host_of: MakeHost, path: str) -> None:
    status, headers, body = host_of(told=False).ask("GET", path)

    assert (status, headers["content-type"]) == (503, "application/json")
    assert json.loads(body)["error"]


def test_figures_for_prometheus(host: Host) -> None:
    status, headers, body = host.ask("GET", "/metrics")

    assert (status, body) == (200, b"edge_digits_up 1.0\n")
    assert headers["content-type"].startswith("text/plain; version=")


# What it takes.


def test_commands_are_passed_on(host: Host) -> None:
    headers = host.visit()

    answers = [
        host.ask("POST", "/api/commands", {"command": command}, headers)[0]
        for command in ("snapshot", "hold", "resume", "accept", "quit", "pause")
    ]

    assert answers == [202] * 4 + [400] * 2
    assert host.commands == [Command.SNAPSHOT, Command.HOLD, Command.RESUME, Command.ACCEPT]


def test_settings_are_shown_tried_saved_and_taken_back(host: Host) -> None:
    headers = host.visit()
    wanted = {"roi": [0.1, 0.2, 0.3, 0.4], "orientation": "90", "confidence": 0.8}

    _, _, shown = host.ask("GET", "/api/settings")
    tried = host.ask("POST", "/api/settings", wanted, headers)[0]
    changed = Tuning((0.1, 0.2, 0.3, 0.4), "90", 0.8)
    host.page.observe(status_of(2, tuning=changed))
    saved = host.ask("POST", "/api/settings/save", headers=headers)[0]
    reverted = host.ask("POST", "/api/settings/revert", headers=headers)[0]

    assert json.loads(shown)["tuning"] == {"roi": None, "orientation": "upright", "confidence": 0.6}
    assert (tried, saved, reverted) == (202, 202, 202)
    assert host.tunings == [changed, TUNING]
    assert host.saved == [changed]


def test_what_cannot_be_saved_says_why(host: Host) -> None:
    host.refuse_save = ConfigError("/var/lib/x must be a file that can be written")

    status, _, body = host.ask("POST", "/api/settings/save", headers=host.visit())

    assert (status, json.loads(body)["error"]) == (409, "not saved: /var/lib/x must be a file that can be written")


GOOD = {"roi": None, "orientation": "upright", "confidence": 0.5}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param(GOOD | {"confidence": 1.5}, "application/json", 400, id="out of range"),
        pytest.param(GOOD | {"orientation": "45"}, "application/json", 400, id="no such choice"),
        pytest.param(GOOD | {"roi": [0, 0, 0, 1]}, "application/json", 400, id="an empty part"),
        pytest.param(GOOD | {"roi": [0, 0, 1]}, "application/json", 400, id="three numbers"),
        pytest.param(GOOD | {"camera": "x"}, "application/json", 400, id="an unknown key"),
        pytest.param(b"{", "application/json", 400, id="no JSON"),
        pytest.param(b"\xff\xfe", "application/json", 400, id="no text"),
        pytest.param(b"", "application/json", 400, id="nothing"),
        pytest.param(b"[" * 5000, "application/json", 400, id="deep"),
        pytest.param(b"x" * 20_000, "application/json", 413, id="large"),
        pytest.param(GOOD, "text/plain", 415, id="another kind"),
    ],
)
def test_a_body_that_is_not_taken_changes_nothing(host: Host, body: Any, kind: str, status: int) -> None:
    answer, headers, said = host.ask("POST", "/api/settings", body, host.visit() | {"Content-Type": kind})

    assert (answer, headers["content-type"]) == (status, "application/json")
    assert json.loads(said)["error"]
    assert host.tunings == []


# Whom it refuses.


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 202, id="our own page"),
        pytest.param({"X-Form-Token": ""}, 403, id="no form token"),
        pytest.param({"X-Form-Token": "0" * 64}, 403, id="a wrong one"),
        pytest.param({"Cookie": ""}, 403, id="no cookie"),
        pytest.param({"Cookie": "edge_digits_session=other"}, 403, id="another session's"),
        pytest.param({"Origin": "http://evil.example"}, 403, id="another site"),
        pytest.param({"Origin": "null"}, 403, id="a hidden site"),
        pytest.param({"Host": "evil.example"}, 421, id="by another name"),
    ],
)
def test_changes_are_taken_from_our_own_page_alone(host: Host, headers: dict[str, str], status: int) -> None:
    answer = host.ask("POST", "/api/commands", {"command": "snapshot"}, host.visit() | headers)

    assert answer[0] == status
    assert len(host.commands) == (status == 202)


def test_no_get_changes_anything(host: Host) -> None:
    headers = host.visit()

    answers = [host.ask("GET", path, headers=headers) for path in ("/api/commands?command=hold", "/api/settings/save")]

    assert [(status, headers["allow"]) for status, headers, _ in answers] == [(405, "POST")] * 2
    assert host.commands == []


def test_every_answer_carries_what_keeps_browsers_safe(host: Host) -> None:
    for path in ("/", "/page.js", "/api/status", "/snapshot.jpg", "/nowhere"):
        _, headers, _ = host.ask("GET", path)
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["server"] == "edge-digits"
        assert "access-control-allow-origin" not in headers


def test_the_cookie_is_for_the_server_alone(host: Host) -> None:
    cookie = host.ask("GET", "/")[1]["set-cookie"]

    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))


PATHS = sorted(json.loads(resources.files("edge_app").joinpath("assets/web/openapi.json").read_text())["paths"])


@pytest.mark.parametrize("path", PATHS)
def test_who_is_not_in_sees_nothing_but_whether_it_is_alive(host_of: MakeHost, path: str) -> None:
    host = host_of(LOCKED)
    path = path.replace("{id}", "1")

    answers = [host.ask(method, path, headers={"Cookie": "edge_digits_session=x"})[0] for method in ("GET", "POST")]

    if path == "/healthz":
        assert answers[0] == 200
    else:
        assert set(answers) <= {401, 403}


def test_a_person_logs_in_and_out(host_of: MakeHost) -> None:
    host = host_of(LOCKED)
    first = host.ask("GET", "/")
    wrong = host.ask("POST", "/login", urlencode({"password": "guess"}).encode(), FORM)
    right = host.ask("POST", "/login", urlencode({"password": "secret"}).encode(), FORM)
    cookie = right[1]["set-cookie"].split(";")[0]
    inside = host.visit(cookie)

    assert (first[0], first[1]["location"]) == (303, "/login")
    assert (wrong[0], b'id="wrong" role' in wrong[2]) == (401, True)
    assert (right[0], right[1]["location"]) == (303, "/")
    assert host.ask("POST", "/api/commands", {"command": "hold"}, inside)[0] == 202
    assert b'id="logout"' in host.ask("GET", "/", headers=inside)[2]
    assert host.ask("POST", "/logout", headers=inside)[0] == 204
    assert host.ask("GET", "/api/status", headers=inside)[0] == 401


def test_a_password_that_is_guessed_is_locked_for_a_while(host_of: MakeHost) -> None:
    host = host_of(LOCKED)

    answers = [host.ask("POST", "/login", b"password=guess", FORM) for _ in range(TRIES + 1)]
    late = host.ask("POST", "/login", b"password=secret", FORM)

    assert [status for status, _, _ in answers] == [401] * TRIES + [429]
    assert (late[0], int(late[1]["retry-after"]) > 100) == (429, True)


@pytest.mark.parametrize("body", [b"", b"pass=secret", b"password=" + b"x" * 5000])
def test_a_log_in_that_is_none(host_of: MakeHost, body: bytes) -> None:
    assert host_of(LOCKED).ask("POST", "/login", body, FORM)[0] in (400, 401)


def test_a_program_comes_in_by_its_token(host_of: MakeHost) -> None:
    host = host_of(LOCKED)
    token = {"Authorization": "Bearer right"}

    assert host.ask("GET", "/metrics", headers=token)[0] == 200
    assert host.ask("POST", "/api/commands", {"command": "hold"}, token)[0] == 202
    assert host.ask("GET", "/metrics", headers={"Authorization": "Bearer wrong"})[0] == 401
    assert host.ask("GET", "/metrics", headers={"Authorization": "Basic cmlnaHQ="})[0] == 401


# Where it listens.


def test_an_address_that_is_taken_is_tried_until_it_is_free(
    host_of: MakeHost, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("edge_app.outputs.web.server.RETRY_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        threading.Timer(0.4, taken.close).start()
        host = host_of(place=Place(port=port))

        assert host.port == port
        assert host.ask("GET", "/healthz")[0] == 200
        assert caplog.text.count("no live page yet") == 1


def test_with_tls_the_page_is_encrypted_and_its_cookie_stays_so(host_of: MakeHost, tmp_path: Path) -> None:
    certificate, key = tmp_path / "page.pem", tmp_path / "page.key"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run(
        [*request, "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    host = host_of(place=Place(port=0, certificate=str(certificate), key=str(key)))
    trusting = ssl.create_default_context(cafile=str(certificate))

    with closing(http.client.HTTPSConnection("localhost", host.port, context=trusting, timeout=TIMEOUT_S)) as secure:
        secure.request("GET", "/")
        answer = secure.getresponse()
        assert answer.status == 200
        assert "Secure" in (answer.getheader("Set-Cookie") or "").split("; ")


def test_a_certificate_that_does_not_fit_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be PEM files that fit"):
        Place(certificate=str(tmp_path / "missing.pem"), key=str(tmp_path / "missing.key")).tls()


def test_a_page_that_is_closed_ends_its_streams_and_its_thread(host_of: MakeHost) -> None:
    host = host_of()
    stream = socket.create_connection(("127.0.0.1", host.port))
    stream.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert stream.recv(100)

    host.page.close()
    host.page.observe(status_of(9))

    stream.settimeout(TIMEOUT_S)
    while stream.recv(1 << 16):
        pass
    assert not host.page._thread.is_alive()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", host.port))
