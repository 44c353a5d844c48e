"""A writer for who may not write: what it is given goes to the site's service, which decides for everyone.

Its book is read like any other's, where its login may read, so that forms and verdicts have what they need.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import msgspec

from ledger.client import LedgerClient
from ledger.decider import Repeated
from ledger.jetstream import JetStreamStore
from ledger.store import SequenceConflict
from ledger.writer import Clock, Taken, Writer
from schemas.commands import parse
from schemas.receipts import Receipt, Refused


class ServedWriter(Writer):
    """Sends commands to the service, one after the other. Not for use by two tasks at once.

    The service takes each under the subject of its actor, so a login sends as the actor it belongs to and no other.
    """

    def __init__(self, portfolio: str, store: JetStreamStore, client: LedgerClient, clock: Clock) -> None:
        super().__init__(portfolio, store, clock)
        self._client = client
        self._reads = client.connection.login.may_ask(f"DIRECT.GET.{store.stream}")

    async def catch_up(self) -> None:
        """Take every entry of the stream into the book; none where the login may not read."""
        if self._reads:
            await super().catch_up()

    async def origin(self) -> str:
        """Return the ledger's origin, as the book or the service tells it. Errors: Unanswered where it is not open."""
        if self._reads:
            return await super().origin()
        return await self._client.origin()

    async def submit_at(self, line: bytes, sequence: int) -> Receipt:
        """Return the receipt of one command that its sender means for the book as it stands at a sequence.

        The book is looked at before the command is sent, not while it is decided: what is recorded between is judged
        by the service, as everything is. Errors: SequenceConflict, StreamUnavailable, Unanswered, Forbidden.
        """
        await self.catch_up()
        if self.book.sequence != sequence:
            outcome = self.outcome(Taken(parse(line), line))
            if not isinstance(outcome.decided, Repeated):
                raise SequenceConflict(self.book.portfolio, sequence, self.book.sequence)
        return await self._sent(line)

    async def submit_each(self, lines: Iterable[bytes]) -> AsyncIterator[Receipt]:
        """Yield the receipts of commands in their order. Errors: Unanswered, Forbidden."""
        for line in lines:
            yield await self._sent(line)

    async def _sent(self, line: bytes) -> Receipt:
        try:
            # A crash after this line loses the answer, not the fact: the same bytes, sent again, are recorded once.
            return await self._client.send(line)
        except (ValueError, msgspec.DecodeError):
            command = parse(line)
            if isinstance(command, Refused):
                return command  # it names no actor or type, so there is nowhere to send it and nobody to keep it
            raise
