"""A run folder in, one self-contained page out, with its pictures beside it: what was made, how good it is, and why.

What a step of the run has not measured is left out, and the page says which command would add it.
"""

import base64
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2

from edge_app.frames import Float32
from edge_app.stages.quantize import dequantize
from trainer import figures
from trainer.data import Digits
from trainer.errors import TrainerError
from trainer.evaluate import INT8, KERAS
from trainer.footprint import footprint
from trainer.replay import replay
from trainer.runs import read_history, read_record
from trainer.stopwatch import RUNTIMES, microseconds_per_crop
from trainer.study import float_scores

PAGE = "index.html"
TEMPLATE_FILE = Path(__file__).with_name("report.html.jinja")


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the page.

    Attributes:
        title: what it shows.
        words: what to see in it, in a sentence.
        data: base64 of the .png.
    """

    title: str
    words: str
    data: str


def write_report(run: Path, model: Any, int8_model: bytes, test: Digits, others: Mapping[str, Path]) -> Path:
    """Writes RUN/report/index.html and its pictures.

    Args:
        run: an evaluated run.
        model: its keras.Model.
        int8_model: its flatbuffer.
        test: the prepared test digits.
        others: further run folders by name, to be compared with.

    Returns:
        The page.

    Raises:
        TrainerError: the run was not evaluated.
    """
    evaluation = _read(run / "evaluation.json")
    if not evaluation:
        raise TrainerError(f"{run} must have been evaluated. Received: no evaluation.json; run `edge-trainer evaluate`")
    folder = run / "report"
    folder.mkdir(exist_ok=True)
    answer = replay(int8_model, test.images)
    opinions = {"INT8": dequantize(answer.outputs, answer.output), "float": float_scores(model, test.images)}
    runs = {run.resolve().name: run, **others}
    page = _environment().from_string(TEMPLATE_FILE.read_text()).render(
        name=run.resolve().name,
        record=read_record(run),
        evaluation=evaluation,
        quantization=_read(run / "quantization.json"),
        qat=_read(run / "qat.json"),
        calibration=_read(run / "calibration.json"),
        pictures=list(_pictures(run, folder, evaluation, opinions, test, runs)),
        models=compared(runs),
        INT8=INT8,
        KERAS=KERAS,
    )  # fmt: skip
    (folder / PAGE).write_text(page)
    return folder / PAGE


def compared(runs: Mapping[str, Path]) -> list[dict[str, Any]]:
    """What each run's model asks of a device, and how fast it is beside the others.

    Args:
        runs: run folders by name; those without an INT8 model are left out.

    Returns:
        By run: name, accuracy, the fields of `Footprint`, and for each runtime microseconds a crop and their ratio
        to the model called "seed", or else to the first one.
    """
    models = {name: (run / "mnist_cnn_int8.tflite") for name, run in runs.items()}
    contents = {name: file.read_bytes() for name, file in models.items() if file.exists()}
    times = {runtime: microseconds_per_crop(contents, runtime) for runtime in RUNTIMES}
    rows = []
    for name, content in contents.items():
        row: dict[str, Any] = {"name": name, **dataclasses.asdict(footprint(content))}
        row["accuracy"] = _read(runs[name] / "evaluation.json").get("accuracy", {}).get(INT8)
        for runtime, found in times.items():
            reference = next((found[other] for other in found if other.startswith("seed")), next(iter(found.values())))
            row[runtime] = {"microseconds": found[name], "ratio": found[name] / reference}
        rows.append(row)
    return rows


def siblings(run: Path) -> dict[str, Path]:
    """The other evaluated runs in the folder of a run, by name."""
    folders = sorted(run.resolve().parent.iterdir())
    return {
        folder.name: folder for folder in folders if folder != run.resolve() and (folder / "evaluation.json").exists()
    }


def _pictures(
    run: Path,
    folder: Path,
    evaluation: Mapping[str, Any],
    opinions: Mapping[str, Float32],
    test: Digits,
    runs: Mapping[str, Path],
) -> Iterator[Picture]:
    """Draws all that the run has figures for, in the page's order."""
    history, quantization = read_history(run), _read(run / "quantization.json")
    robustness = evaluation.get("robustness")
    int8 = opinions["INT8"]
    models = [
        (name, found["int8_bytes"], found["accuracy"][INT8])
        for name, each in runs.items()
        if (found := _read(each / "evaluation.json"))
    ]

    def picture(name: str, title: str, words: str, draw: Callable[..., None], *arguments: Any) -> Picture:
        file = folder / f"{name}.png"
        draw(*arguments, file)
        return Picture(title, words, base64.b64encode(file.read_bytes()).decode())

    if history:
        yield picture("curves", "Training", "Loss and accuracy, epoch by epoch.", figures.draw_curves, history)
    words = "INT8, test images; mistakes are coloured."
    yield picture("confusion", "What was read as what", words, figures.draw_confusion, evaluation["int8_confusion"])
    words = "Bars on the dashed line are; on the right, how many answers are how sure."
    yield picture("reliability", "Is it honest?", words, figures.draw_reliability, int8, test.labels)
    words = "With the opinion of the INT8 and of the float model."
    yield picture("worst", "Misread most surely", words, figures.draw_worst, test.images, test.labels, opinions)
    words = "A draw of them, with the confidence of each."
    yield picture("samples", "Read right", words, figures.draw_samples, test.images, test.labels, int8)
    words, current = "Every model trained beside this one.", run.resolve().name
    yield picture("sizes", "Size against accuracy", words, figures.draw_size_against_accuracy, models, current)
    if robustness:
        words = f"Severity {robustness['severity']} of 5, INT8; no training sees these corruptions."
        yield picture("corruptions", "Corrupted crops", words, figures.draw_corruptions, robustness["errors"])
    if quantization:
        words = "The higher, the less is lost; a layer far below the others is the one to look at."
        yield picture("layers", "Quantization, layer by layer", words, figures.draw_layers, quantization["layers"])
        words, rows = "Post-training quantization, validation crops.", quantization["by_size"]
        yield picture("sets", "How many representative crops?", words, figures.draw_sizes_of_sets, rows)


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.2f} %"
    environment.filters["thousands"] = lambda number: f"{number:,}".replace(",", "\u202f")
    return environment


def _read(file: Path) -> dict[str, Any]:
    """What a step wrote; empty where it was not run."""
    return dict(json.loads(file.read_text())) if file.exists() else {}
