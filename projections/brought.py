"""Tables and macros in a DuckDB, made when a query first names them, and brought up to date when one names them again.

Of each it is known how far it stands, so that several threads may bring several at once while entries are taken in:
what came for a table waits as Arrow rows until somebody asks for it.
"""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache

import duckdb
import pyarrow as pa

from projections.archive import ArchiveDiffers
from projections.catalogue import FACT_OF, POSTED, STATEMENTS, WHOLE, definitions, made_of, named
from projections.columns import EVENTS, Column, arrow_schema, columns_of, table_name
from projections.counts import all_or_none, count_of
from projections.derived import DERIVED, MADE_BESIDE
from projections.parquet import in_files
from projections.segments import Part
from projections.statements import make_statements, stating, take_statements
from projections.tables import Tables
from schemas.events import Fact

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "preserve_insertion_order": False,
    "disabled_optimizers": "statistics_propagation",
    "allocator_background_threads": True,
}
"""What the database is opened with.

disabled_optimizers: DuckDB 2.0 takes a sum over rows that it expects to be none for at most 0, and put 400 into one
byte; it costs nothing to do without. allocator_background_threads: what queries needed goes back to the system within
seconds, so that a terminal that is open all day keeps what its tables hold, and no more.
"""

MOST_WAITING = 64
"""How many Arrow tables wait for a table at most."""

MOST_LOOSE_ROWS = 100_000
"""How many rows may have been put into tables before it is worth compressing them."""

UNASKED = frozenset(
    {
        "booked",
        "category",
        "invoice",
        "posting_ref",
        "rationale",
        "service_period",
        "signed_on",
        "source_doc",
    }
)
"""Columns that no view asks for: they stay in the segments, under `<table>_whole`."""


STATING = "_stating"
"""After the name of a fact's table: its rows that wait to become statements."""


class Standing:
    """How far a table or a macro is. at: the sequence up to which it has everything, -1 where it is not made."""

    __slots__ = ("at", "lock")

    def __init__(self) -> None:
        self.at, self.lock = -1, threading.Lock()


