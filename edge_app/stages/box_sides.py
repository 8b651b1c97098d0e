"""Straight segments in, those that are the sides of form boxes and the cells of tables out."""

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import UInt8
from edge_app.stages.across import thickness
from edge_app.stages.boxes import AREA, HEIGHT, WIDTH, pieces_of_ink
from edge_app.stages.segments import APART, Segment, distinct, in_line, is_parallel, is_square_to

SQUARED = 4  # rules of one way, from which a page is of squared paper
LEANING = 0.25  # most that the slope of one differs from square: 14 degrees; what leans more is a stroke between rules
FANNED = 0.06  # most that the slopes of neighbouring sides of boxes differ: 3 degrees
TOUCHING = 0.02  # of the longer side: ends of a box's sides this near meet
SIDES_OF_BOXES = 3  # upright ones that two boxes have, one of them shared: what crosses more is a line of a grid
UNBROKEN = 0.9  # of the length of a line: the least that is drawn, of a grid's
THICKER = 1.5  # than the sides across it: what no side of a box is
POST_HEIGHT_PX = 15  # least height of the side of a box that is left when its top and bottom are erased
POST_SLIMNESS = 2.2  # height / width: two boxes side by side have a double one
POST_REACH_PX = 8  # from its ends, where these are looked for
FEWEST_POSTS = 2  # a 1 may stand between two rules, too, but hardly on both; where they begin or end, one is enough


def find_box_sides(mask: UInt8, segments: list[Segment]) -> list[Segment]:
    """The segments that end on two others across them: sides of boxes, and the cells of tables.

    One pen or printer drew them; what is thicker than all that it ends on is a stroke between two rules.
    """
    side = max(mask.shape)
    flat, upright = ([s for s in segments if s.flat is way] for way in (True, False))
    level, plumb = (
        [s for s in some if _ends_on(s, others, TOUCHING * side)] for some, others in ((flat, upright), (upright, flat))
    )
    plumb = [s for s in plumb if level and _stands(s, level, plumb)]
    sides = _no_thicker(mask, level, plumb), _no_thicker(mask, plumb, level)
    if min(len(distinct(found, APART * side)) for found in sides) < 2:
        return []
    return sides[0] + sides[1]


def _stands(segment: Segment, level: list[Segment], plumb: list[Segment]) -> bool:
    """Whether an upright segment stands as the side of a box does; the stem of a 7 leans.

    In perspective the sides of boxes fan out: one that leans a little has another beside it that does nearly the same.
    """
    alike = any(other is not segment and abs(other.slope - segment.slope) <= FANNED for other in plumb)
    return is_square_to(segment, level) or (alike and is_square_to(segment, level, LEANING))


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


def lies_on(side: Segment, segment: Segment, near: float) -> bool:
    """Whether a segment is a side of a box, or a part of it that was found once more."""
    first, last = side.along[0] - near, side.along[-1] + near
    return first <= segment.along[0] and segment.along[-1] <= last and in_line(side, segment, near)


def without_rules(sides: list[Segment], rules: list[Segment], near: float) -> list[Segment]:
    """The sides of boxes that are no part of a rule, and among rules of their way run as these do.

    Once a rule is erased, only strokes that cross it are left to be taken for a part of it; and what leans among the
    lines of squared paper is a 1.
    """
    apart = [side for side in sides if not any(lies_on(rule, side, near) for rule in rules)]
    alike = {way: [rule for rule in rules if rule.flat is way] for way in (True, False)}
    return [side for side in apart if len(alike[side.flat]) < SQUARED or is_parallel(side, alike[side.flat], FANNED)]


def is_of_a_grid(side: Segment, sides: list[Segment], near: float) -> bool:
    """Whether the side of a box crosses those of many in one go; boxes in a row have gaps between them."""
    across = [other for other in sides if other.flat is not side.flat]
    places = np.sort(_crossings(side, across, near))
    crossed = 1 + np.count_nonzero(np.diff(places) > near)  # both edges of a thick line are one
    return bool(side.drawn >= UNBROKEN * side.length and crossed > SIDES_OF_BOXES)


def erase_posts(mask: UInt8, lines: UInt8) -> None:
    """Erases the sides of boxes that are left standing between two erased lines, from the mask itself.

    Args:
        mask: (h, w) uint8, what is left.
        lines: (h, w) uint8, 255 where lines were.
    """
    labels, stats = pieces_of_ink(mask)
    upright = (stats[:, HEIGHT] >= POST_HEIGHT_PX) & (stats[:, HEIGHT] >= POST_SLIMNESS * stats[:, WIDTH])
    upright[0] = False  # paper
    sides = {row: _lines_beside(stats[row], lines) for row in np.flatnonzero(upright)}
    posts = [row for row, (left, right) in sides.items() if left.all() or right.all()]
    if len(posts) < FEWEST_POSTS:
        posts = [row for row in posts if not all(side.any() for side in sides[row])]
    if posts:
        mask[np.isin(labels, posts)] = 0


def _lines_beside(box: NDArray[np.int32], lines: UInt8) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether an erased line ran from the top of a box and from its bottom, (2,) bool, to the left and to the right."""
    x, y, width, height = (int(side) for side in box[:AREA])
    reach = POST_REACH_PX
    ends = slice(max(0, y - 1), y + reach), slice(y + height - reach, y + height + 1)  # the lines cross it there
    left, right = (
        np.array([lines[rows, columns].any(axis=0).sum() >= reach / 2 for rows in ends])
        for columns in (slice(max(0, x - reach), x), slice(x + width, x + width + reach))
    )
    return left, right
