"""Moments in, one line of JSON on a stream for every published change out."""

import io
from typing import BinaryIO, TextIO

from edge_app.errors import OutputError
from edge_app.frames import Moment, UInt8
from edge_app.outputs.contract import encode, moment_record
from edge_app.protocols import Command


class JsonLines:
    """JSON lines on a stream; see `edge_app.protocols.Output`. The stream is not closed: it is the caller's."""

    wants_overlay = False

    def __init__(self, stream: BinaryIO | TextIO, *, name: str = "standard output") -> None:
        """Takes a stream, e.g. `sys.stdout`.

        Args:
            stream: binary, or text (of which the binary buffer is used where it has one).
            name: what a person calls it.
        """
        self._stream = stream
        self._name = name

    @property
    def name(self) -> str:
        """E.g. "JSON lines to standard output"."""
        return f"JSON lines to {self._name}"

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        """Writes and flushes one line where what is published changed, so that a pipe's reader sees it at once.

        Returns:
            QUIT where the reader of the lines has gone.

        Raises:
            OutputError: the stream is closed or the disk under it is full.
        """
        if not moment.changed:
            return None
        try:
            _write_line(self._stream, encode(moment_record(moment)) + b"\n")
        except BrokenPipeError:  # as with `| head`: whoever read the lines has seen enough
            return Command.QUIT
        except (OSError, ValueError) as error:
            raise OutputError(
                f"cannot write JSON lines to {self._name}: {error}. Expected: an open stream with a reader"
            ) from error
        return None

    def close(self) -> None:
        """Does nothing: each line was flushed when it was written."""


def _write_line(stream: BinaryIO | TextIO, line: bytes) -> None:
    """Writes bytes to either kind of stream."""
    if isinstance(stream, io.TextIOBase):
        stream.flush()
        binary = getattr(stream, "buffer", None)
        if binary is None:
            stream.write(line.decode())
            return
        stream = binary
    stream.write(line)  # type: ignore[arg-type]
    stream.flush()
