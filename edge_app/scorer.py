"""Regions of a picture in, what the classifier says of each out: cropped, quantized, in one batch."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32, Region, RegionMap, UInt8
from edge_app.protocols import Interpreter
from edge_app.stages.classify import Scored, merged
from edge_app.stages.crop import crop_regions
from edge_app.stages.familiar import Familiar
from edge_app.stages.looks import averaged, doubtful_rows, views_of
from edge_app.stages.quantize import dequantize, quantize, quantize_table
from edge_app.stages.strokes import leans_of_ones, without_lying_ones
from edge_app.stopwatch import StopWatch


class Scorer:
    """Asks one loaded model, and of frames that follow one another only what is new.

    Args:
        interpreter: the model; the caller closes it.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._table = quantize_table(interpreter.input)
        self._familiar: Familiar | None = None

    def follow(self, follows: bool) -> None:
        """Says whether the next frame comes from the same camera as the last one; else that is forgotten."""
        self._familiar = (self._familiar or Familiar()) if follows else None

    def classify(self, crops: UInt8) -> Float32:
        """(N, classes) float32 probabilities of (N, 28, 28) uint8 crops.

        Raises:
            InterpreterError: the runtime or its delegate failed.
        """
        return dequantize(self._interpreter.invoke(quantize(crops, self._table)), self._interpreter.output)

    def score(
        self,
        gray: UInt8,
        region_map: RegionMap,
        watch: StopWatch,
        look_again: bool = False,
        known: Scored | None = None,
    ) -> Scored:
        """What the classifier says of regions.

        Args:
            gray: (H, W) uint8 at full resolution.
            region_map: its regions.
            watch: told how long cropping and classifying took.
            look_again: whether other views of what is doubtful are classified, too.
            known: what it said of some of them already, of the same picture with the same tilt.
        """
        if known is not None:
            rows = {region: row for row, region in enumerate(known.regions)}
            found = np.array([rows.get(_inside(region, gray.shape), -1) for region in region_map.regions], np.intp)
            return merged(self.score(gray, _of_new(region_map, found), watch, look_again), known, found)
        crops = crop_regions(gray, region_map)
        watch.lap("crop")
        scores = self.classify(crops.pictures)
        if look_again:
            scores = self._look_again(scores, crops.pictures)
        leans = leans_of_ones(scores, crops.pictures)
        watch.lap("classify")
        regions = tuple(_inside(region, gray.shape) for region in region_map.regions)
        honest = without_lying_ones(scores, leans)
        return Scored(regions, honest, crops.measures, leans, crops.patches)

    def score_new(self, gray: UInt8, region_map: RegionMap, watch: StopWatch, known: Scored | None = None) -> Scored:
        """What the classifier says of regions, or said of them when it was last asked; arguments as of `score`."""
        if self._familiar is None:
            return self.score(gray, region_map, watch, look_again=True, known=known)
        found = self._familiar.match(gray, region_map)
        watch.lap("regions")
        fresh = self.score(gray, _of_new(region_map, found), watch, look_again=True)
        regions = tuple(_inside(region, gray.shape) for region in region_map.regions)
        return self._familiar.merge(fresh, found, regions)

    def _look_again(self, scores: Float32, crops: UInt8) -> Float32:
        """The scores with those of other views of what is doubtful."""
        rows = doubtful_rows(scores)
        if rows.size:
            scores[rows] = averaged(scores[rows], self.classify(views_of(crops[rows])))
        return scores


def _of_new(region_map: RegionMap, found: NDArray[np.intp]) -> RegionMap:
    """The same with the regions alone that were not found: their row, of (N,), is below 0."""
    new = tuple(region for region, row in zip(region_map.regions, found, strict=True) if row < 0)
    return replace(region_map, regions=new)


def _inside(region: Region, shape_hw: tuple[int, ...]) -> Region:
    """The region with its box inside the frame: rounding of the working size may put it a pixel or two beyond."""
    x, y, width, height = region.box_xywh
    if x + width <= shape_hw[1] and y + height <= shape_hw[0]:
        return region
    return replace(region, box_xywh=(x, y, min(width, shape_hw[1] - x), min(height, shape_hw[0] - y)))
