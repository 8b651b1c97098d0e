"""Turns of the loop in, figures for Prometheus out.

Totals are copied when somebody asks; only what cannot be told from totals (how long each frame took) is counted with
each frame.
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from edge_app import __version__
from edge_app.protocols import Outbox
from edge_app.status import LoopStatus, Phase

PREFIX = "edge_digits"
STAGE_BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
AGE_BUCKETS_S = (0.01, 0.02, 0.033, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
CONFIDENCE_BUCKETS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)


class Metrics:
    """Counts; see `edge_app.protocols.Observer`.

    Args:
        outboxes: those whose messages may have to wait, by name.
        celsius, throttled: what the board tells of itself.
    """

    def __init__(
        self,
        outboxes: Mapping[str, Outbox],
        celsius: Callable[[], float | None] = lambda: None,
        throttled: Callable[[], Mapping[str, bool] | None] = lambda: None,
    ) -> None:
        self._outboxes, self._celsius, self._throttled = outboxes, celsius, throttled
        self._newest: LoopStatus | None = None
        self._frames_seen = self._regions = self._unread = self._withheld_turns = 0
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._stages = Histogram(
            f"{PREFIX}_stage_seconds", "Time of a frame in each stage", ["stage"], buckets=STAGE_BUCKETS_S,
            registry=self.registry,
        )  # fmt: skip
        self._age = Histogram(
            f"{PREFIX}_frame_age_seconds", "Age of a live camera's frame once it was read", buckets=AGE_BUCKETS_S,
            registry=self.registry,
        )  # fmt: skip
        self._confidence = Histogram(
            f"{PREFIX}_reading_confidence", "Confidence of the numbers that a frame shows",
            buckets=CONFIDENCE_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.registry.register(self)

    def observe(self, status: LoopStatus) -> None:
        """Counts a frame."""
        before, self._newest = self._newest, status
        moment = status.moment
        if moment is None or (before is not None and before.moment is moment):
            return
        seen = moment.seen
        for stage, elapsed_ms in seen.timing_ms.items():
            self._stages.labels(stage).observe(elapsed_ms / 1e3)
        if status.frame_age_s is not None:
            self._age.observe(status.frame_age_s)
        if before is not None and status.still > before.still:
            return  # nothing was looked at
        digits = 0
        for reading in seen.readings:
            self._confidence.observe(reading.confidence)
            digits += len(reading.digits)
        self._regions += seen.regions_found
        self._unread += max(0, seen.regions_found - digits)
        self._withheld_turns += len(moment.withheld)

    def close(self) -> None:
        """Nothing to let go of."""

    def text(self) -> tuple[bytes, str]:
        """All figures in Prometheus' text format, and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def collect(self) -> Iterator[Metric]:
        """What is copied from the newest turn when somebody asks; prometheus_client calls this."""
        status = self._newest
        yield InfoMetricFamily(PREFIX, "The app", {"version": __version__})
        yield from self._board()
        yield from self._boxes()
        if status is None:
            return
        counters = (
            ("frames", "Frames read", status.frames),
            ("frames_dropped", "Frames that the camera took while another one was being read", status.dropped),
            ("frames_still", "Frames that showed what was read already", status.still),
            ("camera_losses", "How often the camera vanished", status.camera_losses),
            ("readings_published", "Numbers published", status.publications),
            ("regions", "Regions that the classifier looked at", self._regions),
            ("rejects", "Of these, what is no digit, or could not be read", self._unread),
            ("withheld", "Numbers in frames that were withheld as implausible", self._withheld_turns),
            ("reloads", "Reloads of model and settings, done or refused", status.reload.done),
        )
        for name, what, value in counters:
            yield CounterMetricFamily(f"{PREFIX}_{name}", what, value)
        moment = status.moment
        gauges = (
            ("up", "1 while frames are read, 0 while there is no camera", float(status.phase is Phase.READING)),
            ("publishing", "0 while publishing is paused", float(not status.held)),
            ("fps", "Frames a second", 0.0 if moment is None else moment.fps),
            ("published_numbers", "Numbers published now", 0.0 if moment is None else float(len(moment.published))),
            ("last_frame_timestamp_seconds", "When the newest frame was read",
             0.0 if moment is None else moment.wall_time_s),
        )  # fmt: skip
        for name, what, figure in gauges:
            yield GaugeMetricFamily(f"{PREFIX}_{name}", what, figure)
        bundle = {"id": status.model, "description": status.description}
        yield InfoMetricFamily(f"{PREFIX}_bundle", "The model in use", bundle)

    def _boxes(self) -> Iterator[Metric]:
        """What waits for a broker or a receiver."""
        waiting = GaugeMetricFamily(f"{PREFIX}_outbox_waiting", "Messages that wait", labels=["output"])
        dropped = CounterMetricFamily(f"{PREFIX}_outbox_dropped", "Messages given up", labels=["output"])
        for name, outbox in self._outboxes.items():
            waiting.add_metric([name], outbox.waiting)
            dropped.add_metric([name], outbox.dropped)
        yield from (waiting, dropped)

    def _board(self) -> Iterator[Metric]:
        """How hot the board is, and whether it is slowed down."""
        celsius, throttled = self._celsius(), self._throttled()
        if celsius is not None:
            yield GaugeMetricFamily(f"{PREFIX}_board_celsius", "Temperature of the processor", celsius)
        if throttled is not None:
            family = GaugeMetricFamily(f"{PREFIX}_board_throttled", "1 while the firmware does so", labels=["why"])
            for why, now in throttled.items():
                family.add_metric([why], float(now))
            yield family
