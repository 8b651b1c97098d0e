"""Folders of labelled pictures are read and scored, by kind and by reader."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from trainer.benchmark import print_comparison, print_kinds, print_pictures, score_folder
from trainer.errors import DataError
from trainer.scoring import Score, total

REPOSITORY = Path(__file__).parents[2]


def score(kind: str, written: str, read: str, right: int) -> Score:
    lines = 1 if written else 0
    exact = int(written == read)
    return Score("a.png", kind, written, read, right, lines, exact * lines, 4.0, numbers=2 * lines, numbers_exact=exact)


SCORES = [score("plain", "407", "407", 3), score("ruled", "12", "17", 1), score("print", "", "88", 0)]


def printed(print_scores: Callable[..., None], scores: object) -> str:
    console = Console(width=140)
    with console.capture() as captured:
        print_scores(scores, console)
    return captured.get()


def row(text: str, name: str) -> list[str]:
    """The cells of the row that begins with a name."""
    line = next(line for line in text.splitlines() if line.strip("│ ").startswith(name))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_kinds_have_a_line_each_and_pictures_without_digits_are_kept_apart() -> None:
    text = printed(print_kinds, SCORES)

    assert row(text, "ruled")[1:] == ["1", "0", "2", "0.5000", "0.5000", "0/1 0.000", "0/2 0.000", "1.00", "4.0"]
    assert row(text, "with digits")[1:] == ["2", "1", "5", "0.8000", "0.8000", "1/2 0.500", "1/4 0.250", "0.50", "4.0"]
    assert row(text, "without")[1:] == ["1", "0", "0", "", "", "", "", "2.00", "4.0"]


def test_pictures_have_a_line_each() -> None:
    text = printed(print_pictures, SCORES)

    assert [line.count("a.png") for line in text.splitlines()].count(1) == 3
    assert text.count("yes") == 1


def test_readers_have_a_line_each() -> None:
    text = printed(print_comparison, {"edge-digits": SCORES, "classic": SCORES[1:]})

    assert row(text, "edge-digits")[4] == "0.8000"
    assert row(text, "classic")[4] == "0.5000"
    assert row(text, "classic, no digits")[8] == "2.00"


def test_drawn_pages_are_read_nearly_whole(tmp_path: Path) -> None:
    flags = ["--out", str(tmp_path), "--count", "6", "--seed", "11"]
    subprocess.run([sys.executable, "-m", "trainer", "scenes", *flags], cwd=REPOSITORY, check=True, capture_output=True)

    sums = total(score_folder(tmp_path))

    assert sums.recall >= 0.95
    assert sums.precision >= 0.95


@pytest.mark.parametrize("content", [None, "{", "[1]", '[{"file": "a.png"}]', '[{"file": 3, "lines": []}]'])
def test_labels_of_another_form_are_refused(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "labels.json").write_text(content)

    with pytest.raises(DataError, match=re.escape(f"{tmp_path / 'labels.json'} must list pictures")):
        score_folder(tmp_path)


def test_a_picture_that_cannot_be_read_counts_as_nothing_read(tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text(json.dumps([{"file": "gone.png", "lines": ["12"]}]))

    (score,) = score_folder(tmp_path)

    assert (score.written, score.read, score.right) == ("12", "", 0)


def test_a_turned_page_is_read_with_the_flag_that_its_label_asks_for(tmp_path: Path) -> None:
    flags = ["--out", str(tmp_path), "--count", "2", "--seed", "4", "--kinds", "turned", "plain"]
    subprocess.run([sys.executable, "-m", "trainer", "scenes", *flags], cwd=REPOSITORY, check=True, capture_output=True)

    scores = score_folder(tmp_path)

    assert [score.kind for score in scores] == ["turned", "turned", "plain", "plain"]
    assert total(scores[:2]).recall > 0.8


def test_the_command_writes_figures_sheet_and_picture(tmp_path: Path) -> None:
    folder = tmp_path / "scenes"
    flags = ["--out", str(folder), "--count", "1", "--kinds", "plain", "blank"]
    subprocess.run([sys.executable, "-m", "trainer", "scenes", *flags], cwd=REPOSITORY, check=True, capture_output=True)
    names = {
        flag: tmp_path / name for flag, name in (("--sheet", "s.png"), ("--picture", "p.png"), ("--json", "j.json"))
    }
    command = [sys.executable, "-m", "trainer", "benchmark", str(folder), "--by", "picture", "--against", "classic"]

    done = subprocess.run(
        [*command, *(str(part) for pair in names.items() for part in pair)],
        cwd=REPOSITORY, check=False, capture_output=True, text=True,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "plain-1-0000.png" in done.stdout
    assert all(file.stat().st_size > 0 for file in names.values())
    figures = json.loads(names["--json"].read_text())
    assert (
        [row["kind"] for row in figures["edge-digits"]]
        == [row["kind"] for row in figures["classic"]]
        == ["plain", "blank"]
    )