class Brought:
    """What a query names, as of `sequence`: what finished segments hold, and the entries that came behind them."""

    def __init__(self, sequence: int, parts: Sequence[Part]) -> None:
        self.sequence, self._parts = sequence, parts
        self._waiting: dict[str, list[pa.Table]] = defaultdict(list)
        self._standings: dict[str, Standing] = {}
        self._begun_at = self._loose_rows = 0
        self._writing = threading.RLock()
        self.database = duckdb.connect(":memory:", config=SETTINGS)

    def prepare(self, query: str) -> None:
        """Make what a query names, so that it need not be made when it is asked. Errors: as ask."""
        self._ready(query)

    def events_between(self, first: int, last: int) -> str:
        """Return as SQL where events of a range of sequences stand, for a query that asks for no others.

        `events` looks into every segment first, which takes longer than reading a few entries of one.
        """
        files = [
            file
            for part in self._parts
            if part.manifest.first_sequence <= last and first < _end(part)
            for file in _files([part], "events")
        ]
        covered = bool(self._parts) and last < _end(self._parts[-1])
        return in_files(files) if covered and files else "events"

    def compress(self) -> None:
        """Compress the tables where many rows were put into them: they take a fifth of the memory then.

        It takes a tenth of a second a million rows, in which no question begins; who goes on asking calls it now and
        then.
        """
        with self._writing:
            if self._loose_rows >= MOST_LOOSE_ROWS:
                with contextlib.suppress(duckdb.TransactionException):  # somebody writes just now: the next time, then
                    self.database.execute("checkpoint")
                    self._loose_rows = 0

    def _ready(self, query: str) -> duckdb.DuckDBPyConnection:
        """Return where a query can be asked, once all that it names is there and up to date."""
        for name in named(query):
            self._bring(name)
        return self._cursor()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        return self.database.cursor()

    def _bring(self, name: str) -> None:
        """Make a table or a macro if it is not there, and bring it up to date. What it needs was brought before.

        Several threads may bring several names at once, while entries are taken in: of each name it is known how far
        it stands.
        """
        standing = self._standings.setdefault(name, Standing())
        if standing.at >= self.sequence:
            return
        with standing.lock, self._reading():
            if standing.at < 0:
                self._make(name)
                standing.at = self._begun_at
            standing.at = self._settle(name, standing.at)

    def _make(self, name: str) -> None:
        """Make a table or a macro. What it needs is there. Errors: ArchiveDiffers."""
        database = self._cursor()
        if (definition := definitions().get(name)) is not None:
            database.execute(definition)
        elif name in DERIVED:
            DERIVED[name].make(database)
        elif name == STATEMENTS:
            self._loosen(make_statements(database, self._parts))
        elif name == "events":
            self._make_whole(name, EVENTS, _files(self._parts, "events"))
        elif name not in MADE_BESIDE:
            fact = FACT_OF[name.removesuffix(WHOLE)]
            files = _files(self._parts, fact.__name__)
            if name.endswith(WHOLE):
                self._make_whole(name, columns_of(fact), files)
            elif fact in POSTED:
                database.execute(f'create view "{name}" as from "{name}{WHOLE}"')
            else:
                made = f'create table "{name}" as select {asked_columns(fact)}'
                if files:
                    self._loosen(count_of(database, f"{made} from {in_files(files)}"))
                else:
                    self._with_rows(made, [arrow_schema(columns_of(fact)).empty_table()])

    def _make_whole(self, name: str, columns: Sequence[Column], files: Sequence[str]) -> None:
        """Make a view of every column of a table: what the segments hold, and the tail that is in memory."""
        self._with_rows(f'create or replace table "{name}_tail" as select *', [arrow_schema(columns).empty_table()])
        listed = f"select * from {in_files(files)} union all " if files else ""
        self._cursor().execute(f'create view "{name}" as {listed}from "{name}_tail"')

    def _settle(self, name: str, after: int) -> int:
        """Bring a table that stands at a sequence up to date, and return where it stands then."""
        if name == STATEMENTS:
            return self._settle_statements(name)
        with self._taking(name) as (to, waiting):
            if rows := waiting.get(name):
                if name == "events" or name.endswith(WHOLE):
                    self._with_rows(f'insert into "{name}_tail" select *', rows)
                else:
                    self._with_rows(f'insert into "{name}" select {asked_columns(FACT_OF[name])}', rows)
        if derived := DERIVED.get(name):
            to = self._stand(name)
            if derived.to(after) < derived.to(to):
                database = self._cursor()
                with all_or_none(database):
                    taken = derived.take(database, derived.to(after), derived.to(to))
                self._loosen(taken)
        return to

    def _settle_statements(self, into: str) -> int:
        """Take in what facts that wait state, and return up to which sequence that is known."""
        with self._taking(*(f"{name}{STATING}" for name in stating())) as (to, waiting):
            if waiting:
                facts = {name.removesuffix(STATING): rows for name, rows in waiting.items()}
                self._loosen(take_statements(self._cursor(), facts, into))
        return to

    @contextlib.contextmanager
    def _taking(self, *names: str) -> Iterator[tuple[int, dict[str, list[pa.Table]]]]:
        """Yield up to which sequence is known what waits for some tables, and what; where that fails, it waits on."""
        with self._writing:
            to, taken = self.sequence, {name: self._waiting.pop(name) for name in names if name in self._waiting}
        try:
            yield to, taken
        except BaseException:
            with self._writing:
                for name, rows in taken.items():
                    self._waiting[name] = [*rows, *self._waiting[name]]
            raise

    def _stand(self, name: str) -> int:
        """Return how far all that a table is made of stands."""
        return min(self._standings[each].at for each in made_of(name))

    def _loosen(self, rows: int) -> None:
        with self._writing:
            self._loose_rows += rows

    def _keep(self, tables: Tables) -> None:
        self._wait("events", tables.events.table())
        for fact, table in tables.facts.items():
            if table:
                name, rows = table_name(fact), table.table()
                self._wait(f"{name}{WHOLE}", rows)
                if fact not in POSTED:
                    self._wait(name, rows)
                if name in stating():
                    self._wait(f"{name}{STATING}", rows)

    def _wait(self, name: str, rows: pa.Table) -> None:
        """Let rows wait for who asks for a table; in any order.

        The smallest are put together where there are many: each takes some kilobytes, however few its rows are, and
        a process that nobody asks of a table may take in events for months.
        """
        waiting = self._waiting[name]
        waiting.append(rows)
        if len(waiting) > MOST_WAITING:
            waiting.sort(key=lambda each: each.num_rows, reverse=True)
            kept = MOST_WAITING // 2
            waiting[kept:] = [pa.concat_tables(waiting[kept:]).combine_chunks()]

    def _with_rows(self, statement: str, rows: Sequence[pa.Table]) -> None:
        """Execute a statement on rows that came."""
        database = self.database.cursor()  # what is registered is known there alone
        database.register("incoming", pa.concat_tables(rows))
        database.execute(f"{statement} from incoming")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Name what is wrong with a segment that is read. Errors: ArchiveDiffers."""
        try:
            yield
        except (duckdb.IOException, duckdb.InvalidInputException) as error:
            if ".parquet" not in str(error):
                raise
            directory = self._parts[0].directory
            raise ArchiveDiffers(f"a segment cannot be read: {error}; remove {directory}, it is made again") from error


@cache
def asked_columns(fact: type[Fact]) -> str:
    """Return the columns of a fact that are held in memory, as SQL: all but those no view asks for."""
    return ", ".join(f'"{column.name}"' for column in columns_of(fact) if column.name not in UNASKED)


def _files(parts: Sequence[Part], kind: str) -> list[str]:
    return [str(part.directory / part.manifest.files[kind]) for part in parts if kind in part.manifest.files]


def _end(part: Part) -> int:
    """Return the sequence behind the last one of a part."""
    return part.manifest.first_sequence + part.manifest.entry_count
