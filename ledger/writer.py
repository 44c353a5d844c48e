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
from ledger.decider import RULES_VERSION, Repeated, asked, decide, event_id
from ledger.evolve import evolve, evolve_foreign
from ledger.notary.history import NEXT, HistoryLost, SealedHistory
from ledger.refusals import Refusal, Refusals, refusal_of
from ledger.store import MAX_BATCH, Draft, EventStore, OutcomeUnknown, SequenceConflict, StoreError, StreamUnavailable
from schemas import codec, sent, subjects
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


class Taken(NamedTuple):
    """A line as it was parsed, and as it came.

    signatures: the signature lines that came with it. sender: who was let in to send it; None where nobody asked.
    """

    command: Command | Refused
    line: bytes
    signatures: bytes = b""
    sender: str | None = None


def taken_of(payload: bytes) -> Taken:
    """Return what was sent as it is taken: parsed, apart from its signatures."""
    line, signatures = sent.split(payload)
    return Taken(parse(line), line, signatures)


class Together:
    """Commands that were decided one after the other for one append, and the receipts that wait for it.

    expected: the sequence the append follows. drafts: what is stored. receipts: one a command, in their order.
    """

    __slots__ = ("byte_count", "drafts", "expected", "receipts", "refused")

    def __init__(self, expected: int) -> None:
        self.expected, self.byte_count = expected, 0
        self.drafts: list[Draft] = []
        self.receipts: list[Receipt] = []
        self.refused: list[Refusal] = []

    @property
    def full(self) -> bool:
        """Whether no further command goes into this append: none causes more than two events."""
        return len(self.drafts) > MAX_BATCH - 2 or self.byte_count > MAX_APPEND_BYTES or len(self.receipts) >= MAX_BATCH


class Outcome(NamedTuple):
    """What a command leads to. at: when it was decided."""

    decided: tuple[Recorded, ...] | Repeated | Refused
    at: datetime.datetime


