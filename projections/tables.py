"""Entries to columns: decoded strictly, a few hundred at a time, and gathered as Arrow tables, one a fact type.

This is where a rebuild spends its time. What it does for many is done by map, zip and Arrow, not entry by entry:
events live as objects for 256 entries only, which fit the processor's cache, and columns become Arrow arrays 1,024
values at a time.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from projections.arrays import array_of, texts
from projections.columns import EVENTS, Column, Form, arrow_schema, columns_of, forms_of
from schemas import codec, subjects
from schemas.events import FACTS, Fact

STEP_ENTRIES = 256
FLUSH_VALUES = 1_024

_TYPE_OF: dict[type[Fact], str] = {fact: fact.TYPE for fact in FACTS}
_envelope = attrgetter("recordedtime", "time", "subject", "actor", "basis", "flags", "commandid", "data")
_minor, _currency = attrgetter("minor"), attrgetter("currency")

Spread = Callable[[Sequence[Any]], Iterable[Iterable[Any]]]
"""From the values of a field to those of its columns."""


class Table:
    """One table as it fills. Days are numbers of proleptic ordinals until they become dates."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._types = [column.type for column in columns]
        self._schema = arrow_schema(columns)
        self._waiting: list[list[Any]] = [[] for _ in columns]
        self._batches: list[pa.RecordBatch] = []

    def take(self, values: Iterable[Iterable[Any]]) -> None:
        """Take the values of each column, in the order of the columns."""
        for waiting, more in zip(self._waiting, values, strict=True):
            waiting += more
        if len(self._waiting[0]) >= FLUSH_VALUES:
            self._flush()

    def table(self) -> pa.Table:
        """Return all that was taken."""
        self._flush()
        return pa.Table.from_batches(self._batches, schema=self._schema)

    def __bool__(self) -> bool:
        return bool(self._batches or self._waiting[0])

    def _flush(self) -> None:
        if self._waiting[0]:
            arrays = [array_of(kind, values) for kind, values in zip(self._types, self._waiting, strict=True)]
            self._batches.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
            self._waiting = [[] for _ in self._types]


class Tables:
    """Every table of some entries: one a fact type, and the events table they share."""

    def __init__(self, portfolio: str) -> None:
        self._source = subjects.source(portfolio)
        self.events = Table(EVENTS)
        self.facts: dict[type[Fact], Table] = {fact: Table(columns_of(fact)) for fact in FACTS}
        self.foreign: list[int] = []

    def take(self, first_sequence: int, payloads: Sequence[bytes]) -> None:
        """Decode entries that stand side by side, and take them in. Foreign ones are noted and left out."""
        for start in range(0, len(payloads), STEP_ENTRIES):
            self._take(first_sequence + start, payloads[start : start + STEP_ENTRIES])

    def _take(self, first_sequence: int, payloads: Sequence[bytes]) -> None:
        events, foreign = codec.decode_all(payloads, self._source, first_sequence)
        self.foreign += foreign
        if not events:
            return
        sequences = (
            [event.at for event in events] if foreign else list(range(first_sequence, first_sequence + len(events)))
        )
        recorded, times, subject, actor, basis, flags, commandid, facts = zip(*map(_envelope, events), strict=True)
        days = list(map(datetime.date.toordinal, times))
        kinds = list(map(type, facts))
        self.events.take(
            (sequences, recorded, days, map(_TYPE_OF.__getitem__, kinds), subject, actor, basis, flags, commandid)
        )
        places: dict[type[Fact], list[int]] = {}
        for place, kind in enumerate(kinds):
            places.setdefault(kind, []).append(place)
        for kind, at in places.items():
            fields = zip(*map(msgspec.structs.astuple, [facts[place] for place in at]), strict=True)
            columns: list[Iterable[Any]] = [[sequences[place] for place in at], [days[place] for place in at]]
            for spread, values in zip(_spreads(kind), fields, strict=True):
                columns += spread(values)
            self.facts[kind].take(columns)


@cache
def _spreads(fact: type[Fact]) -> tuple[Spread, ...]:
    return tuple(_SPREADS[form] for form in forms_of(fact))


def _spread_plain(values: Sequence[Any]) -> Iterable[Iterable[Any]]:
    return (values,)


def _spread_money(values: Sequence[Any]) -> Iterable[Iterable[Any]]:
    if None in values:
        return tuple([None if value is None else read(value) for value in values] for read in (_minor, _currency))
    return (map(_minor, values), map(_currency, values))


def _spread_text(values: Sequence[Any]) -> Iterable[Iterable[Any]]:
    return (texts(values),)


def _spread_json(values: Sequence[Any]) -> Iterable[Iterable[Any]]:
    return ([msgspec.json.encode(value).decode() for value in values],)


_SPREADS: dict[Form, Spread] = {
    "plain": _spread_plain,
    "money": _spread_money,
    "text": _spread_text,
    "nested": _spread_plain,
    "json": _spread_json,
}
