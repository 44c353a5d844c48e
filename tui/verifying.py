"""Verifying beside everything else: in a thread with a loop of its own, one verification at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from ledger.notary.places import CHECKPOINT, DirectoryPlace
from ledger.reperform import reperform
from ledger.store import EventReader, HoleInStream, StoreError
from projections.archive import ArchiveDiffers
from projections.compare import compare
from projections.moment import Moment
from projections.performed import judged
from projections.verify import Verified, verify
from tui.model.verification import Part, Problem, Stopped, Verification
from tui.session import Session
from tui.trusting import remembered

T = TypeVar("T")


def proven(session: Session) -> Verified | None:
    """Return what the log in the data directory shows of itself, as `portfolio verify` does, and remember it.

    None where no checkpoint is there. Errors: OSError.
    """
    place = DirectoryPlace(session.directory)
    if place.read(CHECKPOINT) is None:
        return None
    trust, memory = session.trust()
    found = verify(place, trust)
    if trust is not None and memory is not None and not session.looks_only:
        remembered(memory, trust, found)
    return found


class Verifying:
    """What verifies a session's portfolio. check: how far it is and what it found."""

    def __init__(self, session: Session, check: Verification | None = None) -> None:
        self.session, self.check = session, check or Verification()
        self._thread: asyncio.Future[Any] | None = None

    async def run(self, parts: Sequence[Part]) -> None:
        """Rebuild and compare, decide again, or both. What it finds stands in `check`."""
        check, session = self.check, self.session
        check.begin(parts)
        today = Moment(0, None, session.clock().astimezone(session.zone).date())
        try:
            if "rebuild" in parts:
                check.comparison = await self._apart(
                    lambda stream: compare(stream, session.directory, session.portfolio, today, moved=check.moved)
                )
                check.proven = await asyncio.to_thread(proven, session)
            if "decide" in parts:
                count = check.counter("decide", await session.last_sequence())
                check.reperformance = await self._apart(lambda stream: reperform(stream, session.portfolio, count))
                check.judged = await self._apart(lambda stream: judged(stream, session.portfolio))
        except Stopped:
            check.end("stopped")
        except HoleInStream as error:
            check.end("failed", Problem(str(error), error.expected))
        except (StoreError, ArchiveDiffers, OSError) as error:
            check.end("failed", Problem(str(error)))
        else:
            check.end("done")

    async def close(self) -> None:
        """Stop what is under way, and wait until its thread has ended."""
        self.check.stop()
        if self._thread is not None:
            await asyncio.wait([self._thread])

    async def _apart(self, work: Callable[[EventReader], Coroutine[Any, Any, T]]) -> T:
        """Return what *work* makes of the stream, in a thread. The stream it is lent can only be read."""
        lent = self.session.lent()
        self._thread = thread = asyncio.ensure_future(asyncio.to_thread(lambda: asyncio.run(work(lent))))
        try:
            return await asyncio.shield(thread)
        except asyncio.CancelledError:
            self.check.stop()
            thread.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            raise
