"""What a Pi tells of itself, and that other machines tell nothing."""

from pathlib import Path

import pytest

from edge_app.devices.board import board_celsius, board_throttled


def test_a_pi_tells_how_hot_and_how_slow_it_is(tmp_path: Path) -> None:
    (tmp_path / "temp").write_text("61234\n")
    (tmp_path / "throttled").write_text("50005\n")  # now: under-voltage, throttled; the upper bits are of earlier

    assert board_celsius(tmp_path / "temp") == pytest.approx(61.234)
    assert board_throttled(tmp_path / "throttled") == {
        "under_voltage": True, "frequency_capped": False, "throttled": True, "soft_temperature_limit": False
    }  # fmt: skip


@pytest.mark.parametrize("content", [None, "", "hot", "\x00"])
def test_what_is_missing_or_nonsense_is_not_told(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "temp"
    if content is not None:
        file.write_text(content)

    assert board_celsius(file) is None
    assert board_throttled(file) is None
