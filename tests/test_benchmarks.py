"""The benchmarks run and tell what they are for; what they measure is for people to read, not for tests."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from edge_app.bench_pages import PAGES, crops_to_draw, draw_page

REPOSITORY = Path(__file__).parents[1]
GROWTH_KIB = 24 * 1024  # of so few frames; the long run says how much memory really grows


def run(*arguments: str) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_short_soak_gains_no_thread_and_no_descriptor() -> None:
    told = json.loads(run("benchmarks/soak.py", "--frames", "2500"))

    assert told["frames"] == 2500
    assert told["published"] > 50
    assert (told["threads gained"], told["descriptors gained"]) == (0, 0)
    assert told["rss growth KiB"] < GROWTH_KIB


def test_the_age_of_readings_is_told_minute_by_minute() -> None:
    minutes = run("benchmarks/overrate.py", "--fps", "300", "--minutes", "2", "--seconds", "1").splitlines()

    figures = [[int(number) for number in re.findall(r"(\d+) (?:frames|read|left)", minute)] for minute in minutes]
    assert len(figures) == 2
    assert all(frames == 300 and read > 0 and read + dropped <= frames + 1 for frames, read, dropped in figures)


def test_the_memory_of_the_app_is_told_alone_and_watched() -> None:
    peaks = [float(peak) for peak in re.findall(r"peak (\d+) MiB", run("benchmarks/memory.py", "--seconds", "3"))]

    assert len(peaks) == 2
    assert all(30 < peak < 1000 for peak in peaks)


@pytest.mark.parametrize("stage", ["binarize", "regions", "crop", "classify", "a whole page"])
def test_each_stage_whose_instructions_are_counted_runs(stage: str) -> None:
    run("benchmarks/instructions.py", "--stage", stage)


def test_everything_about_a_board_is_told() -> None:
    report = json.loads(run("-m", "edge_app", "bench", "--json", "--frames", "5", "--all"))

    assert set(report["board"]) == {"machine", "cores", "system", "versions"}
    assert [row["page"] for row in report["pages"]] == [f"{w}x{h}, {n} digits" for (w, h), n in PAGES]
    assert all(row["floor_ms"] > 0 and row["ratio"] > 0 and row["allocated_kib"] > 0 for row in report["pages"])
    assert [row["fps"] for row in report["latency"]] == [30.0, 60.0, 120.0]
    assert all(row["read"] + row["dropped"] <= row["fps"] * 5 + 1 for row in report["latency"])
    assert report["start"]["first_reading_s"] > 0


@pytest.mark.parametrize(("size_wh", "digits"), [pytest.param(*page, id=f"{page[1]} digits") for page in PAGES])
def test_the_pages_that_are_timed_are_read(size_wh: tuple[int, int], digits: int) -> None:
    from edge_app.build import build_pipeline
    from edge_app.config import load_config
    from edge_app.frames import Frame
    from edge_app.verified import open_model

    config = load_config(environ={}).config
    model = open_model(config)

    page = draw_page(size_wh, digits, crops_to_draw(model.bundle))
    readings = build_pipeline(config, model).read(Frame(page, 0, 0)).readings

    assert page.shape == size_wh[::-1] and page.dtype == np.uint8
    assert sum(len(reading.digits) for reading in readings) >= 0.9 * digits
    assert digits or not readings
    assert len({digit.digit for reading in readings for digit in reading.digits}) >= min(digits, 6)
