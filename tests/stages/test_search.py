"""Only those parts of ink are classified that a division may be made of."""

from collections.abc import Mapping, Sequence

import numpy as np

from edge_app.frames import Region, RegionMap
from edge_app.stages.classify import Scored
from edge_app.stages.crop import Measures
from edge_app.stages.division import Proposal, Proposals, best_division
from edge_app.stages.search import score_divisions
from tests.patches import patches_of


class Classifier:
    """Takes regions for a 7 with a probability that depends on where they begin, and remembers what it was asked."""

    def __init__(self, belief: Mapping[int, float]) -> None:
        self._belief = belief
        self.asked: list[list[int]] = []

    def score(self, region_map: RegionMap) -> Scored:
        self.asked.append([region.box_xywh[0] for region in region_map.regions])
        return scored(region_map.regions, [self._belief[place] for place in self.asked[-1]])


def scored(regions: Sequence[Region], belief: Sequence[float]) -> Scored:
    rows = np.zeros((len(belief), 11), dtype=np.float32)
    rows[:, 7], rows[:, 10] = belief, 1.0 - np.array(belief)
    some = np.full(len(belief), 100, dtype=np.float32)
    return Scored(tuple(regions), rows, Measures(some, some / 200, some / 20), 0 * some, patches_of(*0 * some))


def proposed(*ways: Proposal) -> Proposals:
    """Regions that begin at 0, 1, 2 … pixels."""
    count = 1 + max(number for way in ways for number in way.runs.values())
    regions = tuple(Region((number, 0, 20, 30), (number + 1,)) for number in range(count))
    return Proposals(RegionMap(regions, np.zeros((40, 60), np.int32), np.zeros((1, 5), np.int32), 1.0, True), ways)


CUT_TWICE = Proposal((0,), 3, {(0, 1): 0, (0, 2): 1, (1, 2): 2, (1, 3): 3, (2, 3): 4})


def test_what_follows_is_looked_at_only_where_a_digit_ends_before_it() -> None:
    classifier = Classifier({0: 0.2, 1: 0.9, 4: 0.9})

    some, answers = score_divisions(proposed(CUT_TWICE), classifier.score)

    assert classifier.asked == [[0, 1], [4]]
    assert some.ways[0].runs == {(0, 1): 0, (0, 2): 1, (2, 3): 2}
    assert [region.box_xywh[0] for region in some.region_map.regions] == [0, 1, 4]
    np.testing.assert_allclose(answers.belief, [0.2, 0.9, 0.9])


def test_nothing_more_is_looked_at_where_no_digit_stands_first() -> None:
    classifier = Classifier({0: 0.2, 1: 0.4})

    some, _ = score_divisions(proposed(CUT_TWICE), classifier.score)

    assert classifier.asked == [[0, 1]]
    assert some.ways[0].runs == {(0, 1): 0, (0, 2): 1}


def test_the_same_division_is_chosen_as_of_everything() -> None:
    joined = Proposal((1,), 1, {(0, 1): 5})
    everything = proposed(CUT_TWICE, joined)
    belief = {0: 0.97, 1: 0.3, 2: 0.4, 3: 0.96, 4: 0.99, 5: 0.98}
    first = scored([Region((100, 0, 60, 30), (9,)), Region((200, 0, 20, 30), (10,))], [0.1, 0.2])

    some, answers = score_divisions(everything, Classifier(belief).score)

    by_search = best_division(some, first, answers)
    by_all = best_division(everything, first, scored(everything.region_map.regions, list(belief.values())))
    assert by_search.regions == by_all.regions
    assert sorted(region.box_xywh[0] for region in by_search.regions) == [0, 3, 5]
