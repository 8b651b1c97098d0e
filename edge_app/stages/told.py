"""What the classifier says of each region in, digits told from all that looks like them out; the stages in order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import BoxXYWH, RegionMap, UInt8
from edge_app.stages.cells import in_cells
from edge_app.stages.classify import DIGITS, Scored
from edge_app.stages.company import in_company
from edge_app.stages.crop import Patch
from edge_app.stages.dotted import without_dotted
from edge_app.stages.hand import in_one_hand
from edge_app.stages.sevens import told_by_bars
from edge_app.stages.signs import parentheses, with_bent_ones, without_small_signs
from edge_app.stages.slashes import without_slashes
from edge_app.stages.strokes import without_digit, without_digits, without_ruled_ones
from edge_app.stages.units import without_dollars, without_percents, without_tailed_letters
from edge_app.stages.uprights import drawn_lines
from edge_app.stages.words import in_words


@dataclass(frozen=True, eq=False)
class Told:
    """Regions, with digits told from what looks like them.

    Attributes:
        settled: N regions with what is believed of each.
        signs: (N,) bool, which of them were told from digits.
        words: (N,) bool, which are letters of words.
        celled: (N,) bool, which are digits in cells of their own.
        lines: (h, w) uint8, 255 for what is drawn around digits, at the mask's size; None where nothing is.
    """

    settled: Scored
    signs: NDArray[np.bool_]
    words: NDArray[np.bool_]
    celled: NDArray[np.bool_]
    lines: UInt8 | None

    @cached_property
    def patches(self) -> Mapping[BoxXYWH, Patch]:
        """What each was cut from, by its box."""
        pairs = zip(self.settled.regions, self.settled.patches, strict=True)
        return {region.box_xywh: patch for region, patch in pairs}

    def boxes(self, rows: NDArray[np.bool_]) -> set[BoxXYWH]:
        """Those of some regions, (N,) bool."""
        return {self.settled.regions[row].box_xywh for row in np.flatnonzero(rows)}


def told_apart(scored: Scored, region_map: RegionMap, mask: UInt8) -> Told:
    """Tells digits from strokes, signs and letters: first by their own looks, then by what stands around them.

    Args:
        scored: the regions of one frame.
        region_map: what they were found in.
        mask: (h, w) uint8, 255 for ink, of which that was made.
    """
    by_hand = without_ruled_ones(told_by_bars(in_one_hand(scored)), region_map)
    told = without_slashes(by_hand)
    brackets = parentheses(told)
    told = replace(told, scores=without_digit(told.scores, brackets))
    told = without_percents(without_dollars(without_small_signs(told)), region_map)
    told = without_dotted(told, region_map)
    signs = brackets | (by_hand.scores.argmax(axis=1) < DIGITS) & (told.scores.argmax(axis=1) >= DIGITS)
    settled = with_bent_ones(in_company(without_tailed_letters(told)))
    lines = drawn_lines(settled.digits, region_map, mask)
    celled = in_cells(settled, region_map, lines)
    words = in_words(settled, signs, celled)
    settled = replace(settled, scores=without_digits(settled.scores, words))
    return Told(settled, signs, words, celled, lines)
