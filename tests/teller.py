"""From words to a history: command lines, each decided at once, and what a writer makes of them."""

from __future__ import annotations

import asyncio
import datetime
import itertools
import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from ledger.book import Book
from ledger.decider import Asked, Repeated, decide
from ledger.evolve import evolve
from ledger.store import MemoryStore
from ledger.writer import Clock, Writer
from schemas import codec
from schemas.commands import parse
from schemas.envelope import Recorded
from schemas.events import ObjectivesSet
from schemas.receipts import Receipt, Refused
from tests.words import ORIGIN, PORTFOLIO, Ask, opening

START = datetime.datetime(2026, 1, 12, 8, tzinfo=datetime.UTC)
FAR_FUTURE = datetime.date(9999, 12, 31)


def ticking() -> Clock:
    """Return a clock that is five hours and a bit later each time it is read."""
    step = datetime.timedelta(hours=5, minutes=7, microseconds=123)
    ticks = itertools.count()
    return lambda: START + next(ticks) * step


class Teller:
    """Writes command lines and decides each at once. events: what they cause, as decided."""

    def __init__(self) -> None:
        self.book = Book(PORTFOLIO)
        self.lines: list[bytes] = []
        self.events: list[Recorded] = []
        self._clock = ticking()

    def say(self, ask: Ask, day: datetime.date | str, **more: Any) -> int:
        """Write a command that is effective on *day*; return the sequence of its first event, 0 where it is refused.

        more: fields of the command other than its data.
        """
        said = {"type": f"{ask.type}.v1", "portfolio": ORIGIN, "commandid": f"c-{len(self.lines) + 1}", "actor": "ana"}
        said |= {"subject": ask.about, "time": str(day), "data": ask.data} | more
        return self.say_line(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())

    def say_line(self, line: bytes) -> int:
        """Write a line as it stands."""
        self.lines.append(line)
        command = parse(line)
        if isinstance(command, Refused):
            return 0
        outcome = decide(Asked(command, line), self.book, now=self._clock())
        if isinstance(outcome, Refused | Repeated):
            return 0
        for event in outcome:
            evolve(self.book, event)
        self.events += outcome
        return outcome[0].at


class Ran(NamedTuple):
    """What a writer made of command lines: receipts, stored payloads, the events they decode to, and its book."""

    receipts: list[Receipt]
    payloads: list[bytes]
    events: list[Recorded]
    book: Book


def run(lines: Sequence[bytes], *, one_by_one: bool = False) -> Ran:
    """Return what a writer on an empty memory store makes of command lines, by a fixed clock."""

    async def write() -> Ran:
        store = MemoryStore()
        writer = Writer(PORTFOLIO, store, ticking())
        if one_by_one:
            receipts = [await writer.submit(line) for line in lines]
        else:
            receipts = await writer.submit_all(lines)
        stored = [(entry.sequence, entry.payload) async for entry in store.read()]
        events = [codec.decode(payload, portfolio=PORTFOLIO, sequence=sequence) for sequence, payload in stored]
        return Ran(receipts, [payload for _, payload in stored], events, writer.book)

    return asyncio.run(write())


def record(lines: Sequence[bytes]) -> list[Recorded]:
    """Return the events that are stored for command lines, decoded."""
    return run(lines).events


def events_of(*said: tuple[str, Ask]) -> list[Recorded]:
    """Return the events of commands after an opening, each with the day it is effective on; all must be accepted.

    The opening has sequence 1, so the first of *said* has 2.
    """
    teller = Teller()
    for day, ask in (("2026-01-01", opening()), *said):
        assert teller.say(ask, day), f"refused: {ask}"
    return record(teller.lines)


def days(events: Sequence[Recorded]) -> list[datetime.date]:
    """Return the days on which a view of *events* may change, the days before them, and one far ahead."""
    turns = {event.effective_on for event in events}
    for event in events:
        if isinstance(event.data, ObjectivesSet):
            turns |= {each.valid_from for each in event.data.objectives if each.valid_from}
            turns |= {each.valid_to + datetime.timedelta(days=1) for each in event.data.objectives if each.valid_to}
    return sorted({*turns, *(turn - datetime.timedelta(days=1) for turn in turns), FAR_FUTURE})
