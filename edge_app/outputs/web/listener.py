"""A bounded number of connections, each ended where it neither asks nor listens.

aiohttp bounds the size of a request, but not how many clients there are nor how long they take to send one.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import Any

CONNECTIONS = 256  # at most; each may cost some 100 kB
SILENT_S = 10.0  # from the connection, or the end of a request, to the end of the next one's headers
KEPT_S = 60.0  # the same, between two requests of a browser that keeps its connection
SWEEP_S = 1.0
BACKLOG = 64


class Listener:
    """Accepts connections for an HTTP server.

    Args:
        make_protocol: of a connection; has `connections`, and protocols have `transport` (aiohttp's server).
        clock: monotonic seconds.
    """

    def __init__(self, make_protocol: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._make_protocol, self._clock = make_protocol, clock
        self._idle_since: dict[Any, tuple[float, float]] = {}  # the one that is silent for longest comes first
        self._sockets: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self.refused = 0

    async def open(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Listens, and gives the port.

        Raises:
            OSError: the address is not to be had.
        """
        loop = asyncio.get_running_loop()
        self._sockets = await loop.create_server(self._accept, host, port, ssl=tls, backlog=BACKLOG)
        self._sweeper = loop.create_task(self._sweep())
        return int(self._sockets.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Accepts no more, and ends what there is: streams would go on for ever."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._sockets is not None:
            self._sockets.close()
        for protocol in list(self._make_protocol.connections):
            if protocol.transport is not None:
                protocol.transport.abort()

    def busy(self, protocol: Any) -> None:
        """A request of that connection has arrived and is being answered, however long it takes."""
        self._idle_since.pop(protocol, None)

    def idle(self, protocol: Any) -> None:
        """It was answered, and is the last one to be silent."""
        self._idle_since.pop(protocol, None)
        self._idle_since[protocol] = self._clock(), KEPT_S

    def _accept(self) -> asyncio.BaseProtocol:
        if len(self._make_protocol.connections) >= CONNECTIONS and not self._make_room():
            self.refused += 1
            return _Refusal()
        protocol: asyncio.BaseProtocol = self._make_protocol()
        self._idle_since[protocol] = self._clock(), SILENT_S
        return protocol

    def _make_room(self) -> bool:
        """Ends the connection that has been silent for longest, so that whoever asks gets in; False where none is."""
        protocol = next((protocol for protocol in self._idle_since if protocol.transport is not None), None)
        if protocol is None:
            return False
        protocol.transport.abort()
        del self._idle_since[protocol]
        return True

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            now_s = self._clock()
            for protocol, (since_s, patience_s) in list(self._idle_since.items()):
                if now_s - since_s > patience_s and protocol.transport is not None:
                    protocol.transport.abort()
                if protocol.transport is None and now_s - since_s > SWEEP_S:  # gone, however it went
                    del self._idle_since[protocol]


class _Refusal(asyncio.Protocol):
    """Closes a connection that is one too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ends it before it costs anything."""
        assert isinstance(transport, asyncio.Transport)
        transport.abort()
