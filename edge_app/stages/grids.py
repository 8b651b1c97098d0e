"""Lines of a page in, what their spacing says out: where another lies, and the fine ones that the threshold broke."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Int32, UInt8
from edge_app.stages.across import BARE_PERCENTILE, WANDER_PX, thickness
from edge_app.stages.boxes import AREA, HEIGHT, LEFT, TOP, WIDTH
from edge_app.stages.segments import APART, FOUND_TWICE_PX, MAX_SLOPE, Segment, distinct, reaches

DASH_SLIMNESS = 4  # length / thickness from which a small piece may be part of a broken line
HAIR_PX = 2.5  # most thickness of the fine lines of a grid
HAIR_SHARE = 0.2  # of the grid's side: the least of such a line that the threshold left
SPACED_SHARE = 0.1  # the same of one that lies where the spacing puts it
HAIR_SPAN = 0.4  # the same, from its first dash to its last
FEWEST_DASHES = 4  # of a line that lies there, however short it is; one does where it runs off the frame
END_PX = 8  # that the lines of a grid end before or after one another
LONG_SHARE = 0.6  # of the frame's side: no digits in a row look like a line so long
THICK_RULE = 2.0  # times the thickest of these, from which a short line is digits in a row
FEWEST_SPANNING = 3  # lines from edge to edge that tell how thick those of a page are
FEWEST_SQUARED = 8  # lines of either way on squared paper; a puzzle with fewer has 1s where another would lie
MOST_HIDDEN, UNEVEN_SQUARES = 3, 0.12  # lines side by side that a digit hides; of their spacing, how far off it may be
UNEVEN = 0.25  # of the space between rules: how far off one may lie


def spacing_of(rules: list[Segment], along: float) -> float:
    """Pixels from one of two rules or more to the next at a place along them; some between them may be missing."""
    return max(1.0, float(np.diff(np.sort([rule.across_at(along) for rule in rules])).min()))  # two may meet there


def is_evenly_spaced(segment: Segment, rules: list[Segment]) -> bool:
    """Whether a segment lies where the even spacing of two rules or more puts another; the tops of digits do not."""
    places = np.array([rule.across_at(segment.middle) for rule in rules])
    spacing = spacing_of(rules, segment.middle)
    nearest = int(np.abs(places - segment.across_at(segment.middle)).argmin())
    away = (segment.across_at(segment.middle) - places[nearest]) / spacing
    return bool(abs(away - round(away)) <= UNEVEN)


def _is_one_of_a_grid(line: Segment, lines: list[Segment]) -> bool:
    """Whether a line lies on one of two or more of a grid's, or where one is missing between two of them."""
    here, spacing = line.across_at(line.middle), spacing_of(lines, line.middle)
    places = np.sort([other.across_at(line.middle) for other in lines])
    after = int(np.clip(np.searchsorted(places, here), 1, len(places) - 1))
    first, last = places[after - 1], places[after]
    step = max(1.0, (last - first) / max(1, round((last - first) / spacing)))
    return bool(abs(here - first - step * round((here - first) / step)) <= WANDER_PX)


def are_squares(rules: list[Segment], side: int) -> bool:
    """Whether rules cross in squares; the frame's longer side is in pixels."""
    ways = ([rule for rule in rules if rule.flat is way] for way in (True, False))
    return all(len(distinct(rules, APART * side)) >= 2 for rules in ways)


def without_strokes(
    mask: UInt8, rules: list[Segment], sides: list[Segment]
) -> tuple[list[Segment], list[Segment], float]:
    """The lines of a ruled page or a puzzle that are no thicker than lines are, and the thickness of the thickest.

    The long ones tell; where several run from edge to edge of the frame, these, and of sides of boxes, too. Thickness
    is measured where nothing crosses them, in pixels.
    """
    bare, of_sides = ([thickness(mask, line, BARE_PERCENTILE) for line in lines] for lines in (rules, sides))
    spanning = [px for px, rule in zip(bare, rules, strict=True) if all(reaches(rule, mask.shape))]
    is_paper = len(spanning) >= FEWEST_SPANNING
    long = [px for px, rule in zip(bare, rules, strict=True) if rule.length >= LONG_SHARE * mask.shape[rule.flat]]
    thickest = max(spanning if is_paper else long or bare)
    most = THICK_RULE * thickest + 1
    thin = [rule for px, rule in zip(bare, rules, strict=True) if px < most]
    return thin, [side for px, side in zip(of_sides, sides, strict=True) if px < most or not is_paper], thickest


