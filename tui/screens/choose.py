"""Choosing what to record: drafts, forms about the initiative in sight, and every kind there is, searched by words."""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from ledger.store import StoreError
from tui.desk import Desk
from tui.model.glyphs import Glyphs
from tui.model.kinds import Begin, Choice, choices
from tui.screens.tell import TellScreen
from tui.widgets.rows import Line, Rows

HINT = "words to find it by, or an initiative"
TITLE_CELLS = 24


class ChooseScreen(ModalScreen[Begin | None]):
    """Gives what was chosen; Esc gives nothing."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", show=False),
        Binding("down,tab", "move(1)", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("delete", "throw_away", show=False, priority=True),
    ]

    def __init__(self, desk: Desk, glyphs: Glyphs, about: str | None) -> None:
        super().__init__()
        self._desk, self._glyphs, self._about = desk, glyphs, about

    def compose(self) -> ComposeResult:
        with Vertical(id="choose") as box:
            box.border_title = f"{self._glyphs.draft} Record a decision"
            box.border_subtitle = "enter opens, delete throws a draft away, esc leaves"
            search = Input(placeholder=HINT, id="search", compact=True)
            search.cursor_blink = False
            yield search
            yield Static(id="reading")
            rows = Rows(id="choices", empty="no kind of decision has these words")
            rows.pointing = True
            yield rows

    def on_mount(self) -> None:
        self.call_after_refresh(self._draw)
        self._read()

    @work(exclusive=True, group="read")
    async def _read(self) -> None:
        """Read the book, so that initiatives are known by name; a form waits for it in any case."""
        try:
            await self._desk.catch_up()
        except StoreError:
            return  # it is told where it matters: in the form, which cannot be judged
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        text = event.value
        if len(text) == 1 and text.isdigit():
            chosen = [choice for choice in self._found("") if choice.digit == text]
            if chosen:
                self.dismiss(chosen[0].opens)
                return
        self._draw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._open()

    def on_rows_opened(self, message: Rows.Opened) -> None:
        message.stop()
        self._open()

    def action_move(self, by: int) -> None:
        self._rows.action_move(by)
        if all(line.opens is None for line in self._rows.lines):
            return  # nothing is found, so there is nothing to stand on
        step = 1 if by > 0 else -1
        while self._rows.here is None:
            before = self._rows.cursor
            self._rows.action_move(step)
            if self._rows.cursor == before:
                step = -step

    def action_throw_away(self) -> None:
        """Ask whether the draft under the cursor is to be thrown away."""
        begin = self._rows.here
        if not isinstance(begin, Begin) or begin.draft is None:
            return
        draft = begin.draft

        def answered(answer: str | None) -> None:
            if answer == "away":
                self._desk.drafts.remove(draft.id)
                self._draw()

        self.app.push_screen(
            TellScreen(
                "Throw this draft away?",
                "It was sent and no answer came: it may be recorded." if draft.seen is not None else "",
                {"enter": "away"},
                "enter throws it away, esc keeps it",
            ),
            answered,
        )

    @property
    def _rows(self) -> Rows:
        return self.query_one(Rows)

    def _open(self) -> None:
        if isinstance(begin := self._rows.here, Begin):
            self.dismiss(begin)

    def _found(self, search: str) -> list[Choice]:
        drafts, broken = self._desk.drafts.all()
        return choices(search, drafts, broken, about=self._about, initiatives=self._desk.initiatives())

    def _draw(self) -> None:
        found = self._found(self.query_one(Input).value)
        rows, width = self._rows, max(self._rows.room, 40)
        rows.cursor = 0
        rows.show([_line(choice, width, self._glyphs) for choice in found])
        rows.scroll_to(y=0, animate=False, immediate=True, force=True)
        if rows.lines and rows.here is None:
            self.action_move(1)
        left = self._desk.session.replica.sequence - self._desk.book.sequence
        reading = self.query_one("#reading", Static)
        reading.display = left > 0
        reading.update(Content(f"reading the book, {left:,} entries to go"))


def _line(choice: Choice, width: int, glyphs: Glyphs) -> Line:
    if choice.opens is None and choice.told:
        return Line(f"   {choice.title}: {choice.told}", "problem")
    if choice.opens is None:
        return Line(f"{glyphs.rule * 2} {choice.title} ".ljust(width, glyphs.rule), "unknown")
    text = f" {choice.digit or ' '} {choice.title:<{TITLE_CELLS}} {choice.told}"
    if len(text) > width:
        text = text[: width - 1] + glyphs.ellipsis
    return Line(text, "plain", choice.opens)
