"""Compare: two moments beside each other, and for every value that is not the same who set it."""

from __future__ import annotations

import msgspec
from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from ledger.store import StoreError
from projections.moment import Moment
from projections.moments import Compared, compare_moments
from tui import keys
from tui.going import place_of
from tui.model.compare_lines import (
    Compare,
    compare_header,
    compare_line,
    compare_rows,
    compare_text,
    compare_title,
    moment_words,
    set_by_words,
)
from tui.modes import ModeScreen
from tui.reports import WIDTH
from tui.widgets.key_line import KeyLine
from tui.widgets.rows import Line, Rows
from tui.widgets.too_small import TooSmall

PANEL_CELLS = 5
"""What a panel takes of the width: border, padding and scroll bar."""


class CompareScreen(ModeScreen):
    """Every field that differs, A beside B, and under them the whole of the one in question. note: what A is."""

    where = "compare"
    BINDINGS = [*keys.bindings("compare")]

    def __init__(self, before: Moment, after: Moment, note: str = "") -> None:
        super().__init__()
        self.before, self.after, self.note = before, after, note
        self.compared: Compared | None = None

    def compose(self) -> ComposeResult:
        self.glyphs, self.session = self.ledger.glyphs, self.ledger.session
        yield TooSmall()
        with Vertical(classes="body"):
            yield Static(classes="header", id="header")
            yield Static(classes="line", id="columns")
            yield Rows(id="changes")
            yield Static(id="told")
        yield KeyLine()

    def on_mount(self) -> None:
        changes = self.query_one("#changes", Rows)
        changes.add_class("panel")
        changes.focus()
        self.compare()

    # What the application tells

    def shown(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        if self.compared is not None:
            self.call_after_refresh(self.draw)

    async def go(self, text: str) -> None:
        """Compare A with the place an address names."""
        try:
            sequence = await place_of(self.session, self.ledger.head, text)
        except ValueError as error:
            self.app.notify(str(error), severity="warning", markup=False)
            return
        self.after = self.session.moment(sequence)
        self.compare()

    # Doing

    @work(exclusive=True, group="compare")
    async def compare(self) -> None:
        """Compare the two moments, which may take a second, and draw what came of it."""
        before, after = self.before, self.after
        self._draw_header()
        changes = self.query_one("#changes", Rows)
        changes.empty = "comparing"
        changes.show([])
        self.compared = await self.session.ask(lambda replica: compare_moments(replica, before, after))
        changes.empty = "nothing differs between the two moments"
        changes.cursor = 0
        self.draw()
        self.tell(changes.here)

    def action_swap(self) -> None:
        self.before, self.after = self.after, self.before
        self.compare()

    def action_next(self, by: int) -> None:
        """Go to the first change of the next initiative, or of the one before."""
        changes = self.query_one("#changes", Rows)
        subjects = [line.opens.subject for line in changes.lines]
        firsts = [place for place, each in enumerate(subjects) if place == 0 or each != subjects[place - 1]]
        ahead = [place for place in firsts if (place - changes.cursor) * by > 0]
        if not ahead:
            self.app.notify(f"no change {'after' if by > 0 else 'before'} this")
            return
        changes.action_move((ahead[0] if by > 0 else ahead[-1]) - changes.cursor)

    def action_open(self) -> None:
        self.query_one("#changes", Rows).action_open()

    async def on_rows_opened(self, message: Rows.Opened) -> None:
        if not isinstance(message.opens, Compare):
            return
        if message.opens.sequence is None:
            self.app.notify("no single decision set this")
            return
        self.dismiss()
        await self.ledger.visit(message.opens.sequence)

    def on_rows_selected(self, message: Rows.Selected) -> None:
        self.tell(message.opens)

    def action_leave(self) -> None:
        self.dismiss()
        self.ledger.tell_shown()

    def action_export(self) -> None:
        if self.compared is None:
            self.app.notify("it is still comparing")
            return
        name = f"compare-{self.before.sequence}-{self.after.sequence}"
        text = f"{self._moments()}\n\n{compare_text(self.compared, WIDTH, self.glyphs)}"
        self.report(name, text, msgspec.to_builtins(self.compared))

    # Drawing

    def draw(self) -> None:
        """Draw what differs."""
        self._draw_header()
        if self.compared is None:
            return
        width = max(self.size.width - PANEL_CELLS, 60)
        self.query_one("#columns", Static).update(Content(f" {compare_header(width)}"))
        changes = self.query_one("#changes", Rows)
        changes.border_title = compare_title(self.compared)
        changes.border_subtitle = self.note or "enter shows the decision that set it"
        rows = compare_rows(self.compared, self.glyphs)
        changes.show([Line(compare_line(row, width, self.glyphs), row.standing, row) for row in rows])

    def _moments(self) -> str:
        return f"A {moment_words(self.before)} {self.glyphs.becomes} B {moment_words(self.after)}"

    def _draw_header(self) -> None:
        glyphs, tip = self.glyphs, self.session.line.tip
        past = max(self.before.sequence, self.after.sequence) < tip
        standing = f"{glyphs.past} PAST {glyphs.same} read only" if past else f"{glyphs.live} LIVE"
        between = "" if self.compared is None else f"   {self.compared.decisions:,} decisions between"
        header = f"{glyphs.compare} COMPARE  {self._moments()}{between}   {standing}"
        self.query_one("#header", Static).update(Content(header), layout=False)
        self.set_class(past, "-past")

    @work(exclusive=True, group="told")
    async def tell(self, row: Compare | None) -> None:
        """Draw the whole of one line: both values, and who set the later one, when and why."""
        told = self.query_one("#told", Static)
        if row is None:
            told.update("")
            return
        lines = [" ".join(filter(None, [row.subject, row.title, f"{self.glyphs.same} {row.field}"]))]
        lines.append(" ".join(filter(None, [row.before, self.glyphs.becomes, row.after, row.delta])))
        told.update(Content("\n".join(lines)))
        if row.derived:
            lines.append("worked out from everything up to each moment; no single decision set it")
        elif row.sequence is not None:
            try:
                entry = await self.session.entry(row.sequence)
            except StoreError as error:
                lines.append(str(error))
            else:
                lines.append(set_by_words(entry.event if entry else None, row.sequence))
        told.update(Content("\n".join(lines)))
