"""Scenarios side by side as a person reads them: a row a figure, a column a history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from projections.scenarios import Headline
from tui.model.figures import money, percent
from tui.model.table import table
from tui.model.text import clean

Amount = Callable[[int, str | None], str]
"""How an amount in minor units is written."""


class HeadlineRow(NamedTuple):
    """One figure: its name, its value in each history, and by how much that differs from the first, if it does.

    short: its name in at most 15 characters. changes: with a sign, empty where it does not differ.
    """

    label: str
    short: str
    cells: tuple[str, ...]
    changes: tuple[str, ...]


def headline_rows(found: Sequence[Headline], amount: Amount = money) -> list[HeadlineRow]:
    """Return every figure of some histories. found: what was recorded first."""
    rows = []
    for label, short, field in _FIGURES:
        cells = tuple(_shown(each, field, amount) for each in found)
        changes = tuple(_change(found[0], each, field, amount) for each in found)
        rows.append(HeadlineRow(label, short, cells, changes))
    return rows


def headlines_text(found: Sequence[Headline]) -> str:
    """Return the figures of some histories as a table."""
    rows = []
    for row in headline_rows(found):
        told = [[cell] if place == 0 else [cell, row.changes[place]] for place, cell in enumerate(row.cells)]
        rows.append([row.label, *(cell for cells in told for cell in cells)])
    names = [[clean(each.name, 24)] if place == 0 else [clean(each.name, 24), ""] for place, each in enumerate(found)]
    headers = ["", *(name for each in names for name in each)]
    return table(headers, rows, [False, *[True] * (len(headers) - 1)])


def amounts_of(found: Sequence[Headline]) -> list[int]:
    """Return every amount of some histories, in minor units."""
    return [getattr(each, field) for each in found for _, _, field in _FIGURES if field.endswith("_minor")]


_FIGURES: tuple[tuple[str, str, str], ...] = (
    ("approved", "approved", "approved_minor"),
    ("committed", "committed", "committed_minor"),
    ("actual", "actual", "actual_minor"),
    ("alignment index", "alignment index", "index"),
    ("serves no objective", "no objective", "orphan_share"),
    ("must move", "must move", "must_move_minor"),
    ("decisions open", "decisions open", "open_decisions"),
    ("events flagged", "events flagged", "flagged"),
    ("recorded, no longer passing", "no longer pass", "refused"),
    ("supposed, not accepted", "not accepted", "not_accepted"),
)


def _shown(each: Headline, field: str, amount: Amount) -> str:
    value = getattr(each, field)
    if field.endswith("_minor"):
        return amount(value, each.currency)
    if field == "index":
        return "–" if value is None else f"{value:.3f}"
    return percent(value) if field == "orphan_share" else f"{value:,}"


def _change(was: Headline, now: Headline, field: str, amount: Amount) -> str:
    """Return by how much a figure is another one, with its sign; nothing where it is the same or cannot be said."""
    before, after = getattr(was, field), getattr(now, field)
    if before is None or after is None or before == after:
        return ""
    change = after - before
    sign = "+" if change > 0 else "-"
    if field.endswith("_minor"):
        return sign + amount(abs(change), now.currency)
    if field == "orphan_share":
        return f"{sign}{100 * abs(change):.1f}"
    return f"{sign}{abs(change):.3f}" if isinstance(change, float) else f"{sign}{abs(change):,}"
