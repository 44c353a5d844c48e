"""The typed columns of every event, worked out from its struct, so that a new event needs no code here.

One table holds what every envelope says (`events`); one table a fact holds its data:

    events            sequence, recorded_at, effective_on, type, subject, actor, basis, flags, commandid
    funding_approved  sequence, effective_on, initiative, envelope, kind, amount_minor, amount_currency, ...

Money becomes two columns, a text that was kept as a commitment becomes `commitment:<sha256>`, other nested values
become Arrow structs and lists.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import types
import typing
from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa

from schemas.envelope import Recorded
from schemas.events import FACTS, Fact
from schemas.values import Commitment, Money

SEGMENT_FORMAT = "1"
"""Raised when the same columns are filled in another way."""

INSTANT = pa.timestamp("us")
"""Instants are in UTC, without a zone of their own, so that DuckDB gives them back without asking for one."""
_RENAMED = {"sequence": "reversed_sequence", "as_of": "judged_on"}
"""Fields whose names the views use for something else."""


class Column(NamedTuple):
    """One column: its name, its Arrow type, and how its values are read from events."""

    name: str
    type: pa.DataType
    values: Callable[[Sequence[Recorded]], Any]


def _path(path: str) -> Callable[[Sequence[Recorded]], list[Any]]:
    read = attrgetter(path)
    return lambda events: list(map(read, events))


def _day(events: Sequence[Recorded]) -> Any:
    return pa.array(list(map(attrgetter("time"), events)), INSTANT).cast(pa.date32(), safe=False)


TIMELINE: tuple[Column, ...] = (
    Column("sequence", pa.int64(), lambda events: [int(event.sequence) for event in events]),
    Column("recorded_at", INSTANT, _path("recordedtime")),
    Column("effective_on", pa.date32(), _day),
    Column("type", pa.string(), lambda events: [event.data.TYPE for event in events]),
    Column("subject", pa.string(), _path("subject")),
    Column("actor", pa.string(), _path("actor")),
    Column("basis", pa.string(), _path("basis")),
    Column("flags", pa.string(), _path("flags")),
    Column("commandid", pa.string(), _path("commandid")),
)
"""Columns of the table all events share."""


def table_name(fact: type[Fact]) -> str:
    """Return the table of a fact: funding_approved for FundingApproved."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", fact.__name__).lower()


@cache
def columns_of(fact: type[Fact]) -> tuple[Column, ...]:
    """Return the columns of a fact's table, sequence and effective_on first."""
    hints = get_type_hints(fact, include_extras=True)
    found: list[Column] = [TIMELINE[0], TIMELINE[2]]
    for field in msgspec.structs.fields(fact):
        found += _columns_of_field(field.name, hints[field.name])
    return tuple(found)


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the Arrow schema of columns."""
    return pa.schema([(column.name, column.type) for column in columns])


def as_batch(columns: Sequence[Column], events: Sequence[Recorded]) -> pa.RecordBatch:
    """Return events as columns."""
    arrays = [
        pa.array(values, column.type) if isinstance(values := column.values(events), list) else values
        for column in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(columns))


def generation() -> str:
    """Return a name for the way events become columns: another way, another name."""
    told = SEGMENT_FORMAT + str(arrow_schema(TIMELINE))
    told += "".join(f"{fact.TYPE}{arrow_schema(columns_of(fact))}" for fact in FACTS)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _columns_of_field(name: str, annotation: Any) -> list[Column]:
    plain, optional = _plain(annotation)
    column = _RENAMED.get(name, name)
    if plain is Money:
        return [
            Column(f"{column}_minor", pa.int64(), _money(name, "minor", optional)),
            Column(f"{column}_currency", pa.string(), _money(name, "currency", optional)),
        ]
    if _is_text(plain):
        return [Column(column, pa.string(), lambda events: [_shown(getattr(event.data, name)) for event in events])]
    kind = _arrow_type(plain)
    if pa.types.is_nested(kind):
        read = attrgetter(f"data.{name}")
        return [Column(column, kind, lambda events: [value and _nested(value) for value in map(read, events)])]
    return [Column(column, kind, _path(f"data.{name}"))]


def _money(name: str, part: str, optional: bool) -> Callable[[Sequence[Recorded]], list[Any]]:
    if not optional:
        return _path(f"data.{name}.{part}")
    return lambda events: [getattr(getattr(event.data, name), part, None) for event in events]


def _plain(annotation: Any) -> tuple[Any, bool]:
    """Return an annotation without its limits and without None, and whether it allowed None."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [part for part in get_args(annotation) if part is not type(None)]
        optional = len(inner) < len(get_args(annotation))
        if len(inner) == 1:
            return _plain(inner[0])[0], optional
        return tuple(_plain(part)[0] for part in inner), optional
    return annotation, False


def _is_text(plain: Any) -> bool:
    return isinstance(plain, tuple) and set(plain) == {str, Commitment}


def _shown(text: str | Commitment | None) -> str | None:
    return f"commitment:{text.commitment}" if isinstance(text, Commitment) else text


def _nested(value: Any) -> Any:
    """Return a nested value as Arrow takes it, defaults spelled out."""
    if isinstance(value, Commitment):
        return _shown(value)
    if isinstance(value, msgspec.Struct):
        return {encoded: _nested(getattr(value, name)) for name, encoded in _names(type(value))}
    if isinstance(value, tuple):
        return [_nested(inner) for inner in value]
    return value


@cache
def _names(struct: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, field.encode_name) for field in msgspec.structs.fields(struct))


_SCALARS: dict[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    datetime.date: pa.date32(),
    datetime.datetime: INSTANT,
}


def _arrow_type(plain: Any) -> pa.DataType:
    if plain in _SCALARS:
        return _SCALARS[plain]
    if get_origin(plain) is Literal:
        return pa.string()
    if get_origin(plain) is tuple:
        return pa.list_(_arrow_type(_plain(get_args(plain)[0])[0]))
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        hints = get_type_hints(plain, include_extras=True)
        return pa.struct(
            [(field.encode_name, _arrow_type(_plain(hints[field.name])[0])) for field in msgspec.structs.fields(plain)]
        )
    if _is_text(plain):
        return pa.string()
    raise TypeError(f"{plain} has no column type; add one to projections/columns.py")
