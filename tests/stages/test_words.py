"""On a page with words, what hangs together with letters is a letter; elsewhere nothing is taken for one."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Region
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.words import in_words
from tests.patches import patches_of

LETTER, DIGIT = 0.98, 0.01  # probability of "not a digit"
STEP_PX = 24  # from letter to letter: 4 pixels apart


def page(*lines: str, unrest: float = 0.05, step_px: int = STEP_PX, width_px: int = 20) -> Scored:
    """Lines of regions: x is surely no digit, nor is a slim |, ~ hardly one, ? a doubtful 5, a blank a space."""
    doubts = {"x": LETTER, "|": LETTER, "~": 0.6, "?": 0.4}
    signs = [
        (sign, (20 + step_px * column, 40 + 60 * row, 8 if sign == "|" else width_px, 30))
        for row, line in enumerate(lines)
        for column, sign in enumerate(line)
        if sign != " "
    ]
    placed = [(doubts.get(sign, DIGIT), box) for sign, box in signs]
    scores = np.zeros((len(placed), 11), dtype=np.float32)
    scores[:, 10] = [doubt for doubt, _ in placed]
    scores[np.arange(len(signs)), [int(sign) if sign.isdigit() else 5 for sign, _ in signs]] = 1.0 - scores[:, 10]
    zeros = np.zeros(len(placed), dtype=np.float32)
    regions = tuple(Region(box, (number + 1,)) for number, (_, box) in enumerate(placed))
    patches = patches_of(*[unrest] * len(placed))
    return Scored(regions, scores, Measures(zeros, zeros, zeros), zeros, patches)


def none_of(scored: Scored) -> NDArray[np.bool_]:
    return np.zeros(len(scored.regions), dtype=bool)


def letters(scored: Scored, in_cells: NDArray[np.bool_] | None = None) -> str:
    cells = none_of(scored) if in_cells is None else in_cells
    return "".join("x" if one else "5" for one in in_words(scored, none_of(scored), cells))


def test_a_digit_beside_letters_is_a_letter_and_a_number_apart_is_none() -> None:
    assert letters(page("xxxx  55", "5x5x5  5")) == "xxxx55" + "xxxxx5"


def test_a_unit_makes_no_word_of_a_number_but_letters_that_pass_for_0_and_1_are_of_the_word() -> None:
    assert letters(page("xxxx", "37xx")) == "xxxx" + "55xx"
    assert letters(page("xxxx", "10xx")) == "xxxx" + "xxxx"


def test_what_stands_in_a_cell_of_its_own_is_no_letter() -> None:
    scored = page("xxxx", "00xx")
    in_cells = np.arange(len(scored.regions)) == 4

    assert letters(scored) == "xxxx" + "xxxx"
    assert letters(scored, in_cells) == "xxxx" + "5xxx"


def test_signs_are_no_letters() -> None:
    scored = page("xxxx", "5x5x5x", "22x")
    signs = np.arange(len(scored.regions)) == len(scored.regions) - 1

    assert in_words(scored, signs, none_of(scored)).tolist() == [True] * 10 + [False] * 3


def test_a_letter_in_doubt_parts_no_word() -> None:
    assert letters(page("xxxx", "55~xxx")) == "xxxx" + "xx5xxx"


def test_what_was_found_to_be_letters_makes_words_of_the_page() -> None:
    assert letters(page("xxxx", "5x5x5x", "5x5x5x", "22x")) == "xxxx" + "xxxxxx" + "xxxxxx" + "xxx"
    assert letters(page("xxxx", "555555", "22x")) == "xxxx" + "555555" + "55x"


def test_what_follows_from_letters_found_before_must_be_clearer() -> None:
    assert letters(page("xxxx", "5x5x5x", "22x")) == "xxxx" + "xxxxxx" + "xxx"
    assert letters(page("xxxx", "5x5x5x", "22x  55")) == "xxxx" + "xxxxxx" + "55x55"


def test_letters_crowded_by_their_neighbours_are_letters() -> None:
    assert letters(page("xxxx", "5x5x5", unrest=0.2)) == "xxxx" + "xxxxx"


def test_letters_of_a_narrow_hand_are_letters() -> None:
    assert letters(page("xxxx  55", "5x5x5  5", step_px=16, width_px=12)) == "xxxx55" + "xxxxx5"


def test_parentheses_are_no_letters() -> None:
    assert letters(page("xxxx", "|12|")) == "xxxx" + "5555"


def test_letters_that_pass_for_digits_all_of_them_are_a_word_where_they_are_in_doubt() -> None:
    page_of_words = page("xxxx", "37")
    doubted = page_of_words.scores.copy()
    doubted[-2:, 10] = 0.25

    assert letters(page_of_words) == "xxxx" + "55"
    assert letters(replace(page_of_words, scores=doubted)) == "xxxx" + "xx"


def test_an_unreadable_digit_makes_no_word_of_a_number_where_there_are_no_words() -> None:
    assert letters(page("55x55", "5555  555")) == "5" * 12


def test_a_long_number_outweighs_a_digit_that_is_in_doubt() -> None:
    assert letters(page("xxxx", "5555?555")) == "xxxx" + "5" * 8
    assert letters(page("xxxx", "5?")) == "xxxx" + "xx"


def test_a_sure_digit_alone_is_no_word_and_a_doubtful_one_is_a_letter() -> None:
    assert letters(page("xxxx", "5")) == "xxxx" + "5"
    assert letters(page("xxxx", "?")) == "xxxx" + "x"


def test_signs_that_stand_apart_are_no_words() -> None:
    assert letters(page("x x x x x x 5", step_px=40)) == "5555555"


def test_a_word_in_one_stroke_is_a_word_and_a_letter_alone_is_none() -> None:
    scored = page("xxxx", "x", "x")
    x, y, width, height = scored.regions[-1].box_xywh
    word = replace(scored.regions[-1], box_xywh=(x, y, 4 * width, height))

    assert letters(replace(scored, regions=(*scored.regions[:-1], word))) == "xxxx5x"


def test_a_texture_is_no_text() -> None:
    assert letters(page("xxxx5", unrest=0.5)) == "55555"


def test_what_runs_off_the_frame_is_no_letter() -> None:
    scored = page("xxxx5")
    cut = tuple(replace(region, cut=True) for region in scored.regions[:3])

    assert letters(replace(scored, regions=(*cut, *scored.regions[3:]))) == "55555"


def test_a_model_that_knows_digits_alone_finds_no_words() -> None:
    scored = page("xxxx5")

    assert letters(replace(scored, scores=scored.scores[:, :10])) == "55555"


def test_an_empty_page_has_no_words() -> None:
    assert letters(page("")) == ""
