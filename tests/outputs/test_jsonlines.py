"""One line for every published change, flushed, and a reader that goes away is no crash."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_app.errors import OutputError
from edge_app.frames import Moment
from edge_app.outputs.contract import moment_record
from edge_app.outputs.jsonlines import JsonLines

MakeMoment = Callable[..., Moment]

REPOSITORY = Path(__file__).resolve().parents[2]

# Prints into a pipe whose reader has gone, as `edge-app run --json | head -1` does.
ORPHAN = """
import sys, os
import numpy as np
from edge_app.frames import Frame, FrameReadings, Moment
from edge_app.outputs.jsonlines import JsonLines
sys.stdin.readline()
moment = Moment(Frame(np.zeros((2, 2), np.uint8), 0, 0), FrameReadings((), (2, 2)), (), True, 0.0, 0.0, "a", "b")
stream = sys.stdout if sys.argv[1] == "text" else sys.stdout.buffer
sys.stderr.write(f"asks to {JsonLines(stream).write(moment, None).value}")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
"""


def test_each_change_is_one_line(make_moment: MakeMoment) -> None:
    stream = io.BytesIO()
    output = JsonLines(stream)
    moments = [make_moment(0, "407"), make_moment(1, "407", changed=False), make_moment(2)]

    commands = [output.write(moment, None) for moment in moments]

    lines = stream.getvalue().splitlines()
    assert commands == [None, None, None]
    assert [json.loads(line) for line in lines] == [moment_record(moments[0]), moment_record(moments[2])]
    assert stream.getvalue().endswith(b"\n")


def test_text_streams_carry_the_same_line(make_moment: MakeMoment) -> None:
    with_buffer, without = io.TextIOWrapper(io.BytesIO()), io.StringIO()

    for stream in (with_buffer, without):
        JsonLines(stream).write(make_moment(0, "12"), None)

    assert with_buffer.buffer.getvalue().decode() == without.getvalue()  # type: ignore[attr-defined]
    assert json.loads(without.getvalue())["numbers"][0]["text"] == "12"


def test_line_is_flushed_at_once(make_moment: MakeMoment) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb", buffering=65536) as stream, os.fdopen(reader, "rb", buffering=0) as pipe:
        JsonLines(stream).write(make_moment(0, "5"), None)

        assert pipe.read(65536).endswith(b"\n")


@pytest.mark.parametrize("kind", ["text", "binary"])
def test_a_reader_that_has_gone_asks_to_quit(kind: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, kind],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert child.stdin is not None and child.stdout is not None and child.stderr is not None
    child.stdout.close()
    child.stdin.write(b"go\n")
    child.stdin.close()

    code = child.wait(timeout=60)

    messages = child.stderr.read().decode()
    child.stderr.close()
    assert messages == "asks to quit"
    assert code == 0


def test_closed_stream_is_an_output_error(make_moment: MakeMoment) -> None:
    stream = io.BytesIO()
    stream.close()

    with pytest.raises(OutputError, match="cannot write JSON lines to standard output"):
        JsonLines(stream).write(make_moment(0, "5"), None)


def test_closing_leaves_the_stream_open_and_needs_no_picture() -> None:
    stream = io.BytesIO()
    output = JsonLines(stream, name="a test")

    output.close()
    output.close()

    assert not stream.closed
    assert not output.wants_overlay
    assert output.name == "JSON lines to a test"
