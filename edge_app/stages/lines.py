"""A mask of ink in, the same without drawn lines out: rules, squares, form boxes, the borders of tables.

Only large thin pieces of ink are looked at, so that a page without lines costs next to nothing. Straight
segments in them that run as rules do, or end on each other as the sides of boxes do, are followed across
the page and erased.
"""

from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Int32, UInt8
from edge_app.stages.across import BARE_PERCENTILE, WANDER_PX, erase_line, is_straight, thickness
from edge_app.stages.boxes import AREA, HEIGHT, LEFT, TOP, WIDTH, off_edges
from edge_app.stages.loops import is_loop
from edge_app.stages.segments import (
    FOUND_TWICE_PX,
    MAX_SLOPE,
    ONE_OF_SEVERAL_SHARE,
    Segment,
    as_one,
    distinct,
    in_line,
    in_rows,
    is_parallel,
    is_square_to,
    straight_segments,
)

CARRIER_SHARE = 0.22  # of the frame's longer side: least extent of a piece of ink that may hold lines
PIECE_SHARE = 0.055  # the same on a ruled page, of what the threshold left of a faint rule
CARRIER_FILL = 0.4  # most of its box that is ink
DASH_SLIMNESS = 4  # length / thickness from which a small piece may be part of a broken line
DASH_THICKNESS_PX = 5
HAIR_PX = 2.5  # most thickness of the fine lines of a grid
HAIR_SHARE = 0.2  # of the grid's side: the least of such a line that the threshold left
SPACED_SHARE = 0.1  # the same of one that lies where the spacing puts it
HAIR_SPAN = 0.4  # the same, from its first dash to its last
DASH_SLOPE = 0.15
END_PX = 8  # that the lines of a grid end before or after one another
RULE_SHARE = 0.42  # of the frame's side that a line lies along: no stroke of a digit among others is as long
FROM_EDGE = 0.02  # of that side: a line that begins and ends so near the frame's edges goes on outside it
PARALLEL_SHARE = 0.11  # the same, for what runs as the rules of a ruled page do; a stroke of a 2 seldom is as long
UNEVEN = 0.25  # of the space between rules: how far off one may lie
WIDEST_SPACING = 0.2  # of the longer side, of a page that is looked at again for what is left of faint rules
SQUARED = 4  # rules of one way, from which a page is of squared paper
FANNED = 0.06  # most that the slopes of neighbouring sides of boxes differ: 3 degrees
BEYOND_ENDS = 0.8  # of a line's length: how far it is followed where the threshold lost it
SLIMNESS = 14.0  # length / thickness of a line
SIDE_SLIMNESS = 7.0  # the same of the side of a box
APART = 0.04  # of the longer side: two segments nearer than this are one line found twice
IN_ROW = 0.008  # of the longer side: how far pieces of one line may lie from its straight continuation
SIDES_OF_BOXES = 3  # upright ones that two boxes have, one of them shared: what crosses more is a line of a grid
UNBROKEN = 0.9  # of the length of a line: the least that is drawn, of a grid's
THICKER = 1.5  # than the sides across it: what no side of a box is
TOUCHING = 0.02  # of the longer side: ends of a box's sides this near meet
LEFTOVER_SHARE = 0.55  # of the longest line: a larger piece left over was the rest of a digit
STROKES_OF_A_DIGIT = 3  # straight ones, at most: a 4 that fills the frame
POST_HEIGHT_PX = 15  # least height of the side of a box that is left when its top and bottom are erased
POST_SLIMNESS = 2.2  # height / width: two boxes side by side have a double one
POST_REACH_PX = 8  # from its ends, where these are looked for
FEWEST_POSTS = 2  # a 1 may stand between two rules, too, but hardly on both
THICKEST_PX = 15  # of a line; thicker ink is the desk around a page


