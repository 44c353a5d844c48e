"""The typed columns of every event, worked out from its struct, so that a new event needs no code here.

One table holds what every envelope says (`events`); one table a fact holds its data:

    events            sequence, recorded_at, effective_on, type, subject, actor, basis, flags, commandid
    funding_approved  sequence, effective_on, initiative, envelope, kind, amount_minor, amount_currency, ...

Money becomes two columns, a text that was kept as a commitment becomes `commitment:<sha256>`, other nested values
become Arrow structs and lists; a value that is one of several shapes becomes its JSON.
"""

from __future__ import annotations

import datetime
import hashlib
import re
import types
import typing
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
import pyarrow as pa

from schemas.events import FACTS, Fact
from schemas.values import Commitment, Money

SEGMENT_FORMAT = "2"
"""Raised when the same columns are filled in another way."""

GENERATION = "8f552649c178"
"""The name of the way events become columns: what `generation` returns, written down since working it out takes a
twentieth of a second at every start. A test holds it to that."""

INSTANT = pa.timestamp("us")
"""Instants are in UTC, without a zone of their own, so that DuckDB gives them back without asking for one."""
_RENAMED = {"sequence": "reversed_sequence", "as_of": "judged_on", "effective_on": "takes_effect_on"}
"""Fields whose names the views use for something else."""

Form = Literal["plain", "money", "text", "nested", "json"]
"""How a field becomes columns."""


class Column(NamedTuple):
    """One column: its name and its Arrow type."""

    name: str
    type: pa.DataType


EVENTS: tuple[Column, ...] = (
    Column("sequence", pa.int64()),
    Column("recorded_at", INSTANT),
    Column("effective_on", pa.date32()),
    Column("type", pa.string()),
    Column("subject", pa.string()),
    Column("actor", pa.string()),
    Column("basis", pa.string()),
    Column("flags", pa.string()),
    Column("commandid", pa.string()),
)
"""Columns of the table all events share."""


def table_name(fact: type[Fact]) -> str:
    """Return the table of a fact: funding_approved for FundingApproved."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", fact.__name__).lower()


@cache
def columns_of(fact: type[Fact]) -> tuple[Column, ...]:
    """Return the columns of a fact's table, sequence and effective_on first."""
    found: list[Column] = [EVENTS[0], EVENTS[2]]
    hints = get_type_hints(fact, include_extras=True)
    for field, form in zip(msgspec.structs.fields(fact), forms_of(fact), strict=True):
        name = _RENAMED.get(field.name, field.name)
        if form == "money":
            found += [Column(f"{name}_minor", pa.int64()), Column(f"{name}_currency", pa.string())]
        elif form in ("text", "json"):
            found.append(Column(name, pa.string()))
        else:
            found.append(Column(name, _arrow_type(_plain(hints[field.name]))))
    return tuple(found)


@cache
def forms_of(struct: type[msgspec.Struct]) -> tuple[Form, ...]:
    """Return how each field of a fact, or of a struct within one, becomes columns."""
    hints = get_type_hints(struct, include_extras=True)
    return tuple(_form(_plain(hints[field.name])) for field in msgspec.structs.fields(struct))


def _form(plain: Any) -> Form:
    if plain is Money:
        return "money"
    if _is_text(plain):
        return "text"
    if isinstance(plain, tuple):
        return "json"
    return "nested" if pa.types.is_nested(_arrow_type(plain)) else "plain"


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the Arrow schema of columns."""
    return pa.schema([(column.name, column.type) for column in columns])


def generation() -> str:
    """Return a name for the way events become columns: another way, another name."""
    told = SEGMENT_FORMAT + str(arrow_schema(EVENTS))
    told += "".join(f"{fact.TYPE}{arrow_schema(columns_of(fact))}" for fact in FACTS)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _plain(annotation: Any) -> Any:
    """Return an annotation without its limits and without None; a tuple of them where it is one of several."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (typing.Union, types.UnionType):
        inner = [_plain(part) for part in get_args(annotation) if part is not type(None)]
        return inner[0] if len(inner) == 1 else tuple(inner)
    return annotation


def _is_text(plain: Any) -> bool:
    return isinstance(plain, tuple) and set(plain) == {str, Commitment}


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
        return pa.list_(_arrow_type(_plain(get_args(plain)[0])))
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        hints = get_type_hints(plain, include_extras=True)
        return pa.struct(
            [(field.encode_name, _arrow_type(_plain(hints[field.name]))) for field in msgspec.structs.fields(plain)]
        )
    if _is_text(plain):
        return pa.string()
    raise TypeError(f"{plain} has no column type; add one to projections/columns.py")
