"""What was read is compared with what is written, by place where places are known."""

from typing import Any

import pytest

from trainer.scoring import FoundDigit, Score, paired, score, total


def found(text: str, x: int = 10, y: int = 20, step: int = 30) -> tuple[FoundDigit, ...]:
    return tuple(FoundDigit(int(c), (x + step * place, y, 20, 40)) for place, c in enumerate(text))


def label(*lines: str, boxed: bool = True) -> dict[str, Any]:
    """Lines of digits, 30 px apart, 100 px below each other."""
    numbers = [
        {
            "text": text,
            "digits": [{"digit": int(d.digit), "box": list(d.box_xywh)} for d in found(text, y=20 + 100 * row)],
        }
        for row, text in enumerate(lines)
    ]
    return {"file": "a.png", "kind": "plain", "lines": list(lines), **({"numbers": numbers} if boxed else {})}


@pytest.mark.parametrize("boxed", [True, False])
@pytest.mark.parametrize(
    ("read", "right", "false", "exact_lines"),
    [
        pytest.param(["407", "12"], 5, 0, 2, id="all"),
        pytest.param(["417", "12"], 4, 1, 1, id="one misread"),
        pytest.param(["407", ""], 3, 0, 1, id="a line missed"),
        pytest.param(["4077", "12"], 5, 1, 1, id="one too many"),
    ],
)
def test_digits_and_lines(boxed: bool, read: list[str], right: int, false: int, exact_lines: int) -> None:
    numbers = [found(text, y=20 + 100 * row) for row, text in enumerate(read) if text]

    scored = score(label("407", "12", boxed=boxed), numbers, 1.5)

    lines = exact_lines + (1 if boxed and read[0] == "4077" else 0)  # the last 7 stands beside the line, not in it
    assert (scored.right, scored.false, scored.lines, scored.lines_exact) == (right, false, 2, lines)
    assert scored.exact == (right == 5 and false == 0)
    assert scored.written == "40712"


def test_lines_of_a_curved_page_are_lines() -> None:
    """Each number stands 25 pixels lower than the one before it, lines 60 apart."""
    numbers = [found("11", x=200 * place, y=60 * line + 25 * place) for line in range(2) for place in range(3)]

    assert score(label("111111", "111111", boxed=False), numbers, 1.5).lines_exact == 2


def test_by_place_the_order_of_reading_does_not_matter() -> None:
    numbers = [found("12", y=120), found("407")]

    assert score(label("407", "12"), numbers, 1.0).exact


@pytest.mark.parametrize(
    ("read", "exact"),
    [
        pytest.param([found("407"), found("12", y=120)], 2, id="both"),
        pytest.param([found("40"), found("7", x=70), found("12", y=120)], 1, id="one in two pieces"),
        pytest.param([(*found("407"), *found("12", y=120))], 0, id="two as one"),
        pytest.param([found("417"), found("12", y=120)], 1, id="one misread"),
        pytest.param([found("12", y=120)], 1, id="one missed"),
        pytest.param([(*found("407"), *found("8", x=300)), found("12", y=120)], 1, id="one with a digit too many"),
    ],
)
def test_a_number_is_exact_where_it_is_read_as_one(read: list[tuple[FoundDigit, ...]], exact: int) -> None:
    scored = score(label("407", "12"), read, 1.0)

    assert (scored.numbers, scored.numbers_exact) == (2, exact)
    assert (total([scored, scored]).numbers, total([scored, scored]).numbers_exact) == (4, 2 * exact)


def test_a_right_digit_in_the_wrong_place_is_false_and_both_places_are_kept() -> None:
    scored = score(label("4"), [(FoundDigit(4, (300, 200, 20, 40)),)], 1.0)

    assert (scored.right, scored.false) == (0, 1)
    assert scored.missed == ((10, 20, 20, 40),)
    assert scored.wrong == ((300, 200, 20, 40),)


def test_a_digit_in_between_spoils_its_line() -> None:
    between = (FoundDigit(1, (35, 30, 4, 20)),)

    scored = score(label("40"), [found("40"), between], 1.0)

    assert (scored.right, scored.lines_exact) == (2, 0)


def test_each_written_digit_counts_once() -> None:
    scored = score(label("4"), [found("4"), found("4", x=12)], 1.0)

    assert (scored.right, scored.false) == (1, 1)


def test_a_picture_without_digits_counts_what_was_read_as_false() -> None:
    scored = score({"file": "b.png", "kind": "print", "lines": []}, [found("88")], 1.0)

    assert (scored.right, scored.false, scored.lines, len(scored.wrong)) == (0, 2, 0, 2)


@pytest.mark.parametrize(
    ("written", "read", "count"),
    [("407", "407", 3), ("407", "47", 2), ("407", "4017", 3), ("407", "417", 2), ("407", "", 0), ("", "88", 0)],
)
def test_pairs_in_order(written: str, read: str, count: int) -> None:
    pairs = paired(written, read)

    assert len(pairs) == count
    assert all(written[row] == read[column] for row, column in pairs)
    assert pairs == sorted(pairs)


def test_sums() -> None:
    pictures = [Score("a", "k", "407", "417", 2, 1, 0, 1.0), Score("b", "k", "12", "12", 2, 1, 1, 3.0)]

    sums = total([*pictures, Score("c", "n", "", "8", 0, 0, 0, 8.0)])

    assert (sums.pictures, sums.exact, sums.written, sums.read, sums.right) == (3, 1, 5, 6, 4)
    assert sums.recall == 0.8
    assert sums.precision == pytest.approx(4 / 6)
    assert sums.false_per_picture == pytest.approx(2 / 3)
    assert sums.milliseconds == 3.0
    assert (total([]).recall, total([]).precision) == (1.0, 1.0)
