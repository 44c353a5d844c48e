"""What a statement of DuckDB changed."""

from __future__ import annotations

import duckdb


def count_of(database: duckdb.DuckDBPyConnection, statement: str) -> int:
    """Execute a statement that inserts or updates rows, and return how many."""
    ((count,),) = database.execute(statement).fetchall()
    return int(count)
