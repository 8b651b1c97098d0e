"""Pictures in, the numbers that a reader finds on them out: our app and the others, all asked in the same way.

The others are optional: `scripts/install-rivals.sh` fetches them, and nothing of the product needs them.
"""

import csv
import io
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import platformdirs

from edge_app.bundle import embedded_bundle_path, load_bundle
from edge_app.devices.interpreters import open_interpreter
from edge_app.frames import BoxXYWH, UInt8
from edge_app.protocols import Interpreter
from edge_app.stages.quantize import dequantize, quantize, quantize_table
from trainer.errors import TrainerError
from trainer.scoring import FoundDigit

INSTALL = "run scripts/install-rivals.sh to install it"
RIVALS_FOLDER = platformdirs.user_cache_path("edge-digits") / "rivals"  # a virtual environment of their own
TESSERACT_MODE = "11"  # --psm: sparse text, in no order; on the dev photos better than 6, a block of text
CLASSIC_BLUR_PX = 5
CLASSIC_WINDOW_PX, CLASSIC_STEP = 51, 10  # of the threshold; on drawn pages better than Otsu's for the whole frame
CLASSIC_LEAST_PX = 12  # of a box either way
CLASSIC_CONFIDENCE = 0.5
CLASSIC_MARGIN = 0.2  # of the box's longer side, left empty round it


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader says of one picture.

    Attributes:
        numbers: that were read, in reading order, each left to right.
        milliseconds: that it took.
    """

    numbers: tuple[tuple[FoundDigit, ...], ...]
    milliseconds: float


def read_with_app(files: Sequence[Path], flags: Sequence[str] = ()) -> list[Answer]:
    """Ours, run as a user would run it: `edge-app read --json` in a process of its own.

    Raises:
        TrainerError: the app could not be run.
    """
    command = [sys.executable, "-m", "edge_app", "read", "--json", *flags, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    if len(records) != len(files):
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise TrainerError(f"edge-app must read {len(files)} pictures. Received: {len(records)}; {said[-1]}")
    return [
        Answer(
            tuple(
                tuple(FoundDigit(digit["digit"], tuple(digit["box"])) for digit in number["digits"])
                for number in record.get("numbers", [])
            ),
            record.get("timing_ms", {}).get("total", 0.0),
        )
        for record in records
    ]


def read_with_tesseract(files: Sequence[Path], flags: Sequence[str] = ()) -> list[Answer]:
    """Tesseract, told to look for digits only; its time includes its start, as it is run for each picture.

    Raises:
        TrainerError: it is not installed, or refuses a picture.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise TrainerError(f"tesseract must be installed to compare with it. Received: nothing on the path; {INSTALL}")
    return [_ask_tesseract(program, file) for file in files]


def read_with_rapidocr(files: Sequence[Path], flags: Sequence[str] = ()) -> list[Answer]:
    """RapidOCR with the models it ships, in a virtual environment of its own.

    Raises:
        TrainerError: it is not installed, or fails.
    """
    python = RIVALS_FOLDER / "bin" / "python"
    if not python.exists():
        raise TrainerError(f"RapidOCR must be installed to compare with it. Received: no {python}; {INSTALL}")
    driver = Path(__file__).with_name("rapidocr_driver.py")
    asked = subprocess.run([python, driver, *map(str, files)], capture_output=True, text=True, check=False)
    lines = [line for line in asked.stdout.splitlines() if line.startswith("{")]
    if len(lines) != len(files):
        said = asked.stderr.strip().splitlines() or [f"exit code {asked.returncode}"]
        raise TrainerError(f"RapidOCR must read {len(files)} pictures. Received: {len(lines)}; {said[-1]}")
    return [_of_texts(json.loads(line)["texts"], json.loads(line)["milliseconds"]) for line in lines]


def read_with_classic(files: Sequence[Path], flags: Sequence[str] = ()) -> list[Answer]:
    """What a tutorial does: blur, adaptive threshold, contours, a square 28x28 crop, the likeliest digit.

    It gets our own model, so that the comparison is of what happens before it.
    """
    interpreter = open_interpreter(load_bundle(embedded_bundle_path()).model_path)
    return [_ask_classic(interpreter, file) for file in files]


