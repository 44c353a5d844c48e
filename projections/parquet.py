"""Parquet files as SQL: whatever their names hold, they are told to DuckDB as they are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def quoted(text: str | Path) -> str:
    """Return a text as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


def in_files(files: Iterable[str | Path]) -> str:
    """Return the rows of some files as SQL that stands where a table does."""
    return f"read_parquet([{', '.join(map(quoted, files))}])"
