"""A blank sheet in, what people write numbers on out: ruled paper, forms, puzzles, sums; and pages with none."""

import re
from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np

from edge_app.frames import Float32
from trainer.foreign_signs import draw_sign
from trainer.pages import MARGIN_PX, PAGE_WH, Sheet, WrittenDigit, WrittenNumber, fill_lines
from trainer.pens import font_files, is_print, write_beside_digits, write_text
from trainer.writers import learnt_hands, unknown_hands

Lines: TypeAlias = list[list[tuple[float, float]]]

OPERATORS = ("+", "-", "x", "=", "/", "(", ")", ":", "*")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SURE_LETTERS = "CEFHLNPTUVXacdefhnprtuvx"  # no hand's pass for a digit; A, K, M, R, W and some small ones are held out
CAPITALIZED, CAPITALS = 0.4, 0.1  # shares of words that begin with one, and that are of nothing else
UNITS = ("kg", "cm", "m", "km", "h")
SCRIPTS = ("hershey-0", "hershey-2", "hershey-3", "hershey-6", "hershey-7")  # upright and cursive stroke fonts


def plain(sheet: Sheet) -> None:
    """Numbers on blank paper."""
    fill_lines(sheet)


def ruled(sheet: Sheet) -> None:
    """Numbers on lines, as in an exercise book."""
    random = sheet.random
    pitch, thickness = int(random.integers(95, 150)), int(random.integers(2, 5))
    for y in range(MARGIN_PX + pitch, PAGE_WH[1] - 10, pitch):
        _rule(sheet, (0, y), (PAGE_WH[0], y), thickness)
    if random.random() < 0.5:
        _rule(sheet, (MARGIN_PX - 20, 0), (MARGIN_PX - 20, PAGE_WH[1]), thickness)
    for line, y in enumerate(range(MARGIN_PX + pitch, PAGE_WH[1] - 10, pitch)):
        size = int(pitch * random.uniform(0.55, 0.8))
        left = MARGIN_PX + int(random.integers(0, 60))
        while (end := sheet.write_number(left, y - size - int(random.integers(-2, 6)), size, line)) is not None:
            left = end + int(size * random.uniform(*sheet.style.space))


