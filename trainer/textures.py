"""Chance in, what lies under and around a page out: wood, cloth, leather, a room, and paper's own unevenness."""

from collections.abc import Callable

import cv2
import numpy as np

from edge_app.frames import Float32, UInt8

DESK_WH = (1900, 1500)
WOOD_BGR = (62, 88, 118)  # oiled


def clouds(shape_hw: tuple[int, ...], random: np.random.Generator, cell_px: int) -> Float32:
    """Smooth noise of about unit variance with features of a size, (H, W) float32."""
    grid = random.normal(0.0, 1.0, (shape_hw[0] // cell_px + 3, shape_hw[1] // cell_px + 3)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (shape_hw[1], shape_hw[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def natural_noise(side_px: int, random: np.random.Generator, falloff: float, stretch: float = 1.0) -> Float32:
    """Noise of unit variance with the power spectrum of natural scenes, (side, side) float32.

    Amplitude falls with frequency to the power `falloff`; photographs have about 1 (Field, "Relations
    between the statistics of natural images and the response properties of cortical cells", 1987).
    `stretch` above 1 draws features out across.
    """
    down, across = np.meshgrid(np.fft.fftfreq(side_px), np.fft.fftfreq(side_px) * stretch, indexing="ij")
    amplitude = np.maximum(np.hypot(down, across), 1.0 / side_px) ** -falloff
    amplitude[0, 0] = 0.0
    field = np.fft.ifft2(np.fft.fft2(random.normal(size=(side_px, side_px))) * amplitude).real
    return np.asarray(field / field.std(), dtype=np.float32)


def draw_desk(random: np.random.Generator) -> UInt8:
    """A wooden desk, (H, W, 3) uint8, with a grain that is fainter than any pen."""
    return _tinted(WOOD_BGR, 0.05 * _fibres(random))


def draw_table_top(random: np.random.Generator) -> UInt8:
    """A table top or a mat, hardly grained, of any tone from black to nearly white."""
    return _tinted(_colour(random, (20, 20, 20), (205, 215, 220)), 0.04 * _field(random, 1.5, 1.0))


def draw_boards(random: np.random.Generator) -> UInt8:
    """Rough boards: dark grain lines, knots and gaps between planks."""
    grain = 0.16 * _fibres(random) + 0.12 * _field(random, 1.3, 6.0)
    rows = np.arange(DESK_WH[1]) % int(random.integers(180, 420))
    grain[rows < 5] -= 0.6
    for _ in range(int(random.integers(2, 8))):
        centre = int(random.integers(DESK_WH[0])), int(random.integers(DESK_WH[1]))
        axes = int(random.integers(10, 40)), int(random.integers(6, 20))
        cv2.ellipse(grain, centre, axes, 0, 0, 360, (-0.5,), -1)
    return _tinted(_colour(random, (40, 60, 80), (150, 180, 210)), grain)


def draw_cloth(random: np.random.Generator) -> UInt8:
    """Woven cloth, plain, checked or speckled, with folds."""
    y, x = np.mgrid[0 : DESK_WH[1], 0 : DESK_WH[0]].astype(np.float32)
    pitch = random.uniform(4.0, 14.0)
    weave = 0.12 * (np.sin(2 * np.pi * x / pitch) + np.sin(2 * np.pi * y / pitch))
    weave += 0.14 * clouds(weave.shape, random, 3) + 0.15 * _field(random, 1.6, 1.0)
    if random.random() < 0.5:  # checks
        check = random.uniform(40.0, 120.0)
        weave += random.uniform(0.1, 0.3) * (((x % check) < check / 3) ^ ((y % check) < check / 3))
    return _tinted(_colour(random, (40, 40, 40), (210, 200, 200)), weave.astype(np.float32))


def draw_leather(random: np.random.Generator) -> UInt8:
    """Leather, stone or bark: cells divided by dark creases, light spots on dark."""
    creases = np.abs(clouds((DESK_WH[1], DESK_WH[0]), random, int(random.integers(6, 22))))
    level = -0.5 * np.exp(-creases / random.uniform(0.1, 0.3)) + 0.12 * _field(random, 1.4, 1.0)
    return _tinted(_colour(random, (30, 35, 50), (120, 130, 170)), np.asarray(level, dtype=np.float32))


def draw_scene(random: np.random.Generator) -> UInt8:
    """Blurred shapes and textures of no kind, with the spectrum of photographs."""
    return _tinted(_colour(random, (70, 70, 70), (170, 170, 170)), 0.3 * _field(random, random.uniform(0.9, 1.8), 1.0))


def draw_room(random: np.random.Generator) -> UInt8:
    """A room full of things, dark and bright, sharp and blurred: shelves, cables, what is round and what is striped."""
    width, height = DESK_WH
    room = _tinted(_colour(random, (25, 25, 25), (170, 175, 180)), 0.25 * _field(random, 1.6, 1.0))
    for _ in range(int(random.integers(25, 70))):
        colour = tuple(int(value) for value in random.integers(5, 230, 3) * random.uniform(0.3, 1.0))
        centre = int(random.integers(width)), int(random.integers(height))
        kind = random.random()
        if kind < 0.45:
            sides = random.uniform(40, 420), random.uniform(20, 260)
            box = cv2.boxPoints((centre, sides, float(random.choice((0, 90)) + random.normal(0, 8))))
            cv2.fillConvexPoly(room, box.astype(np.int32), colour, cv2.LINE_AA)
        elif kind < 0.65:
            axes = int(random.integers(15, 150)), int(random.integers(15, 150))
            cv2.ellipse(room, centre, axes, float(random.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
        elif kind < 0.85:
            reach = random.normal(0, 350, 2)
            end = int(centre[0] + reach[0]), int(centre[1] + reach[1])
            cv2.line(room, centre, end, colour, int(random.integers(3, 26)), cv2.LINE_AA)
        else:
            pitch, side = int(random.integers(14, 60)), int(random.integers(120, 360))
            for x in range(centre[0], centre[0] + side, pitch):
                cv2.rectangle(room, (x, centre[1]), (x + pitch // 2, centre[1] + side), colour, -1)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), random.uniform(0.8, 5.0)), dtype=np.uint8)


GROUNDS: tuple[Callable[[np.random.Generator], UInt8], ...] = (draw_boards, draw_cloth, draw_leather, draw_scene)
"""Each gives (1500, 1900, 3) uint8, blue first."""


def _fibres(random: np.random.Generator) -> Float32:
    width, height = DESK_WH
    fibres = random.normal(0.0, 1.0, (height // 3, width // 60)).astype(np.float32)
    smooth = cv2.GaussianBlur(fibres, (1, 5), 0)
    return np.asarray(cv2.resize(smooth, DESK_WH, interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _field(random: np.random.Generator, falloff: float, stretch: float) -> Float32:
    field = natural_noise(512, random, falloff, stretch)
    repeats = random.integers(1, 3)
    tiled = np.tile(field, (repeats, repeats))
    return np.asarray(cv2.resize(tiled, DESK_WH, interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def _colour(random: np.random.Generator, darkest: tuple[int, ...], lightest: tuple[int, ...]) -> tuple[int, ...]:
    share = random.random()
    return tuple(
        int(low + share * (high - low) + random.integers(-15, 16)) for low, high in zip(darkest, lightest, strict=True)
    )


def _tinted(colour_bgr: tuple[int, ...], change: Float32) -> UInt8:
    light = 1.0 + change
    return np.asarray(cv2.merge([np.clip(level * light, 0, 255).astype(np.uint8) for level in colour_bgr]))
