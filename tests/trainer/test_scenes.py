"""Folders of labelled pictures, one for each difficulty asked for."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from trainer.errors import DataError
from trainer.scenes import make_folder

REPOSITORY = Path(__file__).parents[2]


def scenes(*flags: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "trainer", "scenes", *flags]
    return subprocess.run(command, cwd=REPOSITORY, check=False, capture_output=True, text=True)


def test_the_command_writes_labelled_pictures(tmp_path: Path) -> None:
    scenes("--out", str(tmp_path), "--count", "2", "--seed", "5", "--size", "320", "240")

    labels = json.loads((tmp_path / "labels.json").read_text())

    assert [cv2.imread(str(tmp_path / label["file"])).shape for label in labels] == [(240, 320, 3)] * 2
    for label in labels:
        assert label["kind"] == "plain"
        assert "".join(label["lines"]) == "".join(number["text"] for number in label["numbers"])
        assert label["n_digits"] == len("".join(label["lines"]))


def test_kinds_and_groups_of_kinds_are_drawn(tmp_path: Path) -> None:
    done = scenes("--out", str(tmp_path), "--count", "1", "--kinds", "turned", "negative")

    labels = json.loads((tmp_path / "labels.json").read_text())
    assert done.returncode == 0
    assert labels[0]["orientation"] == "auto"
    assert labels[0]["lines"]
    negative = {"blank", "texture", "letters", "words", "handwritten", "print", "scribbles", "signs"}
    assert {label["kind"] for label in labels[1:]} == negative
    assert all(label["lines"] == [] for label in labels[1:])


def test_a_kind_that_there_is_not_is_refused(tmp_path: Path) -> None:
    done = scenes("--out", str(tmp_path), "--kinds", "plain", "foggy")

    assert done.returncode == 1
    assert "kinds must be among all, positive, negative, plain" in done.stderr
    assert done.stderr.rstrip().endswith("Received: foggy")


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scenes").write_text("")

    with pytest.raises(DataError, match="scenes must be a folder that can be written. Received: File exists"):
        make_folder(tmp_path / "scenes")
