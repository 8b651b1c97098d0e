"""Straight segments in, those that are the rules of a page and what crosses these out."""

from itertools import product

from edge_app.stages.across import WANDER_PX
from edge_app.stages.box_sides import TOUCHING, is_of_a_grid, lies_on
from edge_app.stages.grids import is_evenly_spaced
from edge_app.stages.segments import (
    APART,
    FROM_EDGE,
    ONE_OF_SEVERAL_SHARE,
    Segment,
    as_one,
    distinct,
    in_line,
    is_parallel,
    is_square_to,
    reaches,
)

RULE_SHARE = 0.42  # of the frame's side that a line lies along: no stroke of a digit among others is as long
MARGIN_SHARE, FEWEST_OF_GRID = 0.5, 3  # of the frame's height: what crosses rules alone; how many do on squares
PARALLEL_SHARE = 0.11  # the same, for what runs as the rules of a ruled page do; a stroke of a 2 seldom is as long


def find_rules(segments: list[Segment], sides: list[Segment], shape_hw: tuple[int, ...]) -> list[Segment]:
    """The long lines of a page, and where it is ruled, shorter ones that run alike; no box alone makes a ruled page.

    Args:
        segments: straight ones.
        sides: those of them that are sides of boxes.
        shape_hw: of the frame.
    """
    apart = APART * max(shape_hw)
    candidates = [s for s in _may_be_rules(segments, sides, shape_hw) if not _lies_along_edge(s, shape_hw)]
    flat, upright = ([s for s in candidates if s.flat is way] for way in (True, False))
    rules = [s for s in flat if s.drawn >= RULE_SHARE * shape_hw[1]]
    shorter = [s for s in flat if s.drawn >= ONE_OF_SEVERAL_SHARE * shape_hw[1]]
    if len(distinct(shorter, apart)) >= 2:
        rules = shorter
    strong = distinct(rules, apart)
    is_ruled = len(strong) >= 2
    if is_ruled:
        weak = [s for s in flat if s not in rules and s.drawn >= PARALLEL_SHARE * shape_hw[1]]
        rules = rules + [s for s in weak if is_parallel(s, rules) and is_evenly_spaced(s, strong)]
    # One tall upright line is a 1; three of them are the rules of a page that lies on its side, and one
    # that crosses rules is a margin.
    plumb = [s for s in upright if s.drawn >= (ONE_OF_SEVERAL_SHARE if is_ruled else RULE_SHARE) * shape_hw[0]]
    if is_ruled:
        plumb = [s for s in plumb if is_square_to(s, rules)]
        if len(distinct(plumb, apart)) < FEWEST_OF_GRID:
            plumb = [s for s in plumb if s.length >= MARGIN_SHARE * shape_hw[0]]
    if is_ruled or len(distinct(plumb, apart)) >= 3:
        return rules + plumb
    return rules + _spanning(upright, shape_hw)


def _spanning(segments: list[Segment], shape_hw: tuple[int, ...]) -> list[Segment]:
    """The lines from edge to edge, also where only both ends are known: a large digit may hide the middle."""
    at_first, at_last = ([s for s in segments if reaches(s, shape_hw)[end]] for end in (0, 1))
    found = [segment for segment in at_first if segment in at_last]
    for first, last in product(at_first, at_last):
        if first.along[-1] < last.along[0]:
            line = as_one([first, last])
            chord = Segment((line.along[0], line.along[-1]), (line.across[0], line.across[-1]), line.drawn, line.flat)
            if in_line(chord, first, WANDER_PX) and in_line(chord, last, WANDER_PX):
                found.append(line)
    return found


def _lies_along_edge(line: Segment, shape_hw: tuple[int, ...]) -> bool:
    """Whether a line runs beside the frame's edge, as the desk does that is seen beyond a page's."""
    side = shape_hw[not line.flat]
    return max(line.across) <= FROM_EDGE * side or min(line.across) >= (1 - FROM_EDGE) * side


def _may_be_rules(segments: list[Segment], sides: list[Segment], shape_hw: tuple[int, ...]) -> list[Segment]:
    """The segments without sides of boxes that stand alone; with them on a grid, whose fine lines may be broken."""
    near = TOUCHING * max(shape_hw)
    in_grid = [side for side in sides if is_of_a_grid(side, sides, near)]
    if min(len([side for side in in_grid if side.flat is way]) for way in (True, False)) >= 2:
        return segments
    alone = [side for side in sides if side.drawn < RULE_SHARE * shape_hw[side.flat] and side not in in_grid]
    return [segment for segment in segments if not any(lies_on(side, segment, near) for side in alone)]


def completed(rules: list[Segment], strong: list[Segment], pieces: list[Segment], near: float) -> list[Segment]:
    """The rules, each with all that lies in line with it, and those pieces that lie where the spacing puts another."""
    whole: list[Segment] = []
    for segment in [*rules, *pieces]:
        row = next((number for number, rule in enumerate(whole) if in_line(rule, segment, near)), None)
        if row is not None:
            whole[row] = as_one([whole[row], segment])
        elif segment in rules or (is_parallel(segment, strong) and is_evenly_spaced(segment, strong)):
            whole.append(segment)
    return whole
