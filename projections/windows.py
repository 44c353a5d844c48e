"""Windows: so many entries that stand side by side, of each of which is kept what it comes to, so that any moment is
the whole windows before it and the few entries behind them.

    touches    window_number, initiative, sequence       the last entry about each initiative
    balances   window_number, ..., minor, entry_count   what its money comes to: projections.money
"""

from __future__ import annotations

import duckdb

from projections.counts import count_of

WINDOW_ENTRIES = 65_536
"""As many as views/windows.sql reckons with."""


def whole_windows(sequence: int) -> int:
    """Return how many windows are whole at a sequence."""
    return sequence // WINDOW_ENTRIES


def end_of_windows(sequence: int) -> int:
    """Return the last sequence of the windows that are whole at a sequence, 0 where none is."""
    return sequence // WINDOW_ENTRIES * WINDOW_ENTRIES


def window_of(sequence: str) -> str:
    """Return the number of the window a sequence is in, as SQL."""
    return f"(({sequence} - 1) // {WINDOW_ENTRIES})::integer"


def make_touches(database: duckdb.DuckDBPyConnection) -> None:
    """Make the table of touches, empty. It is filled by `take_touches`."""
    database.execute("create table touches (window_number integer, initiative varchar, sequence bigint)")


def touched(after: int, events: str = "events") -> str:
    """Return the query for what is touched behind a sequence that ends a window. The last window may not be whole."""
    return (
        f"select {window_of('sequence')} as window_number, substr(subject, 12) as initiative, "
        f"max(sequence) as sequence from {events} where sequence > {after} and subject like 'initiative/%' "
        "group by window_number, subject"
    )


def take_touches(database: duckdb.DuckDBPyConnection, after: int, until: int) -> int:
    """Take in the windows between two sequences that each end one, and return how many touches they have."""
    whole = f"from ({touched(after)}) where window_number < {whole_windows(until)}"
    return count_of(database, f"insert into touches {whole}")
