"""A process that may come to harm: bounded, and the first to go."""

import subprocess
import sys
from pathlib import Path

import pytest

from edge_app.errors import BundleError

PROGRAM = """
from pathlib import Path
from edge_app.confine import confine

confine(256 << 20)
print(Path("/proc/self/oom_score_adj").read_text().strip(), flush=True)
within = bytearray(64 << 20)
try:
    beyond = bytearray(512 << 20)
except MemoryError:
    print("refused")
"""


@pytest.mark.skipif(not Path("/proc/self/oom_score_adj").exists(), reason="needs Linux")
def test_it_takes_no_more_than_its_share_and_is_the_first_to_go() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["1000", "refused"]


GREEDY = """
import sys
from edge_app import commands
from edge_app.cli import main

def load_model(*args, **kwargs):
    return bytearray(2 << 30)

commands.load_model = load_model
sys.exit(main(["check", "--in-process"]))
"""


def test_a_model_that_takes_more_is_refused_in_words() -> None:
    done = subprocess.run([sys.executable, "-c", GREEDY], capture_output=True, text=True, check=False)

    assert done.returncode == BundleError.exit_code
    assert "must load and answer within 512 MiB" in done.stderr
