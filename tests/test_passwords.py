"""`edge-app password` makes what the config wants, and never shows what was typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.outputs.web.passwords import is_password, is_token

REPOSITORY = Path(__file__).parents[1]


def password(*arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "edge_app", "password", *arguments],
        input=typed, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=60,
    )  # fmt: skip


def test_a_password_becomes_a_line_for_the_config() -> None:
    done = password(typed="grün & geheim\n")

    line = re.fullmatch(r'password = "(.*)"\n', done.stdout)
    assert line is not None and is_password("grün & geheim", line[1])
    assert "geheim" not in done.stdout + done.stderr
    assert "under [web]" in done.stderr


def test_a_token_is_made_and_shown_once() -> None:
    done = password("--token")

    line = re.fullmatch(r'token = "(.*)"\n', done.stdout)
    shown = re.search(r"shown only now: (\S+)", done.stderr)
    assert line is not None and shown is not None and is_token(shown[1], line[1])


@pytest.mark.parametrize("typed", ["", "\n", "x" * 2000])
def test_what_is_no_password_is_refused(typed: str) -> None:
    done = password(typed=typed)

    assert (done.returncode, done.stdout) == (3, "")
    assert "1 to 1024 characters" in done.stderr
