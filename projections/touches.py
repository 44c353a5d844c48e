"""Touches: the last entry about each initiative in every whole window of entries, so that the last one up to any moment
is found among those of the windows before it and the few entries behind them.

    touches   window_number, initiative, sequence    of every window of 65,536 entries that is full
"""

from __future__ import annotations

import duckdb

WINDOW_ENTRIES = 65_536
"""As many as views/initiatives.sql reckons with."""


def make_touches(database: duckdb.DuckDBPyConnection) -> None:
    """Make the table, empty. It is filled by `take_touches`."""
    database.execute("create table touches (window_number integer, initiative varchar, sequence bigint)")


def touched(after: int, events: str = "events") -> str:
    """Return the query for what is touched behind a sequence that ends a window. The last window may not be full."""
    return (
        f"select ((sequence - 1) // {WINDOW_ENTRIES})::integer as window_number, substr(subject, 12) as initiative, "
        f"max(sequence) as sequence from {events} where sequence > {after} and subject like 'initiative/%' "
        "group by window_number, subject"
    )


def take_touches(database: duckdb.DuckDBPyConnection, after: int, until: int) -> None:
    """Take in the windows between two sequences that each end one."""
    database.execute(f"insert into touches from ({touched(after)}) where window_number < {until // WINDOW_ENTRIES}")
