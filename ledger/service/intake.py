"""The intake of one portfolio: commands that were taken and not answered yet, and the task that decides them.

    taken -> waiting -> decided together -> one append -> answered

While an append is under way others wait, and go in the next one together. What is taken is answered, whatever happens:
with its receipt, or with why there is none. What is more than can wait is not taken, and is told so at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from ledger.store import StoreError, StreamUnavailable
from ledger.writer import MOST_TOGETHER, Taken, Writer
from schemas import sent, subjects
from schemas.commands import parse
from schemas.receipts import Reason, Receipt, Refused, encode_receipt

MOST_WAITING = 2_000
"""Commands that may wait. At 4,000 decisions a second the last of them waits for half a second."""

Answer = Callable[[bytes], Awaitable[None]]
"""Sends one answer."""

_log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    taken: Taken
    answer: Answer


class Intake:
    """Takes commands for one writer, which is used by nobody else while `run` runs.

    failing: whether the stream was away when commands were last decided.
    """

    def __init__(self, writer: Writer, *, most_waiting: int = MOST_WAITING) -> None:
        self._writer, self._most_waiting = writer, most_waiting
        self._portfolio = writer.book.portfolio
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._ending = False
        self.failing = False

    @property
    def waiting_count(self) -> int:
        """How many commands wait to be decided."""
        return len(self._waiting)

    async def take(self, subject: str, payload: bytes, answer: Answer) -> None:
        """Take what was sent on a subject, or answer at once why it is not taken."""
        if self._ending or len(self._waiting) >= self._most_waiting:
            await answer(encode_receipt(Refused(Reason.BUSY, waiting=len(self._waiting))))
            return
        self._waiting.append(_Waiting(_taken(subject, payload), answer))
        self._wake.set()

    async def run(self) -> None:
        """Decide and answer until `end` was called and nothing waits any more.

        Errors: HoleInStream, EntryRefused, and what is a bug. Whatever was taken has been answered by then.
        """
        try:
            while self._waiting or not self._ending:
                self._wake.clear()
                if self._waiting:
                    group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_TOGETHER))]
                    await self._decide(group)
                else:
                    await self._wake.wait()
        finally:
            self._ending = True
            while self._waiting:
                await self._answer(self._waiting.popleft(), Refused(Reason.UNAVAILABLE))

    def end(self) -> None:
        """Take no more. `run` returns once what was taken is answered."""
        self._ending = True
        self._wake.set()

    async def _decide(self, group: Sequence[_Waiting]) -> None:
        """Answer some commands. Errors: as run, once they are answered."""
        unanswered = deque(group)
        reason = Reason.FAILED
        try:
            async for receipts in self._writer.submit_taken([each.taken for each in group]):
                self.failing = False
                for receipt in receipts:
                    await self._answer(unanswered.popleft(), receipt)
        except StreamUnavailable as error:
            reason, self.failing = Reason.UNAVAILABLE, True
            _log.warning("%d commands of %s have no receipt: %s", len(unanswered), self._portfolio, error)
        except StoreError:
            raise
        except Exception:
            # A bug of ours, met by one of them. The book is as it was; alone, the others are decided.
            if len(unanswered) > 1:
                apart = [unanswered.popleft() for _ in range(len(unanswered))]
                for each in apart:
                    await self._decide([each])
            else:
                _log.exception("a command of %s cannot be decided: %r", self._portfolio, group[0].taken.line)
        finally:
            # Cancelled, or failed: whoever asked is told that nothing is known, and asks again under the same id.
            for each in unanswered:
                await self._answer(each, Refused(reason))

    async def _answer(self, waiting: _Waiting, receipt: Receipt) -> None:
        await waiting.answer(encode_receipt(receipt))


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
