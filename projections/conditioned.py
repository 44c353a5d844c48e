"""Approvals of money that set conditions: there are few, and those without are read from the segments.

conditioned   sequence, effective_on, initiative, conditions
"""

from __future__ import annotations

import duckdb

from projections.counts import count_of


def conditioned(approvals: str, after: int) -> str:
    """Return the query for the approvals behind a sequence that set conditions."""
    return (
        f"select sequence, effective_on, initiative, conditions from {approvals} "
        f"where sequence > {after} and len(conditions) > 0"
    )


def make_conditioned(database: duckdb.DuckDBPyConnection) -> None:
    """Make the table, empty. It is filled by `take_conditioned`."""
    database.execute(f"create table conditioned as from ({conditioned('funding_approved', 0)}) limit 0")


def take_conditioned(database: duckdb.DuckDBPyConnection, after: int, to: int) -> int:
    """Take in the approvals behind a sequence up to another, and return how many there are."""
    found = conditioned("funding_approved", after)
    return count_of(database, f"insert into conditioned {found} and sequence <= {to}")
