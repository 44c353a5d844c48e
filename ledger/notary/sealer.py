"""The sealer: takes what a stream has gained, puts it under a checkpoint, and never signs two that disagree.

Every seal is seven steps, each of which may be the last one before a crash:

    1  the tiles and bundles, full and partial, into the directory
    2  the full ones into the stream of tiles
    3  the entries behind the last full bundle into the register, under `tail`
    4  the checkpoint's text into the register, under `head`, by compare-and-swap: from here on it will be signed
    5  the signed checkpoint into the register, under `checkpoint`
    6  the signed checkpoint into the directory
    7  partial files that full ones have replaced go

What 1 and 2 write follows from the stream alone, so whoever does them again writes the same bytes, and a file that is
there with others is an alarm. 4 is what makes one signer of many: a head is replaced only by who has seen it, and what
is signed is what the head says. Ed25519 has no chance in it, so signing a head again makes the same note.

`resume` is the way back after any of these, and the way in: it goes from the checkpoints that are kept, in three
places that nobody holds alone, to the stream, and goes on only where the stream still is what they were made of.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

from ledger.notary.checkpoint import (
    Checkpoint,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    parse_decimal,
    sign_checkpoint,
)
from ledger.notary.edge import Edge, File
from ledger.notary.note import NoteError, SignerKey
from ledger.notary.tiles import (
    MAX_ENTRY_BYTES,
    TILE_WIDTH,
    decode_bundle,
    encode_bundle,
    entries_path,
    tile_path,
    tiles_completed,
)
from ledger.notary.tlog import EMPTY_ROOT
from ledger.store import EventReader, StoreError

HEAD, CHECKPOINT, TAIL, VKEY = "head", "checkpoint", "tail", "vkey"
"""Keys of the register; the last is the verifier key of the log, which its first notary puts there."""

READ_TOGETHER = 32 * TILE_WIDTH
"""Entries that are taken in one go where many are waiting."""

READ_TOGETHER_BYTES = 16_000_000
"""And most bytes of them."""

MAX_TAIL_BYTES = 900_000
"""Longest value of `tail`. Where entries are so long that theirs is longer, only the directory has them."""

_TRIES = 20


class NotaryAlarm(Exception):
    """The log cannot go on without a person: what is not as it was sealed, where, and what next."""


class Overtaken(StoreError):
    """Somebody else has written under this key since it was read."""


class Kept(NamedTuple):
    """What the register keeps under a key. value: None, and revision 0, where that is nothing."""

    value: bytes | None
    revision: int


class Register(Protocol):
    """A few named values, each replaced only by who has seen it."""

    async def get(self, key: str) -> Kept:
        """Return what is kept under a key, as the last swap left it. Errors: StreamUnavailable."""
        ...

    async def swap(self, key: str, value: bytes, revision: int) -> int:
        """Replace what was read at a revision, and return the new one.

        Errors: Overtaken, nothing was replaced; OutcomeUnknown, it may have been; StreamUnavailable.
        """
        ...


class Directory(Protocol):
    """The files of the log, as any web server can serve them. What is kept is on the disk when it returns."""

    async def keep(self, files: Sequence[File]) -> None:
        """Write files that are not there. Errors: NotaryAlarm where one is there with other bytes."""
        ...

    async def get(self, path: str) -> bytes | None:
        """Return a file's bytes, None where it is not there."""
        ...

    async def publish(self, note: bytes) -> None:
        """Replace the file `checkpoint`, in one step."""
        ...

    async def drop(self, files: Sequence[File]) -> None:
        """Remove the partial files that these full ones have replaced."""
        ...


class TileStream(Protocol):
    """The full files of the log as messages, each once and for ever."""

    async def bundle_count(self) -> int:
        """Return how many bundles are there with all the tiles they complete. Errors: StoreError."""
        ...

    async def keep(self, files: Sequence[File]) -> None:
        """Append the files of bundles that are not there, each with the tiles it completes, all or none of a bundle.

        Shape: bundle by bundle, without a gap after those that are there.
        Errors: NotaryAlarm where one is there with other bytes; StoreError.
        """
        ...


