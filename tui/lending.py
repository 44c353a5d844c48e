"""A stream lent to another thread: it is read there, and asked for here, in the loop its connection belongs to.

Only reading is lent. Whoever is handed a `Lent` has nothing to write with.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any, TypeVar

from ledger.store import EventReader, Stored

T = TypeVar("T")

BATCH_ENTRIES = 512
"""How many entries cross over at once: few enough that a screen is drawn between two batches."""


class Lent:
    """The reading half of a stream, for a thread with a loop of its own. home: the loop the stream belongs to."""

    def __init__(self, store: EventReader, home: asyncio.AbstractEventLoop) -> None:
        self._store, self._home = store, home

    async def read(self, *, after: int = 0, until: int | None = None) -> AsyncGenerator[Stored]:
        """Yield the entries with sequence above *after*, as EventReader promises."""
        entries = self._store.read(after=after, until=until)
        try:
            while batch := await self._at_home(_some(entries)):
                for entry in batch:
                    yield entry
        finally:
            if isinstance(entries, AsyncGenerator):
                await self._at_home(_close(entries))

    async def last_sequence(self) -> int:
        """Return the sequence of the last entry, as EventReader promises."""
        return await self._at_home(self._store.last_sequence())

    async def _at_home(self, asked: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asked, self._home))


async def _some(entries: AsyncIterator[Stored]) -> list[Stored]:
    """Return the next few entries, none at the end."""
    batch: list[Stored] = []
    async for entry in entries:
        batch.append(entry)
        if len(batch) == BATCH_ENTRIES:
            break
    return batch


async def _close(entries: AsyncGenerator[Stored]) -> None:
    await entries.aclose()