READERS: dict[str, Callable[[Sequence[Path], Sequence[str]], list[Answer]]] = {
    "edge-digits": read_with_app,
    "tesseract": read_with_tesseract,
    "rapidocr": read_with_rapidocr,
    "classic": read_with_classic,
}
"""By the name that --against takes."""


def split_evenly(text: str, box: BoxXYWH) -> tuple[FoundDigit, ...]:
    """The digits of a text with its box divided evenly among all its characters.

    >>> split_evenly("1a2", (0, 0, 30, 10))
    (FoundDigit(digit=1, box_xywh=(0, 0, 10, 10)), FoundDigit(digit=2, box_xywh=(20, 0, 10, 10)))
    """
    x, y, width, height = box
    step = width / max(len(text), 1)
    return tuple(
        FoundDigit(int(character), (round(x + place * step), y, round(step), height))
        for place, character in enumerate(text)
        if character in "0123456789"
    )


def _of_texts(texts: Sequence[tuple[str, list[int]]], milliseconds: float) -> Answer:
    """Texts with their boxes as numbers in reading order; those without a digit are left out."""
    found = [(split_evenly(text, (box[0], box[1], box[2], box[3])), box) for text, box in texts]
    kept = sorted((pair for pair in found if pair[0]), key=lambda pair: (pair[1][1] // max(pair[1][3], 1), pair[1][0]))
    return Answer(tuple(digits for digits, _ in kept), milliseconds)


def _ask_tesseract(program: str, file: Path) -> Answer:
    whitelist = "tessedit_char_whitelist=0123456789"
    command = [program, str(file), "-", "--psm", TESSERACT_MODE, "-c", whitelist, "tsv"]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    milliseconds = (time.perf_counter() - start) * 1e3
    if done.returncode != 0:
        raise TrainerError(f"tesseract must read {file.name}. Received: {done.stderr.strip() or done.returncode}")
    rows = csv.DictReader(io.StringIO(done.stdout), delimiter="\t", quoting=csv.QUOTE_NONE)
    texts = [
        (row["text"], [int(row[side]) for side in ("left", "top", "width", "height")]) for row in rows if row["text"]
    ]
    return _of_texts(texts, milliseconds)


def _ask_classic(interpreter: Interpreter, file: Path) -> Answer:
    gray = np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    start = time.perf_counter()
    blurred = cv2.GaussianBlur(gray, (CLASSIC_BLUR_PX, CLASSIC_BLUR_PX), 0)
    binary = cv2.adaptiveThreshold(
        blurred, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY_INV, CLASSIC_WINDOW_PX, CLASSIC_STEP
    )
    mask = np.asarray(binary, dtype=np.uint8)
    boxes = list(_contour_boxes(mask))
    crops = np.stack([_square_crop(mask, box) for box in boxes]) if boxes else np.zeros((0, 28, 28), dtype=np.uint8)
    tensor = quantize(crops, quantize_table(interpreter.input))
    scores = dequantize(interpreter.invoke(tensor), interpreter.output)[:, :10]
    found = [
        FoundDigit(int(row.argmax()), box)
        for row, box in zip(scores, boxes, strict=True)
        if row.max() >= CLASSIC_CONFIDENCE
    ]
    milliseconds = (time.perf_counter() - start) * 1e3
    found.sort(key=lambda digit: (digit.box_xywh[1] // max(digit.box_xywh[3], 1), digit.box_xywh[0]))
    return Answer(tuple((digit,) for digit in found), milliseconds)


def _contour_boxes(mask: UInt8) -> Iterator[BoxXYWH]:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        x, y, width, height = cv2.boundingRect(contour)
        if height >= CLASSIC_LEAST_PX and width >= CLASSIC_LEAST_PX // 4:
            yield x, y, width, height


def _square_crop(mask: UInt8, box: BoxXYWH) -> UInt8:
    """A square about the box, shrunk to 28x28."""
    x, y, width, height = box
    side = round(max(width, height) * (1 + 2 * CLASSIC_MARGIN))
    square = np.zeros((side, side), dtype=np.uint8)
    left, top = (side - width) // 2, (side - height) // 2
    square[top : top + height, left : left + width] = mask[y : y + height, x : x + width]
    return np.asarray(cv2.resize(square, (28, 28), interpolation=cv2.INTER_AREA), dtype=np.uint8)
