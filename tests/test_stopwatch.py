"""Laps of one name add up, and the total is all the time that has passed."""

import pytest

import edge_app.stopwatch
from edge_app.stopwatch import StopWatch


def test_laps_of_one_name_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ms = iter([0, 2, 5, 9, 10])
    monkeypatch.setattr(edge_app.stopwatch.time, "perf_counter_ns", lambda: next(now_ms) * 1_000_000)
    watch = StopWatch()

    for name in ("crop", "classify", "crop"):
        watch.lap(name)

    assert watch.total() == {"crop": 2.0 + 4.0, "classify": 3.0, "total": 10.0}
