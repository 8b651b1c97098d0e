"""A request in, what frames are read with from then on out; made beside the loop, taken by it between two frames."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from edge_app.errors import EdgeAppError
from edge_app.pipeline import Pipeline
from edge_app.stages.plausible import PlausibleLimits
from edge_app.stages.track import TrackLimits
from edge_app.status import Reload, Tuning

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """What frames are read with: all that a reload replaces.

    Attributes:
        pipeline: reads one frame.
        limits: how much evidence a publication takes.
        model: the bundle's id.
        description: what a person may want to know of the bundle, e.g. how well it reads.
        problem: why it is not the bundle that was asked for; empty where it is.
        close: frees the model.
        plausible: which numbers can be true.
        tuning: how frames are read; None where that cannot be changed without a reload.
        tuned: the same reader, on the same model, tuned otherwise.
    """

    pipeline: Pipeline
    limits: TrackLimits
    model: str
    problem: str = ""
    close: Callable[[], None] = lambda: None
    description: str = ""
    plausible: PlausibleLimits = field(default_factory=PlausibleLimits)
    tuning: Tuning | None = None
    tuned: "Callable[[Tuning], Reader] | None" = None


class Reloads:
    """Makes readers in a thread of its own, one at a time, so that the loop need not wait for them.

    Args:
        load: makes one; raises EdgeAppError where model or settings are refused. None where none can be had.
    """

    def __init__(self, load: Callable[[], Reader] | None = None) -> None:
        self._load = load
        self._requested = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reload")
        self._loading: Future[Reader] | None = None
        self.state = Reload()

    def request(self) -> None:
        """Asks for a reload; while one is under way, for another one after it.

        Safe to call from a signal handler or another thread. No frame is left out.
        """
        self._requested.set()

    def take(self) -> Reader | None:
        """The reader of a reload that has come to an end well; starts one that was asked for."""
        if self._loading is not None and self._loading.done():
            return self._finish(self._loading)
        if self._loading is None and self._requested.is_set():
            self._requested.clear()
            self._start()
        return None

    def close(self) -> None:
        """Waits for a reload that is under way, and lets go of what it made."""
        self._thread.shutdown(cancel_futures=True)
        if self._loading is not None and (reader := self._finish(self._loading)) is not None:
            reader.close()

    def _start(self) -> None:
        if self._load is None:
            log.warning("there is nothing to reload in this run")
            return
        log.info("reloading model and settings")
        self.state = replace(self.state, under_way=True)
        self._loading = self._thread.submit(self._load)

    def _finish(self, loading: Future[Reader]) -> Reader | None:
        self._loading = None
        try:
            reader = loading.result()
        except (EdgeAppError, OSError) as error:
            log.error("reload refused: %s; model and settings stay as they were", error)
            self.state = Reload(False, self.state.done + 1, str(error))
            return None
        self.state = Reload(False, self.state.done + 1)
        return reader
