"""What a meter cannot show is withheld with the reason; what it can show goes through, also after a restart."""

import pytest

from edge_app.frames import Digit, Reading
from edge_app.stages.plausible import Accepted, Plausibility, PlausibleLimits

HOUR_S = 3600.0


def reading(text: str) -> Reading:
    return Reading(tuple(Digit(int(digit), 0.9, (10 * at, 0, 8, 12)) for at, digit in enumerate(text)))


def sifted(sifter: Plausibility, text: str, time_s: float) -> str:
    """The reason why a number is withheld; "" where it is not."""
    plausible, withheld = sifter.sift([reading(text)], time_s)
    assert len(plausible) + len(withheld) == 1
    return withheld[0].reason if withheld else ""


@pytest.mark.parametrize(
    ("limits", "text", "reason"),
    [
        pytest.param(PlausibleLimits(), "7", "", id="no limits"),
        pytest.param(PlausibleLimits(digits=6), "01234", "5 digits; 6 expected", id="a digit is missing"),
        pytest.param(PlausibleLimits(digits=6), "001234", "", id="leading zeros count"),
        pytest.param(PlausibleLimits(minimum=10), "9", "less than 10", id="too small"),
        pytest.param(PlausibleLimits(minimum=10), "10", "", id="the least"),
        pytest.param(PlausibleLimits(maximum=99.5), "100", "more than 99.5", id="too large"),
        pytest.param(PlausibleLimits(maximum=100), "100", "", id="the most"),
    ],
)
def test_a_number_alone(limits: PlausibleLimits, text: str, reason: str) -> None:
    assert sifted(Plausibility(limits), text, 0.0) == reason


def test_each_number_of_a_page_is_judged_for_itself() -> None:
    sifter = Plausibility(PlausibleLimits(digits=2))

    plausible, withheld = sifter.sift([reading("12"), reading("345"), reading("67")], 0.0)

    assert [kept.text for kept in plausible] == ["12", "67"]
    assert [(held.reading.text, held.reason) for held in withheld] == [("345", "3 digits; 2 expected")]


def test_a_meter_never_runs_backwards() -> None:
    sifter = Plausibility(PlausibleLimits(never_decreasing=True))

    assert sifted(sifter, "100", 0.0) == ""
    assert sifted(sifter, "99", 1.0) == "less than 100, and it never decreases"
    assert sifted(sifter, "100", 2.0) == ""
    assert sifted(sifter, "900", 3.0) == ""


def test_a_step_is_as_large_as_the_time_that_it_was_not_seen() -> None:
    sifter = Plausibility(PlausibleLimits(max_step_per_hour=10))
    sifted(sifter, "100", 0.0)

    assert sifted(sifter, "105", 0.4 * HOUR_S) == "5 away from 100; at most 10 an hour"
    assert sifted(sifter, "105", 0.5 * HOUR_S) == ""
    assert sifted(sifter, "96", 1.0 * HOUR_S) == "9 away from 105; at most 10 an hour"


def test_a_number_that_stays_in_sight_gathers_no_credit_for_a_leap() -> None:
    sifter = Plausibility(PlausibleLimits(max_step_per_hour=10))
    for minute in range(600):
        assert sifted(sifter, "100", minute * 60.0) == ""

    assert sifted(sifter, "109", 600 * 60.0) == "9 away from 100; at most 10 an hour"
    assert sifted(sifter, "101", 600 * 60.0) == ""


def test_steps_of_one_come_no_faster_than_the_rate() -> None:
    sifter = Plausibility(PlausibleLimits(max_step_per_hour=10))
    sifted(sifter, "100", 0.0)

    assert sifted(sifter, "101", 1.0) == ""
    assert sifted(sifter, "102", 2.0).startswith("1 away from 101")
    assert sifted(sifter, "102", 2.0 + HOUR_S / 10) == ""


def test_a_clock_that_is_put_back_does_not_lock_the_number() -> None:
    sifter = Plausibility(PlausibleLimits(max_step_per_hour=10))
    sifted(sifter, "100", 1e9)

    assert sifted(sifter, "105", 0.0) != ""
    assert sifted(sifter, "105", 0.5 * HOUR_S) == ""


def test_two_numbers_that_could_be_meant_are_withheld_both() -> None:
    sifter = Plausibility(PlausibleLimits(digits=2, never_decreasing=True))

    plausible, withheld = sifter.sift([reading("12"), reading("34"), reading("5")], 0.0)

    assert plausible == ()
    assert [held.reason[:30] for held in withheld] == ["2 numbers could be meant; choo"] * 2 + ["1 digits; 2 expected"]


def test_what_was_true_before_a_restart_counts_and_what_is_new_is_kept() -> None:
    kept: list[Accepted] = []
    sifter = Plausibility(PlausibleLimits(never_decreasing=True), Accepted(500, 0.0), kept.append)

    assert sifted(sifter, "499", 10.0) == "less than 500, and it never decreases"
    assert sifted(sifter, "500", 11.0) == ""
    assert kept == []
    assert sifted(sifter, "501", 12.0) == ""
    assert [accepted.value for accepted in kept] == [501]


def test_a_person_can_have_the_next_number_taken_for_true() -> None:
    sifter = Plausibility(PlausibleLimits(never_decreasing=True), Accepted(500, 0.0))

    sifter.forget()

    assert sifted(sifter, "3", 1.0) == ""
    assert sifted(sifter, "2", 2.0) == "less than 3, and it never decreases"
