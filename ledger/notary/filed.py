"""Cosignatures as witnesses file them: the checkpoint as its log signed it, with the witness's own line.

    COSIGNATURES_ai-2026, portfolio.ai-2026.cosignature.ines
    <a signed note: the checkpoint's text, the log's line, the line of ines>

A stream that only grows, so it is also the record of who has seen what when. What is in it is verified by whoever
reads it: a login that may file may file anything.
"""

from __future__ import annotations

from ledger.connection import Connection
from ledger.jetstream import JetStreamStore
from ledger.store import Draft, SequenceConflict, StreamUnavailable
from ledger.streams import create_stream, stream_exists
from schemas import subjects

CONTENT_TYPE = "text/plain; charset=utf-8"
LOOKED_AT = 512
"""How many of the newest are looked at: a quorum that took longer is not fresh."""

_TRIES = 20


class Cosignatures:
    """What witnesses have filed about one portfolio's log."""

    def __init__(self, connection: Connection, portfolio: str) -> None:
        self._connection, self._portfolio = connection, portfolio
        self._stream = subjects.cosignatures_stream(portfolio)
        self._covered = subjects.all_cosignatures(portfolio)
        self._store = JetStreamStore(connection, self._stream, self._covered, content_type=CONTENT_TYPE)

    async def file(self, witness: str, note: bytes) -> int:
        """File a note with a witness's line, and return its sequence. witness: the id it is filed under.

        The stream is made where it is not there. A crash before the append files nothing, and the witness signs and
        files the next time it looks. Filed twice it says no more than once.
        Errors: StreamUnavailable, also where this login may not file under that id.
        """
        if not await stream_exists(self._connection, self._stream):
            await create_stream(self._connection, self._stream, self._covered)
        draft = Draft(subjects.cosignature(self._portfolio, witness), note)
        for _ in range(_TRIES):
            last = await self._store.last_sequence()
            try:
                return await self._store.append([draft], expected_sequence=last)
            except SequenceConflict:
                continue
        raise StreamUnavailable(f"{self._stream} took others {_TRIES} times; file it again")

    async def newest(self) -> list[bytes]:
        """Return the notes filed last, the newest first; none where there is no stream. Errors: StoreError."""
        if not await stream_exists(self._connection, self._stream):
            return []
        last = await self._store.last_sequence()
        found = [each.payload async for each in self._store.read(after=max(0, last - LOOKED_AT), until=last)]
        return found[::-1]
