"""Published readings in, those that can be true out, the others with the reason why not.

For a device that reads one number again and again, such as a meter: it has so many digits, lies between two bounds and
changes only so fast. A digit that is misread is mostly seen by that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from edge_app.frames import Reading, Withheld

S_PER_HOUR = 3600.0
ROUNDING = 1e-6  # of a step: 0.1 hours at 10 an hour are not quite 1


@dataclass(frozen=True, slots=True)
class PlausibleLimits:
    """What can be true.

    Attributes:
        digits: how many digits the number has; 0 for any.
        minimum, maximum: bounds, both included; None for none.
        max_step_per_hour: how far it may change within an hour; a step of 1 is always allowed once. None for any.
        never_decreasing: whether it only grows.
    """

    digits: int = 0
    minimum: float | None = None
    maximum: float | None = None
    max_step_per_hour: float | None = None
    never_decreasing: bool = False

    @property
    def compares(self) -> bool:
        """Whether a number is held against the one before it."""
        return self.max_step_per_hour is not None or self.never_decreasing


@dataclass(frozen=True, slots=True)
class Accepted:
    """The number that was taken for true last.

    Attributes:
        value: the number.
        seen_s: when it was seen last, in seconds since the epoch.
        credit: how far it may change at once, although it was seen a moment ago; at most 1.
    """

    value: int
    seen_s: float
    credit: float = 1.0


class Plausibility:
    """Sifts the readings of one camera.

    Attributes:
        limits: what can be true, from now on.

    Args:
        limits: what can be true.
        accepted: what was taken for true last, by an earlier run; None where that is not known.
        keep: is told each number that is newly taken for true.
    """

    def __init__(
        self,
        limits: PlausibleLimits | None = None,
        accepted: Accepted | None = None,
        keep: Callable[[Accepted], None] = lambda accepted: None,
    ) -> None:
        self.limits = limits or PlausibleLimits()
        self._accepted = accepted
        self._keep = keep

    def sift(self, readings: Sequence[Reading], wall_time_s: float) -> tuple[tuple[Reading, ...], tuple[Withheld, ...]]:
        """Parts what can be true from what cannot. To be called once for each frame.

        Args:
            readings: what enough frames agree on.
            wall_time_s: seconds since the epoch.
        """
        reasons = [_reason_alone(reading, self.limits) for reading in readings]
        if self.limits.compares:
            fitting = [row for row, reason in enumerate(reasons) if not reason]
            for row in fitting:
                reasons[row] = (
                    self._reason_beside_last(int(readings[row].text), wall_time_s)
                    if len(fitting) == 1
                    else f"{len(fitting)} numbers could be meant; choose the part of the picture that holds the one"
                )
        plausible = tuple(reading for reading, reason in zip(readings, reasons, strict=True) if not reason)
        withheld = tuple(Withheld(reading, reason) for reading, reason in zip(readings, reasons, strict=True) if reason)
        return plausible, withheld

    def forget(self) -> None:
        """Takes the next number for true, whatever came before it: the meter was changed, or a misreading accepted."""
        self._accepted = None

    def _reason_beside_last(self, value: int, now_s: float) -> str:
        """Why the number cannot follow the last one; empty where it can, and it is the last one then."""
        last = self._accepted
        if last is None:
            self._take(Accepted(value, now_s))
            return ""
        if now_s < last.seen_s:  # the clock was put back
            last = replace(last, seen_s=now_s)
            self._accepted = last
        rate = self.limits.max_step_per_hour or 0.0
        grown = rate * (now_s - last.seen_s) / S_PER_HOUR
        if value == last.value:
            self._accepted = Accepted(value, now_s, min(1.0, last.credit + grown))
            return ""
        if self.limits.never_decreasing and value < last.value:
            return f"less than {last.value}, and it never decreases"
        allowed = max(min(1.0, last.credit + grown), grown)
        step = abs(value - last.value)
        if self.limits.max_step_per_hour is not None and step > allowed + ROUNDING:
            return f"{step} away from {last.value}; at most {rate:g} an hour"
        self._take(Accepted(value, now_s, min(1.0, max(0.0, allowed - step))))
        return ""

    def _take(self, accepted: Accepted) -> None:
        self._accepted = accepted
        self._keep(accepted)


def _reason_alone(reading: Reading, limits: PlausibleLimits) -> str:
    """Why the number cannot be true, whatever came before it; empty where it can."""
    if limits.digits and len(reading.digits) != limits.digits:
        return f"{len(reading.digits)} digits; {limits.digits} expected"
    value = int(reading.text)
    if limits.minimum is not None and value < limits.minimum:
        return f"less than {limits.minimum:g}"
    if limits.maximum is not None and value > limits.maximum:
        return f"more than {limits.maximum:g}"
    return ""
