"""The replica: a portfolio's events in an in-memory DuckDB, ready to be asked at any moment.

It opens the finished segments, decodes what the archive holds behind them, and takes in entries as they come. Every
process has its own; they share the files and no lock. Facts are held in memory, the timeline is read from the
segments, so a view needs no file but those that list every event.
"""

from __future__ import annotations

import datetime
import importlib.resources
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from ledger.notary.tiles import TILE_WIDTH
from ledger.refusals import Refusal
from projections.answers import Answers
from projections.archive import Archive, ArchiveDiffers
from projections.columns import EVENTS, Column, arrow_schema, columns_of, table_name
from projections.money import make_money, take_money
from projections.segments import SEGMENT_ENTRIES, Part, Progress, Segments
from projections.tables import Tables
from schemas.events import FACTS, ActualPosted, CommitmentPosted, Fact, FundingApproved

VIEW_FILES = (
    "counting.sql",
    "alignment.sql",
    "spend.sql",
    "initiatives.sql",
    "timeline.sql",
    "decisions.sql",
    "gates.sql",
    "models.sql",
    "benefits.sql",
    "needs.sql",
    "history.sql",
    "moved.sql",
    "state.sql",
    "states.sql",
    "policies.sql",
    "priority.sql",
    "value_streams.sql",
    "capacity.sql",
    "conditions.sql",
    "concentration.sql",
    "flow.sql",
    "why.sql",
    "headline.sql",
    "refusals.sql",
)


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

POSTED: frozenset[type[Fact]] = frozenset({FundingApproved, CommitmentPosted, ActualPosted})
"""Facts whose tables are read from the segments: there are many, and views ask for their money alone."""


