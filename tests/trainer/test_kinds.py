"""Every difficulty is drawn as named, with its truth in place."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from edge_app.pipeline import ReadSettings
from edge_app.stages.regions import RegionLimits
from trainer import kinds
from trainer.data import Mnist
from trainer.kinds import KINDS, NEGATIVE, POSITIVE, TAUGHT, Scene, draw
from trainer.layouts import SURE_LETTERS
from trainer.pages import Sheet
from trainer.writers import learnt_hands, unknown_hands


def scene(name: str, mnist: Mnist, seed: int = 3) -> Scene:
    return draw(name, mnist.validation, np.random.default_rng(seed))


@pytest.mark.parametrize("name", [name for name in POSITIVE if name != "large"])
def test_digits_are_where_the_truth_says(name: str, mnist: Mnist) -> None:
    drawn = scene(name, mnist)
    gray = cv2.cvtColor(drawn.frame, cv2.COLOR_BGR2GRAY)
    height, width = gray.shape

    assert drawn.numbers
    for number in drawn.numbers:
        assert number.inside((width, height))
        for x, y, box_width, box_height in number.digit_boxes:
            assert min(box_width, box_height) >= 2
            assert gray[y : y + box_height, x : x + box_width].std() > 2.0


@pytest.mark.parametrize("name", ["binary", "coded"])
def test_binary_numbers_are_written_with_0s_and_1s(name: str, mnist: Mnist) -> None:
    assert set("".join(number.text for number in scene(name, mnist).numbers)) == {"0", "1"}


def test_a_full_page_holds_more_digits_than_are_looked_at_first(mnist: Mnist) -> None:
    assert sum(len(number.text) for number in scene("full", mnist).numbers) > RegionLimits().max_regions


def test_a_page_from_afar_is_large_and_its_digits_are_small(mnist: Mnist) -> None:
    drawn = scene("afar", mnist)
    heights = [height for number in drawn.numbers for _, _, _, height in number.digit_boxes]

    assert max(drawn.frame.shape[:2]) > 2 * ReadSettings(threshold=0.5).working_side_px
    assert 12 < np.median(heights) < 40


@pytest.mark.parametrize("name", NEGATIVE)
def test_pictures_without_digits_have_no_truth_but_something_in_them(name: str, mnist: Mnist) -> None:
    drawn = scene(name, mnist)

    assert drawn.numbers == ()
    assert drawn.frame.std() > 2.0


def written_in(kind: str, mnist: Mnist, monkeypatch: pytest.MonkeyPatch) -> tuple[set[str], set[str]]:
    """Letters and fonts of three pages."""
    letters, fonts = set[str](), set[str]()

    def noting(really: Callable[..., Any]) -> Callable[..., Any]:
        def write(text: str, font: str, *size: float) -> Any:
            letters.update(text)
            fonts.add(font)
            return really(text, font, *size)

        return write

    with monkeypatch.context() as patched:
        for name in ("write_text", "write_beside_digits"):
            patched.setattr(kinds.layouts, name, noting(getattr(kinds.layouts, name)))
        for seed in range(3):
            scene(kind, mnist, seed)
    return letters, fonts


@pytest.mark.parametrize("name", TAUGHT)
def test_models_learn_from_letters_that_pass_for_no_digit(
    name: str, mnist: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught, _ = written_in(name, mnist, monkeypatch)
    measured, _ = written_in(name.removeprefix("taught-"), mnist, monkeypatch)

    assert taught <= set(SURE_LETTERS)
    assert measured - set(SURE_LETTERS)


@pytest.mark.parametrize("name", ["notes", "handwritten"])
def test_pages_to_measure_on_are_by_writers_whom_no_model_knows(
    name: str, mnist: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, learnt = written_in(f"taught-{name}", mnist, monkeypatch)
    _, measured = written_in(name, mnist, monkeypatch)

    assert learnt <= set(learnt_hands())
    assert measured <= set(unknown_hands())


def test_the_same_seed_draws_the_same_and_another_another(mnist: Mnist) -> None:
    first, second, other = (scene("cluttered", mnist, seed) for seed in (1, 1, 2))

    assert np.array_equal(first.frame, second.frame)
    assert first.numbers == second.numbers
    assert not np.array_equal(first.frame, other.frame)


def test_fine_pens_are_fine_and_markers_fat(mnist: Mnist) -> None:
    shares = {}
    for name in ("fine", "ballpoint", "marker"):
        drawn = [scene(name, mnist, seed) for seed in range(3)]
        shares[name] = np.mean([_ink_share(one, box) for one in drawn for n in one.numbers for box in n.digit_boxes])

    assert shares["fine"] < shares["ballpoint"] < shares["marker"]


def test_a_page_that_would_not_fit_is_seen_from_further_away(mnist: Mnist) -> None:
    drawn = [scene("tilted", mnist, seed) for seed in range(4)]

    assert all(number.inside((640, 480)) for one in drawn for number in one.numbers)


def test_orientation_is_asked_for_only_where_pages_are_turned() -> None:
    assert {name for name, kind in KINDS.items() if kind.orientation == "auto"} == {"turned"}


def test_clutter_hides_no_digit(mnist: Mnist, monkeypatch: pytest.MonkeyPatch) -> None:
    laid: list[np.ndarray] = []
    really = kinds._lay
    monkeypatch.setattr(kinds, "_lay", lambda picture, mask, colour: (laid.append(mask), really(picture, mask, colour)))
    page = kinds.Sheet(mnist.validation, np.random.default_rng(5))
    kinds.layouts.plain(page)
    written = page.page()

    kinds.with_clutter(written, 5, np.random.default_rng(5))

    assert laid
    for mask in laid:
        for number in written.numbers:
            for digit in number.digits:
                x, y, width, height = digit.box_xywh
                assert not mask[y : y + height, x : x + width].any()


def _ink_share(drawn: Scene, box: tuple[int, int, int, int]) -> float:
    """Share of a digit's box that is darker than midway between its paper and its ink."""
    x, y, width, height = box
    part = cv2.cvtColor(drawn.frame, cv2.COLOR_BGR2GRAY)[y : y + height, x : x + width].astype(float)
    return float(np.mean(part < (np.percentile(part, 90) + part.min()) / 2))


