"""The fields of a form: lines drawn one by one, and one box to write in, which lies over the value one stands at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input
from textual.widgets.input import Selection

from tui.model.form_lines import LABEL_CELLS, FormLine

OURS = ("ctrl+d", "ctrl+e", "enter")
"""Keys of a box that mean something else in a form."""


class FieldLines(ScrollView, inherit_bindings=False):
    """The lines of a form. place: of the row one stands in."""

    can_focus = True
    DEFAULT_CSS = "FieldLines { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }"
    COMPONENT_CLASSES = {"rows--cursor", "rows--yes", "rows--problem", "rows--unknown"}
    BINDINGS = [
        Binding("plus", "screen.add", show=False),
        Binding("minus,delete,backspace", "screen.leave_out", show=False),
    ]

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    class Scrolled(Message):
        """Other lines are in sight."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Sequence[FormLine] = ()
        self.place = 0

    def show(self, lines: Sequence[FormLine], place: int) -> None:
        """Show these lines, and keep the row at *place* in sight."""
        self.lines, self.place = lines, place
        self.virtual_size = Size(1, max(len(lines), 1))
        self.refresh()
        self.call_after_refresh(self.keep_in_sight)

    @property
    def top(self) -> int:
        """The first line of the row one stands in."""
        return next((y for y, line in enumerate(self.lines) if line.place == self.place), 0)

    def keep_in_sight(self) -> None:
        """Scroll so far that the row one stands in is in sight, whole where there is room, with the heading above."""
        first, height = self.top, self.size.height
        last = max((y for y, line in enumerate(self.lines) if line.place == self.place), default=first)
        above = first - 1 if first and self.lines[first - 1].place is None else first
        target = self.scroll_offset.y
        if last >= target + height:
            target = last - height + 1
        target = min(target, above)
        if target != self.scroll_offset.y:
            self.scroll_to(y=target, animate=False, immediate=True, force=True)
        self.post_message(self.Scrolled())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())

    def render_line(self, y: int) -> Strip:
        """Draw the line at *y* of the widget."""
        at, width = y + self.scroll_offset.y, self.size.width
        if at >= len(self.lines):
            return Strip.blank(width, self.rich_style)
        line = self.lines[at]
        style = self.rich_style
        if line.standing != "plain":
            style = self.get_component_rich_style(f"rows--{line.standing}")
        segments = [Segment(line.text, style)]
        if line.value:
            label = self.get_component_rich_style("rows--cursor") if line.place == self.place else self.rich_style
            segments = [Segment(line.text[:LABEL_CELLS], label), Segment(line.text[LABEL_CELLS:], style)]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y
        if at < len(self.lines) and (place := self.lines[at].place) is not None:
            self.post_message(self.Chosen(place))


class FieldInput(Input, inherit_bindings=False):
    """The box that a field is written in. What is pasted is handed on, since it may be more than one line."""

    BINDINGS = [
        replace(binding, key=",".join(key for key in binding.key.split(",") if key not in OURS))
        for binding in Input.BINDINGS
        if isinstance(binding, Binding) and binding.key not in OURS
    ]

    class Pasted(Message):
        """Text was pasted here."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class LeftEmpty(Message):
        """A character was to be taken from what is empty."""

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.post_message(self.Pasted(event.text))

    def action_delete_left(self) -> None:
        """Take away the character before; tell where there is none at all."""
        if not self.value:
            self.post_message(self.LeftEmpty())
        super().action_delete_left()


class FieldPanel(Container):
    """A form: its lines, and the box over one of them."""

    DEFAULT_CSS = """
    FieldPanel { layers: base over; }
    FieldPanel FieldLines { width: 1fr; height: 1fr; }
    FieldPanel FieldInput { layer: over; position: absolute; display: none; }
    """

    def compose(self) -> ComposeResult:
        yield FieldLines(id="fields")
        box = FieldInput(id="value", compact=True, select_on_focus=False)
        box.cursor_blink = False
        yield box

    @property
    def lines(self) -> FieldLines:
        """The lines of the form."""
        return self.query_one(FieldLines)

    @property
    def box(self) -> FieldInput:
        """The box that lies over the value one stands at."""
        return self.query_one(FieldInput)

    def show(self, lines: Sequence[FormLine], place: int) -> None:
        """Show a form. place: of the row one stands in."""
        self.lines.show(lines, place)
        self._lay_over()

    def fill(self, text: str | None, *, select: bool = False) -> None:
        """Put a text into the box; None where the row one stands in is not written in it.

        select: what is typed takes the place of it.
        """
        box = self.box
        box.display = text is not None
        if text is not None and box.value != text:
            with box.prevent(Input.Changed):
                box.value = text
        if text is not None:
            box.selection = Selection(0 if select else len(text), len(text))
        wanted = self.lines if text is None else box
        if self.screen.focused is not wanted:  # at once: keys that are waiting are for what is shown now
            self.screen.set_focus(wanted, scroll_visible=False)

    def on_field_lines_scrolled(self, message: FieldLines.Scrolled) -> None:
        message.stop()
        self._lay_over()

    def on_resize(self) -> None:
        self.lines.keep_in_sight()

    def _lay_over(self) -> None:
        lines, box = self.lines, self.box
        y = lines.top - lines.scroll_offset.y
        room = lines.size.width - LABEL_CELLS
        box.styles.width = max(room, 1)
        box.styles.offset = (LABEL_CELLS, y)
