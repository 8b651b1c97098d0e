"""The readings of frame after frame in, the ones that enough frames agree on out.

A camera shakes, light flickers, a page is pulled away: one frame is an opinion. A track follows one
written number from frame to frame by where it stands, and averages what the frames say of each text. A
text is published once it was seen in `confirm_frames` frames running and its digits are sure on average
over all frames that read it; it is replaced by another text only on as much evidence, and dropped once it
has not been seen for `forget_frames`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from edge_app.frames import BoxXYWH, Reading
from edge_app.stages.readings import in_reading_order

MAX_STEP_SHARE = 0.8  # of the number's height: how far it moves between two frames and is still itself
SAME_PLACE = 0.5  # of the smaller number's box: two numbers that share more are one
PART_PATIENCE = 4  # times as long as a number that is gone, one is kept of which a part is still seen
LOWER = 0.88  # of a digit's height: it is partly covered; boxes tremble by less
SAME_EDGE = 0.12  # of the height: how far its other edge moves meanwhile
MAX_TEXTS = 8  # that a track remembers what was said of: more is flicker, and memory must stay bounded


@dataclass(frozen=True, slots=True)
class TrackLimits:
    """How much evidence a publication takes.

    Attributes:
        confirm_frames: frames running that must agree; 5 are 0.17 s at 30 frames a second.
        forget_frames: frames without the number until it is dropped; bridges a blink of the light.
        confidence: least confidence of every digit, on average over the frames, 0 to 1.
    """

    confirm_frames: int = 5
    forget_frames: int = 15
    confidence: float = 0.5


@dataclass(frozen=True, slots=True)
class Votes:
    """What the frames said of one text: how many read it, the sum of each digit's confidences, and the last reading."""

    frames: int
    sums: tuple[float, ...]
    last: Reading

    def means(self) -> tuple[float, ...]:
        """Confidence of each digit on average."""
        return tuple(total / self.frames for total in self.sums)


@dataclass(frozen=True, slots=True)
class Track:
    """One written number followed over frames.

    Attributes:
        latest: as it was last seen.
        agreeing: frames running that read the text of `latest`.
        missing: frames since it was last seen.
        votes: by text, for the texts that were read of it lately.
        published: what is published of it, with average confidences; None before there was enough evidence.
        stale: frames since the published text was last seen, whatever else was read meanwhile.
    """

    latest: Reading
    agreeing: int = 0
    missing: int = 0
    votes: Mapping[str, Votes] = field(default_factory=dict)
    published: Reading | None = None
    stale: int = 0


class Tracker:
    """Keeps the tracks of one camera. `update` is to be called once for each frame."""

    def __init__(self, limits: TrackLimits | None = None) -> None:
        self._limits = limits or TrackLimits()
        self._tracks: list[Track] = []

    def update(self, readings: Sequence[Reading]) -> tuple[Reading, ...]:
        """Takes the readings of the next frame.

        Args:
            readings: of one frame; those that are not `whole` are no evidence of anything.

        Returns:
            The published readings in reading order, boxes where they were last seen.
        """
        self._tracks = advance(self._tracks, [reading for reading in readings if reading.whole], self._limits)
        return in_reading_order(_without_ghosts(self._tracks))


def advance(tracks: Sequence[Track], readings: Sequence[Reading], limits: TrackLimits) -> list[Track]:
    """The tracks after one more frame: each goes on with the reading nearest to it, the rest begin anew."""
    pairs = sorted(
        (track.published is None or track.published.text != reading.text, distance, track_index, reading_index)
        for track_index, track in enumerate(tracks)
        for reading_index, reading in enumerate(readings)
        if (distance := _distance(track.latest, reading)) is not None
    )
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, track_index, reading_index in pairs:
        if track_index not in partner and reading_index not in taken:
            partner[track_index] = reading_index
            taken.add(reading_index)
    followed = [
        _see(track, readings[partner[index]], limits) if index in partner else _miss(track)
        for index, track in enumerate(tracks)
    ]
    followed = [_forget(track, limits) for track in followed]
    kept = [track for track in followed if track.missing < limits.forget_frames]
    begun = [_see(None, reading, limits) for index, reading in enumerate(readings) if index not in taken]
    return kept + begun