def hidden_lines(lines: list[Segment], thickest: float) -> list[Segment]:
    """The lines of squared paper that a digit hides most of: where the spacing of others leaves room for them.

    Args:
        lines: those that were found, of both ways.
        thickest: of these, in pixels.
    """
    found = []
    for way in (True, False):
        alike = [line for line in lines if line.flat is way]
        if len(alike) < FEWEST_SQUARED:
            continue
        first, last = min(line.along[0] for line in alike), max(line.along[-1] for line in alike)
        middle = (first + last) / 2
        alike.sort(key=lambda line: line.across_at(middle))
        steps = np.diff([line.across_at(middle) for line in alike])
        own = steps > FOUND_TWICE_PX + 2 * thickest  # both edges of one line, and pieces of it, are less
        if np.count_nonzero(own) + 1 < FEWEST_SQUARED:
            continue
        spacing = float(np.median(steps[own]))
        for before in np.flatnonzero(own):
            squares = round(steps[before] / spacing)
            even = abs(steps[before] / max(squares, 1) - spacing) <= UNEVEN_SQUARES * spacing
            if not even or squares > MOST_HIDDEN + 1:
                continue
            here, beyond = ([line.across_at(along) for along in (first, last)] for line in alike[before : before + 2])
            for share in np.arange(1, squares) / squares:
                start, end = (float(a + (b - a) * share) for a, b in zip(here, beyond, strict=True))
                found.append(Segment((first, last), (start, end), last - first, way))
    return found


def find_hairlines(mask: UInt8, lines: list[Segment], thickest: float) -> list[Segment]:
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
    height, width = mask.shape
    return _rows_of_dashes(pieces, flat, thickest, width) + _rows_of_dashes(turned, upright, thickest, height)


def _rows_of_dashes(pieces: Int32, strong: list[Segment], thickest: float, side: int) -> list[Segment]:
    """The lines that are left in pieces between those known.

    Args:
        pieces: (N, 5) statistics of pieces of ink, the way that the lines run first.
        strong: two or more lines of one direction.
        thickest: that a piece may be in the mean. What is thicker than `HAIR_PX` may also be a 1 in a column of such,
            and must lie where the grid has a line.
        side: of the frame, that the lines run along.
    """
    first, last = min(line.along[0] for line in strong), max(line.along[-1] for line in strong)
    dashes = pieces[_may_be_dashes(pieces, first, last, thickest)]
    if not len(dashes):
        return []
    middles = dashes[:, [LEFT, TOP]] + (dashes[:, [WIDTH, HEIGHT]] - 1) / 2
    strong = sorted(strong, key=lambda line: line.across_at((first + last) / 2))
    slopes = np.array([_slope_between(strong, along, across) for along, across in middles])
    alike = dashes[:, HEIGHT] <= thickest + np.abs(slopes) * dashes[:, WIDTH] + WANDER_PX
    if not alike.any():
        return []
    dashes, middles, slopes = dashes[alike], middles[alike], slopes[alike]
    levels = middles[:, 1] - slopes * (middles[:, 0] - (first + last) / 2)  # where each would cross the grid's middle
    order = np.argsort(levels)
    found = []
    for row in np.split(order, np.flatnonzero(np.diff(levels[order]) > WANDER_PX) + 1):
        row = row[np.argsort(dashes[row, LEFT])]
        starts = dashes[row, LEFT]
        ends = starts + dashes[row, WIDTH] - 1
        follows = np.append(True, starts[1:] > np.maximum.accumulate(ends)[:-1])
        row, starts, ends = row[follows], starts[follows], ends[follows]
        is_broken = starts[0] == 0 or ends[-1] == side - 1 or len(row) >= FEWEST_DASHES
        if ends[-1] - starts[0] < HAIR_SPAN * (last - first) and not is_broken:
            continue
        drawn = float((ends - starts + 1).sum())
        along = np.column_stack([starts, ends]).astype(float)
        across = middles[row, 1:] + slopes[row, None] * (along - middles[row, :1])
        line = Segment(tuple(along.ravel()), tuple(across.ravel()), drawn, strong[0].flat)
        fine = dashes[row, AREA].sum() <= HAIR_PX * drawn and drawn >= HAIR_SHARE * (last - first)
        enough = is_broken or drawn >= SPACED_SHARE * (last - first)
        if fine or (enough and _is_one_of_a_grid(line, strong)):
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
