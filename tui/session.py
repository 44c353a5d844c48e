"""A session: what the screens ask of one portfolio. Read-only: it holds a stream to read, and nothing to write with.

One replica, asked in a thread so that a screen never waits, by one question at a time; it takes in what the stream
has gained whenever it is told to.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from ledger.store import EventStore, Stored
from ledger.store import StoreError as StoreError
from ledger.writer import Clock, system_clock
from projections.line import Line, instant_of, recorded_since
from projections.moment import Moment, moment, time_zone
from projections.replica import Replica
from projections.sync import catch_up
from schemas import codec
from schemas.envelope import Recorded

T = TypeVar("T")


class Entry:
    """One entry of the stream, decoded where it is an event. foreign: why it is none."""

    def __init__(self, stored: Stored, portfolio: str) -> None:
        self.sequence, self.payload = stored.sequence, stored.payload
        self.event: Recorded | None = None
        self.foreign: str | None = None
        try:
            self.event = codec.decode(stored.payload, portfolio=portfolio, sequence=stored.sequence)
        except codec.ForeignEntry as error:
            self.foreign = str(error)


class Session:
    """What the screens ask. line: when each event was recorded. offline: since when, and why, where the stream is
    away; everything known by then can still be asked."""

    def __init__(
        self, replica: Replica, store: EventStore, directory: Path, *, actor: str, clock: Clock = system_clock
    ) -> None:
        self.replica, self.portfolio, self.directory, self.actor = replica, replica.portfolio, directory, actor
        self.clock = clock
        self.offline: tuple[datetime.datetime, str] | None = None
        self.zone = time_zone(replica)
        self.line = Line(*recorded_since(replica, 0))
        self._store = store
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, work: Callable[[Replica], T]) -> T:
        """Return what *work* makes of the replica, in a thread."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(work, self.replica)

    async def refresh(self) -> int:
        """Take in what the stream has gained, and return how many events that is. A stream that is away is noted."""
        try:
            last = await self._store.last_sequence()
            if last > self.replica.sequence:
                async with self._one_at_a_time:
                    before = self.replica.sequence
                    await catch_up(self.replica, self._store)
                    found = await asyncio.to_thread(recorded_since, self.replica, before)
                    self.line.extend(*found)
                self.offline = None
                return len(found[0])
            self.offline = None
        except StoreError as error:
            if self.offline is None:
                self.offline = (self.clock(), str(error))
        return 0

    async def entry(self, sequence: int) -> Entry | None:
        """Return the entry at a sequence, None where there is none. Errors: StoreError."""
        async for stored in self._store.read(after=sequence - 1, until=sequence):
            return Entry(stored, self.portfolio)
        return None

    async def payloads(self, after: int, until: int) -> AsyncIterator[bytes]:
        """Yield the entries behind a sequence, as they are stored. Errors: StoreError."""
        async for stored in self._store.read(after=after, until=until):
            yield stored.payload

    def moment(self, sequence: int, as_of: datetime.date | None = None) -> Moment:
        """Return the moment after a sequence was recorded; as of its day, or of another."""
        us = self.line.at(sequence)
        if us is None:
            return Moment(sequence, None, as_of or self.clock().astimezone(self.zone).date())
        at = instant_of(us)
        return Moment(sequence, at, as_of or at.astimezone(self.zone).date())

    def now(self) -> Moment:
        """Return this moment: everything known, as of today."""
        return self.moment(self.line.tip, self.clock().astimezone(self.zone).date())

    async def at(self, as_known: str | None, as_of: str | None) -> Moment:
        """Return the moment that two texts name. Errors: MomentError."""
        now = self.clock()
        return await self.ask(lambda replica: moment(replica, as_known, as_of, now=now))
