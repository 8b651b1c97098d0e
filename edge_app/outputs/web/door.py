"""Requests in, who may do what out: names and origins that are known, sessions, tokens, and the way in and out."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp import hdrs, web

from edge_app.outputs.web.answers import Handler, bearer, fields, too_many
from edge_app.outputs.web.guard import COOKIE, SESSION_S, Access, Guard, TooManyTriesError

log = logging.getLogger(__name__)

FREE = {"/login", "/page.css", "/icon.svg", "/healthz"}  # what is shown to those who are not in yet


class Door:
    """Lets people and programs in.

    Args:
        access: who may come in.
        secure: whether connections are encrypted.
        login_page: HTML that asks for the password.
    """

    def __init__(self, access: Access, secure: bool, login_page: bytes) -> None:
        self._guard, self._secure, self._login_page = Guard(access), secure, login_page
        # One try at the password at a time: each costs 16 MiB.
        self._doorman = ThreadPoolExecutor(1, thread_name_prefix="page-passwords")

    @property
    def open(self) -> bool:
        """Whether everybody may come in."""
        return self._guard.open

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Adds the way in and out."""
        router.add_post("/login", self._log_in)
        router.add_post("/logout", self._log_out)

    @web.middleware
    async def admit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Lets in who may come in, and takes changes from our own page alone."""
        guard = self._guard
        if not guard.knows_host(request.headers.get(hdrs.HOST, "")):
            raise web.HTTPMisdirectedRequest(text="this page is not called by that name; see web.names in the config")
        token = bearer(request)
        try:
            inside = guard.is_in(request.cookies.get(COOKIE, ""), token, request.remote or "")
        except TooManyTriesError as error:
            raise too_many(error) from error
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
        form = fields(await request.read())
        (password,) = form.get("password", [""])[:1]
        if not password:
            raise web.HTTPBadRequest(text="password must be a field of the form")
        check = partial(self._guard.try_password, password, request.remote or "")
        try:
            right = await asyncio.get_running_loop().run_in_executor(self._doorman, check)
        except TooManyTriesError as error:
            raise too_many(error) from error
        if not right:
            log.warning("live page: a wrong password from %s", request.remote)
            page = self._login_page.replace(b'id="wrong" hidden', b'id="wrong"')
            return web.Response(status=401, body=page, content_type="text/html", charset="utf-8")
        response = web.HTTPSeeOther("/")
        self._set_cookie(response, self._guard.new_session())
        raise response

    async def _log_out(self, request: web.Request) -> web.StreamResponse:
        self._guard.end_session(request.cookies.get(COOKIE, ""))
        response = web.Response(status=204)
        response.del_cookie(COOKIE, path="/")
        return response

    def form_token(self, request: web.Request, response: web.StreamResponse) -> str:
        """What this session's forms must send along; a visitor without a session gets one with the response."""
        session = request.cookies.get(COOKIE, "")
        if self.open and not session:
            session = self._guard.new_visitor()
            self._set_cookie(response, session)
        return self._guard.form_token(session)

    def close(self) -> None:
        """Checks no password any more."""
        self._doorman.shutdown(wait=False, cancel_futures=True)

    def _set_cookie(self, response: web.StreamResponse, session: str) -> None:
        response.set_cookie(
            COOKIE,
            session,
            max_age=round(SESSION_S),
            httponly=True,
            samesite="Strict",
            secure=self._secure,
            path="/",
        )
