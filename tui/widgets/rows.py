"""Rows: a short list of lines with a cursor, each of which stands for something that can be opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip

from tui.model.card import Standing
from tui.widgets.lined import Lined


class Line(NamedTuple):
    """One line: its text, how it stands, and what it opens, None for nothing."""

    text: str
    standing: Standing = "plain"
    opens: Any = None


class Rows(Lined, inherit_bindings=False):
    """Lines one above the other. Enter or a second click opens the one under the cursor."""

    can_focus = True
    DEFAULT_CSS = "Rows { overflow-x: hidden; }"
    COMPONENT_CLASSES = {"rows--cursor", "rows--yes", "rows--problem", "rows--unknown"}
    BINDINGS = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-10)", show=False),
        Binding("pagedown", "move(10)", show=False),
        Binding("enter", "open", show=False),
    ]

    class Opened(Message):
        """A line was opened. opens: what it stands for."""

        def __init__(self, rows: Rows, opens: Any) -> None:
            super().__init__()
            self.rows, self.opens = rows, opens

        @property
        def control(self) -> Rows:
            """The list it stands in, so that a screen can tell lists apart."""
            return self.rows

    class Selected(Message):
        """The cursor stands on another line."""

        def __init__(self, rows: Rows, opens: Any) -> None:
            super().__init__()
            self.rows, self.opens = rows, opens

        @property
        def control(self) -> Rows:
            """The list it stands in."""
            return self.rows

    class Resized(Message):
        """There is another room for lines now, which are written as wide as it is."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Rows.Resized)

    def __init__(self, *, id: str | None = None, empty: str = "", before: str = "", sign: str = "") -> None:
        """empty: said where there is no line. before: said until lines are shown, or none are. sign: stands before the
        line under the cursor, in focus or not."""
        super().__init__(id=id)
        self.lines: Sequence[Line] = ()
        self.cursor, self.empty, self._before, self._sign = 0, empty, before, sign
        self._asked = False
        self.pointing = False  # whether the cursor is shown while the focus is elsewhere

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines; the cursor stays on its place where there still is one."""
        self.lines, self._asked = lines, True
        self.cursor = max(0, min(self.cursor, len(lines) - 1))
        self.tell_length(len(lines))
        self.refresh()

    @property
    def nothing(self) -> str:
        """What is said where there is no line."""
        return self.empty if self._asked else self._before

    @property
    def room(self) -> int:
        """How many cells a line has, without the sign before it."""
        return max(self.scrollable_content_region.width - len(self._sign), 20)

    @property
    def here(self) -> Any:
        """What the line under the cursor opens, None where there is none."""
        return self.lines[self.cursor].opens if self.lines else None

    def render_line(self, y: int) -> Strip:
        """Draw the line at *y* of the widget."""
        place, width = y + self.scroll_offset.y, self.size.width
        if place >= len(self.lines):
            text = self.nothing if not self.lines and y == 0 else ""
            style = self.get_component_rich_style("rows--unknown")
            return Strip([Segment(text[:width], style)]).adjust_cell_length(width, self.ground)
        line = self.lines[place]
        style = self.ground
        if line.standing != "plain":
            style = self.get_component_rich_style(f"rows--{line.standing}")
        if place == self.cursor and (self.has_focus or self.pointing):
            style = self.get_component_rich_style("rows--cursor")
        before = (self._sign if place == self.cursor else " ") if self._sign else ""
        return Strip([Segment(before + line.text, style)]).adjust_cell_length(width, style)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        if self.lines:
            self.cursor = max(0, min(self.cursor + by, len(self.lines) - 1))
            top, height = self.scroll_offset.y, self.size.height
            if not top <= self.cursor < top + height:
                target = self.cursor if self.cursor < top else self.cursor - height + 1
                self.scroll_to(y=target, animate=False, immediate=True, force=True)
            self.refresh()
            self.post_message(self.Selected(self, self.here))

    def action_open(self) -> None:
        """Open what the line under the cursor stands for."""
        if self.lines:
            self.post_message(self.Opened(self, self.here))

    def on_click(self, event: events.Click) -> None:
        within = event.get_content_offset(self)
        place = -1 if within is None else within.y + self.scroll_offset.y
        if 0 <= place < len(self.lines):
            again = place == self.cursor
            self.cursor = place
            self.refresh()
            self.post_message(self.Selected(self, self.here))
            if again or event.chain > 1:
                self.action_open()

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
