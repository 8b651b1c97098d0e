"""What reading a frame costs at the least: the bare kernel calls that no reader does without, on buffers made before.

One threshold, one labelling, each region resized into its place in the batch, the quantizing look-up, one invoke.
Nothing is decided in between, so nothing sensible is read; it is only there to be timed beside the real thing.
"""

import cv2
import numpy as np

from edge_app.frames import BoxXYWH, UInt8
from edge_app.protocols import Interpreter
from edge_app.stages.crop import CROP_SIDE_PX
from edge_app.stages.quantize import quantize_table


class Floor:
    """The calls for frames of one size with the same regions.

    Args:
        gray: (H, W) uint8, a frame.
        boxes: of its regions, as the real thing finds them.
        interpreter: the model.
    """

    def __init__(self, gray: UInt8, boxes: tuple[BoxXYWH, ...], interpreter: Interpreter) -> None:
        self._boxes, self._interpreter = boxes, interpreter
        self._mask = np.empty_like(gray)
        self._labels = np.empty(gray.shape, dtype=np.int32)
        self._crops = np.empty((len(boxes), CROP_SIDE_PX, CROP_SIDE_PX), dtype=np.uint8)
        self._tensor = np.empty((len(boxes), CROP_SIDE_PX, CROP_SIDE_PX, 1), dtype=np.int8)
        self._table = quantize_table(interpreter.input)
        self._side_wh = CROP_SIDE_PX, CROP_SIDE_PX

    def run(self, gray: UInt8) -> None:
        """The calls, in order."""
        cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU, dst=self._mask)
        cv2.connectedComponentsWithStats(self._mask, labels=self._labels, connectivity=8, ltype=cv2.CV_32S)
        for (x, y, width, height), crop in zip(self._boxes, self._crops, strict=True):
            cv2.resize(gray[y : y + height, x : x + width], self._side_wh, dst=crop, interpolation=cv2.INTER_AREA)
        np.take(self._table, self._crops, out=self._tensor[..., 0])
        self._interpreter.invoke(self._tensor)
