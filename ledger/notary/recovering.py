"""A stream that was lost, made again from its log: every entry in its place, or nothing is written.

The log is read twice. The first time it is checked: the bundles must hash to the root of a signed checkpoint. Only then
is it compared with what the stream holds, which must be its beginning, and the rest appended. A crash on the way leaves
a stream that is again the beginning of the log, and the next try goes on from there.

What was recorded behind the last checkpoint is not in the log, and is not made again. The bytes of each entry are; the
subject it stood under is worked out from them, and entries that are no events of this portfolio stand together under
`portfolio.<p>.event.foreign.recovered.Foreign`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NamedTuple, Protocol

from ledger.notary.checkpoint import Checkpoint, format_checkpoint, open_checkpoint, parse_checkpoint
from ledger.notary.directory import LogDirectory
from ledger.notary.edge import Edge
from ledger.notary.note import NoteError, Vkey
from ledger.notary.remote import TileMessages
from ledger.notary.sealer import CHECKPOINT, HEAD, TAIL, VKEY, Register, unpacked_tail
from ledger.notary.tiles import TILE_WIDTH, decode_bundle, entries_path
from ledger.store import MAX_BATCH, Draft, EventStore
from ledger.writer import MAX_APPEND_BYTES
from schemas import codec, subjects


class RecoveryError(Exception):
    """The stream was not made again: what does not fit, and what next. Nothing was written unless it says so."""


class Recovered(NamedTuple):
    """What was made again. there: entries the stream had already. appended: entries it got. behind: entries it has
    behind the checkpoint, which the log says nothing about."""

    checkpoint: Checkpoint
    there: int
    appended: int
    behind: int


class Source(Protocol):
    """A copy of a log."""

    where: str

    async def checkpoint(self) -> bytes | None:
        """Return the signed checkpoint of the copy, None where it has none."""
        ...

    def bundles(self, size: int) -> AsyncIterator[list[bytes]]:
        """Yield the entries of each bundle of the log at a size. Errors: RecoveryError where one is missing."""
        ...


async def recover(
    opened: Callable[[], Awaitable[EventStore]], register: Register, source: Source, portfolio: str, vkey: Vkey
) -> Recovered:
    """Make a stream again from a copy of its log. opened: makes the stream where it is not there. vkey: of the log.

    Errors: RecoveryError; StoreError where the world is away, and then the next try goes on.
    """
    checkpoint = await _checked(source, vkey)
    await _not_older(register, checkpoint, source)
    store = await opened()
    last = await store.last_sequence()
    await _compare_beginning(store, source, checkpoint, last)
    # From here on it is written. A crash leaves the beginning of the log in the stream.
    appended = 0
    if last < checkpoint.size:
        appended = await _append(store, source, checkpoint, last, portfolio)
    edge = Edge()
    async for entry in store.read(until=checkpoint.size):
        edge.extend([entry.payload])
    if (edge.size, edge.root()) != (checkpoint.size, checkpoint.root):
        raise RecoveryError(
            f"the stream of {portfolio} was written, and is not the log at size {checkpoint.size} now: another has "
            "written to it meanwhile. Write nothing more to it, and see who did"
        )
    # The register last: a crash before it leaves a stream that is whole, and the next try only comes here.
    await _restore_register(register, source, checkpoint, vkey)
    return Recovered(checkpoint, min(last, checkpoint.size), appended, max(0, last - checkpoint.size))


class DirectorySource:
    """A copy of the log in a directory: the notary's own, or one made from it."""

    def __init__(self, directory: LogDirectory) -> None:
        self._directory = directory
        self.where = str(directory.path)

    async def checkpoint(self) -> bytes | None:
        return await self._directory.get(CHECKPOINT)

    async def bundles(self, size: int) -> AsyncIterator[list[bytes]]:
        for index in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - index * TILE_WIDTH)
            # Where a partial bundle was dropped, the full one begins with the same entries.
            for held in dict.fromkeys((width, TILE_WIDTH)):
                bundle = await self._directory.get(entries_path(index, held))
                if bundle is not None:
                    yield _decoded(bundle, held, index, self.where)[:width]
                    break
            else:
                raise RecoveryError(f"{entries_path(index, width)} is missing from {self.where}; give another copy")


