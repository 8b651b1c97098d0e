"""A run folder and the command's arguments in, one step of the way to a bundle done.

Every step finds in the folder what the ones before it left there, and leaves its own figures beside them:

    model.keras, calibration.json            train
    mnist_cnn_*.tflite, quantization.json    quantize
    evaluation.json                          evaluate
    bundles/                                 export
    qat/                                     qat: a run folder of its own
"""

import argparse
import dataclasses
import json
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from rich.console import Console

from edge_app.bundle import embedded_bundle_path, load_bundle
from edge_app.files import write_whole
from edge_app.frames import UInt8
from edge_app.manifest import DIGIT_LABELS
from trainer import data
from trainer.batches import Source
from trainer.corpus import Extras
from trainer.edgetpu import compiled_bundle, for_compiler
from trainer.errors import RunError, TrainerError
from trainer.evaluate import evaluate, print_evaluation
from trainer.export import export
from trainer.layerwise import layer_errors, print_layer_errors
from trainer.lessons import Lessons
from trainer.models import load_model
from trainer.own import OwnDigits, draw_sheet, read_own
from trainer.qat import fine_tune, folded
from trainer.quantize import float_tflite, quantize
from trainer.report import siblings, write_report
from trainer.robustness import accuracy, measure_robustness, print_robustness
from trainer.runs import open_run, read_record, write_lock
from trainer.study import by_size, float_scores, int8_scores, judged, print_rows
from trainer.teach import COURSES, lessons_folder, teach
from trainer.train import (
    CALIBRATION_FILE,
    EXTRA_FILES,
    QUICK,
    RECIPES,
    TRAINING_EXTRAS,
    VALIDATION_EXTRAS,
    Finished,
    Recipe,
    calibrated,
    labelled_source,
    train,
    validation_digits,
)
from trainer.weights import packed_weights, unpacked

FLOAT_FILE, INT8_FILE = "mnist_cnn_float.tflite", "mnist_cnn_int8.tflite"
SEEN = 4000  # training crops that representative ones are drawn from
LAYER_CROPS = 400  # that layers are compared on
LOCKED = FLOAT_FILE, INT8_FILE, TRAINING_EXTRAS, VALIDATION_EXTRAS
QAT_EPOCHS = 4
FINE_EPOCHS = 3
FINE_LEARNING_RATE = 1e-3  # a quarter of it is used, as wherever a model starts from a finished one
# So that it does not forget what is no digit.
FINE_EXTRAS = Extras(scenes=4, negatives=3_000, pairs=500, hands=1_000, written=1_500)
QAT_LEARNING_RATE = 1e-4


def run_teach(args: argparse.Namespace) -> None:
    """Trains the teachers of the model and writes their lessons."""
    if args.model not in COURSES:
        raise TrainerError(f"teach must be given one of {', '.join(COURSES)}. Received: --model {args.model}")
    _taught(args)


def run_train(args: argparse.Namespace) -> None:
    """Trains the model, its teachers first where it has some."""
    quick = args.preset == "quick"
    recipe = (QUICK if quick else RECIPES).get(args.model, RECIPES[args.model])
    if args.epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=args.epochs)
    taught = args.model in COURSES and not (args.no_teachers or quick)
    lessons = _taught(args) if taught else None
    start = None if args.start is None else Finished.from_run(args.start)
    own = _own_digits(args, recipe)
    train(_mnist(args), recipe, _run_folder(args), args.seed, _verbose(args), start, lessons, own)


def run_finetune(args: argparse.Namespace) -> None:
    """Teaches a bundle's model one's own hand, and writes a bundle of what came out."""
    if args.extra_data is None:
        raise TrainerError("finetune must be given one's own digits. Received: no --extra-data FOLDER")
    bundle = load_bundle(args.bundle or embedded_bundle_path("accurate"))
    start = unpacked(bundle)
    recipe = dataclasses.replace(
        msgspec.convert(bundle.manifest.training["recipe"], Recipe),
        epochs=FINE_EPOCHS if args.epochs is None else args.epochs,
        learning_rate=FINE_LEARNING_RATE,
    )
    if recipe.extras is not None:
        recipe = dataclasses.replace(recipe, extras=FINE_EXTRAS)
    own, held_out = _apart(read_own(args.extra_data))
    run = _run_folder(args)
    train(_mnist(args), recipe, run, args.seed, _verbose(args), start, None, OwnDigits(own, args.extra_weight))
    draw_sheet(own, run / "own.png")
    for step in (run_quantize, run_evaluate, run_export):
        step(args)
    if len(held_out):
        before, after = bundle.model_path.read_bytes(), (run / INT8_FILE).read_bytes()
        figures = [f"{accuracy(model, held_out):.1%}" for model in (before, after)]
        print(f"of {len(held_out)} own crops kept apart: {figures[0]} read right before, {figures[1]} now")
    print(f"{run / 'own.png'} shows what was learnt from")