class Replica:
    """One portfolio's events as tables and views, up to `sequence`."""

    def __init__(self, portfolio: str, parts: Sequence[Part] = ()) -> None:
        """Make a replica of finished segments, none for an empty one."""
        self.portfolio = portfolio
        self.sequence = sum(part.manifest.entry_count for part in parts)
        self.foreign: list[int] = [sequence for part in parts for sequence in part.manifest.foreign]
        self._money_sequence = 0
        self._writing, self._answers = threading.RLock(), Answers()
        self.database = duckdb.connect(":memory:", config={"preserve_insertion_order": False})
        self._make_tables(parts)

    @classmethod
    def open(
        cls,
        directory: Path,
        portfolio: str,
        *,
        entries_each: int = SEGMENT_ENTRIES,
        progress: Progress = lambda _: None,
    ) -> Replica:
        """Return a replica of what the archive in *directory* holds, making the segments it lacks.

        Errors: ArchiveDiffers where files were changed.
        """
        segments = Segments(directory, portfolio, entries_each)
        head = segments.archive.head()
        segments.make(head.size, progress)
        parts = segments.parts(head.size)
        try:
            replica = cls(portfolio, parts)
            replica.settle_money()
        except duckdb.Error as error:
            raise ArchiveDiffers(
                f"a segment cannot be read: {error}; remove {segments.directory}, it is made again"
            ) from error
        roots = replica._take_bundles(segments.archive, head.size)
        segments.check_root(parts, roots, head.root)
        return replica

    def extend(self, payloads: Sequence[bytes]) -> None:
        """Take in the entries that follow `sequence`."""
        tables = Tables(self.portfolio)
        tables.take(self.sequence + 1, payloads)
        with self._writing:
            self._keep(tables)
            self.foreign += tables.foreign
            self.sequence += len(payloads)
            self._answers.clear()

    def ask(self, query: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query, columns by name. Several threads may ask at once."""
        given = list(parameters)
        key = self._answers.key(query, given)
        known = self._answers.get(key)
        if known is not None:
            return known
        with self._writing:
            self.settle_money()
            cursor = self._cursor()
        cursor.execute(query, given)
        columns = cursor.description or []
        rows = [dict(zip((column[0] for column in columns), row, strict=True)) for row in cursor.fetchall()]
        for name in (column[0] for column in columns if column[1] == "TIMESTAMP"):
            for row in rows:
                row[name] = row[name] and row[name].replace(tzinfo=datetime.UTC)
        self._answers.keep(key, rows)
        return rows

    def take_refusals(self, refusals: Sequence[Refusal]) -> None:
        """Show these refusals, and no others."""
        self.database.execute("delete from refusal_kept")
        for each in refusals:
            at = each.recordedtime.astimezone(datetime.UTC).replace(tzinfo=None)
            told = [each.refusal, at, each.judged_at, each.reason, each.actor, each.type, each.subject, each.detail]
            self.database.execute("insert into refusal_kept values (?,?,?,?,?,?,?,?,?)", [*told, each.command])
        self._answers.clear()

    def sequence_at(self, instant: datetime.datetime) -> int:
        """Return the sequence of the last event recorded by an instant, 0 where there is none yet."""
        naive = instant.astimezone(datetime.UTC).replace(tzinfo=None)
        rows = self.ask("select max(sequence) as sequence from events where recorded_at <= ?", [naive])
        return int(rows[0]["sequence"] or 0)

    def recorded_at(self, sequence: int) -> datetime.datetime | None:
        """Return when the last event up to a sequence was recorded, None where there is none."""
        # Nearly always the entry itself; a little before it where entries are foreign; anywhere, in the worst case.
        for first in (sequence - 64, 0):
            query = "select recorded_at from events where sequence between ? and ? order by sequence desc limit 1"
            rows = self.ask(query, [first, sequence])
            if rows:
                at: datetime.datetime = rows[0]["recorded_at"]
                return at
        return None

    def settle_money(self) -> None:
        """Take in the money of what was taken in, so that views can be asked."""
        if self._money_sequence < self.sequence:
            take_money(self.database, self._money_sequence)
            self._money_sequence = self.sequence

    def _take_bundles(self, archive: Archive, size: int) -> list[bytes]:
        """Take in what the archive holds behind the segments, and return the root of each bundle."""
        roots, waiting = [], []
        for index in range(self.sequence // TILE_WIDTH, size // TILE_WIDTH):
            entries, root = archive.checked_entries(index)
            roots.append(root)
            waiting += entries
        if waiting:
            self.extend(waiting)
        return roots

    def _make_tables(self, parts: Sequence[Part]) -> None:
        self._make_whole("events", EVENTS, _files(parts, "events"))
        for fact in FACTS:
            name, columns = table_name(fact), columns_of(fact)
            files = _files(parts, fact.__name__)
            self._make_whole(f"{name}_whole", columns, files)
            if fact in POSTED:
                self.database.execute(f'create view "{name}" as from "{name}_whole"')
                continue
            source = f"read_parquet({files!r})" if files else f"{name}_whole"
            self.database.execute(f'create table "{name}" as select {asked_columns(fact)} from {source}')
        make_money(self.database)
        for name in VIEW_FILES:
            self.database.execute(importlib.resources.files("projections").joinpath("views", name).read_text())

    def _make_whole(self, name: str, columns: Sequence[Column], files: Sequence[str]) -> None:
        """Make a view of every column of a table: what the segments hold, and the tail that is in memory."""
        self.database.register("incoming", arrow_schema(columns).empty_table())
        self.database.execute(f'create table "{name}_tail" as from incoming')
        self.database.unregister("incoming")
        listed = f"select * from read_parquet({files!r}) union all " if files else ""
        self.database.execute(f'create view "{name}" as {listed}from "{name}_tail"')

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        return self.database.cursor()

    def _keep(self, tables: Tables) -> None:
        self._insert("events_tail", tables.events.table())
        for fact, table in tables.facts.items():
            if table:
                name, rows = table_name(fact), table.table()
                self._insert(f"{name}_whole_tail", rows)
                if fact not in POSTED:
                    self._insert(name, rows, asked_columns(fact))

    def _insert(self, name: str, rows: pa.Table, columns: str = "*") -> None:
        self.database.register("incoming", rows)
        self.database.execute(f'insert into "{name}" select {columns} from incoming')
        self.database.unregister("incoming")


@cache
def asked_columns(fact: type[Fact]) -> str:
    """Return the columns of a fact that are held in memory, as SQL: all but those no view asks for."""
    return ", ".join(f'"{column.name}"' for column in columns_of(fact) if column.name not in UNASKED)


def _files(parts: Sequence[Part], kind: str) -> list[str]:
    return [str(part.directory / part.manifest.files[kind]) for part in parts if kind in part.manifest.files]
