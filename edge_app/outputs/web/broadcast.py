"""One maker in, its newest value for everybody who watches out: made once a turn, and only while somebody watches."""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")
PERIOD_S = 1 / 40  # between two values at least: more than 30 a second nobody sees, and each costs the loop
LINGER_S = 0.5  # that the next value is made after the last watcher has gone: most come back for it


class Broadcast(Generic[T]):
    """To be used in one event loop.

    Args:
        make: makes the value of a turn; None where there is none yet.
        on_watch: is told by how many watchers there are more or fewer.
    """

    def __init__(self, make: Callable[[], Awaitable[T | None]], on_watch: Callable[[int], None]) -> None:
        self._make, self._on_watch = make, on_watch
        self._turned, self._fresh = asyncio.Event(), asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._watchers = 0
        self.value: T | None = None
        self.number = 0

    def wake(self) -> None:
        """A turn has come. Those that come while a value is being made are left out."""
        self._turned.set()

    def watch(self) -> "Watch[T]":
        """To be entered by somebody who wants the newest values."""
        return Watch(self)

    async def next_after(self, number: int) -> None:
        """Waits until the value is newer than that one."""
        while self.number <= number:
            await self._fresh.wait()

    def enter(self) -> None:
        """One watcher more; the value of now is made at once."""
        self._watchers += 1
        self._on_watch(1)
        if self._pump is None:
            self._turned.set()
            self._pump = asyncio.get_running_loop().create_task(self._run())

    def leave(self) -> None:
        """One watcher fewer; nothing is made for nobody."""
        self._watchers -= 1
        asyncio.get_running_loop().call_later(LINGER_S, self._leave)

    def _leave(self) -> None:
        self._on_watch(-1)
        if self._watchers == 0 and self._pump is not None:
            self._pump.cancel()
            self._pump, self.value = None, None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._turned.wait()
            self._turned.clear()
            began_s = loop.time()
            value = await self._make()
            if value is None:
                continue
            self.value, self.number = value, self.number + 1
            fresh, self._fresh = self._fresh, asyncio.Event()
            fresh.set()
            await asyncio.sleep(max(0.0, PERIOD_S - (loop.time() - began_s)))


class Watch(Generic[T]):
    """Somebody who takes the newest value, as fast as they can, and never an old one."""

    def __init__(self, broadcast: Broadcast[T]) -> None:
        self._broadcast = broadcast
        self._number = 0

    async def __aenter__(self) -> "Watch[T]":
        self._broadcast.enter()
        self._number = self._broadcast.number - (self._broadcast.value is not None)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._broadcast.leave()

    async def next(self) -> T:
        """The newest value, once it is another one than last time."""
        await self._broadcast.next_after(self._number)
        self._number = self._broadcast.number
        value = self._broadcast.value
        assert value is not None
        return value
