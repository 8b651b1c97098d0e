"""What people at a page, a broker or a window ask of the loop in, taken by the loop between two frames."""

from queue import SimpleQueue
from threading import Lock

from edge_app.protocols import Command
from edge_app.status import Tuning


class Requests:
    """A letter box: any thread puts in, the loop takes out."""

    def __init__(self) -> None:
        self._commands: SimpleQueue[Command] = SimpleQueue()
        self._lock = Lock()
        self._tuning: Tuning | None = None

    def command(self, command: Command) -> None:
        """Asks for something; see `edge_app.protocols.Command`."""
        self._commands.put(command)

    def tune(self, tuning: Tuning) -> None:
        """Asks to read otherwise from the next frame on; of several that come between two frames the last counts."""
        with self._lock:
            self._tuning = tuning

    def take(self) -> tuple[tuple[Command, ...], Tuning | None]:
        """Everything that was asked for since the last call."""
        if self._tuning is None and self._commands.empty():
            return (), None
        with self._lock:
            tuning, self._tuning = self._tuning, None
        commands = []
        while not self._commands.empty():
            commands.append(self._commands.get())
        return tuple(commands), tuning
