"""A replica of a fork: the rows of another replica up to a sequence, and what is supposed behind it.

Nothing is decoded again and nothing is copied. A fork is a second, empty database inside the replica's own: each table
in it is a view of the replica's rows up to the fork, with a table of its own behind it. The views of the portfolio
are asked by the same words; only where they look for tables is different. It lives as long as the replica does, which
may go on growing.
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import duckdb

from projections.answers import Answers
from projections.brought import STATING, asked_columns
from projections.catalogue import FACT_OF, STATEMENTS, WHOLE
from projections.columns import table_name
from projections.conditioned import conditioned
from projections.counts import all_or_none
from projections.money import NEVER, balanced, take_money
from projections.replica import Replica
from projections.statements import stating
from projections.tables import Tables
from projections.windows import about, end_of_windows, touched, whole_windows

_NUMBERS = itertools.count(1)
_MONEY = frozenset({"names", "money_entries", "money_voids"})
"""Tables of money that have one behind the fork."""


class ForkClosed(Exception):
    """A fork was asked after it was closed: whoever asks has been overtaken, and drops the question."""


class ForkReplica(Replica):
    """A supposed history as tables and views, up to `sequence`. Close it when it is no longer asked."""

    def __init__(self, replica: Replica, at: int) -> None:
        """Fork a replica behind its first *at* entries. Errors: ValueError where it holds fewer."""
        if not 0 <= at <= replica.sequence:
            raise ValueError(f"a replica of {replica.sequence} entries cannot be forked at {at}")
        self.portfolio, self.fork, self.sequence = replica.portfolio, at, at
        self.database, self._writing, self._replica = replica.database, replica._writing, replica
        self._parts, self._standings, self._waiting = replica._parts, {}, defaultdict(list)
        self._begun_at, self._loose_rows, self._answers = at, 0, Answers()
        self._foreign_before = [sequence for sequence in replica.foreign if sequence <= at]
        self.foreign = list(self._foreign_before)
        self._name = f"fork_{next(_NUMBERS)}"
        self._filled: set[str] = set()
        self._using, self._users, self._closed = threading.Condition(), 0, False
        with self._writing:
            self.database.execute(f"attach ':memory:' as {self._name}")

    def show(self, payloads: Sequence[bytes]) -> None:
        """Show these entries behind the fork, and no others. Who asks meanwhile may be told of both.

        Errors: ForkClosed.
        """
        with self._used(), self._writing:
            for name in self._filled:
                self.database.execute(f'truncate {self._name}.main."{name}_behind"')
            self._filled.clear()
            self._waiting.clear()
            for standing in self._standings.values():
                standing.at = min(standing.at, self.fork)
            self.foreign, self.sequence = list(self._foreign_before), self.fork
            self._answers.clear()
            if payloads:
                self.extend(payloads)

    def ask(self, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query, columns by name. Several threads may ask at once. Errors: ForkClosed."""
        with self._used():
            return super().ask(query, parameters)

    def close(self) -> None:
        """Forget the fork, once whoever asks it now is answered; whoever asks later is told that it is closed."""
        with self._using:
            if self._closed:
                return
            self._closed = True
            self._using.wait_for(lambda: not self._users)
        with self._writing:
            self.database.execute(f"detach {self._name}")

    @contextmanager
    def _used(self) -> Iterator[None]:
        """Keep the fork open for as long as it is asked."""
        with self._using:
            if self._closed:
                raise ForkClosed(f"the fork at sequence {self.fork} is closed; ask a new one")
            self._users += 1
        try:
            yield
        finally:
            with self._using:
                self._users -= 1
                self._using.notify_all()

    def __enter__(self) -> ForkReplica:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self, query: str) -> duckdb.DuckDBPyConnection:
        """Return where a query can be asked, once all that it names is in the replica and in the fork."""
        self._replica._ready(query)
        with self._writing:
            return super()._ready(query)

    def _make(self, name: str) -> None:
        if name == "money_entries":
            self._make_money()
        elif name == "touches":
            self._make_windows(name, touched(end_of_windows(self.fork), f"{self._name}.main."))
        elif name == "about":
            self._make_further(name, about(f"{self._name}.main.events_behind", self.fork))
        elif name == "conditioned":
            self._make_further(name, conditioned(f"{self._name}.main.funding_approved_behind", self.fork))
        elif name == "balances":
            self._make_windows(name, balanced(end_of_windows(self.fork), f"{self._name}.main."))
        elif name in ("events", STATEMENTS):
            self._make_forked(name, "*", "sequence")
        elif name == "refusal_kept":
            self._make_forked(name, "*", "judged_at")
        elif name in FACT_OF and not name.endswith(WHOLE):
            self._make_forked(name, asked_columns(FACT_OF[name]), "sequence")

    def _make_forked(self, name: str, columns: str, known_from: str) -> None:
        """Make a table of the fork: the replica's rows that were known at it, and those behind it."""
        theirs, behind = f'memory.main."{name}"', f'{self._name}.main."{name}_behind"'
        self.database.execute(f"create table {behind} as select {columns} from {theirs} limit 0")
        self.database.execute(
            f'create view {self._name}.main."{name}" as select {columns} from {theirs} '
            f"where {known_from} <= {self.fork} union all from {behind}"
        )

    def _make_windows(self, name: str, behind: str) -> None:
        """Make a view of the replica's windows before the fork, and of what the fork itself has behind them."""
        self.database.execute(
            f"create view {self._name}.main.{name} as from memory.main.{name} "
            f"where window_number < {whole_windows(self.fork)} union all {behind}"
        )

    def _make_further(self, name: str, behind: str) -> None:
        """Make a view of the replica's rows up to the fork, and of what is worked out of those behind it."""
        self.database.execute(
            f"create view {self._name}.main.{name} as from memory.main.{name} where sequence <= {self.fork} "
            f"union all {behind}"
        )

    def _make_money(self) -> None:
        """Make the tables of projections.money. What was taken out behind the fork is in, until it is here too."""
        for name in _MONEY:
            behind = f'{self._name}.main."{name}_behind"'
            self.database.execute(f"create table {behind} as from memory.main.{name} limit 0")
        (known,) = self.database.execute("select count(*) from memory.main.names").fetchall()[0]
        self.database.execute(
            f"create view {self._name}.main.names as from memory.main.names where id <= {known} "
            f"union all from {self._name}.main.names_behind"
        )
        self.database.execute(
            f"create view {self._name}.main.money_entries as "
            f"with voids as (select reversed_sequence, min(sequence) as sequence "
            f"from {self._name}.main.entry_reversed_behind where kind = 'void' group by reversed_sequence) "
            f"select m.* replace (case when m.voided_at <= {self.fork} then m.voided_at "
            f"else coalesce(v.sequence, {NEVER}) end as voided_at) "
            f"from memory.main.money_entries m left join voids v on v.reversed_sequence = m.sequence "
            f"where m.sequence <= {self.fork} union all from {self._name}.main.money_entries_behind"
        )
        self.database.execute(
            f"create view {self._name}.main.money_voids as from memory.main.money_voids "
            f"where sequence <= {self.fork} union all from {self._name}.main.money_voids_behind"
        )

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self.database.cursor()
        cursor.execute(f"set search_path = '{self._name}.main,memory.main'")
        return cursor

    def _settle(self, name: str, after: int) -> int:
        if name == STATEMENTS:
            self._filled.add(name)
            return self._settle_statements(f"{self._name}.main.{name}_behind")
        with self._taking(name) as (to, waiting):
            if rows := waiting.get(name):
                columns = asked_columns(FACT_OF[name]) if name in FACT_OF else "*"
                self._with_rows(f'insert into {self._name}.main."{name}_behind" select {columns}', rows)
                self._filled.add(name)
        if name == "money_entries" and after < to:
            database = self._cursor()
            with all_or_none(database):
                take_money(database, after, to, behind="_behind")
            self._filled |= _MONEY
        return to

    def _keep(self, tables: Tables) -> None:
        self._wait("events", tables.events.table())
        for fact, table in tables.facts.items():
            if table:
                name, rows = table_name(fact), table.table()
                self._wait(name, rows)
                if name in stating():
                    self._wait(f"{name}{STATING}", rows)
