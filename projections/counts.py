"""What a statement of DuckDB changed, and several of them as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


@contextmanager
def all_or_none(database: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let what is executed meanwhile hold as a whole, or not at all where it fails."""
    database.begin()
    try:
        yield
    except BaseException:
        database.rollback()
        raise
    database.commit()


def count_of(database: duckdb.DuckDBPyConnection, statement: str) -> int:
    """Execute a statement that inserts or updates rows, and return how many."""
    ((count,),) = database.execute(statement).fetchall()
    return int(count)