def run_quantize(args: argparse.Namespace) -> None:
    """Converts the model, and shows what that costs: by size of the representative set, and layer by layer."""
    run = _run_folder(args)
    model, seen, validation = _model(run), _seen(args), _validation(args)
    float_model = float_tflite(model)
    int8_model = quantize(model, seen, representative=args.representative, seed=args.seed)
    (run / FLOAT_FILE).write_bytes(float_model)
    (run / INT8_FILE).write_bytes(int8_model)
    rows = by_size(model, seen, validation, seed=args.seed)
    layers = layer_errors(float_model, int8_model, validation.images[:LAYER_CROPS])
    _write_json(run / "quantization.json", {"by_size": _as_dicts(rows), "layers": _as_dicts(layers)})
    console = Console(width=110)
    print_rows(f"{len(validation)} validation crops, by size of the representative set", rows, console)
    print_layer_errors(layers, console)
    print(f"{run / INT8_FILE}: {len(int8_model)} bytes, quantized on {args.representative} crops")


def run_qat(args: argparse.Namespace) -> None:
    """Fine-tunes the model under INT8's rounding, in a run folder of its own; keeps what validates better."""
    run = _run_folder(args)
    model, seen, validation = _model(run), _seen(args), _validation(args)
    recipe, record = _recipe(run), read_record(run)
    epochs = QAT_EPOCHS if args.epochs is None else args.epochs
    open_run(run / "qat", record | {"qat": {"epochs": epochs, "learning_rate": QAT_LEARNING_RATE}})
    for name in EXTRA_FILES:
        if (run / name).exists():
            shutil.copyfile(run / name, run / "qat" / name)
    plain = folded(model)
    learnt = fine_tune(
        plain, _source(args), seen[:LAYER_CROPS], epochs=epochs, learning_rate=QAT_LEARNING_RATE,
        batch_size=recipe.batch_size, seed=args.seed, verbose=_verbose(args),
    )  # fmt: skip
    calibration = calibrated(learnt, recipe, validation)
    rows, models = [], {"PTQ": plain, "QAT": learnt}
    for name, candidate in models.items():
        exact = float_scores(candidate, validation.images)
        int8_model = quantize(candidate, seen, representative=args.representative, seed=args.seed)
        scores = int8_scores(int8_model, validation.images)
        rows.append(judged(f"float, before {name}", exact, exact, validation.labels))
        rows.append(judged(f"INT8 by {name}", scores, exact, validation.labels))
    better = (rows[3].accuracy, -rows[3].surprise) >= (rows[1].accuracy, -rows[1].surprise)
    kept = learnt if better else plain
    kept.save(run / "qat" / "model.keras")
    shown = calibration if better else _read_json(run / CALIBRATION_FILE)
    _write_json(run / "qat" / CALIBRATION_FILE, shown)
    _write_json(run / "qat.json", {"rows": _as_dicts(rows), "kept": "QAT" if better else "PTQ"})
    print_rows(f"{len(validation)} validation crops", rows, Console(width=110))
    outcome = "the fine-tuned weights" if better else "the weights as they were, since these validate better"
    print(f"{run / 'qat'}: holds {outcome}; `edge-trainer quantize --out {run / 'qat'}` goes on from there")


def run_evaluate(args: argparse.Namespace) -> None:
    """Measures float and INT8 on the test images, clean and corrupted, and on other people's digits."""
    run = _run_folder(args)
    float_model, int8_model = _converted(run)
    test = data.prepare(_mnist(args).test)
    evaluation = evaluate(_model(run), float_model, int8_model, test, f"MNIST test, {len(test)} images")
    robustness = measure_robustness(int8_model, test)
    _write_json(run / "evaluation.json", evaluation.as_dict() | {"robustness": dataclasses.asdict(robustness)})
    console = Console(width=110)
    print_evaluation(evaluation, console)
    print_robustness(robustness, console)


def run_report(args: argparse.Namespace) -> None:
    """Writes the page that shows all that the run's steps measured."""
    others = {each.name: each for each in args.beside} if args.beside else siblings(args.run_folder)
    test = data.prepare(data.load_mnist(args.mnist).test)
    page = write_report(args.run_folder, _model(args.run_folder), _converted(args.run_folder)[1], test, others)
    print(f"report: {page}")


def run_export(args: argparse.Namespace) -> None:
    """Writes the bundle."""
    run = _run_folder(args)
    record = read_record(run)
    folder = export(
        name=record["recipe"]["model"],
        int8_model=_converted(run)[1],
        metrics=_read_json(run / "evaluation.json") | {"calibration": _read_json(run / CALIBRATION_FILE)},
        validation=_validation(args),
        training=record | {"command": command_line(sys.argv[1:])},
        bundles=args.bundles or run / "bundles",
        weights=packed_weights(_model(run)),
    )
    print(f"bundle: {folder}")


def run_edgetpu(args: argparse.Namespace) -> None:
    """Writes a bundle's model for the Edge TPU's compiler, or the bundle of what the compiler made."""
    bundle = load_bundle(args.bundle or embedded_bundle_path())
    args.out.mkdir(parents=True, exist_ok=True)
    if args.compiled is not None:
        print(f"bundle: {compiled_bundle(bundle, args.compiled.read_bytes(), args.out)}")
        return
    file = args.out / f"{bundle.id}.tflite"
    file.write_bytes(for_compiler(bundle.model_path.read_bytes()))
    print(f"{file}: every operation can be mapped; next: edgetpu_compiler -s -o {args.out} {file}")