def squared(sheet: Sheet) -> None:
    """Numbers on squared paper, across the lines as they come."""
    pitch, thickness = int(sheet.random.integers(36, 60)), int(sheet.random.integers(1, 3))
    _squares(sheet, pitch, thickness, pitch // 2)
    fill_lines(sheet)


def form(sheet: Sheet) -> None:
    """Rows of boxes with a digit in each, a printed word before them."""
    random = sheet.random
    font = _font(random)
    side, thickness = int(random.integers(85, 125)), int(random.integers(2, 5))
    gap = 0 if random.random() < 0.5 else int(random.integers(8, 20))
    for line, top in enumerate(range(MARGIN_PX, PAGE_WH[1] - MARGIN_PX - side, side + int(random.integers(40, 80)))):
        word = _word(sheet, 3, 8)
        sheet.put_text(word, font, MARGIN_PX, top + side // 3, int(side * 0.3))
        count = int(random.integers(2, 8))
        left = MARGIN_PX + 320
        digits: list[WrittenDigit] = []
        for _ in range(count):
            if left + side > PAGE_WH[0] - MARGIN_PX // 2:
                break
            cv2.rectangle(sheet.print, (left, top), (left + side, top + side), (1.0,), thickness)
            digits.append(_digit_in(sheet, left, top, side, side))
            left += side + gap
        sheet.numbers.append(WrittenNumber(tuple(digits), line))


def table(sheet: Sheet) -> None:
    """A table with thick borders, a number in most cells."""
    random = sheet.random
    rows, columns = int(random.integers(4, 7)), int(random.integers(3, 5))
    width, height = (PAGE_WH[0] - 2 * MARGIN_PX) // columns, (PAGE_WH[1] - 2 * MARGIN_PX) // rows
    _grid(sheet, rows, columns, width, height, int(random.integers(3, 10)), int(random.integers(3, 10)))
    for row in range(rows):
        size = int(height * random.uniform(0.5, 0.65))
        for column in range(columns):
            if random.random() < 0.85:
                left = MARGIN_PX + column * width + int(width * random.uniform(0.08, 0.2))
                top = MARGIN_PX + row * height + int((height - size) * random.uniform(0.35, 0.65))
                sheet.write_number(left, top, size, row, int(random.integers(1, max(2, int(width / size)))))


def sudoku(sheet: Sheet) -> None:
    """A puzzle, its given digits printed, some of the others filled in by hand."""
    random = sheet.random
    # Printers' fonts have a foot under the 1; OpenCV's has only the flag, as Helvetica does.
    font, stroke = (_font(random) if random.random() < 0.6 else SCRIPTS[0]), float(random.uniform(0.08, 0.18))
    side = (PAGE_WH[1] - 2 * MARGIN_PX) // 9
    _grid(sheet, 9, 9, side, side, int(random.integers(1, 4)), int(random.integers(4, 9)), every=3)
    for row in range(9):
        for column in range(9):
            chance = random.random()
            left, top = MARGIN_PX + column * side, MARGIN_PX + row * side
            if chance < 0.35:
                digit = int(random.integers(1, 10))
                ink = write_text(str(digit), font, int(side * random.uniform(0.5, 0.56)), stroke)
                x, y = left + (side - ink.shape[1]) // 2, top + (side - ink.shape[0]) // 2
                written = WrittenDigit(digit, sheet.put(ink, x, y, printed=True))
                sheet.numbers.append(WrittenNumber((written,), row))
            elif chance < 0.75:
                sheet.numbers.append(WrittenNumber((_digit_in(sheet, left, top, side, side),), row))


def sums(sheet: Sheet) -> None:
    """Numbers with operators between them."""

    def operator(sheet: Sheet, left: int, top: int, size_px: int) -> int:
        random = sheet.random
        sign = OPERATORS[int(random.integers(len(OPERATORS)))]
        height = int(size_px * random.uniform(0.5, 0.8))
        width = sheet.pen.width or random.uniform(0.08, 0.14)
        ink = write_text(sign, "hershey-0", height, width)
        x, y = left + int(size_px * random.uniform(0.45, 0.8)), top + (size_px - ink.shape[0]) // 2
        if x + ink.shape[1] > PAGE_WH[0] - MARGIN_PX:
            return left
        box = sheet.put(ink, x, y)
        return box[0] + box[2] - int(size_px * 0.6)

    fill_lines(sheet, operator)


def columns(sheet: Sheet) -> None:
    """Sums written one number below the other over a line, on blank or squared paper, a digit in each square."""
    random = sheet.random
    down = int(random.integers(56, 84))  # from a row to the next
    across = int(down * random.uniform(0.7, 0.85))  # from a digit to the next
    if random.random() < 0.5:
        across = down
        _squares(sheet, down, int(random.integers(1, 3)))
    digits, rows, share = int(random.integers(2, 5)), int(random.integers(2, 4)), random.uniform(0.65, 0.85)
    for top in range(down, PAGE_WH[1] - (rows + 2) * down, (rows + 3) * down):
        for left in range(across, PAGE_WH[0] - (digits + 2) * across, (digits + 2) * across):
            _sum_in_columns(sheet, (left, top), digits, rows, (across, down), share)


def _sum_in_columns(
    sheet: Sheet, corner: tuple[int, int], digits: int, rows: int, square_wh: tuple[int, int], share: float
) -> None:
    """Writes numbers of at most so many digits below each other, the sign before the last, a line, and one number more.

    Args:
        corner: left and top, in page pixels.
        digits: of the longest number.
        rows: numbers above the line.
        square_wh: that each digit has, likewise.
        share: of its height, that a digit is tall.
    """
    random, (left, top), (across, down) = sheet.random, corner, square_wh
    right = left + (1 + digits) * across
    for row in range(rows + 1):
        count = digits if row in (0, rows) else int(random.integers(max(1, digits - 1), digits + 1))
        places = range(right - count * across, right, across)
        written = [_digit_in(sheet, x, top + row * down, across, down, share) for x in places]
        sheet.numbers.append(WrittenNumber(tuple(written), top // down + row))
    sign = write_text(str(random.choice(("+", "-", "x"))), SCRIPTS[0], int(down * random.uniform(0.35, 0.5)))
    y = top + rows * down
    sheet.put(sign, left + int(across * random.uniform(0.1, 0.3)), y - (down + sign.shape[0]) // 2)
    course = np.array([(left, y), (right, y)]) + random.normal(0, 0.03 * down, (2, 2))
    thickness = max(2, int(down * random.uniform(0.04, 0.08)))
    cv2.polylines(sheet.ink, [course.round().astype(np.int32)], False, (1.0,), thickness, cv2.LINE_AA)


def marked(sheet: Sheet) -> None:
    """Numbers that somebody went through with a pen: put into boxes, underlined, ticked, or left as they are."""
    fill_lines(sheet)
    random = sheet.random
    digits = np.array([digit.box_xywh for number in sheet.numbers for digit in number.digits])
    for number in sheet.numbers:
        own = np.array([digit.box_xywh for digit in number.digits])
        (left, top), (right, bottom) = own[:, :2].min(axis=0), (own[:, :2] + own[:, 2:]).max(axis=0)
        size = int(bottom - top)
        margin, thickness = int(size * random.uniform(0.2, 0.35)), max(2, int(size * random.uniform(0.04, 0.1)))
        mark = str(random.choice(("box", "line", "tick", "none"), p=(0.35, 0.2, 0.2, 0.25)))
        corners = {
            "box": ((left - margin, top - margin), (right + margin, bottom + margin)),
            "line": ((left, bottom + margin // 2), (right, bottom + margin)),
            "tick": ((right + margin, top), (right + margin + size, bottom)),
        }
        if mark == "none":
            continue
        first, last = np.array(corners[mark])
        met = (digits[:, :2] < last).all(axis=1) & (digits[:, :2] + digits[:, 2:] > first).all(axis=1)
        inside = (first >= 0).all() and (last < PAGE_WH).all()
        if not inside or np.count_nonzero(met) > (len(own) if mark == "box" else 0):
            continue
        if mark == "tick":
            sheet.put(draw_tick(size, random), int(first[0]), int(first[1]))
            continue
        outline = np.array([first, (last[0], first[1]), last, (first[0], last[1])])
        course = outline if mark == "box" else outline[:2]
        course = (course + random.normal(0, 0.03 * size, course.shape)).round().astype(np.int32)
        ink = float(random.uniform(0.8, 1.0))
        cv2.polylines(sheet.ink, [course], mark == "box", (ink,), thickness, cv2.LINE_AA)


def noted(sheet: Sheet) -> None:
    """Numbers with words beside them."""

    def word(sheet: Sheet, left: int, top: int, size_px: int) -> int:
        random = sheet.random
        font = str(random.choice(SCRIPTS)) if random.random() < 0.6 else _font(random)
        ink = write_text(_word(sheet, 2, 6), font, int(size_px * random.uniform(0.5, 0.8)))
        x, y = left + int(size_px * random.uniform(1.0, 1.6)), top + size_px - ink.shape[0]
        if x + ink.shape[1] > PAGE_WH[0] - MARGIN_PX:
            return left
        box = sheet.put(ink, x, y)
        return box[0] + box[2]

    fill_lines(sheet, word)


def dated(sheet: Sheet) -> None:
    """Dates, times, fractions, prices, measures and lists, their signs in somebody's own hand."""
    font, random, style = _hand(sheet), sheet.random, sheet.style
    line, top = 0, MARGIN_PX
    while top + (size_px := int(random.integers(*style.height_px))) <= PAGE_WH[1] - MARGIN_PX:
        left: int | None = MARGIN_PX + int(random.integers(0, 60))
        while left is not None:
            left = _write_entry(sheet, _entry(random), font, (left, top), size_px, line)
            if left is not None:
                left += int(size_px * random.uniform(*style.space))
        line += 1
        top += int(size_px * random.uniform(1.6, 1.9))


def _entry(random: np.random.Generator) -> str:
    """Numbers with signs close to them, as people write them into forms and lists."""
    day, month, year, hour, minute, some, few, many = (
        int(random.integers(first, last))
        for first, last in ((1, 32), (1, 13), (2000, 2100), (0, 24), (0, 60), (1, 100), (1, 10), (1, 1000))
    )
    entries = (
        f"{day:02}/{month:02}/{year}", f"{day}/{month}/{year % 100:02}", f"{day:02}.{month:02}.{year}",
        f"{day:02}-{month:02}-{year}", f"{hour:02}:{minute:02}", f"{few}/{some}", f"({many})", f"{few}) {many}",
        f"{few}. {many}", f"${many}", f"{many},{some:02}", f"{some}%", f"{many} {random.choice(UNITS)}",
        f"{many}{random.choice(UNITS)}", f"{few}-{some}",
    )  # fmt: skip
    return str(entries[int(random.integers(len(entries)))])


def _write_entry(sheet: Sheet, entry: str, font: str, corner: tuple[int, int], size_px: int, line: int) -> int | None:
    """Writes an entry whole; says where it ends, None where there is no room for it, and nothing is written."""
    (left, top), blank, count = corner, sheet.ink.copy(), len(sheet.numbers)
    for part in re.findall(r"\d+|[a-z]+|\D", entry):
        end = _write_part(sheet, part, font, (left, top), size_px, line)
        if end is None:
            sheet.ink = blank
            del sheet.numbers[count:]
            return None
        left = end
    return left


def _write_part(sheet: Sheet, part: str, font: str, corner: tuple[int, int], size_px: int, line: int) -> int | None:
    """Writes digits, a sign or a unit; says where it ends, None where there is no room for it."""
    (left, top), random = corner, sheet.random
    if part.isdigit():
        return sheet.write_number(left, top, size_px, line, text=part)
    gap = int(size_px * random.uniform(0.06, 0.16))
    if part == " ":
        return left + 3 * gap
    ink, hangs = write_beside_digits(part, font, size_px * random.uniform(0.9, 1.1))
    if left + 2 * gap + ink.shape[1] > PAGE_WH[0] - MARGIN_PX:
        return None
    x, _, width, _ = sheet.put(ink, left + gap, top + size_px - ink.shape[0] + hangs)
    return x + width + gap


def single(sheet: Sheet) -> None:
    """One digit that fills the page."""
    size = int(PAGE_WH[1] * sheet.random.uniform(0.45, 0.92))
    sheet.numbers.append(WrittenNumber((_digit_in(sheet, 0, 0, *PAGE_WH, share=size / PAGE_WH[1]),), 0))


def across(sheet: Sheet) -> None:
    """One digit that fills a page of ruled or squared paper, across many of its lines."""
    pitch, thickness = int(sheet.random.integers(40, 110)), int(sheet.random.integers(1, 5))
    if sheet.random.random() < 0.5:
        _squares(sheet, pitch, thickness, pitch // 2)
    else:
        for y in range(pitch, PAGE_WH[1], pitch):
            _rule(sheet, (0, y), (PAGE_WH[0], y), thickness)
    single(sheet)


def words(sheet: Sheet) -> None:
    """Lines of words in a cursive or upright hand, no digits."""
    random = sheet.random
    font, width = str(random.choice(SCRIPTS)), float(random.uniform(0.05, 0.12))
    _fill_with_words(sheet, (font,), int(random.integers(34, 70)), width)


def handwritten(sheet: Sheet) -> None:
    """Lines of words in somebody's own hand, no digits."""
    _fill_with_words(sheet, (_hand(sheet),), int(sheet.random.integers(34, 90)), 0.1)


def notes(sheet: Sheet) -> None:
    """Numbers amid words as tall as they are, in somebody's own hand."""
    font, random = _hand(sheet), sheet.random

    def words(sheet: Sheet, left: int, top: int, size_px: int) -> int:
        for _ in range(int(random.integers(0, 3))):
            ink = write_text(_word(sheet, 2, 7), font, int(size_px * random.uniform(0.8, 1.1)))
            x = left + int(size_px * random.uniform(0.6, 1.2))
            if x + ink.shape[1] > PAGE_WH[0] - MARGIN_PX:
                break
            sheet.put(ink, x, top + size_px - ink.shape[0])
            left = x + ink.shape[1]
        return left - int(size_px * random.uniform(0.0, 0.5))  # a number stands as close to a word as to a number

    fill_lines(sheet, words)


def print_only(sheet: Sheet) -> None:
    """A printed page."""
    random = sheet.random
    _fill_with_words(sheet, (_font(random),), int(random.integers(22, 60)), 0.1)


def letters(sheet: Sheet) -> None:
    """Capital and small letters standing alone, each by another pen."""
    random = sheet.random
    for top in range(MARGIN_PX, PAGE_WH[1] - 2 * MARGIN_PX, 150):
        for left in range(MARGIN_PX, PAGE_WH[0] - MARGIN_PX - 60, 150):
            font = str(random.choice(SCRIPTS)) if random.random() < 0.5 else _font(random)
            letter = str(random.choice(list(_alphabet(sheet))))
            sheet.put(write_text(letter, font, int(random.integers(60, 110)), random.uniform(0.05, 0.14)), left, top)


def scribbles(sheet: Sheet) -> None:
    """Ticks, arrows, crosses, stars, zigzags and scribbles."""
    random = sheet.random
    for top in range(MARGIN_PX, PAGE_WH[1] - 2 * MARGIN_PX, 170):
        for left in range(MARGIN_PX, PAGE_WH[0] - 2 * MARGIN_PX, 170):
            sheet.put(draw_mark(int(random.integers(60, 120)), random), left, top)


def signs(sheet: Sheet) -> None:
    """Arrows, relations, currencies, foreign letters and pictures, none of which is ever trained on."""
    random = sheet.random
    for top in range(MARGIN_PX, PAGE_WH[1] - 2 * MARGIN_PX, 150):
        for left in range(MARGIN_PX, PAGE_WH[0] - MARGIN_PX - 80, 150):
            sheet.put(draw_sign(random, int(random.integers(60, 100)), held_out=True), left, top)


def empty(sheet: Sheet) -> None:
    """Nothing at all."""


_STAR = [(0.5, 0.05), (0.78, 0.95), (0.05, 0.38), (0.95, 0.38), (0.22, 0.95), (0.5, 0.05)]
_BOX = [(0.15, 0.15), (0.85, 0.15), (0.85, 0.85), (0.15, 0.85), (0.15, 0.15)]
MARKS: tuple[Lines, ...] = (
    [[(0.1, 0.55), (0.38, 0.9), (0.92, 0.1)]],  # tick
    [[(0.1, 0.1), (0.9, 0.9)], [(0.9, 0.1), (0.1, 0.9)]],  # cross
    [[(0.05, 0.5), (0.95, 0.5)], [(0.65, 0.25), (0.95, 0.5), (0.65, 0.75)]],  # arrow
    [[(0.5, 0.95), (0.5, 0.05)], [(0.25, 0.35), (0.5, 0.05), (0.75, 0.35)]],  # arrow up
    [_STAR],
    [_BOX],
    [_BOX, [(0.3, 0.5), (0.45, 0.7), (0.95, 0.05)]],  # ticked box
    [[(0.5, 0.1), (0.9, 0.9), (0.1, 0.9), (0.5, 0.1)]],  # triangle
    [[(0.05, 0.6), (0.25, 0.3), (0.42, 0.7), (0.6, 0.3), (0.78, 0.7), (0.95, 0.3)]],  # zigzag
    [
        [(0.3, 0.05), (0.25, 0.95)],
        [(0.7, 0.05), (0.65, 0.95)],
        [(0.05, 0.35), (0.95, 0.3)],
        [(0.05, 0.7), (0.95, 0.65)],
    ],
    [[(0.1, 0.3), (0.9, 0.3)], [(0.1, 0.7), (0.9, 0.7)]],  # equals
    [[(0.05, 0.5), (0.95, 0.5)], [(0.5, 0.05), (0.5, 0.95)]],  # plus
)


def draw_mark(side_px: int, random: np.random.Generator, marks: Sequence[Lines] = MARKS) -> Float32:
    """A mark that is no digit, (side, side) float32: one of `marks`, or now and then a scribble."""
    chance = int(random.integers(len(marks) + 2))
    return draw_lines([_scribble(random)] if chance >= len(marks) else marks[chance], side_px, random)


def draw_lines(lines: Lines, side_px: int, random: np.random.Generator) -> Float32:
    """Lines between points in 0..1, wobbling as a hand does, (side, side) float32."""
    canvas = np.zeros((side_px, side_px), dtype=np.uint8)
    stroke = max(2, int(side_px * random.uniform(0.04, 0.12)))
    for line in lines:
        points = np.array(line) + random.normal(0.0, 0.03, (len(line), 2))
        corners = (np.clip(points, 0.05, 0.95) * side_px).round().astype(np.int32)
        cv2.polylines(canvas, [corners], False, (255,), stroke, cv2.LINE_AA)
    return np.asarray(canvas / 255.0, dtype=np.float32)


def draw_tick(side_px: int, random: np.random.Generator) -> Float32:
    """A tick as teachers make them, down a little and up in one swing, (side, side) float32."""
    width, height = random.uniform(0.5, 1.0), random.uniform(0.6, 1.0)
    left, top, turn = (1 - width) / 2, (1 - height) / 2, random.uniform(0.2, 0.4)
    start = np.array([left, top + height * random.uniform(0.35, 0.7)])
    low, end = np.array([left + turn * width, top + height]), np.array([left + width, top])
    bend = (low + end) / 2 + random.uniform((-0.15, -0.05), (0.05, 0.12))
    share = np.linspace(0, 1, 9)[:, None]
    swing = (1 - share) ** 2 * low + 2 * share * (1 - share) * bend + share**2 * end
    canvas = np.zeros((side_px, side_px), dtype=np.uint8)
    stroke = max(2, int(side_px * random.uniform(0.03, 0.12)))
    corners = (np.vstack([start, swing]) + random.normal(0.0, 0.008, (10, 2))) * (side_px - stroke) + stroke / 2
    cv2.polylines(canvas, [corners.round().astype(np.int32)], False, (255,), stroke, cv2.LINE_AA)
    return np.asarray(canvas / 255.0, dtype=np.float32)


def _scribble(random: np.random.Generator) -> list[tuple[float, float]]:
    corners = random.uniform(0.1, 0.9, (int(random.integers(6, 14)), 2))
    steps = np.linspace(0, len(corners) - 1, 90)
    line = np.stack([np.interp(steps, np.arange(len(corners)), corners[:, axis]) for axis in (0, 1)], axis=1)
    smooth = cv2.GaussianBlur(line, (1, 9), 0)
    return [(float(x), float(y)) for x, y in smooth]


def _fill_with_words(sheet: Sheet, fonts: Sequence[str], size_px: int, width: float) -> None:
    random = sheet.random
    for top in range(MARGIN_PX, PAGE_WH[1] - MARGIN_PX - size_px, int(size_px * 1.7)):
        left = MARGIN_PX
        while left < PAGE_WH[0] - MARGIN_PX - 4 * size_px:
            font = fonts[int(random.integers(len(fonts)))]
            ink = write_text(_word(sheet, 2, 9), font, size_px, width)
            if left + ink.shape[1] > PAGE_WH[0] - MARGIN_PX:
                break
            sheet.put(ink, left, top + size_px - min(ink.shape[0], size_px), printed=is_print(font))
            left += ink.shape[1] + int(size_px * random.uniform(0.5, 0.9))


def _digit_in(sheet: Sheet, left: int, top: int, width: int, height: int, share: float | None = None) -> WrittenDigit:
    """Writes one digit into the middle of a cell, or nearly."""
    random = sheet.random
    row = int(random.integers(len(sheet.handwriting)))
    stroke = sheet.stroke(row, int(height * (share or random.uniform(0.55, 0.72))))
    x = left + int((width - stroke.shape[1]) * random.uniform(0.4, 0.6))
    y = top + int((height - stroke.shape[0]) * random.uniform(0.4, 0.6))
    return WrittenDigit(int(sheet.handwriting.labels[row]), sheet.put(stroke, x, y))


def _grid(
    sheet: Sheet, rows: int, columns: int, width: int, height: int, thin: int, thick: int, every: int = 100
) -> None:
    """A table's lines, each `every`th of them thick, the outermost too."""
    right, bottom = MARGIN_PX + columns * width, MARGIN_PX + rows * height
    for row in range(rows + 1):
        y, heavy = MARGIN_PX + row * height, row % every == 0 or row == rows
        cv2.line(sheet.print, (MARGIN_PX, y), (right, y), (1.0,), thick if heavy else thin)
    for column in range(columns + 1):
        x, heavy = MARGIN_PX + column * width, column % every == 0 or column == columns
        cv2.line(sheet.print, (x, MARGIN_PX), (x, bottom), (1.0,), thick if heavy else thin)


def _squares(sheet: Sheet, pitch: int, thickness: int, first: int = 0) -> None:
    """The lines of squared paper, the first of them so far from the page's edges."""
    for y in range(first, PAGE_WH[1], pitch):
        _rule(sheet, (0, y), (PAGE_WH[0], y), thickness)
    for x in range(first, PAGE_WH[0], pitch):
        _rule(sheet, (x, 0), (x, PAGE_WH[1]), thickness)


def _rule(sheet: Sheet, start: tuple[int, int], end: tuple[int, int], thickness: int) -> None:
    cv2.line(sheet.ruling, start, end, (1.0,), thickness)


def _font(random: np.random.Generator) -> str:
    files = font_files()
    return files[int(random.integers(len(files)))]


def _hand(sheet: Sheet) -> str:
    """Somebody's handwriting."""
    hands = learnt_hands() if sheet.style.taught else unknown_hands()
    return hands[int(sheet.random.integers(len(hands)))]


def _alphabet(sheet: Sheet) -> str:
    return SURE_LETTERS if sheet.style.taught else LETTERS


def _word(sheet: Sheet, fewest: int, most: int) -> str:
    """A word of no language: letters at random, the first one or all of them sometimes capitals."""
    random, chance = sheet.random, sheet.random.random()
    small, large = ([letter for letter in _alphabet(sheet) if letter.islower() is lower] for lower in (True, False))
    count = int(random.integers(fewest, most + 1))
    first, rest = large if chance < CAPITALIZED else small, large if chance < CAPITALS else small
    return "".join(str(random.choice(letters)) for letters in (first, *[rest] * (count - 1)))
