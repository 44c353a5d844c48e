"""The exports that are no evidence: the log's own files, tables, process mining and accounting."""

from __future__ import annotations

import datetime
import json
import os
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ledger.anchoring import NoCheckpoint, newest_note
from ledger.files import replace_file
from ledger.notary.edge import File
from ledger.notary.note import NoteError
from ledger.store import EventReader
from projections.exporters.beancount import BeancountLedger
from projections.exporters.evidence import ExportError, zipped
from projections.exporters.ocel import Ocel
from projections.exporters.process import Clock, step_of
from projections.exporters.tables import ParquetExport
from projections.exporters.tlog import TlogExport
from projections.exporters.xes import Case, Xes
from projections.moment import Moment
from projections.rows import SpendRow
from projections.segments import Progress
from projections.sync import synced
from projections.views import Question, ask
from schemas import codec
from schemas.envelope import Recorded
from tui.common import DONE, REFUSED, WORLD_FAILED, CommandError, Common, access, progress
from tui.model.text import clean

TOGETHER = 4_096
READABLE = 0o644


async def export_tlog(path: Path, checkpoint: Path | None, common: Common) -> int:
    """Write the log's files, for the checkpoint's size, into a directory, or a zip where the path ends so."""
    into_zip = path.suffix == ".zip"
    files: dict[str, bytes] = {}

    def keep(made: Sequence[File]) -> None:
        for name, content in made:
            if into_zip:
                files[name] = content
            else:
                replace_file(path / name, content, durable=True, mode=READABLE)

    if not into_zip:
        _own_directory(path)
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        try:
            note = await newest_note(reached.directory(portfolio), reached.register(portfolio), file=checkpoint)
            log = TlogExport(note, keep)
            with progress(f"reading {portfolio}", log.checkpoint.size) as moved:
                async for entries in _entries(reached.store(portfolio), log.checkpoint.size, moved):
                    log.take(entries)
            # The checkpoint comes last: a crash before it leaves files that nothing signed speaks of.
            log.finish()
        except NoCheckpoint as error:
            raise CommandError(f"cannot export from {portfolio}: {error}", WORLD_FAILED) from error
        except ExportError as error:
            raise CommandError(f"cannot export from {portfolio}: {error}", REFUSED) from error
        except (NoteError, ValueError) as error:
            raise CommandError(f"cannot export from {portfolio}: {error}") from error
    if into_zip:
        replace_file(path, zipped(files), durable=True, mode=READABLE)
    size, root = log.checkpoint.size, log.checkpoint.root.hex()
    return _told(common, path, f"{size:,} entries of {log.checkpoint.origin}, root {root}", entries=size, root=root)


async def export_parquet(path: Path, common: Common) -> int:
    """Write a Parquet file for each type of event into a directory."""
    _own_directory(path)
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        made, count = ParquetExport(portfolio), 0
        with progress(f"reading {portfolio}") as moved:
            async for entries in _entries(reached.store(portfolio), None, moved):
                made.take(entries)
                count += len(entries)
        files = made.write(path)
    return _told(common, path, f"{count:,} entries in {files} files", entries=count, files=files)


async def export_ocel(path: Path, clock: Clock, common: Common) -> int:
    """Write an object-centric event log: SQLite where the path ends in .sqlite or .db, else JSON."""
    made, count = Ocel(), 0
    async with _events_of(common) as (_, events):
        async for event in events:
            made.take(step_of(event, clock))
            count += 1
    if path.suffix in (".sqlite", ".db"):
        _into_sqlite(made, path)
    else:
        replace_file(path, made.as_json(), durable=True, mode=READABLE)
    return _told(common, path, f"{count:,} events", events=count)


async def export_xes(path: Path, clock: Clock, case: Case, common: Common) -> int:
    """Write an event log with a trace for each case."""
    async with _events_of(common) as (portfolio, events):
        made, count = Xes(portfolio, case), 0
        async for event in events:
            made.take(step_of(event, clock))
            count += 1
    replace_file(path, "".join(f"{line}\n" for line in made.lines()).encode(), durable=True, mode=READABLE)
    return _told(
        common, path, f"{made.trace_count:,} traces of {count:,} events", traces=made.trace_count, events=count
    )


async def export_beancount(path: Path, common: Common) -> int:
    """Write a beancount ledger of the money, with the balances that the view of spend has."""
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        store = reached.store(portfolio)
        made = await synced(store, reached.directory(portfolio), portfolio)
        ledger = BeancountLedger()
        async for event in _decoded(store, portfolio, made.sequence):
            ledger.take(event)
        everything = Moment(made.sequence, None, datetime.date.max)
        rows = ask(made, Question("spend"), everything).rows
    lines = list(ledger.lines([row for row in rows if isinstance(row, SpendRow)]))
    replace_file(path, "".join(f"{line}\n" for line in lines).encode(), durable=True, mode=READABLE)
    count = ledger.entry_count
    return _told(common, path, f"{count:,} transactions", transactions=count)


@asynccontextmanager
async def _events_of(common: Common) -> AsyncIterator[tuple[str, AsyncIterator[Recorded]]]:
    """Yield the portfolio the options name, and its events in order."""
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        yield portfolio, _decoded(reached.store(portfolio), portfolio, None)


async def _decoded(store: EventReader, portfolio: str, until: int | None) -> AsyncIterator[Recorded]:
    """Yield the events of a stream; entries that are none are passed over."""
    async for stored in store.read(until=until):
        try:
            yield codec.decode(stored.payload, portfolio=portfolio, sequence=stored.sequence)
        except codec.ForeignEntry:
            continue  # it is no event, and says nothing that any of these formats could hold


async def _entries(store: EventReader, until: int | None, moved: Progress) -> AsyncIterator[list[bytes]]:
    """Yield the entries of a stream, many at a time."""
    waiting: list[bytes] = []
    async for stored in store.read(until=until):
        waiting.append(stored.payload)
        if len(waiting) == TOGETHER:
            yield waiting
            moved(len(waiting))
            waiting = []
    if waiting:
        yield waiting


def _own_directory(path: Path) -> None:
    """Raise CommandError where an export would mix with what is there."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise CommandError(f"{path} is there already; give a directory that is new or empty")


def _into_sqlite(made: Ocel, path: Path) -> None:
    """Write SQLite under a temporary name, then rename it: a reader sees the old file or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    os.close(handle)
    try:
        made.into_sqlite(Path(name))
        os.chmod(name, READABLE)
        os.replace(name, path)
    except (sqlite3.Error, OSError) as error:
        Path(name).unlink(missing_ok=True)
        raise CommandError(f"cannot write {path}: {error}", WORLD_FAILED) from error


def _told(common: Common, path: Path, words: str, **figures: Any) -> int:
    if common.json:
        print(json.dumps({"file": str(path), **figures}))
    else:
        print(f"{clean(str(path))}: {clean(words)}.")
    return DONE
