"""The loop rests as long as its limits ask, and no longer."""

import logging

import pytest

from edge_app.pace import LOOK_S, Pace, PaceLimits


@pytest.mark.parametrize(
    ("limits", "busy_s", "rest_s"),
    [
        pytest.param(PaceLimits(), 0.02, 0.0, id="no limit"),
        pytest.param(PaceLimits(max_fps=10), 0.02, 0.08, id="ten frames a second"),
        pytest.param(PaceLimits(max_fps=10), 0.2, 0.0, id="a frame that takes longer than that"),
        pytest.param(PaceLimits(max_busy=0.25), 0.02, 0.06, id="a quarter of the time"),
        pytest.param(PaceLimits(max_fps=10, max_busy=0.1), 0.02, 0.18, id="whichever is stricter"),
    ],
)
def test_a_frame_is_followed_by_its_rest(limits: PaceLimits, busy_s: float, rest_s: float) -> None:
    assert Pace(limits).rest_s(100.0, 100.0 + busy_s) == pytest.approx(rest_s)


def test_a_hot_board_reads_half_of_the_time_until_it_is_cool(caplog: pytest.LogCaptureFixture) -> None:
    celsius = [70.0, 81.0, 78.0, 74.0]
    pace = Pace(PaceLimits(hot_celsius=80), lambda: celsius.pop(0))

    with caplog.at_level(logging.WARNING):
        rests = [pace.rest_s(turn * LOOK_S, turn * LOOK_S + 0.02) for turn in range(4)]

    assert rests == pytest.approx([0.0, 0.02, 0.02, 0.0])
    assert [record.getMessage() for record in caplog.records] == [
        "the board has 81 degrees: reading at half pace", "the board has 74 degrees: reading at full pace again"
    ]  # fmt: skip


def test_the_temperature_is_looked_at_now_and_then() -> None:
    looks: list[None] = []
    pace = Pace(PaceLimits(hot_celsius=80), lambda: looks.append(None))  # type: ignore[func-returns-value]

    for turn in range(100):
        pace.rest_s(turn * 0.1, turn * 0.1 + 0.02)

    assert len(looks) == 2
