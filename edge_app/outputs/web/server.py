"""The live page's server: a thread of its own with an event loop; assets/web/openapi.json says what it answers."""

import asyncio
import logging
import re
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs

import msgspec
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Meta

from edge_app.errors import ConfigError
from edge_app.frames import Orientation
from edge_app.outputs.contract import encode
from edge_app.outputs.web.board import Board, Picture
from edge_app.outputs.web.broadcast import Broadcast
from edge_app.outputs.web.guard import COOKIE, SESSION_S, Access, Guard, TooManyTriesError
from edge_app.outputs.web.listener import Listener
from edge_app.protocols import Command
from edge_app.status import LoopStatus, Tuning

log = logging.getLogger(__name__)

RETRY_S = 10.0  # between tries at an address that is not to be had, as of a network that is not up yet
STALL_S = 5.0  # a client that takes nothing for so long is dropped
NEXT_FRAME_S = 5.0  # that a looker waits for the next picture, at most
ANSWER_S = 15.0  # an answer that takes longer is given up
STATUS_S = 1.0  # how often a looker hears how the loop is
MAX_BODY, MAX_LINE, MAX_HEADER = 8192, 4096, 8190  # bytes
MAX_FIELDS = 8  # of a form
CLOSE_S = 2.0
BOUNDARY = "frame"
ASSETS = {
    "/": ("index.html", "text/html"),
    "/login": ("login.html", "text/html"),
    "/page.js": ("page.js", "text/javascript"),
    "/page.css": ("page.css", "text/css"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/openapi.json": ("openapi.json", "application/json"),
}
FREE = {"/login", "/page.css", "/icon.svg", "/healthz"}  # what is shown to those who are not in yet
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",  # with less, a browser hides where a form comes from
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
FORM_TOKEN_MARK = b"{{form_token}}"

Share = Annotated[float, Meta(ge=0, le=1)]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TuningBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What POST /api/settings takes."""

    roi: tuple[Share, Share, Share, Share] | None
    orientation: Orientation
    confidence: Share


class CommandBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What POST /api/commands takes."""

    command: Literal["snapshot", "hold", "resume", "accept"]


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


@dataclass(frozen=True, slots=True)
class Actions:
    """What the page can do.

    Attributes:
        command: asks the loop for something.
        tune: asks it to read otherwise.
        save: keeps that for later runs; raises ConfigError.
        metrics: text for Prometheus, and its content type.
    """

    command: Callable[[Command], None]
    tune: Callable[[Tuning], None]
    save: Callable[[Tuning], None]
    metrics: Callable[[], tuple[bytes, str]]


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
        self._guard, self._actions = Guard(access), actions
        self._board = Board()
        self._assets = {path: (_asset(name), kind) for path, (name, kind) in ASSETS.items()}
        # One at a time each: pictures, so that all lookers share one; tries at the password, which cost 16 MiB each.
        self._painter = ThreadPoolExecutor(1, thread_name_prefix="page-pictures")
        self._doorman = ThreadPoolExecutor(1, thread_name_prefix="page-passwords")
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
        self._painter.shutdown(wait=False, cancel_futures=True)
        self._doorman.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._pictures: Broadcast[Picture] = Broadcast(self._make_picture, self._count_watchers)
        self._events: Broadcast[bytes] = Broadcast(self._make_events, self._count_watchers)
        self._status_due_s = 0.0
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
            self._loop.call_soon_threadsafe(self._wake)
        except RuntimeError:  # the page is closed already
            self._board.watched = 0

    def _wake(self) -> None:
        self._pictures.wake()
        self._events.wake()

    def _count_watchers(self, more: int) -> None:
        self._board.watched += more

    def _application(self) -> web.Application:
        application = web.Application(middlewares=[self._mind, self._admit], client_max_size=MAX_BODY)
        application.on_response_prepare.append(_add_headers)
        for path in ASSETS:
            application.router.add_get(path, self._asset)
        routes: tuple[tuple[str, Handler], ...] = (
            ("/snapshot.jpg", partial(self._picture, self._board.snapshot, "image/jpeg")),
            ("/frame.jpg", self._frame),
            ("/layers/{name:mask|crops}.png", self._layer),
            ("/history/{number:[0-9]{1,9}}.jpg", self._thumb),
            ("/api/readings", partial(self._json, self._board.readings)),
            ("/api/status", partial(self._json, self._board.status)),
            ("/api/history", partial(self._json, self._board.history)),
            ("/api/settings", partial(self._json, self._settings)),
            ("/healthz", self._health),
            ("/metrics", self._metrics),
        )
        for path, handler in routes:
            application.router.add_get(path, handler)
        application.router.add_get("/stream.mjpg", self._stream, allow_head=False)
        application.router.add_get("/api/events", self._event_stream, allow_head=False)
        for path, handler in (
            ("/login", self._log_in),
            ("/logout", self._log_out),
            ("/api/settings", self._tune),
            ("/api/settings/save", self._save),
            ("/api/settings/revert", self._revert),
            ("/api/commands", self._command),
        ):
            application.router.add_post(path, handler)
        return application

    # Who may do what.

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
            return _error(refusal.status, refusal.text or refusal.reason, headers)
        except TimeoutError:
            return _error(408, f"the request took more than {ANSWER_S:.0f} s")
        finally:
            self._listener.idle(request.protocol)

    @web.middleware
    async def _admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Lets in who may come in, and takes changes from our own page alone."""
        guard = self._guard
        if not guard.knows_host(request.headers.get(hdrs.HOST, "")):
            raise web.HTTPMisdirectedRequest(text="this page is not called by that name; see web.names in the config")
        token = _bearer(request)
        try:
            inside = guard.is_in(request.cookies.get(COOKIE, ""), token, request.remote or "")
        except TooManyTriesError as error:
            raise _too_many(error) from error
        if not inside and request.path not in FREE:
            if request.path == "/" and request.method == hdrs.METH_GET:
                raise web.HTTPSeeOther("/login")
            raise web.HTTPUnauthorized(text="log in first, or send a token")
        if request.method == hdrs.METH_POST:
            self._check_sender(request, by_program=inside and bool(token))
        return await handler(request)

    def _check_sender(self, request: web.Request, by_program: bool) -> None:
        origin = request.headers.get(hdrs.ORIGIN, "")
        if not self._guard.knows_origin(origin, request.scheme, request.headers.get(hdrs.HOST, "")):
            raise web.HTTPForbidden(text="changes are taken from this page alone")
        if by_program or request.path == "/login":
            return
        session = request.cookies.get(COOKIE, "")
        if not self._guard.is_form_token(request.headers.get("X-Form-Token", ""), session):
            raise web.HTTPForbidden(text="X-Form-Token must be the one in this session's page; load it again")

    async def _log_in(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/x-www-form-urlencoded":
            raise web.HTTPUnsupportedMediaType(text="the body must be application/x-www-form-urlencoded")
        form = _fields(await request.read())
        (password,) = form.get("password", [""])[:1]
        if not password:
            raise web.HTTPBadRequest(text="password must be a field of the form")
        check = partial(self._guard.try_password, password, request.remote or "")
        try:
            right = await self._loop.run_in_executor(self._doorman, check)
        except TooManyTriesError as error:
            raise _too_many(error) from error
        if not right:
            log.warning("live page: a wrong password from %s", request.remote)
            page = self._assets["/login"][0].replace(b'id="wrong" hidden', b'id="wrong"')
            return web.Response(status=401, body=page, content_type="text/html", charset="utf-8")
        response = web.HTTPSeeOther("/")
        self._set_cookie(response, self._guard.new_session())
        raise response

    async def _log_out(self, request: web.Request) -> web.StreamResponse:
        self._guard.end_session(request.cookies.get(COOKIE, ""))
        response = web.Response(status=204)
        response.del_cookie(COOKIE, path="/")
        return response

    def _set_cookie(self, response: web.StreamResponse, session: str) -> None:
        response.set_cookie(
            COOKIE,
            session,
            max_age=round(SESSION_S),
            httponly=True,
            samesite="Strict",
            secure=self._tls is not None,
            path="/",
        )

    # What is shown.

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        body, kind = self._assets[request.path]
        response = web.Response(body=body, content_type=kind, charset="utf-8")
        if request.path != "/":
            return response
        session = request.cookies.get(COOKIE, "")
        if self._guard.open and not session:
            session = self._guard.new_visitor()
            self._set_cookie(response, session)
        body = body.replace(FORM_TOKEN_MARK, self._guard.form_token(session).encode())
        response.body = body if self._guard.open else body.replace(b'id="logout" hidden', b'id="logout"')
        return response

    async def _picture(
        self,
        paint: Callable[[], bytes | None],
        kind: str,
        request: web.Request,
        none: type[web.HTTPException] | None = None,
    ) -> web.StreamResponse:
        body = await self._loop.run_in_executor(self._painter, paint)
        if body is None:
            raise (none or web.HTTPServiceUnavailable)(text="there is no such picture" if none else "no frame yet")
        return web.Response(body=body, content_type=kind)

    async def _layer(self, request: web.Request) -> web.StreamResponse:
        return await self._picture(partial(self._board.layer, request.match_info["name"]), "image/png", request)

    async def _thumb(self, request: web.Request) -> web.StreamResponse:
        paint = partial(self._board.thumb, int(request.match_info["number"]))
        return await self._picture(paint, "image/jpeg", request, web.HTTPNotFound)

    async def _json(self, make: Callable[[], bytes | None], request: web.Request) -> web.StreamResponse:
        body = make()
        if body is None:
            raise web.HTTPServiceUnavailable(text="nothing was read yet")
        return web.Response(body=body, content_type="application/json")

    def _settings(self) -> bytes | None:
        settings = self._board.settings()
        return None if settings is None else encode(settings)

    async def _health(self, request: web.Request) -> web.StreamResponse:
        if self._board.alive:
            return web.Response(text="reading\n")
        return web.Response(status=503, text="no frames\n")

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        body, kind = await self._loop.run_in_executor(self._painter, self._actions.metrics)
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: kind})

    async def _frame(self, request: web.Request) -> web.StreamResponse:
        """The newest picture that is not the one named by `after`, as soon as there is one."""
        shown = request.query.get("after", "")
        if not re.fullmatch(r"\d{0,18}", shown):
            raise web.HTTPBadRequest(text="after must be the number of a frame")
        try:
            async with asyncio.timeout(NEXT_FRAME_S), self._pictures.watch() as watch:
                picture = await watch.next()
                while str(picture.frame) == shown:
                    picture = await watch.next()
        except TimeoutError as error:
            raise web.HTTPServiceUnavailable(text="no new frame") from error
        return web.Response(body=picture.jpeg, content_type="image/jpeg", headers={"X-Frame": str(picture.frame)})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Pictures one after another, always the newest one."""
        response = web.StreamResponse()
        response.content_type = f"multipart/x-mixed-replace;boundary={BOUNDARY}"
        await response.prepare(request)
        async with self._pictures.watch() as watch:
            await _send(request, response, f"--{BOUNDARY}\r\n".encode())
            while not self._stop.is_set():
                jpeg = (await watch.next()).jpeg
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
                # The boundary ends the picture, so that a browser shows it now and not with the next one.
                if not await _send(request, response, head + jpeg + f"\r\n--{BOUNDARY}\r\n".encode()):
                    break
        return response

    async def _event_stream(self, request: web.Request) -> web.StreamResponse:
        """Readings and status as server-sent events, always the newest ones."""
        response = web.StreamResponse()
        response.content_type = "text/event-stream"
        await response.prepare(request)
        async with self._events.watch() as watch:
            start = self._board.status()
            if start is not None and not await _send(request, response, _event("status", start)):
                return response
            while not self._stop.is_set():
                if not await _send(request, response, await watch.next()):
                    break
        return response

    async def _make_picture(self) -> Picture | None:
        return await self._loop.run_in_executor(self._painter, self._board.picture)

    async def _make_events(self) -> bytes | None:
        board, events = self._board, []
        readings = board.readings()
        if readings is not None:
            events += [_event("readings", readings), _event("seen", board.seen())]
        now_s = self._loop.time()
        if now_s >= self._status_due_s or readings is None:
            status = board.status()
            self._status_due_s = now_s + STATUS_S
            events += [] if status is None else [_event("status", status)]
        return b"".join(events) or None

    # What is changed.

    async def _tune(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request, TuningBody)
        if body.roi is not None and not (body.roi[2] > 0 and body.roi[3] > 0):
            raise web.HTTPBadRequest(text="roi must have a width and a height")
        self._demand_settings()
        self._actions.tune(Tuning(body.roi, body.orientation, body.confidence))
        return _accepted()

    async def _save(self, request: web.Request) -> web.StreamResponse:
        self._demand_settings()
        newest = self._board.newest
        assert newest is not None and newest.tuning is not None
        try:
            await self._loop.run_in_executor(None, self._actions.save, newest.tuning)
        except ConfigError as error:
            raise web.HTTPConflict(text=f"not saved: {error}") from error
        return _accepted()

    async def _revert(self, request: web.Request) -> web.StreamResponse:
        self._demand_settings()
        newest = self._board.newest
        assert newest is not None and newest.configured is not None
        self._actions.tune(newest.configured)
        return _accepted()

    def _demand_settings(self) -> None:
        if self._board.settings() is None:
            raise web.HTTPServiceUnavailable(text="nothing was read yet")

    async def _command(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request, CommandBody)
        self._actions.command(Command(body.command))
        return _accepted()


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    response.headers[hdrs.SERVER] = "edge-digits"


async def _send(request: web.Request, response: web.StreamResponse, piece: bytes) -> bool:
    """False where the client has gone, or takes nothing."""
    try:
        async with asyncio.timeout(STALL_S):
            await response.write(piece)
    except TimeoutError:
        log.debug("live page: a client that takes nothing is dropped")
        if request.transport is not None:
            request.transport.abort()
        return False
    except (ConnectionError, RuntimeError):
        return False
    return True


async def _body(request: web.Request, kind: Any) -> Any:
    """What was sent, checked.

    Raises:
        HTTPException: it is not what is taken.
    """
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="the body must be application/json")
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise web.HTTPBadRequest(text=str(error)) from error


def _fields(body: bytes) -> dict[str, list[str]]:
    """Of a form; none where it is no form."""
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _too_many(error: TooManyTriesError) -> web.HTTPException:
    return web.HTTPTooManyRequests(text=str(error), headers={hdrs.RETRY_AFTER: f"{error.wait_s:.0f}"})


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status, body=encode({"error": message}), content_type="application/json", headers=headers
    )


def _accepted() -> web.Response:
    """The loop does it between two frames."""
    return web.Response(status=202, body=b'{"accepted":true}', content_type="application/json")


def _event(name: str, record: bytes) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + record + b"\n\n"


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
