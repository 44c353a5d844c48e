"""Where the same events are written for us and for each peer, in one pass.

<directory>/bench/            our archive
<directory>/events.ndjson     one event a line, for DuckDB
<directory>/sourced.sqlite    the eventsourcing package's own tables
<directory>/columns.sqlite    the typed columns the views use, with indexes
"""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from eventsourcing.persistence import JSONTranscoder, Mapper
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore

from bench import history
from ledger.notary.tiles import TILE_WIDTH
from projections.archive import Archive
from schemas import codec
from schemas.envelope import Recorded
from schemas.events import (
    ActualPosted,
    AlignmentDeclared,
    CommitmentPosted,
    EntryReversed,
    EnvelopeFunded,
    FundingApproved,
    GateDecided,
    InitiativeProposed,
    ObjectivesSet,
)

BATCH_EVENTS = 16 * TILE_WIDTH
SOURCED_SAMPLE = 50_000
SOURCED_WHOLE = 100_000 + TILE_WIDTH
"""Up to this many events the eventsourcing package replays them all, above only a sample."""

TABLES = {
    "money": "measure text, envelope text, initiative text, minor integer",
    "drawn": "envelope text, initiative text, minor integer",
    "reversed": "kind text, reversed_sequence integer",
    "proposed": "initiative text",
    "gates": "initiative text, stage_to text, outcome text",
    "declared": "initiative text, contributions text",
    "objectives": "objectives text",
}
"""Tables of columns.sqlite, after sequence and effective_on. drawn: what actuals take from a commitment's open part."""

INDEXES = (
    "create index by_envelope on money (envelope, measure, sequence, effective_on, minor)",
    "create index by_initiative on money (initiative, measure, sequence, effective_on, minor)",
    "create index drawn_by_envelope on drawn (envelope, sequence, effective_on, minor)",
    "create index drawn_by_initiative on drawn (initiative, sequence, effective_on, minor)",
    "create index reversed_entry on reversed (reversed_sequence, kind, sequence)",
    "create index gates_of on gates (initiative, effective_on, sequence)",
    "create index declared_of on declared (initiative, effective_on, sequence)",
)


class Happened:
    """One of our events as the eventsourcing package keeps it: the envelope's members as attributes."""

    originator_id: uuid.UUID
    originator_version: int
    sequence: str
    time: str
    type: str
    data: dict[str, Any]

    def __init__(self, originator_id: uuid.UUID, originator_version: int, payload: bytes) -> None:
        self.__dict__.update(msgspec.json.decode(payload))
        self.originator_id, self.originator_version = originator_id, originator_version


def whole(event_count: int) -> int:
    """Return an event count that fills its last bundle, which is what an archive can hold."""
    return -(-event_count // TILE_WIDTH) * TILE_WIDTH


def sourced_count(event_count: int) -> int:
    """Return how many events the eventsourcing package is given."""
    return event_count if event_count <= SOURCED_WHOLE else SOURCED_SAMPLE


def write(directory: Path, event_count: int) -> int:
    """Write a history of *event_count* events everywhere and return how many bytes its events have."""
    archive, columns = Archive(directory / history.PORTFOLIO), _Columns(directory / "columns.sqlite")
    sourced = _Sourced(directory / "sourced.sqlite")
    byte_count = 0
    with (directory / "events.ndjson").open("wb") as lines:
        for batch in _batches(history.events(event_count)):
            payloads = [codec.encode(event) for event in batch]
            byte_count += sum(map(len, payloads))
            archive.extend(payloads)
            lines.writelines(payload + b"\n" for payload in payloads)
            columns.take(batch)
            sourced.take(payloads[: max(0, sourced_count(event_count) - batch[0].at + 1)], batch)
    columns.close()
    return byte_count


def drop_segments(directory: Path) -> None:
    """Remove what was derived from the archive, so that the next rebuild is a cold one."""
    shutil.rmtree(directory / history.PORTFOLIO / "segment", ignore_errors=True)


def sourced_recorder(file: Path) -> SQLiteApplicationRecorder:
    """Return the eventsourcing package's recorder on a file."""
    recorder = SQLiteApplicationRecorder(SQLiteDatastore(str(file)))
    recorder.create_table()
    return recorder


def _batches(events: Iterable[Recorded]) -> Iterator[list[Recorded]]:
    iterator = iter(events)
    while batch := list(islice(iterator, BATCH_EVENTS)):
        yield batch


class _Sourced:
    """Writes events through the eventsourcing package."""

    def __init__(self, file: Path) -> None:
        self.recorder = sourced_recorder(file)
        self.mapper: Mapper[uuid.UUID] = Mapper(JSONTranscoder())
        self.versions: Counter[uuid.UUID] = Counter()

    def take(self, payloads: Sequence[bytes], events: Sequence[Recorded]) -> None:
        stored = []
        for payload, event in zip(payloads, events, strict=False):
            originator = uuid.uuid5(uuid.NAMESPACE_URL, event.subject)
            self.versions[originator] += 1
            stored.append(self.mapper.to_stored_event(Happened(originator, self.versions[originator], payload)))
        if stored:
            self.recorder.insert_events(stored)


class _Columns:
    """Writes the typed columns into SQLite."""

    def __init__(self, file: Path) -> None:
        self.database = sqlite3.connect(file)
        self.database.execute("pragma synchronous = off")
        for name, columns in TABLES.items():
            self.database.execute(f"create table {name} (sequence integer primary key, effective_on text, {columns})")

    def take(self, events: Sequence[Recorded]) -> None:
        rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
        for event in events:
            fact, at = event.data, (event.at, str(event.effective_on))
            if isinstance(fact, EnvelopeFunded):
                rows["money"].append((*at, "funded", fact.envelope, None, fact.amount.minor))
            elif isinstance(fact, FundingApproved):
                rows["money"].append((*at, "approved", fact.envelope, fact.initiative, fact.amount.minor))
            elif isinstance(fact, CommitmentPosted):
                rows["money"].append((*at, "committed", fact.envelope, fact.initiative, fact.amount.minor))
            elif isinstance(fact, ActualPosted):
                rows["money"].append((*at, "actual", fact.envelope, fact.initiative, fact.amount.minor))
                if fact.commitment is not None:
                    rows["drawn"].append((*at, fact.envelope, fact.initiative, -fact.amount.minor))
            elif isinstance(fact, EntryReversed):
                rows["reversed"].append((*at, fact.kind, fact.sequence))
            elif isinstance(fact, InitiativeProposed):
                rows["proposed"].append((*at, fact.initiative))
            elif isinstance(fact, GateDecided):
                rows["gates"].append((*at, fact.initiative, fact.stage_to, fact.outcome))
            elif isinstance(fact, AlignmentDeclared):
                serves = {each.objective: each.share_bp for each in fact.contributions}
                rows["declared"].append((*at, fact.initiative, msgspec.json.encode(serves).decode()))
            elif isinstance(fact, ObjectivesSet):
                rows["objectives"].append((*at, msgspec.json.encode(fact).decode()))
        for name, found in rows.items():
            if found:
                self.database.executemany(f"insert into {name} values ({','.join('?' * len(found[0]))})", found)
        self.database.commit()

    def close(self) -> None:
        for index in INDEXES:
            self.database.execute(index)
        self.database.execute("analyze")
        self.database.commit()
        self.database.close()
