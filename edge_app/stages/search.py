"""Ways to divide a frame's ink in, what the classifier says of those parts out that a division may be made of.

Most ways to cut a letter apart begin with what is no digit, and then nothing that would follow need be looked at. So
the classifier is asked about the parts furthest left first, and about others only where a digit ends before them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

from edge_app.frames import RegionMap
from edge_app.stages.classify import Scored
from edge_app.stages.division import LEAST_CLEAR, Proposals


def score_divisions(proposals: Proposals, score: Callable[[RegionMap], Scored]) -> tuple[Proposals, Scored]:
    """Has those regions scored that a division may be made of.

    Args:
        proposals: of `propose`, one at the least.
        score: what the classifier says of regions; asked once for each digit of the longest division.

    Returns:
        The proposals with nothing in them but what was scored, and the scores.
    """
    region_map = proposals.region_map
    ahead = [dict(way.runs) for way in proposals.ways]
    reached = [{0} for _ in proposals.ways]
    asked: list[int] = []
    answers: list[Scored] = []
    while step := [(way, run) for way, runs in enumerate(ahead) for run in runs if run[0] in reached[way]]:
        numbers = [ahead[way].pop(run) for way, run in step]
        answers.append(score(replace(region_map, regions=tuple(region_map.regions[number] for number in numbers))))
        asked += numbers
        for (way, (_, stop)), belief in zip(step, answers[-1].belief, strict=True):
            if belief >= LEAST_CLEAR:
                reached[way].add(stop)
    rows = {number: row for row, number in enumerate(asked)}
    ways = tuple(
        replace(way, runs={run: rows[number] for run, number in way.runs.items() if number in rows})
        for way in proposals.ways
    )
    regions = tuple(region_map.regions[number] for number in asked)
    return Proposals(replace(region_map, regions=regions), ways), reduce(Scored.joined, answers)
