"""From the stream to a replica: what is new goes into the archive, whole bundles at a time, the rest into memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ledger.notary.remote import KeptLog
from ledger.notary.tiles import TILE_WIDTH
from ledger.store import EventReader
from projections.archive import Archive, ArchiveDiffers
from projections.fetch import fetch_sealed
from projections.replica import Replica
from projections.segments import SEGMENT_ENTRIES, Progress

BATCH_ENTRIES = 16 * TILE_WIDTH


async def synced(
    store: EventReader,
    directory: Path,
    portfolio: str,
    *,
    entries_each: int = SEGMENT_ENTRIES,
    progress: Progress = lambda _: None,
    log: KeptLog | None = None,
) -> Replica:
    """Return a replica of everything the stream holds now.

    log: what the notary keeps; where it is given, what is sealed comes from there, many events a message.
    Errors: ArchiveDiffers where the archive is of another history; StreamUnavailable, HoleInStream.
    """
    archive = Archive(directory)
    with archive.writing() as mine:
        last = await _same_history(store, archive)
        if mine and log is not None and await fetch_sealed(archive, store, log, progress):
            last = await _same_history(store, archive)
        if mine:
            await _archive_bundles(store, archive, last, progress)
    replica = Replica.open(directory, portfolio, entries_each=entries_each, progress=progress)
    await catch_up(replica, store)
    return replica


async def catch_up(replica: Replica, store: EventReader, *, until: int | None = None, in_thread: bool = False) -> None:
    """Take what the stream holds now, up to *until*, into a replica. Errors: StreamUnavailable, HoleInStream.

    in_thread: for who has others to serve meanwhile.
    """

    async def extend(payloads: list[bytes]) -> None:
        if in_thread:
            await asyncio.to_thread(replica.extend, payloads)
        else:
            replica.extend(payloads)

    waiting: list[bytes] = []
    async for entry in store.read(after=replica.sequence, until=until):
        waiting.append(entry.payload)
        if len(waiting) == BATCH_ENTRIES:
            await extend(waiting)
            waiting = []
    if waiting:
        await extend(waiting)


async def _same_history(store: EventReader, archive: Archive) -> int:
    """Return the stream's last sequence, once the archive's last entry is found in it."""
    size, last = archive.head().size, await store.last_sequence()
    if size == 0:
        return last
    kept = archive.entries(size // TILE_WIDTH - 1)[-1]
    if last < size:
        raise ArchiveDiffers(
            f"the stream ends at sequence {last}, the archive in {archive.directory} holds {size} entries: the stream "
            "lost some, or is another one. Keep the archive, and see `portfolio rebuild`"
        )
    async for entry in store.read(after=size - 1, until=size):
        if entry.payload != kept:
            raise ArchiveDiffers(
                f"entry {size} of the stream is not the one in the archive in {archive.directory}: one of them was "
                "changed, or the stream is another one. Keep the archive, and see `portfolio rebuild`"
            )
    return last


async def _archive_bundles(store: EventReader, archive: Archive, last: int, progress: Progress) -> None:
    size = archive.head().size
    until = last // TILE_WIDTH * TILE_WIDTH
    waiting: list[bytes] = []
    if until == size:
        return
    async for entry in store.read(after=size, until=until):
        waiting.append(entry.payload)
        if len(waiting) == BATCH_ENTRIES:
            archive.extend(waiting)
            progress(len(waiting))
            waiting = []
    if waiting:
        archive.extend(waiting)
        progress(len(waiting))
