"""The notary at work: it follows the stream and seals, after a second or 256 entries, until it is stopped.

What the world does, an absent server or another notary that is faster, is waited out and taken up again from what is
kept. What no waiting helps, a stream or a file that is not as it was sealed, ends it with an alarm, which it leaves in
the register for others to see.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from ledger.access import Access
from ledger.notary.checkpoint import Checkpoint
from ledger.notary.directory import DirectoryTaken, LogDirectory
from ledger.notary.keys import log_key_path, make_log_key, read_log_key
from ledger.notary.note import Vkey
from ledger.notary.sealer import CHECKPOINT, HEAD, READ_TOGETHER, VKEY, NotaryAlarm, Overtaken, Register, Sealer
from ledger.notary.tiles import TILE_WIDTH
from ledger.store import EventReader, HoleInStream, Stored, StoreError
from ledger.tasks import ended
from ledger.writer import Clock, system_clock
from schemas import codec
from schemas.events import PortfolioOpened

SEAL_AFTER_S = 1.0
"""Longest wait of an entry for the seal that covers it to begin."""

MOST_ARRIVED = 1_024
"""How many entries wait to be sealed at most: 64 MB, where all are as long as can be."""

RETRY_S = 1.0
STAND_BY_S = 2.0
"""How often a notary that stands by looks whether the directory is free."""

COMPARE_EVERY_S = 86_400.0
"""How often the whole stream is compared with the tiles, besides at the start."""

ALARM = "alarm"
"""Key of the register: what the last alarm said."""

Told = Callable[[Checkpoint], None]

_log = logging.getLogger(__name__)
_END = object()


class Followed(EventReader, Protocol):
    """A stream that can be followed as well as read."""

    def follow(self, *, after: int = 0) -> AsyncIterator[Stored]:
        """Yield the entries above *after*, and every new one, for ever. Errors: HoleInStream, StreamUnavailable."""
        ...


class Notary:
    """The notary of one portfolio: `run` until `end`. vkey: its log's. state: starting, sealing, waiting or stopped."""

    role = "notary"

    def __init__(
        self,
        portfolio: str,
        stream: Followed,
        sealer: Sealer,
        register: Register,
        vkey: Vkey,
        *,
        told: Told = lambda _: None,
        clock: Clock = system_clock,
    ) -> None:
        """told: is given every checkpoint as it is published."""
        self.portfolio, self.vkey, self.state = portfolio, vkey, "starting"
        self.alarm: str | None = None
        self._stream, self._sealer, self._register = stream, sealer, register
        self._told, self._clock = told, clock
        self._ending = asyncio.Event()

    @property
    def checkpoint(self) -> Checkpoint:
        """The newest checkpoint."""
        return self._sealer.checkpoint

    async def run(self) -> None:
        """Seal until `end` is called. An absent server is waited for. Errors: NotaryAlarm."""
        try:
            while not self._ending.is_set():
                try:
                    await self._resumed()
                    await self._follow()
                except HoleInStream:
                    raise
                except StoreError as error:
                    _log.log(logging.DEBUG if isinstance(error, Overtaken) else logging.WARNING, "%s", error)
                    self.state = "waiting"
                    await self._ends_within(RETRY_S)
        except (NotaryAlarm, HoleInStream) as alarm:
            await self._raise(alarm)
        finally:
            self.state = "stopped"

    async def run_once(self) -> Checkpoint:
        """Compare what is sealed, seal what the stream holds now, and return the newest checkpoint.

        Errors: NotaryAlarm, StoreError.
        """
        try:
            await self._resumed()
            await self._sealer.compare()
            async for checkpoint in self._sealer.seal_all():
                self._told(checkpoint)
        except (NotaryAlarm, HoleInStream) as alarm:
            await self._raise(alarm)
        return self.checkpoint

    def end(self) -> None:
        """Stop soon: what was read is sealed first."""
        self._ending.set()

    def words(self) -> dict[str, Any]:
        """Return how it is, in the words of its JSON."""
        return {
            "role": self.role,
            "portfolio": self.portfolio,
            "ready": self.state == "sealing",
            "state": self.state,
            "size": self.checkpoint.size,
            "root": self.checkpoint.root.hex(),
            "vkey": str(self.vkey),
            "alarm": self.alarm,
        }

    async def _resumed(self) -> None:
        before = self.checkpoint
        now = await self._sealer.resume()
        if now.size > before.size:
            self._told(now)

    async def _follow(self) -> None:
        """Seal what comes until the end has come. Errors: as seal, and as the stream."""
        # A sealer that falls behind makes the reader wait, not the memory grow.
        arrived: asyncio.Queue[Any] = asyncio.Queue(MOST_ARRIVED)
        others = [
            asyncio.create_task(self._read_into(arrived)),
            asyncio.create_task(self._end_into(arrived)),
            asyncio.create_task(self._compare_into(arrived)),
        ]
        self.state = "sealing"
        try:
            while not self._ending.is_set():
                batch, stop = await _batch(arrived)
                if batch:
                    self._told(await self._sealer.seal(batch))
                if isinstance(stop, Exception):
                    raise stop
        finally:
            await ended(others)

    async def _read_into(self, arrived: asyncio.Queue[Any]) -> None:
        try:
            async for entry in self._stream.follow(after=self.checkpoint.size):
                await arrived.put(entry.payload)
        except StoreError as error:
            await arrived.put(error)

    async def _end_into(self, arrived: asyncio.Queue[Any]) -> None:
        await self._ending.wait()
        await arrived.put(_END)

    async def _compare_into(self, arrived: asyncio.Queue[Any]) -> None:
        while True:
            try:
                size = await self._sealer.compare()
                _log.debug("%s: %d entries of the stream are as they were sealed", self.portfolio, size)
            except (NotaryAlarm, HoleInStream) as error:
                await arrived.put(error)
            except StoreError as error:
                _log.debug("%s was not compared: %s", self.portfolio, error)
            await asyncio.sleep(COMPARE_EVERY_S)

    async def _raise(self, alarm: Exception) -> None:
        """Leave an alarm where others see it, and raise it."""
        self.alarm, self.state = str(alarm), "stopped"
        _log.critical("%s: %s", self.portfolio, alarm)
        told = json.dumps({"at": self._clock().isoformat(), "size": self.checkpoint.size, "alarm": str(alarm)})
        with suppress(StoreError):  # it is raised all the same
            await self._register.swap(ALARM, told.encode(), (await self._register.get(ALARM)).revision)
        if isinstance(alarm, NotaryAlarm):
            raise alarm
        raise NotaryAlarm(f"the log of {self.portfolio} cannot go on: {alarm}") from alarm

    async def _ends_within(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()


@asynccontextmanager
async def notary(
    access: Access, portfolio: str, *, key: Path | None = None, told: Told = lambda _: None
) -> AsyncIterator[Notary]:
    """Yield the notary of a portfolio, ready to run. One process at a time has the directory.

    key: the file of the log's signer key; without it that of the data directory, which the first notary makes.
    told: is given every checkpoint as it is published.
    Errors: NotaryAlarm where another notary has the directory, or another key signs; KeyFileError, StoreError.
    """
    store, register, tiles = access.store(portfolio), access.register(portfolio), access.tiles(portfolio)
    directory = LogDirectory(access.directory(portfolio))
    origin = await log_origin(store, portfolio)
    with directory.signing():
        await register.make()
        await tiles.make()
        path = key or log_key_path(access.data, portfolio)
        signer = read_log_key(path, origin)
        if signer is None:
            if directory.read(CHECKPOINT) or any([(await register.get(each)).value for each in (VKEY, HEAD)]):
                raise KeyElsewhere(
                    f"the log {origin} was signed before, and its key is not in {path}; give it with --key. Without it "
                    "nobody can go on with this log"
                )
            signer = make_log_key(path, origin)
        await _agree(register, signer.vkey)
        sealer = Sealer(store, register, directory, tiles, signer)
        yield Notary(portfolio, store, sealer, register, signer.vkey, told=told)


class KeyElsewhere(NotaryAlarm):
    """The log was signed before, and its signer key is not here."""


class NotaryPart:
    """The notary as a part of what `portfolio serve` serves. It stands by while another has the directory, and seals
    nothing where the log's key is on another machine."""

    role = "notary"

    def __init__(self, access: Access, portfolio: str, *, key: Path | None = None) -> None:
        self.portfolio = portfolio
        self._access, self._key = access, key
        self._ending = asyncio.Event()
        self._at_work: Notary | None = None
        self._stands_by = "standby"

    async def run(self) -> None:
        """Seal until `end` is called. Errors: NotaryAlarm, KeyFileError; StoreError at the start."""
        while not self._ending.is_set():
            try:
                async with notary(self._access, self.portfolio, key=self._key) as self._at_work:
                    if not self._ending.is_set():
                        await self._at_work.run()
            except DirectoryTaken:
                with suppress(TimeoutError):
                    async with asyncio.timeout(STAND_BY_S):
                        await self._ending.wait()
            except KeyElsewhere as missing:
                _log.info("%s: sealed elsewhere: %s", self.portfolio, missing)
                self._stands_by = "without key"
                await self._ending.wait()

    def end(self) -> None:
        """Stop soon: what was read is sealed first."""
        self._ending.set()
        if self._at_work is not None:
            self._at_work.end()

    def words(self) -> dict[str, Any]:
        """Return how it is, in the words of its JSON."""
        if self._at_work is None:
            return {"role": self.role, "portfolio": self.portfolio, "ready": True, "state": self._stands_by}
        return self._at_work.words()


async def log_origin(store: EventReader, portfolio: str) -> str:
    """Return the origin of a portfolio's log, which its first event names. Errors: NotaryAlarm, StoreError."""
    async for entry in store.read(until=1):
        with suppress(codec.ForeignEntry):
            opening = codec.decode(entry.payload, portfolio=portfolio, sequence=1).data
            if isinstance(opening, PortfolioOpened):
                return opening.log_origin
    raise NotaryAlarm(f"portfolio {portfolio} was never opened, so its log has no name; see `portfolio init`")


async def _agree(register: Register, vkey: Vkey) -> None:
    """See that this is the key of the log, for all its notaries. The first one says which. Errors: NotaryAlarm."""
    there = await register.get(VKEY)
    if there.value is None:
        # A crash behind this line leaves a log that only this key can begin.
        with suppress(Overtaken):
            await register.swap(VKEY, str(vkey).encode(), 0)
        there = await register.get(VKEY)
    if there.value != str(vkey).encode():
        raise NotaryAlarm(
            f"the log {vkey.name} has the key {(there.value or b'').decode('ascii', 'replace')}, and {vkey} is given; "
            "give the key that began it"
        )


async def _batch(arrived: asyncio.Queue[Any]) -> tuple[list[bytes], object]:
    """Return the entries of the next seal, and what else arrived behind them: an error, the end, or None.

    It is 256 or what comes within a second of the first; and whatever is waiting then.
    """
    batch: list[bytes] = []
    until: float | None = None
    while len(batch) < READ_TOGETHER:
        if len(batch) < TILE_WIDTH:
            try:
                async with asyncio.timeout_at(until):
                    found = await arrived.get()
            except TimeoutError:
                break
        elif arrived.empty():
            break
        else:
            found = arrived.get_nowait()
        if not isinstance(found, bytes):
            return batch, found
        batch.append(found)
        until = until or asyncio.get_running_loop().time() + SEAL_AFTER_S
    return batch, None
