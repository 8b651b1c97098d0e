"""What a Pi's kernel and firmware tell of the board; None where there is no such file, as on other machines."""

from pathlib import Path

TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")
THROTTLED = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
THROTTLE_BITS = {0: "under_voltage", 1: "frequency_capped", 2: "throttled", 3: "soft_temperature_limit"}


def board_celsius(file: Path = TEMPERATURE) -> float | None:
    """Temperature of the processor in degrees Celsius."""
    thousandths = _number(file, 10)
    return None if thousandths is None else thousandths / 1000


def board_throttled(file: Path = THROTTLED) -> dict[str, bool] | None:
    """Why the firmware slows the board down now, each yes or no."""
    bits = _number(file, 16)
    return None if bits is None else {why: bool(bits >> bit & 1) for bit, why in THROTTLE_BITS.items()}


def _number(file: Path, base: int) -> int | None:
    try:
        return int(file.read_text().strip(), base)
    except (OSError, ValueError):
        return None
