"""Bytes in, a file out that is whole or not there: whoever reads it never sees half of it."""

import os
from pathlib import Path


def write_whole(file: Path, content: bytes, durable: bool = False) -> None:
    """Writes a file under another name beside its own, then renames it.

    Args:
        file: replaced where it is there.
        content: of the file.
        durable: whether it must be on the disk before it is renamed, so that it also survives a power cut.

    Raises:
        OSError: it cannot be written; what was there before is there still, and nothing else.
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        unfinished.replace(file)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
