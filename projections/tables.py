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
import pyarrow.compute as pc

from projections.columns import EVENTS, Column, Form, arrow_schema, columns_of, forms_of
from schemas import codec, subjects
from schemas.events import FACTS, Fact
from schemas.values import Commitment

STEP_ENTRIES = 256
FLUSH_VALUES = 1_024

_EPOCH = datetime.date(1970, 1, 1).toordinal()
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
            arrays = [_array(kind, values) for kind, values in zip(self._types, self._waiting, strict=True)]
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


def _array(kind: pa.DataType, values: list[Any]) -> pa.Array:
    if kind == pa.date32() and isinstance(values[0], int):
        return pc.subtract(pa.array(values, pa.int32()), pa.scalar(_EPOCH, pa.int32())).view(pa.date32())
    return pa.array(values, kind)


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
    plain = set(map(type, values)) <= {str, type(None)}
    return (values if plain else [_shown(value) for value in values],)


def _spread_nested(values: Sequence[Any]) -> Iterable[Iterable[Any]]:
    return ([value and _nested(value) for value in values] if any(values) else values,)


def _spread_json(values: Sequence[Any]) -> Iterable[Iterable[Any]]:
    return ([msgspec.json.encode(value).decode() for value in values],)


_SPREADS: dict[Form, Spread] = {
    "plain": _spread_plain,
    "money": _spread_money,
    "text": _spread_text,
    "nested": _spread_nested,
    "json": _spread_json,
}


def _shown(text: str | Commitment | None) -> str | None:
    return f"commitment:{text.commitment}" if isinstance(text, Commitment) else text


def _nested(value: Any) -> Any:
    """Return a nested value as Arrow takes it, defaults spelled out."""
    if isinstance(value, tuple):
        return list(map(_nested, value))
    if isinstance(value, Commitment):
        return _shown(value)
    if isinstance(value, msgspec.Struct):
        names, deeper = _members(type(value))
        told = dict(zip(names, msgspec.structs.astuple(value), strict=True))
        for name in deeper:
            told[name] = _nested(told[name])
        return told
    return value


@cache
def _members(struct: type[msgspec.Struct]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a struct's fields in JSON, and of those the ones that hold more than a plain value."""
    names = tuple(field.encode_name for field in msgspec.structs.fields(struct))
    return names, tuple(name for name, form in zip(names, forms_of(struct), strict=True) if form != "plain")
