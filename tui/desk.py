"""The desk: what the Record screen asks of a portfolio. It reads, judges and shows; it has nothing to write with.

Its book is kept at the sequence of the session's replica, so that the verdict and its effect are of one moment.
"""

from __future__ import annotations

import asyncio
import datetime
import secrets
import threading

from ledger.book import Book
from ledger.evolve import evolve, evolve_foreign
from projections.fork import ForkReplica
from projections.replica import Replica
from projections.segments import Progress
from schemas import codec
from schemas import commands as c
from schemas.envelope import Recorded
from schemas.events import InitiativeProposed
from tui.model.drafts import CommandDraft, drafts_in, new_draft
from tui.model.effect import Effect, effect
from tui.model.forms import Texts, form_of
from tui.model.judged import Judged, judged, judged_again
from tui.model.kinds import Begin
from tui.model.pen import NO_PEN, Pen
from tui.model.templates import TEMPLATES, blank, template
from tui.model.writing import Writing
from tui.session import Session

READ_AT_ONCE = 250
"""How many entries are taken into the book before a screen may draw: about five milliseconds."""

MOST_ARRIVED = 200


class Desk:
    """One portfolio as whoever writes a decision sees it. book: as far as it has been read. pen: what it signs with."""

    def __init__(self, session: Session, pen: Pen = NO_PEN) -> None:
        self.session, self.book, self.pen = session, Book(session.portfolio), pen
        self.drafts = drafts_in(session.directory)
        self._fork: ForkReplica | None = None
        self._showing, self._closed = threading.Lock(), False
        self._reading = asyncio.Lock()

    @property
    def is_level(self) -> bool:
        """Whether the book stands where the session does."""
        return self.book.sequence == self.session.replica.sequence

    @property
    def today(self) -> datetime.date:
        """The day it is, in the portfolio's time zone."""
        return self.session.clock().astimezone(self.session.zone).date()

    async def catch_up(self, moved: Progress = lambda _: None) -> None:
        """Read on, up to where the session stands. moved: told how many entries were read. Errors: StoreError."""
        async with self._reading:
            waiting = 0
            async for entry in self.session.entries(self.book.sequence, self.session.replica.sequence):
                try:
                    event = codec.decode(entry.payload, portfolio=self.book.portfolio, sequence=entry.sequence)
                except codec.ForeignEntry:
                    evolve_foreign(self.book, entry.sequence, entry.payload)
                else:
                    evolve(self.book, event, entry.payload)
                waiting += 1
                if waiting == READ_AT_ONCE:
                    moved(waiting)
                    waiting = 0
                    await asyncio.sleep(0)
            moved(waiting)

    def begun(self, begin: Begin) -> tuple[CommandDraft, Writing]:
        """Return a form as it begins, and the draft it will be kept as, under the command id it will be sent under."""
        form = form_of(begin.command)
        if begin.draft is not None:
            return begin.draft, Writing(form, begin.draft.written)
        day = self.today
        texts: Texts = blank(begin.command, self.book, day=day)
        if begin.about is not None and begin.command in TEMPLATES:
            texts = template(begin.command, self.book, begin.about, day=day)
        if begin.command is c.OpenPortfolio:
            texts["data.log_origin"] = f"{self.book.portfolio}-{secrets.token_hex(4)}"
        return new_draft(form.name, texts, self.session.actor, at=self.session.clock()), Writing(form, texts)

    def initiatives(self) -> dict[str, str]:
        """Return the titles of all initiatives, by id."""
        return {each.initiative: each.title for each in self.book.each(InitiativeProposed)}

    def judge(self, writing: Writing, draft: CommandDraft) -> Judged:
        """Return what would become of a form now."""
        now = self.session.clock()
        found = judged(self.book, writing, draft, now=now, pen=self.pen)
        if draft.seen is None or found.verdict is None:
            return found
        try:  # it was sent with its texts kept apart, and is found again by the same bytes only
            return judged_again(self.book, found, self.pen.kept_apart(found.verdict.line), now=now)
        except OSError as error:
            return found._replace(verdict=None, slips={"": f"its texts cannot be kept apart: {error}"})

    async def as_sent(self, found: Judged) -> Judged:
        """Return a verdict on the bytes that are sent: where there is a vault, with the free texts put into it.

        A crash behind this leaves a text that nothing commits to; the same draft, judged again, uses it.
        Errors: VaultError, OSError.
        """
        if found.verdict is None or self.pen.apart is None:
            return found
        payload = await asyncio.to_thread(self.pen.kept_apart, found.verdict.line)
        return judged_again(self.book, found, payload, now=self.session.clock())

    async def effect(self, found: Judged) -> Effect | None:
        """Return what a form would change if it were recorded, None where it would not be, or where more is known."""
        told, at = found.verdict, found.at
        if told is None or not told.events:
            return None
        recorded_at = told.events[-1].recordedtime
        as_of = max(recorded_at.astimezone(self.session.zone).date(), told.events[0].effective_on)

        def shown(replica: Replica) -> Effect | None:
            with self._showing:  # a fork shows one thing at a time, and questions are asked in more than one thread
                if replica.sequence < at or self._closed:
                    return None
                fork = self._forked(replica, at)
                fork.show(told.payloads)
                return effect(fork, found.names, recorded_at, as_of)

        # Shielded, so that a question that nobody waits for any more is asked to its end.
        return await asyncio.shield(self.session.ask(shown))

    def close(self) -> None:
        """Forget the fork, once the question that is asked of it now is answered; no effect is told after this."""
        with self._showing:
            self._closed = True
            if self._fork is not None:
                self._fork.close()

    async def arrived(self, since: int) -> list[Recorded]:
        """Return what was recorded after a sequence, the last two hundred of it at most. Errors: StoreError."""
        last = self.session.replica.sequence
        found = []
        async for entry in self.session.entries(max(since, last - MOST_ARRIVED), last):
            try:
                found.append(codec.decode(entry.payload, portfolio=self.book.portfolio, sequence=entry.sequence))
            except codec.ForeignEntry:
                continue
        return found

    def _forked(self, replica: Replica, at: int) -> ForkReplica:
        """Return a fork of the replica at a sequence, the one there is where it is that."""
        if self._fork is None or self._fork.fork != at:
            if self._fork is not None:
                self._fork.close()
            self._fork = ForkReplica(replica, at)
        return self._fork
