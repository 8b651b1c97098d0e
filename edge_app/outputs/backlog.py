"""Messages in, the same in order out once somebody can take them: a bounded queue that outlives the process."""

import logging
import sqlite3
from pathlib import Path

log = logging.getLogger(__name__)


class Backlog:
    """A queue in an SQLite file. To be used by one thread at a time.

    A message is `waiting` until it is handed out, then `out` until it is known to have arrived. Where more than the
    limit wait, the oldest is dropped. What was out when the process ended waits again.

    Attributes:
        dropped: how many were dropped since it was opened.

    Args:
        file: the file; None keeps all in memory.
        limit: most messages that wait.
    """

    def __init__(self, file: Path | None, limit: int) -> None:
        self._limit = limit
        self.dropped = 0
        try:
            self._database = _open(file)
        except sqlite3.Error as error:
            log.warning("messages wait in memory, since %s cannot be used: %s", file, error)
            self._database = _open(None)
        self._out = 0  # the newest row that was handed out
        self._waiting = self._count()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._waiting

    def put(self, message: bytes) -> None:
        """Appends a message; the oldest one that waits makes room where there are too many."""
        try:
            with self._database:
                self._database.execute("INSERT INTO messages (message) VALUES (?)", (message,))
                if self._waiting >= self._limit:
                    oldest = "SELECT MIN(id) FROM messages WHERE id > ?"
                    self._database.execute(f"DELETE FROM messages WHERE id = ({oldest})", (self._out,))
                    self.dropped += 1
                else:
                    self._waiting += 1
        except sqlite3.Error as error:  # the disk is full: reading goes on
            self.dropped += 1
            log.warning("a message is dropped: %s", error)

    def take(self) -> tuple[int, bytes] | None:
        """Hands out the oldest message that waits, with its number; None where none does."""
        found = "SELECT id, message FROM messages WHERE id > ? ORDER BY id LIMIT 1"
        row: tuple[int, bytes] | None = self._database.execute(found, (self._out,)).fetchone()
        if row is not None:
            self._out = row[0]
            self._waiting -= 1
        return row

    def done(self, number: int) -> None:
        """A message that was handed out has arrived."""
        try:
            with self._database:
                self._database.execute("DELETE FROM messages WHERE id = ?", (number,))
        except sqlite3.Error as error:  # it may be sent once more after a restart
            log.warning("an arrived message could not be deleted: %s", error)

    def close(self) -> None:
        """Lets go of the file. Safe to call twice."""
        self._database.close()

    def _count(self) -> int:
        return int(self._database.execute("SELECT COUNT(*) FROM messages WHERE id > ?", (self._out,)).fetchone()[0])


def _open(file: Path | None) -> sqlite3.Connection:
    try:
        return _connect(file)
    except sqlite3.DatabaseError as error:
        if file is None or isinstance(error, sqlite3.OperationalError):
            raise
        aside = file.with_name(file.name + ".damaged")
        log.warning("%s is damaged (%s): it is put aside as %s", file, error, aside.name)
        for name in ("", "-wal", "-shm"):
            part = file.with_name(file.name + name)
            if part.exists():
                part.replace(file.with_name(aside.name + name))
        return _connect(file)


def _connect(file: Path | None) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:" if file is None else file, check_same_thread=False, timeout=5)
    # With a write-ahead log and without a sync at each message, an insert and its delete soon after mostly meet in
    # the kernel's cache, and an SD card sees little of either.
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    # AUTOINCREMENT: a number is never given twice, so that order is order.
    database.execute(
        "CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY AUTOINCREMENT, message BLOB NOT NULL)"
    )
    database.execute("SELECT COUNT(*) FROM messages").fetchone()
    database.commit()
    return database
