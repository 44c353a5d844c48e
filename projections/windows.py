"""Windows: so many entries that stand side by side, of each of which is kept what it comes to, so that any moment is
the whole windows before it and the few entries behind them.

    about      sequence, initiative                      of every entry about one
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


def about(events: str, after: int) -> str:
    """Return the query for the entries about an initiative behind a sequence."""
    return (
        f"select sequence, substr(subject, 12) as initiative from {events} "
        f"where sequence > {after} and subject like 'initiative/%'"
    )


def make_about(database: duckdb.DuckDBPyConnection) -> None:
    """Make the table of what entries are about, empty. It is filled by `take_about`."""
    database.execute("create table about (sequence bigint, initiative varchar)")


def take_about(database: duckdb.DuckDBPyConnection, after: int, to: int) -> int:
    """Take in what the entries behind a sequence up to another are about, and return how many are about one."""
    return count_of(database, f"insert into about {about('events', after)} and sequence <= {to}")


def make_touches(database: duckdb.DuckDBPyConnection) -> None:
    """Make the table of touches, empty. It is filled by `take_touches`."""
    database.execute("create table touches (window_number integer, initiative varchar, sequence bigint)")


def touched(after: int, of: str = "") -> str:
    """Return the query for what is touched behind a sequence that ends a window. The last window may not be whole.

    of: where the tables are, with a dot behind it.
    """
    return (
        f"select {window_of('sequence')} as window_number, initiative, max(sequence) as sequence "
        f"from {of}about where sequence > {after} group by all"
    )


def take_touches(database: duckdb.DuckDBPyConnection, after: int, until: int) -> int:
    """Take in the windows between two sequences that each end one, and return how many touches they have."""
    whole = f"from ({touched(after)}) where window_number < {whole_windows(until)}"
    return count_of(database, f"insert into touches {whole}")
