"""Before and after: what a decision changed, field by field, and which entry had set the value before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from projections.board_rows import StateRow
from tui.model.figures import money
from tui.model.text import clean


class Change(NamedTuple):
    """One field at two moments. sign: `~` changed, `+` new, `-` gone, `·` the same. delta: signed, for figures.

    set_by: the entry that set the value before; now_by: the one that set the value after.
    """

    sign: str
    field: str
    before: str
    after: str
    delta: int | None
    unit: str | None
    set_by: int | None
    now_by: int | None


def of_state(before: Sequence[StateRow], after: Sequence[StateRow]) -> list[Change]:
    """Return what became of each field of an initiative, the changed ones first."""
    olds, news = ({(row.field, row.key, row.currency): row for row in rows} for rows in (before, after))
    keys = list(dict.fromkeys([*olds, *news]))
    changes = [_of_rows(olds.get(key), news.get(key)) for key in keys]
    return sorted(changes, key=lambda change: change.sign == "·")


def of_fields(before: dict[str, str] | None, after: dict[str, str], set_by: int | None, now_by: int) -> list[Change]:
    """Return the same for the fields an event states, against the event of its kind and subject before it."""
    olds = before or {}
    changes = []
    for field in dict.fromkeys([*olds, *after]):
        old, new = olds.get(field), after.get(field)
        sign = "·" if old == new else "+" if old is None else "-" if new is None else "~"
        changes.append(
            Change(sign, clean(field), old or "", new or "", None, None, set_by if old is not None else None, now_by)
        )
    return sorted(changes, key=lambda change: change.sign == "·")


def of_figures(before: dict[str, Any], after: dict[str, Any], currency: str | None) -> list[Change]:
    """Return what became of headline figures, those that moved first. Units: names ending in _minor are money."""
    changes = []
    for name in after:
        old, new = before.get(name), after[name]
        words = name.removesuffix("_minor").replace("_", " ")
        sign = "·" if old == new else "~"
        delta = int(new) - int(old) if name.endswith("_minor") and old is not None and new is not None else None
        before_, after_ = (_figure(name, value, currency) for value in (old, new))
        unit = currency if delta is not None else None
        changes.append(Change(sign, words, before_, after_, delta, unit, None, None))
    return sorted(changes, key=lambda change: change.sign == "·")


def _of_rows(old: StateRow | None, new: StateRow | None) -> Change:
    row = new or old
    assert row is not None, "a key comes from one of them"
    name = f"{row.field} {clean(row.key, 24)}" if row.key else row.field
    before, after = _text(old), _text(new)
    sign = "+" if old is None else "-" if new is None else "·" if before == after else "~"
    delta = None
    if row.amount_minor is not None:
        delta = (new.amount_minor or 0 if new else 0) - (old.amount_minor or 0 if old else 0)
    set_by, now_by = (each.sequence if each else None for each in (old, new))
    return Change(sign, name, before, after, delta or None, row.currency, set_by, now_by)


def _text(row: StateRow | None) -> str:
    if row is None:
        return ""
    if row.amount_minor is not None:
        return money(row.amount_minor, row.currency)
    return clean(row.value or "–", 400)


def _figure(name: str, value: float | None, currency: str | None) -> str:
    if value is None:
        return "–"
    if name.endswith("_minor"):
        return money(int(value), currency)
    return f"{value:.4f}"
