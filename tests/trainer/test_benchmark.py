"""Pictures are scored by the digits that pair off in order."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from trainer.benchmark import Score, matches, print_scores, score_folder
from trainer.errors import DataError

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("written", "read", "right"),
    [
        pytest.param("407", "407", 3, id="exact"),
        pytest.param("407", "47", 2, id="one missed"),
        pytest.param("407", "4017", 3, id="one false"),
        pytest.param("407", "417", 2, id="one misread"),
        pytest.param("407", "", 0, id="nothing read"),
        pytest.param("", "88", 0, id="nothing written"),
    ],
)
def test_matches(written: str, read: str, right: int) -> None:
    assert matches(written, read) == right


def test_the_sums_keep_empty_pictures_apart() -> None:
    scores = [Score("a", "407", "417", 2, 1.0), Score("b", "12", "12", 2, 1.0), Score("c", "", "8", 0, 1.0)]
    console = Console(width=110)
    with console.capture() as captured:
        print_scores(scores, console)

    text = captured.get()
    assert "2 pictures with writing: 4 of 5 digits right (80.0%), 1 false, 1 pictures exact" in text
    assert "1 pictures without: 1 false digits" in text


def test_drawn_pages_are_read_nearly_whole(tmp_path: Path) -> None:
    flags = ["--out", str(tmp_path), "--count", "6", "--seed", "11"]
    subprocess.run([sys.executable, "-m", "trainer", "scenes", *flags], cwd=REPOSITORY, check=True, capture_output=True)

    scores = score_folder(tmp_path)

    assert sum(score.right for score in scores) >= 0.9 * sum(len(score.written) for score in scores)


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
