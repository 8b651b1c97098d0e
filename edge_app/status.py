"""How the loop is, for whoever asks: one value that the loop makes anew each turn, and a line of text that says it."""

from dataclasses import dataclass
from enum import Enum

from edge_app.frames import Moment


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


@dataclass(frozen=True, slots=True, eq=False)
class LoopStatus:
    """One turn of the loop.

    Attributes:
        phase: what it does.
        problem: what is not as it was asked for; empty where all is.
        model: id of the bundle that it reads with.
        model_frames: frames that were read with it.
        camera: name of the camera; empty before there was one.
        frames, dropped, camera_losses, publications: since the start; dropped are those that a live camera took
            while another frame was being read.
        uptime_s: since the start.
        reload: of model and settings.
        moment: the newest frame that was read; None before there was one.
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


def status_line(status: LoopStatus) -> str:
    """For a person who looks at `systemctl status`: what it does, how fast, what it read last."""
    parts = [status.phase.value]
    if status.problem:
        parts.append(status.problem)
    if status.moment is not None:
        texts = " ".join(reading.text for reading in status.moment.published)
        parts += [f"{status.moment.fps:.1f} fps", f"last reading: {texts or 'none'}"]
    return ", ".join([*parts, f"model {status.model}"])
