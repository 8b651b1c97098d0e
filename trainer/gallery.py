"""Scores in, pictures to look at out: the worst readings, and readers side by side."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np

from edge_app.frames import UInt8
from trainer.errors import DataError
from trainer.scoring import Score, Total

TILE_WH = (460, 345)
CAPTION_PX = 40
MOST_TILES = 24
COLUMNS = 4
MISSED_BGR, WRONG_BGR = (0, 120, 230), (200, 0, 200)  # orange and magenta: apart for the colour-blind, too
BAR_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")  # Okabe and Ito's palette


def draw_worst(scores: Sequence[tuple[Path, Score]], file: Path) -> None:
    """Draws the pictures with the most faults, what was missed in orange and what is false in magenta.

    Args:
        scores: pictures and how they were read.
        file: the .png to write.

    Raises:
        DataError: it cannot be written.
    """
    worst = sorted((pair for pair in scores if not pair[1].exact), key=lambda pair: -pair[1].faults)[:MOST_TILES]
    tiles = [_tile(picture, score) for picture, score in worst]
    tiles = tiles or [_caption("every picture was read without a fault", "")]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    if not cv2.imwrite(str(file), np.vstack(rows)):
        raise DataError(f"{file} must be writable. Received: no picture written")


def draw_comparison(totals: Mapping[str, Total], file: Path) -> None:
    """Draws recall, precision, exact lines and time of readers as bars.

    Args:
        totals: sums of pictures with writing, by reader.
        file: the .png to write.
    """
    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = (
        ("digits read", [100 * sums.recall for sums in totals.values()], "{:.1f} %"),
        ("of what was read, right", [100 * sums.precision for sums in totals.values()], "{:.1f} %"),
        (
            "lines without a fault",
            [100 * sums.lines_exact / max(sums.lines, 1) for sums in totals.values()],
            "{:.1f} %",
        ),
        ("milliseconds a picture", [sums.milliseconds for sums in totals.values()], "{:.0f}"),
    )
    figure, axes = pyplot.subplots(1, len(panels), figsize=(12, 0.9 + 0.5 * len(totals)), sharey=True)
    colours = [BAR_COLOURS[row % len(BAR_COLOURS)] for row in range(len(totals))]
    for axis, (title, values, form) in zip(axes, panels, strict=True):
        bars = axis.barh(list(totals), values, color=colours)
        axis.bar_label(bars, [form.format(value) for value in values], padding=4, fontsize=9)
        axis.set_title(title, fontsize=10)
        axis.set_xlim(0, max(values) * 1.35 or 1)
        axis.xaxis.set_visible(False)
        axis.spines[["top", "right", "bottom"]].set_visible(False)
    axes[0].invert_yaxis()
    pictures = next(iter(totals.values())).pictures
    figure.text(0.01, 0.01, f"{pictures} pictures with digits, the same for all", fontsize=8, color="#555555")
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(file, dpi=120)
    pyplot.close(figure)


def _tile(picture: Path, score: Score) -> UInt8:
    frame = cv2.imread(str(picture), cv2.IMREAD_COLOR)
    if frame is None:
        raise DataError(f"{picture} must be a picture. Received: a file that OpenCV cannot read")
    thickness = max(1, max(frame.shape) // 400)
    for boxes, colour in ((score.missed, MISSED_BGR), (score.wrong, WRONG_BGR)):
        for x, y, width, height in boxes:
            cv2.rectangle(frame, (x, y), (x + width, y + height), colour, thickness)
    factor = min(TILE_WH[0] / frame.shape[1], TILE_WH[1] / frame.shape[0])
    small = cv2.resize(frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    lost = f"{len(score.written) - score.right} of {len(score.written)} missed, {score.false} false"
    tile = _caption(f"{score.kind}: {lost}", score.file)
    tile[CAPTION_PX : CAPTION_PX + small.shape[0], : small.shape[1]] = small
    return tile


def _caption(first: str, second: str) -> UInt8:
    """An empty tile with two lines of text above it."""
    tile = np.full((TILE_WH[1] + CAPTION_PX + 6, TILE_WH[0] + 6, 3), 255, dtype=np.uint8)
    for line, text in enumerate((first, second)):
        cv2.putText(tile, text[:60], (4, 15 + 17 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return tile
