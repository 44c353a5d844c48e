"""What comes of scenarios: each is decided again in a thread, asked for its figures, and remembered.

One at a time: whoever asks next waits until the thread of the one before has stopped. Nothing here can write: it holds
a session, which only reads.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from threading import Event
from typing import NamedTuple, TypeVar

from ledger.fork import Fork, SupposeError
from ledger.suppose import Change, Fate, Outcome, Supposing, suppose
from projections.scenarios import RECORDED, Side, side, supposed_side
from tui.forks import Busy, Forks
from tui.model.supposed import Scenario, WhatIf
from tui.session import Session

T = TypeVar("T")

REMEMBERED = 24
"""How many answers are kept, so that turning a decision off and on again costs nothing."""


class Found(NamedTuple):
    """What comes of one scenario. changes: what was supposed. kept: how many recorded commands come out as they are.
    fates: of the others, those that no longer pass first. outcomes: of the supposed commands, in their order."""

    changes: tuple[Change, ...]
    side: Side
    kept: int
    fates: tuple[Fate, ...]
    outcomes: tuple[Outcome, ...]


class Compared(NamedTuple):
    """Histories side by side. last: the last entry of the recorded one. scenarios: in their order; a text where one
    cannot be supposed as it is, and why."""

    last: int
    as_of: datetime.date
    now: Side
    scenarios: tuple[Found | str, ...]


class Stopped(Exception):
    """Nobody waits for the answer any more."""


class Outcomes:
    """What comes of what is supposed."""

    def __init__(self, session: Session) -> None:
        self.forks = Forks(session)
        self._session = session
        self._deciding: Busy | None = None
        self._remembered: dict[tuple[object, ...], Found | str] = {}
        self._recorded: tuple[int, datetime.date, Side] | None = None
        self._one_at_a_time = asyncio.Lock()
        self._stop = Event()

    @property
    def busy(self) -> Busy | None:
        """What is being done now, None for nothing."""
        return self._deciding or self.forks.making

    async def of(self, what_if: WhatIf) -> Compared:
        """Return what comes of every scenario. Errors: StoreError where the stream is needed and away."""
        scenarios = list(what_if.scenarios)
        async with self._one_at_a_time:
            self._stop.clear()
            last, as_of = self._session.replica.sequence, what_if.as_of or self._session.now().as_of
            now = await self._now(last, as_of)
            places = [min(each.fork(last) for each in scenario.on) for scenario in scenarios if scenario.on]
            self.forks.use(places)
            found = [await self._scenario(each, last, as_of, now) for each in scenarios]
            return Compared(last, as_of, now, tuple(found))

    async def ready(self) -> None:
        """Make a fork at the end where there is none, so that the first decision need not wait. Errors: StoreError."""
        last = self._session.replica.sequence
        if self.forks.none:
            await self.forks.at(last, last)

    async def _now(self, last: int, as_of: datetime.date) -> Side:
        if self._recorded is None or self._recorded[:2] != (last, as_of):
            asked = self._session.ask(lambda replica: side(replica, RECORDED, as_of))
            self._recorded = (last, as_of, await self._to_its_end(asked))
        return self._recorded[2]

    async def _scenario(self, scenario: Scenario, last: int, as_of: datetime.date, now: Side) -> Found | str:
        changes = scenario.changes(last)
        if not changes:
            return Found((), now, 0, (), ())
        key = (last, as_of, changes)
        known = self._remembered.pop(key, None)
        if known is None:
            place = min(each.fork(last) for each in scenario.on)
            known = await self._decide(await self.forks.at(place, last), changes, as_of)
        self._remembered[key] = known
        while len(self._remembered) > REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        return known

    async def _decide(self, fork: Fork, changes: tuple[Change, ...], as_of: datetime.date) -> Found | str:
        """Decide what is behind a fork again, in a thread, and ask what it comes to."""
        total, now = len(fork.units), self._session.clock()
        self._deciding = Busy("deciding again", 0, total)
        try:
            told = await self._to_its_end(
                asyncio.to_thread(lambda: suppose(fork, changes, now=now, moved=self._moved(total)))
            )
            asked = self._session.ask(lambda replica: supposed_side(replica, "supposed", as_of, told))
            return _found(changes, await self._to_its_end(asked), told)
        except SupposeError as error:
            return str(error)
        finally:
            self._deciding = None

    def _moved(self, total: int) -> Callable[[int], None]:
        done = 0

        def moved(count: int) -> None:
            nonlocal done
            if self._stop.is_set():
                raise Stopped
            done += count
            self._deciding = Busy("deciding again", done, total)

        return moved

    async def _to_its_end(self, awaited: Awaitable[T]) -> T:
        """Return what is awaited. Where nobody waits any more it is told to stop, and only then is it left alone."""
        task = asyncio.ensure_future(awaited)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._stop.set()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()
            raise


def _found(changes: tuple[Change, ...], asked: Side, told: Supposing) -> Found:
    """Return what is kept of a supposed history: its figures and what became of each command, not its entries."""
    changed = [fate for fate in told.told if fate.became == "changed"]
    return Found(changes, asked, told.kept, (*told.refused, *changed), told.outcomes)
