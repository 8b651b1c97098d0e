"""A real receiver gets each published change, signed, in order; one that is away or refuses costs the loop nothing."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from edge_app.frames import Moment
from edge_app.outputs.webhook import LIMIT, Hook, Webhook
from edge_app.status import LoopStatus, Phase, Reload
from tests.waiting import wait_until

MakeMoment = Callable[..., Moment]
PATIENCE_S = 20.0


class Receiver:
    """Takes what is posted, and gives the answers that it was told to, then 204."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.answers.pop(0) if receiver.answers else 204
                receiver.taken.append((dict(self.headers), body))
                self.send_response(answer)
                if answer == 302:
                    self.send_header("Location", receiver.url + "elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def texts(self) -> list[str]:
        return [json.loads(body)["numbers"][0]["text"] for _, body in self.taken]

    def wait_for(self, count: int) -> None:
        wait_until(lambda: len(self.taken) >= count, lambda: self.taken)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def status(moment: Moment) -> LoopStatus:
    return LoopStatus(Phase.READING, "", "0123", 1, "fake", 1, 0, 0, 1, 1.0, Reload(), moment)


def test_each_change_is_posted_once_as_the_contract_has_it(
    receiver: Receiver, make_moment: MakeMoment, check_record: Callable[[Any], None]
) -> None:
    webhook = Webhook(Hook(receiver.url))
    first = make_moment(1, "407")

    for moment in (first, first, make_moment(2, "407", changed=False), make_moment(3, "12")):
        webhook.observe(status(moment))
    receiver.wait_for(2)
    webhook.close()

    for headers, body in receiver.taken:
        check_record(json.loads(body))
        assert headers["Content-Type"] == "application/json"
        assert "X-Edge-Digits-Signature" not in headers
    assert receiver.texts() == ["407", "12"]


def test_a_receiver_can_check_who_sent_it_and_when(receiver: Receiver, make_moment: MakeMoment) -> None:
    webhook = Webhook(Hook(receiver.url, secret=b"a secret"), wall_clock=lambda: 1_700_000_000.9)

    webhook.observe(status(make_moment(1, "407")))
    receiver.wait_for(1)
    webhook.close()

    headers, body = receiver.taken[0]
    expected = hmac.new(b"a secret", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert headers["X-Edge-Digits-Timestamp"] == "1700000000"
    assert headers["X-Edge-Digits-Signature"] == f"sha256={expected}"


def test_what_may_pass_is_tried_again_in_order(receiver: Receiver, make_moment: MakeMoment) -> None:
    receiver.answers = [503, 429, 500]
    webhook = Webhook(Hook(receiver.url), first_wait_s=0.01)

    for number in range(3):
        webhook.observe(status(make_moment(number, str(number))))
    receiver.wait_for(6)
    webhook.close()

    assert receiver.texts() == ["0", "0", "0", "0", "1", "2"]
    assert webhook.dropped == 0


@pytest.mark.parametrize("answer", [400, 401, 404, 302])
def test_what_is_final_is_given_up_and_no_redirect_is_followed(
    receiver: Receiver, make_moment: MakeMoment, answer: int
) -> None:
    receiver.answers = [answer]
    webhook = Webhook(Hook(receiver.url), first_wait_s=0.01)

    webhook.observe(status(make_moment(1, "1")))
    webhook.observe(status(make_moment(2, "2")))
    receiver.wait_for(2)
    webhook.close()

    assert receiver.texts() == ["1", "2"]
    assert webhook.dropped == 1


def test_while_nobody_answers_the_oldest_make_room(make_moment: MakeMoment) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
    webhook = Webhook(Hook(url), first_wait_s=60)
    began_s = time.monotonic()

    for number in range(LIMIT + 50):
        webhook.observe(status(make_moment(number, str(number))))
    webhook.close()

    assert webhook.waiting == LIMIT
    assert 49 <= webhook.dropped <= 50  # one may be under way
    assert time.monotonic() - began_s < PATIENCE_S
