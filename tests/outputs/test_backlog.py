"""What waits comes out in order, once, also after a crash; what is too much is dropped and counted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_app.outputs.backlog import Backlog


def drained(backlog: Backlog) -> list[bytes]:
    taken = []
    while (row := backlog.take()) is not None:
        taken.append(row[1])
        backlog.done(row[0])
    return taken


@pytest.mark.parametrize("on_disk", [True, False])
def test_messages_come_out_in_order_and_once(tmp_path: Path, on_disk: bool) -> None:
    backlog = Backlog(tmp_path / "queue.sqlite" if on_disk else None, 10)
    for number in range(5):
        backlog.put(b"%d" % number)

    assert backlog.waiting == 5
    assert drained(backlog) == [b"0", b"1", b"2", b"3", b"4"]
    assert (backlog.take(), backlog.waiting, backlog.dropped) == (None, 0, 0)


@given(st.lists(st.sampled_from(["put", "take", "done", "reopen"]), max_size=60), st.integers(1, 5))
def test_whatever_happens_the_newest_within_the_bound_are_there(steps: list[str], limit: int) -> None:
    backlog, waiting, out, put, dropped = Backlog(None, limit), [], [], 0, 0
    for step in steps:
        if step == "put":
            backlog.put(b"%d" % put)
            waiting.append(put)
            put += 1
            if len(waiting) > limit:
                waiting.pop(0)
                dropped += 1
        elif step == "take" and (row := backlog.take()) is not None:
            assert row[1] == b"%d" % waiting[0]
            out.append(row[0])
            waiting.pop(0)
        elif step == "done" and out:
            backlog.done(out.pop(0))

    assert (backlog.waiting, backlog.dropped) == (len(waiting), dropped)
    assert drained(backlog) == [b"%d" % number for number in waiting]


def test_what_was_under_way_when_the_process_was_killed_waits_again(tmp_path: Path) -> None:
    file = tmp_path / "queue.sqlite"
    script = (
        "import os, signal, sys; from pathlib import Path; from edge_app.outputs.backlog import Backlog\n"
        "backlog = Backlog(Path(sys.argv[1]), 100)\n"
        "for number in range(5): backlog.put(b'%d' % number)\n"
        "first, second = backlog.take(), backlog.take()\n"
        "backlog.done(first[0])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    killed = subprocess.run([sys.executable, "-c", script, str(file)], check=False, env=os.environ)

    assert killed.returncode == -signal.SIGKILL
    assert drained(Backlog(file, 100)) == [b"1", b"2", b"3", b"4"]


def test_a_damaged_file_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "queue.sqlite"
    file.write_bytes(b"no database at all" * 1000)

    backlog = Backlog(file, 10)
    backlog.put(b"7")
    backlog.close()

    assert drained(Backlog(file, 10)) == [b"7"]
    assert "is damaged" in caplog.text
    assert (tmp_path / "queue.sqlite.damaged").read_bytes().startswith(b"no database")


def test_a_folder_that_is_missing_costs_only_what_a_restart_would_keep(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backlog = Backlog(tmp_path / "missing" / "queue.sqlite", 10)
    backlog.put(b"7")

    assert drained(backlog) == [b"7"]
    assert "messages wait in memory" in caplog.text
