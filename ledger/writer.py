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
MOST_TOGETHER = MAX_BATCH // 2
"""Most commands of one append: no command causes more than two events."""
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


def taken(payload: bytes) -> Taken:
    """Return what was sent as it is taken: parsed, apart from its signatures."""
    line, signatures = sent.split(payload)
    return Taken(parse(line), line, signatures)


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

    async def submit(self, payload: bytes) -> Receipt:
        """Return the receipt of one command. payload: its line, or with its signatures, as schemas/sent.py has it."""
        return (await self.submit_all([payload]))[0]

    async def submit_at(self, payload: bytes, sequence: int) -> Receipt:
        """Return the receipt of one command that its sender means for the book as it stands at a sequence.

        Where the book stands elsewhere nothing is stored, no refusal either; but a command that was accepted before is
        answered wherever it stands. Errors: SequenceConflict, which tells where; StreamUnavailable.
        """
        await self.catch_up()
        async for (receipt,) in self._submitted([taken(payload)], fresh=True, only_at=sequence):
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
            group.append(taken(payload))
            if len(group) == MOST_TOGETHER:
                async for receipts in self._submitted(group, fresh=True):
                    for receipt in receipts:
                        yield receipt
                group = []
        async for receipts in self._submitted(group, fresh=True):
            for receipt in receipts:
                yield receipt

    async def submit_taken(self, group: Sequence[Taken]) -> AsyncIterator[list[Receipt]]:
        """Yield the receipts of commands that are parsed, in their order, those of one append together.

        The stream is not read first: the append tells whether the book was up to date, and where nothing is appended
        the stream is read before anything is refused. Shape: at most MOST_TOGETHER commands.
        Errors: StreamUnavailable where the stream stays away for `patience_s`; HoleInStream.
        """
        async for receipts in self._submitted(group, fresh=False):
            yield receipts

    async def _submitted(
        self, group: Sequence[Taken], *, fresh: bool, only_at: int | None = None
    ) -> AsyncIterator[list[Receipt]]:
        """Yield receipts as their appends are acknowledged. fresh: whether the book has just caught up."""
        answered = 0
        deadline = asyncio.get_running_loop().time() + self.patience_s
        while answered < len(group):
            expected = self.book.sequence
            self.book.speculate()
            try:
                decided, drafts, refused = self._decide_until_full(group[answered:])
            except BaseException:
                self.book.roll_back()
                raise
            if only_at is not None and only_at != expected and (drafts or refused):
                self.book.roll_back()
                raise SequenceConflict(self.book.portfolio, only_at, expected)
            if not drafts:
                self.book.settle()
                if refused and not fresh:
                    # No append tells whether the book was up to date, and nothing is refused by an old one.
                    await self._catch_up_until(deadline)
                    fresh = True
                    if self.book.sequence != expected:
                        continue
                await self._keep(refused)
                answered += len(decided)
                yield decided
                continue
            # 1. The append. A crash before it loses nothing that was promised; one after it loses the answer, not
            #    the facts: the sender repeats the command under the same id and gets this receipt.
            try:
                await self._store.append(drafts, expected_sequence=expected)
            except SequenceConflict as conflict:
                self.book.roll_back()
                if conflict.found is not None and conflict.found < expected:
                    raise HistoryLost(
                        f"the stream of {self.book.portfolio} ends at sequence {conflict.found}, and {expected} were "
                        f"read: it was put back to an older backup while it was written to; {NEXT}"
                    ) from conflict
                await self._catch_up_until(deadline)
                fresh = True
            except (OutcomeUnknown, StreamUnavailable) as unknown:
                # It may have landed. The book goes back and reads on; what landed is then found by its command id,
                # and what lands later still meets a stream that has moved past its guard. A stream that is away
                # is waited for in the same way.
                self.book.roll_back()
                await self._catch_up_until(deadline, unknown)
                fresh = True
            except BaseException:
                self.book.roll_back()
                raise
            else:
                self.book.settle()
                # 2. What was refused beside it is kept. A crash before it loses refusals nobody was told of.
                await self._keep(refused)
                # 3. The answers go out.
                answered += len(decided)
                yield decided

    def _decide_until_full(self, group: Sequence[Taken]) -> tuple[list[Receipt], list[Draft], list[Refusal]]:
        receipts: list[Receipt] = []
        drafts: list[Draft] = []
        refused: list[Refusal] = []
        size = 0
        for command, line, signatures, sender in group:
            if len(drafts) > MAX_BATCH - 2 or size > MAX_APPEND_BYTES:
                break
            now = self._clock()
            outcome = (
                command
                if isinstance(command, Refused)
                else decide(asked(command, line, signatures), self.book, now=now)
            )
            if isinstance(outcome, Refused):
                receipts.append(outcome)
                known = None if isinstance(command, Refused) else command
                judged_at = self.book.sequence
                made = refusal_of(outcome, line, known, at=now, judged_at=judged_at, rules=RULES_VERSION, sender=sender)
                refused.append(made)
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

    def _outcome(
        self, command: Command | Refused, line: bytes, signatures: bytes, now: datetime.datetime
    ) -> tuple[Recorded, ...] | Repeated | Refused:
        if isinstance(command, Refused):
            return command
        return decide(asked(command, line, signatures), self.book, now=now)

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

    async def _catch_up_until(self, deadline: float, unknown: StoreError | None = None) -> None:
        """Catch up, waiting for a stream that is away. unknown: what an append met, told where it stays away."""
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
