"""Waits for what happens elsewhere: in a thread, another process, another machine."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 90.0  # on a busy machine; a test that passes waits for events, not for this


def wait_until(holds: Callable[[], T], failing: object = "it did not come about", every_s: float = 0.02) -> T:
    """What `holds` returned when it first was true.

    Args:
        holds: asked again and again.
        failing: what to tell after `PATIENCE_S`, or what yields that.
        every_s: seconds between two questions.

    Raises:
        AssertionError: time is up.
    """
    deadline_s = time.monotonic() + PATIENCE_S
    while not (value := holds()):
        assert time.monotonic() < deadline_s, failing() if callable(failing) else failing
        time.sleep(every_s)
    return value
