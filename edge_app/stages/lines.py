"""A mask of ink in, the same without drawn lines out: rules, squares, form boxes, the borders of tables.

Only large thin pieces of ink are looked at, so that a page without lines costs next to nothing. Straight
segments in them that run as rules do, or end on each other as the sides of boxes do, are followed across
the page and erased.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Int32, UInt8
from edge_app.stages.across import BARE_PERCENTILE, CROSSING, erase_line, is_straight, thickness
from edge_app.stages.box_sides import TOUCHING, erase_posts, find_box_sides, without_rules
from edge_app.stages.boxes import AREA, HEIGHT, WIDTH, off_edges, pieces_of_ink
from edge_app.stages.grids import (
    DASH_SLIMNESS,
    HAIR_PX,
    are_squares,
    find_hairlines,
    hidden_lines,
    spacing_of,
    without_strokes,
)
from edge_app.stages.loops import is_loop
from edge_app.stages.rules import completed, find_rules
from edge_app.stages.segments import APART, FOUND_TWICE_PX, Segment, distinct, in_rows, reaches, straight_segments
from edge_app.stages.stacks import without_bridges
from edge_app.stages.underlines import without_underlines

CARRIER_SHARE = 0.22  # of the frame's longer side: least extent of a piece of ink that may hold lines
LOOP_SHARE = 0.06  # the same of one that may be a loop around a digit
PIECE_SHARE = 0.055  # the same on a ruled page, of what the threshold left of a faint rule
CARRIER_FILL = 0.4  # most of its box that is ink
MOSTLY_FAT = 0.6  # of a piece with more that is thicker than a line, where a marker drew it
FAT_SHARE = 0.85  # of the sides of such a piece: the most that its thick ink takes up where lines are joined to it
DASH_THICKNESS_PX = 5
DASH_SLOPE = 0.15
WIDEST_SPACING = 0.2  # of the longer side, of a page that is looked at again for what is left of faint rules
BEYOND_ENDS = 0.8  # of a line's length: how far it is followed where the threshold lost it
SLIMNESS = 14.0  # length / thickness of a line
SIDE_SLIMNESS = 7.0  # the same of the side of a box
IN_ROW = 0.008  # of the longer side: how far pieces of one line may lie from its straight continuation
LEFTOVER_SHARE = 0.55  # of the longest line: a larger piece left over was the rest of a digit
STROKES_OF_A_DIGIT = 3  # straight ones, at most: a 4 that fills the frame
THICKEST_PX = 15  # of a line; thicker ink is the desk around a page


def pieces_without_lines(mask: UInt8) -> tuple[Int32, Int32]:
    """The pieces of ink of a mask, as `pieces_of_ink` has them, once drawn lines are erased.

    Args:
        mask: (h, w) uint8, 255 for ink; not written to.
    """
    pieces = pieces_of_ink(mask)
    drawn = mask
    for without in (remove_lines, without_underlines):
        before, mask = mask, without(mask, *pieces)
        pieces = pieces if mask is before else pieces_of_ink(mask)
    parted = mask if mask is drawn else without_bridges(mask, drawn & ~mask, *pieces)
    return pieces if parted is mask else pieces_of_ink(parted)


def remove_lines(mask: UInt8, components: Int32, stats: Int32) -> UInt8:
    """Erases drawn lines.

    Args:
        mask: (h, w) uint8, 255 for ink; not written to.
        components: (h, w) int32, the number of the piece of ink at each pixel.
        stats: (M, 5) int32, OpenCV's statistics of these.

    Returns:
        The same array where there are no lines, else a fresh one.
    """
    carriers = _carriers(stats, mask.shape) | _fat_on_rules(components, stats)
    if not carriers.any():
        return mask
    may_be_loops = np.flatnonzero(_carriers(stats, mask.shape, LOOP_SHARE)).tolist()
    loops = [row for row in may_be_loops if is_loop(components, stats, row)]
    if loops:
        carriers[loops] = False
        mask = np.where(np.isin(components, loops), 0, mask).astype(np.uint8)
        if not carriers.any():
            return mask
    side = max(mask.shape)
    drawn = np.where(carriers | _dashes(stats), 255, 0).astype(np.uint8)[components]
    found = straight_segments(np.asarray(cv2.subtract(drawn, _thick(drawn)), dtype=np.uint8), side)
    rows = [row for row in in_rows(found, IN_ROW * side) if is_straight(mask, row)]
    sides = find_box_sides(mask, rows)
    rules = find_rules(rows, sides, mask.shape)
    ruled = distinct([rule for rule in rules if rule.flat], APART * side)
    if len(ruled) >= 2 and spacing_of(ruled, mask.shape[1] / 2) <= WIDEST_SPACING * side:
        rules = completed(rules, ruled, _pieces(mask, components, stats, carriers, ruled), IN_ROW * side)
    squares, thickest = are_squares(rules, side), HAIR_PX
    if squares or len(ruled) >= 2:
        rules, sides, thickest = without_strokes(mask, rules, sides)
    sides = without_rules(sides, rules, IN_ROW * side)
    if not rules and not sides:
        return mask
    erased = mask.copy()
    for rule in rules:
        erase_line(erased, rule, SLIMNESS, _reach(rule, rules, TOUCHING * side))
    if squares:
        for line in hidden_lines(rules, thickest):
            erase_line(erased, line, 0.0, (FOUND_TWICE_PX, FOUND_TWICE_PX), thickest)
        # Their lines were beside the strokes of digits until now.
        sides = [line for line in sides if thickness(erased, line, BARE_PERCENTILE) < CROSSING * thickest + 1]
    for line in sides:
        erase_line(erased, line, SIDE_SLIMNESS, (FOUND_TWICE_PX, FOUND_TWICE_PX))
    lines = rules + sides
    if _may_be_strokes(lines, mask.shape):
        held = np.zeros_like(carriers)
        held[components[mask > erased]] = True
        if _was_a_digit(erased, (held & carriers)[components], lines):
            return mask
    for line in find_hairlines(erased, lines, max(HAIR_PX, thickest) if squares else HAIR_PX):
        erase_line(erased, line, DASH_SLIMNESS, _reach(line, lines, TOUCHING * side))
    erase_posts(erased, mask & ~erased)
    return erased


def _pieces(
    mask: UInt8, components: Int32, stats: Int32, carriers: NDArray[np.bool_], rules: list[Segment]
) -> list[Segment]:
    """What may be left of faint rules: too short to tell by itself, and joined to the digits that stand on it.

    Args:
        mask, components, stats: as `remove_lines` has them.
        carriers: (M,) bool, the pieces of ink that were looked at before.
        rules: two or more of the page's, the longest first.
    """
    side = max(mask.shape)
    carry = _carriers(stats, mask.shape, PIECE_SHARE) & ~carriers
    drawn = np.where(carry, 255, 0).astype(np.uint8)[components]
    thickest = float(np.median([thickness(mask, rule, BARE_PERCENTILE) for rule in rules])) + 1
    found = [s for s in straight_segments(drawn, side) if s.flat and is_straight(mask, s)]
    return [s for s in found if thickness(mask, s, BARE_PERCENTILE) <= thickest]


def _reach(line: Segment, rules: list[Segment], near: float) -> tuple[float, float]:
    """How far a rule is followed before its start and beyond its end: at least as far as the others run.

    Where another goes on within so many pixels it is that one's to follow, which may run elsewhere: paper is bent.
    """
    alike = [rule for rule in rules if rule.flat == line.flat]
    first, last = min(rule.along[0] for rule in alike), max(rule.along[-1] for rule in alike)
    least = BEYOND_ENDS * line.length
    before, after = max(least, line.along[0] - first), max(least, last - line.along[-1])
    for other in alike:
        start, end = other.along[0], other.along[-1]
        if end > line.along[-1] and abs(other.across[0] - line.across_at(start)) <= near and start > line.along[0]:
            after = min(after, max(0.0, start - line.along[-1]))
        if start < line.along[0] and abs(other.across[-1] - line.across_at(end)) <= near and end < line.along[-1]:
            before = min(before, max(0.0, line.along[0] - end))
    return before, after


def _carriers(stats: Int32, shape_hw: tuple[int, ...], share: float = CARRIER_SHARE) -> NDArray[np.bool_]:
    """Which pieces are so large, by their share of the frame's longer side, and so thin that lines may be in them."""
    width, height = stats[:, WIDTH], stats[:, HEIGHT]
    large = np.maximum(width, height) >= share * max(shape_hw)
    thin = stats[:, AREA] <= CARRIER_FILL * width * height
    level = np.minimum(width, height) * SLIMNESS <= np.maximum(width, height)
    found = large & (thin | level)
    found[0] = False  # paper
    return np.asarray(found)


