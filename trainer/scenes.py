"""The names of difficulties in, a folder of labelled pictures out.

    python -m trainer scenes --out scenes --count 20

draws them from validation handwriting for tuning, or from test handwriting for a report.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from trainer import data
from trainer.camera import SeenNumber
from trainer.errors import DataError
from trainer.kinds import KINDS, NEGATIVE, POSITIVE, draw

GROUPS = {"all": tuple(KINDS), "positive": tuple(POSITIVE), "negative": tuple(NEGATIVE)}
KIND_LIST = ", ".join((*GROUPS, *KINDS))


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers `scenes`."""
    summary = "draw labelled pictures of written pages"
    parser = subparsers.add_parser("scenes", help=summary, description=summary.capitalize() + ".")
    parser.add_argument("--out", type=Path, default=Path("out/scenes"), metavar="FOLDER", help="default: %(default)s")
    parser.add_argument(
        "--kinds", nargs="+", default=["plain"], metavar="KIND", help=f"difficulties to draw: {KIND_LIST}"
    )
    parser.add_argument(
        "--count", type=int, default=20, metavar="N", help="pictures of each kind (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of all chance (default: %(default)s)")
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480), metavar=("W", "H"), help="default: 640 480")
    parser.add_argument(
        "--split", choices=("validation", "test"), default="validation", help="whose handwriting (default: %(default)s)"
    )
    data.add_flag(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    if args.count < 1 or min(args.size) < 64:
        raise DataError(f"--count must be 1 or more and --size at least 64 64. Received: {args.count} and {args.size}")
    kinds = _chosen(args.kinds)
    mnist = data.load_mnist(args.mnist)
    handwriting = mnist.test if args.split == "test" else mnist.validation
    make_folder(args.out)
    labels = []
    jobs = [(kind, number) for kind in kinds for number in range(args.count)]
    for kind, number in track(jobs, "drawing scenes", console=Console(stderr=True)):
        random = np.random.default_rng((args.seed, number, *kind.encode()))
        scene = draw(kind, handwriting, random, (args.size[0], args.size[1]))
        name = f"{kind}-{args.seed}-{number:04}.png"
        if not cv2.imwrite(str(args.out / name), scene.frame):  # it answers False instead of raising
            raise DataError(f"{args.out / name} must be writable. Received: no picture written; is the disk full?")
        labels.append(_label(name, kind, scene.numbers, (scene.frame.shape[1], scene.frame.shape[0])))
    (args.out / "labels.json").write_text(json.dumps(labels, indent=1) + "\n")
    print(f"{len(jobs)} pictures and labels.json in {args.out}")
    return 0


def _chosen(names: Sequence[str]) -> list[str]:
    """The kinds that were asked for, groups spelled out."""
    unknown = [name for name in names if name not in GROUPS and name not in KINDS]
    if unknown:
        raise DataError(f"kinds must be among {', '.join((*GROUPS, *KINDS))}. Received: {', '.join(unknown)}")
    return [kind for name in names for kind in GROUPS.get(name, (name,))]


def make_folder(folder: Path) -> None:
    """Makes the folder where pictures go, and those above it.

    Raises:
        DataError: a file stands in its place, or nobody may write there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} must be a folder that can be written. Received: {error.strerror}") from error


def _label(name: str, kind: str, numbers: Sequence[SeenNumber], frame_wh: tuple[int, int]) -> dict[str, object]:
    lines: dict[int, str] = {}
    for number in numbers:
        lines[number.line] = lines.get(number.line, "") + number.text
    return {
        "file": name,
        "kind": kind,
        "orientation": KINDS[kind].orientation,
        "width": frame_wh[0],
        "height": frame_wh[1],
        "lines": list(lines.values()),
        "n_digits": sum(len(number.text) for number in numbers),
        "numbers": [
            {
                "text": number.text,
                "box": number.box_xywh,
                "digits": [
                    {"digit": int(digit), "box": box}
                    for digit, box in zip(number.text, number.digit_boxes, strict=True)
                ],
            }
            for number in numbers
        ],
    }
