"""A number is published on the agreement of several frames, changed on as much, and dropped when gone."""

import pytest

from edge_app.frames import Digit, Reading
from edge_app.stages.track import Tracker, TrackLimits


def number(text: str, x: int = 100, y: int = 100, whole: bool = True, confidence: float = 0.9) -> Reading:
    return Reading(tuple(Digit(int(c), confidence, (x + 25 * i, y, 20, 30)) for i, c in enumerate(text)), whole)


def play(tracker: Tracker, *frames: list[Reading]) -> list[list[str]]:
    return [[reading.text for reading in tracker.update(frame)] for frame in frames]


def tracker() -> Tracker:
    return Tracker(TrackLimits(confirm_frames=3, forget_frames=4, confidence=0.75))


def test_a_number_is_published_once_enough_frames_agree() -> None:
    assert play(tracker(), *[[number("407")]] * 4) == [[], [], ["407"], ["407"]]


def test_a_single_wrong_frame_is_not_published() -> None:
    frames = [[number("407")]] * 3 + [[number("401")]] + [[number("407")]] * 3

    assert play(tracker(), *frames)[2:] == [["407"]] * 5


def test_flicker_between_two_texts_is_never_published() -> None:
    frames = [[number("1")], [number("7")]] * 6

    assert play(tracker(), *frames) == [[]] * 12


def test_a_changed_digit_needs_as_much_evidence_as_a_new_number() -> None:
    frames = [[number("407")]] * 3 + [[number("408")]] * 3

    assert play(tracker(), *frames)[2:] == [["407"], ["407"], ["407"], ["408"]]


def test_a_number_replaced_by_one_that_cannot_be_agreed_on_is_dropped_all_the_same() -> None:
    flicker = [[number("31")], [number("51")]] * 3

    published = play(tracker(), *[[number("75")]] * 3, *flicker)

    assert published[2:] == [["75"]] * 4 + [[]] * 3


def test_a_number_that_is_gone_is_dropped_after_a_while() -> None:
    frames: list[list[Reading]] = [[number("5")]] * 3 + [[]] * 5

    assert play(tracker(), *frames)[3:] == [["5"], ["5"], ["5"], [], []]


def test_a_blink_does_not_drop_a_number_nor_count_as_agreement() -> None:
    frames: list[list[Reading]] = [[number("5")]] * 3 + [[]] * 2 + [[number("5")]] * 2

    assert play(tracker(), *frames)[2:] == [["5"]] * 5


def test_a_moving_number_is_one_track() -> None:
    frames = [[number("12", x=100 + 10 * step, y=100 + 5 * step)] for step in range(8)]

    assert play(tracker(), *frames)[2:] == [["12"]] * 6


def test_two_equal_numbers_are_two_readings() -> None:
    assert play(tracker(), *[[number("3"), number("3", y=200)]] * 3)[-1] == ["3", "3"]


def test_a_reading_that_is_not_whole_is_never_published() -> None:
    assert play(tracker(), *[[number("40", whole=False)]] * 6) == [[]] * 6


def test_a_number_that_is_being_covered_is_not_shortened() -> None:
    frames = [[number("407")]] * 3 + [[number("40", whole=False)]] * 3

    assert play(tracker(), *frames)[2:] == [["407"]] * 4


def test_published_numbers_stand_in_reading_order_with_boxes_as_last_seen() -> None:
    below, above = number("2", y=200), number("1", y=100)
    watch = tracker()

    published = [watch.update([below, above]) for _ in range(3)][-1]

    assert [reading.text for reading in published] == ["1", "2"]
    assert published[0].box_xywh == above.box_xywh


def test_confidence_counts_on_average_over_the_frames() -> None:
    watch = tracker()
    frames = [[number("8", confidence=confidence)] for confidence in (0.9, 0.6, 0.7, 0.9, 0.9, 0.6)]

    published = [watch.update(frame) for frame in frames]

    assert [len(readings) for readings in published] == [0, 0, 0, 1, 1, 1]
    assert published[3][0].confidence == pytest.approx(0.775)


def test_a_few_sure_frames_among_many_unsure_ones_are_not_enough() -> None:
    unsure, sure = [number("3", confidence=0.6)], [number("3", confidence=0.8)]

    assert play(tracker(), *[unsure] * 10, *[sure] * 5) == [[]] * 15


def test_what_was_said_of_a_text_is_remembered_over_a_flicker() -> None:
    unsure, other, sure = ([number(text, confidence=p)] for text, p in (("3", 0.55), ("5", 0.5), ("3", 0.8)))

    assert play(tracker(), *[unsure] * 6, other, *[sure] * 4) == [[]] * 11


def test_every_digit_must_be_sure_on_average() -> None:
    weak_end = Reading((Digit(4, 0.95, (100, 100, 20, 30)), Digit(0, 0.6, (125, 100, 20, 30))))

    assert play(tracker(), *[[weak_end]] * 10) == [[]] * 10


