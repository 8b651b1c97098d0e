"""How long a frame took in, how long to rest before the next one out: a limit on frames, on busy time, and on heat.

A live camera goes on meanwhile, and its newest frame is next, so that a rest makes no reading older.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)

LOOK_S = 5.0  # between looks at the temperature
COOL_AGAIN = 5.0  # degrees below the limit, at which the rest ends: else it would come and go
HOT_SHARE = 0.5  # of the time that the loop may be busy while the board is hot


@dataclass(frozen=True, slots=True)
class PaceLimits:
    """What the loop may take.

    Attributes:
        max_fps: most frames a second; 0 for all that the camera takes.
        max_busy: most of the time that it reads, 0 to 1.
        hot_celsius: temperature of the board from which it reads at most half of the time; 0 for none.
    """

    max_fps: float = 0.0
    max_busy: float = 1.0
    hot_celsius: float = 0.0


class Pace:
    """Keeps the loop within limits.

    Args:
        limits: what it may take.
        temperature: of the board in degrees Celsius; None where it cannot be told.
    """

    def __init__(
        self, limits: PaceLimits | None = None, temperature: Callable[[], float | None] = lambda: None
    ) -> None:
        self._limits, self._temperature = limits or PaceLimits(), temperature
        self._look_due_s = 0.0
        self.hot = False

    def rest_s(self, began_s: float, now_s: float) -> float:
        """How long to rest after a frame.

        Args:
            began_s, now_s: when its reading began and ended, monotonic seconds.
        """
        self._look(now_s)
        busy_s = now_s - began_s
        share = min(self._limits.max_busy, HOT_SHARE) if self.hot else self._limits.max_busy
        rest_s = busy_s * (1 / share - 1)
        if self._limits.max_fps:
            rest_s = max(rest_s, began_s + 1 / self._limits.max_fps - now_s)
        return max(0.0, rest_s)

    def _look(self, now_s: float) -> None:
        if not self._limits.hot_celsius or now_s < self._look_due_s:
            return
        self._look_due_s = now_s + LOOK_S
        celsius = self._temperature()
        if celsius is None:
            return
        hot = celsius >= self._limits.hot_celsius - (COOL_AGAIN if self.hot else 0.0)
        if hot != self.hot:
            pace = "at half pace" if hot else "at full pace again"
            log.warning("the board has %.0f degrees: reading %s", celsius, pace)
        self.hot = hot
