"""What changed in a view between two moments, and which entries made the change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from projections.moment import Moment
from projections.replica import Replica
from projections.rows import Row
from projections.views import Question, View, ask, key_of, own_currency

Causes = dict[tuple[str | None, ...], set[int]]

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
    causes, renamings = _causes(replica, question, before, after), _renamings(replica, question, before, after)
    rows = []
    for key in sorted(olds.keys() | news.keys(), key=lambda names: [(name is None, name or "") for name in names]):
        old, new = olds.get(key), news.get(key)
        if old and new and getattr(old, "title", None) != getattr(new, "title", None):
            causes[key] |= renamings[key[0]]
        if old != new:
            rows.append(_change(key, old, new, causes))
    return Diff(question.name, replica.portfolio, before, after, views[1].currency, tuple(rows))


def _change(key: tuple[str | None, ...], old: Row | None, new: Row | None, causes: Causes) -> Change:
    before = None if old is None else msgspec.to_builtins(old)
    after = None if new is None else msgspec.to_builtins(new)
    present = after or before or {}
    figures = {name for name, value in present.items() if isinstance(value, int | float)}
    change = {}
    for name in sorted(figures):
        was, now = (before or {}).get(name) or 0, (after or {}).get(name) or 0
        if was != now:
            change[name] = now - was
    return Change(key[0], present.get("title"), before, after, change, tuple(sorted(causes[key])))


def _by_key(question: Question, view: View) -> dict[tuple[str | None, ...], Row]:
    return {_key(question, row): row for row in view.rows}


def _key(question: Question, row: Row) -> tuple[str | None, ...]:
    currency = (row.currency,) if question.name == "spend" and hasattr(row, "currency") else ()
    return (key_of(question, row), *currency)


def _causes(replica: Replica, question: Question, before: Moment, after: Moment) -> Causes:
    """Return the sequences that changed each row, by the row's key."""
    found: Causes = defaultdict(set)
    four = f"{_two(before)}, {_two(after)}"
    if question.name == "initiatives":
        for row in replica.ask(f"from initiative_changes({four})"):
            found[(row["initiative"],)].add(row["sequence"])
        return found
    money = replica.ask(f"from money_changed({four})")
    if question.name == "alignment":
        return _alignment_causes(replica, question, (before, after), money)
    if question.by == "objective":
        return _objective_causes(replica, (before, after), money)
    streams = _streams(replica, (before, after)) if question.by == "value_stream" else {}
    for row in money:
        keys = streams.get(row["envelope"], {None}) if question.by == "value_stream" else {row[question.by]}
        for key in keys:
            found[(key, row["currency"])].add(row["sequence"])
    return found


def _renamings(replica: Replica, question: Question, before: Moment, after: Moment) -> dict[str | None, set[int]]:
    """Return the entries that may have changed a title that stood before, by initiative."""
    found: dict[str | None, set[int]] = defaultdict(set)
    if question.name == "spend" and question.by == "initiative":
        changes = f"from initiative_changes({_two(before)}, {_two(after)})"
        for row in replica.ask(f"{changes} where type in ('InitiativeProposed.v1', 'InitiativeAmended.v1')"):
            found[row["initiative"]].add(row["sequence"])
    return found


def _alignment_causes(
    replica: Replica, question: Question, moments: tuple[Moment, Moment], money: Sequence[dict[str, Any]]
) -> Causes:
    """A share moves with every amount of its measure, since it is a part of all; a declaration moves its own."""
    measures = {"forecast": ("forecast", "actual")}.get(question.measure, (question.measure,))
    currency = question.currency or own_currency(replica, moments[1].sequence)
    everywhere = {row["sequence"] for row in money if row["measure"] in measures and row["currency"] == currency}
    if question.measure == "forecast":
        four = f"{_two(moments[0])}, {_two(moments[1])}"
        changes = replica.ask(f"from initiative_changes({four}) where type = 'ForecastUpdated.v1'")
        everywhere |= {row["sequence"] for row in changes}
    found: Causes = defaultdict(lambda: set(everywhere))
    for moment in moments:
        for row in replica.ask(f"from objectives({_two(moment)})"):
            found[(row["objective"],)] |= _set_changed(replica, moments)
    for _, objective, sequence in _rewoven(replica, moments):
        found[(objective,)].add(sequence)
    return found


def _objective_causes(replica: Replica, moments: tuple[Moment, Moment], money: Sequence[dict[str, Any]]) -> Causes:
    found: Causes = defaultdict(set)
    woven = [_weights(replica, moment) for moment in moments]
    for row in money:
        name = row["initiative"]
        keys = {None} if name is None else {key for weights in woven for key in weights.get(name, {"~unaligned": 1})}
        for key in keys:
            found[(key, row["currency"])].add(row["sequence"])
    currencies: dict[str, set[str]] = defaultdict(set)
    for moment in moments:
        for row in replica.ask(f"select distinct initiative, currency from money({_two(moment)})"):
            currencies[row["initiative"]].add(row["currency"])
    for name, objective, sequence in _rewoven(replica, moments):
        for currency in currencies.get(name, ()):
            found[(objective, currency)].add(sequence)
    for sequence in _set_changed(replica, moments):
        for place in [place for place in found if place[0] not in (None, "~unaligned")]:
            found[place].add(sequence)
    return found


def _weights(replica: Replica, moment: Moment) -> dict[str, dict[str, int]]:
    """Return what each initiative serves, the unaligned rest with it."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in replica.ask(f"from serving({_two(moment)})"):
        found[row["initiative"]][row["objective"]] = row["weight"]
    for weights in found.values():
        rest = 100_000_000 - sum(weights.values())
        if rest:
            weights["~unaligned"] = rest
    return found


def _rewoven(replica: Replica, moments: tuple[Moment, Moment]) -> list[tuple[str, str, int]]:
    """Return (initiative, objective, sequence) for each share that is another at the two moments.

    The sequence is that of the declaration where it is another too, else of the set of objectives.
    """
    olds, news = (_weights(replica, moment) for moment in moments)
    declared = [
        {row["initiative"]: row["sequence"] for row in replica.ask(f"from declarations({_two(moment)})")}
        for moment in moments
    ]
    sets = sorted(_set_changed(replica, moments))
    found = []
    for name in olds.keys() | news.keys():
        old, new = olds.get(name, {"~unaligned": 100_000_000}), news.get(name, {"~unaligned": 100_000_000})
        was, now = declared[0].get(name), declared[1].get(name)
        blamed = [now if now is not None else was] if was != now else sets
        for objective in old.keys() | new.keys():
            if old.get(objective) != new.get(objective):
                found += [(name, objective, sequence) for sequence in blamed if sequence is not None]
    return found


def _set_changed(replica: Replica, moments: tuple[Moment, Moment]) -> set[int]:
    """Return the sequence of the set of objectives that holds later, where it is not the one that held before."""
    held = [replica.ask(f"from objectives_sequence({_two(moment)})")[0]["sequence"] for moment in moments]
    later = held[1] if held[1] is not None else held[0]
    return {later} if held[0] != held[1] and later is not None else set()


def _two(moment: Moment) -> str:
    return f"{moment.sequence}, date '{moment.as_of.isoformat()}'"


def _streams(replica: Replica, moments: Iterable[Moment]) -> dict[str, set[str | None]]:
    streams: dict[str, set[str | None]] = defaultdict(set)
    for moment in moments:
        for row in replica.ask(f"from envelope_streams({_two(moment)})"):
            streams[row["envelope"]].add(row["value_stream"])
    return streams
