"""Moments in, one PNG with thumbnails of up to 12 of them, spread over the run, out."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge_app.errors import OutputError
from edge_app.frames import Moment, UInt8
from edge_app.outputs.caption import BACKGROUND_BGR, caption, letterbox
from edge_app.outputs.picture import check_folder, write_picture
from edge_app.protocols import Command

MAX_CELLS = 12  # 4 columns of 3 rows: one screen
COLUMNS = 4
CELL_WIDTH = 400
LINE_HEIGHT = 30  # of a caption; a cell has two
GAP = 12
SETTLE_FRAMES = 30  # a page's numbers are all published within a second of its first
TITLE_HEIGHT = 36
QUIET_BGR = (170, 165, 160)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One moment on the sheet.

    Attributes:
        thumbnail: (h, CELL_WIDTH, 3) uint8.
        when: frame number and time since the first frame.
        numbers: what was published.
    """

    thumbnail: UInt8
    when: str
    numbers: str


class ContactSheet:
    """Thumbnails of the moments in which something new was published; see `edge_app.protocols.Output`.

    The numbers of a page are published within a few frames of each other; they share one thumbnail, the last.
    Memory stays bounded: every `stride`-th such moment is kept, and when there are twice as many as the sheet shows,
    every second one goes and the stride doubles.
    """

    wants_overlay = True

    def __init__(self, path: Path) -> None:
        """Takes the file's name; it is written on `close`.

        Args:
            path: ends in .png.

        Raises:
            OutputError: another suffix, or no folder to write in.
        """
        if path.suffix.lower() != ".png":
            raise OutputError(f"contact sheet must end in .png. Received: {path}")
        check_folder(path)
        self._path = path
        self._cells: list[Cell] = []
        self._first: Cell | None = None
        self._pending: Cell | None = None
        self._pending_since = 0
        self._before: Counter[str] = Counter()
        self._started_ns = 0
        self._stride, self._offered = 1, 0
        self._title = ""
        self._closed = False

    @property
    def name(self) -> str:
        """E.g. "contact sheet out.png"."""
        return f"contact sheet {self._path}"

    def write(self, moment: Moment, overlay_bgr: UInt8 | None) -> Command | None:
        """Keeps a thumbnail where something new was published."""
        if overlay_bgr is None:
            return None
        if self._first is None:
            self._started_ns = moment.frame.timestamp_ns
            self._title = f"{moment.source}   model {moment.model}"
            self._first = self._cell(moment, overlay_bgr)
        published = Counter(reading.text for reading in moment.published)
        if moment.changed and published - self._before:
            self._settle(moment.frame.sequence)
            self._pending = self._cell(moment, overlay_bgr)
        self._before = published
        return None

    def close(self) -> None:
        """Draws and saves the sheet; of a run that published nothing, with its first frame. Safe to call twice.

        Raises:
            OutputError: the picture cannot be written.
        """
        if self._closed:
            return
        self._closed = True
        self._offer_pending()
        cells = spread(self._cells, MAX_CELLS) or ([self._first] if self._first is not None else [])
        if cells:
            write_picture(draw_sheet(cells, self._title), self._path)
        self._cells, self._first, self._pending = [], None, None

    def _settle(self, sequence: int) -> None:
        """Keeps the pending thumbnail where the next one is not of the same page."""
        if self._pending is None or not 0 <= sequence - self._pending_since < SETTLE_FRAMES:
            self._offer_pending()
            self._pending_since = sequence

    def _offer_pending(self) -> None:
        """Keeps every `stride`-th thumbnail, and thins out when there are too many."""
        if self._pending is None:
            return
        if self._offered % self._stride == 0:
            self._cells.append(self._pending)
            if len(self._cells) == 2 * MAX_CELLS:
                self._cells = self._cells[::2]
                self._stride *= 2
        self._offered += 1
        self._pending = None

    def _cell(self, moment: Moment, overlay_bgr: UInt8) -> Cell:
        """Shrinks the picture; the full-size one is not kept."""
        elapsed_s = max(0.0, (moment.frame.timestamp_ns - self._started_ns) / 1e9)
        return Cell(
            _thumbnail(overlay_bgr),
            f"frame {moment.frame.sequence}   {clock(elapsed_s)}",
            "  ".join(reading.text for reading in moment.published) or "nothing published",
        )


def clock(elapsed_s: float) -> str:
    """Minutes and seconds, with hours where there are any.

    >>> clock(4.26), clock(3725.0)
    ('0:04.3', '1:02:05.0')
    """
    tenths = round(elapsed_s * 10)
    hours, minutes, seconds = tenths // 36000, tenths // 600 % 60, tenths % 600 / 10
    return f"{hours}:{minutes:02d}:{seconds:04.1f}" if hours else f"{minutes}:{seconds:04.1f}"


def spread(cells: list[Cell], count: int) -> list[Cell]:
    """At most `count` of the cells, evenly over all of them, with the first and the last."""
    if len(cells) <= count:
        return list(cells)
    places = np.linspace(0, len(cells) - 1, count).round().astype(int)
    return [cells[place] for place in places]


def draw_sheet(cells: list[Cell], title: str) -> UInt8:
    """Lays cells out in rows.

    Args:
        cells: at least one.
        title: for the line above them.

    Returns:
        (H, W, 3) uint8.
    """
    columns = min(COLUMNS, len(cells))
    rows = -(-len(cells) // columns)
    picture_height = max(cell.thumbnail.shape[0] for cell in cells)
    cell_height = picture_height + 2 * LINE_HEIGHT
    width = columns * (CELL_WIDTH + GAP) + GAP
    sheet = np.full((TITLE_HEIGHT + rows * (cell_height + GAP), width, 3), BACKGROUND_BGR, dtype=np.uint8)
    sheet[:TITLE_HEIGHT] = caption(title, (width, TITLE_HEIGHT))
    for index, cell in enumerate(cells):
        left = GAP + index % columns * (CELL_WIDTH + GAP)
        top = TITLE_HEIGHT + index // columns * (cell_height + GAP)
        sheet[top : top + cell_height, left : left + CELL_WIDTH] = _draw_cell(cell, picture_height)
    return sheet


def _draw_cell(cell: Cell, picture_height: int) -> UInt8:
    """A thumbnail over its two captions."""
    drawn: UInt8 = np.vstack(
        [
            letterbox(cell.thumbnail, (CELL_WIDTH, picture_height)),
            caption(cell.numbers, (CELL_WIDTH, LINE_HEIGHT)),
            caption(cell.when, (CELL_WIDTH, LINE_HEIGHT), QUIET_BGR),
        ]
    )
    return drawn


def _thumbnail(overlay_bgr: UInt8) -> UInt8:
    """(h, CELL_WIDTH, 3) uint8; a picture taller than it is wide is boxed into a square."""
    height, width = overlay_bgr.shape[:2]
    thumbnail_height = max(1, min(CELL_WIDTH, round(CELL_WIDTH * height / width)))
    return letterbox(overlay_bgr, (CELL_WIDTH, thumbnail_height))
