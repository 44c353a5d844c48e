"""What a replay draws: the card of a decision, the state before and after, and what the portfolio gained or lost."""

from __future__ import annotations

import asyncio
import textwrap

from textual import work
from textual.content import Content
from textual.widgets import Static

from projections.line import instant_of
from projections.moment import Moment
from projections.pages import Pages, Wanted
from schemas.envelope import Recorded
from tui.model.card import Standing, with_findings
from tui.model.change import Change
from tui.model.figures import instant
from tui.model.glyphs import Glyphs
from tui.model.head import Head
from tui.model.lines import card_lines, change_line
from tui.model.seen import Seen, moved, see, unread, unreadable
from tui.model.text import clean
from tui.model.verify_lines import progress_words
from tui.modes import Ledger, ModeScreen
from tui.session import Session, StoreError
from tui.widgets.card import Card
from tui.widgets.rows import Line, Rows
from tui.widgets.scrubber import Scrubber
from tui.widgets.timeline import Timeline

NOTHING = (
    "Nothing is recorded yet.",
    "n records the first decision; portfolio send FILE records commands; portfolio import loads a history.",
)
"""What the card says of an empty history."""

BASES = ("the decision before", "A", "the start of the quarter")


class ReplayDrawn(ModeScreen):
    """The panels of a replay. words: the filter. base: the place among BASES of what a state is compared with.

    seen: what the card shows, None before the first.
    """

    head: Head
    glyphs: Glyphs
    session: Session
    pages: Pages
    words: str
    base: int
    seen: Seen | None

    @property
    def timeline(self) -> Timeline:
        """The list of decisions."""
        return self.query_one("#timeline", Timeline)

    def draw(self) -> None:
        """Draw where the head stands; what takes longer follows."""
        lacks = self.timeline.lacks(self.head.place)
        if lacks.pages:
            self._read_list(lacks)
        else:
            self._draw_list()
        self.query_one(Scrubber).refresh()
        self._draw_header()
        self._draw_transport()
        self.look()

    @work(exclusive=True, group="list")
    async def _read_list(self, lacks: Wanted) -> None:
        """Read what the list lacks, and draw it."""
        pages = await self.session.ask(lambda _: self.pages.read(lacks))
        self.pages.keep(lacks, pages)
        if self.ready:
            self._draw_list()

    def _draw_list(self) -> None:
        self.timeline.select(self.head.place)
        self.timeline.border_title = "Decisions"
        self.timeline.border_subtitle = f"{self.head.place + 1:,} of {len(self.head.index):,}"

    @work(exclusive=True, group="look")
    async def look(self) -> None:
        """Draw the card and what changed; a newer look replaces one that is still under way."""
        sequence = self.head.sequence
        if not sequence:
            self._draw_empty()
            return
        here, base = self.session.moment(sequence), self._base_of(sequence)
        fetching = asyncio.ensure_future(self.session.entry(sequence))

        async def between() -> Recorded | None:
            entry = await fetching
            return entry.event if entry is not None and base.sequence == sequence - 1 else None

        moving = asyncio.ensure_future(moved(self.session.ask, between(), base, here))
        try:
            await asyncio.sleep(0)  # that it waits for the entry first: what it asks then takes longest
            entry = await fetching
            if entry is None or sequence != self.head.sequence or not self.ready:
                return
            if entry.event is None:
                self._draw_seen(unreadable(sequence, entry.foreign or ""), [])
                return
            seen = await see(
                self.session.ask, entry.event, entry.payload, base, here, self.session.read_text, self.session.trusted()
            )
            if sequence == self.head.sequence and self.ready:
                self._draw_seen(seen, None)
                self._draw_moved(await moving)
        except StoreError as error:
            if sequence == self.head.sequence and self.ready:
                self._draw_seen(unread(sequence, str(error)), [])
        finally:
            for begun in (moving, fetching):
                begun.cancel()
            await asyncio.gather(moving, fetching, return_exceptions=True)

    def _base_of(self, sequence: int) -> Moment:
        """Return the moment a state is compared with."""
        chosen = BASES[self.base]
        if chosen == "A" and self.head.a is not None:
            return self.session.moment(self.head.a)
        if chosen == BASES[2]:
            return self.session.quarter_start(sequence)
        here = self.session.moment(sequence)
        return Moment(sequence - 1, here.recorded_at, here.as_of)

    def _draw_seen(self, seen: Seen, changes: list[Change] | None) -> None:
        self.seen = seen
        card = self.query_one("#card", Card)
        card.border_title = f"Decision {seen.sequence:,}"
        width = max(card.scrollable_content_region.width - 1, 20)
        lines = with_findings(seen.card, self.session.found, seen.sequence)
        card.show(card_lines(lines, self.glyphs, width))
        state = self.query_one("#state", Rows)
        base = BASES[self.base]
        about = clean(seen.about, 30)
        state.border_title = f"{about}: before {self.glyphs.becomes} after" if about else "State"
        state.border_subtitle = f"against {base}"
        width = max(state.scrollable_content_region.width - 1, 20)
        state.show([Line(change_line(each, width, self.glyphs), _standing(each), each) for each in seen.changes])
        self._stop_where_watched(seen)
        if changes is not None:
            self._draw_moved(changes)

    def _draw_moved(self, changes: list[Change]) -> None:
        panel = self.query_one("#moved", Rows)
        panel.border_title = "Portfolio: what this moved"
        width = max(panel.scrollable_content_region.width - 1, 20)
        panel.styles.height = len(changes) + 2 if self.size.height >= 40 else min(len(changes), 4) + 2
        panel.show([Line(change_line(each, width, self.glyphs), _standing(each)) for each in changes])

    def _stop_where_watched(self, seen: Seen) -> None:
        watched = self.head.watched
        if watched and self.head.playing and any(each.field == watched and each.sign != "·" for each in seen.changes):
            self.head.playing = False
            self._draw_transport()

    def _draw_empty(self) -> None:
        card = self.query_one("#card", Card)
        width = max(card.scrollable_content_region.width - 1, 20)
        card.show([(line, None) for part in NOTHING for line in (*textwrap.wrap(part, width), "")])
        self.query_one("#state", Rows).show([])

    def _draw_header(self) -> None:
        header = header_line(self.ledger, "REPLAY", self.glyphs.mark)
        self.query_one("#header", Static).update(Content(header), layout=False)
        self.set_class(not self.head.at_tip, "-past")

    def _draw_transport(self) -> None:
        self.query_one("#transport", Static).update(Content(self._transport()), layout=False)

    def _transport(self) -> str:
        glyphs, head = self.glyphs, self.head
        state = f"{glyphs.playing} playing" if head.playing else f"{glyphs.paused} paused "
        if head.live:
            state = f"{glyphs.live} following"
        waiting = len(self.session.line) - 1 - self.session.line.place(head.sequence)
        parts = [
            state,
            head.speed_words,
            f"filter {clean(self.words, 40) or 'none'} ({len(head.index):,})",
            f"A {head.a:,}" if head.a else "A –",
        ]
        if not head.live and waiting > 0:
            parts.append(f"{waiting:,} after this, l follows")
        if self.session.found:
            still_open = sum(each.status == "open" for each in self.session.found)
            parts.append(f"{still_open} of {len(self.session.found)} findings open")
        if head.watched:
            parts.append(f"watching {head.watched}")
        if not self.query_one(Scrubber).by_time:
            parts.append("ruler by decision")
        return "   ".join(parts)


def header_line(ledger: Ledger, title: str, sign: str) -> str:
    """Return the first line of a screen: mode, portfolio, moment, and how things stand."""
    session, head, glyphs = ledger.session, ledger.head, ledger.glyphs
    us = session.line.at(head.sequence)
    when = f"{instant(instant_of(us))} UTC" if us is not None else "before the first decision"
    standing = f"{glyphs.live} LIVE" if head.at_tip else f"{glyphs.past} PAST {glyphs.same} read only"
    if session.offline is not None:
        since, _ = session.offline
        standing = f"{glyphs.offline} OFFLINE since {since:%H:%M}, showing what was known"
    place = f"seq {head.sequence:,}/{session.line.tip:,}"
    check = ledger.verifying.check
    proof = progress_words(check, glyphs)
    if ledger.size.width < 110:
        return f"{sign} {title}  {when[:16]}  {place}  {standing}" + (f"  {proof}" if check.running else "")
    return f"{sign} {title}  {clean(session.portfolio, 30)}   {when}   {place}   {standing}   {proof}"


def _standing(change: Change) -> Standing:
    return "plain" if change.sign == "·" else "yes"
