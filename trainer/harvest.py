"""Drawn scenes in, labelled crops out, cut by the device's own stages: what a camera really hands the model.

A region that is one written digit keeps its label. One that holds two digits, a small piece of one, or
none at all is labelled REJECT. What could be argued over is left out.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from edge_app.frames import BoxXYWH, RegionMap, UInt8
from edge_app.manifest import DIGIT_LABELS
from edge_app.stages.alternatives import propose
from edge_app.stages.binarize import binarize
from edge_app.stages.crop import crop_regions
from edge_app.stages.regions import find_regions
from trainer.data import Digits
from trainer.kinds import Scene, draw
from trainer.negatives import passes_for_a_1

REJECT = len(DIGIT_LABELS)  # the class after the ten digits
WHOLE_SHARE = 0.8  # of a digit's box that its region must hold
OWN_SHARE = 0.6  # of a region's box that must be its digit's
FOREIGN_SHARE = 0.25  # of another digit's box that a digit's region may hold
PIECE_SHARE = 0.2  # of a digit's box: a region that holds less is a piece; half a digit may pass for another one
APART_SHARE = 0.05  # of a region's box that may lie in digits' boxes where it holds none
DIVIDED_SHARE = 0.35  # of scenes whose ink is divided in every other way, too: joined, cut, cleaned
MAX_PER_SCENE = 30  # crops of nothing from one picture: a texture would give hundreds
WORTH_PROCESSES = 100  # scenes: fewer are drawn before the processes have started
SCENES_AT_A_TIME = 4


def harvest(kinds: Sequence[str], count: int, handwriting: Digits, seed: tuple[int, ...]) -> Digits:
    """Crops of the regions that the device's stages find in drawn scenes. Many scenes are drawn on all cores.

    Args:
        kinds: of scenes.
        count: of each kind.
        handwriting: to write with.
        seed: of all chance; the crops are the same on any number of cores.

    Returns:
        Crops with labels 0 to 9 and `REJECT`.
    """
    jobs = [(kind, number) for number in range(count) for kind in kinds]
    with _crops_of_each(jobs, handwriting, seed) as crops:
        found = list(track(crops, "drawing scenes", len(jobs), console=Console(stderr=True)))
    return Digits(np.concatenate([f.images for f in found]), np.concatenate([f.labels for f in found]))


@contextmanager
def _crops_of_each(
    jobs: Sequence[tuple[str, int]], handwriting: Digits, seed: tuple[int, ...]
) -> Iterator[Iterator[Digits]]:
    """The crops of each scene, in order, by processes of their own where that is worth it."""
    cores = len(os.sched_getaffinity(0))
    if cores == 1 or len(jobs) < WORTH_PROCESSES:
        yield (_draw_and_cut(job, handwriting, seed) for job in jobs)
        return
    context = multiprocessing.get_context("spawn")  # a fork would take TensorFlow's locks along
    with context.Pool(cores, _Worker.begin, (handwriting, seed)) as pool:
        yield pool.imap(_Worker.crops_of, jobs, SCENES_AT_A_TIME)


class _Worker:
    """A process that draws: what is the same for all its scenes reaches it once."""

    handwriting: ClassVar[Digits]
    seed: ClassVar[tuple[int, ...]]

    @classmethod
    def begin(cls, handwriting: Digits, seed: tuple[int, ...]) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is its parent's to answer
        cv2.setNumThreads(1)
        cls.handwriting, cls.seed = handwriting, seed

    @classmethod
    def crops_of(cls, job: tuple[str, int]) -> Digits:
        return _draw_and_cut(job, cls.handwriting, cls.seed)


def _draw_and_cut(job: tuple[str, int], handwriting: Digits, seed: tuple[int, ...]) -> Digits:
    """The crops of the scene of a kind and number."""
    kind, number = job
    random = np.random.default_rng((*seed, number, *kind.encode()))
    return _crops(draw(kind, handwriting, random), random)


def label_region(box: BoxXYWH, boxes: NDArray[np.int64], labels: Sequence[int]) -> int | None:
    """What a region is.

    Args:
        box: of the region.
        boxes: (N, 4), of the written digits, left, top, width, height.
        labels: of these.

    Returns:
        0 to 9 for a digit, `REJECT` for something else, None where it is hard to say.

    >>> digits = np.array([[0, 0, 20, 30], [24, 0, 20, 30]])
    >>> [label_region(box, digits, [4, 7]) for box in ((24, 1, 20, 29), (0, 0, 44, 30), (50, 0, 9, 9), (0, 0, 20, 18))]
    [7, 10, 10, None]
    """
    if len(boxes) == 0:
        return REJECT
    shared = _shared(box, boxes)
    held = shared / np.maximum(boxes[:, 2] * boxes[:, 3], 1)
    own = shared / max(box[2] * box[3], 1)
    best = int(held.argmax())
    others = np.delete(held, best).max(initial=0.0)
    if held[best] >= WHOLE_SHARE and own[best] >= OWN_SHARE and others <= FOREIGN_SHARE:
        return labels[best]
    if np.count_nonzero(held >= WHOLE_SHARE) >= 2 or own.sum() <= APART_SHARE:
        return REJECT
    return REJECT if own[best] >= WHOLE_SHARE and held[best] <= PIECE_SHARE else None


def _crops(scene: Scene, random: np.random.Generator) -> Digits:
    gray = np.asarray(cv2.cvtColor(scene.frame, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    ink = binarize(gray)
    found = find_regions(ink.mask, ink.dark_on_light)
    parts = [_labelled(scene, gray, found, random)]
    if random.random() < DIVIDED_SHARE:
        unsure = np.zeros(len(found.regions), dtype=np.float32)
        parts.append(_labelled(scene, gray, propose(found, unsure).region_map, random))
    return Digits(np.concatenate([part.images for part in parts]), np.concatenate([part.labels for part in parts]))


def _labelled(scene: Scene, gray: UInt8, found: RegionMap, random: np.random.Generator) -> Digits:
    """Crops of the regions whose label is beyond dispute."""
    labels = _labels(scene, found)
    rejected = np.flatnonzero(labels == REJECT)
    dropped = random.permutation(rejected)[MAX_PER_SCENE:]
    kept = np.setdiff1d(np.flatnonzero(labels >= 0), dropped)
    crops = crop_regions(gray, replace(found, regions=tuple(found.regions[row] for row in kept))).pictures
    slim = np.array([passes_for_a_1(crop) for crop in crops], dtype=bool)
    clear = (labels[kept] != REJECT) | ~slim
    return Digits(crops[clear], labels[kept][clear].astype(np.uint8))


def _labels(scene: Scene, found: RegionMap) -> NDArray[np.int64]:
    """(N,) labels of the regions; -1 where it is hard to say."""
    boxes = np.array([box for number in scene.numbers for box in number.digit_boxes], dtype=np.int64).reshape(-1, 4)
    digits = [int(digit) for number in scene.numbers for digit in number.text]
    said = [label_region(region.box_xywh, boxes, digits) for region in found.regions]
    return np.array([-1 if label is None else label for label in said], dtype=np.int64)


def _shared(box: BoxXYWH, boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) pixels that a box shares with each of the others."""
    x, y, width, height = box
    across = np.minimum(x + width, boxes[:, 0] + boxes[:, 2]) - np.maximum(x, boxes[:, 0])
    down = np.minimum(y + height, boxes[:, 1] + boxes[:, 3]) - np.maximum(y, boxes[:, 1])
    shared: NDArray[np.int64] = np.maximum(across, 0) * np.maximum(down, 0)
    return shared