def test_memory_is_bounded_however_much_a_number_flickers() -> None:
    watch = tracker()

    for value in range(500):
        watch.update([number(f"{value:03}")])

    assert len(watch._tracks) == 1
    assert len(watch._tracks[0].votes) <= 8


def test_a_hand_over_the_end_of_a_number_does_not_shorten_it() -> None:
    frames = [[number("4870")]] * 3 + [[number("487")]] * 12 + [[number("4870")]] * 2

    assert play(tracker(), *frames)[2:] == [["4870"]] * 15


def test_a_number_that_stays_shorter_is_in_the_end_believed() -> None:
    published = play(tracker(), *[[number("4870")]] * 3, *[[number("487")]] * 30)

    assert published[-1] == ["487"]
    assert ["4870", "487"] not in published


def test_a_number_that_falls_apart_for_a_moment_is_not_published_twice() -> None:
    whole, pieces = [number("369687")], [number("36"), number("9687", x=150)]

    published = play(tracker(), *[whole] * 3, *[pieces] * 2, *[whole] * 6)

    assert all(texts == ["369687"] for texts in published[2:])


def test_equal_numbers_in_two_places_are_both_published() -> None:
    frame = [number("55"), number("55", x=400)]

    assert play(tracker(), *[frame] * 3)[-1] == ["55", "55"]


def test_when_the_page_is_swapped_the_new_number_is_there_within_half_a_second() -> None:
    limits = TrackLimits()
    frames = [[number("407")]] * 20 + [[number("915")]] * 15

    published = play(Tracker(limits), *frames)

    assert published[19] == ["407"]
    assert published[20 + limits.confirm_frames - 1] == ["915"]
    assert limits.confirm_frames <= 0.5 * 30


def low(text: str, lower: int, height: int, top: int = 100) -> Reading:
    """A number one digit of which is lower, on the same baseline unless it begins at `top`."""
    digits = list(number(text).digits)
    x, y, width, full = digits[lower].box_xywh
    digits[lower] = Digit(digits[lower].digit, 0.9, (x, top if top != 100 else y + full - height, width, height))
    return Reading(tuple(digits))


def test_a_digit_that_is_read_otherwise_because_a_hand_covers_its_top_changes_nothing() -> None:
    frames = [[number("471")]] * 3 + [[low("411", lower=1, height=22)]] * 8

    assert play(tracker(), *frames)[2:] == [["471"]] * 9


def test_a_number_that_was_read_whole_only_once_is_not_published_covered() -> None:
    unread: list[list[Reading]] = [[]] * 3
    frames = [[number("471")], *unread, *[[low("411", lower=1, height=22)]] * 6]

    assert play(tracker(), *frames)[-1] == []


def test_another_digit_as_tall_as_the_one_before_is_another_number() -> None:
    frames = [[number("471")]] * 3 + [[low("411", lower=1, height=29)]] * 3

    assert play(tracker(), *frames)[-1] == ["411"]


def test_a_lower_digit_elsewhere_in_the_line_is_another_number() -> None:
    frames = [[number("471")]] * 3 + [[low("411", lower=1, height=22, top=104)]] * 3

    assert play(tracker(), *frames)[-1] == ["411"]


def test_what_a_hand_leaves_of_a_number_is_not_published_even_after_the_number_was_given_up() -> None:
    unread: list[list[Reading]] = [[]] * 5  # longer than it is kept
    rest = Reading(tuple(low("46530", lower=4, height=18).digits[4:]))
    frames = [[number("46532")]] * 3 + unread + [[rest]] * 4 + [[number("465"), rest]] * 4 + [[number("46532")]] * 3

    published = play(tracker(), *frames)

    assert published[2] == published[-1] == ["46532"]
    assert all(texts in ([], ["46532"]) for texts in published)


def test_another_number_in_the_place_of_one_that_is_gone_is_published_as_soon_as_any() -> None:
    unread: list[list[Reading]] = [[]] * 5

    published = play(tracker(), *[[number("46532")]] * 3, *unread, *[[number("81")]] * 3)

    assert published[-1] == ["81"]


def test_what_is_not_sure_enough_by_new_limits_is_taken_back_and_comes_back_by_the_old_ones() -> None:
    strict, before = TrackLimits(3, 4, confidence=0.95), TrackLimits(3, 4, confidence=0.75)
    tracked = tracker()
    frames = [[number("407", confidence=0.9)]] * 4
    play(tracked, *frames)

    tracked.judge_by(strict)
    doubted = play(tracked, *frames)
    tracked.judge_by(before)

    assert doubted == [[]] * 4
    assert play(tracked, *frames)[-1] == ["407"]


def test_what_is_sure_enough_by_new_limits_stays() -> None:
    tracked = tracker()
    play(tracked, *[[number("407", confidence=0.99)]] * 4)

    tracked.judge_by(TrackLimits(3, 4, confidence=0.95))

    assert play(tracked, [number("407", confidence=0.99)]) == [["407"]]
