"""Moments for the outputs' tests."""

from collections.abc import Callable

import numpy as np
import pytest

from edge_app.frames import Digit, Frame, FrameReadings, Moment, Reading

MODEL = "0123456789abcdef"
EPOCH_S = 1_700_000_000.25  # 2023-11-14T22:13:20.250Z

MakeMoment = Callable[..., Moment]


def reading(text: str, left: int = 10) -> Reading:
    """A number written from `left` on, 20 pixels a digit."""
    return Reading(
        tuple(Digit(int(digit), 0.98765, (left + 20 * index, 30, 18, 40)) for index, digit in enumerate(text))
    )


@pytest.fixture
def make_moment() -> MakeMoment:
    """Makes a moment of frame `sequence`, at 10 frames a second, in which `texts` are published."""

    def make(sequence: int = 0, *texts: str, changed: bool = True, source: str = "clip.mp4") -> Moment:
        frame = Frame(np.full((120, 160), 200, np.uint8), sequence, sequence * 100_000_000)
        seen = FrameReadings((reading("999"),), (160, 120), {"binarize": 1.23456, "total": 9.87654})
        published = tuple(reading(text) for text in texts)
        return Moment(frame, seen, published, changed, EPOCH_S + sequence / 10, 10.0, source, MODEL)

    return make
