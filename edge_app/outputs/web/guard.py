"""Who may ask the page for what: names it is called by, sessions, tokens, tries at the password. No network in it."""

import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from edge_app.outputs.web.passwords import is_password, is_token

COOKIE = "edge_digits_session"
SESSION_S = 30 * 86400.0  # of not being used
SESSIONS = 200  # the one unused for longest ends where there are more
TRIES, TRIES_S = 5, 300.0  # at a password, from one address
ALL_TRIES = 50  # from all addresses together, in the same time
ADDRESSES = 1000  # whose tries are remembered
HOST_HEADER = re.compile(r"^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may come in.

    Attributes:
        password, token: hashes; empty for none.
        names: host names that the page is called by, in lower case.
        open: whether everybody may.
    """

    password: str = ""
    token: str = ""
    names: frozenset[str] = frozenset()
    open: bool = True


class TooManyTriesError(Exception):
    """A password was tried too often.

    Attributes:
        wait_s: until the next try.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"too many tries; the next one in {wait_s:.0f} s")
        self.wait_s = wait_s


class Guard:
    """Knows sessions and tries; everything is forgotten at a restart.

    Args:
        access: who may come in.
        clock: monotonic seconds.
    """

    def __init__(self, access: Access, clock: Callable[[], float] = time.monotonic) -> None:
        self._access, self._clock = access, clock
        self._secret = secrets.token_bytes(32)
        self._sessions: OrderedDict[str, float] = OrderedDict()
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._all_tries: deque[float] = deque(maxlen=ALL_TRIES)

    @property
    def open(self) -> bool:
        """Whether nobody has to log in."""
        return self._access.open

    def knows_host(self, header: str) -> bool:
        """Whether a request was meant for us: a page elsewhere may point a name of its own at our address."""
        match = HOST_HEADER.match(header)
        if match is None:
            return False
        name = match[1].strip("[]").lower().rstrip(".")
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name == "localhost" or name in self._access.names
        return True

    def knows_origin(self, origin: str, scheme: str, host: str) -> bool:
        """Whether a request that changes something comes from our own page, or from no page at all."""
        if not origin:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return (parts.scheme, parts.netloc.lower()) == (scheme, host.lower())

    def new_session(self) -> str:
        """The id of a session of somebody who has logged in, for the cookie."""
        session = secrets.token_urlsafe(24)
        self._sessions[_digest(session)] = self._clock()
        while len(self._sessions) > SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def new_visitor(self) -> str:
        """The id of a session where nobody has to log in; nothing is kept of it."""
        return secrets.token_urlsafe(24)

    def is_in(self, session: str, token: str, address: str) -> bool:
        """Whether somebody may come in, by a session's cookie or a program's token.

        Raises:
            TooManyTriesError: too many wrong tokens came from that address.
        """
        if self._access.open:
            return True
        if token:
            self._check_tries(address)
            if is_token(token, self._access.token):
                return True
            self._count_try(address)
            return False
        key, now_s = _digest(session), self._clock()
        used_s = self._sessions.get(key)
        if not session or used_s is None or now_s - used_s > SESSION_S:
            return False
        self._sessions[key] = now_s
        self._sessions.move_to_end(key)
        return True

    def try_password(self, password: str, address: str) -> bool:
        """Whether the password is right; takes its time, so not to be called where others wait.

        Raises:
            TooManyTriesError: it was tried too often.
        """
        self._check_tries(address)
        if is_password(password, self._access.password):
            self._tries.pop(address, None)
            return True
        self._count_try(address)
        return False

    def end_session(self, session: str) -> None:
        """Logs somebody out."""
        self._sessions.pop(_digest(session), None)

    def form_token(self, session: str) -> str:
        """What a request that changes something has to carry, so that no other site's page can send it."""
        return hmac.new(self._secret, session.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()

    def is_form_token(self, form_token: str, session: str) -> bool:
        """Whether that was given to this session."""
        expected = self.form_token(session).encode()
        return bool(session) and hmac.compare_digest(form_token.encode("utf-8", "surrogateescape"), expected)

    def _check_tries(self, address: str) -> None:
        now_s = self._clock()
        for tries, most in ((self._tries.get(address, deque()), TRIES), (self._all_tries, ALL_TRIES)):
            while tries and now_s - tries[0] > TRIES_S:
                tries.popleft()
            if len(tries) >= most:
                raise TooManyTriesError(TRIES_S - (now_s - tries[0]))

    def _count_try(self, address: str) -> None:
        now_s = self._clock()
        self._tries.setdefault(address, deque(maxlen=TRIES)).append(now_s)
        self._tries.move_to_end(address)
        self._all_tries.append(now_s)
        while len(self._tries) > ADDRESSES:
            self._tries.popitem(last=False)


def _digest(session: str) -> str:
    return hashlib.sha256(session.encode("utf-8", "surrogateescape")).hexdigest()
