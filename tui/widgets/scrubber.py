"""The scrubber: the whole history in one line, with its density, its marks, its years and where one stands."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.model.glyphs import Glyphs
from tui.model.head import Head
from tui.model.lines import scrubber_lines


class Scrubber(Widget):
    """Three lines: density, marks, years. A click or a drag goes there."""

    DEFAULT_CSS = "Scrubber { height: 3; width: 1fr; }"

    class Moved(Message):
        """Somewhere on it was clicked. sequence: what stands there."""

        can_replace_messages = True

        def __init__(self, sequence: int) -> None:
            super().__init__()
            self.sequence = sequence

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Scrubber.Moved)

    def __init__(self, head: Head, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.head, self.glyphs = head, glyphs
        self.by_time = True
        self.findings: set[int] = set()
        self._dragged = False

    def render(self) -> Content:
        """Draw the three lines."""
        width = self.size.width
        return Content("\n".join(scrubber_lines(self.head, width, self.glyphs, self.findings, by_time=self.by_time)))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._dragged = True
        self.capture_mouse()
        self._go(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragged:
            self._go(event.x)

    def on_mouse_up(self) -> None:
        self._dragged = False
        self.release_mouse()

    def _go(self, x: int) -> None:
        width = max(self.size.width, 1)
        self.post_message(self.Moved(self.head.line.sequence_at((x + 0.5) / width, by_time=self.by_time)))
