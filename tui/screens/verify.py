"""Verify: everything kept and shown, made anew from the stream and compared; and how far up the levels that leads."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui import keys
from tui.model.text import clean
from tui.model.verification import STEPS, WORDS, Part, Problem
from tui.model.verify_lines import gauge_line, level_lines, outcome, problem_lines, seal_words
from tui.modes import ModeScreen
from tui.reports import verification_report
from tui.theme import STYLES
from tui.widgets.key_line import KeyLine
from tui.widgets.rows import Line, Rows
from tui.widgets.too_small import TooSmall

LOOKS_S = 0.1
"""How often a verification under way is looked at."""

PANEL_CELLS = 5
"""What a panel takes of the width: border, padding and scroll bar."""


class VerifyScreen(ModeScreen):
    """A bar a step, the outcome, every problem with the entry it leads to, and the levels."""

    BINDINGS = [*keys.bindings("verify"), Binding("tab", "app.focus_next", show=False)]

    def compose(self) -> ComposeResult:
        ledger = self.ledger
        self.check, self.glyphs, self.session = ledger.verifying.check, ledger.glyphs, ledger.session
        self._drawn = -1
        yield TooSmall()
        with Vertical(classes="body"):
            yield Static(classes="header", id="header")
            yield Static(id="gauges")
            yield Static(classes="line", id="outcome")
            yield Rows(id="problems")
            yield Rows(id="levels")
        yield KeyLine()

    def on_mount(self) -> None:
        for panel in ("problems", "levels"):
            self.query_one(f"#{panel}").add_class("panel")
        self.query_one("#levels").focus()
        self.set_interval(LOOKS_S, self._look)
        self.call_after_refresh(self.shown)

    # What the application tells

    def shown(self) -> None:
        self._drawn = -1
        self._look()

    def news(self, arrived: int) -> None:
        if arrived:
            self.shown()
        else:
            self._draw_header()

    def on_resize(self) -> None:
        self.call_after_refresh(self.shown)

    # Doing

    def action_verify(self) -> None:
        self._begin("rebuild", "decide")

    def action_rebuild(self) -> None:
        self._begin("rebuild")

    def action_decide(self) -> None:
        self._begin("decide")

    def _begin(self, *parts: Part) -> None:
        if self.check.running:
            self.app.notify("a verification is under way; p pauses it, s stops it")
            return
        self.app.run_worker(self.ledger.verifying.run(parts), group="verify")

    def action_pause(self) -> None:
        if self.check.running:
            self.check.pause()
            self._look()
        else:
            self.app.notify("nothing is under way; v checks everything")

    def action_stop(self) -> None:
        if self.check.running:
            self.check.stop()

    async def action_leave(self) -> None:
        await self.ledger.action_go("replay")

    def action_report(self) -> None:
        if self.check.running or self.check.state == "idle":
            why = "it is still under way" if self.check.running else "nothing was checked yet; v checks everything"
            self.app.notify(f"no report: {why}")
            return
        self.report("verify", *verification_report(self.session, self.check))

    def action_open(self) -> None:
        self.query_one("#problems", Rows).action_open()

    async def on_rows_opened(self, message: Rows.Opened) -> None:
        if not isinstance(message.opens, Problem):
            return
        if not message.opens.sequence:
            self.app.notify("this is about no single entry")
            return
        await self.ledger.visit(message.opens.sequence)

    # Drawing

    def _look(self) -> None:
        """Draw where there is something new."""
        drawn = self.check.drawn
        if drawn != self._drawn and self.is_current:
            self._drawn = drawn
            self.draw()

    def draw(self) -> None:
        """Draw how far the verification is, and what it found."""
        self._draw_header()
        width = max(self.size.width - 2, 40)
        asked = {step for part in self.check.parts for step in STEPS[part]} if self.check.running else set()
        bars = [gauge_line(step, self.check.gauges[step], width, self.glyphs, waits=step in asked) for step in WORDS]
        self.query_one("#gauges", Static).update(Content("\n".join(bars)))
        told, standing = outcome(self.check, self.session.line.tip, self.glyphs)
        self.query_one("#outcome", Static).update(Content.styled(told, STYLES[standing]))
        self._draw_problems()
        self._draw_levels()

    def _draw_problems(self) -> None:
        panel, problems = self.query_one("#problems", Rows), self.check.problems
        if problems and not panel.display:
            self.call_after_refresh(panel.focus)
        panel.display = bool(problems)
        panel.border_title = f"Problems {len(problems):,}"
        panel.border_subtitle = "enter opens the entry"
        width = max(self.size.width - PANEL_CELLS, 40)
        panel.show(
            [Line(text, "problem", each) for each in problems for text in problem_lines(each, width, self.glyphs)]
        )

    def _draw_levels(self) -> None:
        panel = self.query_one("#levels", Rows)
        panel.border_title = "Levels: what was looked at, and what was not"
        comparison = self.check.comparison
        panel.border_subtitle = seal_words(self.check) or (
            f"root {comparison.root[:16]}{self.glyphs.ellipsis} not signed" if comparison else ""
        )
        found = self.check.levels
        width = max(self.size.width - PANEL_CELLS, 40)
        lines = level_lines(found, width, self.glyphs, meant=self.has_class("-tall") and not self.check.problems)
        panel.show([Line(text, standing) for text, standing in lines])

    def _draw_header(self) -> None:
        session, glyphs = self.session, self.glyphs
        standing = f"{glyphs.live} connected"
        if session.offline is not None:
            since, _ = session.offline
            standing = f"{glyphs.offline} OFFLINE since {since:%H:%M}"
        name = clean(session.portfolio, 30)
        header = f"{glyphs.verify} VERIFY  {name}   {session.line.tip:,} entries known   {standing}   read only"
        self.query_one("#header", Static).update(Content(header), layout=False)
