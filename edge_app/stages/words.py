"""What the classifier says of each region in, which of them are letters of words out.

Where somebody has written words, an s passes for a 5 and a b for a 6 in every line. Digits that hang together with
letters are weighed as witnesses are (naive Bayes): what each would pass for if it were a letter, how far the classifier
doubts them, how many letters stand beside them, and how much of the page is words. So the 12 of 12 kg stays a number
and the lo of lost is none.
"""

import numpy as np
from numpy.typing import NDArray

from edge_app.frames import Float32
from edge_app.stages.classify import DIGITS, SURELY_NONE, Scored
from edge_app.stages.rows import Boxes, as_boxes

GAP = 0.35  # widest one between neighbours in a word, of the taller one's height
LEAST_HEIGHT = 0.4  # of the taller one's height: an x is as low beside an h
ROW_SHARE = 0.5  # of the lower one's height that two neighbours share
BROAD, BROAD_SHARE = 0.45, 0.65  # width / height of a letter, and of the page's usual one where a hand is narrow;
# what is slimmer may be a parenthesis or a slash beside a number
WRITTEN = 0.25  # unrest that letters stay below, close as they stand in words; leaves and tiles have more
WORD = 2  # broad letters of what may be a word; it has no more digits than letters
LETTERS_LEAST = 4  # in all such words of a page, from which words are written on it
CLEAR_WORD = 3  # broad letters of a word that is beyond dispute, with letters at least twice as many as digits
JOINED = 1.3  # of its height: width of a letter that is several, written without lifting the pen
# How much likelier a letter is to pass for each digit, 0 to 9, than a number is to hold it; natural logarithms. These
# and the weights are of 73 hands, of which each wrote words, notes, forms, sums, dates and prices.
LETTER_LIKE = np.array([0.4, 0.6, -1.5, -2.9, -1.4, -0.6, -0.8, -2.2, -2.0, -0.8], np.float32)
DOUBT_WEIGHT = 27.0  # of the mean probability of "not a digit"
ALIKE_MOST = 0.6  # that digits together say of that: no word has many o and l, but many a number 0 and 1
LETTER_WEIGHT, LETTERS_MOST = 1.2, 4  # of each broad letter that hangs together with them; as many count
PAGE_WEIGHT = 6.0  # where letters do, of the share of words among those in clear words and all digits of the page
APART = 0.9  # where none do: a word of such letters alone
AGAINST = 1.75, 2.75  # what all this must outweigh, a number being lost where it is taken for a word; and once more,
# when what was found to be letters counts as words, too