class Writer:
    """One writer of one portfolio. Not for use by two tasks at once."""

    def __init__(
        self,
        portfolio: str,
        store: EventStore,
        clock: Clock = system_clock,
        refusals: Refusals | None = None,
        patience_s: float | None = None,
        sealed: SealedHistory | None = None,
    ) -> None:
        """refusals: where refused commands are kept; None for a writer on paper. patience_s: else PATIENCE_S.

        sealed: what the stream must agree with before anything is written to it.
        """
        self.book = Book(portfolio)
        self.patience_s = PATIENCE_S if patience_s is None else patience_s
        self._store, self._clock, self._refusals = store, clock, refusals
        self._sealed = sealed or SealedHistory(portfolio)
        self._speculating = False

    async def catch_up(self) -> None:
        """Take every entry of the stream into the book.

        Errors: StreamUnavailable, HoleInStream; HistoryLost where the stream is not the one that was sealed.
        """
        async for entry in self._store.read(after=self.book.sequence):
            try:
                event = codec.decode(entry.payload, portfolio=self.book.portfolio, sequence=entry.sequence)
            except codec.ForeignEntry:
                evolve_foreign(self.book, entry.sequence, entry.payload)
            else:
                evolve(self.book, event, entry.payload)
            self._sealed.check(self.book.frontier)
        self._sealed.check_end(self.book.sequence)

    async def origin(self) -> str:
        """Return the ledger's origin, which every command names; the portfolio's name where it is not open yet."""
        await self.catch_up()
        return self.book.portfolio if self.book.opened is None else self.book.opened.log_origin

    async def submit(self, payload: bytes) -> Receipt:
        """Return the receipt of one command. payload: its line, or with its signatures, as schemas/sent.py has it."""
        return (await self.submit_all([payload]))[0]

    async def submit_at(self, payload: bytes, sequence: int) -> Receipt:
        """Return the receipt of one command that its sender means for the book as it stands at a sequence.

        Where the book stands elsewhere nothing is stored, no refusal either; but a command that was accepted before is
        answered wherever it stands. Errors: SequenceConflict, which tells where; StreamUnavailable.
        """
        await self.catch_up()
        async for (receipt,) in self._submitted([taken_of(payload)], only_at=sequence):
            return receipt
        raise AssertionError("every command has its receipt")

    async def submit_all(self, payloads: Sequence[bytes]) -> list[Receipt]:
        """Return the receipts of commands, in their order. Errors: StreamUnavailable where the stream stays away."""
        return [receipt async for receipt in self.submit_each(payloads)]

    async def submit_each(self, payloads: Iterable[bytes]) -> AsyncIterator[Receipt]:
        """Yield the receipts of commands in their order, each as soon as its append is acknowledged."""
        await self.catch_up()
        group: list[Taken] = []
        for payload in payloads:
            group.append(taken_of(payload))
            if len(group) == MAX_BATCH // 2:  # no command causes more than two events
                async for receipts in self._submitted(group):
                    for receipt in receipts:
                        yield receipt
                group = []
        async for receipts in self._submitted(group):
            for receipt in receipts:
                yield receipt

    async def _submitted(self, group: Sequence[Taken], *, only_at: int | None = None) -> AsyncIterator[list[Receipt]]:
        """Yield receipts as their appends are acknowledged. The book has just caught up."""
        answered = 0
        deadline = asyncio.get_running_loop().time() + self.patience_s
        while answered < len(group):
            together = self.begin()
            try:
                for taken in group[answered:]:
                    if together.full:
                        break
                    self.take_in(together, taken, self.outcome(taken))
            except BaseException:
                self.undo()
                raise
            if only_at is not None and only_at != together.expected and (together.drafts or together.refused):
                self.undo()
                raise SequenceConflict(self.book.portfolio, only_at, together.expected)
            # 1. The append. A crash before it loses nothing that was promised; one after it loses the answer, not
            #    the facts: the sender repeats the command under the same id and gets this receipt.
            try:
                await self.append(together)
            except SequenceConflict:
                self.undo()
                await self.catch_up_until(deadline)
            except (OutcomeUnknown, StreamUnavailable) as unknown:
                # It may have landed. The book goes back and reads on; what landed is then found by its command id,
                # and what lands later still meets a stream that has moved past its guard. A stream that is away
                # is waited for in the same way.
                self.undo()
                await self.catch_up_until(deadline, unknown)
            except BaseException:
                self.undo()
                raise
            else:
                self.settle()
                # 2. What was refused beside it is kept. A crash before it loses refusals nobody was told of.
                await self.keep(together)
                # 3. The answers go out.
                answered += len(together.receipts)
                yield together.receipts

    # The steps of it, for who decides more while an append is under way.

    def begin(self) -> Together:
        """Return an empty append that follows what the book holds. Until `settle`, `undo` takes everything back."""
        if not self._speculating:
            self.book.speculate()
            self._speculating = True
        return Together(self.book.sequence)

    def settle(self) -> None:
        """Keep what was decided since `begin`: every append of it is acknowledged."""
        self.book.settle()
        self._speculating = False

    def undo(self) -> None:
        """Take back what was decided since the first `begin`, acknowledged or not; `catch_up` reads what is stored."""
        self.book.roll_back()
        self._speculating = False

    def outcome(self, taken: Taken) -> Outcome:
        """Return what a command leads to on the book as it stands, which does not change."""
        now = self._clock()
        if isinstance(taken.command, Refused):
            return Outcome(taken.command, now)
        question = asked(taken.command, taken.line, taken.signatures)
        return Outcome(decide(question, self.book, now=now), now)

    def take_in(self, together: Together, taken: Taken, outcome: Outcome) -> None:
        """Take an outcome into the book and into an append that is not full."""
        decided = outcome.decided
        if isinstance(decided, Refused):
            together.receipts.append(decided)
            known = None if isinstance(taken.command, Refused) else taken.command
            judged_at = self.book.sequence
            made = refusal_of(
                decided,
                taken.line,
                known,
                at=outcome.at,
                judged_at=judged_at,
                rules=RULES_VERSION,
                sender=taken.sender,
                signatures=taken.signatures,
            )
            together.refused.append(made)
        elif isinstance(decided, Repeated):
            assert isinstance(taken.command, Command)
            together.receipts.append(self._repeat(taken.command.commandid, decided))
        else:
            for event in decided:
                draft = self._draft(event)
                evolve(self.book, event, draft.payload)
                together.drafts.append(draft)
                together.byte_count += len(draft.payload)
            places = tuple(EventPlace(event.at, event.id, event.data.TYPE) for event in decided)
            together.receipts.append(Accepted(decided[-1].at, places))

    async def append(self, together: Together) -> None:
        """Store what was decided together, all or none, where there is anything.

        Errors: as EventStore; HistoryLost where the stream ends before what was read of it.
        """
        if not together.drafts:
            return
        try:
            await self._store.append(together.drafts, expected_sequence=together.expected)
        except SequenceConflict as conflict:
            if conflict.found is not None and conflict.found < together.expected:
                raise HistoryLost(
                    f"the stream of {self.book.portfolio} ends at sequence {conflict.found}, and {together.expected} "
                    f"were read: it was put back to an older backup while it was written to; {NEXT}"
                ) from conflict
            raise

    async def keep(self, together: Together) -> None:
        """Store what was refused. Errors: StreamUnavailable."""
        if self._refusals is not None and together.refused:
            await self._refusals.keep(together.refused)

    async def catch_up_until(self, deadline: float, unknown: StoreError | None = None) -> None:
        """Catch up, waiting for a stream that is away until a moment of the loop's clock.

        unknown: what an append met, told where the stream stays away. Errors: StreamUnavailable, HoleInStream.
        """
        clock = asyncio.get_running_loop().time
        if unknown is not None and clock() > deadline:
            raise StreamUnavailable(f"{unknown}; it was tried for {self.patience_s:g} s") from unknown
        while True:
            try:
                return await self.catch_up()
            except StreamUnavailable as error:
                if clock() > deadline:
                    cause = unknown or error
                    raise StreamUnavailable(f"{cause}; it could not be read for {self.patience_s:g} s") from cause
                await asyncio.sleep(0.2)

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
