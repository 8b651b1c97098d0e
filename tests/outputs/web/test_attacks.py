"""Whoever comes, from loopback alone: the loop that tells of turns never waits, and others are still served."""

import http.client
import json
import logging
import random
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from edge_app.outputs.web.listener import BACKLOG, CONNECTIONS
from tests.outputs.web.conftest import Host, status_of
from tests.waiting import wait_until

SLOW_CLIENTS = 100
CONNECTIONS_TRIED = 1000
MUTATED_REQUESTS = 3000
SLOWEST_TURN_S = 2.0  # far more than a turn takes on a busy machine, far less than a client that makes us wait
LONG = b"a" * 100_000
NOISE = np.random.default_rng(0).integers(0, 256, (240, 320), dtype=np.uint8)  # fills a client's buffers soon
GET = b"GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Loop:
    """Tells the page of a turn a hundred times a second, and how long the longest took."""

    def __init__(self, host: Host) -> None:
        self.turns, self.slowest_s = 0, 0.0
        self._host, self._stop = host, threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.01):
            began_s = time.monotonic()
            self._host.page.observe(status_of(self.turns + 2, changed=self.turns % 10 == 0, gray=NOISE))
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)
            self.turns += 1

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


@contextmanager
def unharmed(host: Host) -> Iterator[None]:
    """The loop's turns go on without a wait, and afterwards the page answers as before."""
    loop = Loop(host)
    try:
        yield
        before = loop.turns
        time.sleep(0.3)
        assert loop.turns > before + 3
    finally:
        loop.stop()
    assert loop.slowest_s < SLOWEST_TURN_S
    status, _, body = host.ask("GET", "/api/status")
    assert (status, json.loads(body)["phase"]) == (200, "reading")


def connect(host: Host) -> socket.socket:
    return socket.create_connection(("127.0.0.1", host.port), timeout=10)


def answer(host: Host, request: bytes, patience_s: float = 2.0) -> bytes:
    """What a raw request gets; nothing where the server closes, or waits for more for so long."""
    said = b""
    with connect(host) as client:
        client.settimeout(patience_s)
        try:
            client.sendall(request)
            while len(said) < 1 << 18 and (part := client.recv(1 << 16)):
                said += part
                client.settimeout(0.02)  # the rest of it comes at once
        except OSError:
            return said
    return said


