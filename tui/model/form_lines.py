"""A form as lines of text: label, value, what is wrong with it; and what is told of the field one stands in."""

from __future__ import annotations

import datetime
import re
import textwrap
from collections.abc import Mapping
from typing import NamedTuple

from ledger.book import Book
from tui.model.card import Standing
from tui.model.forms import Row, count_of
from tui.model.glyphs import Glyphs
from tui.model.notation import HOW
from tui.model.suggesting import Suggestion, suggestions
from tui.model.text import clean, has_hidden
from tui.model.writing import Writing

LABEL_CELLS = 24
MOST_PROSE_LINES = 6
MOST_SLIP_LINES = 3


class FormLine(NamedTuple):
    """One line. place: of the row it belongs to, None for a heading. value: where a value can be written on it."""

    text: str
    standing: Standing = "plain"
    place: int | None = None
    value: bool = False


def form_lines(writing: Writing, slips: Mapping[str, str], width: int, glyphs: Glyphs) -> list[FormLine]:
    """Return a form as lines of at most so many cells. slips: what is wrong, by path."""
    lines: list[FormLine] = []
    section = ""
    missing = {row.path for row in writing.missing}
    room = max(width - LABEL_CELLS, 12)
    for place, part in enumerate(writing.parts):
        if part.section != section:
            section = part.section
            lines.append(FormLine(f"{glyphs.rule * 2} {section} ".ljust(width, glyphs.rule), "unknown"))
        row, here = part.row, place == writing.place
        first, *more = _value_lines(row, writing, room, row.path in missing, here)
        lines.append(FormLine(f"{_label(row, here, glyphs)}{first.text}", first.standing, place, True))
        lines += [FormLine(f"{'':{LABEL_CELLS}}{each.text}", each.standing, place) for each in more]
        if row.path in slips:
            told = textwrap.wrap(f"{glyphs.problem} {clean(slips[row.path])}", width - 4)[:MOST_SLIP_LINES]
            lines += [FormLine(f"    {each}", "problem", place) for each in told]
    return lines


def _label(row: Row, here: bool, glyphs: Glyphs) -> str:
    name = row.spec.label if row.place is None else f"{row.spec.label} {row.place + 1}".strip()
    sign = glyphs.here if here else " "
    needed = " *" if row.spec.required and row.place is None and row.depth == 0 else ""
    label = f"{sign}{'  ' * row.depth}{name}{needed}"
    if len(label) > LABEL_CELLS - 1:
        label = label[: LABEL_CELLS - 2] + glyphs.ellipsis
    return f"{label:<{LABEL_CELLS}}"


def _value_lines(row: Row, writing: Writing, room: int, missing: bool, here: bool) -> list[FormLine]:
    """Return the value of a row, on as many lines as it takes; the first is empty where it is being written."""
    spec = row.spec
    if spec.kind == "list":
        count = count_of(writing.texts, row.path)
        return [FormLine(f"{count} of them" if count else "none", "plain" if count else "unknown")]
    if spec.kind == "group":
        return [FormLine("")]
    kept = writing.texts.get(f"{row.path}.commitment")
    if kept:
        return [FormLine("kept elsewhere, by its hash", "unknown")]
    if not row.text:
        told = f"({spec.default})" if spec.default else "needed" if missing else ""
        return [FormLine(told, "unknown")]
    if here and writing.is_written_here():
        return [FormLine(""), *([] if len(row.text) <= room else _wrapped(row.text, room))]
    lines = _wrapped(row.text, room)
    if has_hidden(row.text.replace("\n", "")):
        lines.append(FormLine("contains hidden characters", "problem"))
    return lines


def _wrapped(text: str, room: int) -> list[FormLine]:
    lines = [part for each in text.split("\n") for part in textwrap.wrap(clean(each), room) or [""]]
    if len(lines) > MOST_PROSE_LINES:
        lines = [*lines[: MOST_PROSE_LINES - 1], f"and {len(lines) - MOST_PROSE_LINES + 1} more lines"]
    return [FormLine(line) for line in lines]


# The field one stands in.


def told_of_field(writing: Writing) -> str:
    """Return how the field one stands in is written and what it means, on one line."""
    row = writing.here
    spec = row.spec
    name = spec.label or "item"
    if row.place is not None:
        name = f"{name} {row.place + 1}".strip()
    if spec.kind == "list":
        how = "enter or + adds one, - takes the last one out"
    elif spec.kind != "group" and not writing.is_written_here():
        how = "ctrl+e writes it in an editor, delete empties it"
    elif spec.kind == "group":
        how = "- takes it out" if row.place is not None else "is there once one of its fields is"
    else:
        how = _HOW.get(spec.kind, f"written as {HOW[spec.kind]}")
    default = f"without it, {spec.default}" if spec.default else ""
    parts = [each.rstrip(".") for each in (how, spec.help, default) if each]
    return clean(f"{name}: " + ". ".join(each[:1].upper() + each[1:] for each in parts) + ".")


_HOW = {
    "text": "",
    "prose": "ctrl+e writes it in an editor",
    "choice": "one of those below",
    "variant": "its kind first, then field by field",
    "words": "one after the other, with blanks between",
    "yes_no": "yes or no",
    "whole": "a whole number",
}


def offered(row: Row, book: Book, begun: str, *, day: datetime.date) -> list[Suggestion]:
    """Return what can be written in a field that was begun so: what it allows, or what the portfolio knows.

    Of words the last one is completed. Where one of them stands there already, the others are offered too, behind it.
    """
    found = _offered(row, book, begun, day)
    whole = [each for each in found if each.text == begun]
    return [*whole, *(each for each in _offered(row, book, "", day) if each.text != begun)] if whole else found


def _offered(row: Row, book: Book, begun: str, day: datetime.date) -> list[Suggestion]:
    spec = row.spec
    last = _last_word(begun) if spec.kind == "words" else begun
    if spec.allowed:
        wanted = last.strip().casefold()
        found = [Suggestion(each) for each in spec.allowed if wanted in each.casefold()]
        return sorted(found, key=lambda each: not each.text.casefold().startswith(wanted))
    if spec.kind == "date":
        today = Suggestion(str(day), "today")
        return [today] if today.text.startswith(begun.strip()) else []
    return suggestions(book, row.path, last, day=day)


def completed(row: Row, begun: str, taken: str) -> str:
    """Return what is written once a suggestion is taken."""
    return taken if row.spec.kind != "words" else f"{begun.removesuffix(_last_word(begun))}{taken} "


def _last_word(begun: str) -> str:
    """Return the word that is being written, empty after a blank."""
    return re.split(r"[\s,]", begun)[-1]
