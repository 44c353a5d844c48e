"""Statements: what every entry says of an initiative, in one table, so that a state is a look at a few rows.

    statements   initiative, slot, sequence, effective_on, newness, origin, says

It holds what the macro statements_recorded() gives (views/statements.sql), in the order of the initiatives. What a
finished segment says never changes: it stands beside it, in a file of its own, kept by who first asks for it.

    <data>/<portfolio>/segment/<generation>/0.statements-<definition>.parquet
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from projections.catalogue import FACT_OF, STATEMENTS, definitions, made_of
from projections.columns import arrow_schema, columns_of
from projections.counts import count_of
from projections.parquet import in_files, quoted
from projections.segments import Part

RECORDED = "statements_recorded"
"""The macro that works statements out of facts."""

ORDER = "order by initiative, sequence, slot"


@cache
def stating() -> tuple[str, ...]:
    """Return the tables of the facts that state something of an initiative."""
    return tuple(name for name in made_of(RECORDED) if name in FACT_OF)


@cache
def _macros() -> tuple[str, ...]:
    """Return the statements that make what statements are worked out by."""
    texts = [definitions()[name] for name in (*made_of(RECORDED), RECORDED) if name in definitions()]
    return tuple(text.replace("create or replace macro", "create or replace temp macro", 1) for text in texts)


def make_statements(database: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> int:
    """Make the table of what finished parts state, and return how many statements that is.

    database: a cursor of its own, which is used for nothing else. Errors: duckdb.IOException and
    duckdb.InvalidInputException where a file cannot be read.
    """
    if not parts:
        _look_at(database, {})
        return count_of(database, f"create table {STATEMENTS} as from {RECORDED}() {ORDER}")
    try:
        listed = " union all ".join(f"from {_kept(database, part)}" for part in parts)
        return count_of(database, f"create table {STATEMENTS} as from ({listed}) {ORDER}")
    except duckdb.BinderException as error:  # a file of other columns is one that cannot be read
        raise duckdb.InvalidInputException(
            f"a .parquet file of {parts[0].directory} has other columns: {error}"
        ) from error


def take_statements(database: duckdb.DuckDBPyConnection, rows: Mapping[str, Sequence[pa.Table]], into: str) -> int:
    """Take in what rows of facts state, and return how many statements that is. database: as make_statements."""
    _look_at(database, {name: pa.concat_tables(tables) for name, tables in rows.items()})
    return count_of(database, f"insert into {into} from {RECORDED}() {ORDER}")


def file_of(part: Part) -> Path:
    """Return where the statements of a part stand once they are kept.

    Its name says how they are worked out, so that no other version takes them for its own.
    """
    stem = part.manifest.files["events"].partition(".")[0]
    return part.directory / f"{stem}.{STATEMENTS}-{_definition()}.parquet"


@cache
def _definition() -> str:
    return hashlib.sha256("\0".join(_macros()).encode()).hexdigest()[:12]


def _kept(database: duckdb.DuckDBPyConnection, part: Part) -> str:
    """Return as SQL where the statements of a part stand; beside it from now on, if they can be kept there."""
    file = file_of(part)
    if not file.exists():
        files = part.manifest.files
        _look_at(
            database,
            {
                name: in_files([part.directory / files[kind]])
                for name in stating()
                if (kind := FACT_OF[name].__name__) in files
            },
        )
        made = f'"made_{file.stem}"'
        database.execute(f"create temp table {made} as from {RECORDED}() {ORDER}")
        try:
            _write(database, made, file)
        except (OSError, duckdb.IOException):  # of who may only read: it is worked out again the next time
            return made
        database.execute(f"drop table {made}")
    return in_files([file])


def _write(database: duckdb.DuckDBPyConnection, made: str, file: Path) -> None:
    """Write a table to a file, in place of those worked out in other ways.

    A crash leaves no file of that name, or a whole one; perhaps one of another way beside it, which nobody reads.
    """
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    os.close(handle)
    try:
        database.execute(f"copy {made} to {quoted(temporary)} (format parquet, compression lz4, use_tmp_file false)")
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    same = file.name[: -len(f"{_definition()}.parquet")]
    for other in file.parent.glob(f"{same}*.parquet"):
        if other != file:
            other.unlink(missing_ok=True)


def _look_at(database: duckdb.DuckDBPyConnection, facts: Mapping[str, pa.Table | str]) -> None:
    """Let statements be worked out of these facts, rows or SQL by table, and of no others.

    What only this cursor knows comes before the replica's own tables of the same names.
    """
    for name in stating():
        database.execute(f'drop view if exists temp.main."{name}"')
        rows = facts.get(name, arrow_schema(columns_of(FACT_OF[name])).empty_table())
        if isinstance(rows, str):
            database.execute(f'create temp view "{name}" as from {rows}')
        else:
            database.register(name, rows)
    for macro in _macros():
        database.execute(macro)