def remove_lines(mask: UInt8, components: Int32, stats: Int32) -> UInt8:
    """Erases drawn lines.

    Args:
        mask: (h, w) uint8, 255 for ink; not written to.
        components: (h, w) int32, the number of the piece of ink at each pixel.
        stats: (M, 5) int32, OpenCV's statistics of these.

    Returns:
        The same array where there are no lines, else a fresh one.
    """
    carriers = _carriers(stats, mask.shape)
    loops = [row for row in np.flatnonzero(carriers).tolist() if is_loop(components, stats, row)]
    if loops:
        carriers[loops] = False
        mask = np.where(np.isin(components, loops), 0, mask).astype(np.uint8)
    if not carriers.any():
        return mask
    side = max(mask.shape)
    drawn = np.where(carriers | _dashes(stats), 255, 0).astype(np.uint8)[components]
    thick = cv2.morphologyEx(drawn, cv2.MORPH_OPEN, np.ones((THICKEST_PX, THICKEST_PX), np.uint8))
    found = straight_segments(np.asarray(cv2.subtract(drawn, thick), dtype=np.uint8), side)
    rows = [row for row in in_rows(found, IN_ROW * side) if is_straight(mask, row)]
    sides = _box_sides(mask, rows)
    rules = _rules(rows, sides, mask.shape)
    ruled = distinct([rule for rule in rules if rule.flat], APART * side)
    if len(ruled) >= 2 and _spacing(ruled, mask.shape[1] / 2) <= WIDEST_SPACING * side:
        rules = _completed(rules, ruled, _pieces(mask, components, stats, carriers, ruled), IN_ROW * side)
    lines = rules + _without_rules(sides, rules, IN_ROW * side)
    if not lines:
        return mask
    erased = mask.copy()
    for line in lines:
        if line in rules:
            erase_line(erased, line, SLIMNESS, _reach(line, rules))
        else:
            erase_line(erased, line, SIDE_SLIMNESS, (FOUND_TWICE_PX, FOUND_TWICE_PX))
    few = len(lines) <= STROKES_OF_A_DIGIT and not any(all(_reaches(line, mask.shape)) for line in lines)
    if few and _was_a_digit(erased, carriers[components], lines):
        return mask
    for line in _hairlines(erased, lines, _thickest(mask, rules)):
        erase_line(erased, line, SLIMNESS, _reach(line, lines))
    _erase_posts(erased, mask & ~erased)
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


def _completed(rules: list[Segment], strong: list[Segment], pieces: list[Segment], near: float) -> list[Segment]:
    """The rules, each with all that lies in line with it, and those pieces that lie where the spacing puts another."""
    whole: list[Segment] = []
    for segment in [*rules, *pieces]:
        row = next((number for number, rule in enumerate(whole) if in_line(rule, segment, near)), None)
        if row is not None:
            whole[row] = as_one([whole[row], segment])
        elif segment in rules or (is_parallel(segment, strong) and _is_evenly_spaced(segment, strong)):
            whole.append(segment)
    return whole


def _thickest(mask: UInt8, rules: list[Segment]) -> float:
    """Pixels across the thickest line of squared paper, or across a fine one where the rules cross in no squares."""
    apart = APART * max(mask.shape)
    if min(len(distinct([rule for rule in rules if rule.flat is way], apart)) for way in (True, False)) < 2:
        return HAIR_PX
    return max(HAIR_PX, *(thickness(mask, rule) for rule in rules))


def _hairlines(mask: UInt8, lines: list[Segment], thickest: float) -> list[Segment]:
    """The fine lines of a grid whose strong ones are known: where the threshold broke them up, each is a row of dashes.

    Args:
        mask: (h, w) uint8, the ink that is left.
        lines: those known.
        thickest: pixels, of what may be such a dash.
    """
    apart = APART * max(mask.shape)
    flat, upright = (distinct([line for line in lines if line.flat is way], apart) for way in (True, False))
    if min(len(flat), len(upright)) < 2:
        return []
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    pieces = np.asarray(stats[1:], dtype=np.int32)
    turned = pieces[:, [TOP, LEFT, HEIGHT, WIDTH, AREA]]
    return _rows_of_dashes(pieces, flat, thickest) + _rows_of_dashes(turned, upright, thickest)


def _rows_of_dashes(pieces: Int32, strong: list[Segment], thickest: float) -> list[Segment]:
    """The lines that are left in pieces between those known.

    Args:
        pieces: (N, 5) statistics of pieces of ink, the way that the lines run first.
        strong: two or more lines of one direction.
        thickest: that a piece may be in the mean. What is thicker than `HAIR_PX` may also be a 1 in a column of such,
            and must lie where the grid has a line.
    """
    first, last = min(line.along[0] for line in strong), max(line.along[-1] for line in strong)
    dashes = pieces[_may_be_dashes(pieces, first, last, thickest)]
    if not len(dashes):
        return []
    middles = dashes[:, [LEFT, TOP]] + (dashes[:, [WIDTH, HEIGHT]] - 1) / 2
    strong = sorted(strong, key=lambda line: line.across_at((first + last) / 2))
    slopes = np.array([_slope_between(strong, along, across) for along, across in middles])
    levels = middles[:, 1] - slopes * (middles[:, 0] - (first + last) / 2)  # where each would cross the grid's middle
    order = np.argsort(levels)
    found = []
    for row in np.split(order, np.flatnonzero(np.diff(levels[order]) > WANDER_PX) + 1):
        row = row[np.argsort(dashes[row, LEFT])]
        starts = dashes[row, LEFT]
        ends = starts + dashes[row, WIDTH] - 1
        follows = np.append(True, starts[1:] > np.maximum.accumulate(ends)[:-1])
        row, starts, ends = row[follows], starts[follows], ends[follows]
        if ends[-1] - starts[0] < HAIR_SPAN * (last - first):
            continue
        drawn = float((ends - starts + 1).sum())
        along = np.column_stack([starts, ends]).astype(float)
        across = middles[row, 1:] + slopes[row, None] * (along - middles[row, :1])
        line = Segment(tuple(along.ravel()), tuple(across.ravel()), drawn, strong[0].flat)
        fine = dashes[row, AREA].sum() <= HAIR_PX * drawn and drawn >= HAIR_SHARE * (last - first)
        if fine or (drawn >= SPACED_SHARE * (last - first) and _is_one_of_a_grid(line, strong)):
            found.append(line)
    return found


