"""Laps by name in, how many milliseconds each took out."""

import time


class StopWatch:
    """Milliseconds of each lap, by name, since it was made."""

    def __init__(self) -> None:
        self._start_ns = self._lap_ns = time.perf_counter_ns()
        self._laps_ms: dict[str, float] = {}

    def lap(self, name: str) -> None:
        """Counts the time since the last lap to this one; laps of one name add up."""
        now_ns = time.perf_counter_ns()
        self._laps_ms[name] = self._laps_ms.get(name, 0.0) + (now_ns - self._lap_ns) / 1e6
        self._lap_ns = now_ns

    def total(self) -> dict[str, float]:
        """All laps, and "total": the time since it was made."""
        return {**self._laps_ms, "total": (time.perf_counter_ns() - self._start_ns) / 1e6}
