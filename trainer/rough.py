"""Crops in, crops that the device's stages should never let through out: what a model must bear all the same.

The stages centre a digit, size it and clean the paper around it. Where they fail, or where somebody gives
the model a picture that never saw them, the digit may lie askew or in a corner, under a haze, a smear, a
line, or with half of its tones turned over. A small share of such crops in training is enough.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, UInt8
from edge_app.stages.crop import CROP_SIDE_PX as SIDE

SECOND_SHARE = 0.25  # of crops that bear two faults

Fault = Callable[[UInt8, np.random.Generator], UInt8]
"""A (28, 28) uint8 crop and chance in, a fresh one out."""


def roughen(crops: UInt8, share: float, random: np.random.Generator) -> UInt8:
    """Gives a share of the crops one fault or two.

    Args:
        crops: (N, 28, 28) uint8, ink bright on black; not written to.
        share: 0 to 1.
        random: source of all chance.

    Returns:
        (N, 28, 28) uint8, a fresh array.
    """
    rough = crops.copy()
    for row in np.flatnonzero(random.random(len(crops)) < share):
        for fault in random.permutation(len(FAULTS))[: 2 if random.random() < SECOND_SHARE else 1]:
            rough[row] = FAULTS[fault](rough[row], random)
    return rough


def _astray(crop: UInt8, random: np.random.Generator) -> UInt8:
    """Turned, leaning, of another size, and as far from the middle as its ink allows."""
    turn, lean = np.deg2rad(random.uniform(-35, 35)), random.uniform(-0.4, 0.4)
    size = np.exp(random.uniform(np.log(0.5), np.log(1.15)))
    cosine, sine = np.cos(turn), np.sin(turn)
    linear = size * np.array([[cosine, -sine], [sine, cosine]]) @ np.array([[1.0, lean], [0.0, 1.0]])
    middle = (SIDE - 1) / 2
    matrix = np.column_stack([linear, middle - linear @ [middle, middle]])
    moved = np.asarray(cv2.warpAffine(crop, matrix, (SIDE, SIDE)), dtype=np.uint8)
    rows, columns = np.nonzero(moved > 50)
    if not len(rows):
        return moved
    right = random.integers(-columns.min(), SIDE - columns.max())
    down = random.integers(-rows.min(), SIDE - rows.max())
    return np.asarray(np.roll(moved, (down, right), (0, 1)))


def _hazy(crop: UInt8, random: np.random.Generator) -> UInt8:
    """On paper that is not black, evenly or in clouds, with ink that is not white."""
    clouds = cv2.resize(random.random((random.integers(2, 6),) * 2), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    paper = random.uniform(0, 0.55) + random.uniform(0, 0.45) * (clouds - clouds.min())
    contrast = random.uniform(0.2, 1.0)
    return _as_crop(255 * paper + contrast * crop)


def _grainy(crop: UInt8, random: np.random.Generator) -> UInt8:
    """With a sensor's noise, and with pixels that are dead or burnt."""
    noisy = crop + random.normal(0, 1, crop.shape) * (random.uniform(0, 25) + random.uniform(0, 0.5) * crop)
    struck = random.random(crop.shape) < random.uniform(0, 0.2)
    return _as_crop(np.where(struck, 255 * random.integers(0, 2, crop.shape), noisy))


def _smeared(crop: UInt8, random: np.random.Generator) -> UInt8:
    """Out of focus, or drawn out along a line; sometimes with pixels strewn about first."""
    if random.random() < 0.4:
        offsets = random.integers(-1, 2, (2, SIDE, SIDE)).astype(np.float32)
        y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
        crop = np.asarray(cv2.remap(crop, x + offsets[0], y + offsets[1], cv2.INTER_NEAREST), dtype=np.uint8)
    if random.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(crop, (0, 0), random.uniform(0.6, 1.8)), dtype=np.uint8)
    length = int(random.integers(3, 11)) | 1
    kernel = np.zeros((length, length), np.float32)
    reach, angle = length / 2, random.uniform(0, np.pi)
    step = np.array([np.cos(angle), np.sin(angle)]) * reach
    _stroke(kernel, np.stack([length // 2 - step, length // 2 + step]), 1.0)
    return _as_crop(cv2.filter2D(crop.astype(np.float32), -1, kernel / max(kernel.sum(), 1.0)))


def _turned_over(crop: UInt8, random: np.random.Generator) -> UInt8:
    """With the tones of a band turned over, bright for dark, or of all but a band."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    angle = random.choice([0.0, np.pi / 2, random.uniform(0, np.pi)])
    along = (x - SIDE / 2) * np.cos(angle) + (y - SIDE / 2) * np.sin(angle)
    if random.random() < 0.6:
        over = np.abs(along - random.uniform(-8, 8)) < random.uniform(1.5, 5.5)
    else:
        over = np.abs(along - random.uniform(-2, 2)) > random.uniform(5, 11)
    return np.where(over, 255 - crop, crop).astype(np.uint8)


def _crossed(crop: UInt8, random: np.random.Generator) -> UInt8:
    """With a line drawn over it from side to side: straight or in turns, whole or in dots."""
    corners = int(random.integers(2, 8))
    across = np.column_stack([np.linspace(0, SIDE - 1, corners), random.uniform(2, SIDE - 2, corners)])
    if random.random() < 0.5:
        across = across[:, ::-1]
    layer = np.zeros_like(crop)
    _stroke(layer, across, int(random.integers(120, 256)))
    if random.random() < 0.4:
        y, x = np.mgrid[0:SIDE, 0:SIDE]
        layer[(x + y) % int(random.integers(2, 5)) == 0] = 0
    return np.maximum(crop, layer)


def _outlined(crop: UInt8, random: np.random.Generator) -> UInt8:
    """Its outline alone."""
    side = int(random.integers(2, 4))
    edges = cv2.morphologyEx(crop, cv2.MORPH_GRADIENT, np.ones((side, side), np.uint8))
    if random.random() < 0.6:
        return np.where(edges > random.integers(60, 160), 255, 0).astype(np.uint8)
    return np.asarray(edges, dtype=np.uint8)


def _stained(crop: UInt8, random: np.random.Generator) -> UInt8:
    """With stains, paler than ink, that hide what they lie on."""
    field = cv2.GaussianBlur(random.normal(0, 1, crop.shape), (0, 0), random.uniform(0.7, 2.0))
    stains = field > np.quantile(field, random.uniform(0.75, 0.97))
    return np.where(stains, random.integers(20, 140), crop).astype(np.uint8)


FAULTS: tuple[Fault, ...] = (_astray, _hazy, _grainy, _smeared, _turned_over, _crossed, _outlined, _stained)


def _stroke(canvas: UInt8 | Float32, points: NDArray[np.float64], ink: float) -> None:
    """Draws a line through the points, on the canvas itself."""
    cv2.polylines(canvas, [np.rint(points).astype(np.int32)], False, (ink,))


def _as_crop(values: NDArray[Any]) -> UInt8:
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)