def _may_be_dashes(pieces: Int32, first: float, last: float, thickest: float) -> NDArray[np.bool_]:
    """Which pieces may be left of a line, between two places along it."""
    length = pieces[:, WIDTH]
    fine = (pieces[:, AREA] <= thickest * length) & (pieces[:, HEIGHT] <= thickest + MAX_SLOPE * length)
    within = (pieces[:, LEFT] >= first - END_PX) & (pieces[:, LEFT] + length <= last + END_PX)
    return np.asarray(fine & within & (length >= DASH_SLIMNESS))


def _slope_between(lines: list[Segment], along: float, across: float) -> float:
    """Of what runs as the lines on either side of a place do."""
    places = [line.across_at(along) for line in lines]
    return float(np.interp(across, places, [line.slope for line in lines]))


def _reach(line: Segment, rules: list[Segment]) -> tuple[float, float]:
    """How far a rule is followed before its start and beyond its end: at least as far as the others run."""
    alike = [rule for rule in rules if rule.flat == line.flat]
    first, last = min(rule.along[0] for rule in alike), max(rule.along[-1] for rule in alike)
    least = BEYOND_ENDS * line.length
    return max(least, line.along[0] - first), max(least, last - line.along[-1])


def _carriers(stats: Int32, shape_hw: tuple[int, ...], share: float = CARRIER_SHARE) -> NDArray[np.bool_]:
    """Which pieces are so large, by their share of the frame's longer side, and so thin that lines may be in them."""
    width, height = stats[:, WIDTH], stats[:, HEIGHT]
    large = np.maximum(width, height) >= share * max(shape_hw)
    thin = stats[:, AREA] <= CARRIER_FILL * width * height
    level = np.minimum(width, height) * SLIMNESS <= np.maximum(width, height)
    found = large & (thin | level)
    found[0] = False  # paper
    return np.asarray(found)


def _dashes(stats: Int32) -> NDArray[np.bool_]:
    """Which pieces look like a dash of a broken line."""
    longer, shorter = np.maximum(stats[:, WIDTH], stats[:, HEIGHT]), np.minimum(stats[:, WIDTH], stats[:, HEIGHT])
    straight = shorter <= DASH_THICKNESS_PX + DASH_SLOPE * longer
    return np.asarray(straight & (longer >= DASH_SLIMNESS * shorter) & (stats[:, AREA] <= DASH_THICKNESS_PX * longer))


def _rules(segments: list[Segment], sides: list[Segment], shape_hw: tuple[int, ...]) -> list[Segment]:
    """The long lines of a page, and where it is ruled, shorter ones that run alike; no box alone makes a ruled page.

    Args:
        segments: straight ones.
        sides: those of them that are sides of boxes.
        shape_hw: of the frame.
    """
    apart = APART * max(shape_hw)
    candidates = _may_be_rules(segments, sides, shape_hw)
    flat, upright = ([s for s in candidates if s.flat is way] for way in (True, False))
    rules = [s for s in flat if s.drawn >= RULE_SHARE * shape_hw[1]]
    shorter = [s for s in flat if s.drawn >= ONE_OF_SEVERAL_SHARE * shape_hw[1]]
    if len(distinct(shorter, apart)) >= 2:
        rules = shorter
    strong = distinct(rules, apart)
    is_ruled = len(strong) >= 2
    if is_ruled:
        weak = [s for s in flat if s not in rules and s.drawn >= PARALLEL_SHARE * shape_hw[1]]
        rules = rules + [s for s in weak if is_parallel(s, rules) and _is_evenly_spaced(s, strong)]
    # One tall upright line is a 1; three of them are the rules of a page that lies on its side, and one
    # that crosses rules is a margin.
    plumb = [s for s in upright if s.drawn >= (ONE_OF_SEVERAL_SHARE if is_ruled else RULE_SHARE) * shape_hw[0]]
    if is_ruled:
        plumb = [s for s in plumb if is_square_to(s, rules)]
    if is_ruled or len(distinct(plumb, apart)) >= 3:
        return rules + plumb
    return rules + _spanning(upright, shape_hw)


