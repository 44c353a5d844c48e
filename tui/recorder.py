"""The recorder: what a screen can write with. The command line makes one where recording is allowed; nobody else does.

A session only reads, and so does every screen but Record, which is handed the recorder when it is opened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from ledger.writer import Writer
from schemas.receipts import Receipt


class Recorder(Protocol):
    """Records one command at a time."""

    async def record(self, line: bytes, judged_at: int) -> Receipt:
        """Return the receipt of a command that was judged on the book as it stands at a sequence.

        A command that was recorded before is answered wherever the book stands.
        Errors: SequenceConflict where it stands elsewhere: nothing was stored. Another StoreError: it may or may not
        have been; the same bytes are sent again to learn which, and are recorded once.
        """
        ...


class WriterRecorder:
    """A recorder over a writer, which is made when something is first recorded: looking leaves no trace."""

    def __init__(self, make: Callable[[], Awaitable[Writer]]) -> None:
        self._make = make
        self._writer: Writer | None = None

    async def record(self, line: bytes, judged_at: int) -> Receipt:
        """Return the receipt of a command, as Recorder promises."""
        if self._writer is None:
            self._writer = await self._make()
        return await self._writer.submit_at(line, judged_at)
