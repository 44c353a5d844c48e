"""Scenarios side by side as a person reads them: a row a figure, a column a history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from projections.scenarios import Headline
from tui.model.figures import money, percent
from tui.model.table import table
from tui.model.text import clean


class HeadlineRow(NamedTuple):
    """One figure: its name, its value in each history, and by how much that differs from the first, if it does."""

    label: str
    cells: tuple[str, ...]
    changes: tuple[str, ...]


def headline_rows(found: Sequence[Headline]) -> list[HeadlineRow]:
    """Return every figure of some histories. found: what was recorded first."""
    return [
        HeadlineRow(label, tuple(map(shown, found)), ("", *(_change(found[0], each, field) for each in found[1:])))
        for label, field, shown in _FIGURES
    ]


def headlines_text(found: Sequence[Headline]) -> str:
    """Return the figures of some histories as a table."""
    rows = []
    for row in headline_rows(found):
        told = [[cell] if place == 0 else [cell, row.changes[place]] for place, cell in enumerate(row.cells)]
        rows.append([row.label, *(cell for cells in told for cell in cells)])
    names = [[clean(each.name, 24)] if place == 0 else [clean(each.name, 24), ""] for place, each in enumerate(found)]
    headers = ["", *(name for each in names for name in each)]
    return table(headers, rows, [False, *[True] * (len(headers) - 1)])


def _minor(field: str) -> Callable[[Headline], str]:
    return lambda each: money(getattr(each, field), each.currency)


def _count(field: str) -> Callable[[Headline], str]:
    return lambda each: f"{getattr(each, field):,}"


def _index(each: Headline) -> str:
    return "–" if each.index is None else f"{each.index:.3f}"


_FIGURES: tuple[tuple[str, str, Callable[[Headline], str]], ...] = (
    ("approved", "approved_minor", _minor("approved_minor")),
    ("committed", "committed_minor", _minor("committed_minor")),
    ("actual", "actual_minor", _minor("actual_minor")),
    ("alignment index", "index", _index),
    ("serves no objective", "orphan_share", lambda each: percent(each.orphan_share)),
    ("must move", "must_move_minor", _minor("must_move_minor")),
    ("decisions open", "open_decisions", _count("open_decisions")),
    ("events flagged", "flagged", _count("flagged")),
    ("recorded, no longer passing", "refused", _count("refused")),
    ("supposed, not accepted", "not_accepted", _count("not_accepted")),
)


def _change(was: Headline, now: Headline, field: str) -> str:
    """Return by how much a figure is another one, with its sign; nothing where it is the same or cannot be said."""
    before, after = getattr(was, field), getattr(now, field)
    if before is None or after is None or before == after:
        return ""
    change = after - before
    sign = "+" if change > 0 else "-"
    if field.endswith("_minor"):
        return sign + money(abs(change), now.currency)
    if field == "orphan_share":
        return f"{sign}{100 * abs(change):.1f}"
    return f"{sign}{abs(change):.3f}" if isinstance(change, float) else f"{sign}{abs(change):,}"
