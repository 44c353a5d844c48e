"""The first sync of a machine: whole bundles from the notary's stream of tiles, each checked before it is kept.

One message holds 256 events, so that this is many times as fast as reading them one by one. What is checked first is
small: the tiles at the log's right edge give the root of its signed checkpoint, so they are right; from them down each
tile is known by its hash in the one above, and every bundle by its hash in a tile. What the notary has not sealed, and
where there is none, comes from the stream of events itself.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import itertools
import multiprocessing
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from ledger.connection import Forbidden
from ledger.notary.checkpoint import Checkpoint, open_checkpoint
from ledger.notary.edge import Edge
from ledger.notary.note import NoteError, parse_vkey
from ledger.notary.remote import KeptLog
from ledger.notary.sealer import CHECKPOINT, VKEY, NotaryAlarm, Register
from ledger.notary.tiles import TILE_WIDTH, entries_path, hash_bundle, split_tile, tile_hash, tile_path
from ledger.notary.tlog import tree_root
from ledger.store import EventReader
from projections.archive import Archive, ArchiveDiffers, CheckedBundle
from projections.segments import Progress

FEWEST_BUNDLES = 16
"""Fewer than these are read from the stream of events: it costs less than asking for tiles."""

BUNDLES_TOGETHER = 16
FEWEST_FOR_A_HELPER = 1_024
"""From so many bundles on, 262,144 events, a second process is worth its start."""

MOST_UNDER_WAY = 3
"""How many lots of bundles wait for the helper at most."""

GetTile = Callable[[int, int], Awaitable[bytes]]
"""Answers (level, index) with the bytes of that full tile."""


async def fetch_sealed(archive: Archive, store: EventReader, log: KeptLog, progress: Progress = lambda _: None) -> int:
    """Extend an archive by the bundles that are sealed, where many are, and return how many were fetched.

    The caller holds `writing`.
    Errors: ArchiveDiffers where what is in the stream of tiles is not what was signed; StoreError.
    """
    tiles = log.tiles
    try:
        checkpoint = await _checkpoint(log.register)
    except Forbidden:
        return 0  # a login that may read the events alone
    have = archive.head().size // TILE_WIDTH
    wanted = 0 if checkpoint is None else checkpoint.size // TILE_WIDTH
    if checkpoint is None or wanted - have < FEWEST_BUNDLES:
        return 0

    async def tile(level: int, index: int) -> bytes:
        found = await tiles.get(tile_path(level, index))
        if found is None:
            raise _differs(f"{tile_path(level, index)} is not there")
        return found

    roots = await _bundle_roots(checkpoint, store, tile)
    waiting: list[bytes] = []
    index = have
    try:
        async with aclosing(tiles.files(first_bundle=have)) as files, _taking(archive, wanted - have) as take:
            async for path, content in files:
                if path != entries_path(index):
                    continue
                waiting.append(content)
                index += 1
                if len(waiting) == BUNDLES_TOGETHER or index == wanted:
                    await take(waiting, index - len(waiting), roots[index - len(waiting) : index])
                    progress(len(waiting) * TILE_WIDTH)
                    waiting = []
                if index == wanted:
                    break
    except NotaryAlarm as error:
        raise _differs(str(error)) from error
    if index < wanted:
        raise _differs(f"{entries_path(index)} is not there, and size {checkpoint.size} was signed")
    return wanted - have


def take_bundles(archive: Archive, contents: Sequence[bytes], first: int, roots: Sequence[bytes]) -> None:
    """Append full bundles to an archive that each have the hash they must have. first: the index of the first one.

    Errors: ArchiveDiffers naming the first that has not; those before it may have been appended.
    """
    checked: list[CheckedBundle] = []
    try:
        for index, (content, root) in enumerate(zip(contents, roots, strict=True), start=first):
            checked.append(_checked(content, index, root))
    finally:
        take_checked(archive, checked, first)


def take_checked(archive: Archive, checked: Sequence[CheckedBundle], first: int) -> None:
    """Append bundles that were checked. Errors: as take_bundles."""
    have = archive.head().size // TILE_WIDTH
    if have != first:
        # The lot before this one was refused; this one waited behind it, and has no place without it.
        raise _differs(f"{entries_path(have)} was not taken, so that {entries_path(first)} cannot be")
    archive.extend_checked(checked)


Take = Callable[[Sequence[bytes], int, Sequence[bytes]], Awaitable[None]]


@asynccontextmanager
async def _taking(archive: Archive, bundle_count: int) -> AsyncIterator[Take]:
    """Yield what takes bundles as take_bundles does; where they are many, in a process of its own.

    One core then reads what the server sends, the other hashes and writes it; where that one has enough to do, the
    first hashes too. All is taken when this ends.
    """

    async def here(contents: Sequence[bytes], first: int, roots: Sequence[bytes]) -> None:
        take_bundles(archive, contents, first, roots)

    if bundle_count < FEWEST_FOR_A_HELPER:
        yield here
        return
    spawning = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, spawning, _begin, (archive.directory,)) as helper:
        under_way: deque[asyncio.Future[None]] = deque()

        async def there(contents: Sequence[bytes], first: int, roots: Sequence[bytes]) -> None:
            while under_way and under_way[0].done():
                await under_way.popleft()
            if len(under_way) < MOST_UNDER_WAY:
                lot = helper.submit(_take_bundles, contents, first, roots)
            else:
                checked = [_checked(*each) for each in zip(contents, itertools.count(first), roots, strict=False)]
                await under_way.popleft()
                lot = helper.submit(_take_checked, checked, first)
            under_way.append(asyncio.wrap_future(lot))

        try:
            yield there
            while under_way:
                await under_way.popleft()
        finally:
            await asyncio.gather(*under_way, return_exceptions=True)


_archives: list[Archive] = []
"""What a helper extends: one, since it was begun for it."""


def _begin(directory: Path) -> None:
    _archives.append(Archive(directory))


def _take_bundles(contents: Sequence[bytes], first: int, roots: Sequence[bytes]) -> None:
    take_bundles(_archives[0], contents, first, roots)


def _take_checked(checked: Sequence[CheckedBundle], first: int) -> None:
    take_checked(_archives[0], checked, first)


async def _checkpoint(register: Register) -> Checkpoint | None:
    """Return the newest checkpoint, None where there is no notary.

    The key is the one the server says: this finds what was damaged. What was forged by whoever has the server, a
    verifier finds, with the key that it was given elsewhere.
    """
    note, vkey = (await register.get(CHECKPOINT)).value, (await register.get(VKEY)).value
    if note is None or vkey is None:
        return None
    try:
        return open_checkpoint(note, parse_vkey(vkey.decode())).checkpoint
    except (NoteError, UnicodeDecodeError) as error:
        raise _differs(f"its checkpoint cannot be used: {error}") from error


async def _bundle_roots(checkpoint: Checkpoint, store: EventReader, tile: GetTile) -> list[bytes]:
    """Return the hash of every full bundle, all of them under the checkpoint's root."""
    edge_tiles: dict[tuple[int, int], bytes] = {}
    level, count = 0, checkpoint.size // TILE_WIDTH
    while count:
        for index in range(count - count % TILE_WIDTH, count):
            edge_tiles[level, index] = await tile(level, index)
        level, count = level + 1, count // TILE_WIDTH
    first = checkpoint.size - checkpoint.size % TILE_WIDTH
    entries = [entry.payload async for entry in store.read(after=first, until=checkpoint.size)]
    try:
        edge = Edge.at(checkpoint.size, lambda level, index, _: edge_tiles[level, index], entries)
    except ValueError as error:
        raise _differs(str(error)) from error
    if edge.root() != checkpoint.root:
        raise _differs(f"its tiles at the edge do not give the root that was signed at size {checkpoint.size}")
    # From the top down: what is known at one level tells which tiles below it are right.
    known: list[bytes] = []
    for below in range(level - 1, -1, -1):
        wanted, known = known, []
        for index, root in enumerate(wanted):
            full = await tile(below + 1, index)
            if tile_hash(full) != root:
                raise _differs(f"{tile_path(below + 1, index)} does not have its hash")
            known += split_tile(full)
        known += [tile_hash(each) for (at, _), each in sorted(edge_tiles.items()) if at == below]
    return known


def _checked(content: bytes, index: int, root: bytes) -> CheckedBundle:
    try:
        leaves = hash_bundle(content, TILE_WIDTH)
    except ValueError as error:
        raise _differs(f"{entries_path(index)}: {error}") from error
    if tree_root(leaves) != root:
        raise _differs(f"{entries_path(index)} does not have its hash")
    return CheckedBundle(content, leaves, root)


def _differs(what: str) -> ArchiveDiffers:
    return ArchiveDiffers(
        f"the stream of tiles is not what was signed: {what}. Nothing of it was kept; see `portfolio notary --once`, "
        "which compares it with the stream"
    )
