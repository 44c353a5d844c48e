"""A world in memory for sealers: a stream, a register, a stream of tiles, directories; each step of it may be the last.

Whoever drives it decides, at each `await`, who goes on: a sealer that is not stepped waits, one that is killed never
hears what became of its last step, which was done or was not.
"""

from __future__ import annotations

import functools
import random
from collections.abc import AsyncIterator, Coroutine, Generator, Sequence
from typing import Any

from ledger.notary.checkpoint import Checkpoint, parse_checkpoint
from ledger.notary.edge import Edge, File
from ledger.notary.note import SignerKey, Vkey
from ledger.notary.sealer import CHECKPOINT, HEAD, Kept, NotaryAlarm, Overtaken, Sealer
from ledger.notary.tiles import Bundle, parse_path
from ledger.store import HoleInStream, OutcomeUnknown, Stored, StoreError, StreamUnavailable

ENTRIES = [b"entry %d" % number for number in range(1, 2_001)]
"""What every stream holds, as far as it goes."""


def _roots() -> list[bytes]:
    edge, roots = Edge(), []
    for entry in ENTRIES:
        roots.append(edge.root())
        edge.extend([entry])
    return [*roots, edge.root()]


ROOTS = _roots()
"""The root of the log at each size."""


class Killed(BaseException):
    """What a process feels of kill -9: nothing, so nobody may catch it."""


class Point:
    """Where a sealer waits for the world: before a step, or behind it."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class World:
    """What outlives every sealer. faults: how often a step fails, or is done unheard, of 1."""

    def __init__(self, seed: int, *, faults: float = 0.0) -> None:
        self.chance, self.faults = random.Random(seed), faults
        self.entries: list[bytes] = []
        self.kept: dict[str, Kept] = {}
        self.revision = 0
        self.tiles: list[File] = []
        self.signed: list[Checkpoint] = []
        self.key = watched_key(self.signed)

    def grow(self, count: int) -> None:
        """Append what comes next in ENTRIES."""
        self.entries += ENTRIES[len(self.entries) : len(self.entries) + count]

    def sealer(self, directory: MemoryDirectory) -> Sealer:
        """Return a sealer over this world and a directory."""
        return Sealer(MemoryReader(self), MemoryRegister(self), directory, MemoryTiles(self), self.key)

    async def lost(self) -> None:
        """The step that follows may never be done."""
        await Point()
        if self.chance.random() < self.faults:
            raise StreamUnavailable("the server is away")

    async def unheard(self) -> None:
        """The step before was done; nobody may hear of it."""
        await Point()
        if self.chance.random() < self.faults:
            raise OutcomeUnknown("the world", 0, 1.0)


def watched_key(signed: list[Checkpoint]) -> SignerKey:
    """Return the log's key, which notes everything it signs."""

    class Watched(SignerKey):
        def sign(self, text: str) -> bytes:
            signed.append(parse_checkpoint(text))
            return super().sign(text)

        @property
        def vkey(self) -> Vkey:
            return VKEY

    return Watched("log", 1, bytes(range(32)))


class Remembering(Vkey):
    """A key that works out only once whether a signature fits."""

    def verify(self, text: str, blob: bytes) -> bool:
        return _fits(text, blob)


@functools.cache
def _fits(text: str, blob: bytes) -> bool:
    return Vkey(*VKEY).verify(text, blob)


VKEY = Remembering(*SignerKey("log", 1, bytes(range(32))).vkey)


class MemoryReader:
    def __init__(self, world: World) -> None:
        self._world = world

    async def read(self, *, after: int = 0, until: int | None = None) -> AsyncIterator[Stored]:
        await self._world.lost()
        entries = self._world.entries
        last = len(entries) if until is None else min(until, len(entries))
        for place in range(after, last):
            if entries[place] is None:
                raise HoleInStream("memory", place + 1, place + 2)
            yield Stored(place + 1, "event", entries[place])

    async def last_sequence(self) -> int:
        await self._world.lost()
        return len(self._world.entries)


class MemoryRegister:
    def __init__(self, world: World) -> None:
        self._world = world

    async def get(self, key: str) -> Kept:
        await self._world.lost()
        return self._world.kept.get(key, Kept(None, 0))

    async def swap(self, key: str, value: bytes, revision: int) -> int:
        world = self._world
        await world.lost()
        there = world.kept.get(key, Kept(None, 0))
        if there.revision != revision:
            raise Overtaken(key)
        if key in (HEAD, CHECKPOINT) and there.value is not None:
            assert size_of(value) >= size_of(there.value), f"{key} went back"
        world.revision += 1
        made = world.revision
        world.kept[key] = Kept(value, made)
        await world.unheard()
        return made


class MemoryDirectory:
    """One machine's files. `keep` may be cut off between any two of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.files: dict[str, bytes] = {}

    async def keep(self, files: Sequence[File]) -> None:
        for path, content in files:
            await Point()
            if self.files.setdefault(path, content) != content:
                raise NotaryAlarm(f"{path} differs")
        await Point()

    async def get(self, path: str) -> bytes | None:
        await Point()
        return self.files.get(path)

    async def publish(self, note: bytes) -> None:
        await Point()
        there = self.files.get(CHECKPOINT)
        assert there is None or size_of(note) >= size_of(there), "the checkpoint went back"
        self.files[CHECKPOINT] = note
        await Point()

    async def drop(self, files: Sequence[File]) -> None:
        for file in files:
            await Point()
            for path in [path for path in self.files if path.startswith(f"{file.path}.p/")]:
                del self.files[path]


class MemoryTiles:
    """The stream of tiles as one sealer sees it: guarded by its end, a bundle whole or not at all."""

    def __init__(self, world: World) -> None:
        self._world, self._seen = world, 0

    async def bundle_count(self) -> int:
        await self._world.lost()
        self._seen = len(self._world.tiles)
        return bundles_in(self._world.tiles)

    async def keep(self, files: Sequence[File]) -> None:
        world = self._world
        group: list[File] = []
        for number, file in enumerate(files):
            group.append(file)
            if number + 1 < len(files) and not isinstance(parse_path(files[number + 1].path), Bundle):
                continue
            await world.lost()
            there = dict(world.tiles)
            if group[0].path in there:
                if any(there.get(path) != content for path, content in group):
                    raise NotaryAlarm(f"{group[0].path} differs")
            elif self._seen != len(world.tiles):
                raise Overtaken("tiles")
            else:
                index = parse_path(group[0].path).index
                assert index == bundles_in(world.tiles), f"{group[0].path} leaves a gap"
                world.tiles += group
                self._seen = len(world.tiles)
                await world.unheard()
            group = []


async def life(sealer: Sealer, *, compares: bool = False) -> None:
    """What a notary does until it is killed, or finds that it must stop."""
    while True:
        try:
            await sealer.resume()
            if compares:
                await sealer.compare()
            while True:
                async for _ in sealer.seal_all():
                    await Point()
                await Point()
        except HoleInStream:
            raise
        except StoreError:
            await Point()


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end, and return what it returns."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as end:
        return end.value


def killed(coroutine: Coroutine[Any, Any, Any]) -> None:
    """Kill a coroutine where it waits."""
    try:
        coroutine.throw(Killed())
    except (Killed, StopIteration):
        return
    raise AssertionError("it survived")


def size_of(note: bytes) -> int:
    return int(note.split(b"\n")[1])


def bundles_in(files: Sequence[File]) -> int:
    return sum(isinstance(parse_path(file.path), Bundle) for file in files)