@pytest.fixture
def quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test need not wait as long as a client may."""
    monkeypatch.setattr("edge_app.outputs.web.listener.SILENT_S", 1.0)
    monkeypatch.setattr("edge_app.outputs.web.listener.SWEEP_S", 0.1)
    monkeypatch.setattr("edge_app.outputs.web.server.ANSWER_S", 1.0)
    monkeypatch.setattr("edge_app.outputs.web.answers.STALL_S", 0.5)


@pytest.mark.usefixtures("quick_sweeps")
def test_clients_that_send_their_request_drop_by_drop_are_dropped(host: Host) -> None:
    with unharmed(host):
        clients = [connect(host) for _ in range(SLOW_CLIENTS)]
        gone = [False] * SLOW_CLIENTS
        for drop in b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: aaaaaaaaaaaaaaaa":
            for number, client in enumerate(clients):
                try:
                    client.send(bytes([drop]))
                except OSError:
                    gone[number] = True
            time.sleep(0.06)
            if all(gone):
                break
        for client in clients:
            client.close()

    assert all(gone)


@pytest.mark.usefixtures("quick_sweeps")
def test_a_body_that_never_comes_is_given_up(host: Host) -> None:
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    with unharmed(host), connect(host) as client:
        client.sendall(head + b"Content-Length: 100\r\n\r\npass")
        said = client.recv(1 << 16)

    assert b" 408 " in said.split(b"\r\n")[0]


def test_1000_silent_connections_keep_nobody_out(host: Host) -> None:
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most > CONNECTIONS_TRIED + CONNECTIONS + 200, "this process may not open enough files"
    listener, clients, held, answers = host.page._listener, [], 0, []
    with unharmed(host):
        for number in range(CONNECTIONS_TRIED):
            clients.append(connect(host))
            if number % 100 == 99:
                answers.append(host.ask("GET", "/api/status")[0])
                held = max(held, len(listener._make_protocol.connections))
        for client in clients:
            client.close()

    assert answers == [200] * (CONNECTIONS_TRIED // 100)
    assert held <= CONNECTIONS + BACKLOG  # so many may be accepted before those that make room have gone


def test_where_everybody_looks_the_next_one_is_refused_at_once(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_app.outputs.web.listener.CONNECTIONS", 20)
    with unharmed(host):
        lookers = [connect(host) for _ in range(20)]
        for looker in lookers:
            looker.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert looker.recv(100)
        with connect(host) as late, pytest.raises(ConnectionError):
            late.sendall(GET)
            late.recv(100)
        for looker in lookers:
            looker.close()
        time.sleep(0.5)

    assert host.page._listener.refused == 1


@pytest.mark.usefixtures("quick_sweeps")
def test_lookers_that_take_nothing_are_dropped(host: Host) -> None:
    with unharmed(host):
        stuck = [connect(host) for _ in range(10)]
        for client in stuck:
            client.sendall(b"GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: host.page._board.watched == 10)
        wait_until(lambda: host.page._board.watched == 0, "lookers that take nothing are kept")
        for client in stuck:
            client.close()


@pytest.mark.usefixtures("quick_sweeps")
def test_half_open_clients_and_those_that_hang_up_cost_nothing(host: Host) -> None:
    with unharmed(host):
        for number in range(200):
            client = connect(host)
            client.sendall(GET[: number % len(GET)])
            if number % 2:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # reset
            client.close()
        wait_until(lambda: not host.page._listener._make_protocol.connections)


@pytest.mark.parametrize(
    ("request_bytes", "statuses"),
    [
        pytest.param(b"GET /" + LONG + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", {400, 414}, id="a long path"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + LONG + b"\r\n\r\n", {400, 431}, id="a long header"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 20_000 + b"\r\n", {400, 431, 200}, id="headers"
        ),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", {400, 421}, id="no host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nHost: localhost\r\n\r\n", {400, 421}, id="two hosts"),
        pytest.param(b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", {400, 421}, id="a proxy's"),
        pytest.param(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\n",
            {400}, id="smuggled",
        ),
        pytest.param(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", {400}, id="a negative length"
        ),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}, id="TLS without TLS"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}, id="HTTP/2"),
    ],
)  # fmt: skip
def test_requests_that_are_none(host: Host, request_bytes: bytes, statuses: set[int]) -> None:
    with unharmed(host):
        said = answer(host, request_bytes)

    assert said == b"" or int(said.split(b" ")[1]) in statuses, said[:200]


TRAVERSALS = [
    prefix + path
    for prefix in ("/", "/history/", "/layers/", "/assets/", "/page.js/", "//", "/./", "/static/")
    for path in (
        "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/etc/passwd",
        "..\\..\\etc\\passwd", "....//....//etc/passwd", "%252e%252e%252fetc%252fpasswd", "..%00/etc/passwd",
        "..%c0%af..%c0%afetc/passwd", "index.html", "../setup.cfg", "../default.toml", "../bundles",
        "%2e%2e%2fdefault.toml",
    )
]  # fmt: skip


@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leads_to_a_file(host: Host, path: str) -> None:
    said = answer(host, b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert said.split(b" ")[1] in (b"400", b"404"), said[:200]
    assert b"root:" not in said and b"[camera]" not in said and b"<!doctype" not in said.lower()


def test_thousands_of_mutated_requests_find_no_crash(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """Seeds are requests of each kind; bytes are flipped, cut, doubled and put in between."""
    chance = random.Random(407)
    seeds = [
        GET,
        b"GET /frame.jpg?after=1 HTTP/1.1\r\nHost: localhost\r\nCookie: edge_digits_session=abc\r\n\r\n",
        b"GET /history/1.jpg HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-5\r\nIf-None-Match: \"x\"\r\n\r\n",
        b"POST /api/settings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 2\r\n\r\n{}",
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: 60\r\n\r\n--x\r\nContent-Disposition: form-data; name=password\r\n\r\na\r\n--x--",
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npassw\r\n0\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ]  # fmt: skip
    statuses: dict[int, int] = {}
    with unharmed(host):
        for _ in range(MUTATED_REQUESTS):
            request = mutated(bytearray(chance.choice(seeds)), chance)
            said = answer(host, request, patience_s=0.05)
            if said.startswith(b"HTTP/"):
                status = int(said.split(b" ")[1])
                statuses[status] = statuses.get(status, 0) + 1

    assert sum(statuses.values()) > MUTATED_REQUESTS / 2
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert {status for status in statuses if status >= 500} <= {503, 505}, statuses


def mutated(request: bytearray, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(request) or 1)
        kind = chance.randrange(5)
        if kind == 0 and request:
            request[at] = chance.randrange(256)
        elif kind == 1:
            del request[at : at + chance.randint(1, 8)]
        elif kind == 2:
            request[at:at] = request[at : at + chance.randint(1, 40)]
        elif kind == 3:
            request[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
        else:
            request[at:at] = chance.choice([b"\r\n", b"\x00", b"%", b"%ff", b" ", b":", b"\r\n\r\n", b"9" * 30, b"-1"])
    return bytes(request)


def test_a_client_that_keeps_its_connection_is_served_again_and_again(host: Host) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)

    for _ in range(200):
        connection.request("GET", "/api/status")
        assert connection.getresponse().read()
    connection.close()
