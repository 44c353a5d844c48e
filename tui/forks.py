"""Forks of the history that a session shows, made once and kept while they are used.

A fork needs the book at its place, which is made of every entry before it: some thirty seconds at a million. So the
newest one is made when one begins to suppose, and each begins with the nearest book before it. It is made in threads,
a batch at a time, and goes on when whoever waited for it no longer does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from ledger.book import Book
from ledger.fork import Fork
from tui.session import Session, StoreError

BATCH_ENTRIES = 512
"""How many entries are taken at once: some twenty milliseconds."""

KEPT_FORKS, KEPT_ENTRIES = 4, 200_000
"""How many forks that nobody uses just now are kept, and how many entries may stand behind them."""


class Busy(NamedTuple):
    """What is being done, and how much of it is."""

    words: str
    done: int
    total: int


class Forks:
    """The forks of one portfolio. making: what is under way, None for nothing."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: dict[int, Fork] = {}
        self._under_way: dict[int, asyncio.Task[Fork]] = {}
        self.making: Busy | None = None

    async def at(self, place: int, last: int) -> Fork:
        """Return the fork at a place, with everything up to *last* behind it. Errors: StoreError.

        What was begun goes on where the caller is cancelled, until `stop`.
        """
        kept = self._kept.get(place)
        while kept is None or kept.sequence < last:
            if place not in self._under_way:
                task = self._under_way[place] = asyncio.create_task(self._make(place, last))
                task.add_done_callback(lambda done: self._done(place, done))
            kept = await asyncio.shield(self._under_way[place])
        return kept

    def _done(self, place: int, task: asyncio.Task[Fork]) -> None:
        if self._under_way.get(place) is task:
            del self._under_way[place]
        if not task.cancelled():
            task.exception()  # it was told to whoever waited; where nobody did, there is nobody to tell

    def use(self, places: Iterable[int]) -> None:
        """Say which forks are used now. None is made for other places, and of those there are a few are kept."""
        used = set(places)
        if used:
            self.stop(used)
        spare = [place for place in self._kept if place not in used]
        while len(spare) > KEPT_FORKS or sum(len(self._kept[place].units) for place in spare) > KEPT_ENTRIES:
            del self._kept[spare.pop(0)]

    @property
    def none(self) -> bool:
        """Whether there is no fork yet, and none is being made."""
        return not self._kept and not self._under_way

    def stop(self, but: Iterable[int] = ()) -> None:
        """Stop making forks, but those at some places."""
        for place in self._under_way.keys() - set(but):
            self._under_way.pop(place).cancel()

    async def _make(self, place: int, last: int) -> Fork:
        fork = self._kept.pop(place, None)
        if fork is None:
            fork = await asyncio.to_thread(Fork, self._nearest(place), place)
        first, waiting = fork.sequence, list[bytes]()
        words = "reading the history"
        try:
            async for payload in self._session.payloads(first, last):
                waiting.append(payload)
                if len(waiting) == BATCH_ENTRIES:
                    await asyncio.to_thread(fork.take, waiting)
                    waiting = []
                    self.making = Busy(words, fork.sequence - first, last - first)
            await asyncio.to_thread(fork.take, waiting)
        finally:
            self.making = None
        if fork.sequence < last:
            raise StoreError(
                f"the stream ends at sequence {fork.sequence}, and {last} are known: it lost some; "
                "see `portfolio rebuild`"
            )
        self._kept[place] = fork
        return fork

    def _nearest(self, place: int) -> Book:
        """Return the book that is nearest before a place."""
        books = [fork.book for fork in self._kept.values() if fork.book.sequence <= place]
        return max(books, key=lambda book: book.sequence, default=Book(self._session.portfolio))
