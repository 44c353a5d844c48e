"""Lines of text that a screen and its plain twin share: a decision, a change, a card, the scrubber."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Iterable, Sequence

from projections.line import Line, instant_of
from projections.pages import Row
from schemas import subjects
from tui.model.card import CardLine
from tui.model.change import Change
from tui.model.figures import money, short_money
from tui.model.glyphs import Glyphs
from tui.model.head import Head
from tui.model.text import clean


def row_line(row: Row, width: int, glyphs: Glyphs, here: bool, sign: str, digits: int = 9) -> str:
    """Return a row as one line of so many cells: the wider, the more of it. digits: cells of a sequence."""
    kind = subjects.bare(row.type)
    day = row.recorded_at.strftime("%y-%m-%d" if width < 70 else "%Y-%m-%d %H:%M")
    subject = clean(row.subject.split("/", 1)[-1])
    mark = glyphs.here if here else " "
    actor = clean(row.actor)
    amount = "" if row.minor is None else f"{money(row.minor, row.currency)} {clean(row.currency or '')}"
    wide = width >= 96
    tail = (
        _cut(actor, 12, glyphs) + f" {amount:>18.18}  {clean(row.flags or '', 24)}" if wide else _cut(actor, 8, glyphs)
    )
    left = f"{mark}{row.sequence:>{digits},} {day} {sign} {_cut(kind, 20, glyphs)} "
    room = max(width - len(left) - len(tail) - 1, 4)
    return glyphs.spelt(f"{left}{_cut(subject, room, glyphs)} {tail}"[:width])


def _cut(text: str, cells: int, glyphs: Glyphs) -> str:
    """Return a text in so many cells; where it is longer, it says so."""
    return f"{text:<{cells}}" if len(text) <= cells else text[: cells - 1] + glyphs.ellipsis


def change_line(change: Change, width: int, glyphs: Glyphs) -> str:
    """Return one field before and after as a line of so many cells."""
    delta = brief = ""
    if change.delta:
        arrow = glyphs.more if change.delta > 0 else glyphs.less
        delta = f" {arrow} {money(abs(change.delta), change.unit)}"
        brief = f" {arrow} {short_money(abs(change.delta), change.unit)}"
    sign = glyphs.same if change.sign == "·" else change.sign
    cells = 24 if width > 64 else 16
    name = f"{sign} {change.field:<{cells}.{cells}} "
    setter = f"  {change.set_by:,}" if change.set_by else ""
    if change.sign == "·":
        told = change.after
    elif change.sign == "+":
        told = f"{glyphs.becomes} {change.after}"
    else:
        told = f"{change.before} {glyphs.becomes} {change.after or 'gone'}"
    room = max(width - len(name) - len(setter), 10)
    whole = told.replace(".00 ", " ").removesuffix(".00")
    tried = [f"{told}{delta}", f"{whole}{delta.removesuffix('.00')}", f"{whole}{brief}"]
    if change.delta:  # a figure is whole, or it is left out
        after = whole.rpartition(f" {glyphs.becomes} ")[2]
        tried += [f"{glyphs.becomes} {after}{brief}", f"{glyphs.becomes} {after}"]
    text = next((each for each in tried if len(each) <= room), tried[-1])
    if len(text) > room:
        text = text[: room - 1] + glyphs.ellipsis
    return glyphs.spelt(f"{name}{text:<{room}}{setter}")


LABEL_CELLS = 10


def card_lines(
    lines: Sequence[CardLine], glyphs: Glyphs, width: int, *, titled: bool = True
) -> list[tuple[str, CardLine]]:
    """Return a card as lines of at most so many cells, each with what it is part of; long ones hang under their text.

    Each line of a card ends with the sign of its standing. titled: the first one is its title.
    """
    signs = {"plain": "", "yes": f" {glyphs.yes}", "problem": f" {glyphs.problem}", "unknown": f" {glyphs.unknown}"}
    told: list[tuple[str, CardLine]] = []
    for place, each in enumerate(lines):
        label = f"{each.label}  " if place == 0 and titled else f"{each.label:<{LABEL_CELLS}}"
        room = max(width - LABEL_CELLS, 16)
        parts = textwrap.wrap(
            f"{label}{each.text}{signs[each.standing]}", room + LABEL_CELLS, subsequent_indent=" " * LABEL_CELLS
        )
        told += [(glyphs.spelt(part), each) for part in parts or [label]]
    return told


def scrubber_lines(
    head: Head, width: int, glyphs: Glyphs, findings: Iterable[int] = (), *, by_time: bool = True
) -> list[str]:
    """Return the three lines of a scrubber so many cells wide."""
    if not len(head.line) or width < 1:
        return [" " * width, "no decisions yet"[:width], ""]
    counts = head.line.density(width, by_time=by_time)
    most = max(counts)
    levels = len(glyphs.steps) - 1
    drawn = "".join(glyphs.steps[min(levels, -(-count * levels // most))] for count in counts)
    marks = [" "] * width
    placed = [(each, glyphs.mark) for each in head.marks] + [(each, glyphs.finding) for each in findings]
    if head.a is not None:
        placed.append((head.a, "A"))
    for sequence, sign in [*placed, (head.sequence, glyphs.head)]:
        marks[head.line.cell_of(sequence, width, by_time=by_time)] = sign
    return [drawn, "".join(marks), _years(head.line, width, glyphs, by_time)]


def _years(line: Line, width: int, glyphs: Glyphs, by_time: bool) -> str:
    cells = [" "] * width
    first, last = instant_of(line.begin_us).year, instant_of(line.recorded_us[-1]).year
    taken = -1
    for year in range(first, last + 1):
        start = line.until(_new_year_us(year) - 1) + 1 if year > first else line.sequences[0]
        place = line.place(start)
        cell = line.cell_of(start if place < 0 or line.sequences[place] >= start else line.tip, width, by_time=by_time)
        if year > first and by_time:
            cell = _cell_of_instant(line, _new_year_us(year), width)
        label = f"{glyphs.tick}{year}"
        if cell > taken and cell + len(label) <= width:
            cells[cell : cell + len(label)] = label
            taken = cell + len(label)
    return "".join(cells)


def _new_year_us(year: int) -> int:
    return int(datetime.datetime(year, 1, 1, tzinfo=datetime.UTC).timestamp()) * 1_000_000


def _cell_of_instant(line: Line, us: int, width: int) -> int:
    first, last = line.begin_us, line.recorded_us[-1]
    return min(int((us - first) / max(last - first, 1) * width), width - 1)
