"""The sample clip shows what its truth says, while its truth says it."""

import argparse
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.agreement import load_truth
from edge_app.devices.cameras import embedded_clip_path
from edge_app.frames import UInt8
from trainer import clip
from trainer.clip import FRAME_WH, FRAMES_PER_PAGE, PAGES, SLIDE_FRAMES, Truth, draw_clip
from trainer.data import Mnist
from trainer.errors import DataError

SHORT = 2 * SLIDE_FRAMES + 2  # frames a page: as short as a page can come, rest and go
INK_SHARE = 0.6  # of the paper's brightness, below which a pixel is ink: the paler pen reaches 0.4

DESK_GRAY = 110  # no lamp lights the desk more; paper in the shadow is 130


def frames_of(path: Path) -> list[UInt8]:
    capture, frames = cv2.VideoCapture(str(path)), list[UInt8]()
    while (answer := capture.read())[0]:
        frames.append(np.asarray(answer[1], dtype=np.uint8))
    return frames


def paper_share(frame: UInt8, box_xywh: tuple[int, int, int, int]) -> NDArray[np.float64]:
    """Brightness in a box as a share of the paper round it."""
    x, y, width, height = box_xywh
    part = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)[y : y + height, x : x + width].astype(np.float64)
    return np.asarray(part / np.percentile(part, 90))


def draw_short(mnist: Mnist, path: Path) -> Truth:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            clip, "BLUR_STEP_PX", 100.0
        )  # two or three views a frame: how smooth a blur is, is no matter here
        return draw_clip(mnist.validation, path, seed=3, frames_per_page=SHORT)


@pytest.fixture(scope="module")
def short_clip(mnist: Mnist, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return path, draw_short(mnist, path)


def test_a_short_clip_has_the_frames_that_its_truth_states(short_clip: tuple[Path, Truth]) -> None:
    path, truth = short_clip

    frames = frames_of(path)

    assert len(frames) == truth["frames"] == PAGES * SHORT
    assert frames[0].shape == (truth["height"], truth["width"], 3) == (480, 640, 3)


def test_the_same_seed_draws_the_same_clip(mnist: Mnist, short_clip: tuple[Path, Truth], tmp_path: Path) -> None:
    path, truth = short_clip

    again = draw_short(mnist, tmp_path / "clip.mp4")

    assert again == truth
    assert (tmp_path / "clip.mp4").read_bytes() == path.read_bytes()


def test_boxes_are_inside_the_frame_and_times_inside_the_pages_own(short_clip: tuple[Path, Truth]) -> None:
    for number in short_clip[1]["numbers"]:
        x, y, width, height = number["box"]

        assert x >= 1
        assert y >= 1
        assert x + width < FRAME_WH[0]
        assert y + height < FRAME_WH[1]
        assert number["first_frame"] // SHORT == number["last_frame"] // SHORT
        assert 0 <= number["first_frame"] <= number["last_frame"] < PAGES * SHORT


def test_a_page_that_leaves_to_the_right_hides_its_rightmost_number_first(short_clip: tuple[Path, Truth]) -> None:
    first_page = [number for number in short_clip[1]["numbers"] if number["first_frame"] < SHORT]
    by_right_edge = sorted(first_page, key=lambda number: number["box"][0] + number["box"][2])

    assert by_right_edge[0]["last_frame"] > by_right_edge[-1]["last_frame"]
    assert all(number["last_frame"] >= SHORT - SLIDE_FRAMES for number in first_page)


def test_fewer_frames_than_coming_and_going_take_are_refused(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    clip.add_parser(parser.add_subparsers())
    args = parser.parse_args(["clip", "--out", str(tmp_path), "--frames-per-page", "27"])

    with pytest.raises(DataError, match=re.escape("--frames-per-page must be 28 or more. Received: 27")):
        args.run(args)


def test_a_clip_that_cannot_be_written_is_refused(mnist: Mnist, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be writable as mp4v video"):
        draw_clip(mnist.validation, tmp_path / "missing" / "clip.mp4", seed=1, frames_per_page=SHORT)


def test_the_embedded_clip_is_what_its_truth_says() -> None:
    truth = load_truth(embedded_clip_path().with_suffix(".json"))

    frames = frames_of(embedded_clip_path())

    assert len(frames) == truth.frames == PAGES * FRAMES_PER_PAGE
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    for number in truth.numbers:
        share = paper_share(frames[(number.first_frame + number.last_frame) // 2], number.box)
        inked_columns = (share < INK_SHARE).any(axis=0).mean()
        assert inked_columns > 0.5, number
        assert 0.03 < (share < INK_SHARE).mean() < 0.6, number


def test_nothing_is_written_outside_the_boxes_of_the_embedded_clip_while_a_page_rests() -> None:
    truth = load_truth(embedded_clip_path().with_suffix(".json"))
    frames = frames_of(embedded_clip_path())

    for page in range(PAGES):
        middle = page * FRAMES_PER_PAGE + FRAMES_PER_PAGE // 2
        gray = cv2.cvtColor(frames[middle], cv2.COLOR_BGR2GRAY)
        paper = cv2.morphologyEx(gray, cv2.MORPH_CLOSE, np.ones((41, 41), np.uint8))
        # Closing carries the paper 20 px past the page's edge, and writing keeps 35 px away from it: 25 is between.
        on_page = cv2.erode((paper > DESK_GRAY).astype(np.uint8), np.ones((51, 51), np.uint8), borderValue=(0,))
        ink = ((gray < INK_SHARE * paper) & (on_page > 0)).astype(np.uint8)
        written = int(ink.sum())
        for number in truth.numbers:
            if number.first_frame <= middle <= number.last_frame:
                x, y, width, height = number.box
                ink[y - 9 : y + height + 9, x - 9 : x + width + 9] = 0  # boxes are of another frame: drift

        assert written > 2000
        assert ink.sum() == 0


def test_the_embedded_clip_is_small_enough_to_ship() -> None:
    assert embedded_clip_path().stat().st_size < 3.6e6  # with the model under 4 MB


def test_the_hard_clip_has_a_shadow_rules_and_a_hand(mnist: Mnist, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clip, "BLUR_STEP_PX", 100.0)
        plain, hard = (
            draw_clip(mnist.validation, tmp_path / f"{name}.mp4", 3, SHORT, hard=name == "hard")
            for name in ("plain", "hard")
        )

    resting = [frames_of(tmp_path / f"{name}.mp4")[SHORT // 2 + 3].astype(float) for name in ("plain", "hard")]

    assert plain["numbers"] != hard["numbers"]
    skin = [np.mean(np.abs(frame - clip.SKIN_BGR).max(axis=2) < 40) for frame in resting]
    assert skin[1] > skin[0] + 0.03
