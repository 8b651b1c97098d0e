"""What is free in the heap goes back to the operating system."""

import gc
import os
import weakref
from pathlib import Path

import pytest

from edge_app import memory


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") // 1024


def test_free_pages_between_used_ones_are_given_back() -> None:
    used = [bytes(3000) for _ in range(30_000)]
    kept = used[::100]
    del used
    before = resident_kib()

    memory.give_back()

    assert before - resident_kib() > 40_000
    assert len(kept) == 300


def test_cycles_are_collected() -> None:
    class Link:
        other: "Link"

    first, second = Link(), Link()
    first.other, second.other = second, first
    gone = weakref.ref(first)
    del first, second
    gc.disable()
    try:
        memory.give_back()
    finally:
        gc.enable()

    assert gone() is None


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_malloc_trim", lambda: None)
    memory.give_back()
