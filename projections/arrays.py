"""Values to Arrow arrays, column by column at every depth: a list of structs becomes an array a field, no dicts."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from itertools import accumulate, chain, repeat
from operator import sub
from typing import Any

import msgspec
import pyarrow as pa

from projections.columns import INSTANT
from schemas.values import Commitment

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_EPOCH_DAY = _EPOCH.toordinal()


def array_of(kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    """Return values as an array. Shape: structs and tuples as the events have them; days may be proleptic ordinals."""
    if pa.types.is_list(kind):
        return _lists(kind, values)
    if pa.types.is_struct(kind):
        return _structs(kind, values)
    if kind == INSTANT and None not in values:
        # What Arrow does with an instant that has a zone takes five times as long.
        return pa.array(list(map(sub, values, repeat(_EPOCH))), pa.duration("us")).view(INSTANT)
    if kind == pa.date32() and values and isinstance(values[0], int):
        return pa.array(list(map(sub, values, repeat(_EPOCH_DAY))), pa.int32()).view(pa.date32())
    return pa.array(values, kind)


def shown(text: str | Commitment | None) -> str | None:
    """Return a text as its column has it: what was kept as a commitment as `commitment:<sha256>`."""
    return f"commitment:{text.commitment}" if isinstance(text, Commitment) else text


def texts(values: Sequence[Any]) -> Sequence[Any]:
    """Return texts as their column has them."""
    return values if set(map(type, values)) <= {str, type(None)} else [shown(value) for value in values]


def _lists(kind: pa.ListType, values: Sequence[tuple[Any, ...] | None]) -> pa.Array:
    absent = [value is None for value in values]
    held = [value or () for value in values]
    offsets = pa.array([0, *accumulate(map(len, held))], pa.int32())
    deeper = _deeper(kind.value_type, list(chain.from_iterable(held)))
    return pa.ListArray.from_arrays(offsets, deeper, type=kind, mask=pa.array(absent) if any(absent) else None)


def _structs(kind: pa.StructType, values: Sequence[msgspec.Struct | None]) -> pa.Array:
    absent = [value is None for value in values]
    nothing = (None,) * kind.num_fields
    told = [nothing if value is None else msgspec.structs.astuple(value) for value in values]
    columns = zip(*told, strict=True) if told else [()] * kind.num_fields
    fields = [_deeper(field.type, column) for field, column in zip(kind, columns, strict=True)]
    return pa.StructArray.from_arrays(fields, fields=list(kind), mask=pa.array(absent) if any(absent) else None)


def _deeper(kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    return array_of(kind, texts(values) if kind == pa.string() else values)
