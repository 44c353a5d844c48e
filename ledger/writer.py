"""The way of a command into the stream: parse, catch the book up, decide, append with a guard, answer.

Commands given together are decided together and go in one atomic append. One append is outstanding at a time, and
no receipt leaves before the append it rests on is acknowledged.
"""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import NamedTuple

from ledger.book import Book
from ledger.decider import RULES_VERSION, Asked, Repeated, decide, event_id
from ledger.evolve import evolve, evolve_foreign
from ledger.refusals import Refusal, Refusals, refusal_of
from ledger.store import MAX_BATCH, Draft, EventStore, OutcomeUnknown, SequenceConflict, StoreError, StreamUnavailable
from schemas import codec, subjects
from schemas.commands import Command, parse
from schemas.envelope import Recorded
from schemas.receipts import Accepted, EventPlace, Receipt, Refused

MAX_APPEND_BYTES = 4_000_000
PATIENCE_S = 30.0
"""How long a writer tries to learn what became of an append."""

Clock = Callable[[], datetime.datetime]


def system_clock() -> datetime.datetime:
    """Return the time now, aware, in UTC."""
    return datetime.datetime.now(datetime.UTC)


class _Taken(NamedTuple):
    """A line as it was parsed, and as it came."""

    command: Command | Refused
    line: bytes


class Writer:
    """One writer of one portfolio. Not for use by two tasks at once."""

    def __init__(
        self, portfolio: str, store: EventStore, clock: Clock = system_clock, refusals: Refusals | None = None
    ) -> None:
        """refusals: where refused commands are kept; None for a writer on paper."""
        self.book = Book(portfolio)
        self._store, self._clock, self._refusals = store, clock, refusals

    async def catch_up(self) -> None:
        """Take every entry of the stream into the book. Errors: StreamUnavailable, HoleInStream."""
        async for entry in self._store.read(after=self.book.sequence):
            try:
                event = codec.decode(entry.payload, portfolio=self.book.portfolio, sequence=entry.sequence)
            except codec.ForeignEntry:
                evolve_foreign(self.book, entry.sequence, entry.payload)
            else:
                evolve(self.book, event, entry.payload)

    async def submit(self, line: bytes) -> Receipt:
        """Return the receipt of one command."""
        return (await self.submit_all([line]))[0]

    async def submit_at(self, line: bytes, sequence: int) -> Receipt:
        """Return the receipt of one command that its sender means for the book as it stands at a sequence.

        Where the book stands elsewhere nothing is stored, no refusal either; but a command that was accepted before is
        answered wherever it stands. Errors: SequenceConflict, which tells where; StreamUnavailable.
        """
        await self.catch_up()
        (receipt,) = await self._decide_group([_Taken(parse(line), line)], only_at=sequence)
        return receipt

    async def submit_all(self, lines: Sequence[bytes]) -> list[Receipt]:
        """Return the receipts of commands, in their order. Errors: StreamUnavailable where the stream stays away."""
        return [receipt async for receipt in self.submit_each(lines)]

    async def submit_each(self, lines: Iterable[bytes]) -> AsyncIterator[Receipt]:
        """Yield the receipts of commands in their order, each as soon as its append is acknowledged."""
        await self.catch_up()
        group: list[_Taken] = []
        for line in lines:
            command = parse(line)
            group.append(_Taken(command, line))
            if len(group) == MAX_BATCH // 2:  # no command causes more than two events
                for receipt in await self._decide_group(group):
                    yield receipt
                group = []
        for receipt in await self._decide_group(group):
            yield receipt

    async def _decide_group(self, group: Sequence[_Taken], only_at: int | None = None) -> list[Receipt]:
        receipts: list[Receipt] = []
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while len(receipts) < len(group):
            expected = self.book.sequence
            self.book.speculate()
            try:
                decided, drafts, refused = self._decide_until_full(group[len(receipts) :])
            except BaseException:
                self.book.roll_back()
                raise
            if only_at is not None and only_at != expected and (drafts or refused):
                self.book.roll_back()
                raise SequenceConflict(self.book.portfolio, only_at, expected)
            if not drafts:
                self.book.settle()
                await self._keep(refused)
                receipts += decided
                continue
            # 1. The append. A crash before it loses nothing that was promised; one after it loses the answer, not
            #    the facts: the sender repeats the command under the same id and gets this receipt.
            try:
                await self._store.append(drafts, expected_sequence=expected)
            except SequenceConflict:
                self.book.roll_back()
                await self.catch_up()
            except (OutcomeUnknown, StreamUnavailable) as unknown:
                # It may have landed. The book goes back and reads on; what landed is then found by its command id,
                # and what lands later still meets a stream that has moved past its guard. A stream that is away
                # is waited for in the same way.
                self.book.roll_back()
                await self._catch_up_until(deadline, unknown)
            except BaseException:
                self.book.roll_back()
                raise
            else:
                self.book.settle()
                # 2. What was refused beside it is kept. A crash before it loses refusals nobody was told of.
                await self._keep(refused)
                # 3. The answers go out.
                receipts += decided
        return receipts

    def _decide_until_full(self, group: Sequence[_Taken]) -> tuple[list[Receipt], list[Draft], list[Refusal]]:
        receipts: list[Receipt] = []
        drafts: list[Draft] = []
        refused: list[Refusal] = []
        size = 0
        for command, line in group:
            if len(drafts) > MAX_BATCH - 2 or size > MAX_APPEND_BYTES:
                break
            now = self._clock()
            outcome = command if isinstance(command, Refused) else decide(Asked(command, line), self.book, now=now)
            if isinstance(outcome, Refused):
                receipts.append(outcome)
                known = None if isinstance(command, Refused) else command
                refused.append(
                    refusal_of(outcome, line, known, at=now, judged_at=self.book.sequence, rules=RULES_VERSION)
                )
            elif isinstance(outcome, Repeated):
                assert isinstance(command, Command)
                receipts.append(self._repeat(command.commandid, outcome))
            else:
                for event in outcome:
                    draft = self._draft(event)
                    evolve(self.book, event, draft.payload)
                    drafts.append(draft)
                    size += len(draft.payload)
                places = tuple(EventPlace(event.at, event.id, event.data.TYPE) for event in outcome)
                receipts.append(Accepted(outcome[-1].at, places))
        return receipts, drafts, refused

    async def _keep(self, refused: Sequence[Refusal]) -> None:
        if self._refusals is not None and refused:
            await self._refusals.keep(refused)

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

    async def _catch_up_until(self, deadline: float, unknown: StoreError) -> None:
        clock = asyncio.get_running_loop().time
        if clock() > deadline:
            raise StreamUnavailable(f"{unknown}; it was tried for {PATIENCE_S:g} s") from unknown
        while True:
            try:
                return await self.catch_up()
            except StreamUnavailable:
                if clock() > deadline:
                    raise StreamUnavailable(f"{unknown}; it could not be read for {PATIENCE_S:g} s") from unknown
                await asyncio.sleep(0.2)
