"""The board: where the portfolio stands at any moment, and the way back from each figure to what set it."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from projections.moment import Moment
from projections.replica import Replica
from projections.why import why
from projections.why_total import why_total
from tui import keys
from tui.board import NOTHING, header, moment_of, own_day, points_before, seen_by, standing
from tui.model.as_of import AsOf, parse, quarter_end
from tui.model.board import BoardSeen, Point, see_point
from tui.model.board_drawing import Drawing
from tui.model.board_headline import headline
from tui.model.board_initiatives import ORDERS, chosen, initiatives
from tui.model.board_panels import PANELS
from tui.model.board_places import BORDER, Box, Places, names, places
from tui.model.board_trend import trend
from tui.model.pieces import Panel, ToEntry, ToInitiative, ToSetter, ToTotal
from tui.model.state_lines import see_state
from tui.model.text import clean
from tui.modes import ModeScreen
from tui.screens.ask import AskScreen
from tui.screens.initiative import InitiativeScreen
from tui.screens.replay import ReplayScreen
from tui.widgets.figures import GUTTER, Figures
from tui.widgets.key_line import KeyLine
from tui.widgets.too_small import TooSmall

ALL_PANELS = ("initiatives", *PANELS, "trend")
TREND_LINES = 4
"""Lines the figures over time ask for, also while they are being asked for themselves."""
MOST_KEPT = 200
"""Quarters whose figures are kept."""

MOST_BOARDS = 16
"""Boards that are kept, so that going back and forth asks once."""


class Chosen(NamedTuple):
    """A day chosen for a board: it holds as long as the head stays where it was chosen."""

    sequence: int
    day: datetime.date


class BoardScreen(ModeScreen):
    """Headline, initiatives, pipeline, value streams, alignment, models, capacity, benefits, what needs a decision."""

    BINDINGS = [*keys.bindings("board")]

    def compose(self) -> ComposeResult:
        ledger = self.ledger
        self.head, self.glyphs, self.session = ledger.head, ledger.glyphs, ledger.session
        self.chosen = None if ledger.day is None else Chosen(self.head.sequence, ledger.day)
        self.order, self.words = next(iter(ORDERS)), ""
        self.seen: BoardSeen | None = None
        self.points: list[Point] = []
        self.counts: dict[str, int] = {}
        self._counted: tuple[BoardSeen, dict[str, int]] | None = None
        self.kept: dict[Moment, Point] = {}
        self.boards: dict[Moment, BoardSeen] = {}
        self.front = "needs"
        self.placed: Places | None = None
        self.whole: str | None = None
        yield TooSmall()
        with Vertical(classes="body"):
            yield Static(classes="header", id="header")
            yield Figures(self.glyphs, id="headline")
            with Container(id="panels"):
                for name in ALL_PANELS:
                    yield Figures(self.glyphs, id=name, before="reading…").add_class("panel")
                yield Static(NOTHING, id="nothing")
        yield KeyLine()

    def on_mount(self) -> None:
        self.panel("initiatives").focus()
        self.call_after_refresh(self.shown)

    def panel(self, name: str) -> Figures:
        """Return the panel of a name, `headline` among them."""
        return self.query_one(f"#{name}", Figures)

    @property
    def moment(self) -> Moment:
        """The moment that is shown."""
        held = self.chosen is not None and (self.chosen.sequence == self.head.sequence or self.head.live)
        return moment_of(self.session, self.head, self.chosen.day if self.chosen is not None and held else None)

    # What the application tells

    def shown(self) -> None:
        self.draw()

    def news(self, arrived: int) -> None:
        if arrived and self.head.live:
            self.draw()
        else:
            self._draw_header()

    def field(self) -> str | None:
        here = self.focused.here if isinstance(self.focused, Figures) else None
        return here.name if here is not None and here.name else None

    def zoom(self) -> None:
        here = self.focused.id if isinstance(self.focused, Figures) else None
        self.whole = here if self.whole is None and here in ALL_PANELS else None
        self._draw_panels()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw_again)

    # Which moment

    def action_as_of(self) -> None:
        async def given(text: str | None) -> None:
            if text is not None:
                await self.go_to(text)

        hint = "2025-03-31, 2025-Q1, known 2025-03-31, 2024-06-30 known 2024-07-18"
        self.app.push_screen(AskScreen("As of", hint, str(self.moment.as_of)), given)

    async def go_to(self, text: str) -> None:
        """Show the moment that words name; what cannot be read changes nothing."""
        try:
            asked: AsOf = parse(text)
            known = None if asked.known is None else await self.session.at(asked.known, None)
        except ValueError as error:
            self.app.notify(str(error), severity="warning", markup=False)
            return
        self.ledger.remember()
        day = asked.day
        if known is not None:
            self.head.playing = False
            self.head.to(known.sequence)
            day = day or known.as_of
        self._choose(day)

    def action_period(self, by: int) -> None:
        self._choose(quarter_end(self.moment.as_of, by))

    def action_today(self) -> None:
        self.head.follow()
        self._choose(None)

    def _choose(self, day: datetime.date | None) -> None:
        own = own_day(self.session, self.head)
        late = day is not None and self.moment.as_of < own < day
        self.chosen = None if day in (None, own) or late else Chosen(self.head.sequence, day)
        self.draw()

    # What is listed

    def action_sort(self) -> None:
        orders = list(ORDERS)
        self.order = orders[(orders.index(self.order) + 1) % len(orders)]
        self._draw_panels()

    def action_filter(self) -> None:
        def given(text: str | None) -> None:
            if text is not None:
                self.words = text.strip()
                self._draw_panels()
                self._focus("initiatives")

        hint = "words of an id, title, stream, stage, sponsor; empty for all"
        self.app.push_screen(AskScreen("Initiatives that hold", hint, self.words), given)

    def action_clear_filter(self) -> None:
        self.words = ""
        self._draw_panels()

    def action_panel(self, by: int) -> None:
        listed = ["headline", *names(self.app.size.width)]
        here = self.focused.id if isinstance(self.focused, Figures) else None
        place = listed.index(here) if here in listed else 1
        self._focus(listed[(place + by) % len(listed)])

    def _focus(self, name: str) -> None:
        if self.whole is not None and name in ALL_PANELS:
            self.whole = name
        if self.placed is not None and name in self.placed.behind:
            self.front = name
        self._draw_panels()
        self.panel(name).focus(scroll_visible=False)

    # Where figures lead

    def action_open(self) -> None:
        if isinstance(self.focused, Figures):
            self.focused.action_open()

    @work(exclusive=True, group="lead")
    async def on_rows_opened(self, message: Figures.Opened) -> None:
        lead, moment = message.opens, self.moment if self.seen is None else self.seen.moment
        if isinstance(lead, ToInitiative):
            await self._open(lead.initiative, moment)
        elif isinstance(lead, ToEntry):
            await self.ledger.visit(lead.sequence)
        else:
            found = await self.session.ask(lambda replica: _setter(replica, lead, moment))
            if found is None:
                self.app.notify("no entry has set this")
            else:
                await self.ledger.visit(found)

    async def _open(self, initiative: str, moment: Moment) -> None:
        rows = await self.session.ask(lambda replica: see_state(replica, initiative, moment))
        title = next((row.value for row in rows if row.field == "title"), None)
        heading = f"{clean(initiative)}  {clean(title or '', 60)}   as of {moment.as_of}"

        async def given(sequence: int | None) -> None:
            if sequence == 0:
                await self._history(initiative)
            elif sequence is not None:
                await self.ledger.visit(sequence)

        self.app.push_screen(InitiativeScreen(heading, rows, self.glyphs), given)

    async def action_history(self) -> None:
        lead = self.panel("initiatives").line_lead(ToInitiative)
        if lead is None:
            self.app.notify("there is no initiative to show the history of")
        else:
            await self._history(lead.initiative)

    async def _history(self, initiative: str) -> None:
        await self.ledger.action_go("replay")
        if isinstance(self.app.screen, ReplayScreen):
            self.app.screen.filter(f"initiative:{initiative}")

    # Drawing

    def draw(self) -> None:
        """Draw what is known of the moment; what has to be asked for follows."""
        self._draw_header()
        self.look()

    @work(exclusive=True, group="look")
    async def look(self) -> None:
        """Ask for the board of the moment, then for its figures over time; a newer look replaces this one."""
        moment = self.moment
        if not moment.sequence:
            self.seen = None
            self._draw_panels()
            return
        self.seen = await self._seen(moment)
        self._draw_header()
        self._draw_panels()
        self.points = [await self._point(each) for each in points_before(self.session, moment)]
        while len(self.kept) > MOST_KEPT:
            del self.kept[next(iter(self.kept))]
        self._draw_panel("trend")

    async def _seen(self, moment: Moment) -> BoardSeen:
        """Return what the board shows at a moment, from memory where it was asked for before."""
        if moment not in self.boards:
            self.boards[moment] = await seen_by(self.session, moment)
            while len(self.boards) > MOST_BOARDS:
                del self.boards[next(iter(self.boards))]
        return self.boards[moment]

    async def _point(self, moment: Moment) -> Point:
        """Return the headline at the end of a quarter, from memory where it was asked for before."""
        if moment not in self.kept:
            self.kept[moment] = await self.session.ask(lambda replica: see_point(replica, moment))
        return self.kept[moment]

    def _draw_again(self) -> None:
        """Draw what is known for the size the screen has now."""
        self._draw_header()
        self._draw_panels()

    def _draw_header(self) -> None:
        moment = self.moment
        told = header(self.session, self.head, moment, self.glyphs, self.app.size.width)
        reading = "" if self.seen is None or self.seen.moment == moment else "   reading…"
        self.query_one("#header", Static).update(Content(self.glyphs.spelt(told + reading)), layout=False)
        self.set_class(standing(self.session, self.head, moment) != "live", "-past")

    def _draw_panels(self) -> None:
        seen = self.seen
        self.query_one("#nothing").display = not self.head.sequence
        if not self.head.sequence:
            self.panel("headline").show_pieces([])
            for name in ALL_PANELS:
                self.panel(name).display = False
            return
        if seen is None:
            return
        width, height = self.query_one("#panels").size
        self.counts = self._counts(seen)
        self.placed = places(width, height, self.counts, self.front)
        if self.whole is not None:
            self.placed = Places({self.whole: Box(0, 0, width, height)}, [], [])
        self.panel("headline").show_pieces(headline(seen, Drawing(width - 2 * GUTTER, self.glyphs)))
        for name in ALL_PANELS:
            self._draw_panel(name)

    def _draw_panel(self, name: str) -> None:
        seen, placed, widget = self.seen, self.placed, self.panel(name)
        box = None if placed is None else placed.boxes.get(name)
        widget.display = box is not None
        if seen is None or placed is None or box is None:
            return
        widget.styles.offset = (box.x, box.y)
        widget.styles.width, widget.styles.height = box.width, box.height
        scrolls = self.counts[name] > box.height - BORDER
        drawing = Drawing(box.width - BORDER - 2 * GUTTER - scrolls, self.glyphs, box.height - BORDER)
        panel = self._made(seen, name, drawing)
        widget.border_title = Content(self.glyphs.spelt(panel.title))
        more = f"tab: {len(placed.behind)} more" if placed.behind and name in placed.in_front else ""
        widget.border_subtitle = Content("   ".join(filter(None, (panel.note, more))))
        widget.empty = panel.empty
        widget.show_pieces(panel.lines, panel.heads)

    def _counts(self, seen: BoardSeen) -> dict[str, int]:
        """Return how many lines each panel has, counted once for what is seen."""
        if self._counted is None or self._counted[0] is not seen:
            counted = {name: len(PANELS[name](seen, Drawing(60, self.glyphs)).lines) for name in PANELS}
            self._counted = seen, counted
        counts = self._counted[1]
        listed = len(chosen(seen.initiatives, self.order, self.words))
        return {**counts, "initiatives": listed + bool(listed), "trend": TREND_LINES}

    def _made(self, seen: BoardSeen, name: str, drawing: Drawing) -> Panel:
        if name == "initiatives":
            return initiatives(seen, drawing, self.order, self.words)
        if name == "trend":
            return trend(self.points, seen.currency, drawing)
        return PANELS[name](seen, drawing)


def _setter(replica: Replica, lead: ToSetter | ToTotal, moment: Moment) -> int | None:
    """Return the entry that last set what a figure leads to."""
    if isinstance(lead, ToTotal):
        return why_total(replica, lead.total, moment)
    return why(replica, lead.question, lead.key, lead.field, moment)