def run_all(args: argparse.Namespace) -> None:
    """From nothing to a bundle."""
    for step in (run_train, run_quantize, run_evaluate, run_export):
        step(args)
    write_lock(_run_folder(args), command_line(sys.argv[1:]), LOCKED)


def command_line(arguments: Sequence[str]) -> str:
    """The command for the record: a bundle is passed on, the folders of the machine that made it are not.

    >>> command_line(["all", "--out", "/home/ada/runs/first"])
    'edge-trainer all --out first'
    """
    names = [Path(argument).name if Path(argument).is_absolute() else argument for argument in arguments]
    return shlex.join(["edge-trainer", *names])


def _taught(args: argparse.Namespace) -> Lessons:
    """The lessons of the model."""
    return teach(_mnist(args), args.model, args.teachers, _verbose(args), args.released_teachers)


def _own_digits(args: argparse.Namespace, recipe: Recipe) -> OwnDigits | None:
    """Of --extra-data, where it is given; a sheet of them is drawn into the run folder."""
    if args.extra_data is None:
        return None
    digits = read_own(args.extra_data)
    if digits.labels.max() >= len(recipe.labels):
        raise TrainerError(f"{args.extra_data} must hold digits alone for {recipe.model}. Received: a folder reject")
    _run_folder(args).mkdir(parents=True, exist_ok=True)
    draw_sheet(digits, _run_folder(args) / "own.png")
    return OwnDigits(digits, args.extra_weight)


def _apart(digits: data.Digits) -> tuple[data.Digits, data.Digits]:
    """Four of five to learn from and the fifth to check with; all and none where there are few."""
    if len(digits) < 5 * len(DIGIT_LABELS):
        return digits, digits.take(slice(0))
    checked = np.arange(len(digits)) % 5 == 4
    return digits.take(~checked), digits.take(checked)


def _run_folder(args: argparse.Namespace) -> Path:
    return Path(args.out) if args.out is not None else Path("runs") / f"{args.model}-seed{args.seed}"


def _mnist(args: argparse.Namespace) -> data.Mnist:
    mnist = data.load_mnist(args.mnist)
    if args.limit_train is not None:
        mnist = dataclasses.replace(mnist, train=mnist.train.take(slice(args.limit_train)))
    return mnist


def _verbose(args: argparse.Namespace) -> str | int:
    """Of Keras: a line an epoch or a progress bar."""
    return 2 if args.quiet else "auto"


def _model(run: Path) -> Any:
    read_record(run)  # says so where the folder is none
    return load_model(run / "model.keras")


def _recipe(run: Path) -> Recipe:
    """That the run was made by, whatever the recipe of that name is today."""
    return msgspec.convert(read_record(run)["recipe"], Recipe)


def _lessons(args: argparse.Namespace) -> Lessons | None:
    """That the run was taught by.

    Raises:
        RunError: the folder of teachers holds others.
    """
    plan = read_record(_run_folder(args)).get("lessons")
    if plan is None:
        return None
    lessons = Lessons(lessons_folder(args.teachers, _recipe(_run_folder(args)).model))
    if lessons.plan != plan:
        raise RunError(
            f"{args.teachers} must hold the lessons of {_run_folder(args)}. Received: others; see --teachers"
        )
    return lessons


def _source(args: argparse.Namespace) -> Source:
    """What the run learnt from."""
    lessons = _lessons(args)
    if lessons is not None:
        return lessons
    run = _run_folder(args)
    return labelled_source(_mnist(args), _recipe(run), run, args.seed)


def _seen(args: argparse.Namespace) -> UInt8:
    """(SEEN, 28, 28) uint8 crops as the run was trained on."""
    source = _source(args)
    rows = np.random.default_rng(args.seed).permutation(len(source))[:SEEN]
    return source.take(rows, 0, 0)[0]


def _validation(args: argparse.Namespace) -> data.Digits:
    return validation_digits(_mnist(args), _recipe(_run_folder(args)), _run_folder(args), args.seed)


def _converted(run: Path) -> tuple[bytes, bytes]:
    """The float and the INT8 flatbuffer of a run."""
    files = run / FLOAT_FILE, run / INT8_FILE
    for file in files:
        if not file.exists():
            raise TrainerError(f"{file} must be there. Received: nothing; run `edge-trainer quantize` first")
    return files[0].read_bytes(), files[1].read_bytes()


def _as_dicts(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(row) for row in rows]


def _write_json(file: Path, content: dict[str, Any]) -> None:
    write_whole(file, (json.dumps(content, indent=2) + "\n").encode())


def _read_json(file: Path) -> dict[str, Any]:
    """What a step of the run wrote down; empty where it was not run."""
    return dict(json.loads(file.read_text())) if file.exists() else {}