def _without_ghosts(tracks: Sequence[Track]) -> list[Reading]:
    """What is published, without numbers that were not seen in this frame where others stand in their place by now."""
    seen = [track.published for track in tracks if track.published is not None and track.missing == 0]
    gone = [track.published for track in tracks if track.published is not None and track.missing > 0]
    return seen + [reading for reading in gone if not any(_same_place(reading, other) for other in seen)]


def _same_place(reading: Reading, other: Reading) -> bool:
    """Whether two numbers share more than half of the smaller one's box."""
    (x, y, width, height), (left, top, across, down) = reading.box_xywh, other.box_xywh
    shared_width = min(x + width, left + across) - max(x, left)
    shared_height = min(y + height, top + down) - max(y, top)
    smaller = min(width * height, across * down)
    return shared_width > 0 and shared_height > 0 and shared_width * shared_height > SAME_PLACE * smaller


def _see(track: Track | None, reading: Reading, limits: TrackLimits) -> Track:
    track = track or Track(reading)
    goes_on = reading.text == track.latest.text and track.missing == 0
    votes = _count(track.votes, reading)
    track = Track(
        latest=reading,
        agreeing=track.agreeing + 1 if goes_on else 1,
        votes=votes,
        published=track.published,
        stale=track.stale + 1,
    )
    means = votes[reading.text].means()
    same = track.published is not None and track.published.text == reading.text
    enough = track.agreeing >= limits.confirm_frames and min(means) >= limits.confidence
    if same or (enough and not _is_part(track)):
        track = replace(track, published=_averaged(reading, means), stale=0)
    return track


def _count(votes: Mapping[str, Votes], reading: Reading) -> dict[str, Votes]:
    """The votes with one more frame; the text read last stands last, the oldest are forgotten."""
    said = [digit.confidence for digit in reading.digits]
    before = votes.get(reading.text, Votes(0, (0.0,) * len(said), reading))
    counted = {text: vote for text, vote in votes.items() if text != reading.text}
    sums = tuple(total + confidence for total, confidence in zip(before.sums, said, strict=True))
    counted[reading.text] = Votes(before.frames + 1, sums, reading)
    return dict(list(counted.items())[-MAX_TEXTS:])


def _averaged(reading: Reading, means: Sequence[float]) -> Reading:
    """The reading as it stands, with the confidences that all frames agree on."""
    digits = zip(reading.digits, means, strict=True)
    return replace(reading, digits=tuple(replace(digit, confidence=mean) for digit, mean in digits))


def _miss(track: Track) -> Track:
    return replace(track, missing=track.missing + 1, stale=track.stale + 1)


def _forget(track: Track, limits: TrackLimits) -> Track:
    """Takes back what was published of a place where something else has stood for as long."""
    patience = limits.forget_frames * (PART_PATIENCE if _is_part(track) else 1)
    return replace(track, published=None) if track.stale >= patience else track


def _is_part(track: Track) -> bool:
    """Whether only a part of the number is seen: somebody's hand is more likely than another number."""
    published, latest = track.published, track.latest
    if published is not None and latest.text != published.text and latest.text in published.text:
        return True
    return any(_is_covered(votes.last, latest) for text, votes in track.votes.items() if text != latest.text)


def _is_covered(whole: Reading, latest: Reading) -> bool:
    """Whether each digit that is read otherwise now is what an edge leaves of the one before: its top or its bottom."""
    if len(whole.digits) != len(latest.digits):
        return False
    pairs = zip(whole.digits, latest.digits, strict=True)
    return all(_is_rest(before.box_xywh, now.box_xywh) for before, now in pairs if before.digit != now.digit)


def _is_rest(before: BoxXYWH, now: BoxXYWH) -> bool:
    """Whether a box is notably lower than before, and one of its level edges is where it was."""
    reach = SAME_EDGE * before[3]
    at_top, at_bottom = abs(now[1] - before[1]) <= reach, abs(now[1] + now[3] - before[1] - before[3]) <= reach
    return now[3] < LOWER * before[3] and (at_top or at_bottom)


def _distance(before: Reading, now: Reading) -> float | None:
    """How far a number moved, in its own heights; None where it is too far to be the same number."""
    x, y, width, height = before.box_xywh
    new_x, new_y, new_width, new_height = now.box_xywh
    # A digit gained or lost moves one end of the box only, so the nearer end tells.
    across = min(abs(new_x - x), abs(new_x + new_width - x - width))
    down = abs(new_y + new_height / 2 - y - height / 2)
    step = max(across, down) / max(height, new_height)
    return step if step <= MAX_STEP_SHARE else None
