"""The trainer's command line: arguments in, an exit code out. TensorFlow is loaded only where it is used."""

import argparse
import dataclasses
import json
import logging
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer import benchmark, clip, data, scenes
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from trainer.lessons import Lessons

EXIT_OK, EXIT_FAILED, EXIT_INTERRUPTED = 0, 1, 130

MODELS = ("compact", "accurate", "seed", "teacher", "generalist")
STUDENTS = ("compact", "accurate")  # learn from teachers

DESCRIPTION = "Trains the digit classifier of Edge Digits on real MNIST and exports it as a verified INT8 bundle."
EPILOG = """one command does it all:
  edge-trainer all                    the default model, from nothing to a bundle
  edge-trainer all --model seed       the small CNN of every tutorial, for comparison

compact and accurate learn from teachers, which are trained first where they are not there yet (hours);
--no-teachers leaves them out.

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
        ("teach", _teach, "train the teachers and write down the lessons that compact and accurate learn from"),
        ("train", _train, "train the float model into the run folder"),
        ("quantize", _quantize, "convert the run's float model to full INT8"),
        ("evaluate", _evaluate, "measure float and INT8 on the 10,000 test images"),
        ("export", _export, "write the run's bundle"),
        ("all", _all, "train, quantize, evaluate and export: from nothing to a bundle"),
    )
    for name, function, summary in steps:
        step = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        step.set_defaults(run=function)
        _add_run_flags(step)
        data.add_flag(step)
    scenes.add_parser(commands)
    clip.add_parser(commands)
    benchmark.add_parser(commands)
    return parser


def _add_run_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", choices=MODELS, default=MODELS[0], help="recipe (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance in the training (default: %(default)s)")
    parser.add_argument("--epochs", type=int, metavar="N", help="passes over the data (default: the recipe's)")
    parser.add_argument(
        "--start", type=Path, metavar="RUN", help="finished run whose weights to start from, at a lower learning rate"
    )
    parser.add_argument(
        "--teachers", type=Path, default=Path("runs"), metavar="FOLDER", help="their runs and lessons (default: runs)"
    )
    parser.add_argument("--no-teachers", action="store_true", help="learn from MNIST's labels alone")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="run folder (default: runs/MODEL-seedSEED)")
    parser.add_argument("--bundles", type=Path, metavar="FOLDER", help="where bundles go (default: RUN/bundles)")
    parser.add_argument(
        "--representative", type=int, default=500, metavar="N", help="crops to calibrate INT8 on (default: 500)"
    )
    parser.add_argument("--limit-train", type=int, metavar="N", help="use only N training digits, for a trial")
    parser.add_argument("--quiet", action="store_true", help="a line an epoch instead of a progress bar")


def _run_folder(args: argparse.Namespace) -> Path:
    return Path(args.out) if args.out is not None else Path("runs") / f"{args.model}-seed{args.seed}"


def _mnist(args: argparse.Namespace) -> data.Mnist:
    mnist = data.load_mnist(args.mnist)
    if args.limit_train is not None:
        mnist = dataclasses.replace(mnist, train=mnist.train.take(slice(args.limit_train)))
    return mnist


def _lessons(args: argparse.Namespace) -> "Lessons | None":
    """What the model learns from where it has teachers."""
    if args.model not in STUDENTS or args.no_teachers:
        return None
    from trainer.teach import COURSE, teach

    return teach(_mnist(args), COURSE, args.teachers, _verbose(args))


def _teach(args: argparse.Namespace) -> int:
    if _lessons(args) is None:
        raise TrainerError(f"--model must be one of {', '.join(STUDENTS)}, with teachers. Received: {args.model!r}")
    return EXIT_OK


def _verbose(args: argparse.Namespace) -> str | int:
    """Of Keras: a line an epoch or a progress bar."""
    return 2 if args.quiet else "auto"


def _train(args: argparse.Namespace) -> int:
    from trainer.train import RECIPES, train

    recipe = RECIPES[args.model]
    if args.epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=args.epochs)
    train(_mnist(args), recipe, _run_folder(args), args.seed, _verbose(args), args.start, _lessons(args))
    return EXIT_OK


def _quantize(args: argparse.Namespace) -> int:
    from trainer.lessons import Lessons
    from trainer.quantize import float_tflite, quantize
    from trainer.runs import read_record
    from trainer.train import RECIPES, training_digits

    run = _run_folder(args)
    model = _finished_model(run)
    if "lessons" in read_record(run):
        seen = Lessons(args.teachers / "lessons").images
    else:
        seen = training_digits(_mnist(args), RECIPES[args.model], run, args.seed).images
    (run / "mnist_cnn_float.tflite").write_bytes(float_tflite(model))
    int8 = quantize(model, seen, representative=args.representative, seed=args.seed)
    (run / "mnist_cnn_int8.tflite").write_bytes(int8)
    print(f"{run / 'mnist_cnn_int8.tflite'}: {len(int8)} bytes")
    return EXIT_OK


def _evaluate(args: argparse.Namespace) -> int:
    from rich.console import Console

    from trainer.evaluate import evaluate, print_evaluation

    run = _run_folder(args)
    float_model, int8_model = _converted(run)
    test = data.prepare(_mnist(args).test)
    evaluation = evaluate(_finished_model(run), float_model, int8_model, test, f"MNIST test, {len(test)} images")
    (run / "evaluation.json").write_text(json.dumps(evaluation.as_dict(), indent=2) + "\n")
    print_evaluation(evaluation, Console(width=110))
    return EXIT_OK


def _export(args: argparse.Namespace) -> int:
    from trainer.export import export
    from trainer.runs import read_record
    from trainer.train import CALIBRATION_FILE, RECIPES, validation_digits

    run = _run_folder(args)
    record = read_record(run)
    folder = export(
        name=record["recipe"]["model"],
        int8_model=_converted(run)[1],
        metrics=_read_json(run / "evaluation.json") | {"calibration": _read_json(run / CALIBRATION_FILE)},
        validation=validation_digits(_mnist(args), RECIPES[args.model], run, args.seed),
        training=record | {"command": _command(sys.argv[1:])},
        bundles=args.bundles or run / "bundles",
    )
    print(f"bundle: {folder}")
    return EXIT_OK


def _read_json(file: Path) -> dict[str, Any]:
    """What a step of the run wrote down; empty where it was not run."""
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _command(arguments: Sequence[str]) -> str:
    """The command for the record: a bundle is passed on, the folders of the machine that made it are not.

    >>> _command(["all", "--out", "/home/ada/runs/first"])
    'edge-trainer all --out first'
    """
    names = [Path(argument).name if Path(argument).is_absolute() else argument for argument in arguments]
    return shlex.join(["edge-trainer", *names])


def _all(args: argparse.Namespace) -> int:
    for step in (_train, _quantize, _evaluate, _export):
        code = step(args)
        if code != EXIT_OK:
            return code
    return EXIT_OK


def _finished_model(run: Path) -> Any:
    from trainer.models import load_model
    from trainer.runs import read_record

    read_record(run)
    return load_model(run / "model.keras")


def _converted(run: Path) -> tuple[bytes, bytes]:
    """The float and the INT8 flatbuffer of a run."""
    files = run / "mnist_cnn_float.tflite", run / "mnist_cnn_int8.tflite"
    for file in files:
        if not file.exists():
            raise TrainerError(f"{file} must be there. Received: nothing; run `edge-trainer quantize` first")
    return files[0].read_bytes(), files[1].read_bytes()