class Sealer:
    """The signer of one portfolio's log. Not for use by two tasks at once, but for `compare`.

    checkpoint: the newest one, as of the last seal or resume; of size 0 where nothing was sealed yet.
    """

    def __init__(
        self, reader: EventReader, register: Register, directory: Directory, tiles: TileStream, signer: SignerKey
    ) -> None:
        """signer: of the log's key, whose name is the log's origin."""
        self._reader, self._register, self._directory, self._tiles = reader, register, directory, tiles
        self._signer, self.origin = signer, signer.name
        self._edge = Edge()
        self._revision = 0
        self.checkpoint = Checkpoint(self.origin, 0, EMPTY_ROOT)

    async def resume(self) -> Checkpoint:
        """Take the log up where it was left, finish what a crash left undone, and return its checkpoint.

        Errors: NotaryAlarm where the stream is not what was sealed, or what is kept of the log does not fit together:
        then nothing was signed. StoreError where the world is away; calling it again is the way on.
        """
        # The head is read behind what was signed under it: another sealer may go on meanwhile, and it stays ahead.
        local = self._opened(await self._directory.get(CHECKPOINT), "the directory")
        published = self._opened((await self._register.get(CHECKPOINT)).value, "the register")
        head = await self._register.get(HEAD)
        sealed = None if head.value is None else self._unsigned(head.value)
        self._check_order(sealed, published, local)
        last = await self._reader.last_sequence()
        if sealed is not None and last < sealed.size:
            raise NotaryAlarm(
                f"the stream of {self.origin} ends at sequence {last}, and {sealed.size} were sealed: it lost its end, "
                "or is an older backup. Write nothing to it; see `portfolio recover`"
            )
        known = [each for each in (published, local, sealed) if each is not None]
        edge = await self._at_oldest(known if local else [])
        await self._backfill(edge.size)
        for checkpoint in sorted(known, key=lambda each: each.size):
            await self._read_on(edge, checkpoint.size)
            if edge.root() != checkpoint.root:
                raise NotaryAlarm(
                    f"the stream of {self.origin} is not the one that was sealed at size {checkpoint.size}: its root "
                    f"is {edge.root().hex()}, and {checkpoint.root.hex()} was signed. An entry was changed, or the "
                    "stream was made anew. Write nothing to it; compare with `portfolio rebuild`"
                )
        self._edge, self._revision = edge, head.revision
        if sealed is not None:
            self.checkpoint = sealed
            await self._directory.keep(edge.partial_files())
            await self._keep_tail(edge)
            if not sealed == published == local:
                # The crash was behind step 4: what the head says is signed now, as it would have been then.
                await self._publish(sealed)
        return self.checkpoint

    async def seal(self, entries: Sequence[bytes]) -> Checkpoint:
        """Seal the entries that follow the newest checkpoint, and return the one that covers them.

        Errors: Overtaken where another sealer was faster, and StoreError: `resume` first, then go on. NotaryAlarm.
        """
        edge = self._edge.copy()
        full = self._extended(edge, entries)
        # 1. A crash here leaves files that no checkpoint covers; the next sealer writes the same.
        await self._directory.keep([*full, *edge.partial_files()])
        # 2. And here, messages likewise. Every bundle that is full in a checkpoint is there before it is.
        await self._tiles.keep(full)
        # 3. So are the entries behind them: from 2 and 3 alone all that is sealed can be had again.
        await self._keep_tail(edge)
        # 4. A crash before it: nothing was promised. From here on this checkpoint, and no other of its size or less,
        #    will be signed by whoever comes next.
        checkpoint = Checkpoint(self.origin, edge.size, edge.root())
        head = format_checkpoint(checkpoint).encode()
        self._revision = await self._register.swap(HEAD, head, self._revision)
        self._edge, self.checkpoint = edge, checkpoint
        await self._publish(checkpoint)
        # 7. A crash here leaves partial files beside the full ones that have replaced them.
        await self._directory.drop(full)
        return checkpoint

    async def seal_all(self) -> AsyncIterator[Checkpoint]:
        """Seal what the stream holds now, and yield a checkpoint for each part. Errors: as seal; HoleInStream."""
        async for entries in self._read(self._edge.size, None):
            yield await self.seal(entries)

    async def compare(self) -> int:
        """Read the sealed part of the stream from its beginning, compare every full file, and return its size.

        Another task may seal meanwhile: what this compares is behind that.

        Errors: NotaryAlarm naming the first bundle or tile that differs; HoleInStream, StreamUnavailable.
        """
        sealed, edge = self.checkpoint, Edge()
        await self._read_on(edge, sealed.size)
        if edge.root() != sealed.root:
            raise NotaryAlarm(
                f"the stream of {self.origin} is not the one that was sealed at size {sealed.size}: an entry behind "
                "its last full bundle was changed. Write nothing to it; compare with `portfolio rebuild`"
            )
        return sealed.size

    async def _publish(self, checkpoint: Checkpoint) -> None:
        """Sign what the head says, and let it be seen."""
        note = sign_checkpoint(checkpoint, self._signer)
        # 5. A crash before it: resume finds a head that nobody has published, and signs it.
        await self._advance(CHECKPOINT, note, checkpoint.size)
        # 6. A crash before it: resume finds the directory behind.
        await self._directory.publish(note)

    async def _keep_tail(self, edge: Edge) -> None:
        there = await self._advance(TAIL, packed_tail(edge), edge.size)
        if there is None or not edge.entries:
            return
        tail = unpacked_tail(there)
        if tail is None or tail.size // TILE_WIDTH != edge.size // TILE_WIDTH:
            return
        if tuple(tail.entries[: len(edge.entries)]) != edge.entries:
            raise NotaryAlarm(
                f"the tail of {self.origin} in the register, of size {tail.size}, holds other entries than the stream: "
                "the stream lost its end and went on, or one of them was changed. Write nothing to it; compare with "
                "`portfolio rebuild`"
            )

    async def _advance(self, key: str, value: bytes, size: int) -> bytes | None:
        """Put a value under a key, or return the one that is there and of a size as large: another was faster."""
        for _ in range(_TRIES):
            kept = await self._register.get(key)
            if kept.value is not None and _size_of(key, kept.value) >= size:
                return kept.value
            try:
                await self._register.swap(key, value, kept.revision)
            except Overtaken:
                continue
            return None
        raise Overtaken(f"{key} of {self.origin} was replaced by others {_TRIES} times; is there a second notary?")

    async def _at_oldest(self, known: Sequence[Checkpoint]) -> Edge:
        """Return the edge at the oldest checkpoint known, from the directory's tiles; at 0 where they do not give it.

        The root tells whether they do, so that nothing rests on them: from 0 on each file is compared with the stream.
        """
        oldest = min(known, key=lambda each: each.size, default=None)
        if oldest is None:
            return Edge()
        first = oldest.size - oldest.size % TILE_WIDTH
        entries = [entry.payload async for entry in self._reader.read(after=first, until=oldest.size)]
        tiles: dict[str, bytes] = {}
        for tile in tiles_completed(0, oldest.size):
            path = tile_path(tile.level, tile.index)
            # Those that hash into a row that is not full yet.
            if tile.index >= _first_of_row(oldest.size, tile.level):
                found = await self._directory.get(path)
                if found is None:
                    return Edge()
                tiles[path] = found
        try:
            edge = Edge.at(oldest.size, lambda level, index, _: tiles[tile_path(level, index)], entries)
        except ValueError:
            return Edge()
        return edge if edge.root() == oldest.root else Edge()

    async def _read_on(self, edge: Edge, size: int) -> None:
        """Take the stream up to a size into an edge, and see that every file this completes is kept."""
        async for entries in self._read(edge.size, size):
            full = self._extended(edge, entries)
            await self._directory.keep(full)
            await self._tiles.keep(full)

    async def _read(self, after: int, until: int | None) -> AsyncIterator[list[bytes]]:
        """Yield the entries of the stream, as many as are taken together."""
        waiting: list[bytes] = []
        size = 0
        async for entry in self._reader.read(after=after, until=until):
            waiting.append(entry.payload)
            size += len(entry.payload)
            if len(waiting) == READ_TOGETHER or size >= READ_TOGETHER_BYTES:
                yield waiting
                waiting, size = [], 0
        if waiting:
            yield waiting

    async def _backfill(self, size: int) -> None:
        """Give the stream of tiles what the directory has before a size: it was made anew, or is another's."""
        for index in range(await self._tiles.bundle_count(), size // TILE_WIDTH):
            files = []
            for path in _paths_of_bundle(index):
                content = await self._directory.get(path)
                if content is None:
                    raise NotaryAlarm(
                        f"{path} of {self.origin} is neither in the stream of tiles nor in the directory; put the "
                        "directory back from a copy, or remove its `checkpoint` so that all is made again"
                    )
                files.append(File(path, content))
            await self._tiles.keep(files)

    def _extended(self, edge: Edge, entries: Sequence[bytes]) -> list[File]:
        try:
            return edge.extend(entries)
        except ValueError as error:
            raise NotaryAlarm(f"{self.origin} cannot go on after entry {edge.size}: {error}") from error

    def _unsigned(self, head: bytes) -> Checkpoint:
        try:
            checkpoint = parse_checkpoint(head.decode())
        except ValueError as error:
            raise NotaryAlarm(f"the head of {self.origin} in the register cannot be read: {error}") from error
        if checkpoint.origin != self.origin:
            raise NotaryAlarm(
                f"the register keeps the head of {checkpoint.origin!r}, and the key is that of {self.origin!r}; "
                "give the key of this log"
            )
        return checkpoint

    def _opened(self, note: bytes | None, where: str) -> Checkpoint | None:
        if note is None:
            return None
        try:
            return open_checkpoint(note, self._signer.vkey).checkpoint
        except NoteError as error:
            raise NotaryAlarm(
                f"the checkpoint of {self.origin} in {where} was not signed by the key {self._signer.vkey}: {error}. "
                "Give the key that signed it"
            ) from error

    def _check_order(self, sealed: Checkpoint | None, *signed: Checkpoint | None) -> None:
        """Raise NotaryAlarm where something was signed that the register's head does not cover."""
        for each in signed:
            if each is None or (sealed is not None and each.size < sealed.size):
                continue
            if sealed is None or each.size > sealed.size:
                raise NotaryAlarm(
                    f"size {each.size} of {self.origin} was signed, and the register's head is "
                    f"{'gone' if sealed is None else f'at {sealed.size}'}: the server was put back to an older backup. "
                    "Write nothing to it; see `portfolio recover`"
                )
            if each.root != sealed.root:
                raise NotaryAlarm(
                    f"two roots of {self.origin} at size {each.size}: {each.root.hex()} was signed, and the head says "
                    f"{sealed.root.hex()}. Keep both; one of them is a forgery"
                )


class Tail(NamedTuple):
    """The entries behind the last full bundle of a log of *size* entries."""

    size: int
    entries: list[bytes]


def packed_tail(edge: Edge) -> bytes:
    """Return what is kept of the entries behind the last full bundle: the log's size, and their bundle, deflated."""
    packed = zlib.compress(encode_bundle(edge.entries) if edge.entries else b"", 1)
    return b"%d\n" % edge.size + (packed if len(packed) <= MAX_TAIL_BYTES else b"")


def unpacked_tail(value: bytes) -> Tail | None:
    """Return the tail in a value of the register; None where it was too long to be kept, or cannot be read."""
    _, _, packed = value.partition(b"\n")
    try:
        size = _size_of(TAIL, value)
        bundle = zlib.decompressobj().decompress(packed, TILE_WIDTH * (MAX_ENTRY_BYTES + 2))
        count = size % TILE_WIDTH
        return Tail(size, decode_bundle(bundle, count) if count else []) if packed and size >= 0 else None
    except (zlib.error, ValueError):
        return None


def _size_of(key: str, value: bytes) -> int:
    """Return the size a value of the register is of; -1 where that cannot be read, so that it is replaced."""
    try:
        _, *lines = [b"", *value.split(b"\n", 1)] if key == TAIL else value.split(b"\n", 2)
        return parse_decimal(lines[0].decode("ascii"), "a size")
    except ValueError:
        return -1


def _first_of_row(size: int, level: int) -> int:
    """Return the index of the first tile of a level whose hash is in a tile above that is not full."""
    below: int = size // TILE_WIDTH ** (level + 1)
    return below - below % TILE_WIDTH


def _paths_of_bundle(index: int) -> list[str]:
    """Return the paths of a bundle and of the tiles it completes, as Edge.extend orders them."""
    completed = tiles_completed(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
    return [entries_path(index), *(tile_path(tile.level, tile.index) for tile in completed)]
