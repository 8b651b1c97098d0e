"""The trainer's command line: arguments in, an exit code out. TensorFlow is loaded only where it is used."""

import argparse
import errno
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from trainer import benchmark, clip, data, scenes
from trainer.errors import TrainerError

EXIT_OK, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 130

FULL_DISK = errno.ENOSPC, errno.EDQUOT
MODELS = ("compact", "accurate", "seed", "teacher")

DESCRIPTION = "Trains the digit classifier of Edge Digits on real MNIST and exports it as a verified INT8 bundle."
EPILOG = """one command does it all:
  edge-trainer all                    the default model, from nothing to a bundle
  edge-trainer all --model seed       the small CNN of every tutorial, for comparison

accurate learns from two larger networks, and compact from accurate; they are trained first where they are not there
yet (hours). --released-teachers takes the accurate that ships with the app; --no-teachers leaves teachers out.

An interrupted run goes on when the same command is given again.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        argv: arguments without the program's name; None for those of the process.

    Returns:
        0, 1 where something was refused, 130 where it was interrupted.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow greets with a page of hints otherwise
    args = get_parser().parse_args(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
    try:
        return int(args.run(args))
    except TrainerError as error:
        print(f"edge-trainer: error: {error}", file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
        print(f"edge-trainer: error: {error.strerror}; make room and give the same command again", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("\nedge-trainer: interrupted; the same command goes on from the last whole epoch", file=sys.stderr)
        return EXIT_INTERRUPTED


def get_parser() -> argparse.ArgumentParser:
    """The parser of all subcommands."""
    parser = argparse.ArgumentParser(
        prog="edge-trainer",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    data.add_parser(commands)
    steps = (
        ("teach", "train the teachers of compact or accurate and write down the lessons that it learns from"),
        ("train", "train the float model into the run folder"),
        ("quantize", "convert the run's float model to full INT8, and show what that costs"),
        ("qat", "fine-tune the run's model under INT8's rounding, into RUN/qat"),
        ("evaluate", "measure float and INT8 on the 10,000 test images, clean and corrupted, and on other digits"),
        ("export", "write the run's bundle"),
        ("finetune", "teach a bundle's model your own hand: --extra-data FOLDER, from the bundle's float weights"),
        ("all", "train, quantize, evaluate and export: from nothing to a bundle"),
    )
    for name, summary in steps:
        step = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        step.set_defaults(run=_step(name))
        _add_run_flags(step)
        if name == "finetune":
            step.set_defaults(out=Path("runs/finetuned"))
            step.add_argument("--bundle", type=Path, metavar="FOLDER", help="to start from (default: accurate)")
        data.add_flag(step)
    _add_report(commands)
    _add_edgetpu(commands)
    scenes.add_parser(commands)
    clip.add_parser(commands)
    benchmark.add_parser(commands)
    return parser


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    summary = "show a run on one self-contained page with pictures: RUN/report/index.html"
    parser = commands.add_parser("report", help=summary, description=summary[0].upper() + summary[1:] + ".")
    parser.set_defaults(run=_step("report"))
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="an evaluated run folder")
    parser.add_argument(
        "--beside", nargs="+", type=Path, metavar="RUN", help="runs to compare with (default: all beside RUN)"
    )
    data.add_flag(parser)


def _add_edgetpu(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    summary = "prepare a bundle's model for a Coral Edge TPU's compiler, or make a bundle of what that wrote"
    parser = commands.add_parser("edgetpu", help=summary, description=f"{summary}; see docs/edge-tpu.md.")
    parser.set_defaults(run=_step("edgetpu"))
    parser.add_argument("--bundle", type=Path, metavar="FOLDER", help="whose model (default: the embedded one)")
    parser.add_argument(
        "--out", type=Path, default=Path("out/edgetpu"), metavar="FOLDER", help="where things go (default: out/edgetpu)"
    )
    parser.add_argument(
        "--compiled", type=Path, metavar="FILE", help="what edgetpu_compiler wrote: make a bundle of it"
    )


def _add_run_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=MODELS, default=MODELS[0], help="recipe (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance in the training (default: %(default)s)")
    parser.add_argument(
        "--preset", choices=("released", "quick"), default="released",
        help="quick: no teachers, few drawn pages, minutes instead of hours (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--epochs", type=int, metavar="N", help="passes over the data (default: the recipe's)")
    parser.add_argument(
        "--start", type=Path, metavar="RUN", help="finished run whose weights to start from, at a lower learning rate"
    )
    parser.add_argument(
        "--teachers", type=Path, default=Path("runs"), metavar="FOLDER", help="their runs and lessons (default: runs)"
    )
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument(
        "--released-teachers",
        action="store_true",
        help="learn from the bundle that ships with the app",
    )
    whose.add_argument("--no-teachers", action="store_true", help="learn from MNIST's labels alone")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="run folder (default: runs/MODEL-seedSEED)")
    parser.add_argument("--bundles", type=Path, metavar="FOLDER", help="where bundles go (default: RUN/bundles)")
    parser.add_argument(
        "--representative", type=int, default=500, metavar="N", help="crops to calibrate INT8 on (default: 500)"
    )
    parser.add_argument(
        "--extra-data", type=Path, metavar="FOLDER", help="own digits: folders 0 to 9 (and reject) of crops or photos"
    )
    parser.add_argument(
        "--extra-weight", type=int, default=10, metavar="N", help="times an epoch that each is seen (default: 10)"
    )
    parser.add_argument("--limit-train", type=int, metavar="N", help="use only N training digits, for a trial")
    parser.add_argument("--quiet", action="store_true", help="a line an epoch instead of a progress bar")


def _step(name: str) -> Callable[[argparse.Namespace], int]:
    """A step by name; TensorFlow is loaded only when it runs."""

    def run(args: argparse.Namespace) -> int:
        from trainer import steps

        getattr(steps, f"run_{name}")(args)
        return EXIT_OK

    return run
