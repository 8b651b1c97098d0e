"""What the page can do, and the requests that ask for it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from edge_app.errors import ConfigError
from edge_app.frames import Orientation
from edge_app.outputs.web.answers import accepted, body_of
from edge_app.outputs.web.board import Board
from edge_app.protocols import Command
from edge_app.status import Tuning

Share = Annotated[float, Meta(ge=0, le=1)]


class TuningBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What POST /api/settings takes."""

    roi: tuple[Share, Share, Share, Share] | None
    orientation: Orientation
    confidence: Share


class CommandBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What POST /api/commands takes."""

    command: Literal["snapshot", "hold", "resume", "accept"]


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


class Changes:
    """Takes requests for changes, and passes them on.

    Args:
        board: what the page knows of the loop.
        actions: what it can do.
    """

    def __init__(self, board: Board, actions: Actions) -> None:
        self._board, self._actions = board, actions

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Adds all that can be asked for."""
        router.add_post("/api/settings", self._tune)
        router.add_post("/api/settings/save", self._save)
        router.add_post("/api/settings/revert", self._revert)
        router.add_post("/api/commands", self._command)

    async def _tune(self, request: web.Request) -> web.StreamResponse:
        body = await body_of(request, TuningBody)
        if body.roi is not None and not (body.roi[2] > 0 and body.roi[3] > 0):
            raise web.HTTPBadRequest(text="roi must have a width and a height")
        self._demand_settings()
        self._actions.tune(Tuning(body.roi, body.orientation, body.confidence))
        return accepted()

    async def _save(self, request: web.Request) -> web.StreamResponse:
        self._demand_settings()
        newest = self._board.newest
        assert newest is not None and newest.tuning is not None
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._actions.save, newest.tuning)
        except ConfigError as error:
            raise web.HTTPConflict(text=f"not saved: {error}") from error
        return accepted()

    async def _revert(self, request: web.Request) -> web.StreamResponse:
        self._demand_settings()
        newest = self._board.newest
        assert newest is not None and newest.configured is not None
        self._actions.tune(newest.configured)
        return accepted()

    def _demand_settings(self) -> None:
        if self._board.settings() is None:
            raise web.HTTPServiceUnavailable(text="nothing was read yet")

    async def _command(self, request: web.Request) -> web.StreamResponse:
        body = await body_of(request, CommandBody)
        self._actions.command(Command(body.command))
        return accepted()