def _spanning(segments: list[Segment], shape_hw: tuple[int, ...]) -> list[Segment]:
    """The lines from edge to edge, also where only both ends are known: a large digit may hide the middle."""
    at_first, at_last = ([s for s in segments if _reaches(s, shape_hw)[end]] for end in (0, 1))
    found = [segment for segment in at_first if segment in at_last]
    for first, last in product(at_first, at_last):
        if first.along[-1] < last.along[0]:
            line = as_one([first, last])
            chord = Segment((line.along[0], line.along[-1]), (line.across[0], line.across[-1]), line.drawn, line.flat)
            if in_line(chord, first, WANDER_PX) and in_line(chord, last, WANDER_PX):
                found.append(line)
    return found


def _reaches(line: Segment, shape_hw: tuple[int, ...]) -> tuple[bool, bool]:
    """Whether a line reaches the frame's edge at its start and at its end; no stroke of a digit reaches both."""
    side = shape_hw[line.flat]
    return line.along[0] <= FROM_EDGE * side, line.along[-1] >= (1 - FROM_EDGE) * side


def _may_be_rules(segments: list[Segment], sides: list[Segment], shape_hw: tuple[int, ...]) -> list[Segment]:
    """The segments without sides of boxes that stand alone; with them on a grid, whose fine lines may be broken."""
    near = TOUCHING * max(shape_hw)
    in_grid = [side for side in sides if _is_of_a_grid(side, sides, near)]
    if min(len([side for side in in_grid if side.flat is way]) for way in (True, False)) >= 2:
        return segments
    alone = [side for side in sides if side.drawn < RULE_SHARE * shape_hw[side.flat] and side not in in_grid]
    return [segment for segment in segments if not any(_lies_on(side, segment, near) for side in alone)]


def _lies_on(side: Segment, segment: Segment, near: float) -> bool:
    """Whether a segment is a side of a box, or a part of it that was found once more."""
    first, last = side.along[0] - near, side.along[-1] + near
    return first <= segment.along[0] and segment.along[-1] <= last and in_line(side, segment, near)


def _without_rules(sides: list[Segment], rules: list[Segment], near: float) -> list[Segment]:
    """The sides of boxes that are no part of a rule, and among rules of their way run as these do.

    Once a rule is erased, only strokes that cross it are left to be taken for a part of it; and what leans among the
    lines of squared paper is a 1.
    """
    apart = [side for side in sides if not any(_lies_on(rule, side, near) for rule in rules)]
    alike = {way: [rule for rule in rules if rule.flat is way] for way in (True, False)}
    return [side for side in apart if len(alike[side.flat]) < SQUARED or is_parallel(side, alike[side.flat], FANNED)]


def _is_of_a_grid(side: Segment, sides: list[Segment], near: float) -> bool:
    """Whether the side of a box crosses those of many in one go; boxes in a row have gaps between them."""
    across = [other for other in sides if other.flat is not side.flat]
    places = np.sort(_crossings(side, across, near))
    crossed = 1 + np.count_nonzero(np.diff(places) > near)  # both edges of a thick line are one
    return bool(side.drawn >= UNBROKEN * side.length and crossed > SIDES_OF_BOXES)


def _is_evenly_spaced(segment: Segment, rules: list[Segment]) -> bool:
    """Whether a segment lies where the even spacing of two rules or more puts another; the tops of digits do not."""
    places = np.array([rule.across_at(segment.middle) for rule in rules])
    spacing = _spacing(rules, segment.middle)
    nearest = int(np.abs(places - segment.across_at(segment.middle)).argmin())
    away = (segment.across_at(segment.middle) - places[nearest]) / spacing
    return bool(abs(away - round(away)) <= UNEVEN)


def _is_one_of_a_grid(line: Segment, lines: list[Segment]) -> bool:
    """Whether a line lies on one of two or more of a grid's, or where one is missing between two of them."""
    here, spacing = line.across_at(line.middle), _spacing(lines, line.middle)
    places = np.sort([other.across_at(line.middle) for other in lines])
    after = int(np.clip(np.searchsorted(places, here), 1, len(places) - 1))
    first, last = places[after - 1], places[after]
    step = max(1.0, (last - first) / max(1, round((last - first) / spacing)))
    return bool(abs(here - first - step * round((here - first) / step)) <= WANDER_PX)


