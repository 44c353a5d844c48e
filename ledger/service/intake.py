"""The intake of one portfolio: commands that were taken and not answered yet, and the task that decides them.

    taken -> waiting -> decided together -> one append under way -> answered

While an append is under way what waits is decided already, on the book as it will be, and goes in the next append. An
append that fails takes back everything decided behind it, and all of it is decided again. What is taken is answered,
whatever happens: with its receipt, once the append it rests on is acknowledged, or with why there is none. What is
more than can wait is not taken, and is told so at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from ledger.store import OutcomeUnknown, SequenceConflict, StoreError, StreamUnavailable
from ledger.writer import Taken, Together, Writer
from schemas import sent, subjects
from schemas.commands import parse
from schemas.receipts import Reason, Receipt, Refused, encode_receipt

MOST_WAITING = 2_000
"""Commands that may wait for an answer. At 4,000 decisions a second the last of them waits for half a second."""

MOST_SPECULATED = 4_000
"""Events that may be decided before the book is settled: what one failed append takes back at most."""

SLICE = 4
"""Commands decided before the loop turns: new ones arrive meanwhile, and an acknowledgement is not kept waiting."""

LINGER = 0.2
"""How long an append waits for more behind the one before it, as a share of the time that one took."""

Answer = Callable[[str, bytes], Awaitable[None]]
"""Sends one answer: where to, and its bytes."""

_log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    taken: Taken
    reply: str


class _UnderWay(NamedTuple):
    """An append that was sent and has not been acknowledged."""

    group: list[_Waiting]
    together: Together
    append: asyncio.Task[None]
    sent_at: float


class Intake:
    """Takes commands for one writer, which is used by nobody else while `run` runs.

    failing: whether the stream was away when commands were last to be recorded.
    """

    def __init__(self, writer: Writer, answer: Answer, *, most_waiting: int = MOST_WAITING) -> None:
        self._writer, self._send, self._most_waiting = writer, answer, most_waiting
        self._portfolio = writer.book.portfolio
        self._waiting: deque[_Waiting] = deque()
        self._decided: list[_Waiting] = []
        self._together: Together | None = None
        self._under_way: _UnderWay | None = None
        self._speculated = 0
        self._deadline: float | None = None
        self._not_before = float("-inf")
        self._wake = asyncio.Event()
        self._ending = False
        self.failing = False

    @property
    def waiting_count(self) -> int:
        """How many commands wait for an answer."""
        return len(self._waiting) + len(self._decided) + (len(self._under_way.group) if self._under_way else 0)

    async def take(self, subject: str, payload: bytes, reply: str) -> None:
        """Take what was sent on a subject, or answer at once why it is not taken."""
        if self._ending or self.waiting_count >= self._most_waiting:
            await self._send(reply, encode_receipt(Refused(Reason.BUSY, waiting=self.waiting_count)))
            return
        self._waiting.append(_Waiting(_taken(subject, payload), reply))
        self._wake.set()

    def end(self) -> None:
        """Take no more. `run` returns once what was taken is answered."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Decide and answer until `end` was called and nothing waits any more.

        Errors: HoleInStream, EntryRefused, and what is a bug. Whatever was taken has been answered by then.
        """
        try:
            while self.waiting_count or not self._ending:
                await self._step()
        finally:
            self._ending = True
            if self._under_way is not None:
                self._under_way.append.cancel()
            # A crash of ours: nothing is known, and whoever asked asks again under the same id.
            await self._answer_all(self._taken_back(), Refused(Reason.UNAVAILABLE))

    async def _step(self) -> None:
        """Do what can be done now, or wait until something can."""
        if self._under_way is not None and self._under_way.append.done():
            await self._landed(self._under_way)
        elif self._may_decide:
            await self._decide_some()
            await self._append_decided()
            await asyncio.sleep(0)
        elif self._together is not None and self._under_way is None and not self._together.drafts:
            await self._answer_unwritten(self._together)
        elif not await self._append_decided():
            await self._woken()

    @property
    def _may_decide(self) -> bool:
        """Whether something waits that can be decided before anything else happens."""
        full = self._together is not None and self._together.full
        return bool(self._waiting) and not full and self._speculated < MOST_SPECULATED

    async def _woken(self) -> None:
        """Return when something has changed, or the next append has lingered long enough.

        Nothing is awaited between finding that nothing can be done and this, or a change would go unheard.
        """
        self._wake.clear()
        lingers = self._together is not None and self._under_way is None
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._not_before if lingers else None):
                await self._wake.wait()

    async def _decide_some(self) -> None:
        """Decide a few commands for the next append."""
        if self._together is None:
            self._together = self._writer.begin()
        together, before = self._together, len(self._together.drafts)
        for _ in range(min(SLICE, len(self._waiting))):
            if together.full:
                break
            waiting = self._waiting.popleft()
            try:
                outcome = self._writer.outcome(waiting.taken)
            except Exception:
                # A bug of ours that one command met; the book is as it was, and the others are decided.
                _log.exception("%s: a command cannot be decided: %r", self._portfolio, waiting.taken.line)
                await self._answer(waiting, Refused(Reason.FAILED))
                continue
            self._decided.append(waiting)
            self._writer.take_in(together, waiting.taken, outcome)
        self._speculated += len(together.drafts) - before

    async def _append_decided(self) -> bool:
        """Send what was decided, where nothing is under way and it is worth it; say whether it was sent.

        An append costs about the same whether it holds one event or a hundred. So it goes when half of what waits is
        decided, and the other half is decided while it is under way.
        """
        if self._under_way is not None or self._together is None or not self._together.drafts:
            return False
        sent_at = asyncio.get_running_loop().time()
        early = sent_at < self._not_before or (self._may_decide and len(self._waiting) > len(self._decided))
        if early and not self._together.full:
            return False
        # 1. The append. A crash before it loses nothing that was promised; one after it loses the answers, not the
        #    facts: the senders repeat their commands under the same ids and get the same receipts.
        append = asyncio.create_task(self._writer.append(self._together))
        append.add_done_callback(lambda _: self._wake.set())
        self._under_way = _UnderWay(self._decided, self._together, append, sent_at)
        self._decided, self._together = [], None
        await _sent()
        return True

    async def _landed(self, under_way: _UnderWay) -> None:
        """Answer what an append was for, or take back what was decided since and begin again."""
        try:
            under_way.append.result()
        except (SequenceConflict, OutcomeUnknown, StreamUnavailable) as error:
            await self._begin_again(error)
            return
        self._under_way, self._deadline, self.failing = None, None, False
        if self._together is None:
            self._settle()
        if 2 * len(self._decided) < len(under_way.group):
            # Who is answered now asks again, and shall not miss the next append by a little: it costs about the same
            # whether it holds one event or a hundred. In the meantime others are decided.
            now = asyncio.get_running_loop().time()
            self._not_before = now + LINGER * (now - under_way.sent_at)
        await self._append_decided()
        await self._tell(under_way.group, under_way.together)
        await _sent()

    async def _answer_unwritten(self, together: Together) -> None:
        """Answer commands of which nothing is stored: refusals, and repeats of what stands. Nothing is under way."""
        self._settle()
        if together.refused:
            # No append tells whether the book was up to date, and nothing is refused by an old one.
            before = self._writer.book.sequence
            if not await self._caught_up(None):
                return
            if self._writer.book.sequence != before:
                self._wait_again()
                return
        group, self._decided, self._together = self._decided, [], None
        await self._tell(group, together)

    async def _tell(self, group: Iterable[_Waiting], together: Together) -> None:
        """Send the receipts of what rests on acknowledged appends."""
        kept = True
        try:
            # 2. What was refused is kept. A crash before it loses refusals nobody was told of.
            await self._writer.keep(together)
        except StoreError as error:
            kept = False
            _log.error("%s: refusals were not kept: %s", self._portfolio, error)
        # 3. The answers go out.
        for waiting, receipt in zip(group, together.receipts, strict=True):
            told = receipt if kept or not isinstance(receipt, Refused) else Refused(Reason.UNAVAILABLE)
            await self._answer(waiting, told)

    async def _begin_again(self, error: StoreError) -> None:
        """Take back the append that failed and everything behind it, and let it be decided again.

        It may have landed. The book goes back and reads on: what landed is then found by its command id, and what
        lands later still meets a stream that has moved past its guard. A stream that is away is waited for.
        """
        _log.info("%s: %s", self._portfolio, error)
        assert self._under_way is not None
        self._decided[:0], self._under_way = self._under_way.group, None
        self._writer.undo()
        self._speculated = 0
        if await self._caught_up(None if isinstance(error, SequenceConflict) else error):
            self._wait_again()

    async def _caught_up(self, unknown: StoreError | None) -> bool:
        """Read on. Where the stream stays away for too long, whoever has been waiting is told, and it is False."""
        now = asyncio.get_running_loop().time()
        self._deadline = self._deadline or now + self._writer.patience_s
        try:
            await self._writer.catch_up_until(self._deadline, unknown)
        except StreamUnavailable as error:
            self._deadline, self.failing = None, True
            _log.warning("%s: commands have no receipt: %s", self._portfolio, error)
            await self._answer_all(self._taken_back(), Refused(Reason.UNAVAILABLE))
            return False
        return True

    def _settle(self) -> None:
        self._writer.settle()
        self._speculated = 0

    def _wait_again(self) -> None:
        """Put what was decided back to the front of what waits."""
        self._waiting.extendleft(reversed(self._decided))
        self._decided, self._together = [], None

    def _taken_back(self) -> list[_Waiting]:
        """Return everything that was taken and not answered, and forget it."""
        group = self._under_way.group if self._under_way else []
        found = [*group, *self._decided, *self._waiting]
        self._waiting.clear()
        self._decided, self._together, self._under_way = [], None, None
        return found

    async def _answer_all(self, group: Iterable[_Waiting], receipt: Receipt) -> None:
        for waiting in group:
            await self._answer(waiting, receipt)

    async def _answer(self, waiting: _Waiting, receipt: Receipt) -> None:
        await self._send(waiting.reply, encode_receipt(receipt))


async def _sent() -> None:
    """Return when what was given to nats-py is on its way: deciding goes on after that, not before."""
    for _ in range(3):  # a task begins, nats-py's flusher wakes, it writes
        await asyncio.sleep(0)


def _taken(subject: str, payload: bytes) -> Taken:
    """Return a command as it came, refused already where it cannot be read or is not at its own address."""
    line, signatures = sent.split(payload)
    address = subjects.parse_command(subject)
    assert address is not None, "the service listens to commands alone"
    command = parse(line)
    if not isinstance(command, Refused):
        own = (command.actor, subjects.bare(command.type))
        if own != (address.actor, address.command_type):
            command = Refused(Reason.WRONG_ADDRESS, field="subject", value=subject, allowed=".".join(own))
    return Taken(command, line, signatures, address.actor)
