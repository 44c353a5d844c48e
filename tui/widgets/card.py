"""The card of a decision, drawn line by line, so that another decision costs the screen no layout."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip

from tui.model.card import CardLine
from tui.model.lines import LABEL_CELLS
from tui.widgets.lined import Lined


class Card(Lined):
    """Lines of a card, each with what it is part of; its text can be selected."""

    can_focus = True
    DEFAULT_CSS = "Card { overflow-x: hidden; }"
    COMPONENT_CLASSES = {"card--title", "card--label", "card--yes", "card--problem", "card--unknown"}

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: Sequence[tuple[str, CardLine | None]] = ()

    def show(self, lines: Sequence[tuple[str, CardLine | None]]) -> None:
        """Show these lines; what is part of no card line is a word to the reader."""
        self.lines = lines
        self.tell_length(len(lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line at *y* of the widget."""
        place, width = y + self.scroll_offset.y, self.size.width
        if place >= len(self.lines):
            return Strip.blank(width, self.ground)
        strip = Strip(self._parts(place)).adjust_cell_length(width, self.ground)
        span = self.text_selection and self.text_selection.get_span(place)
        if span:
            start, end = span[0], width if span[1] == -1 else span[1]
            style = self.screen.get_component_rich_style("screen--selection")
            before, chosen, after = strip.divide([start, end, width])
            strip = Strip.join([before, chosen.apply_style(style), after])
        return strip.apply_offsets(0, place)

    def get_selection(self, selection: Selection) -> tuple[str, str]:
        """Return the text that is selected, and what stands between it and what follows."""
        return selection.extract("\n".join(text for text, _ in self.lines)), "\n"

    def _parts(self, place: int) -> list[Segment]:
        text, line = self.lines[place]
        if line is None:
            return [Segment(text, self.ground)]
        if line is self.lines[0][1]:
            return [Segment(text, self.get_component_rich_style("card--title"))]
        return [
            Segment(text[:LABEL_CELLS], self.get_component_rich_style("card--label")),
            Segment(text[LABEL_CELLS:], self._style(line)),
        ]

    def _style(self, line: CardLine) -> Style:
        return self.ground if line.standing == "plain" else self.get_component_rich_style(f"card--{line.standing}")
