"""The seams: what the loop asks of a camera, an interpreter and an output, and whom it tells how it is.

`devices` and `outputs` implement them without importing each other; tests use the shipped fakes.
"""

from enum import Enum
from typing import Protocol

from edge_app.frames import Frame, Int8, Moment, TensorDetails, UInt8
from edge_app.status import LoopStatus


class Camera(Protocol):
    """A source of frames: a sensor, a stream, a video file or a list of pictures."""

    @property
    def name(self) -> str:
        """What a person calls it, e.g. "/dev/video0"; also the `source` of its readings."""

    @property
    def live(self) -> bool:
        """True where frames come at their own pace and a lost camera may come back."""

    @property
    def fps(self) -> float:
        """Frames a second that it yields, 0.0 where it has no pace of its own."""

    def read(self) -> Frame | None:
        """The next frame, or None at the end of a file or list.

        Blocks at most a few seconds.

        Raises:
            CameraError: it is gone or has stopped yielding frames.
        """

    def close(self) -> None:
        """Lets go of the hardware. Safe to call twice."""


class Interpreter(Protocol):
    """A loaded model."""

    @property
    def name(self) -> str:
        """Runtime, version and delegate, e.g. "ai-edge-litert 2.3.0 (2 threads)"."""

    @property
    def input(self) -> TensorDetails:
        """Of one crop: shape (1, 28, 28, 1)."""

    @property
    def output(self) -> TensorDetails:
        """Of one crop: shape (1, classes)."""

    def invoke(self, tensor: Int8) -> Int8:
        """Runs the model on a batch.

        Args:
            tensor: (N, 28, 28, 1) int8, N of 0 or more.

        Returns:
            (N, classes) int8, a fresh array.

        Raises:
            InterpreterError: the runtime or its delegate failed.
        """

    def close(self) -> None:
        """Frees the model. Safe to call twice."""


class Command(Enum):
    """What a person at an output can ask of the loop.

    PAUSE stands still at one frame until it is asked again. HOLD goes on reading but publishes nothing new until
    RESUME. ACCEPT takes the next number for true, whatever was published before it.
    """

    QUIT = "quit"
    PAUSE = "pause"
    SNAPSHOT = "snapshot"
    HOLD = "hold"
    RESUME = "resume"
    ACCEPT = "accept"


class Output(Protocol):
    """A place where results go."""

    @property
    def name(self) -> str:
        """What a person calls it, e.g. "video out.mp4"; used in warnings."""

    @property
    def wants_overlay(self) -> bool:
        """Whether `write` needs the picture; nothing is drawn where no output does."""

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        """Takes one moment; called for every frame, in order.

        Args:
            moment: what was read.
            overlay_bgr: (H, W, 3) uint8, the annotated frame where `wants_overlay`; shared by all
                outputs, so never written to.

        Returns:
            What the person at this output asks for, if anything.

        Raises:
            OutputError: it can no longer be written; the loop closes it and goes on without it.
        """

    def close(self) -> None:
        """Completes what was written so that it is usable. Safe to call twice."""


class Outbox(Protocol):
    """An observer whose messages may have to wait for whom they are for."""

    def observe(self, status: LoopStatus) -> None:
        """See `Observer`."""

    def close(self) -> None:
        """See `Observer`."""

    @property
    def waiting(self) -> int:
        """Messages that wait."""

    @property
    def dropped(self) -> int:
        """Messages that were given up since the start."""


class Observer(Protocol):
    """Somebody outside who wants to know how the loop is: a service manager, a person who asks."""

    def observe(self, status: LoopStatus) -> None:
        """Takes one turn of the loop: a frame that was read, or a moment of waiting. Never blocks, never raises."""

    def close(self) -> None:
        """Lets go of what it holds. Safe to call twice."""