def in_words(scored: Scored, signs: NDArray[np.bool_], in_cells: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which regions are letters of words, on a page with words on it.

    Args:
        scored: of one frame.
        signs: (N,) bool, which were told from digits: they are no letters.
        in_cells: (N,) bool, which digits stand in cells of their own: neither are they.

    Returns:
        (N,) bool; none where the page has hardly a word, or the model no class for what is no digit.
    """
    found = np.zeros(len(scored.regions), dtype=bool)
    if scored.scores.shape[1] <= DIGITS:
        return found
    whole = ~np.array([region.cut for region in scored.regions], dtype=bool)
    digit = whole & (scored.scores.argmax(axis=1) < DIGITS)
    letter = whole & ~signs & (scored.scores[:, DIGITS] >= SURELY_NONE)
    if np.count_nonzero(letter) < LETTERS_LEAST:
        return found
    hardly_none = whole & ~digit & (scored.scores[:, DIGITS] < SURELY_NONE)  # no evidence, but it parts no word
    rows = np.flatnonzero(digit | letter | hardly_none)
    boxes = as_boxes([scored.regions[row].box_xywh for row in rows])
    close = _neighbours(boxes)
    aspects = boxes[:, 2] / boxes[:, 3]
    may_be_of_words = letter[rows] & ((close.sum(axis=1) > 1) | (aspects >= JOINED))
    letter[rows] = False
    letter[rows[may_be_of_words]] = [scored.patches[row].unrest < WRITTEN for row in rows[may_be_of_words]]
    kept = (digit | letter | hardly_none)[rows]
    rows, boxes, aspects, word = rows[kept], boxes[kept], aspects[kept], _components(close[np.ix_(kept, kept)])
    if not letter.any():
        return found
    broad = letter[rows] & (aspects >= min(BROAD, BROAD_SHARE * float(np.median(aspects[letter[rows]]))))
    kinds = letter[rows], broad, digit[rows]
    letters, broads, digits = (np.bincount(word[kind], minlength=len(rows)) for kind in kinds)
    if int(broads[(broads >= WORD) & (letters >= digits)].sum()) < LETTERS_LEAST:
        return found
    in_clear = int(broads[(broads >= CLEAR_WORD) & (letters >= 2 * digits)].sum())
    beside = ((letters + digits > 1) & (broads > 0))[word]  # a slim one among digits alone is a sign
    found[rows] = letter[rows] & (beside | (aspects >= JOINED))
    weighed = []
    for run in _runs(word, boxes[:, 0] + boxes[:, 2] / 2, digit[rows]):
        beside_run = int(broads[word[run[0]]])
        said = _letter_like(scored.scores[rows[run]])
        said += LETTER_WEIGHT * min(beside_run, LETTERS_MOST) if beside_run else APART
        weighed.append((rows[run], said, PAGE_WEIGHT if beside_run else 0.0))
    written = max(1, in_clear + np.count_nonzero(digit))
    for least in AGAINST:
        share = (in_clear + np.count_nonzero(found & digit)) / written
        for run, said, weight in weighed:
            found[run] |= said + weight * share > least
    return found & ~in_cells


def _letter_like(scores: Float32) -> float:
    """What speaks for letters where (N, classes) float32 scores are of digits side by side."""
    alike = float(LETTER_LIKE[scores[:, :DIGITS].argmax(axis=1)].sum())
    return min(alike, ALIKE_MOST) + DOUBT_WEIGHT * float(scores[:, DIGITS].mean())


def _runs(word: NDArray[np.intp], middles: NDArray[np.float64], digit: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Rows of digits that follow one another in a word, with no letter between them.

    >>> _runs(np.zeros(4, np.intp), np.array([1.0, 3.0, 2.0, 4.0]), np.array([True, True, False, True]))
    [array([0]), array([1, 3])]
    """
    order = np.lexsort((middles, word))
    breaks = np.flatnonzero((np.diff(word[order]) != 0) | np.diff(digit[order])) + 1
    return [run for run in np.split(order, breaks) if len(run) and digit[run[0]]]


def _neighbours(boxes: Boxes) -> NDArray[np.bool_]:
    """(N, N): which boxes may be letters beside each other in one word."""
    left, top, width, height = (boxes[:, column, np.newaxis] for column in range(4))
    taller, lower = np.maximum(height, height.T), np.minimum(height, height.T)
    gap = np.maximum(left, left.T) - np.minimum(left + width, (left + width).T)
    shared = np.minimum(top + height, (top + height).T) - np.maximum(top, top.T)
    return np.asarray((gap <= GAP * taller) & (lower >= LEAST_HEIGHT * taller) & (shared >= ROW_SHARE * lower))


def _components(linked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """(N,) the lowest number of those that each is linked with, over others or not.

    >>> _components(np.array([[1, 0, 1, 0], [0, 1, 0, 0], [1, 0, 1, 1], [0, 0, 1, 1]], bool)).tolist()
    [0, 1, 0, 0]
    """
    lowest = np.arange(len(linked))
    while True:
        spread = np.where(linked, lowest, len(linked)).min(axis=1, initial=len(linked))
        if np.array_equal(spread, lowest):
            return lowest
        lowest = spread
