"""How the loop is, for whoever asks: one value that the loop makes anew each turn, and a line of text that says it."""

from dataclasses import dataclass
from enum import Enum

from edge_app.frames import Moment, Orientation, Shares


class Phase(Enum):
    """What the loop does."""

    READING = "reading"
    WAITING = "waiting for the camera"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Reload:
    """What became of requests to load model and settings anew.

    Attributes:
        under_way: whether one is.
        done: how many came to an end, either way.
        refused: why the last one was refused; empty where it was not.
    """

    under_way: bool = False
    done: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What can be changed while frames are read, and is forgotten at a reload unless it was saved.

    Attributes:
        roi: the part of the picture that is read; None for all of it.
        orientation: how the page lies.
        confidence: least confidence of a digit that `read` shows, 0 to 1.
    """

    roi: Shares | None
    orientation: Orientation
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class LoopStatus:
    """One turn of the loop.

    Attributes:
        phase: what it does.
        problem: what is not as it was asked for; empty where all is.
        model: id of the bundle that it reads with.
        model_frames: frames that were read with it.
        description: what a person may want to know of that bundle.
        camera: name of the camera; empty before there was one.
        frames, dropped, camera_losses, publications: since the start; dropped are those that a live camera took
            while another frame was being read.
        still: of the frames, those that showed what was read already, and were not read again.
        uptime_s: since the start.
        reload: of model and settings.
        moment: the newest frame that was read; None before there was one.
        advice: what keeps frames from being read well, for the person at the camera.
        held: whether somebody asked to publish nothing new.
        tuning: how frames are read now; None where that cannot be changed.
        configured: how they are read after a reload.
        frame_age_s: from the capture of the newest frame to its readings; None where the camera is not live.
        snapshot: file of the newest snapshot; empty before there was one.
    """

    phase: Phase
    problem: str
    model: str
    model_frames: int
    camera: str
    frames: int
    dropped: int
    camera_losses: int
    publications: int
    uptime_s: float
    reload: Reload
    moment: Moment | None = None
    advice: tuple[str, ...] = ()
    held: bool = False
    tuning: Tuning | None = None
    configured: Tuning | None = None
    snapshot: str = ""
    description: str = ""
    frame_age_s: float | None = None
    still: int = 0


def status_line(status: LoopStatus) -> str:
    """For a person who looks at `systemctl status`: what it does, how fast, what it read last."""
    parts = [status.phase.value]
    if status.problem:
        parts.append(status.problem)
    if status.held:
        parts.append("publishing is paused")
    if status.moment is not None:
        texts = " ".join(reading.text for reading in status.moment.published)
        parts += [f"{status.moment.fps:.1f} fps", f"last reading: {texts or 'none'}"]
    return ", ".join([*parts, f"model {status.model}"])
