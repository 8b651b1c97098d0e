"""Handwriting in, a clip out: ten seconds of a hand-held camera over three written pages.

    python -m trainer clip
    python -m trainer clip --hard --split validation

The hard one is written on lined paper; a shadow's edge wanders over it, the camera's exposure jumps, and
a hand reaches across each page. No classifier takes part: handwriting, spacing and movement are drawn at
random from the seed. Beside the clip stands its truth: every number with the frames in which it is wholly
in the picture.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from edge_app.frames import UInt8
from trainer import data
from trainer.camera import Light, SeenNumber, View, see_numbers, take_frame
from trainer.errors import DataError
from trainer.layouts import ruled
from trainer.pages import Page, Sheet, write_page
from trainer.scenes import make_folder
from trainer.textures import draw_desk

FRAME_WH = (640, 480)
FPS = 30
PAGES = 3
FRAMES_PER_PAGE = 100
SLIDE_FRAMES = 14  # a hand pulls a page away in half a second
SLIDE_PX = 760  # further than the page is wide
SHUTTER = 0.5  # share of a frame's time that the shutter is open
BLUR_STEP_PX = 3.0  # a moving page is seen from several views a frame, no further apart than this
Truth: TypeAlias = dict[str, Any]
"""JSON-ready; `edge_app.agreement` reads it."""

EXPOSURES = (0.95, 0.7, 1.05, 0.8)  # what a camera's automatic exposure jumps between
EXPOSURE_FRAMES = 37
REACH_SHARE = 0.14  # of a page's time, before and after its middle, that a hand is in the picture
SKIN_BGR = (120, 150, 195)
CODEC = "mp4v"  # MPEG-4 part 2: OpenCV's wheel writes it, and a Pi decodes it on one core


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Registers `clip`."""
    summary = "draw the sample clip and its truth"
    parser = subparsers.add_parser("clip", help=summary, description=summary.capitalize() + ".")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="FOLDER", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (default: %(default)s)")
    parser.add_argument(
        "--frames-per-page", type=int, default=FRAMES_PER_PAGE, metavar="N", help="default: %(default)s"
    )
    parser.add_argument("--hard", action="store_true", help="lined paper, a hard shadow, jumps of exposure, a hand")
    parser.add_argument(
        "--split", choices=("validation", "test"), default="test", help="whose handwriting (default: %(default)s)"
    )
    data.add_flag(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    if args.frames_per_page < 2 * SLIDE_FRAMES:
        raise DataError(f"--frames-per-page must be {2 * SLIDE_FRAMES} or more. Received: {args.frames_per_page}")
    make_folder(args.out)
    mnist = data.load_mnist(args.mnist)
    handwriting = mnist.test if args.split == "test" else mnist.validation
    truth = draw_clip(handwriting, args.out / "clip.mp4", args.seed, args.frames_per_page, args.hard)
    truth["source"] = f"MNIST {args.split} handwriting, drawn by `python -m trainer clip{' --hard' * args.hard}`"
    (args.out / "clip.json").write_text(json.dumps(truth, indent=1) + "\n")
    size = (args.out / "clip.mp4").stat().st_size
    print(f"{args.out / 'clip.mp4'}: {truth['frames']} frames, {len(truth['numbers'])} numbers, {size} bytes")
    return 0


def draw_clip(
    handwriting: data.Digits, file: Path, seed: int, frames_per_page: int = FRAMES_PER_PAGE, hard: bool = False
) -> Truth:
    """Draws the clip.

    Args:
        handwriting: digits to write with.
        file: the .mp4 to write.
        seed: of all chance.
        frames_per_page: how long each page lies there, its coming and going included.
        hard: whether paper, light and a hand make it difficult.

    Returns:
        The truth: size, pace, and each number with its text, first and last frame, and box midway.
    """
    random = np.random.default_rng(seed)
    pages = [_write(handwriting, random, hard) for _ in range(PAGES)]
    desk, hand = draw_desk(random), _Hand(random, hard)
    count = PAGES * frames_per_page
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*CODEC), FPS, FRAME_WH)
    if not writer.isOpened():
        raise DataError(f"{file} must be writable as {CODEC} video")
    seen: list[dict[int, SeenNumber]] = []
    try:
        for number in track(range(count), "drawing the clip", console=Console(stderr=True)):
            page = pages[number // frames_per_page]
            views = _views(hand, number, frames_per_page)
            frame = take_frame(page, views, hand.light(number), desk, FRAME_WH, random)
            if hard:
                _reach_across(frame, (number % frames_per_page) / frames_per_page)
            writer.write(frame)
            seen.append(_whole_numbers(page, views))
    finally:
        writer.release()
    return {
        "clip": file.name,
        "frames": count,
        "fps": FPS,
        "width": FRAME_WH[0],
        "height": FRAME_WH[1],
        "seed": seed,
        "source": "MNIST handwriting, drawn by `python -m trainer clip`",
        "numbers": _truth(pages, seen, frames_per_page),
    }


def _write(handwriting: data.Digits, random: np.random.Generator, hard: bool) -> Page:
    if not hard:
        return write_page(handwriting, random)
    sheet = Sheet(handwriting, random)
    ruled(sheet)
    return sheet.page()


def _reach_across(frame: UInt8, share: float) -> None:
    """Draws a hand on the frame itself that comes in from the right, rests and goes, in the middle of a page's time."""
    way = 1.0 - abs(share - 0.6) / REACH_SHARE
    if way <= 0.0:
        return
    tip = FRAME_WH[0] - round(min(1.0, 2.0 * way) * 0.75 * FRAME_WH[0])
    mask = np.zeros(frame.shape[:2], dtype=np.uint8)
    cv2.line(mask, (tip, 250), (FRAME_WH[0] + 80, 330), (255,), 34)
    cv2.line(mask, (tip + 130, 290), (FRAME_WH[0] + 80, 340), (255,), 110)
    cover = cv2.GaussianBlur(mask, (0, 0), 2.0).astype(np.float32)[..., np.newaxis] / 255.0
    frame[:] = (frame * (1.0 - cover) + np.array(SKIN_BGR, dtype=np.float32) * cover + 0.5).astype(np.uint8)


def _views(hand: "_Hand", number: int, frames_per_page: int) -> list[View]:
    """Where the page is while the shutter of one frame is open."""
    page = number // frames_per_page
    way_px = abs(_slide_px(number + SHUTTER, page, frames_per_page) - _slide_px(number, page, frames_per_page))
    times = np.linspace(number, number + SHUTTER, 2 + int(way_px / BLUR_STEP_PX))
    return [hand.view(time, _slide_px(time, page, frames_per_page)) for time in times]


class _Hand:
    """A hand that holds the camera: slow drift and a small tremor, and the light of the room as it changes."""

    def __init__(self, random: np.random.Generator, hard: bool = False) -> None:
        self._hard = hard
        self._phase = random.uniform(0.0, 2.0 * np.pi, 8)

    def view(self, time: float, slide_px: float) -> View:
        """Where the page stands at a time in frames, moved aside by some pixels."""
        drift_x = 5.0 * self._wave(0, time, 130) + 0.7 * self._wave(1, time, 11)
        drift_y = 4.0 * self._wave(2, time, 170) + 0.6 * self._wave(3, time, 9)
        centre = FRAME_WH[0] / 2 + drift_x + slide_px, FRAME_WH[1] / 2 + drift_y
        size = 0.5 * (1.0 + 0.015 * self._wave(4, time, 210))
        tilt = 0.05 * self._wave(5, time, 260), 0.06 + 0.04 * self._wave(6, time, 190)
        return View(centre, size, 1.8 * self._wave(7, time, 230), tilt)

    def light(self, time: float) -> Light:
        """A lamp to one side, and somebody's shadow that comes and goes."""
        if self._hard:
            jump = EXPOSURES[int(time / EXPOSURE_FRAMES) % len(EXPOSURES)]
            at = 0.5 + 0.4 * self._wave(2, time, 190)
            return Light(
                level=jump, slope_xy=(0.3, -0.2), shadow_at=at, shadow_softness=0.004, shadow_depth=0.4, noise=3.0
            )
        return Light(
            level=0.92 + 0.06 * self._wave(1, time, 150),
            slope_xy=(0.25, -0.15),
            shadow_at=0.15 + 0.35 * self._wave(2, time, 280),
            vignette=0.12,
            noise=1.6,
            blur_px=0.5,
        )

    def _wave(self, index: int, time: float, period: float) -> float:
        return float(np.sin(2.0 * np.pi * time / period + self._phase[index]))


def _slide_px(time: float, page: int, frames_per_page: int) -> float:
    """How far a page is from its place: it comes from the left, slowing down, and leaves to the right, speeding up."""
    since, until = time - page * frames_per_page, (page + 1) * frames_per_page - time
    if page > 0 and since < SLIDE_FRAMES:
        return -SLIDE_PX * (1.0 - since / SLIDE_FRAMES) ** 2
    if page < PAGES - 1 and until < SLIDE_FRAMES:
        return SLIDE_PX * (1.0 - until / SLIDE_FRAMES) ** 2
    return 0.0


def _whole_numbers(page: Page, views: Sequence[View]) -> dict[int, SeenNumber]:
    """The numbers that are wholly in the picture all the while the shutter is open, by their place on the page."""
    first, last = see_numbers(page, views[0]), see_numbers(page, views[-1])
    return {
        index: number
        for index, (number, later) in enumerate(zip(first, last, strict=True))
        if number.inside(FRAME_WH) and later.inside(FRAME_WH)
    }


def _truth(pages: Sequence[Page], seen: Sequence[dict[int, SeenNumber]], frames_per_page: int) -> list[Truth]:
    entries: list[Truth] = []
    for page_number, page in enumerate(pages):
        start = page_number * frames_per_page
        for index, number in enumerate(page.numbers):
            frames = [frame for frame in range(start, start + frames_per_page) if index in seen[frame]]
            if frames:
                middle = seen[frames[len(frames) // 2]][index]
                entries.append(
                    {
                        "text": number.text,
                        "first_frame": frames[0],
                        "last_frame": frames[-1],
                        "box": middle.box_xywh,
                    }
                )
    return entries
