"""The notary at work, and the first sync of a machine from what it left, on a server of its own.

    append      the events into the stream, 500 in an atomic batch: the rate that sealing has to keep up with
    seal        all of it, from nothing: tiles, bundles and checkpoints in a directory and on the server
    sync        into an archive that is new, from the stream of tiles, every bundle checked
    ordered     the same events one by one, by the ordered consumer of nats-py, unchecked: the peer

The server keeps on the disk what it acknowledges, as everywhere.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from nats.aio.msg import Msg

from bench import history
from ledger.access import Access, opened
from ledger.notary.running import notary
from ledger.notary.tiles import TILE_WIDTH
from ledger.settings import Settings
from ledger.store import MAX_BATCH, Draft, EventStore
from projections.archive import Archive
from projections.fetch import fetch_sealed
from schemas import subjects

P = history.PORTFOLIO


def sealing(directory: Path) -> dict[str, float]:
    """Return the seconds of each step, over the events of the archive in a directory."""
    with tempfile.TemporaryDirectory(prefix="bench-log-") as data:
        return asyncio.run(_sealing(Path(data), Archive(directory / P)))


async def _sealing(data: Path, archive: Archive) -> dict[str, float]:
    seconds: dict[str, float] = {}
    event_count = archive.head().size
    async with opened(Settings(data, P, "bench", None)) as access:
        store = await access.create(P)
        started = time.perf_counter()
        await appended(store, archive)
        seconds["append"] = time.perf_counter() - started
        async with notary(access, P) as at_work:
            started = time.perf_counter()
            sealed = await at_work.run_once()
            seconds["seal"] = time.perf_counter() - started
        assert sealed.root.hex() == archive.head().root
        # A new machine's disk has nothing of the server's to write; this one has all that was appended and sealed.
        await asyncio.to_thread(os.sync)
        started = time.perf_counter()
        await _synced(access, Archive(data / "new"), archive)
        seconds["sync"] = time.perf_counter() - started
        started = time.perf_counter()
        await _ordered(access, event_count)
        seconds["ordered"] = time.perf_counter() - started
    return seconds


async def appended(store: EventStore, archive: Archive) -> None:
    """Append the entries of an archive to a stream that is empty."""
    last = 0
    for drafts in _drafts(archive):
        last = await store.append(drafts, expected_sequence=last)


async def _synced(access: Access, new: Archive, archive: Archive) -> None:
    with new.writing():
        await fetch_sealed(new, access.store(P), access.log(P))
    assert new.head() == archive.head()


async def _ordered(access: Access, event_count: int) -> None:
    """Read every event as nats-py does it by itself."""
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    taken = 0

    async def take(_: Msg) -> None:
        nonlocal taken
        taken += 1
        if taken == event_count:
            ended.set_result(None)

    subscription = await access.connection.jetstream().subscribe(
        subjects.all_events(P),
        stream=subjects.stream(P),
        ordered_consumer=True,
        cb=take,
        pending_msgs_limit=-1,
        pending_bytes_limit=-1,
    )
    await ended
    await subscription.unsubscribe()


def _drafts(archive: Archive) -> Iterator[list[Draft]]:
    """Yield the entries of an archive as appends. Their subjects are all the same: nothing here reads them."""
    subject = subjects.event(P, "bench/event", "Bench")
    waiting: list[Draft] = []
    for index in range(archive.head().size // TILE_WIDTH):
        waiting += [Draft(subject, payload) for payload in archive.entries(index)]
        while len(waiting) >= MAX_BATCH:
            yield waiting[:MAX_BATCH]
            waiting = waiting[MAX_BATCH:]
    if waiting:
        yield waiting
