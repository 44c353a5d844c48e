"""Events as Parquet, one file a type, readable by anything that reads Parquet.

    DIR/events.parquet                 every event: sequence, recorded_at, effective_on, type, subject, actor, ...
    DIR/funding_approved.parquet       what the events of that type say, by sequence

The columns are those of the replica's own tables: money as two columns, a text that is kept apart as
`commitment:<sha256>`, other nested values as structs and lists. Types without an event have an empty file, so that a
query that names them runs. Entries that are no events are in none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from projections.columns import table_name
from projections.tables import Tables


class ParquetExport:
    """The tables of a portfolio's events as they fill."""

    def __init__(self, portfolio: str) -> None:
        self._tables, self._size = Tables(portfolio), 0

    def take(self, entries: Sequence[bytes]) -> None:
        """Take the entries that follow."""
        self._tables.take(self._size + 1, entries)
        self._size += len(entries)

    def write(self, directory: Path) -> int:
        """Write the files, and return how many. Errors: OSError."""
        directory.mkdir(parents=True, exist_ok=True)
        made = {"events": self._tables.events.table()}
        made |= {table_name(fact): table.table() for fact, table in self._tables.facts.items()}
        for name, table in made.items():
            pq.write_table(table, directory / f"{name}.parquet", compression="zstd")
        return len(made)
