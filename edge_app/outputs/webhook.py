"""Turns of the loop in, a POST for each published change out; tried again where nobody takes it."""

import hashlib
import hmac
import logging
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from edge_app.outputs.contract import encode, moment_record
from edge_app.status import LoopStatus

log = logging.getLogger(__name__)

LIMIT = 1000  # messages that wait; the oldest makes room
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 300.0  # between tries; doubled each time
TRY_AGAIN = {408, 425, 429}  # and 5xx: the receiver may be well again soon; other answers are final
USER_AGENT = "edge-digits"


@dataclass(frozen=True, slots=True)
class Hook:
    """Where to.

    Attributes:
        url: http or https.
        secret: that the signature is made with; empty for none.
        timeout_s: for one try.
    """

    url: str
    secret: bytes = b""
    timeout_s: float = 10.0


class Webhook:
    """The sender, with a thread of its own; see `edge_app.protocols.Observer`.

    Attributes:
        dropped: messages that were given up, or made room for newer ones.

    Args:
        hook: where to.
        wall_clock: seconds since the epoch, for the signature.
        first_wait_s: before the second try.
    """

    def __init__(
        self, hook: Hook, wall_clock: Callable[[], float] = time.time, first_wait_s: float = FIRST_WAIT_S
    ) -> None:
        self._hook, self._wall_clock, self._first_wait_s = hook, wall_clock, first_wait_s
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._newest_moment: Any = None
        self.dropped = 0
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    def observe(self, status: LoopStatus) -> None:
        """Queues a published change."""
        moment = status.moment
        if moment is None or not moment.changed or moment is self._newest_moment:
            return
        self._newest_moment = moment
        with self._changed:
            self._waiting.append(encode(moment_record(moment)))
            if len(self._waiting) > LIMIT:
                self._waiting.popleft()
                self.dropped += 1
            self._changed.notify()

    def close(self) -> None:
        """Gives the message that is under way its time, and leaves the rest."""
        self._stop.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(self._hook.timeout_s)

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._changed:
                while not self._waiting and not self._stop.is_set():
                    self._changed.wait()
                if self._stop.is_set():
                    return
                message = self._waiting.popleft()
            self._deliver(message)

    def _deliver(self, message: bytes) -> None:
        wait_s = self._first_wait_s
        while (problem := self._post(message)) and not self._stop.is_set():
            if not problem.may_pass:
                self.dropped += 1
                log.warning("webhook: a message is given up: %s", problem.what)
                return
            log.warning("webhook: %s; next try in %.0f s", problem.what, wait_s)
            self._stop.wait(wait_s)
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    def _post(self, message: bytes) -> "_Problem | None":
        request = urllib.request.Request(self._hook.url, data=message, method="POST")
        request.add_header("Content-Type", "application/json")
        request.add_header("User-Agent", USER_AGENT)
        if self._hook.secret:
            for name, value in signature_headers(self._hook.secret, message, self._wall_clock()).items():
                request.add_header(name, value)
        try:
            with self._opener.open(request, timeout=self._hook.timeout_s):
                return None
        except urllib.error.HTTPError as error:
            error.close()
            return _Problem(f"the receiver answers {error.code}", error.code in TRY_AGAIN or error.code >= 500)
        except (OSError, HTTPException, ValueError) as error:  # URLError is an OSError
            return _Problem(f"nobody answers: {getattr(error, 'reason', error)}", True)


def signature_headers(secret: bytes, message: bytes, wall_time_s: float) -> dict[str, str]:
    """What a receiver checks: that we sent it, and when, so that nobody can send it again later.

    >>> signature_headers(b"key", b"{}", 12.5)["X-Edge-Digits-Timestamp"]
    '12'
    """
    sent = str(int(wall_time_s))
    signed = hmac.new(secret, sent.encode() + b"." + message, hashlib.sha256).hexdigest()
    return {"X-Edge-Digits-Timestamp": sent, "X-Edge-Digits-Signature": f"sha256={signed}"}


@dataclass(frozen=True, slots=True)
class _Problem:
    what: str
    may_pass: bool


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A reading goes to the address that was configured, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Never."""
        return
