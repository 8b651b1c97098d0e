"""What the page shows: its files, pictures, streams of pictures and events, records, health and metrics."""

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp import hdrs, web

from edge_app.outputs.contract import encode
from edge_app.outputs.web.answers import Handler, event, send
from edge_app.outputs.web.board import Board, Picture
from edge_app.outputs.web.broadcast import Broadcast
from edge_app.outputs.web.door import Door

NEXT_FRAME_S = 5.0  # that a looker waits for the next picture, at most
STATUS_S = 1.0  # how often a looker hears how the loop is
BOUNDARY = "frame"
FORM_TOKEN_MARK = b"{{form_token}}"


class Views:
    """Answers those who look. Made in the event loop that serves them.

    Args:
        board: what the page knows of the loop.
        door: knows who looks.
        assets: bytes and media type of each file, by its path.
        metrics: text for Prometheus, and its media type.
        stop: set where streams are to end.
    """

    def __init__(
        self,
        board: Board,
        door: Door,
        assets: Mapping[str, tuple[bytes, str]],
        metrics: Callable[[], tuple[bytes, str]],
        stop: asyncio.Event,
    ) -> None:
        self._board, self._door, self._assets, self._metrics_text, self._stop = board, door, assets, metrics, stop
        # One picture at a time, so that all lookers share it.
        self._painter = ThreadPoolExecutor(1, thread_name_prefix="page-pictures")
        self._pictures: Broadcast[Picture] = Broadcast(self._make_picture, self._count_watchers)
        self._events: Broadcast[bytes] = Broadcast(self._make_events, self._count_watchers)
        self._status_due_s = 0.0

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Adds all that can be looked at."""
        for path in self._assets:
            router.add_get(path, self._asset)
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
            router.add_get(path, handler)
        router.add_get("/stream.mjpg", self._stream, allow_head=False)
        router.add_get("/api/events", self._event_stream, allow_head=False)

    def wake(self) -> None:
        """Tells the lookers that there is something new."""
        self._pictures.wake()
        self._events.wake()

    def close(self) -> None:
        """Paints no more."""
        self._painter.shutdown(wait=False, cancel_futures=True)

    def _count_watchers(self, more: int) -> None:
        self._board.watched += more

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        body, kind = self._assets[request.path]
        response = web.Response(body=body, content_type=kind, charset="utf-8")
        if request.path == "/":
            body = body.replace(FORM_TOKEN_MARK, self._door.form_token(request, response).encode())
            response.body = body if self._door.open else body.replace(b'id="logout" hidden', b'id="logout"')
        return response

    async def _picture(
        self,
        paint: Callable[[], bytes | None],
        kind: str,
        request: web.Request,
        none: type[web.HTTPException] | None = None,
    ) -> web.StreamResponse:
        body = await asyncio.get_running_loop().run_in_executor(self._painter, paint)
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
        body, kind = await asyncio.get_running_loop().run_in_executor(self._painter, self._metrics_text)
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
            await send(request, response, f"--{BOUNDARY}\r\n".encode())
            while not self._stop.is_set():
                jpeg = (await watch.next()).jpeg
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
                # The boundary ends the picture, so that a browser shows it now and not with the next one.
                if not await send(request, response, head + jpeg + f"\r\n--{BOUNDARY}\r\n".encode()):
                    break
        return response

    async def _event_stream(self, request: web.Request) -> web.StreamResponse:
        """Readings and status as server-sent events, always the newest ones."""
        response = web.StreamResponse()
        response.content_type = "text/event-stream"
        await response.prepare(request)
        async with self._events.watch() as watch:
            start = self._board.status()
            if start is not None and not await send(request, response, event("status", start)):
                return response
            while not self._stop.is_set():
                if not await send(request, response, await watch.next()):
                    break
        return response

    async def _make_picture(self) -> Picture | None:
        return await asyncio.get_running_loop().run_in_executor(self._painter, self._board.picture)

    async def _make_events(self) -> bytes | None:
        board, events = self._board, []
        readings = board.readings()
        if readings is not None:
            events += [event("readings", readings), event("seen", board.seen())]
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._status_due_s or readings is None:
            status = board.status()
            self._status_due_s = now_s + STATUS_S
            events += [] if status is None else [event("status", status)]
        return b"".join(events) or None
