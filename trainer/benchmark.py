"""Folders of labelled pictures in, how well the edge app and others read them out.

    python -m trainer benchmark scenes --sheet worst.png
    python -m trainer benchmark photos scenes --against tesseract rapidocr classic --picture comparison.png

A folder holds labels.json as `scenes` writes it: for each picture its file and the digits of each line,
and where known its difficulty and the place of each digit.
"""

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from trainer.errors import DataError
from trainer.readers import READERS
from trainer.scoring import Label, Score, Total, score, total

OURS = "edge-digits"
COLUMNS = "pictures", "exact", "digits", "recall", "precision", "lines exact", "numbers exact", "false a picture", "ms"


def score_folder(folder: Path, reader: str = OURS) -> list[Score]:
    """Reads every labelled picture of a folder.

    Args:
        folder: with labels.json.
        reader: one of `READERS`.

    Raises:
        DataError: labels.json is missing or of another form.
        TrainerError: the reader could not be run.
    """
    labels = read_labels(folder)
    scores: dict[str, Score] = {}
    for flags in sorted({_flags(label) for label in labels}):
        some = [label for label in labels if _flags(label) == flags]
        answers = READERS[reader]([folder / label["file"] for label in some], flags)
        for label, answer in zip(some, answers, strict=True):
            scores[label["file"]] = score(label, answer.numbers, answer.milliseconds)
    return [scores[label["file"]] for label in labels]


def read_labels(folder: Path) -> list[Label]:
    """The labels of a folder.

    Raises:
        DataError: they are missing or of another form.
    """
    file = folder / "labels.json"
    try:
        labels = json.loads(file.read_text())
        if not all(isinstance(label["file"], str) and isinstance(label["lines"], list) for label in labels):
            raise TypeError("a file name or lines of another type")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{file} must list pictures with their `file` and `lines`. Received: {error!r}") from error
    return list(labels)


def print_pictures(scores: Sequence[Score], console: Console) -> None:
    """Prints a line a picture."""
    table = Table("picture", "kind", "written", "read", "right", "false", "exact", "ms")
    for s in scores:
        figures = len(s.written), len(s.read), s.right, s.false
        table.add_row(s.file, s.kind, *map(str, figures), "yes" if s.exact else "no", f"{s.milliseconds:.1f}")
    console.print(table)


def print_kinds(scores: Sequence[Score], console: Console) -> None:
    """Prints a line a kind, and the sums of pictures with writing and of those without."""
    table = Table("kind", *COLUMNS)
    for kind in dict.fromkeys(s.kind for s in scores):
        table.add_row(kind or "-", *_figures(total([s for s in scores if s.kind == kind])))
    table.add_section()
    for name, some in (("with digits", _positive(scores)), ("without", _negative(scores))):
        if some:
            table.add_row(name, *_figures(total(some)))
    console.print(table)


def print_comparison(scores: dict[str, Sequence[Score]], console: Console) -> None:
    """Prints a line a reader, pictures with writing and pictures without apart."""
    table = Table("reader", *COLUMNS)
    for name, some in scores.items():
        table.add_row(name, *_figures(total(_positive(some))))
    table.add_section()
    for name, some in scores.items():
        if _negative(some):
            table.add_row(f"{name}, no digits", *_figures(total(_negative(some))))
    console.print(table)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers `benchmark`."""
    summary = "score the edge app, and others, on folders of labelled pictures"
    parser = subparsers.add_parser("benchmark", help=summary, description=summary.capitalize() + ".")
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="FOLDER", help="pictures with labels.json, as `scenes` writes them"
    )
    parser.add_argument("--by", choices=("kind", "picture"), default="kind", help="lines of the table (%(default)s)")
    others = [name for name in READERS if name != OURS]
    parser.add_argument("--against", nargs="+", choices=others, default=[], metavar="READER", help=", ".join(others))
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE", help="draw the worst pictures with what went wrong (.png)"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the comparison of readers (.png)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures of each picture, too")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from trainer.gallery import draw_comparison, draw_worst

    console = Console(width=120)
    by_reader: dict[str, Sequence[Score]] = {}
    for reader in (OURS, *args.against):
        by_reader[reader] = [s for folder in args.folders for s in score_folder(folder, reader)]
    ours = by_reader[OURS]
    if args.by == "picture":
        print_pictures(ours, console)
    print_kinds(ours, console)
    if args.against:
        print_comparison(by_reader, console)
    if args.json is not None:
        args.json.write_text(json.dumps({name: _rows(scores) for name, scores in by_reader.items()}, indent=1) + "\n")
    if args.sheet is not None:
        files = [folder / label["file"] for folder in args.folders for label in read_labels(folder)]
        draw_worst(list(zip(files, ours, strict=True)), args.sheet)
        print(f"the worst pictures: {args.sheet}")
    if args.picture is not None:
        draw_comparison({name: total(_positive(some)) for name, some in by_reader.items()}, args.picture)
        print(f"the comparison: {args.picture}")
    return 0


def _flags(label: Label) -> tuple[str, ...]:
    """Flags of `edge-app read` that a picture is meant for."""
    turned = label.get("orientation_cw_deg", 0) != 0 or label.get("orientation", "upright") != "upright"
    return ("--orientation", "auto") if turned else ()


def _positive(scores: Sequence[Score]) -> list[Score]:
    return [s for s in scores if s.written]


def _negative(scores: Sequence[Score]) -> list[Score]:
    return [s for s in scores if not s.written]


def _figures(sums: Total) -> tuple[str, ...]:
    written = sums.written > 0
    return (
        str(sums.pictures),
        str(sums.exact),
        str(sums.written),
        f"{sums.recall:.4f}" if written else "",
        f"{sums.precision:.4f}" if written else "",
        _share(sums.lines_exact, sums.lines),
        _share(sums.numbers_exact, sums.numbers),
        f"{sums.false_per_picture:.2f}",
        f"{sums.milliseconds:.1f}",
    )


def _share(some: int, of_all: int) -> str:
    return f"{some}/{of_all} {some / of_all:.3f}" if of_all else ""


def _rows(scores: Sequence[Score]) -> list[dict[str, Any]]:
    derived = ("false", "exact")
    return [dataclasses.asdict(s) | {name: getattr(s, name) for name in derived} for s in scores]
