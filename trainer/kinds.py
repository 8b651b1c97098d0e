"""The name of a difficulty in, a labelled picture of it out.

What breaks readers of digits that were only ever tested on MNIST, one by one: light, paper, pens, lines,
hands, angles, and pictures that hold no digit at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import cv2
import numpy as np

from edge_app.frames import BoxXYWH, UInt8
from trainer import layouts
from trainer.camera import SeenNumber, View, random_light, random_view, see_numbers, take_frame
from trainer.data import Digits
from trainer.pages import PAGE_WH, Page, Sheet, Style
from trainer.pens import Pen
from trainer.textures import GROUNDS, draw_desk, draw_room, draw_table_top

FRAME_WH = (640, 480)
FAR_WH = (1280, 960)  # of a page that fills a part of the frame
AFAR_WH = (2592, 1944)  # the same, of a full page
MARKER = (Pen(0.15), Pen(0.18), Pen(0.21))
PENS = (Pen(), Pen(0.05), Pen(0.08), Pen(0.12), Pen(0.16))
MANY_PENS = Style(pens=PENS)
PENCIL = (Pen(0.07, grain=0.35), Pen(0.1, grain=0.45), Pen(0.05, grain=0.25))
COLOURS_BGR = ((40, 40, 200), (60, 140, 40), (170, 60, 160), (200, 120, 20), (30, 110, 220))  # red, green, violet…
BOARDS_BGR = ((52, 66, 48), (44, 44, 46), (70, 60, 52))  # green, black, slate
CHALKS_BGR = ((235, 238, 238), (150, 220, 240), (200, 225, 250))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A labelled picture.

    Attributes:
        frame: (H, W, 3) uint8, blue first.
        numbers: what is written and where; empty where nothing is.
    """

    frame: UInt8
    numbers: tuple[SeenNumber, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One difficulty.

    Attributes:
        layout: writes on the sheet.
        style: how it is written.
        grounds: what the page lies on, one of them.
        view: changes to where the camera stands.
        light: changes to how it is lit and taken.
        frame_wh: size of the picture; None for what the caller wants.
        clutter: how many fingers and pens lie on the page.
        orientation: of `edge-app read` that the picture is meant for.
        digits: that are written; "" for all.
    """

    layout: Callable[[Sheet], None] = layouts.plain
    style: Style = MANY_PENS
    grounds: tuple[Callable[[np.random.Generator], UInt8], ...] = (draw_desk,)
    view: Callable[[np.random.Generator], dict[str, Any]] = field(default=lambda random: {})
    light: Callable[[np.random.Generator], dict[str, Any]] = field(default=lambda random: {})
    frame_wh: tuple[int, int] | None = None
    clutter: int = 0
    orientation: str = "upright"
    digits: str = ""


def draw(name: str, handwriting: Digits, random: np.random.Generator, frame_wh: tuple[int, int] = FRAME_WH) -> Scene:
    """Draws a picture of one kind.

    Args:
        name: one of `KINDS` or of `TAUGHT`.
        handwriting: digits to write with.
        random: source of all chance.
        frame_wh: size of the picture in pixels, where the kind has none of its own.
    """
    kind = (KINDS | TAUGHT)[name]
    frame_wh = kind.frame_wh or frame_wh
    if kind.digits:
        written = np.isin(handwriting.labels, [int(digit) for digit in kind.digits])
        handwriting = handwriting.take(np.flatnonzero(written))
    sheet = Sheet(handwriting, random, kind.style)
    kind.layout(sheet)
    page = with_clutter(sheet.page(), kind.clutter, random)
    view = replace(random_view(random, frame_wh), **kind.view(random))
    view = fitted(view, page, frame_wh)
    light = replace(random_light(random), **kind.light(random))
    ground = kind.grounds[int(random.integers(len(kind.grounds)))](random)
    frame = take_frame(page, [view], light, ground, frame_wh, random)
    return Scene(frame, see_numbers(page, view))


def fitted(view: View, page: Page, frame_wh: tuple[int, int]) -> View:
    """The view from so far away that every number of the page is in the frame."""
    for _ in range(40):
        if all(number.inside(frame_wh) for number in see_numbers(page, view)):
            return view
        view = replace(view, pixels_per_page_px=view.pixels_per_page_px * 0.96)
    return view


def with_clutter(page: Page, count: int, random: np.random.Generator) -> Page:
    """The page with fingers and pens on it, where they hide no digit."""
    boxes = [digit.box_xywh for number in page.numbers for digit in number.digits]
    picture = page.picture.copy()
    for _ in range(count):
        for _ in range(30):
            mask, colour = _finger(random) if random.random() < 0.6 else _ballpoint(random)
            if not any(_hidden(mask, box) for box in boxes):
                _lay(picture, mask, colour)
                break
    return replace(page, picture=picture)


def _finger(random: np.random.Generator) -> tuple[UInt8, tuple[int, int, int]]:
    """A finger that reaches in from an edge of the page."""
    mask = np.zeros((PAGE_WH[1], PAGE_WH[0]), dtype=np.uint8)
    x, y = [(0, None), (PAGE_WH[0], None), (None, PAGE_WH[1])][int(random.integers(3))]
    root = np.array(
        [random.uniform(0, PAGE_WH[0]) if x is None else x, random.uniform(0, PAGE_WH[1]) if y is None else y]
    )
    inward = np.array(PAGE_WH) / 2 - root
    tip = root + inward / np.linalg.norm(inward) * random.uniform(40, 220)
    start, end = (tuple(int(value) for value in point) for point in (root, tip))
    cv2.line(mask, start, end, (255,), int(random.integers(45, 80)))
    skin = random.uniform(0.35, 1.0)
    return mask, (int(140 * skin), int(170 * skin), int(220 * skin))


def _ballpoint(random: np.random.Generator) -> tuple[UInt8, tuple[int, int, int]]:
    """A pen that lies across the page's margin."""
    mask = np.zeros((PAGE_WH[1], PAGE_WH[0]), dtype=np.uint8)
    centre = random.uniform(0, 1, 2) * PAGE_WH
    angle = random.uniform(0, np.pi)
    reach = np.array([np.cos(angle), np.sin(angle)]) * random.uniform(120, 220)
    start, end = (tuple(int(value) for value in centre + sign * reach) for sign in (-1, 1))
    cv2.line(mask, start, end, (255,), int(random.integers(14, 24)))
    return mask, tuple(int(value) for value in random.integers(20, 120, 3))  # type: ignore[return-value]


def _hidden(mask: UInt8, box: BoxXYWH) -> bool:
    x, y, width, height = box
    return bool(mask[max(0, y - 12) : y + height + 12, max(0, x - 12) : x + width + 12].any())


def _lay(picture: UInt8, mask: UInt8, colour: tuple[int, int, int]) -> None:
    """Puts a round thing of a colour on the picture itself, lighter along its middle, with a shadow beside it."""
    shadow = cv2.GaussianBlur(np.roll(mask, (8, 10), (0, 1)), (0, 0), 7).astype(np.float32)[..., np.newaxis] / 255.0
    height = cv2.distanceTransform(mask, cv2.DIST_L2, 5)
    round_light = 0.75 + 0.4 * np.sqrt(height / max(float(height.max()), 1.0))
    body = np.array(colour, dtype=np.float32) * round_light[..., np.newaxis]
    cover = cv2.GaussianBlur(mask, (0, 0), 1.2).astype(np.float32)[..., np.newaxis] / 255.0
    shaded = picture * (1.0 - 0.35 * shadow)
    picture[:] = np.clip(shaded * (1.0 - cover) + body * cover, 0, 255).astype(np.uint8)


def _turned(random: np.random.Generator) -> dict[str, Any]:
    return {"turn_deg": float(random.choice((90, 180, 270)) + random.uniform(-3, 3))}


def _steep(random: np.random.Generator) -> dict[str, Any]:
    return {"turn_deg": float(random.choice((-1, 1)) * random.uniform(10, 25))}


def _perspective(random: np.random.Generator) -> dict[str, Any]:
    tilt_x, tilt_y = random.choice((-1, 1), 2) * random.uniform(0.18, 0.32, 2)
    return {"tilt_xy": (float(tilt_x), float(tilt_y))}


def _hard_shadow(random: np.random.Generator) -> dict[str, Any]:
    at, depth = float(random.uniform(0.25, 0.75)), float(random.uniform(0.3, 0.55))
    return {"shadow_at": at, "shadow_softness": 0.003, "shadow_depth": depth}


def _dim_corners(random: np.random.Generator) -> dict[str, Any]:
    slope_x, slope_y = random.choice((-1, 1), 2) * random.uniform(0.4, 0.8, 2)
    return {"vignette": float(random.uniform(0.4, 0.8)), "slope_xy": (float(slope_x), float(slope_y))}


def _cast(random: np.random.Generator) -> dict[str, Any]:
    warm = (float(random.uniform(0.4, 0.6)), 0.85, 1.0)
    return {"cast_bgr": warm if random.random() < 0.6 else (1.0, 0.85, float(random.uniform(0.5, 0.7)))}


def _glare(random: np.random.Generator) -> dict[str, Any]:
    return {"glare_at": (float(random.uniform(-0.3, 0.3)), float(random.uniform(-0.3, 0.3))), "level": 0.8}


def _blurred(random: np.random.Generator) -> dict[str, Any]:
    return {"blur_px": float(random.uniform(1.3, 2.0))}


def _noisy(random: np.random.Generator) -> dict[str, Any]:
    return {"noise": float(random.uniform(10, 18)), "level": float(random.uniform(0.4, 0.8))}


def _blocky(random: np.random.Generator) -> dict[str, Any]:
    return {"jpeg_quality": int(random.integers(12, 30))}


def _distant(frame_wh: tuple[int, int], sizes: tuple[float, float], random: np.random.Generator) -> dict[str, Any]:
    """A page of some size, in pixels of the frame for each of its own, about the middle of a frame."""
    width, height = frame_wh
    centre = width * random.uniform(0.42, 0.58), height * random.uniform(0.42, 0.58)
    return {"pixels_per_page_px": float(random.uniform(*sizes)), "centre_xy": (float(centre[0]), float(centre[1]))}


_LARGE = Style(height_px=(90, 150), pens=PENS)
_FAR_PAGE = Kind(
    style=Style(height_px=(70, 140), pens=(*PENS, *PENCIL), strength=(0.4, 1.0)),
    view=partial(_distant, FAR_WH, (0.45, 0.75)),
    frame_wh=FAR_WH,
)

POSITIVE: dict[str, Kind] = {
    "plain": Kind(style=Style()),
    "shadow": Kind(light=_hard_shadow),
    "vignette": Kind(light=_dim_corners),
    "cast": Kind(light=_cast),
    "crumpled": Kind(style=Style(pens=PENS, creases=0.18)),
    "whiteboard": Kind(
        style=Style(pens=MARKER, pens_bgr=(*COLOURS_BGR, (40, 30, 30)), papers_bgr=((242, 242, 242),)), light=_glare
    ),
    "pencil": Kind(style=Style(pens=PENCIL, pens_bgr=((110, 110, 112), (130, 128, 128)), strength=(0.75, 0.95))),
    "faint": Kind(style=Style(pens=PENS, strength=(0.22, 0.4))),
    "ballpoint": Kind(style=Style(height_px=(90, 170), pens=(Pen(0.025), Pen(0.035), Pen(0.045)))),
    "marker": Kind(style=Style(pens=MARKER, gap=(0.16, 0.3))),
    "coloured": Kind(style=Style(pens=PENS, pens_bgr=COLOURS_BGR)),
    "chalk": Kind(
        style=Style(
            height_px=(70, 140),
            pens=(Pen(0.1, grain=0.35), Pen(0.13, grain=0.4)),
            pens_bgr=CHALKS_BGR,
            papers_bgr=BOARDS_BGR,
        )
    ),
    "bleeding": Kind(style=Style(pens=(Pen(0.1, bleed=0.025), Pen(bleed=0.02)))),
    "blurred": Kind(style=_LARGE, light=_blurred),
    "noisy": Kind(style=_LARGE, light=_noisy),
    "blocky": Kind(style=_LARGE, light=_blocky),
    "small": Kind(style=_LARGE, frame_wh=(320, 240)),
    "large": Kind(style=Style(height_px=(45, 110), pens=PENS), frame_wh=(2592, 1944)),
    "single": Kind(layouts.single, style=Style(pens=(*PENS, *MARKER)), frame_wh=(1280, 960)),
    "fine": Kind(layouts.single, style=Style(pens=(Pen(0.012), Pen(0.02), Pen(0.03))), frame_wh=(1280, 960)),
    "across": Kind(layouts.across, style=Style(pens=(Pen(0.02), Pen(0.035), *PENS, *MARKER)), frame_wh=(1280, 960)),
    "mixed": Kind(style=Style(height_px=(44, 260), pens=PENS)),
    "ground": Kind(grounds=GROUNDS, view=lambda random: {"pixels_per_page_px": float(random.uniform(0.3, 0.42))}),
    "desk": replace(_FAR_PAGE, grounds=(draw_table_top,)),
    "held": replace(_FAR_PAGE, grounds=(draw_room,)),
    "cluttered": Kind(grounds=(draw_desk, *GROUNDS), clutter=4),
    "ruled": Kind(layouts.ruled),
    "squared": Kind(layouts.squared, style=Style(height_px=(70, 140), pens=PENS)),
    "form": Kind(layouts.form),
    "pale": Kind(layouts.form, style=Style(pens=PENS, strength=(0.2, 0.4))),
    "table": Kind(layouts.table),
    "sudoku": Kind(layouts.sudoku, frame_wh=(1024, 768)),
    "sums": Kind(layouts.sums),
    "noted": Kind(layouts.noted),
    "marked": Kind(layouts.marked, style=Style(pens=PENS)),
    "touching": Kind(style=Style(pens=PENS, gap=(-0.07, 0.03))),
    "broken": Kind(style=Style(pens=(Pen(breaks=0.35), Pen(0.08, breaks=0.35)))),
    "tilted": Kind(view=_steep),
    "perspective": Kind(view=_perspective),
    "foreign": Kind(style=Style(pens=PENS, foreign=True)),
    "slanted": Kind(style=Style(pens=PENS, slant=(-0.25, 0.5))),
    "notes": Kind(layouts.notes),
    "dated": Kind(layouts.dated, style=Style(height_px=(50, 90))),
    "columns": Kind(layouts.columns, style=Style(pens=PENS)),
    "full": Kind(style=Style(height_px=(24, 32), pens=PENS), frame_wh=(1600, 1200)),
    "afar": Kind(
        style=Style(height_px=(24, 40), pens=PENS), view=partial(_distant, AFAR_WH, (0.75, 1.05)), frame_wh=AFAR_WH
    ),
    "binary": Kind(layouts.sums, digits="01"),
    "coded": Kind(layouts.form, digits="01"),
    "turned": Kind(view=_turned, orientation="auto"),
}
"""With digits."""

NEGATIVE: dict[str, Kind] = {
    "blank": Kind(layouts.empty, grounds=(draw_desk, *GROUNDS), light=_hard_shadow, clutter=3),
    "texture": Kind(
        layouts.empty, grounds=GROUNDS, view=lambda random: {"centre_xy": (-2000.0, -2000.0), "pixels_per_page_px": 0.3}
    ),
    "letters": Kind(layouts.letters),
    "words": Kind(layouts.words),
    "handwritten": Kind(layouts.handwritten),
    "print": Kind(layouts.print_only, frame_wh=(1024, 768)),
    "scribbles": Kind(layouts.scribbles),
    "signs": Kind(layouts.signs),
}
"""Without."""

KINDS = POSITIVE | NEGATIVE
"""By the name that --kinds takes."""

TAUGHT = {
    f"taught-{name}": replace(kind, style=replace(kind.style, taught=True))
    for name, kind in KINDS.items()
    if name in ("noted", "notes", "letters", "words", "handwritten")
}
"""With letters that models may learn from."""
