"""The loop's turns in, messages to systemd out: that it is up, alive, reloading, and how it is.

The protocol is that of sd_notify(3): datagrams of `NAME=value` lines to the Unix socket that NOTIFY_SOCKET names.
The loop itself sends them, so that a stage that hangs leaves the watchdog unfed.
"""

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping

from edge_app.status import LoopStatus, Phase, status_line

log = logging.getLogger(__name__)

SOCKET_VARIABLE = "NOTIFY_SOCKET"
STATUS_PERIOD_S = 5.0  # between two status texts, unless something else than the readings changes


class Notifier:
    """Tells the service manager of each turn; see `edge_app.protocols.Observer`.

    Args:
        address: of the socket; a leading @ stands for a name outside of the file system.
        clock: monotonic seconds.
    """

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._clock = clock
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)  # a manager that does not listen must not hold up the loop
        self._ready, self._reloading, self._failed = False, False, False
        self._said: tuple[Phase, str, str] | None = None
        self._status_due_s = 0.0

    @staticmethod
    def from_environment(environ: Mapping[str, str] = os.environ) -> "Notifier | None":
        """The notifier of the manager that started this process; None where none did."""
        address = environ.get(SOCKET_VARIABLE, "")
        return Notifier(address) if address else None

    def observe(self, status: LoopStatus) -> None:
        """One turn: the loop is alive. The first one, whether a frame was read or no camera is there, means ready."""
        if status.phase is Phase.STOPPING:
            self._send(["STOPPING=1", f"STATUS={status_line(status)}"])
            return
        lines = []
        if status.reload.under_way and not self._reloading:
            lines += ["RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}"]
        elif not self._ready or (self._reloading and not status.reload.under_way):
            lines.append("READY=1")
            self._ready = True
        self._reloading = status.reload.under_way
        self._send([*lines, "WATCHDOG=1", *self._status(status)])

    def close(self) -> None:
        """Lets go of the socket."""
        self._socket.close()

    def _status(self, status: LoopStatus) -> list[str]:
        now_s, said = self._clock(), (status.phase, status.problem, status.model)
        if said == self._said and now_s < self._status_due_s:
            return []
        self._said, self._status_due_s = said, now_s + STATUS_PERIOD_S
        return [f"STATUS={status_line(status)}".replace("\n", " ")]

    def _send(self, lines: list[str]) -> None:
        try:
            self._socket.sendto("\n".join(lines).encode("utf-8", "backslashreplace"), self._address)
        except OSError as error:
            if not self._failed:
                log.warning("systemd cannot be told of the loop: %s; reading goes on", error.strerror)
            self._failed = True
        else:
            self._failed = False