class TilesSource:
    """The copy of the log in its stream of tiles, with the end that the register keeps."""

    def __init__(self, tiles: TileMessages, register: Register, name: str) -> None:
        self._tiles, self._register = tiles, register
        self.where = name

    async def checkpoint(self) -> bytes | None:
        return (await self._register.get(CHECKPOINT)).value

    async def bundles(self, size: int) -> AsyncIterator[list[bytes]]:
        index = 0
        if size >= TILE_WIDTH:
            async for file in self._tiles.files():
                if file.path == entries_path(index):
                    yield _decoded(file.content, TILE_WIDTH, index, self.where)
                    index += 1
                    if index == size // TILE_WIDTH:
                        break
        if index < size // TILE_WIDTH:
            raise RecoveryError(f"{entries_path(index)} is missing from {self.where}; give a directory instead")
        rest = size % TILE_WIDTH
        if rest == 0:
            return
        kept = (await self._register.get(TAIL)).value
        tail = None if kept is None else unpacked_tail(kept)
        if tail is not None and tail.size // TILE_WIDTH == index and len(tail.entries) >= rest:
            yield tail.entries[:rest]
            return
        # The tail has gone on into the next bundle; then this one is full, and there.
        full = await self._tiles.get(entries_path(index))
        if full is None:
            raise RecoveryError(f"the last {rest} entries are not in {self.where}; give a directory instead")
        yield _decoded(full, TILE_WIDTH, index, self.where)[:rest]


async def _checked(source: Source, vkey: Vkey) -> Checkpoint:
    """Return the checkpoint of a copy, once all its entries hash to it."""
    note = await source.checkpoint()
    if note is None:
        raise RecoveryError(f"there is no checkpoint in {source.where}; give a copy of the log that has one")
    try:
        checkpoint = open_checkpoint(note, vkey).checkpoint
    except NoteError as error:
        raise RecoveryError(f"the checkpoint in {source.where} is not one of this log: {error}") from error
    edge = Edge()
    async for entries in source.bundles(checkpoint.size):
        edge.extend(entries)
    if (edge.size, edge.root()) != (checkpoint.size, checkpoint.root):
        raise RecoveryError(
            f"the entries in {source.where} hash to {edge.root().hex()}, and the checkpoint of size {checkpoint.size} "
            f"says {checkpoint.root.hex()}: a bundle was changed. Give another copy; nothing was written"
        )
    return checkpoint


async def _not_older(register: Register, checkpoint: Checkpoint, source: Source) -> None:
    """See that the server knows of no later seal than the copy has: it would be lost for good."""
    kept = (await register.get(HEAD)).value
    if kept is None:
        return
    try:
        head = parse_checkpoint(kept.decode())
    except ValueError as error:
        raise RecoveryError(f"the head in the register cannot be read: {error}; nothing was written") from error
    if head.size > checkpoint.size or (head.size == checkpoint.size and head.root != checkpoint.root):
        raise RecoveryError(
            f"{source.where} has the log at size {checkpoint.size}, and {head.size} were sealed; give a newer copy. "
            "Nothing was written"
        )


async def _compare_beginning(store: EventStore, source: Source, checkpoint: Checkpoint, last: int) -> None:
    size = min(last, checkpoint.size)
    entries = store.read(until=size)
    async for bundle in source.bundles(size):
        for payload in bundle:
            there = await anext(entries)
            if there.payload != payload:
                raise RecoveryError(
                    f"entry {there.sequence} of the stream is not the one in {source.where}: the stream is not empty, "
                    "and is not a part of this log. Have its operator move it away; nothing was written"
                )


async def _append(store: EventStore, source: Source, checkpoint: Checkpoint, last: int, portfolio: str) -> int:
    sequence, start = 0, last
    waiting: list[Draft] = []
    size = 0
    async for bundle in source.bundles(checkpoint.size):
        for payload in bundle:
            sequence += 1
            if sequence <= start:
                continue
            waiting.append(Draft(subject_of(portfolio, sequence, payload), payload))
            size += len(payload)
            if len(waiting) == MAX_BATCH or size > MAX_APPEND_BYTES or sequence == checkpoint.size:
                last = await store.append(waiting, expected_sequence=last)
                waiting, size = [], 0
    return last - start


def subject_of(portfolio: str, sequence: int, payload: bytes) -> str:
    """Return the subject an entry stands under, worked out from its bytes."""
    try:
        event = codec.decode(payload, portfolio=portfolio, sequence=sequence)
    except codec.ForeignEntry:
        return subjects.event(portfolio, "foreign/recovered", "Foreign")
    return subjects.event(portfolio, event.subject, event.data.TYPE)


async def _restore_register(register: Register, source: Source, checkpoint: Checkpoint, vkey: Vkey) -> None:
    """Let the next notary go on from the checkpoint: the head, and what says who signs."""
    note = await source.checkpoint()
    assert note is not None
    for key, value in ((VKEY, str(vkey).encode()), (HEAD, format_checkpoint(checkpoint).encode()), (CHECKPOINT, note)):
        kept = await register.get(key)
        if kept.value != value:
            await register.swap(key, value, kept.revision)


def _decoded(bundle: bytes, width: int, index: int, where: str) -> list[bytes]:
    try:
        return decode_bundle(bundle, width)
    except ValueError as error:
        raise RecoveryError(f"{entries_path(index, width)} in {where}: {error}; give another copy") from error
