"""The running app's Unix socket: it tells how the loop is, and takes the request to reload; and the client of both.

A client connects, sends one line, `status` or `reload`, and gets one line of JSON. Whoever may open the socket may
do both; nothing sent there is ever run or opened as a file.
"""

import logging
import os
import socket
import socketserver
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from edge_app.errors import ServiceError
from edge_app.outputs.contract import status_record
from edge_app.status import LoopStatus

log = logging.getLogger(__name__)

SOCKET_NAME = "control.sock"
DEFAULT_SOCKET = Path("/run/edge-digits") / SOCKET_NAME
TIMEOUT_S = 2.0  # for a client that is silent
ANSWER_S = 10.0  # for a server that is busy, or on a board that is
MAX_LINE = 64
MAX_ANSWER = 1 << 20


class ControlServer:
    """Answers on a socket, in a thread of its own; see `edge_app.protocols.Observer`.

    Args:
        path: of the socket; one that a run which was killed has left is replaced.
        request_reload: what to call when a client asks for it.

    Raises:
        ServiceError: the socket cannot be made, or another run answers there.
    """

    def __init__(self, path: Path, request_reload: Callable[[], None]) -> None:
        if path.exists() and _answers(path):
            raise ServiceError(f"{path} must be free. Received: another edge-app that answers there")
        self._path, self._status = path, LoopStatusBoard()
        board = self._status

        class Handler(socketserver.StreamRequestHandler):
            """One client."""

            timeout = TIMEOUT_S

            def handle(self) -> None:
                """One line in, one line out."""
                try:
                    asked = self.rfile.readline(MAX_LINE).strip()
                    self.wfile.write(_answer(asked, board, request_reload) + b"\n")
                except OSError as error:  # gone, or silent for too long
                    log.debug("a client of %s: %s", path, error)

        try:
            path.unlink(missing_ok=True)
            before = os.umask(0o117)  # the user and the group, nobody else
            try:
                self._server = _Server(str(path), Handler)
            finally:
                os.umask(before)
        except OSError as error:
            raise ServiceError(f"{path} must be a path for a socket. Received: {error.strerror or error}") from error
        self._thread = threading.Thread(target=self._server.serve_forever, name="control", daemon=True)
        self._thread.start()

    def observe(self, status: LoopStatus) -> None:
        """Keeps the newest turn for whoever asks."""
        self._status.newest = status

    def close(self) -> None:
        """Ends the thread and removes the socket."""
        self._server.shutdown()
        self._server.server_close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:  # the folder is somebody else's by now
            log.warning("%s stays behind: %s", self._path, error.strerror or error)


class LoopStatusBoard:
    """Where the loop's thread leaves the newest status for the socket's."""

    newest: LoopStatus | None = None


class _Server(socketserver.UnixStreamServer):
    """One client after another: each is done within TIMEOUT_S."""

    request_queue_size = 16


def ask(path: Path, what: str = "status") -> dict[str, Any]:
    """Asks a running app.

    Args:
        path: of its socket.
        what: "status" or "reload".

    Returns:
        `status_record`; without "phase" before the loop's first turn.

    Raises:
        ServiceError: nobody answers, or not as ours does.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.settimeout(ANSWER_S)
            client.connect(str(path))
            client.sendall(what.encode() + b"\n")
            with client.makefile("rb") as stream:
                answer = stream.readline(MAX_ANSWER)
        record: dict[str, Any] = msgspec.json.decode(answer, type=dict[str, Any])
    except OSError as error:
        reason = error.strerror or error
        raise ServiceError(f"{path}: no edge-app answers there: {reason}; is the service up?") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ServiceError(f"{path}: what answers there is no edge-app. Received: {answer[:60]!r}") from error
    if "error" in record:
        raise ServiceError(f"{path}: {record['error']}")
    return record


def _answer(asked: bytes, board: LoopStatusBoard, request_reload: Callable[[], None]) -> bytes:
    if asked == b"reload":
        request_reload()
    elif asked != b"status":
        return msgspec.json.encode({"error": "expected status or reload"})
    return msgspec.json.encode({} if board.newest is None else status_record(board.newest))


def _answers(path: Path) -> bool:
    try:
        ask(path)
    except ServiceError:
        return False
    return True
