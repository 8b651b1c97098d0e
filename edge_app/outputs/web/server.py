"""The live page's server: a thread of its own with an event loop; assets/web/openapi.json says what it answers."""

import asyncio
import logging
import ssl
import threading
from dataclasses import dataclass
from importlib import resources

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from edge_app.errors import ConfigError
from edge_app.outputs.web.answers import Handler, add_headers, error_of
from edge_app.outputs.web.board import Board
from edge_app.outputs.web.changes import Actions, Changes
from edge_app.outputs.web.door import Door
from edge_app.outputs.web.guard import Access
from edge_app.outputs.web.listener import Listener
from edge_app.outputs.web.views import Views
from edge_app.status import LoopStatus

log = logging.getLogger(__name__)

RETRY_S = 10.0  # between tries at an address that is not to be had, as of a network that is not up yet
ANSWER_S = 15.0  # an answer that takes longer is given up
MAX_BODY, MAX_LINE, MAX_HEADER = 8192, 4096, 8190  # bytes
CLOSE_S = 2.0
ASSETS = {
    "/": ("index.html", "text/html"),
    "/login": ("login.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/openapi.json": ("openapi.json", "application/json"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page is.

    Attributes:
        host, port: to listen at; port 0 takes a free one.
        certificate, key: files for TLS; empty for none.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    certificate: str = ""
    key: str = ""

    def tls(self) -> ssl.SSLContext | None:
        """What connections are encrypted with.

        Raises:
            ConfigError: a file cannot be used.
        """
        if not self.certificate:
            return None
        try:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or error
            raise ConfigError(f"web.certificate and web.key must be PEM files that fit. Received: {reason}") from error
        return context


class Page:
    """The server; see `edge_app.protocols.Observer`.

    Args:
        place: where it listens.
        access: who may come in.
        actions: what the page can do.

    Raises:
        ConfigError: certificate or key cannot be used.
    """

    def __init__(self, place: Place, access: Access, actions: Actions) -> None:
        self._place, self._tls = place, place.tls()
        self._assets = {path: (_asset(name), kind) for path, (name, kind) in ASSETS.items()}
        self._door = Door(access, self._tls is not None, self._assets["/login"][0])
        self._board, self._actions = Board(), actions
        self._listening, self._stop = threading.Event(), asyncio.Event()
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="page", daemon=True)
        self._thread.start()

    def observe(self, status: LoopStatus) -> None:
        """Shows a turn to whoever looks."""
        self._board.observe(status)

    def wait_until_listening(self, timeout_s: float) -> int:
        """The port, once it listens; 0 where it does not by then."""
        self._listening.wait(timeout_s)
        return self._port

    def close(self) -> None:
        """Ends all connections and the thread."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(2 * CLOSE_S + 1)
        self._door.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._views = Views(self._board, self._door, self._assets, self._actions.metrics, self._stop)
        self._board.on_turn = self._wake_from_outside
        runner = web.AppRunner(
            self._application(),
            access_log=None,
            logger=_quiet_logger(),
            max_line_size=MAX_LINE,
            max_field_size=MAX_HEADER,
            shutdown_timeout=CLOSE_S,
            handler_cancellation=True,  # a looker who has gone waits for no more pictures
        )
        await runner.setup()
        self._listener = Listener(runner.server)
        try:
            if await self._open():
                await self._stop.wait()
        finally:
            await self._listener.close()
            await runner.cleanup()
            self._views.close()

    async def _open(self) -> bool:
        """Listens, trying until it works; False where it is to stop before."""
        place, told = self._place, False
        while not self._stop.is_set():
            try:
                self._port = await self._listener.open(place.host, place.port, self._tls)
            except OSError as error:
                if not told:
                    reason = error.strerror or error
                    log.warning("no live page yet at %s port %d: %s; trying on", place.host, place.port, reason)
                told = True
                try:
                    async with asyncio.timeout(RETRY_S):
                        await self._stop.wait()
                except TimeoutError:
                    continue
            else:
                shown = f"[{place.host}]" if ":" in place.host else place.host
                log.info("live page: %s://%s:%d/", "https" if self._tls else "http", shown, self._port)
                self._listening.set()
                return True
        return False

    def _wake_from_outside(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._views.wake)
        except RuntimeError:  # the page is closed already
            self._board.watched = 0

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._mind, self._door.admit], client_max_size=MAX_BODY)
        application.on_response_prepare.append(add_headers)
        self._views.add_to(application.router)
        self._door.add_to(application.router)
        Changes(self._board, self._actions).add_to(application.router)
        return application

    @web.middleware
    async def _mind(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Watches over connection and time, and makes errors what programs and people can read."""
        self._listener.busy(request.protocol)
        try:
            if request.path in ("/stream.mjpg", "/api/events"):
                return await handler(request)
            async with asyncio.timeout(ANSWER_S):
                return await handler(request)
        except web.HTTPRedirection:
            raise
        except web.HTTPException as refusal:
            headers = {
                str(name): refusal.headers[name] for name in (hdrs.ALLOW, hdrs.RETRY_AFTER) if name in refusal.headers
            }
            return error_of(refusal.status, refusal.text or refusal.reason, headers)
        except TimeoutError:
            return error_of(408, f"the request took more than {ANSWER_S:.0f} s")
        finally:
            self._listener.idle(request.protocol)


def _quiet_logger() -> logging.Logger:
    """aiohttp's, without the traceback that it writes for each request that is none: anybody can send thousands."""
    logger = logging.getLogger(f"{__name__}.requests")
    if not logger.filters:
        logger.addFilter(lambda record: not _is_bad_request(record))
    return logger


def _is_bad_request(record: logging.LogRecord) -> bool:
    return record.exc_info is not None and isinstance(record.exc_info[1], HttpProcessingError)


def _asset(name: str) -> bytes:
    return resources.files("edge_app").joinpath("assets", "web", name).read_bytes()