def _spacing(rules: list[Segment], along: float) -> float:
    """Pixels from one of two rules or more to the next at a place along them; some between them may be missing."""
    return max(1.0, float(np.diff(np.sort([rule.across_at(along) for rule in rules])).min()))  # two may meet there


def _has_a_like(segment: Segment, others: list[Segment]) -> bool:
    """Whether another segment runs nearly as this one does: in perspective the sides of boxes fan out."""
    return any(other is not segment and abs(other.slope - segment.slope) <= FANNED for other in others)


def _box_sides(mask: UInt8, segments: list[Segment]) -> list[Segment]:
    """The segments that end on two others across them: sides of boxes, and the cells of tables.

    One pen or printer drew them; what is thicker than all that it ends on is a stroke between two rules.
    """
    side = max(mask.shape)
    flat, upright = ([s for s in segments if s.flat is way] for way in (True, False))
    level, plumb = (
        [s for s in some if _ends_on(s, others, TOUCHING * side)] for some, others in ((flat, upright), (upright, flat))
    )
    plumb = [s for s in plumb if level and (is_square_to(s, level) or _has_a_like(s, plumb))]  # the stem of a 7 leans
    sides = _no_thicker(mask, level, plumb), _no_thicker(mask, plumb, level)
    if min(len(distinct(found, APART * side)) for found in sides) < 2:
        return []
    return sides[0] + sides[1]


def _no_thicker(mask: UInt8, segments: list[Segment], others: list[Segment]) -> list[Segment]:
    """The segments that are not much thicker than all the others."""
    thickest = max((thickness(mask, other) for other in others), default=0.0)
    return [s for s in segments if thickness(mask, s) <= THICKER * thickest + 1]


def _ends_on(segment: Segment, others: list[Segment], near: float) -> bool:
    """Whether both ends of a segment lie on others, or it runs on beyond them."""
    crossed = _crossings(segment, others, near)
    return bool(crossed) and max(crossed) - min(crossed) >= 0.5 * segment.length


def _crossings(segment: Segment, others: list[Segment], near: float) -> list[float]:
    """Where along a segment others cross it, or nearly do."""
    crossed = []
    for other in others:
        place = segment.middle
        for _ in range(4):  # each step takes the error times the product of both slopes
            place = other.across_at(segment.across_at(place))
        across = segment.across_at(place)
        reaches = other.along[0] - near <= across <= other.along[-1] + near
        if reaches and segment.along[0] - near <= place <= segment.along[-1] + near:
            crossed.append(place)
    return crossed


def _erase_posts(mask: UInt8, lines: UInt8) -> None:
    """Erases the sides of boxes that are left standing between two erased lines, from the mask itself.

    Args:
        mask: (h, w) uint8, what is left.
        lines: (h, w) uint8, 255 where lines were.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8, ltype=cv2.CV_32S)
    upright = (stats[:, HEIGHT] >= POST_HEIGHT_PX) & (stats[:, HEIGHT] >= POST_SLIMNESS * stats[:, WIDTH])
    upright[0] = False  # paper
    posts = [row for row in np.flatnonzero(upright) if _stands_between(stats[row], lines)]
    if len(posts) >= FEWEST_POSTS:
        mask[np.isin(labels, posts)] = 0


def _stands_between(box: NDArray[np.int32], lines: UInt8) -> bool:
    """Whether an erased line ran from the top of a box, and another from its bottom, to the same side."""
    x, y, width, height = (int(side) for side in box[:AREA])
    reach = POST_REACH_PX
    sides = slice(max(0, x - reach), x), slice(x + width, x + width + reach)
    ends = slice(max(0, y - 1), y + reach), slice(y + height - reach, y + height + 1)  # the lines cross it there
    return any(all(lines[rows, columns].any(axis=0).sum() >= reach / 2 for rows in ends) for columns in sides)


def _was_a_digit(erased: UInt8, carried: NDArray[np.bool_], lines: list[Segment]) -> bool:
    """Whether what is left of the ink that held the lines is nearly as large as they were; what runs off the frame,
    as the desk around a page does, is none."""
    left = np.where(carried, erased, 0).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(left, connectivity=8)
    pieces = np.asarray(stats[1:], dtype=np.int32)
    largest = int(pieces[off_edges(pieces, erased.shape)][:, [WIDTH, HEIGHT]].max(initial=0))
    return largest > LEFTOVER_SHARE * max(line.length for line in lines)
