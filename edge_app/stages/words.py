"""What the classifier says of each region in, which of them are letters of words out.

Where somebody has written words, an s passes for a 5 and a b for a 6 in every line. What hangs together with letters
that are surely no digits is a letter, too. On a page of numbers such a neighbour is a digit that could not be read.
"""

import numpy as np
from numpy.typing import NDArray

from edge_app.stages.classify import DIGITS, SURELY_NONE, Scored
from edge_app.stages.ground import PAPER_LIKE
from edge_app.stages.rows import Boxes, as_boxes

GAP = 0.35  # widest one between neighbours in a word, of the taller one's height
LEAST_HEIGHT = 0.4  # of the taller one's height: an x is as low beside an h
ROW_SHARE = 0.5  # of the lower one's height that two neighbours share
CLEAR_WORD = 2  # letters of a word that is beyond dispute; it has no more digits than that
DOUBTED = 0.1  # probability of "not a digit", on average of those that hang together, from which they are a word
JOINED = 1.3  # of its height: width of a letter that is several, written without lifting the pen
LETTERS_LEAST = 4  # in all such words of a page, from which words are written on it


def in_words(scored: Scored) -> NDArray[np.bool_]:
    """Which regions are letters, or hang together with some, on a page with words on it.

    Args:
        scored: of one frame.

    Returns:
        (N,) bool; none where the page has hardly a word, or the model no class for what is no digit.
    """
    found = np.zeros(len(scored.regions), dtype=bool)
    if scored.scores.shape[1] <= DIGITS:
        return found
    whole = ~np.array([region.cut for region in scored.regions], dtype=bool)
    digit = whole & (scored.scores.argmax(axis=1) < DIGITS)
    letter = whole & (scored.scores[:, DIGITS] >= SURELY_NONE)
    if np.count_nonzero(letter) < LETTERS_LEAST:
        return found
    letter[letter] = [scored.patches[row].unrest < PAPER_LIKE for row in np.flatnonzero(letter)]
    rows = np.flatnonzero(digit | letter)
    boxes = as_boxes([scored.regions[row].box_xywh for row in rows])
    word = _components(_neighbours(boxes))
    letters, digits = (np.bincount(word[kind[rows]], minlength=len(rows)) for kind in (letter, digit))
    clear = (letters >= CLEAR_WORD) & (letters >= digits)
    if letters[clear].sum() >= LETTERS_LEAST:
        count = letters + digits
        doubt = np.bincount(word, scored.scores[rows, DIGITS], len(rows)) / np.maximum(count, 1)
        joined = letter[rows] & (boxes[:, 2] >= JOINED * boxes[:, 3])
        found[rows] = joined | ((doubt >= DOUBTED) & (count > 1))[word]
    return found


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
