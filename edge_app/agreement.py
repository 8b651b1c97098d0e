"""What a run published and what was really written in, how far they agree out.

A clip's truth says which numbers are written and in which frames each is wholly in the picture. A
published reading is true where such a number is, or lately was, in the picture; each written number
accounts for one published reading at a time.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from edge_app.errors import ImageError
from edge_app.frames import Reading

GRACE_FRAMES = 30
"""How long after it left the picture a number may still be published: a reading is dropped only once it has
been gone for a while, 15 frames by default, and is last seen while it leaves."""


class WrittenNumber(msgspec.Struct, frozen=True):
    """One number of a clip.

    Attributes:
        text: its digits.
        first_frame, last_frame: the frames in which it is wholly in the picture, both included.
        box: left, top, width and height in pixels in the middle of that time.
    """

    text: str
    first_frame: int
    last_frame: int
    box: tuple[int, int, int, int]


class ClipTruth(msgspec.Struct, frozen=True):
    """What is written in a clip, and how long it is."""

    frames: int
    numbers: tuple[WrittenNumber, ...]


def load_truth(path: Path) -> ClipTruth:
    """Reads the truth file of a clip.

    Raises:
        ImageError: it cannot be read or is of another form.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=ClipTruth)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ImageError(f"{path} must say what is written in the clip. Received: {error}") from error


class Agreement:
    """Compares what is published, frame after frame, with the truth.

    Attributes:
        truth: what is written.
        right: indices in `truth.numbers` of those that were published.
        false: (frame, text) of each reading that was published without being written.
    """

    def __init__(self, truth: ClipTruth) -> None:
        self.truth = truth
        self.right: set[int] = set()
        self.false: list[tuple[int, str]] = []
        self._false_before: Counter[str] = Counter()

    def update(self, sequence: int, published: Sequence[Reading]) -> None:
        """Takes the readings published as of one frame."""
        unclaimed = [
            (index, number)
            for index, number in enumerate(self.truth.numbers)
            if number.first_frame <= sequence <= number.last_frame + GRACE_FRAMES
        ]
        false: Counter[str] = Counter()
        for reading in published:
            claim = _nearest(reading, unclaimed)
            if claim is None:
                false[reading.text] += 1
            else:
                unclaimed.remove(claim)
                self.right.add(claim[0])
        self.false.extend((sequence, text) for text in (false - self._false_before).elements())
        self._false_before = false

    @property
    def missed(self) -> tuple[WrittenNumber, ...]:
        """The written numbers that were never published."""
        return tuple(number for index, number in enumerate(self.truth.numbers) if index not in self.right)

    def summary(self) -> str:
        """One line for people, e.g. "24 of 25 written numbers published, 0 false; missed: 407"."""
        text = f"{len(self.right)} of {len(self.truth.numbers)} written numbers published, {len(self.false)} false"
        if self.missed:
            text += "; missed: " + " ".join(number.text for number in self.missed)
        if self.false:
            text += "; false: " + " ".join(f"{text} (frame {frame})" for frame, text in self.false)
        return text


def _nearest(reading: Reading, numbers: Sequence[tuple[int, WrittenNumber]]) -> tuple[int, WrittenNumber] | None:
    """Of the numbers with the reading's text, the one nearest to it; None where there is none."""
    x, y, _, _ = reading.box_xywh
    same = [entry for entry in numbers if entry[1].text == reading.text]
    return min(same, key=lambda entry: abs(entry[1].box[0] - x) + abs(entry[1].box[1] - y), default=None)
