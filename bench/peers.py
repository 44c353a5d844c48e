"""The same questions answered by others, or without us: each returns an answer to compare with ours."""

from __future__ import annotations

import datetime
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import duckdb
import msgspec
from eventsourcing.persistence import JSONTranscoder, Mapper

from bench import history, stores
from bench.answers import FOREVER, MEASURES, Answer, Fold, Move, SpendFold, aligned, folded, status_after
from ledger.notary.tiles import TILE_WIDTH
from projections.archive import Archive
from projections.moment import Moment
from schemas import codec
from schemas.envelope import Recorded
from schemas.events import (
    ActualPosted,
    CommitmentPosted,
    EntryReversed,
    EnvelopeFunded,
    FundingApproved,
    ObjectivesSet,
)

_MONEY_TYPES = (EnvelopeFunded.TYPE, FundingApproved.TYPE, CommitmentPosted.TYPE, ActualPosted.TYPE)
_MEASURE_OF = dict(zip(_MONEY_TYPES, MEASURES, strict=True))


def refold(directory: Path, as_known: int, as_of: datetime.date = FOREVER) -> Fold:
    """Return the fold of the first entries of the archive, decoded one by one."""
    return folded(_decoded(Archive(directory / history.PORTFOLIO), as_known), as_of)


def _decoded(archive: Archive, as_known: int) -> Iterator[Recorded]:
    for index in range(-(-as_known // TILE_WIDTH)):
        for sequence, entry in enumerate(archive.entries(index), start=index * TILE_WIDTH + 1):
            if sequence > as_known:
                return
            yield codec.decode(entry, portfolio=history.PORTFOLIO, sequence=sequence)


def eventsourcing_spend(directory: Path, event_count: int) -> Answer:
    """Return spend by replaying notifications of the eventsourcing package through its own mapper."""
    recorder = stores.sourced_recorder(directory / "sourced.sqlite")
    mapper: Mapper[uuid.UUID] = Mapper(JSONTranscoder())
    fold, start = SpendFold(), 1
    while start <= event_count:
        notifications = recorder.select_notifications(start, limit=1_000)
        for notification in notifications:
            _take(fold, cast(stores.Happened, mapper.to_domain_event(notification)))
        start += len(notifications)
    return fold.answer()


def _take(fold: SpendFold, event: stores.Happened) -> None:
    data, day = event.data, datetime.date.fromisoformat(event.time[:10])
    measure = _MEASURE_OF.get(event.type)
    if measure is not None:
        minor, commitment = data["amount"]["minor"], data.get("commitment")
        fold.move(
            int(event.sequence), day, Move(measure, data["envelope"], data.get("initiative", ""), minor, commitment)
        )
    elif event.type == EntryReversed.TYPE:
        fold.reverse(day, data["kind"], data["sequence"])


def duckdb_spend(directory: Path) -> Answer:
    """Return spend by DuckDB reading the events as NDJSON, the columns it needs typed, nothing checked."""
    database = duckdb.connect()
    file = directory / "events.ndjson"
    database.execute(f"""
        create table told as
        select sequence::bigint as sequence, type, data.envelope as envelope, data.commitment as commitment,
               data.amount.minor as minor, data.kind as kind, data.sequence as reversed_sequence
        from read_json('{file}', format = 'newline_delimited', columns = {{
            sequence: 'VARCHAR', type: 'VARCHAR',
            data: 'STRUCT(envelope VARCHAR, commitment VARCHAR, kind VARCHAR, "sequence" BIGINT,
                          amount STRUCT(minor BIGINT, currency VARCHAR))'}})
        where type in ('EntryReversed.v1', 'EnvelopeFunded.v1', 'FundingApproved.v1', 'CommitmentPosted.v1',
                       'ActualPosted.v1')""")
    rows = database.execute("""
        with reversals as (from told where type = 'EntryReversed.v1'),
        money as (
            from told where type <> 'EntryReversed.v1' and sequence not in (select reversed_sequence from reversals)
        )
        select envelope,
               coalesce(sum(minor) filter (type = 'EnvelopeFunded.v1'), 0)::bigint,
               coalesce(sum(minor) filter (type = 'FundingApproved.v1'), 0)::bigint,
               (coalesce(sum(minor) filter (type = 'CommitmentPosted.v1'), 0)
                - coalesce(sum(minor) filter (type = 'ActualPosted.v1' and commitment is not null), 0))::bigint,
               coalesce(sum(minor) filter (type = 'ActualPosted.v1'), 0)::bigint
        from money group by envelope""").fetchall()
    return {envelope: list(sums) for envelope, *sums in rows}


class SQLiteViews:
    """The views over typed columns in SQLite, with indexes, asked by SQL."""

    def __init__(self, directory: Path) -> None:
        self.database = sqlite3.connect(directory / "columns.sqlite")
        self.database.execute("pragma cache_size = -400000")

    def answer(self, name: str, moment: Moment) -> Answer:
        """Return one of the views."""
        at: dict[str, object] = {"known": moment.sequence, "of": str(moment.as_of)}
        if name == "spend":
            return self._sums("envelope", at)
        return self._alignment(at) if name == "alignment" else self._initiatives(at)

    def _sums(self, key: str, at: dict[str, object]) -> Answer:
        """Return the ladder by a key: what was recorded, less what was taken back."""
        found: Answer = {}
        for envelope, measure, minor in self.database.execute(_SUMS.format(key=key), at):
            found.setdefault(envelope, [0, 0, 0, 0])[MEASURES.index(measure)] += minor
        return found

    def _alignment(self, at: dict[str, object]) -> Answer:
        held = self.database.execute(_HELD, at).fetchone()
        serves = {name: msgspec.json.decode(told) for name, told in self.database.execute(_DECLARED, at)}
        approved = {name: sums[1] for name, sums in self._sums("initiative", at).items() if name}
        return aligned(approved, serves, msgspec.json.decode(held[0], type=ObjectivesSet))

    def _initiatives(self, at: dict[str, object]) -> Answer:
        money = self._sums("initiative", at)
        return {
            name: [stage or "proposed", status_after(outcome), *money.get(name, [0, 0, 0, 0])[1:]]
            for name, stage, outcome in self.database.execute(_INITIATIVES, at)
        }


_SUMS = """
    select {key}, measure, sum(minor) from money
    where sequence <= :known and effective_on <= :of group by 1, 2
    union all
    select {key}, 'committed', sum(minor) from drawn
    where sequence <= :known and effective_on <= :of group by 1
    union all
    select m.{key}, m.measure, -sum(m.minor) from reversed r join money m on m.sequence = r.reversed_sequence
    where r.sequence <= :known and case r.kind when 'void' then m.effective_on else r.effective_on end <= :of
    group by 1, 2
    union all
    select m.{key}, 'committed', -sum(m.minor) from reversed r join drawn m on m.sequence = r.reversed_sequence
    where r.sequence <= :known and case r.kind when 'void' then m.effective_on else r.effective_on end <= :of
    group by 1
"""
_COUNTS = """sequence <= :known and effective_on <= :of and sequence not in (
    select reversed_sequence from reversed where kind = 'void' and sequence <= :known)"""
_NEWEST = """
    select initiative, {columns} from (
        select *, row_number() over (partition by initiative order by effective_on desc, sequence desc) as place
        from {table} where {counts}
    ) where place = 1
"""
_HELD = f"select objectives from objectives where {_COUNTS} order by effective_on desc, sequence desc limit 1"
_DECLARED = _NEWEST.format(columns="contributions", table="declared", counts=_COUNTS)
_INITIATIVES = f"""
    select p.initiative, g.stage_to, g.outcome
    from proposed p left join ({_NEWEST.format(columns="stage_to, outcome", table="gates", counts=_COUNTS)}) g
      on g.initiative = p.initiative
    where p.sequence <= :known and p.effective_on <= :of
"""
