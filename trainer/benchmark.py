"""A folder of labelled pictures in, how well the edge app reads them out.

    python -m trainer benchmark FOLDER

The folder holds labels.json as `scenes` writes it: for each picture its file and the digits of each
line. The app is run as a user would run it, `edge-app read --json`, in a process of its own.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from trainer.errors import DataError, TrainerError


@dataclass(frozen=True, slots=True)
class Score:
    """How one picture was read.

    Attributes:
        file: the picture.
        written: its digits, all lines in order.
        read: the digits that were read, in order.
        right: how many of them stand in both, in the same order.
        milliseconds: that reading took, decoding not counted.
    """

    file: str
    written: str
    read: str
    right: int
    milliseconds: float

    @property
    def false(self) -> int:
        """Digits read that are not written, or not there."""
        return len(self.read) - self.right

    @property
    def exact(self) -> bool:
        """Whether every digit was read, and nothing else."""
        return self.written == self.read


def score_folder(folder: Path, flags: Sequence[str] = ()) -> list[Score]:
    """Reads every labelled picture of a folder.

    Args:
        folder: with labels.json.
        flags: more flags for `edge-app read`.

    Raises:
        DataError: labels.json is missing or of another form.
        TrainerError: the app could not be run.
    """
    labels = _labels(folder)
    files = [str(folder / label["file"]) for label in labels]
    command = [sys.executable, "-m", "edge_app", "read", "--json", *flags, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    if len(records) != len(labels):
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise TrainerError(f"edge-app must read {len(labels)} pictures. Received: {len(records)}; {said[-1]}")
    return [_score(label, record) for label, record in zip(labels, records, strict=True)]


def matches(written: str, read: str) -> int:
    """How many digits of two texts pair off in order: the length of their longest common subsequence.

    >>> matches("735426", "73426"), matches("12", "21"), matches("", "7")
    (5, 1, 0)
    """
    longest = np.zeros((len(written) + 1, len(read) + 1), dtype=int)
    for row, digit in enumerate(written):
        for column, other in enumerate(read):
            skip = max(longest[row, column + 1], longest[row + 1, column])
            longest[row + 1, column + 1] = longest[row, column] + 1 if digit == other else skip
    return int(longest[-1, -1])


def print_scores(scores: Sequence[Score], console: Console) -> None:
    """Prints a line a picture and the sums, pictures with writing and without apart."""
    table = Table("picture", "written", "read", "right", "false", "exact", "ms")
    for score in scores:
        figures = len(score.written), len(score.read), score.right, score.false
        exact = "yes" if score.exact else "no"
        table.add_row(score.file, *map(str, figures), exact, f"{score.milliseconds:.1f}")
    console.print(table)
    pages, empty = [s for s in scores if s.written], [s for s in scores if not s.written]
    if pages:
        written, right = sum(len(s.written) for s in pages), sum(s.right for s in pages)
        console.print(
            f"{len(pages)} pictures with writing: {right} of {written} digits right ({right / written:.1%}), "
            f"{sum(s.false for s in pages)} false, {sum(s.exact for s in pages)} pictures exact"
        )
    if empty:
        console.print(f"{len(empty)} pictures without: {sum(s.false for s in empty)} false digits")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers `benchmark`."""
    summary = "score the edge app on a folder of labelled pictures"
    parser = subparsers.add_parser("benchmark", help=summary, description=summary.capitalize() + ".")
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="pictures with labels.json, as `scenes` writes them"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures of each picture, too")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    scores = score_folder(args.folder)
    print_scores(scores, Console(width=110))
    if args.json is not None:
        fields = ("file", "written", "read", "right", "false", "exact", "milliseconds")
        rows = [{name: getattr(score, name) for name in fields} for score in scores]
        args.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def _score(label: dict[str, Any], record: dict[str, Any]) -> Score:
    written = "".join(label["lines"])
    read = "".join(number["text"] for number in record.get("numbers", []))
    elapsed_ms = record.get("timing_ms", {}).get("total", 0.0)
    return Score(label["file"], written, read, matches(written, read), elapsed_ms)


def _labels(folder: Path) -> list[dict[str, Any]]:
    file = folder / "labels.json"
    try:
        labels = json.loads(file.read_text())
        if not all(isinstance(label["file"], str) and isinstance(label["lines"], list) for label in labels):
            raise TypeError("a file name or lines of another type")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file} must list pictures with their `file` and `lines`. Received: {error!r}") from error
    return list(labels)
