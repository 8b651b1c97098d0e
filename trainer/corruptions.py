"""Clean crops in, corrupted ones out, for evaluation only: how a model bears what it was never trained on.

The kinds are those of MNIST-C (Mu and Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019)
and a loss of contrast, built anew with five severities each; the third is about as severe as theirs. No
training may import this module (a test holds to that): its own faults are `trainer.rough`.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, UInt8
from edge_app.stages.crop import CROP_SIDE_PX as SIDE

SEVERITIES = (1, 2, 3, 4, 5)
SEVERITY = 3  # that figures are given at

CENTRE = (SIDE - 1) / 2
Corruption = Callable[[Float32, int, np.random.Generator], Float32]
"""(28, 28) float32 in 0..1, a severity from 0 to 4 and chance in; values may leave 0..1."""


def corrupt(crops: UInt8, kind: str, severity: int, seed: int) -> UInt8:
    """Corrupts every crop in its own way.

    Args:
        crops: (N, 28, 28) uint8, ink bright on black.
        kind: among `CORRUPTIONS`.
        severity: 1 to 5.
        seed: of all chance; each crop depends on it and on its own row alone.

    Returns:
        (N, 28, 28) uint8.
    """
    change = CORRUPTIONS[kind]
    corrupted = np.empty_like(crops)
    for row, crop in enumerate(crops):
        values = change(crop.astype(np.float32) / 255, severity - 1, np.random.default_rng((seed, row)))
        corrupted[row] = np.rint(255 * np.clip(values, 0, 1))
    return corrupted


def _shot_noise(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    photons = (24.0, 8.0, 3.0, 2.0, 1.2)[level]
    return (random.poisson(crop * photons) / photons).astype(np.float32)


def _impulse_noise(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    chance = random.random(crop.shape)
    share = (0.05, 0.1, 0.17, 0.25, 0.35)[level]
    return np.select([chance < share / 2, chance < share], [0.0, 1.0], crop).astype(np.float32)


def _blur(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    """As through frosted glass: softened, neighbours exchanged, softened again."""
    sigma, rounds = ((0.4, 1), (0.6, 1), (0.7, 2), (0.9, 2), (1.1, 3))[level]
    glass = cv2.GaussianBlur(crop, (0, 0), sigma)
    for _ in range(rounds):
        rows, columns = np.indices(crop.shape)
        shifts = random.integers(-1, 2, (2, *crop.shape))
        glass = glass[np.clip(rows + shifts[0], 0, SIDE - 1), np.clip(columns + shifts[1], 0, SIDE - 1)]
    return np.asarray(cv2.GaussianBlur(glass, (0, 0), sigma), dtype=np.float32)


def _motion_blur(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    """Fading out along one direction, as of a moving camera."""
    length = (3, 5, 7, 9, 12)[level]
    angle = random.uniform(-np.pi / 4, np.pi / 4)
    weights = np.exp(-np.linspace(0, 2, 4 * length))
    steps = np.linspace(0, length, 4 * length)
    blurred = np.zeros_like(crop)
    for weight, step in zip(weights / weights.sum(), steps - length / 2, strict=True):
        blurred += weight * _warped(crop, np.eye(2), (step * np.cos(angle), step * np.sin(angle)))
    return blurred


def _fog(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    """Clouds of every size, the large ones thickest, that also take the light from the ink."""
    amount = (0.5, 1.0, 1.5, 2.2, 3.0)[level]
    cloud = np.zeros_like(crop)
    for octave in range(4):
        cells = random.random((2**octave + 1,) * 2).astype(np.float32)
        cloud += cv2.resize(cells, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR) / 2**octave
    cloud = (cloud - cloud.min()) / max(np.ptp(cloud), 1e-6)
    return np.asarray((crop + amount * cloud) / (1 + amount), dtype=np.float32)


def _brightness(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    return np.asarray(crop + (0.15, 0.3, 0.5, 0.6, 0.7)[level], dtype=np.float32)


def _contrast(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    mean = float(crop.mean())
    return (crop - mean) * np.float32((0.5, 0.35, 0.2, 0.12, 0.08)[level]) + mean


def _shear(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    lean = (0.15, 0.3, 0.4, 0.55, 0.7)[level] * _either_way(random)
    return _warped(crop, np.array([[1.0, lean], [0.0, 1.0]]))


def _rotation(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    angle = np.deg2rad((8, 16, 23, 32, 42)[level]) * _either_way(random)
    return _warped(crop, np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))


def _scale(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    return _warped(crop, np.eye(2) / (0.9, 0.8, 0.7, 0.6, 0.5)[level])


def _translation(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    distance = (1, 2, 3, 4, 5)[level]
    return _warped(crop, np.eye(2), (distance * _either_way(random), distance * _either_way(random)))


def _stripes(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    """Bright for dark on both sides."""
    width = (3, 5, 7, 8, 9)[level]
    striped = crop.copy()
    striped[:, :width] = 1 - striped[:, :width]
    striped[:, -width:] = 1 - striped[:, -width:]
    return striped


def _dotted_line(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    """From the left side to the right one."""
    lines = (1, 1, 1, 2, 3)[level]
    brightness = (0.4, 0.7, 1.0, 1.0, 1.0)[level]
    drawn = crop.copy()
    for _ in range(lines):
        line = _soft_line([(0.0, random.uniform(0, SIDE)), (SIDE, random.uniform(0, SIDE))])
        line[:, np.arange(SIDE) // 2 % 2 == 0] = 0
        drawn += brightness * line
    return drawn


def _zigzag(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    """A saw's edge across the crop, 2 px high."""
    brightness = (0.4, 0.7, 1.0, 1.0, 1.0)[level]
    height = (1.5, 2.0, 2.0, 3.0, 4.0)[level]
    start, rise = random.uniform(0, SIDE), random.uniform(-5, 5)
    corners = [
        (column, start + rise * step / 11 + (height if step % 2 else -height))
        for step, column in enumerate(np.arange(3, SIDE - 2, 2.0))
    ]
    return crop + np.float32(brightness) * _soft_line(corners)


