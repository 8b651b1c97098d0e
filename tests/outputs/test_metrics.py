"""What Prometheus is told, as Prometheus' own parser reads it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge_app.frames import Moment, Withheld
from edge_app.outputs.metrics import Metrics
from edge_app.status import LoopStatus, Phase, Reload

MakeMoment = Callable[..., Moment]


class Box:
    """An outbox that does nothing."""

    waiting, dropped = 3, 7

    def observe(self, status: LoopStatus) -> None:
        pass

    def close(self) -> None:
        pass


def status(moment: Moment | None, phase: Phase = Phase.READING) -> LoopStatus:
    return LoopStatus(
        phase, "", "0123456789abcdef", 1, "fake", 12, 4, 1, 2, 60.0, Reload(done=3), moment,
        description="compact", frame_age_s=0.04,
    )  # fmt: skip


def figures(metrics: Metrics) -> dict[str, float]:
    """By name and labels."""
    text, kind = metrics.text()
    assert kind.startswith("text/plain")
    return {
        sample.name + ("" if not sample.labels else str(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_before_the_first_turn_there_is_the_app_alone() -> None:
    told = figures(Metrics({}))

    assert any(name.startswith("edge_digits_info") for name in told)
    assert "edge_digits_frames_total" not in told
    assert not any("board" in name for name in told)


def test_totals_stages_and_ages_are_told(make_moment: MakeMoment) -> None:
    metrics = Metrics({})
    moment = make_moment(1, "407")

    metrics.observe(status(moment))
    metrics.observe(status(moment))  # the loop waits: no other frame
    metrics.observe(status(replace(moment, withheld=(Withheld(moment.published[0], "no"),))))

    told = figures(metrics)
    assert told["edge_digits_frames_total"] == 12
    assert told["edge_digits_frames_dropped_total"] == 4
    assert told["edge_digits_camera_losses_total"] == 1
    assert told["edge_digits_readings_published_total"] == 2
    assert told["edge_digits_reloads_total"] == 3
    assert told["edge_digits_withheld_total"] == 1
    assert told["edge_digits_up"] == 1
    assert told["edge_digits_fps"] == 10
    assert told["edge_digits_stage_seconds_count[('stage', 'total')]"] == 2
    assert told["edge_digits_stage_seconds_sum[('stage', 'total')]"] == pytest.approx(2 * 0.00987654)
    assert told["edge_digits_frame_age_seconds_count"] == 2
    assert told["edge_digits_reading_confidence_count"] == 2
    assert told["edge_digits_bundle_info[('description', 'compact'), ('id', '0123456789abcdef')]"] == 1


def test_a_frame_that_was_not_read_counts_as_a_frame_alone(make_moment: MakeMoment) -> None:
    metrics = Metrics({})

    metrics.observe(status(make_moment(1, "407")))
    metrics.observe(replace(status(make_moment(2, "407", changed=False)), still=1))

    told = figures(metrics)
    assert told["edge_digits_frames_still_total"] == 1
    assert told["edge_digits_frame_age_seconds_count"] == 2
    assert told["edge_digits_reading_confidence_count"] == 1


def test_without_a_camera_it_is_down() -> None:
    metrics = Metrics({})

    metrics.observe(status(None, Phase.WAITING))

    assert figures(metrics)["edge_digits_up"] == 0


def test_what_waits_for_others_is_told() -> None:
    told = figures(Metrics({"mqtt": Box()}))

    assert told["edge_digits_outbox_waiting[('output', 'mqtt')]"] == 3
    assert told["edge_digits_outbox_dropped_total[('output', 'mqtt')]"] == 7


def test_a_pi_tells_how_hot_and_how_slow_it_is() -> None:
    told = figures(Metrics({}, lambda: 61.234, lambda: {"throttled": True, "under_voltage": False}))

    assert told["edge_digits_board_celsius"] == pytest.approx(61.234)
    assert told["edge_digits_board_throttled[('why', 'throttled')]"] == 1
    assert told["edge_digits_board_throttled[('why', 'under_voltage')]"] == 0