def _fat_on_rules(components: Int32, stats: Int32) -> NDArray[np.bool_]:
    """Which large pieces are fat, but for thin ink that sticks out of them: the rules that a marker's digit joins."""
    found = np.zeros(len(stats), dtype=bool)
    fat = stats[:, AREA] > CARRIER_FILL * stats[:, WIDTH] * stats[:, HEIGHT]
    fat &= np.maximum(stats[:, WIDTH], stats[:, HEIGHT]) >= CARRIER_SHARE * max(components.shape)
    fat[0] = False  # paper
    for row in np.flatnonzero(fat):
        left, top, width, height, area = stats[row].tolist()
        thick = _thick((components[top : top + height, left : left + width] == row).astype(np.uint8))
        _, _, across, down = cv2.boundingRect(thick)
        sticks_out = across < FAT_SHARE * width or down < FAT_SHARE * height
        found[row] = sticks_out and cv2.countNonZero(thick) >= MOSTLY_FAT * area
    return found


def _thick(ink: UInt8) -> UInt8:
    """What of a mask is thicker than a line."""
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((THICKEST_PX, THICKEST_PX), np.uint8)), np.uint8)


def _dashes(stats: Int32) -> NDArray[np.bool_]:
    """Which pieces look like a dash of a broken line."""
    longer, shorter = np.maximum(stats[:, WIDTH], stats[:, HEIGHT]), np.minimum(stats[:, WIDTH], stats[:, HEIGHT])
    straight = shorter <= DASH_THICKNESS_PX + DASH_SLOPE * longer
    return np.asarray(straight & (longer >= DASH_SLIMNESS * shorter) & (stats[:, AREA] <= DASH_THICKNESS_PX * longer))


def _may_be_strokes(lines: list[Segment], shape_hw: tuple[int, ...]) -> bool:
    """Whether there are as few lines as a digit has strokes, of which each may be found more than once."""
    apart = APART * max(shape_hw)
    count = sum(len(distinct([line for line in lines if line.flat is way], apart)) for way in (True, False))
    return count <= STROKES_OF_A_DIGIT and not any(all(reaches(line, shape_hw)) for line in lines)


def _was_a_digit(erased: UInt8, held: NDArray[np.bool_], lines: list[Segment]) -> bool:
    """Whether what is left of the ink that held the lines is nearly as large as they were; what runs off the frame,
    as the desk around a page does, is none."""
    left = np.where(held, erased, 0).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
    pieces = np.asarray(stats[1:], dtype=np.int32)
    largest = int(pieces[off_edges(pieces, erased.shape)][:, [WIDTH, HEIGHT]].max(initial=0))
    return largest > LEFTOVER_SHARE * max(line.length for line in lines)
