"""A chart as text: braille lines and block bars, or plain ASCII, with and without colour.

Colour only repeats what can be read without it: each line carries its letter, each part of a bar its own glyph. The
colours are Okabe and Ito's, which the colour-blind can tell apart, as near as 256 colours come to them.
"""

from __future__ import annotations

import datetime
import textwrap
from typing import NamedTuple

from plotille import Canvas, color
from rich.cells import cell_len, set_cell_size

from tui.model.chart import Bars, Chart, Lines, day_ticks, ending, extent, last_value, span, spread, tick, ticks

LETTERS = "abcdefghijklmnopqrstuvwxyz"
COLOURS = (74, 172, 36, 175, 166, 220, 245)
"""One a line or part: sky blue, orange, green, purple, vermilion, yellow, grey."""
ROWS = 14
"""The height of a panel of lines, in rows."""
NARROWEST = 50
"""What is drawn for a terminal that is narrower still."""


class Glyphs(NamedTuple):
    """What a drawing is made of. parts, marks: those of a bar, in their order."""

    parts: str
    marks: str
    empty: str
    up: str
    right: str
    corner: str
    tick: str
    braille: bool


UNICODE = Glyphs("█▒", "┃╎", "·", "┤", "─", "└", "┬", True)
ASCII = Glyphs("#=", "|:", ".", "|", "-", "+", "+", False)


def drawn(chart: Chart, *, width: int, ascii_only: bool, colour: bool) -> str:
    """Return a chart as text, lines of at most *width* cells.

    ascii_only: every character is ASCII; a letter that is not stands as an escape. colour: where whoever reads it
    shows any; NO_COLOR takes it away, and so does an output that is no terminal.
    """
    width, glyphs = max(width, NARROWEST), ASCII if ascii_only else UNICODE
    parts = [textwrap.fill(chart.title, width)]
    for panel in chart.panels:
        body = _lines(panel, width, glyphs, colour) if isinstance(panel, Lines) else _bars(panel, width, glyphs, colour)
        note = [textwrap.fill(f"({panel.note})", width)] if panel.note else []
        parts.append("\n".join([textwrap.fill(panel.title, width), "", *body, *note]))
    text = "\n\n".join([*parts, *([chart.empty] if chart.empty else [])])
    if ascii_only:
        return text.replace("·", "-").replace("–", "-").replace("…", "~").encode("ascii", "backslashreplace").decode()
    return text


