"""The readings of frame after frame in, the ones that enough frames agree on out.

A camera shakes, light flickers, a page is pulled away: one frame is an opinion. A track follows one
written number from frame to frame by where it stands, and averages what the frames say of each text. A
text is published once it was seen in `confirm_frames` frames running and its digits are sure on average
over all frames that read it; it is replaced by another text only on as much evidence, and dropped once it
has not been seen for `forget_frames`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from edge_app.frames import BoxXYWH, Digit, Reading
from edge_app.stages.readings import in_reading_order

MAX_STEP_SHARE = 0.8  # of the number's height: how far it moves between two frames and is still itself
SAME_PLACE = 0.5  # of the smaller number's box: two numbers that share more are one
PART_PATIENCE = 4  # times as long as a number that is gone, one is remembered: a hand may be over it
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
    """What the frames said of one text.

    Attributes:
        frames: how many read it.
        sums: of each digit's confidences.
        last: reading of it.
        unread: frames since then that read something else.
    """

    frames: int
    sums: tuple[float, ...]
    last: Reading
    unread: int = 0

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
        remembered: what was published of it last, even where that was taken back.
        stale: frames since that text was last seen, whatever else was read meanwhile.
    """

    latest: Reading
    agreeing: int = 0
    missing: int = 0
    votes: Mapping[str, Votes] = field(default_factory=dict)
    published: Reading | None = None
    remembered: Reading | None = None
    stale: int = 0


class Tracker:
    """Keeps the tracks of one camera. `update` is to be called once for each frame.

    Attributes:
        limits: how much evidence a publication takes from now on.
    """

    def __init__(self, limits: TrackLimits | None = None) -> None:
        self.limits = limits or TrackLimits()
        self._tracks: list[Track] = []

    def judge_by(self, limits: TrackLimits) -> None:
        """Takes other limits from now on, and takes back what is published and not sure enough by them."""
        self.limits = limits
        self._tracks = [
            replace(track, published=None)
            if track.published is not None and track.published.confidence < limits.confidence
            else track
            for track in self._tracks
        ]

    def update(self, readings: Sequence[Reading]) -> tuple[Reading, ...]:
        """Takes the readings of the next frame.

        Args:
            readings: of one frame; those that are not `whole` are no evidence of anything.

        Returns:
            The published readings in reading order, boxes where they were last seen.
        """
        self._tracks = advance(self._tracks, [reading for reading in readings if reading.whole], self.limits)
        return in_reading_order(_without_ghosts(self._tracks))


def advance(tracks: Sequence[Track], readings: Sequence[Reading], limits: TrackLimits) -> list[Track]:
    """The tracks after one more frame: each goes on with the reading nearest to it, the rest begin anew."""
    pairs = sorted(
        (track.remembered is None or track.remembered.text != reading.text, track.missing, distance, of, row)
        for of, track in enumerate(tracks)
        for row, reading in enumerate(readings)
        if (distance := _distance(track.latest, reading)) is not None
    )
    partner: dict[int, int] = {}
    taken: set[int] = set()
    for *_, track_index, reading_index in pairs:
        if track_index not in partner and reading_index not in taken:
            partner[track_index] = reading_index
            taken.add(reading_index)
    known = [track.remembered for track in tracks if track.remembered is not None]
    followed = [
        _see(track, readings[partner[index]], known, limits) if index in partner else _miss(track)
        for index, track in enumerate(tracks)
    ]
    begun = [_see(None, reading, known, limits) for index, reading in enumerate(readings) if index not in taken]
    return [track for old in followed if (track := _forget(old, known, limits)) is not None] + begun


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


def _see(track: Track | None, reading: Reading, known: Sequence[Reading], limits: TrackLimits) -> Track:
    track = track or Track(reading)
    goes_on = reading.text == track.latest.text and track.missing == 0
    before = [*known, *(votes.last for votes in track.votes.values())]
    votes = _count(track.votes, reading, limits.forget_frames * PART_PATIENCE)
    track = replace(
        track,
        latest=reading,
        agreeing=0 if _is_rest_of(reading, before) else track.agreeing + 1 if goes_on else 1,
        missing=0,
        votes=votes,
        stale=track.stale + 1,
    )
    means = votes[reading.text].means()
    same = track.published is not None and track.published.text == reading.text
    if same or (track.agreeing >= limits.confirm_frames and min(means) >= limits.confidence):
        averaged = _averaged(reading, means)
        track = replace(track, published=averaged, remembered=averaged, stale=0)
    return track


def _count(votes: Mapping[str, Votes], reading: Reading, patience: int) -> dict[str, Votes]:
    """The votes with one more frame; the text read last stands last, those unread for long are forgotten."""
    said = [digit.confidence for digit in reading.digits]
    before = votes.get(reading.text, Votes(0, (0.0,) * len(said), reading))
    counted = {
        text: replace(vote, unread=vote.unread + 1)
        for text, vote in votes.items()
        if text != reading.text and vote.unread < patience
    }
    sums = tuple(total + confidence for total, confidence in zip(before.sums, said, strict=True))
    counted[reading.text] = Votes(before.frames + 1, sums, reading)
    return dict(list(counted.items())[-MAX_TEXTS:])


def _averaged(reading: Reading, means: Sequence[float]) -> Reading:
    """The reading as it stands, with the confidences that all frames agree on."""
    digits = zip(reading.digits, means, strict=True)
    return replace(reading, digits=tuple(replace(digit, confidence=mean) for digit, mean in digits))


def _miss(track: Track) -> Track:
    return replace(track, missing=track.missing + 1, stale=track.stale + 1)


def _forget(track: Track, known: Sequence[Reading], limits: TrackLimits) -> Track | None:
    """Takes back what was published of a place where it is gone, and later forgets the place; None for that."""
    covered = track.missing == 0 and _is_rest_of(track.latest, known)
    patience = limits.forget_frames * (PART_PATIENCE if covered else 1)
    if track.missing >= limits.forget_frames or track.stale >= patience:
        track = replace(track, published=None)
    if track.remembered is not None and track.stale >= limits.forget_frames * PART_PATIENCE:
        track = replace(track, remembered=None)
    return track if track.missing < limits.forget_frames or track.remembered is not None else None


def _is_rest_of(latest: Reading, others: Sequence[Reading]) -> bool:
    """Whether a reading is what somebody's hand or an edge leaves of another: more likely than another number."""
    return any(other.text != latest.text and _is_rest(other, latest) for other in others)


def _is_rest(whole: Reading, latest: Reading) -> bool:
    """Whether each digit stands where the whole number had the same one, or one that is partly covered now."""
    places = [_place_of(digit, whole) for digit in latest.digits]
    found = [place for place in places if place is not None]
    if len(found) < len(places) or len(set(found)) < len(found):
        return False
    pairs = ((whole.digits[place], digit) for place, digit in zip(found, latest.digits, strict=True))
    return all(before.digit == now.digit or _is_cut(before.box_xywh, now.box_xywh) for before, now in pairs)


def _place_of(digit: Digit, whole: Reading) -> int | None:
    """Which digit of a number stood where this one stands; None for none of them."""
    x, y, width, height = digit.box_xywh
    middle = x + width / 2
    for place, (left, top, across, down) in enumerate(before.box_xywh for before in whole.digits):
        if left <= middle <= left + across and y < top + down and top < y + height:
            return place
    return None


def _is_cut(before: BoxXYWH, now: BoxXYWH) -> bool:
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