def _spatter(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    """Mud, darker than ink, that hides what it lies on."""
    share = (0.08, 0.14, 0.2, 0.28, 0.38)[level]
    field = cv2.GaussianBlur(random.normal(size=crop.shape), (0, 0), 1.2)
    mud = cv2.GaussianBlur((field > np.quantile(field, 1 - share)).astype(np.float32), (0, 0), 0.6)
    return np.asarray(crop * (1 - mud) + 0.25 * mud, dtype=np.float32)


def _canny_edges(crop: Float32, level: int, random: np.random.Generator) -> Float32:
    """Edges alone, of an ever softer crop."""
    soft = cv2.GaussianBlur(crop, (0, 0), (0.5, 0.8, 1.0, 1.2, 1.4)[level])
    return np.asarray(cv2.Canny(np.rint(255 * soft).astype(np.uint8), 50, 120) / 255, dtype=np.float32)


CORRUPTIONS: dict[str, Corruption] = {
    "shot noise": _shot_noise,
    "impulse noise": _impulse_noise,
    "blur": _blur,
    "motion blur": _motion_blur,
    "fog": _fog,
    "brightness": _brightness,
    "shear": _shear,
    "rotation": _rotation,
    "scale": _scale,
    "translation": _translation,
    "stripes": _stripes,
    "dotted line": _dotted_line,
    "zigzag": _zigzag,
    "spatter": _spatter,
    "canny edges": _canny_edges,
    "contrast": _contrast,
}
AVERAGED = tuple(kind for kind in CORRUPTIONS if kind != "contrast")
"""The 15 kinds that MNIST-C has, too, which the mean is taken over."""


def _either_way(random: np.random.Generator) -> int:
    return int(random.choice((-1, 1)))


def _warped(crop: Float32, linear: NDArray[np.float64], shift: Sequence[float] = (0.0, 0.0)) -> Float32:
    """Looks up each pixel at `linear` times its place from the centre, minus the shift."""
    middle = np.array([CENTRE, CENTRE])
    matrix = np.column_stack([linear, middle - linear @ (middle + np.asarray(shift))])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(crop, matrix, (SIDE, SIDE), flags=flags), dtype=np.float32)


def _soft_line(corners: Sequence[tuple[float, float]]) -> Float32:
    """A line through (column, row) corners, one pixel wide with soft sides."""
    factor = 4
    canvas = np.zeros((factor * SIDE, factor * SIDE), np.uint8)
    points = np.rint(factor * np.array(corners)).astype(np.int32)
    cv2.polylines(canvas, [points], False, (255,), factor + 3)
    small = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255
