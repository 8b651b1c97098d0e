"""Every reader is asked in the same way and answers in the same form."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer import readers
from trainer.errors import TrainerError
from trainer.readers import READERS, read_with_classic, read_with_rapidocr, read_with_tesseract, split_evenly


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """Large printed digits on clean paper: what even a tutorial reads."""
    paper = np.full((240, 640), 235, np.uint8)
    cv2.putText(paper, "4 0 7", (60, 170), cv2.FONT_HERSHEY_SIMPLEX, 4.5, (20,), 12, cv2.LINE_AA)
    file = tmp_path / "page.png"
    cv2.imwrite(str(file), paper)
    return file


def texts(answers: list[readers.Answer]) -> list[str]:
    return ["".join(str(digit.digit) for number in answer.numbers for digit in number) for answer in answers]


def test_the_classic_recipe_reads_clean_digits(page: Path) -> None:
    answers = read_with_classic([page, page])

    assert texts(answers) == ["407", "407"]
    assert all(answer.milliseconds > 0 for answer in answers)


def test_our_app_reads_them_too(page: Path) -> None:
    (answer,) = READERS["edge-digits"]([page], ())

    assert texts([answer]) == ["407"]
    x, _, width, _ = answer.numbers[0][0].box_xywh
    assert 40 < x < x + width < 250


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed (scripts/install-rivals.sh)")
def test_tesseract_reads_print(page: Path) -> None:
    (answer,) = read_with_tesseract([page])

    assert set(texts([answer])[0]) <= set("407")
    assert answer.milliseconds > 0


def test_tesseract_that_is_not_there_is_named_with_what_to_do(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(TrainerError, match=r"tesseract must be installed.*install-rivals\.sh"):
        read_with_tesseract([page])


def test_rapidocr_that_is_not_there_is_named_with_what_to_do(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "RIVALS_FOLDER", tmp_path / "none")

    with pytest.raises(TrainerError, match=r"RapidOCR must be installed.*install-rivals\.sh"):
        read_with_rapidocr([page])


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in RapidOCR's place; what it prints is up to the test."""
    program = tmp_path / "rivals" / "bin" / "python"
    program.parent.mkdir(parents=True)
    monkeypatch.setattr(readers, "RIVALS_FOLDER", tmp_path / "rivals")
    return program


def test_lines_of_rapidocr_become_digits_in_reading_order(page: Path, pretended: Path) -> None:
    said = {"texts": [["ab", [0, 0, 20, 10]], ["56", [0, 60, 20, 20]], ["n2", [10, 0, 20, 20]]], "milliseconds": 3.5}
    pretended.write_text(f"#!/bin/sh\necho some chatter\necho '{json.dumps(said)}'\n")
    pretended.chmod(0o755)

    (answer,) = read_with_rapidocr([page])

    assert texts([answer]) == ["256"]
    assert answer.milliseconds == 3.5


def test_rapidocr_that_fails_says_why(page: Path, pretended: Path) -> None:
    pretended.write_text("#!/bin/sh\necho no model >&2\nexit 3\n")
    pretended.chmod(0o755)

    with pytest.raises(TrainerError, match="RapidOCR must read 1 pictures. Received: 0; no model"):
        read_with_rapidocr([page])


def test_the_driver_needs_nothing_of_this_project(tmp_path: Path) -> None:
    driver = Path(readers.__file__).with_name("rapidocr_driver.py")
    (tmp_path / "rapidocr.py").write_text("class RapidOCR:\n    pass\n")

    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv = ['d']\n"
         f"exec(open({str(driver)!r}).read())"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


def test_a_text_shares_its_box_among_all_its_characters() -> None:
    digits = split_evenly("12 kg", (100, 10, 50, 20))

    assert [(digit.digit, digit.box_xywh) for digit in digits] == [(1, (100, 10, 10, 20)), (2, (110, 10, 10, 20))]
    assert split_evenly("", (0, 0, 1, 1)) == ()
