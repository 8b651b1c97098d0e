"""How reading time grows: `python benchmarks/growth.py [--picture growth.png]`.

Against the number of digits on a page of one size, and against the size of a page with the same digits; a straight line
is fitted to each, and its slope and how much it explains are told.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge_app.bench_pages import crops_to_draw, draw_page
from edge_app.build import build_pipeline
from edge_app.config import load_config
from edge_app.frames import Frame, UInt8
from edge_app.pipeline import Pipeline
from edge_app.verified import open_model

DIGITS, DIGITS_WH = (0, 10, 25, 50, 100, 150, 250, 350, 500), (1920, 1440)
MEGAPIXELS, DIGITS_ON_THEM = (0.1, 0.3, 0.9, 2, 4, 8, 12), 8
ROUNDS = 7


def timed_ms(pipeline: Pipeline, pages: Sequence[UInt8]) -> list[float]:
    """Median of each, all pages in turn in each round."""
    rounds = []
    for _ in range(ROUNDS):
        row = []
        for page in pages:
            began_s = time.perf_counter()
            pipeline.read(Frame(page, 0, 0))
            row.append(1e3 * (time.perf_counter() - began_s))
        rounds.append(row)
    return np.median(np.array(rounds[1:]), axis=0).tolist()  # type: ignore[no-any-return]


def fitted(x: Sequence[float], y: Sequence[float]) -> tuple[float, float, float]:
    """Slope, offset, and the share of the variance that a straight line explains."""
    slope, offset = np.polyfit(x, y, 1)
    rest = np.array(y) - (slope * np.array(x) + offset)
    return float(slope), float(offset), float(1 - rest.var() / np.var(y))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--picture", type=Path, help="write both curves into a picture, too")
    args = parser.parse_args()
    config = load_config(flags={("detect", "max_regions"): "600"}).config
    model = open_model(config)
    crops, pipeline = crops_to_draw(model.bundle), build_pipeline(config, model)
    sizes = [(round((1e6 * mp * 4 / 3) ** 0.5), round((1e6 * mp * 3 / 4) ** 0.5)) for mp in MEGAPIXELS]
    curves = {
        "digits": (DIGITS, timed_ms(pipeline, [draw_page(DIGITS_WH, digits, crops) for digits in DIGITS])),
        "megapixels": (MEGAPIXELS, timed_ms(pipeline, [draw_page(size, DIGITS_ON_THEM, crops) for size in sizes])),
    }
    for name, (x, y) in curves.items():
        slope, offset, explained = fitted(x, y)
        print(f"{name}: " + "  ".join(f"{at:g}: {ms:.1f} ms" for at, ms in zip(x, y, strict=True)))
        print(f"{name}: {offset:.2f} ms and {slope:.3f} ms for each; a straight line explains {explained:.3f}")
    if args.picture:
        plot(curves, args.picture)


def plot(curves: dict[str, tuple[Sequence[float], list[float]]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(curves), figsize=(10, 4), layout="constrained")
    for axis, (name, (x, y)) in zip(axes, curves.items(), strict=True):
        slope, offset, _ = fitted(x, y)
        axis.plot(x, y, "o", color="#0b5f99")
        axis.plot(x, np.array(x) * slope + offset, color="#888", label=f"{offset:.1f} ms + {slope:.2f} ms each")
        axis.set(xlabel=name, ylabel="ms a frame", ylim=(0, None))
        axis.legend()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
