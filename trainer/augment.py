"""Crops of one person's digits in, crops of another pen, hand and camera out.

Every picture is warped at twice its size, redrawn with a thinner or fatter pen, and passed through the
device's own `center_ink`, so that the model trains on what the device's crop stage yields. Then come the
faults of real crops: off by a pixel, a little blurred, a little too dark.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8
from edge_app.stages.crop import CROP_SIDE_PX, center_ink
from trainer.hands import foreign

WORK_SIDE_PX = 2 * CROP_SIDE_PX
GRID_SIDE = 14  # of the coarse field that an elastic warp is interpolated from
ELASTIC_SIGMA = 1.5  # cells of that grid; a hand wobbles over about a tenth of a digit
FAINTEST = 100  # a warp that leaves less than this is not a digit any more


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How far pictures are changed. Chosen on validation with short runs of the compact model.

    Attributes:
        untouched: share of pictures left as they are.
        turn_deg: standard deviation of the rotation.
        slant: standard deviation of the shear.
        stretch: standard deviation of the logarithm of either side's stretch.
        elastic_px: largest amplitude of the elastic warp, at twice the size.
        thinner, thicker: shares of pictures redrawn with another pen.
        off_centre: share of pictures moved by up to a pixel either way.
        blurred: share of pictures blurred by up to 0.8 px.
        faded: share of pictures whose ink is up to a third too dark or too pale.
        foreign: share of digits redrawn as another country teaches them.
    """

    untouched: float = 0.3
    turn_deg: float = 7.0
    slant: float = 0.15
    stretch: float = 0.1
    elastic_px: float = 16.0
    thinner: float = 0.15
    thicker: float = 0.2
    off_centre: float = 0.5
    blurred: float = 0.2
    faded: float = 0.2
    foreign: float = 0.3


def augment(images: UInt8, labels: UInt8, random: np.random.Generator, how: Augmentation) -> UInt8:
    """Changes each picture in its own way.

    Args:
        images: (N, 28, 28) uint8, ink bright on black; not written to.
        labels: (N,) uint8, which digits they are; 10 and above for what is none.
        random: source of all chance; the same state gives the same pictures.
        how: how far they are changed.

    Returns:
        (N, 28, 28) uint8, a fresh array.
    """
    return np.stack([_augment_one(image, int(label), random, how) for image, label in zip(images, labels, strict=True)])


def _augment_one(image: UInt8, label: int, random: np.random.Generator, how: Augmentation) -> UInt8:
    if random.random() < how.untouched:
        return image
    source = foreign(image, label, random) if random.random() < how.foreign else image
    method = cv2.INTER_AREA if len(source) > WORK_SIDE_PX else cv2.INTER_CUBIC
    large = cv2.resize(source, (WORK_SIDE_PX, WORK_SIDE_PX), interpolation=method)
    warped = cv2.remap(large, *_warp_maps(random, how), cv2.INTER_LINEAR)
    crop = center_ink(_redraw(np.asarray(warped, dtype=np.uint8), random, how))
    if crop.max() < FAINTEST:
        return image
    return _camera_faults(crop, random, how)


def _warp_maps(random: np.random.Generator, how: Augmentation) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where each pixel comes from: an affine map about the centre plus a smooth random field."""
    turn = np.deg2rad(random.normal(0.0, how.turn_deg))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shear = np.array([[1.0, random.normal(0.0, how.slant)], [0.0, 1.0]])
    linear = rotation @ shear @ np.diag(np.exp(random.normal(0.0, how.stretch, 2)))
    centre = (WORK_SIDE_PX - 1) / 2
    y, x = np.mgrid[0:WORK_SIDE_PX, 0:WORK_SIDE_PX] - centre
    field = cv2.GaussianBlur(random.uniform(-1.0, 1.0, (GRID_SIDE, GRID_SIDE, 2)), (0, 0), ELASTIC_SIGMA)
    wobble = cv2.resize(field, (WORK_SIDE_PX, WORK_SIDE_PX), interpolation=cv2.INTER_CUBIC)
    wobble = wobble * random.uniform(0.0, how.elastic_px)
    map_x = linear[0, 0] * x + linear[0, 1] * y + centre + wobble[..., 0]
    map_y = linear[1, 0] * x + linear[1, 1] * y + centre + wobble[..., 1]
    return map_x.astype(np.float32), map_y.astype(np.float32)


def _redraw(large: UInt8, random: np.random.Generator, how: Augmentation) -> UInt8:
    """The digit as a thinner or fatter pen would have drawn it, its faint fringe cut off."""
    chance = random.random()
    if chance < how.thinner:
        large = np.asarray(cv2.erode(large, _disc(3)), dtype=np.uint8)
    elif chance < how.thinner + how.thicker:
        large = np.asarray(cv2.dilate(large, _disc(3 if random.random() < 0.7 else 5)), dtype=np.uint8)
    return np.where(large < 20, 0, large).astype(np.uint8)


def _camera_faults(crop: UInt8, random: np.random.Generator, how: Augmentation) -> UInt8:
    if random.random() < how.off_centre:
        right, down = random.uniform(-1.0, 1.0, 2)
        shift = np.array([[1.0, 0.0, right], [0.0, 1.0, down]])
        crop = np.asarray(cv2.warpAffine(crop, shift, (CROP_SIDE_PX, CROP_SIDE_PX)), dtype=np.uint8)
    if random.random() < how.blurred:
        crop = np.asarray(cv2.GaussianBlur(crop, (0, 0), random.uniform(0.4, 0.8)), dtype=np.uint8)
    if random.random() < how.faded:
        gamma = np.exp(random.uniform(-0.4, 0.4))
        crop = (255.0 * (crop / 255.0) ** gamma + 0.5).astype(np.uint8)
    return crop


def _disc(side: int) -> UInt8:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)
