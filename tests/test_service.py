"""The loop keeps reading whatever cameras and outputs do, and ends cleanly when asked."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.devices.interpreters.fake import FakeInterpreter, certain_of
from edge_app.errors import BundleError, CameraError, OutputError
from edge_app.frames import Frame, Moment, UInt8
from edge_app.pipeline import Pipeline, ReadSettings
from edge_app.protocols import Camera, Command, Observer
from edge_app.reloads import Reader, Reloads
from edge_app.requests import Requests
from edge_app.service import LoopSettings, Service
from edge_app.stages.plausible import PlausibleLimits
from edge_app.stages.track import TrackLimits
from edge_app.status import LoopStatus, Phase, Tuning

TUNING = Tuning(None, "upright", 0.5)


def page(sequence: int = 0) -> Frame:
    """A page with one mark; the fake interpreter says which digit it is."""
    gray = np.full((120, 160), 220, dtype=np.uint8)
    cv2.ellipse(gray, (80, 60), (14, 24), 0, 0, 360, 30, 5)
    return Frame(gray, sequence, sequence * 33_000_000)


class ScriptedCamera:
    """Yields the frames given, raises the errors given, then ends."""

    name = "scripted"
    fps = 30.0

    def __init__(self, script: list[Frame | CameraError], live: bool = True) -> None:
        self._script = list(script)
        self.live = live
        self.closed = 0

    def read(self) -> Frame | None:
        if not self._script:
            return None
        turn = self._script.pop(0)
        if isinstance(turn, CameraError):
            raise turn
        return turn

    def close(self) -> None:
        self.closed += 1


class Notebook:
    """An output that keeps what it is told, gives the commands given, and fails when told to."""

    name = "notebook"

    def __init__(self, wants_overlay: bool = False, fail_at: int | None = None) -> None:
        self.wants_overlay = wants_overlay
        self.moments: list[Moment] = []
        self.overlays: list[UInt8 | None] = []
        self.commands: list[Command | None] = []
        self.closed = 0
        self._fail_at = fail_at

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        if len(self.moments) == self._fail_at:
            raise OutputError("disk full")
        self.moments.append(moment)
        self.overlays.append(overlay_bgr)
        return self.commands.pop(0) if self.commands else None

    def close(self) -> None:
        self.closed += 1


class Witness:
    """An observer that keeps what it is told, and can be made to do something at each turn."""

    def __init__(self, at_turn: Callable[[int], None] = lambda turn: None) -> None:
        self.turns: list[LoopStatus] = []
        self.closed = 0
        self._at_turn = at_turn

    def observe(self, status: LoopStatus) -> None:
        self.turns.append(status)
        self._at_turn(len(self.turns))

    def close(self) -> None:
        self.closed += 1


def reader_of(digit: int, model: str, close: Callable[[], None] = lambda: None) -> Reader:
    """Reads the same digit in every region."""
    pipeline = Pipeline(FakeInterpreter(certain_of([digit])), ReadSettings(threshold=0.5))
    return Reader(pipeline, TrackLimits(confirm_frames=3, forget_frames=4), model, close=close)


def tunable(model: str, tuning: Tuning) -> Reader:
    """A reader that says how it is tuned."""
    return replace(reader_of(7, model), tuning=tuning, tuned=lambda other: tunable(model, other))


def service_of(
    cameras: list[ScriptedCamera | CameraError],
    outputs: list[Notebook],
    settings: LoopSettings | None = None,
    reader: Reader | None = None,
    save_snapshot: Callable[[UInt8], Path] | None = None,
    reloads: Reloads | None = None,
    observers: Sequence[Observer] = (),
    requests: Requests | None = None,
) -> Service:
    def open_camera() -> Camera:
        camera = cameras.pop(0)
        if isinstance(camera, CameraError):
            raise camera
        return camera

    return Service(
        open_camera,
        reader or reader_of(7, "0123"),
        outputs,
        settings or LoopSettings(retry_max_s=0.01),
        save_snapshot,
        reloads,
        observers,
        requests,
    )


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_app.service.FIRST_RETRY_S", 0.001)
    monkeypatch.setattr("edge_app.service.PAUSED_TURN_S", 0.001)


def test_every_frame_reaches_the_outputs_and_a_number_is_published_once() -> None:
    output = Notebook()
    camera = ScriptedCamera([page(n) for n in range(6)])

    summary = service_of([camera], [output]).run()

    assert [moment.frame.sequence for moment in output.moments] == list(range(6))
    assert [moment.changed for moment in output.moments] == [False, False, True, False, False, False]
    assert [reading.text for reading in output.moments[-1].published] == ["7"]
    assert (summary.frames, summary.publications, list(summary.newest)) == (6, 1, [(2, "7")])
    assert (camera.closed, output.closed) == (1, 1)


def test_a_camera_that_is_missing_at_first_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    output = Notebook()

    service_of([CameraError("none")] * 3 + [ScriptedCamera([page()])], [output]).run()

    assert len(output.moments) == 1
    assert caplog.text.count("no camera: none; next try in") == 3


def test_a_camera_that_vanishes_comes_back_with_readings_kept() -> None:
    output = Notebook()
    first = ScriptedCamera([*[page(n) for n in range(4)], CameraError("unplugged")])
    second = ScriptedCamera([page(n) for n in range(2)])

    summary = service_of([first, CameraError("still gone"), second], [output]).run()

    assert summary.camera_losses == 1
    assert first.closed == 1
    assert [[reading.text for reading in moment.published] for moment in output.moments][3:] == [["7"]] * 3
    assert summary.publications == 1


def test_a_file_that_fails_is_not_tried_again() -> None:
    output = Notebook()
    camera = ScriptedCamera([page(), CameraError("damaged")], live=False)

    with pytest.raises(CameraError, match="damaged"):
        service_of([camera], [output], LoopSettings(retry_camera=False)).run()

    assert (camera.closed, output.closed) == (1, 1)


def test_an_output_that_fails_is_closed_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    bad, good = Notebook(fail_at=2), Notebook()

    service_of([ScriptedCamera([page(n) for n in range(5)])], [bad, good]).run()

    assert (len(bad.moments), bad.closed) == (2, 1)
    assert len(good.moments) == 5
    assert "notebook stopped: disk full; reading goes on" in caplog.text


def test_quit_ends_the_run_after_the_current_frame() -> None:
    output = Notebook()
    output.commands = [None, Command.QUIT]

    service_of([ScriptedCamera([page(n) for n in range(9)])], [output]).run()

    assert len(output.moments) == 2
    assert output.closed == 1


def test_pause_shows_the_same_moment_until_it_is_asked_to_go_on() -> None:
    output = Notebook()
    output.commands = [Command.PAUSE, None, None, Command.PAUSE]

    service_of([ScriptedCamera([page(0), page(1)])], [output]).run()

    assert [moment.frame.sequence for moment in output.moments] == [0, 0, 0, 0, 1]


def test_a_snapshot_keeps_the_overlay_even_while_paused() -> None:
    snapshots: list[UInt8] = []
    output = Notebook(wants_overlay=True)
    output.commands = [Command.SNAPSHOT, Command.PAUSE, Command.SNAPSHOT, Command.QUIT]

    service_of([ScriptedCamera([page(n) for n in range(5)])], [output], save_snapshot=snapshots.append).run()

    assert [snapshot.shape for snapshot in snapshots] == [(120, 160, 3)] * 2


def test_nothing_is_drawn_where_nobody_looks() -> None:
    output = Notebook()

    service_of([ScriptedCamera([page()])], [output]).run()

    assert output.overlays == [None]


def test_one_overlay_serves_all_outputs() -> None:
    first, second = Notebook(wants_overlay=True), Notebook(wants_overlay=True)

    service_of([ScriptedCamera([page()])], [first, second]).run()

    assert first.overlays[0] is second.overlays[0]


def test_a_stop_from_another_thread_ends_a_wait_for_the_camera_at_once() -> None:
    service = service_of([CameraError("none")] * 1000, [], LoopSettings(retry_max_s=60.0))
    runner = threading.Thread(target=service.run)

    runner.start()
    service.request_stop()
    runner.join(timeout=5)

    assert not runner.is_alive()


def test_waits_grow_up_to_the_longest(caplog: pytest.LogCaptureFixture) -> None:
    cameras: list[ScriptedCamera | CameraError] = [CameraError("none")] * 6
    cameras.append(ScriptedCamera([]))

    with caplog.at_level(logging.WARNING):
        service_of(cameras, [], LoopSettings(retry_max_s=0.004)).run()

    assert len(caplog.records) == 6


def test_a_file_shown_in_a_window_keeps_its_own_pace() -> None:
    now_s = [0.0]
    camera = ScriptedCamera([page(n) for n in range(4)], live=False)
    service = service_of([camera], [], LoopSettings(realtime=True))
    service._clock = lambda: now_s[0]
    waited: list[float] = []

    def wait(timeout: float) -> bool:
        waited.append(timeout)
        now_s[0] += timeout
        return False

    service._stop.wait = wait  # type: ignore[method-assign, assignment]
    service.run()

    assert sum(waited) == pytest.approx(3 * 0.033)


def test_observers_hear_of_every_frame_and_of_the_end() -> None:
    witness = Witness()

    service_of([ScriptedCamera([page(n) for n in range(4)])], [], observers=[witness]).run()

    assert [status.phase for status in witness.turns] == [Phase.READING] * 4 + [Phase.STOPPING]
    assert [status.model_frames for status in witness.turns] == [1, 2, 3, 4, 4]
    assert [reading.text for reading in witness.turns[-1].moment.published] == ["7"]
    assert {status.camera for status in witness.turns} == {"scripted"}
    assert witness.closed == 1


def test_observers_hear_why_nothing_is_read_while_there_is_no_camera() -> None:
    witness = Witness()

    service_of([CameraError("none found"), ScriptedCamera([page()])], [], observers=[witness]).run()

    assert (witness.turns[0].phase, witness.turns[0].problem) == (Phase.WAITING, "none found")
    assert [(status.phase, status.problem) for status in witness.turns[-2:]] == [
        (Phase.READING, ""), (Phase.STOPPING, "")]  # fmt: skip


def test_a_long_wait_for_a_camera_is_told_in_many_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_app.service.WAITING_TURN_S", 0.01)
    monkeypatch.setattr("edge_app.service.FIRST_RETRY_S", 0.2)
    witness = Witness()

    service_of([CameraError("none"), ScriptedCamera([page()])], [], observers=[witness]).run()

    assert sum(status.phase is Phase.WAITING for status in witness.turns) >= 5


def test_frames_that_a_live_camera_took_meanwhile_are_counted() -> None:
    witness = Witness()
    frames = [Frame(page().gray, number, round(number * 1e9 / 30)) for number in (0, 1, 4, 5)]

    service_of([ScriptedCamera(frames)], [], observers=[witness]).run()

    assert [status.dropped for status in witness.turns] == [0, 0, 2, 2, 2]


def test_a_reload_reads_every_frame_and_goes_on_with_the_new_model() -> None:
    closed: list[str] = []
    entered, released = threading.Event(), threading.Event()

    def load() -> Reader:
        entered.set()
        released.wait(10)
        return reader_of(4, "4567")

    reloads, output = Reloads(load), Notebook()

    def at_turn(turn: int) -> None:
        if turn == 4:
            reloads.request()
        elif turn == 8:
            entered.wait(10)
            released.set()
            time.sleep(0.05)

    witness = Witness(at_turn)
    camera = ScriptedCamera([page(n) for n in range(20)])
    first = reader_of(7, "0123", lambda: closed.append("0123"))
    service_of([camera], [output], reader=first, reloads=reloads, observers=[witness]).run()

    assert [moment.frame.sequence for moment in output.moments] == list(range(20))
    assert [moment.model for moment in output.moments] == ["0123"] * 8 + ["4567"] * 12
    assert [status.reload.under_way for status in witness.turns][3:9] == [False, True, True, True, True, False]
    assert witness.turns[-1].model_frames == 12
    assert [reading.text for reading in output.moments[-1].published] == ["4"]
    assert closed == ["0123"]


def test_a_reload_that_is_refused_leaves_the_model_in_its_place() -> None:
    def load() -> Reader:
        raise BundleError("labels permuted")

    reloads, output = Reloads(load), Notebook()

    def at_turn(turn: int) -> None:
        if turn == 1:
            reloads.request()
        time.sleep(0.01)

    witness = Witness(at_turn)
    service_of([ScriptedCamera([page(n) for n in range(9)])], [output], reloads=reloads, observers=[witness]).run()

    assert {moment.model for moment in output.moments} == {"0123"}
    assert (witness.turns[-1].reload.done, witness.turns[-1].reload.refused) == (1, "labels permuted")


def test_a_reload_asked_for_while_one_is_under_way_comes_after_it() -> None:
    made: list[str] = []

    def load() -> Reader:
        if not made:
            reloads.request()
        made.append(f"model{len(made)}")
        return reader_of(7, made[-1])

    reloads, output = Reloads(load), Notebook()
    reloads.request()
    service_of(
        [ScriptedCamera([page(n) for n in range(30)])], [output], reloads=reloads,
        observers=[Witness(lambda turn: time.sleep(0.005))],
    ).run()  # fmt: skip

    assert made == ["model0", "model1"]
    assert output.moments[-1].model == "model1"


def test_a_reload_works_while_there_is_no_camera() -> None:
    reloads = Reloads(lambda: reader_of(4, "4567"))
    reloads.request()
    output = Notebook()
    cameras = [CameraError("none")] * 8 + [ScriptedCamera([page(n) for n in range(3)])]

    service_of(cameras, [output], LoopSettings(retry_max_s=0.05), reloads=reloads).run()

    assert {moment.model for moment in output.moments} == {"4567"}


def test_a_thousand_reloads_leave_nothing_behind() -> None:
    closed: list[int] = []
    threads: list[int] = []
    reloads = Reloads(lambda: reader_of(7, "4567", lambda: closed.append(1)))

    def at_turn(turn: int) -> None:
        reloads.request()
        threads.append(threading.active_count())
        if reloads.state.done >= 1000:
            service.request_stop()

    camera = ScriptedCamera([page()] * 100_000)
    service = service_of([camera], [], reloads=reloads, observers=[Witness(at_turn)])
    service.run()

    assert len(closed) >= 1000
    assert max(threads[10:]) == threads[10]


def test_while_publishing_is_paused_nothing_new_is_published_and_then_what_stands_there() -> None:
    output, requests = Notebook(), Requests()
    frames = [page(n) for n in range(12)]
    witness = Witness(lambda turn: requests.command({2: Command.HOLD, 8: Command.RESUME}.get(turn, Command.ACCEPT)))

    service_of([ScriptedCamera(list(frames))], [output], observers=[witness], requests=requests).run()

    published = ["".join(reading.text for reading in moment.published) for moment in output.moments]
    assert published == [""] * 8 + ["7"] * 4
    assert [moment.changed for moment in output.moments].count(True) == 1
    assert [status.held for status in witness.turns[:9]] == [False] * 2 + [True] * 6 + [False]


def test_a_snapshot_that_is_asked_for_elsewhere_is_saved_once_and_its_place_is_told(tmp_path: Path) -> None:
    saved: list[UInt8] = []
    requests = Requests()
    witness = Witness(lambda turn: requests.command(Command.SNAPSHOT) if turn == 2 else None)

    def save(overlay: UInt8) -> Path:
        saved.append(overlay)
        return tmp_path / "snapshot.png"

    camera = ScriptedCamera([page(n) for n in range(5)])
    service_of([camera], [Notebook()], save_snapshot=save, observers=[witness], requests=requests).run()

    assert [overlay.shape for overlay in saved] == [(120, 160, 3)]
    assert [status.snapshot for status in witness.turns[:3]] == ["", "", str(tmp_path / "snapshot.png")]


def test_a_snapshot_that_cannot_be_saved_takes_no_output_with_it(caplog: pytest.LogCaptureFixture) -> None:
    output = Notebook(wants_overlay=True)
    output.commands = [Command.SNAPSHOT]

    def save(overlay: UInt8) -> Path:
        raise OutputError("disk full")

    service_of([ScriptedCamera([page(n) for n in range(3)])], [output], save_snapshot=save).run()

    assert len(output.moments) == 3
    assert "no snapshot: disk full" in caplog.text


def test_a_number_that_cannot_be_true_is_withheld_with_the_reason() -> None:
    output = Notebook()
    reader = replace(reader_of(7, "0123"), plausible=PlausibleLimits(digits=2))

    service_of([ScriptedCamera([page(n) for n in range(4)])], [output], reader=reader).run()

    assert [moment.published for moment in output.moments] == [()] * 4
    assert [(held.reading.text, held.reason) for held in output.moments[-1].withheld] == [("7", "1 digits; 2 expected")]


def test_reading_is_tuned_between_two_frames_and_back_to_the_config_by_a_reload() -> None:
    requests, reloads = Requests(), Reloads(lambda: tunable("second", TUNING))
    half = replace(TUNING, roi=(0.0, 0.0, 0.25, 1.0))

    def at_turn(turn: int) -> None:
        if turn == 3:
            requests.tune(TUNING)
            requests.tune(half)
        if turn == 6:
            reloads.request()
        time.sleep(0.02)

    witness = Witness(at_turn)
    camera = ScriptedCamera([page(n) for n in range(16)])
    first = tunable("first", TUNING)
    service_of([camera], [], reader=first, reloads=reloads, observers=[witness], requests=requests).run()

    tunings = [status.tuning for status in witness.turns]
    assert tunings[:4] == [TUNING] * 3 + [half]
    assert (tunings[-1], witness.turns[-1].model) == (TUNING, "second")
    assert {status.configured for status in witness.turns} == {TUNING}


def test_a_file_begins_again_where_that_is_asked_for() -> None:
    output = Notebook()
    cameras: list[ScriptedCamera | CameraError] = [ScriptedCamera([page()], live=False) for _ in range(3)]
    service = service_of(cameras, [output], LoopSettings(loop=True))
    witness = Witness(lambda turn: service.request_stop() if turn == 3 else None)
    service._observers = (witness,)

    service.run()

    assert len(output.moments) == 3


def test_what_could_be_better_is_told_the_observers() -> None:
    witness = Witness()
    dark = Frame(np.full((120, 160), 20, np.uint8), 0, 0)

    service_of([ScriptedCamera([dark])], [], observers=[witness]).run()

    assert witness.turns[0].advice == ("page too dark: more light, or a longer exposure",)


def test_a_live_page_that_stays_the_same_is_not_read_again_until_it_changes() -> None:
    output, witness = Notebook(), Witness()
    other = page()
    cv2.line(other.gray, (20, 20), (20, 60), 30, 5)
    frames = [replace(page(), sequence=n) for n in range(25)] + [replace(other, sequence=25)]
    reads: list[int] = []
    reader = reader_of(7, "0123")
    read = reader.pipeline.read
    reader.pipeline.read = lambda frame, follows: reads.append(frame.sequence) or read(frame, follows)  # type: ignore[func-returns-value, method-assign]

    settings = LoopSettings(skip_still=True)
    service_of([ScriptedCamera(list(frames))], [output], settings, reader, observers=[witness]).run()

    assert reads == [*range(15), 25]
    assert [moment.frame.sequence for moment in output.moments] == list(range(26))
    assert [reading.text for reading in output.moments[24].published] == ["7"]
    assert list(output.moments[24].seen.timing_ms) == ["change", "total"]
    assert witness.turns[-1].still == 10


def test_a_file_is_read_frame_by_frame_however_still_it_is() -> None:
    witness = Witness()
    camera = ScriptedCamera([page(n) for n in range(25)], live=False)

    service_of([camera], [], LoopSettings(skip_still=True), observers=[witness]).run()

    assert witness.turns[-1].still == 0


def test_free_memory_is_given_back_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    told, given_back_after = Notebook(), list[int]()
    monkeypatch.setattr("edge_app.service.TIDY_FRAMES", 4)
    monkeypatch.setattr("edge_app.service.give_back", lambda: given_back_after.append(len(told.moments)))

    service_of([ScriptedCamera([page(sequence) for sequence in range(10)], live=False)], [told]).run()

    assert given_back_after == [4, 8]
