"""What changed in a view between two moments, and which entries made the change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from projections.moment import Moment
from projections.replica import Replica
from projections.views import Question, Row, View, ask, key_of

DIFFERENT = ("spend", "alignment", "initiatives")
"""The views that can be compared."""


class Change(msgspec.Struct, frozen=True):
    """One row that is not the same. before, after: None where the row is not there. change: of figures, after less
    before. sequences: the entries that made it."""

    key: str | None
    title: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    change: dict[str, Any]
    sequences: tuple[int, ...]


class Diff(msgspec.Struct, frozen=True):
    """Two moments of one view, row by row."""

    view: str
    portfolio: str
    before: Moment
    after: Moment
    currency: str | None
    rows: tuple[Change, ...]


def diff(replica: Replica, question: Question, before: Moment, after: Moment) -> Diff:
    """Return the rows of a view that differ between two moments."""
    views = ask(replica, question, before), ask(replica, question, after)
    olds, news = (_by_key(question, view) for view in views)
    causes = _causes(replica, question, before, after)
    rows = []
    for key in sorted(olds.keys() | news.keys(), key=lambda names: [(name is None, name or "") for name in names]):
        old, new = olds.get(key), news.get(key)
        if old != new:
            rows.append(_change(key, old, new, causes))
    return Diff(question.name, replica.portfolio, before, after, views[1].currency, tuple(rows))


def _change(key: tuple[str | None, ...], old: Row | None, new: Row | None, causes: dict[Any, set[int]]) -> Change:
    before = None if old is None else msgspec.to_builtins(old)
    after = None if new is None else msgspec.to_builtins(new)
    present = after or before or {}
    figures = {name for name, value in present.items() if isinstance(value, int | float)}
    change = {}
    for name in sorted(figures):
        was, now = (before or {}).get(name) or 0, (after or {}).get(name) or 0
        if was != now:
            change[name] = now - was
    return Change(key[0], present.get("title"), before, after, change, tuple(sorted(causes.get(key, ()))))


def _by_key(question: Question, view: View) -> dict[tuple[str | None, ...], Row]:
    return {_key(question, row): row for row in view.rows}


def _key(question: Question, row: Row) -> tuple[str | None, ...]:
    currency = (row.currency,) if question.name == "spend" and hasattr(row, "currency") else ()
    return (key_of(question, row), *currency)


def _causes(replica: Replica, question: Question, before: Moment, after: Moment) -> dict[Any, set[int]]:
    """Return the sequences that changed each row, by the row's key."""
    found: dict[Any, set[int]] = defaultdict(set)
    four = f"{_two(before)}, {_two(after)}"
    if question.name == "initiatives":
        for row in replica.ask(f"from initiative_changes({four})"):
            found[(row["initiative"],)].add(row["sequence"])
        return found
    money = replica.ask(f"from money_changed({four})")
    if question.name == "spend" and question.by != "objective":
        streams = _streams(replica, (before, after)) if question.by == "value_stream" else {}
        for row in money:
            keys = streams.get(row["envelope"], {None}) if question.by == "value_stream" else {row[question.by]}
            for key in keys:
                found[(key, row["currency"])].add(row["sequence"])
        return found
    serves = _serves(replica, (before, after))
    for row in [*money, *_redeclared(replica, before, after)]:
        unaligned = {"~unaligned"} if row["initiative"] is not None else {None}
        for objective in serves.get(row["initiative"], set()) | unaligned:
            if question.name == "alignment":
                found[(objective,)].add(row["sequence"])
            else:
                for currency in _currencies(row, money):
                    found[(objective, currency)].add(row["sequence"])
    return _with_objectives(replica, question, before, after, found)


def _two(moment: Moment) -> str:
    return f"{moment.sequence}, date '{moment.as_of.isoformat()}'"


def _streams(replica: Replica, moments: Iterable[Moment]) -> dict[str, set[str | None]]:
    streams: dict[str, set[str | None]] = defaultdict(set)
    for moment in moments:
        for row in replica.ask(f"from envelope_streams({_two(moment)})"):
            streams[row["envelope"]].add(row["value_stream"])
    return streams


def _serves(replica: Replica, moments: Iterable[Moment]) -> dict[str | None, set[str]]:
    serves: dict[str | None, set[str]] = defaultdict(set)
    for moment in moments:
        for row in replica.ask(f"from serving({_two(moment)})"):
            serves[row["initiative"]].add(row["objective"])
    return serves


def _redeclared(replica: Replica, before: Moment, after: Moment) -> Sequence[dict[str, Any]]:
    holds = [
        {row["initiative"]: row["sequence"] for row in replica.ask(f"from declarations({_two(moment)})")}
        for moment in (before, after)
    ]
    changed = [name for name in holds[0].keys() | holds[1].keys() if holds[0].get(name) != holds[1].get(name)]
    return [{"initiative": name, "sequence": _later(holds[0].get(name), holds[1].get(name))} for name in changed]


def _later(was: int | None, now: int | None) -> int:
    return now if now is not None else was or 0


def _currencies(row: dict[str, Any], money: Sequence[dict[str, Any]]) -> set[str]:
    return {row["currency"]} if "currency" in row else {each["currency"] for each in money}


def _with_objectives(
    replica: Replica, question: Question, before: Moment, after: Moment, found: dict[Any, set[int]]
) -> dict[Any, set[int]]:
    sets = [replica.ask(f"from objectives_sequence({_two(moment)})")[0]["sequence"] for moment in (before, after)]
    if sets[0] == sets[1]:
        return found
    names = {row["objective"] for moment in (before, after) for row in replica.ask(f"from objectives({_two(moment)})")}
    for name in names:
        for key in [(name,)] if question.name == "alignment" else [key for key in found if key[0] == name]:
            found[key].add(_later(sets[0], sets[1]))
    return found
