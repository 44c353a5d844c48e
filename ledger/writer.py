"""The way of a command into the stream: parse, catch the book up, decide, append with a guard, answer.

Commands given together are decided together and go in one atomic append. One append is outstanding at a time, and
no receipt leaves before the append it rests on is acknowledged.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

from ledger.book import Book, evolve, evolve_foreign
from ledger.decider import Asked, Repeated, decide, event_id
from ledger.store import MAX_BATCH, Draft, EventStore, OutcomeUnknown, SequenceConflict, StreamUnavailable
from schemas import codec, subjects
from schemas.commands import parse
from schemas.envelope import Recorded
from schemas.receipts import Accepted, EventPlace, Receipt, Refused

MAX_APPEND_BYTES = 4_000_000
PATIENCE_S = 30.0
"""How long a writer tries to learn what became of an append."""

Clock = Callable[[], datetime.datetime]


def system_clock() -> datetime.datetime:
    """Return the time now, aware, in UTC."""
    return datetime.datetime.now(datetime.UTC)


class Writer:
    """One writer of one portfolio. Not for use by two tasks at once."""

    def __init__(self, portfolio: str, store: EventStore, clock: Clock = system_clock) -> None:
        self.book = Book(portfolio)
        self._store, self._clock = store, clock

    async def catch_up(self) -> None:
        """Take every entry of the stream into the book. Errors: StreamUnavailable, HoleInStream."""
        async for entry in self._store.read(after=self.book.sequence):
            try:
                event = codec.decode(entry.payload, portfolio=self.book.portfolio, sequence=entry.sequence)
            except codec.ForeignEntry:
                evolve_foreign(self.book, entry.sequence)
            else:
                evolve(self.book, event)

    async def submit(self, line: bytes) -> Receipt:
        """Return the receipt of one command."""
        return (await self.submit_all([line]))[0]

    async def submit_all(self, lines: Sequence[bytes]) -> list[Receipt]:
        """Return the receipts of commands, in their order. Errors: StreamUnavailable where the stream stays away."""
        return [receipt async for receipt in self.submit_each(lines)]

    async def submit_each(self, lines: Iterable[bytes]) -> AsyncIterator[Receipt]:
        """Yield the receipts of commands in their order, each as soon as its append is acknowledged."""
        await self.catch_up()
        group: list[Asked | Refused] = []
        for line in lines:
            command = parse(line)
            group.append(command if isinstance(command, Refused) else Asked(command, line))
            if len(group) == MAX_BATCH // 2:  # no command causes more than two events
                for receipt in await self._decide_group(group):
                    yield receipt
                group = []
        for receipt in await self._decide_group(group):
            yield receipt

    async def _decide_group(self, group: Sequence[Asked | Refused]) -> list[Receipt]:
        receipts: list[Receipt] = []
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while len(receipts) < len(group):
            expected = self.book.sequence
            self.book.speculate()
            decided, events = self._decide_until_full(group[len(receipts) :])
            if not events:
                self.book.settle()
                receipts += decided
                continue
            # 1. The append. A crash before it loses nothing that was promised; one after it loses the answer, not
            #    the facts: the sender repeats the command under the same id and gets this receipt.
            try:
                await self._store.append([self._draft(event) for event in events], expected_sequence=expected)
            except SequenceConflict:
                self.book.roll_back()
                await self.catch_up()
            except OutcomeUnknown as unknown:
                # It may have landed. The book goes back and reads on; what landed is then found by its command id,
                # and what lands later still meets a stream that has moved past its guard.
                self.book.roll_back()
                await self._catch_up_until(deadline, unknown)
            else:
                # 2. The answers go out.
                self.book.settle()
                receipts += decided
        return receipts

    def _decide_until_full(self, group: Sequence[Asked | Refused]) -> tuple[list[Receipt], list[Recorded]]:
        receipts: list[Receipt] = []
        events: list[Recorded] = []
        size = 0
        for asked in group:
            if len(events) > MAX_BATCH - 2 or size > MAX_APPEND_BYTES:
                break
            outcome = asked if isinstance(asked, Refused) else decide(asked, self.book, now=self._clock())
            if isinstance(outcome, Refused):
                receipts.append(outcome)
            elif isinstance(outcome, Repeated):
                assert isinstance(asked, Asked)
                receipts.append(self._repeat(asked.command.commandid, outcome))
            else:
                for event in outcome:
                    evolve(self.book, event)
                events += outcome
                size += 4 * len(outcome[0].command or "")
                places = tuple(EventPlace(event.at, event.id, event.data.TYPE) for event in outcome)
                receipts.append(Accepted(outcome[-1].at, places))
        return receipts, events

    def _repeat(self, commandid: str, repeated: Repeated) -> Accepted:
        first, last = repeated.sequence, repeated.sequence + repeated.event_count - 1
        places = []
        for sequence in range(first, last + 1):
            line = self.book.line(sequence)
            assert line is not None, "a command's entries are never foreign"
            identity = event_id(self.book.portfolio, commandid, sequence - first)
            places.append(EventPlace(sequence, identity, line.key.type.TYPE))
        return Accepted(last, tuple(places))

    def _draft(self, event: Recorded) -> Draft:
        subject = subjects.event(self.book.portfolio, event.subject, event.data.TYPE)
        return Draft(subject, codec.encode(event))

    async def _catch_up_until(self, deadline: float, unknown: OutcomeUnknown) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            try:
                return await self.catch_up()
            except StreamUnavailable:
                if clock() > deadline:
                    raise StreamUnavailable(f"{unknown}; it could not be read for {PATIENCE_S:g} s") from unknown
                await asyncio.sleep(0.2)
