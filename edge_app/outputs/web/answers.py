"""Requests in, what was sent with them out; and what the page's answers have in common."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from aiohttp import hdrs, web

from edge_app.outputs.contract import encode
from edge_app.outputs.web.guard import TooManyTriesError

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

STALL_S = 5.0  # a client that takes nothing for so long is dropped
MAX_FIELDS = 8  # of a form
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


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What each answer says beside its own."""
    response.headers.update(SECURITY_HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    response.headers[hdrs.SERVER] = "edge-digits"


async def send(request: web.Request, response: web.StreamResponse, piece: bytes) -> bool:
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


async def body_of(request: web.Request, kind: Any) -> Any:
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


def fields(body: bytes) -> dict[str, list[str]]:
    """Of a form; none where it is no form."""
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}


def bearer(request: web.Request) -> str:
    """The token that a program sent; "" for none."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def too_many(error: TooManyTriesError) -> web.HTTPException:
    """The refusal of one more try, with how long to wait."""
    return web.HTTPTooManyRequests(text=str(error), headers={hdrs.RETRY_AFTER: f"{error.wait_s:.0f}"})


def error_of(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    """A refusal that programs can read."""
    return web.Response(
        status=status, body=encode({"error": message}), content_type="application/json", headers=headers
    )


def accepted() -> web.Response:
    """The loop does it between two frames."""
    return web.Response(status=202, body=b'{"accepted":true}', content_type="application/json")


def event(name: str, record: bytes) -> bytes:
    """A server-sent event."""
    return b"event: " + name.encode() + b"\ndata: " + record + b"\n\n"
