"""A page that listens on a free port of loopback, told of turns by the test itself."""

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from edge_app.frames import Digit, Frame, FrameReadings, Layers, Moment, Reading, UInt8
from edge_app.outputs.web.changes import Actions
from edge_app.outputs.web.guard import Access
from edge_app.outputs.web.server import Page, Place
from edge_app.protocols import Command
from edge_app.status import LoopStatus, Phase, Reload, Tuning

MODEL = "0123456789abcdef"
TUNING = Tuning(None, "upright", 0.6)
TIMEOUT_S = 20.0


def status_of(
    sequence: int = 1, text: str = "407", changed: bool = True, gray: int | UInt8 = 180, **fields: Any
) -> LoopStatus:
    """A turn in which a number is published; each sequence number is a frame of its own."""
    digits = tuple(Digit(int(digit), 0.97, (40 + 30 * at, 50, 24, 40)) for at, digit in enumerate(text))
    reading = Reading(digits)
    seen = FrameReadings((reading,), (320, 240), {"binarize": 1.0, "total": 12.0}, len(digits))
    picture = np.full((240, 320), gray, np.uint8) if isinstance(gray, int) else gray
    frame = Frame(picture, sequence, sequence * 33_000_000)
    layers = Layers(np.full((240, 320), 255, np.uint8), np.full((28, 448), 9, np.uint8))
    moment = Moment(
        frame, seen, (reading,), changed, 1_700_000_000.0 + sequence, 30.0, "fake", MODEL,
        new=(reading,) if changed else (), make_layers=lambda: layers,
    )  # fmt: skip
    status = LoopStatus(
        Phase.READING, "", MODEL, sequence, "fake", sequence, 0, 0, 1, 5.0, Reload(), moment,
        tuning=TUNING, configured=TUNING, description="compact",
    )  # fmt: skip
    return replace(status, **fields)


@dataclass
class Host:
    """A page with what was asked of it.

    Attributes:
        page, port: the page and where it listens.
        commands, tunings, saved: what was asked for.
        refuse_save: raised at the next save.
    """

    page: Page
    port: int
    commands: list[Command] = field(default_factory=list)
    tunings: list[Tuning] = field(default_factory=list)
    saved: list[Tuning] = field(default_factory=list)
    refuse_save: Exception | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> tuple[int, dict[str, str], bytes]:
        """One request on a connection of its own: the answer's status, headers in lower case, and body."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)) as connection:
            headers = dict(headers or {})
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
                headers.setdefault("Content-Type", "application/json")
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def visit(self, cookie: str = "") -> dict[str, str]:
        """Loads the page as a browser does; the headers that its requests carry from then on."""
        _, headers, body = self.ask("GET", "/", headers={"Cookie": cookie} if cookie else {})
        token = body.split(b'name="form-token" content="')[1].split(b'"')[0].decode()
        return {"Cookie": cookie or headers["set-cookie"].split(";")[0], "X-Form-Token": token}


@pytest.fixture
def host_of() -> Iterator[Callable[..., Host]]:
    """Makes pages."""
    hosts: list[Host] = []

    def make(access: Access | None = None, place: Place | None = None, told: bool = True) -> Host:
        def save(tuning: Tuning) -> None:
            if host.refuse_save is not None:
                raise host.refuse_save
            host.saved.append(tuning)

        actions = Actions(
            lambda command: host.commands.append(command),
            lambda tuning: host.tunings.append(tuning),
            save,
            lambda: (b"edge_digits_up 1.0\n", "text/plain; version=1.0.0; charset=utf-8"),
        )
        page = Page(place or Place(port=0), access or Access(), actions)
        host = Host(page, page.wait_until_listening(TIMEOUT_S))
        hosts.append(host)
        assert host.port
        if told:
            page.observe(status_of())
        return host

    yield make
    for host in hosts:
        host.page.close()


@pytest.fixture
def host(host_of: Callable[..., Host]) -> Host:
    """A page that is open to everybody on this machine."""
    return host_of()
