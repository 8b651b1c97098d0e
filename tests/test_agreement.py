"""Published readings are held against what is written, frame by frame."""

from pathlib import Path

import pytest

from edge_app.agreement import GRACE_FRAMES, Agreement, ClipTruth, WrittenNumber, load_truth
from edge_app.devices.cameras import embedded_clip_path
from edge_app.errors import ImageError
from edge_app.frames import Digit, Reading


def written(text: str, first: int = 0, last: int = 99, x: int = 10) -> WrittenNumber:
    return WrittenNumber(text, first, last, (x, 20, 60, 30))


def published(*texts: str, x: int = 10) -> list[Reading]:
    return [Reading(tuple(Digit(int(c), 0.9, (x + 20 * i, 20, 18, 30)) for i, c in enumerate(t))) for t in texts]


def agreement(*numbers: WrittenNumber) -> Agreement:
    return Agreement(ClipTruth(300, numbers))


def test_a_number_that_is_written_is_right_and_one_that_is_not_is_false() -> None:
    judge = agreement(written("407"), written("12"))

    judge.update(5, published("407"))
    judge.update(6, published("407", "99"))
    judge.update(7, published("407", "99"))

    assert judge.right == {0}
    assert judge.false == [(6, "99")]
    assert judge.summary() == "1 of 2 written numbers published, 1 false; missed: 12; false: 99 (frame 6)"


def test_all_right_is_a_short_summary() -> None:
    judge = agreement(written("407"))

    judge.update(5, published("407"))

    assert judge.summary() == "1 of 1 written numbers published, 0 false"


@pytest.mark.parametrize(
    ("frame", "false"),
    [
        pytest.param(9, 1, id="before it came"),
        pytest.param(10, 0, id="as it came"),
        pytest.param(20 + GRACE_FRAMES, 0, id="while it is being dropped"),
        pytest.param(21 + GRACE_FRAMES, 1, id="long after it left"),
    ],
)
def test_a_number_is_true_while_it_is_there(frame: int, false: int) -> None:
    judge = agreement(written("407", first=10, last=20))

    judge.update(frame, published("407"))

    assert len(judge.false) == false


def test_one_written_number_accounts_for_one_published_reading() -> None:
    judge = agreement(written("7"))

    judge.update(5, published("7", "7"))

    assert judge.false == [(5, "7")]


def test_of_two_equal_numbers_the_nearer_one_is_the_one_that_was_read() -> None:
    judge = agreement(written("7", x=10), written("7", x=400))

    judge.update(5, published("7", x=390))

    assert judge.right == {1}


def test_a_false_reading_that_returns_counts_again() -> None:
    judge = agreement(written("7"))

    for frame, texts in enumerate((["9"], [], ["9"])):
        judge.update(frame, published(*texts))

    assert judge.false == [(0, "9"), (2, "9")]


def test_the_embedded_clips_truth_can_be_read() -> None:
    truth = load_truth(embedded_clip_path().with_suffix(".json"))

    assert truth.frames == 300
    assert len(truth.numbers) >= 20


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"[]",
        b'{"frames": 3}',
        b'{"frames": 3, "numbers": [{"text": 4}]}',
        b'{"frames": 3, "numbers": [{"text": "\xee"}]}',
    ],
)
def test_what_is_no_truth_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "truth.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ImageError, match="must say what is written in the clip"):
        load_truth(path)
