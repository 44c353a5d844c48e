"""The replica: a portfolio's events in an in-memory DuckDB, ready to be asked at any moment.

It opens the finished segments, decodes what the archive holds behind them, and takes in entries as they come. Every
process has its own; they share the files and no lock. Facts are held in memory, the timeline is read from the
segments, so a view needs no file but those that list every event.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ledger.notary.tiles import TILE_WIDTH
from ledger.refusals import Refusal
from projections.answers import MOST_ROWS, Answers
from projections.archive import Archive
from projections.brought import Brought
from projections.segments import SEGMENT_ENTRIES, Part, Progress, Segments
from projections.tables import Tables


class Replica(Brought):
    """One portfolio's events as tables and views, up to `sequence`."""

    def __init__(self, portfolio: str, parts: Sequence[Part] = ()) -> None:
        """Make a replica of finished segments, none for an empty one."""
        super().__init__(sum(part.manifest.entry_count for part in parts), parts)
        self.portfolio, self._answers = portfolio, Answers()
        self.foreign: list[int] = [sequence for part in parts for sequence in part.manifest.foreign]

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
        replica = cls(portfolio, parts)
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
        """Return the rows of a query, columns by name. Several threads may ask at once.

        Errors: ArchiveDiffers where a segment cannot be read.
        """
        given = list(parameters)
        key = self._answers.key(query, given)
        known = self._answers.get(key)
        if known is not None:
            return known
        cursor = self._ready(query)
        with self._reading():
            cursor.execute(query, given)
            columns = cursor.description or []
            names = [column[0] for column in columns]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        for name in (column[0] for column in columns if column[1] == "TIMESTAMP"):
            for row in rows:
                row[name] = row[name] and row[name].replace(tzinfo=datetime.UTC)
        self._answers.keep(key, rows)
        return rows

    def rows_of(self, table: str) -> list[dict[str, Any]] | None:
        """Return every row of a table in order, None where they are too many to be kept for the next who asks."""
        ((count,),) = (row.values() for row in self.ask(f"select count(*) from {table}"))
        return self.ask(f"from {table} order by sequence") if count <= MOST_ROWS else None

    def arrow(self, query: str) -> pa.Table:
        """Return the rows of a query as an Arrow table. Errors: as ask."""
        cursor = self._ready(query)
        with self._reading():
            return cursor.sql(query).to_arrow_table()

    def take_refusals(self, refusals: Sequence[Refusal]) -> None:
        """Show these refusals, and no others."""
        self._ready("delete from refusal_kept").execute("delete from refusal_kept")
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
