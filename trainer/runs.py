"""Run folders: what a training is made of, written down before it begins and checked when it goes on.

run.json         configuration, versions, data hashes, git revision
history.jsonl    one line an epoch
"""

import hashlib
import importlib.metadata
import json
import logging
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edge_app.files import write_whole
from edge_app.stages.crop import PREPROCESSING
from trainer.data import FILES, SPLIT_SEED
from trainer.errors import RunError

log = logging.getLogger(__name__)

VERSIONS_OF = ("tensorflow-cpu", "tensorflow", "keras", "numpy", "opencv-python", "tflite-runtime", "ai-edge-litert")


def open_run(run: Path, configuration: Mapping[str, Any]) -> None:
    """Makes a run folder, or checks that the one there belongs to the same configuration.

    Raises:
        RunError: it belongs to another.
    """
    wanted = json.loads(json.dumps(configuration))  # as it will be read again: tuples become lists
    if (run / "run.json").exists():
        found = {name: read_record(run).get(name) for name in wanted}
        if found != wanted:
            raise RunError(f"{run} must hold a run of {wanted}. Received: {found}; name another folder with --out")
        return
    run.mkdir(parents=True, exist_ok=True)
    record = wanted | {
        "preprocessing": PREPROCESSING,
        "data": {"sha256": FILES, "split_seed": SPLIT_SEED},
        "versions": versions(VERSIONS_OF),
        "git": git_revision(),
    }
    write_whole(run / "run.json", (json.dumps(record, indent=2) + "\n").encode())


def read_history(run: Path) -> list[dict[str, float]]:
    """One entry an epoch: loss and accuracy on train and validation."""
    file = run / "history.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def read_record(run: Path) -> dict[str, Any]:
    """What run.json says.

    Raises:
        RunError: the folder holds no run.
    """
    try:
        record: dict[str, Any] = json.loads((run / "run.json").read_text())
    except (OSError, ValueError) as error:
        raise RunError(f"{run} must be a run folder with run.json. Received: {error}") from error
    return record


def write_lock(run: Path, command: str, files: Sequence[str]) -> None:
    """Writes lock.json: all that one needs to make the run again and to see that it came out the same.

    Args:
        run: the run folder.
        command: that made it.
        files: of the run, of which the sha256 is kept; those that are missing are left out.
    """
    installed = {each.metadata["Name"]: each.version for each in importlib.metadata.distributions()}
    lock = {
        "command": command,
        "record": read_record(run),
        "distributions": dict(sorted(installed.items(), key=lambda pair: pair[0].lower())),
        "sha256": {
            name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in files if (run / name).exists()
        },
    }
    write_whole(run / "lock.json", (json.dumps(lock, indent=2) + "\n").encode())


def append_history(run: Path, line: Mapping[str, float]) -> None:
    """Adds the line of an epoch, in place of any later ones of an interrupted run."""
    kept = [entry for entry in read_history(run) if entry["epoch"] < line["epoch"]]
    write_whole(run / "history.jsonl", "".join(json.dumps(entry) + "\n" for entry in [*kept, dict(line)]).encode())


def versions(names: Sequence[str]) -> dict[str, str]:
    """Version of Python and of each distribution that is installed."""
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            log.debug("%s is not installed", name)
    return found


def git_revision() -> str:
    """The checkout's commit, with "+changes" where files differ from it; "unknown" outside of one."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=40", "--dirty=+changes"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
