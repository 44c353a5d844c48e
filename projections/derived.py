"""Tables that are worked out from others, each taken further when it is asked: which they are, and what they need."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import duckdb

from projections.conditioned import make_conditioned, take_conditioned
from projections.money import make_balances, make_money, take_balances, take_money
from projections.windows import end_of_windows, make_about, make_touches, take_about, take_touches


class Derived(NamedTuple):
    """A table that is worked out.

    needs: the tables and macros it is made of. make: makes it, empty. take: takes in what stands behind one sequence,
    up to another, and no more, though what it is made of may hold more; returns how many rows that is. to: how far it
    can be taken where what it is made of stands at a sequence.
    """

    needs: tuple[str, ...]
    make: Callable[[duckdb.DuckDBPyConnection], None]
    take: Callable[[duckdb.DuckDBPyConnection, int, int], int]
    to: Callable[[int], int] = int


DERIVED: dict[str, Derived] = {
    "money_entries": Derived(("money_recorded", "entry_reversed"), make_money, take_money),
    "balances": Derived(("money_entries",), make_balances, take_balances, end_of_windows),
    "about": Derived(("events",), make_about, take_about),
    "touches": Derived(("about",), make_touches, take_touches, end_of_windows),
    "conditioned": Derived(("funding_approved",), make_conditioned, take_conditioned),
}

MADE_BESIDE: dict[str, str] = {"names": "money_entries", "money_voids": "money_entries"}
"""Tables that come with another one."""