def test_signs_stand_between_numbers_in_a_hand_that_no_model_knows(
    mnist: Mnist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.layouts._entry", lambda random: "12/03/2024")
    signs, fonts = written_in("dated", mnist, monkeypatch)
    texts = [number.text for number in scene("dated", mnist, 1).numbers]

    assert signs == {"/"}
    assert fonts <= set(unknown_hands())
    assert texts[:3] == ["12", "03", "2024"]
    assert texts == ["12", "03", "2024"] * (len(texts) // 3)  # an entry is written whole or not at all


@pytest.mark.parametrize("seed", range(4))
def test_numbers_of_a_sum_end_below_each_other(mnist: Mnist, seed: int) -> None:
    page = Sheet(mnist.validation, np.random.default_rng(seed))

    kinds.layouts.columns(page)

    ends = {number: number.digits[-1].box_xywh for number in page.numbers}
    tall = max(height for _, _, _, height in ends.values())
    followed = [
        any(other.line == number.line + 1 and abs(ends[other][0] - x) < tall / 2 for other in ends)
        for number, (x, _, _, _) in ends.items()
    ]
    assert len(ends) >= 6
    assert sum(followed) >= 0.6 * len(ends)  # all but the last of each sum


@pytest.mark.parametrize("seed", range(3))
def test_a_pale_pen_is_paler_than_the_print_of_its_form(mnist: Mnist, seed: int) -> None:
    drawn = scene("pale", mnist, seed)
    gray = cv2.GaussianBlur(cv2.cvtColor(drawn.frame, cv2.COLOR_BGR2GRAY), (3, 3), 0)

    for number in drawn.numbers:
        for x, y, width, height in number.digit_boxes:
            digit = gray[y : y + height, x : x + width]
            around = gray[y - height // 2 : y + height + height // 2, x - height // 2 : x + width + height // 2]
            paper = np.percentile(around, 90)
            assert paper - digit.min() < 0.75 * (paper - around.min())  # the box that it stands in