def _bars(panel: Bars, width: int, glyphs: Glyphs, colour: bool) -> list[str]:
    """Return a line a bar: its names, the bar, what it comes to; and a line that says what each glyph is."""
    told_width = max((len(bar.told) for bar in panel.bars), default=0)
    names = _names(panel, (width - told_width - 4) // 2)
    names_width = cell_len(names[0]) if names else 0
    bar_width = width - told_width - names_width - 4
    scale = bar_width / extent(panel)
    rows = []
    for bar, name in zip(panel.bars, names, strict=True):
        cells = [glyphs.empty] * bar_width
        begin = 0.0
        for index, part in enumerate(bar.parts):
            first, last = round(begin * scale), round((begin + part) * scale)
            if part and first == last:
                last = min(first + 1, bar_width)  # whatever is there at all can be seen
            cells[first:last] = [_ink(glyphs.parts[index], index, colour)] * (last - first)
            begin += part
        for index, mark in reversed(list(enumerate(bar.marks))):  # where two fall together the first is seen
            if mark is not None:
                cells[max(0, min(round(mark * scale), bar_width - 1))] = glyphs.marks[index]
        rows.append(f"{name}  {''.join(cells)}  {bar.told:>{told_width}}".rstrip())
    said = [(_ink(glyphs.parts[index], index, colour), name) for index, name in enumerate(panel.parts)]
    said += [(glyphs.marks[index], name) for index, name in enumerate(panel.marks)]
    return [*rows, " " * (names_width + 2) + "   ".join(f"{glyph} {name}" for glyph, name in said)]


def _names(panel: Bars, most: int) -> list[str]:
    """Return the key and title of each bar, all of one width in cells, at most so many."""
    keys = max((cell_len(bar.key) for bar in panel.bars), default=0)
    whole = [f"{set_cell_size(bar.key, keys)}  {bar.title}".strip() if bar.key else bar.title for bar in panel.bars]
    width = min(most, max(map(cell_len, whole), default=0))
    return [set_cell_size(_cut(each, width), width) for each in whole]


def _lines(panel: Lines, width: int, glyphs: Glyphs, colour: bool) -> list[str]:
    """Return a drawing of lines with their axes, and at the right what each line is and where it ends."""
    low, high = span(panel)
    labels = [
        f"{LETTERS[index]} {_cut(line.name, width // 4)} {ending(line, panel)}"
        for index, line in enumerate(panel.lines)
    ]
    values = [last_value(line) for line in panel.lines]
    steps = {_row(value, low, high): tick(value, panel.unit, panel.currency) for value in ticks(low, high, 5)}
    left = max(map(len, steps.values()), default=0)
    inside = width - left - 2 - max(map(cell_len, labels)) - 1
    canvas = _canvas(panel, inside, low, high, glyphs, colour)
    drawing = canvas.plot(linesep="\n").split("\n")
    places = spread([_row(low if value is None else value, low, high) for value in values], 1, 0, ROWS - 1)
    beside: dict[int, str] = {}
    for index in sorted(range(len(labels)), key=lambda place: places[place]):
        row = round(places[index])
        while row in beside and row < ROWS - 1:
            row += 1
        beside[row] = _ink(labels[index], index, colour)
    rows = [
        f"{steps.get(row, ''):>{left}} {glyphs.up if row in steps else '│' if glyphs.braille else '|'}"
        f"{_blank(drawing[row])} {beside.get(row, '')}".rstrip()
        for row in range(ROWS)
    ]
    return [*rows, *_days(panel.days[0], panel.days[-1], left + 1, inside, glyphs)]


def _canvas(panel: Lines, width: int, low: float, high: float, glyphs: Glyphs, colour: bool) -> Canvas:
    """Return a canvas with the lines on it, each with its letter here and there, or made of it in ASCII."""
    first, last = panel.days[0].toordinal(), max(panel.days[-1].toordinal(), panel.days[0].toordinal() + 1)
    # The canvas leaves out its own right and upper edge: a dot more on each side, and what lies there is drawn.
    across, up = 2 * width, 4 * ROWS
    canvas = Canvas(
        width,
        ROWS,
        first,
        low,
        first + (last - first) * across / (across - 1),
        low + (high - low) * up / (up - 1),
        mode="byte",
    )
    for index, line in enumerate(panel.lines):
        ink = COLOURS[index % len(COLOURS)] if colour else None
        known = [
            (day.toordinal(), value) for day, value in zip(panel.days, line.values, strict=True) if value is not None
        ]
        for (day, value), (next_day, next_value) in zip(known, known[1:] or known, strict=False):
            if glyphs.braille:
                canvas.line(day, value, next_day, next_value, color=ink)
                continue
            dots = max(map(abs, canvas.dots_between(day, value, next_day, next_value)), default=0) or 1
            for step in range(dots + 1):
                share = step / dots
                canvas.point(
                    day + share * (next_day - day),
                    value + share * (next_value - value),
                    color=ink,
                    marker=LETTERS[index],
                )
    if glyphs.braille:
        _letter(canvas, panel, colour)
    return canvas


def _letter(canvas: Canvas, panel: Lines, colour: bool) -> None:
    """Put each line's letter on it at a few places, another for each line, so that crossings can be followed."""
    count, lines = len(panel.days), len(panel.lines)
    for index, line in enumerate(panel.lines):
        for part in range(4):
            place = round((part + (index + 1) / (lines + 1)) / 4 * (count - 1))
            value = line.values[place]
            if value is not None:
                ink = COLOURS[index % len(COLOURS)] if colour else None
                canvas.point(panel.days[place].toordinal(), value, color=ink, marker=LETTERS[index])


def _days(first: datetime.date, last: datetime.date, left: int, width: int, glyphs: Glyphs) -> list[str]:
    """Return the axis of days and what stands under it."""
    axis, under = [glyphs.right] * width, [" "] * width
    length = max((last - first).days, 1)
    for day, word in day_ticks(first, last, max(2, width // 9)):
        place = round((day - first).days / length * (width - 1))
        axis[place] = glyphs.tick
        begin = max(0, min(place, width - len(word)))
        if all(cell == " " for cell in under[max(0, begin - 1) : begin + len(word)]):
            under[begin : begin + len(word)] = word
    return [" " * left + glyphs.corner + "".join(axis), (" " * (left + 1) + "".join(under)).rstrip()]


def _row(value: float, low: float, high: float) -> int:
    """Return the row a value is drawn in, from the top."""
    return ROWS - 1 - min(ROWS - 1, max(0, round((value - low) / (high - low) * (4 * ROWS - 1)) // 4))


def _ink(text: str, index: int, colour: bool) -> str:
    return str(color(text, fg=COLOURS[index % len(COLOURS)], mode="byte")) if colour else text


def _cut(text: str, width: int) -> str:
    """Return text cut to a width in cells."""
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _blank(row: str) -> str:
    """Return a row of a canvas with its empty cells as spaces: a blank of braille is wider in some fonts."""
    return row.replace("\u2800", " ")
