"""Replay: every decision of a history, one by one, with what it changed and why."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from time import monotonic

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from ledger.findings import FindingError
from ledger.store import StoreError
from projections import filters
from projections.pages import Pages
from tui import keys
from tui.model.change import Change
from tui.model.commands import about_event
from tui.model.proof_lines import proof_lines, with_proof
from tui.model.seen import Seen
from tui.model.supposed import SupposedError
from tui.model.text import clean
from tui.screens.ask import AskScreen
from tui.screens.finding import FindingScreen, Written
from tui.screens.replay_drawn import BASES, ReplayDrawn
from tui.widgets.card import Card
from tui.widgets.key_line import KeyLine
from tui.widgets.rows import Rows
from tui.widgets.scrubber import Scrubber
from tui.widgets.timeline import Timeline
from tui.widgets.too_small import TooSmall

FRAMES_S = 1 / 15
"""How often play draws; decisions between two frames are passed over on the screen, never in the history."""


class ReplayScreen(ReplayDrawn):
    """Timeline, scrubber, transport, card, state before and after, and what the portfolio gained or lost."""

    BINDINGS = [
        *keys.bindings("replay"),
        Binding("up", "step(-1)", show=False),
        Binding("down", "step(1)", show=False),
        Binding("tab", "panel", show=False),
    ]

    def compose(self) -> ComposeResult:
        ledger = self.ledger
        self.head, self.glyphs, self.session = ledger.head, ledger.glyphs, ledger.session
        self.pages = Pages(self.session.replica, self.session.line)
        self.words = ""
        self.base = 0
        self.seen: Seen | None = None
        yield TooSmall()
        with Vertical(classes="body"):
            yield Static(classes="header", id="header")
            yield Scrubber(self.head, self.glyphs, id="scrubber")
            yield Static(classes="line", id="transport")
            with Horizontal(id="panels"):
                yield Timeline(self.pages, self.glyphs, id="timeline")
                with Vertical(id="beside"):
                    yield Card(id="card")
                    yield Rows(id="state", empty="no state is kept of this")
                    yield Rows(id="moved")
        yield KeyLine()

    def on_mount(self) -> None:
        for panel in ("timeline", "card", "state", "moved"):
            self.query_one(f"#{panel}").add_class("panel")
        self.timeline.focus()
        self._last_frame = monotonic()
        self.set_interval(FRAMES_S, self._frame)
        self._show_findings()
        self.call_after_refresh(self.shown)

    # What the application tells

    def shown(self) -> None:
        self.draw()

    def news(self, arrived: int) -> None:
        if arrived:
            self.pages.grown()
            self.timeline.changed()
            if self.head.live:
                self.draw()
                return
        if self.seen is not None and self.seen.unread and self.session.offline is None:
            self.look()  # the stream is there again
        self._draw_header()
        self._draw_transport()

    def about(self) -> str | None:
        place = self.head.place
        kind, _, name = self.pages.row(place).subject.partition("/") if place >= 0 else ("", "", "")
        return name if kind == "initiative" else None

    def field(self) -> str | None:
        state = self.query_one("#state", Rows)
        return state.here.field if state.has_focus and state.here is not None else None

    def on_resize(self) -> None:
        if self.seen is not None:
            self.call_after_refresh(self.draw)

    def on_rows_resized(self) -> None:
        if self.seen is not None:
            self._draw_seen(self.seen, None)

    # Moving

    def action_step(self, by: int) -> None:
        self._moving(lambda: self.head.step(by))

    def action_page(self, by: int) -> None:
        self._moving(lambda: self.head.step(by * max(self.timeline.size.height - 1, 1)))

    def action_first(self) -> None:
        self._moving(lambda: self.head.step(-len(self.head.index)))

    def action_last(self) -> None:
        self._moving(lambda: self.head.step(len(self.head.index)))

    def action_cell(self, by: int) -> None:
        scrubber = self.query_one(Scrubber)
        width = max(scrubber.size.width, 1)
        cell = self.session.line.cell_of(self.head.sequence, width, by_time=scrubber.by_time) + by
        share = (min(max(cell, 0), width - 1) + 0.5) / width
        target = self.session.line.sequence_at(share, by_time=scrubber.by_time)
        if (target - self.head.sequence) * by <= 0:  # an empty cell: the next decision that way
            self.action_step(by)
            return
        self._moving(lambda: self.head.to(target))

    def action_live(self) -> None:
        self._moving(self.head.follow)

    def action_play(self) -> None:
        self.head.play()
        self._last_frame = monotonic()
        self.draw()

    def action_faster(self, by: int) -> None:
        self.head.faster(by)
        self._draw_transport()

    def action_clock(self) -> None:
        self.head.toggle_clock()
        self._draw_transport()

    def action_ruler(self) -> None:
        scrubber = self.query_one(Scrubber)
        scrubber.by_time = not scrubber.by_time
        scrubber.refresh()
        self._draw_transport()

    def on_scrubber_moved(self, message: Scrubber.Moved) -> None:
        self._moving(lambda: self.head.to(message.sequence))

    def on_timeline_chosen(self, message: Timeline.Chosen) -> None:
        self._moving(lambda: self.head.to(self.pages.index[message.place]))

    def _moving(self, move: Callable[[], None]) -> None:
        self.head.playing = False
        move()
        self.draw()

    def _frame(self) -> None:
        if not self.ready:
            return
        now = monotonic()
        passed, self._last_frame = now - self._last_frame, now
        if self.head.playing and self.head.tick(passed):
            self.draw()
        elif not self.head.playing and self._was_playing:
            self._draw_transport()
        self._was_playing = self.head.playing

    _was_playing = False

    # Jumping

    @work(exclusive=True, group="jump")
    async def action_next(self, what: str, back: bool = False) -> None:
        found = await self._of(what)
        target = self.head.next_in(found, back=back)
        if target is None:
            self.app.notify(f"no {what} {'before' if back else 'after'} this")
            return
        self.ledger.remember()
        self._moving(lambda: self.head.to(target))

    async def _of(self, what: str) -> array[int]:
        """Return the sequences of one kind: about the same, by the same, of the same type, problems or marks."""
        if what == "mark":
            scrubber = self.query_one(Scrubber)
            return array("q", sorted(self.head.marks | scrubber.findings))
        if what == "problem":
            return await self.session.ask(lambda replica: filters.sequences(replica, (filters.PROBLEM,)))
        place = self.head.place
        if place < 0:
            return array("q")
        row = self.pages.row(place) if self.head.index[place] == self.head.sequence else None
        if row is None:
            return array("q")
        alike = {
            "initiative": filters.alike("subject", row.subject),
            "actor": filters.alike("actor", row.actor),
            "kind": filters.alike("type", row.type),
        }[what]
        return await self.session.ask(lambda replica: filters.sequences(replica, alike))

    # Filtering

    def action_filter(self) -> None:
        def given(text: str | None) -> None:
            if text is not None:
                self.filter(text)

        hint = "initiative:AI-0007 kind:funding by:ana after:2024-06 amount>1M why:~vendor problem !reversed"
        self.app.push_screen(AskScreen("Filter", hint, self.words), given)

    def action_clear_filter(self) -> None:
        self.filter("")

    @work(exclusive=True, group="filter")
    async def filter(self, words: str) -> None:
        """Step through the decisions that pass these words; all of them where there are none."""
        try:
            conditions = filters.parse(words)
        except filters.FilterError as error:
            self.app.notify(str(error), severity="warning", markup=False)
            return
        found = None
        if conditions:
            found = await self.session.ask(lambda replica: filters.sequences(replica, conditions))
        self.words = words.strip()
        self.pages.show(found)
        self.head.show(found)
        self.timeline.changed()
        self.draw()

    # Marks, A, watching

    def action_mark(self) -> None:
        self.head.marks ^= {self.head.sequence}
        self.timeline.marked = self.head.marks
        self.timeline.redraw()
        self.query_one(Scrubber).refresh()

    def action_finding(self) -> None:
        if self.session.read_only:
            self.app.notify("it was opened to look only; nothing can be filed")
            return
        sequence, field = self.head.sequence, self.field()
        about = f"sequence {sequence:,}" + (f", field {clean(field)}" if field else "")

        async def filed(written: Written | None) -> None:
            if written is None:
                return
            try:
                made = await self.session.file(sequence, written.severity, written.title, written.text, field)
            except (FindingError, StoreError) as error:
                self.app.notify(clean(str(error)), severity="warning", markup=False)
                return
            self.app.notify(f"{made.finding} is filed", markup=False)
            self._show_findings()
            self.draw()

        self.app.push_screen(FindingScreen(about, clean(self.session.actor)), filed)

    def _show_findings(self) -> None:
        found = {each.sequence for each in self.session.found if each.status != "withdrawn"}
        self.query_one(Scrubber).findings = found
        self.timeline.found = found
        self.timeline.redraw()

    def action_set_a(self) -> None:
        self.head.a = None if self.head.a == self.head.sequence else self.head.sequence
        self.query_one(Scrubber).refresh()
        self._draw_transport()
        self.look()

    def action_base(self) -> None:
        self.base = (self.base + 1) % len(BASES)
        if BASES[self.base] == "A" and self.head.a is None:
            self.base = (self.base + 1) % len(BASES)
        self.look()

    def action_watch(self) -> None:
        field = self.field()
        self.head.watched = None if field is None or field == self.head.watched else field
        self._draw_transport()

    def action_panel(self) -> None:
        if self.has_class("-narrow"):
            self.toggle_class("-behind")
            self.query_one("#state" if self.has_class("-behind") else "#card").focus()
        else:
            self.focus_next()

    def action_open(self) -> None:
        state = self.query_one("#state", Rows)
        if state.has_focus:
            state.action_open()

    def on_rows_opened(self, message: Rows.Opened) -> None:
        target = message.opens.set_by if isinstance(message.opens, Change) else message.opens
        if isinstance(message.opens, Change) and target == self.head.sequence:
            target = None
        if target is None:
            self.app.notify("nothing set this before")
            return
        self.ledger.remember()
        self._moving(lambda: self.head.to(target))

    @work(exclusive=True, group="proof")
    async def action_verify(self) -> None:
        sequence = self.head.sequence
        try:
            proof = await self.session.proof(sequence) if sequence else None
        except StoreError as error:
            self.app.notify(str(error), severity="error", markup=False)
            return
        if proof is not None and self.seen is not None and self.seen.sequence == sequence == self.head.sequence:
            self._draw_seen(self.seen._replace(card=with_proof(self.seen.card, proof_lines(proof))), None)
            # Behind the refresh that makes room for the new lines: before it the end is where it was.
            self.call_after_refresh(self.call_after_refresh, self.query_one("#card", Card).scroll_end, animate=False)

    def action_compare(self) -> None:
        from tui.screens.compare import CompareScreen

        sequence, a = self.head.sequence, self.head.a
        before = self.session.quarter_start(sequence) if a is None else self.session.moment(a)
        note = "A was not set, x sets it: this is the start of the quarter" if a is None else ""
        self.head.playing = False
        self.app.push_screen(CompareScreen(before, self.session.moment(sequence), note))

    async def action_board(self) -> None:
        await self.ledger.action_go("board")

    @work(exclusive=True, group="suppose")
    async def action_suppose(self) -> None:
        sequence = self.head.sequence
        try:
            entry = await self.session.entry(sequence) if sequence else None
        except StoreError as error:
            self.app.notify(clean(str(error)), severity="error", markup=False)
            return
        if entry is None or entry.event is None:
            self.app.notify("there is no decision here that could be left out")
            return
        try:
            self.ledger.supposed.leave_out(sequence, about_event(entry.event))
        except SupposedError as error:
            self.app.notify(str(error), markup=False)
        await self.ledger.action_go("suppose")
