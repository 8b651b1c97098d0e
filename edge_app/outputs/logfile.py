"""Moments in, a log of what was published out: JSON lines, or CSV with a row for each number; rotated by size."""

import csv
import io
import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

from edge_app.errors import OutputError
from edge_app.frames import Moment, Reading, UInt8
from edge_app.outputs.contract import encode, moment_record, timestamp
from edge_app.outputs.picture import check_folder
from edge_app.protocols import Command

COLUMNS = ("timestamp", "number", "confidence", "x", "y", "width", "height", "frame", "source", "model")
SUFFIXES = (".csv", ".jsonl")
CONFIDENCE_DECIMALS = 4


class LogFile:
    """A log on disk; see `edge_app.protocols.Output`."""

    wants_overlay = False

    def __init__(self, path: Path, max_bytes: int, kept: int) -> None:
        """Opens the file to append to.

        Args:
            path: ends in .csv or .jsonl.
            max_bytes: where it would grow beyond, it is put aside as path.1, that one as path.2, and so on.
            kept: how many of those are kept.

        Raises:
            OutputError: another suffix, or it cannot be written.
        """
        if path.suffix.lower() not in SUFFIXES:
            raise OutputError(f"log file must end in {' or '.join(SUFFIXES)}. Received: {path}")
        check_folder(path)
        self._path, self._is_csv = path, path.suffix.lower() == ".csv"
        try:
            self._file = _Rotating(path, max_bytes, kept, _row(COLUMNS) if self._is_csv else "")
        except OSError as error:
            raise OutputError(f"cannot write log {path}: {error.strerror or error}") from error

    @property
    def name(self) -> str:
        """E.g. "log readings.csv"."""
        return f"log {self._path}"

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        """Appends what is new; JSON lines also say that a number has gone.

        Raises:
            OutputError: the disk is full, or the folder has gone.
        """
        if self._is_csv:
            text = "".join(_row(_columns(moment, reading)) for reading in moment.new)
        else:
            text = encode(moment_record(moment)).decode() + "\n" if moment.changed else ""
        try:
            if text:
                self._file.append(text)
        except (OSError, ValueError) as error:
            raise OutputError(f"cannot write log {self._path}: {error}") from error
        return None

    def close(self) -> None:
        """Closes the file. Safe to call twice."""
        self._file.close()


class _Rotating(RotatingFileHandler):
    """The standard library's rotation, of plain text whose every file starts with a header."""

    def __init__(self, path: Path, max_bytes: int, kept: int, header: str) -> None:
        self._header = header
        super().__init__(path, maxBytes=max_bytes, backupCount=kept, encoding="utf-8", delay=True)
        self.append("")

    def append(self, text: str) -> None:
        """Writes whole lines, into a new file where the old one is full."""
        record = logging.LogRecord("", 0, "", 0, text.rstrip("\n"), None, None)
        if text and self.shouldRollover(record):
            self.doRollover()
        if self.stream is None:  # type: ignore[redundant-expr]
            self.stream = self._open()
        if self.stream.tell() == 0:
            self.stream.write(self._header)
        self.stream.write(text)
        self.stream.flush()


def _columns(moment: Moment, reading: Reading) -> tuple[object, ...]:
    confidence = round(float(reading.confidence), CONFIDENCE_DECIMALS)
    place = (moment.frame.sequence, moment.source, moment.model)
    return (timestamp(moment.wall_time_s), reading.text, confidence, *reading.box_xywh, *place)


def _row(columns: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(columns)
    return line.getvalue()
