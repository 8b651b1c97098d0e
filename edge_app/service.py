"""The only loop: frames from a camera through the pipeline and the tracker to the outputs.

Brittle at start-up, tolerant afterwards: a camera that is missing or vanishes is tried again with
growing waits while readings and process stay; an output that fails is closed and left out; a model that
is refused at a reload leaves the one that reads in its place.
"""

import logging
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge_app.errors import CameraError, OutputError
from edge_app.frames import Frame, FrameReadings, Moment, Reading, UInt8, Withheld
from edge_app.memory import give_back
from edge_app.pace import Pace
from edge_app.protocols import Camera, Command, Observer, Output
from edge_app.reloads import Reader, Reloads
from edge_app.requests import Requests
from edge_app.stages.advice import advice
from edge_app.stages.overlay import draw_overlay
from edge_app.stages.plausible import Plausibility
from edge_app.stages.still import StillPage
from edge_app.stages.track import Tracker
from edge_app.status import LoopStatus, Phase

log = logging.getLogger(__name__)

FIRST_RETRY_S = 0.5  # a USB camera is back this soon after a glitch; doubled at each failure
FPS_WINDOW_FRAMES = 30
PAUSED_TURN_S = 0.03  # how often a paused window is asked for keys
WAITING_TURN_S = 1.0  # how often observers hear that the loop waits for a camera, and is alive
ADVICE_S = 1.0  # how often the picture itself is looked at: light changes slowly
TIDY_FRAMES = 100  # between two times that free memory is given back; with a thousand, the heap grows tattered
KEPT_PUBLICATIONS = 200  # newest ones told at the end; a service that runs for months must not grow


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How the loop behaves.

    Attributes:
        realtime: whether frames of a file are shown at the file's own pace.
        loop: whether a file that has ended begins again.
        skip_still: whether a live camera's frames are left out that show what was read already.
        retry_camera: whether a camera that fails is opened again; False for files, where it would
            fail again or start over.
        retry_max_s: longest wait in seconds between two tries.
        summary_s: seconds between two summary lines in the log; 0 for none.
    """

    realtime: bool = False
    loop: bool = False
    skip_still: bool = False
    retry_camera: bool = True
    retry_max_s: float = 30.0
    summary_s: float = 60.0


@dataclass(slots=True)
class RunSummary:
    """What a run did.

    Attributes:
        frames: frames read.
        seconds: time from the first frame to the end.
        busy_s: of these, spent on reading digits.
        camera_losses: how often the camera vanished.
        dropped: frames that a live camera took while another one was being read.
        still: frames that were not read, since they showed what was read already.
        publications: how many numbers were published.
        newest: sequence number of the frame and text of the newest publications.
    """

    frames: int = 0
    seconds: float = 0.0
    busy_s: float = 0.0
    camera_losses: int = 0
    dropped: int = 0
    still: int = 0
    publications: int = 0
    newest: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=KEPT_PUBLICATIONS))


class Service:
    """Reads frames until the camera ends, an output asks to quit or `request_stop` is called.

    Args:
        open_camera: opens the camera anew; raises CameraError where there is none.
        reader: what frames are read with at first; closed at the end of `run`, or when another takes its place.
        outputs: where results go; closed at the end of `run`.
        settings: how the loop behaves.
        save_snapshot: keeps an annotated frame, (H, W, 3) uint8, blue first, where a person asks for it, and says
            where.
        reloads: where readers to take the place of the one in use come from; None where there are none.
        observers: whom each turn is told; closed at the end of `run`.
        requests: what people elsewhere ask for.
        plausibility: sifts what is published; None publishes everything.
        pace: says how long to rest between a live camera's frames; None for no rest.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        reader: Reader,
        outputs: Sequence[Output],
        settings: LoopSettings,
        save_snapshot: Callable[[UInt8], Path] | None = None,
        reloads: Reloads | None = None,
        observers: Sequence[Observer] = (),
        requests: Requests | None = None,
        plausibility: Plausibility | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_camera = open_camera
        self._reader = reader
        self._tracker = Tracker(reader.limits)
        self._outputs = list(outputs)
        self._settings = settings
        self._save_snapshot = save_snapshot
        self._reloads = reloads or Reloads()
        self._observers = tuple(observers)
        self._requests = requests or Requests()
        self._pace = pace or Pace()
        self._plausibility = plausibility or Plausibility()
        self._plausibility.limits = reader.plausible
        self._configured = reader.tuning
        self._clock = clock
        self._stop = threading.Event()
        self._started_s = clock()
        self._published: tuple[Reading, ...] = ()
        self._frame_times_s: deque[float] = deque(maxlen=FPS_WINDOW_FRAMES)
        self._first_s: float | None = None
        self._newest: Moment | None = None
        self._newest_sequence: int | None = None
        self._model_frames = 0
        self._camera_name = ""
        self._over_cap = self._held = self._snapshot_due = False
        self._still = StillPage()
        self._advice: tuple[str, ...] = ()
        self._advice_due_s = -math.inf
        self._snapshot = ""
        self._frame_age_s: float | None = None
        self.summary = RunSummary()

    def request_stop(self) -> None:
        """Ends `run` after the current frame. Safe to call from a signal handler or another thread."""
        self._stop.set()

    def run(self) -> RunSummary:
        """Runs the loop to its end and closes the outputs.

        Raises:
            CameraError: the camera failed and is not one to try again.
            InterpreterError: the runtime or its delegate failed.
        """
        try:
            while (camera := self._connect()) is not None:
                try:
                    if self._play(camera):
                        break
                finally:
                    camera.close()
        finally:
            self._observe(Phase.STOPPING)
            for output in self._outputs:
                _close(output)
            for observer in self._observers:
                observer.close()
            self._reloads.close()
            self._reader.close()
        return self.summary

    def _connect(self) -> Camera | None:
        """Opens the camera, waiting for it as long as it takes; None where the run is to stop."""
        wait_s = FIRST_RETRY_S
        while not self._stop.is_set():
            try:
                camera = self._open_camera()
            except CameraError as error:
                if not self._settings.retry_camera:
                    raise
                log.warning("no camera: %s; next try in %.1f s", error, wait_s)
                self._wait(wait_s, str(error))
                wait_s = min(wait_s * 2, self._settings.retry_max_s)
            else:
                log.info("camera: %s", camera.name)
                self._camera_name, self._newest_sequence = camera.name, None
                return camera
        return None

    def _wait(self, seconds: float, problem: str) -> None:
        """Waits, and tells the observers meanwhile that the loop is alive and why it reads nothing."""
        due_s = self._clock() + seconds
        while not self._stop.is_set() and (left_s := due_s - self._clock()) > 0:
            self._take_reloaded()
            self._take_requests()
            self._observe(Phase.WAITING, problem)
            self._stop.wait(min(left_s, WAITING_TURN_S))

    def _play(self, camera: Camera) -> bool:
        """Reads frames; True where the run is over, False where the camera is to be opened again."""
        started_s, summary_due_s = self._clock(), self._clock() + self._settings.summary_s
        while not self._stop.is_set():
            try:
                frame = camera.read()
            except CameraError as error:
                if not self._settings.retry_camera:
                    raise
                self.summary.camera_losses += 1
                log.warning("camera lost: %s; readings are kept", error)
                self._wait(FIRST_RETRY_S, str(error))
                return False
            if frame is None:
                return not self._settings.loop
            if self._settings.realtime and not camera.live:
                self._stop.wait(max(0.0, started_s + frame.timestamp_ns / 1e9 - self._clock()))
            self._step(camera, frame)
            if self.summary.frames % TIDY_FRAMES == 0:
                give_back()
            if self._settings.summary_s and self._clock() >= summary_due_s:
                summary_due_s += self._settings.summary_s
                self._log_summary()
        return True

    def _step(self, camera: Camera, frame: Frame) -> None:
        """One frame: read it, agree on what is published, tell everybody."""
        self._take_reloaded()
        self._take_requests()
        began_s = self._clock()
        seen, published, withheld = self._read(camera, frame)
        new = _new_readings(self._published, published)
        changed = bool(new) or len(published) != len(self._published)
        self._published = published
        self._frame_times_s.append(began_s)
        pipeline = self._reader.pipeline
        moment = Moment(
            frame,
            seen,
            published,
            changed,
            time.time(),
            self._fps(),
            source=camera.name,
            model=self._reader.model,
            new=new,
            withheld=withheld,
            make_layers=lambda: pipeline.layers(frame),
        )
        self._newest = moment
        self._count(frame, new, self._clock() - began_s)
        self._count_dropped(camera, frame)
        self._frame_age_s = max(0.0, time.monotonic() - frame.timestamp_ns / 1e9) if camera.live else None
        if seen.regions_dropped and not self._over_cap:
            log.warning("frame %d: %d regions over the cap left out", frame.sequence, seen.regions_dropped)
        self._over_cap = seen.regions_dropped > 0
        if self._observers and began_s >= self._advice_due_s:
            self._advice, self._advice_due_s = advice(frame, seen), began_s + ADVICE_S
        self._tell(moment)
        self._observe(Phase.READING)
        if camera.live:
            self._stop.wait(self._pace.rest_s(began_s, self._clock()))

    def _read(self, camera: Camera, frame: Frame) -> tuple[FrameReadings, tuple[Reading, ...], tuple[Withheld, ...]]:
        """What the frame says, and what is published and withheld as of it; all as before where it shows the same."""
        began_s, before = self._clock(), self._newest
        follows = self._settings.skip_still and camera.live
        if follows and self._still.is_still(frame.gray) and before is not None:
            self.summary.still += 1
            elapsed_ms = 1e3 * (self._clock() - began_s)
            seen = replace(before.seen, timing_ms={"change": elapsed_ms, "total": elapsed_ms})
            return seen, self._published, before.withheld
        seen = self._reader.pipeline.read(frame, follows)
        return seen, *self._agree(seen, time.time())

    def _agree(self, seen: FrameReadings, wall_time_s: float) -> tuple[tuple[Reading, ...], tuple[Withheld, ...]]:
        """What is published as of this frame, and what is withheld; while publishing is paused, what was before it."""
        agreed = self._tracker.update(seen.readings)
        return (self._published, ()) if self._held else self._plausibility.sift(agreed, wall_time_s)

    def _take_reloaded(self) -> None:
        """Between two frames: reads on with what a reload has made, if one has come to an end."""
        reader = self._reloads.take()
        if reader is not None:
            self._reader.close()
            self._model_frames, self._configured = 0, reader.tuning
            self._use(reader)
            log.info("reloaded: reading with model %s", reader.model)

    def _use(self, reader: Reader) -> None:
        self._still.forget()
        self._reader = reader
        self._tracker.judge_by(reader.limits)
        self._plausibility.limits = reader.plausible

    def _take_requests(self) -> None:
        """Between two frames: does what people elsewhere have asked for."""
        commands, tuning = self._requests.take()
        if tuning is not None and self._reader.tuned is not None:
            self._use(self._reader.tuned(tuning))
        for command in commands:
            log.info("asked to %s", command.value)
            if command is Command.QUIT:
                self.request_stop()
            elif command is Command.SNAPSHOT:
                self._snapshot_due = True
            elif command in (Command.HOLD, Command.RESUME):
                self._held = command is Command.HOLD
                self._still.forget()
            elif command is Command.ACCEPT:
                self._plausibility.forget()
                self._still.forget()

    def _observe(self, phase: Phase, problem: str = "") -> None:
        if not self._observers:
            return
        summary = self.summary
        status = LoopStatus(
            phase=phase,
            problem=problem or self._reader.problem,
            model=self._reader.model,
            model_frames=self._model_frames,
            camera=self._camera_name,
            frames=summary.frames,
            dropped=summary.dropped,
            still=summary.still,
            camera_losses=summary.camera_losses,
            publications=summary.publications,
            uptime_s=self._clock() - self._started_s,
            reload=self._reloads.state,
            moment=self._newest,
            advice=self._advice,
            held=self._held,
            tuning=self._reader.tuning,
            configured=self._configured,
            snapshot=self._snapshot,
            description=self._reader.description,
            frame_age_s=self._frame_age_s,
        )
        for observer in self._observers:
            observer.observe(status)

    def _tell(self, moment: Moment) -> None:
        overlay = None
        if self._snapshot_due or any(output.wants_overlay for output in self._outputs):
            # What is published and stands here now: no misread frame, no box where a number has gone.
            here = {(reading.text, reading.box_xywh) for reading in moment.seen.readings}
            shown = [reading for reading in moment.published if (reading.text, reading.box_xywh) in here]
            overlay = draw_overlay(moment.frame.bgr(), shown, fps=moment.fps, model=moment.model)
        if self._snapshot_due and overlay is not None:
            self._snapshot_due = False
            self._save(overlay)
        for output in tuple(self._outputs):
            try:
                command = output.write(moment, overlay)
                self._obey(command, output, moment, overlay)
            except OutputError as error:
                log.warning("%s stopped: %s; reading goes on", output.name, error)
                self._outputs.remove(output)
                _close(output)

    def _obey(self, command: Command | None, output: Output, moment: Moment, overlay: UInt8 | None) -> None:
        if command is Command.QUIT:
            self.request_stop()
        elif command is Command.SNAPSHOT and overlay is not None:
            self._save(overlay)
        elif command is Command.HOLD:  # a key, which is pressed again to go on
            self._held = not self._held
            self._still.forget()
        elif command is Command.PAUSE:
            self._pause(output, moment, overlay)

    def _save(self, overlay: UInt8) -> None:
        if self._save_snapshot is None:
            return
        try:
            self._snapshot = str(self._save_snapshot(overlay))
            log.info("snapshot: %s", self._snapshot)
        except OutputError as error:  # a person's wish, not an output: everything goes on
            log.warning("no snapshot: %s", error)
            self._snapshot = ""

    def _pause(self, output: Output, moment: Moment, overlay: UInt8 | None) -> None:
        """Shows the same moment at one output until it asks to go on or to quit."""
        while not self._stop.wait(PAUSED_TURN_S):
            self._observe(Phase.READING)
            command = output.write(moment, overlay)
            if command is Command.PAUSE:
                return
            self._obey(command, output, moment, overlay)

    def _fps(self) -> float:
        times_s = self._frame_times_s
        elapsed_s = times_s[-1] - times_s[0]
        return (len(times_s) - 1) / elapsed_s if elapsed_s > 0 else 0.0

    def _count(self, frame: Frame, new: Sequence[Reading], busy_s: float) -> None:
        summary, now_s = self.summary, self._clock()
        if self._first_s is None:
            self._first_s = now_s - busy_s
        summary.frames += 1
        self._model_frames += 1
        summary.busy_s += busy_s
        summary.seconds = now_s - self._first_s
        summary.publications += len(new)
        for reading in new:
            log.info("frame %d: published %s", frame.sequence, reading.text)
            summary.newest.append((frame.sequence, reading.text))

    def _count_dropped(self, camera: Camera, frame: Frame) -> None:
        """By the numbers of a live camera's frames: those that it took in between."""
        before, self._newest_sequence = self._newest_sequence, frame.sequence
        if camera.live and before is not None:
            self.summary.dropped += max(0, frame.sequence - before - 1)

    def _log_summary(self) -> None:
        summary = self.summary
        log.info(
            "%d frames, %d dropped, %.1f fps, %.1f ms a frame, %d numbers published, camera lost %d times",
            summary.frames,
            summary.dropped,
            self._fps(),
            1e3 * summary.busy_s / max(summary.frames, 1),
            summary.publications,
            summary.camera_losses,
        )


def _new_readings(before: Sequence[Reading], now: Sequence[Reading]) -> tuple[Reading, ...]:
    """Those whose text is published now and was not before, in reading order, each as often as it is new."""
    old = Counter(reading.text for reading in before)
    new = []
    for reading in now:
        if old[reading.text] > 0:
            old[reading.text] -= 1
        else:
            new.append(reading)
    return tuple(new)


def _close(output: Output) -> None:
    try:
        output.close()
    except OutputError as error:
        log.warning("%s could not be completed: %s", output.name, error)
