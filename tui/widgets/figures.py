"""Figures: lines made of pieces, with a cursor on one figure; Enter leads to what it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Size
from textual.strip import Strip

from tui.model.glyphs import UNICODE, Glyphs
from tui.model.pieces import Lead, Look, Piece, Pieces, ToInitiative, text_of
from tui.widgets.rows import Line, Rows

T = TypeVar("T")

LOOKS: tuple[Look, ...] = ("plain", "strong", "dim", "bar", "problem")
GUTTER = 1
"""Cells before a line, for the sign of the cursor."""


class Figures(Rows):
    """Rows whose lines hold several figures: up and down choose a line, left and right a figure of it.

    Lines that lead nowhere are passed over.
    """

    COMPONENT_CLASSES = {f"figures--{look}" for look in LOOKS}
    BINDINGS = [
        Binding("left", "figure(-1)", show=False),
        Binding("right", "figure(1)", show=False),
        Binding("enter", "open", "Open"),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
    ]

    def __init__(self, glyphs: Glyphs = UNICODE, *, id: str | None = None, empty: str = "", before: str = "") -> None:
        super().__init__(id=id, empty=empty, before=before)
        self.glyphs = glyphs
        self.figure: int | None = None
        self.heads: Pieces = ()

    def show_pieces(self, lines: Sequence[Pieces], heads: Pieces = ()) -> None:
        """Show these lines, under a line of heads that stays where it is.

        The cursor stays on the figure it is on where there still is one, else on its line.
        """
        before = self.lead
        self.heads = heads
        self.show([Line(text_of(pieces), "plain", pieces) for pieces in lines])
        self.virtual_size = Size(1, max(len(lines) + self._over, 1))
        leading = self._leading()
        if not leading:
            return
        same = [place for place in leading if before in {piece.leads for piece in self._pieces(place)}]
        if before is not None and same:
            self.cursor = same[0]
            if self.figure is not None:
                self.figure = [piece.leads for piece in self._figures()].index(before)
        elif self.cursor not in leading:
            self.cursor = min(leading, key=lambda place: abs(place - self.cursor))
        self._see_cursor()

    @property
    def here(self) -> Piece | None:
        """The figure under the cursor, None where the line has none."""
        figures = self._figures()
        return figures[self._number(figures)] if figures else None

    @property
    def lead(self) -> Lead | None:
        """Where the figure under the cursor leads."""
        return None if self.here is None else self.here.leads

    def line_lead(self, of: type[T]) -> T | None:
        """Return where the line under the cursor leads of a kind, None where it does not."""
        return next((piece.leads for piece in self._figures() if isinstance(piece.leads, of)), None)

    def render_line(self, y: int) -> Strip:
        """Draw the line at *y* of the widget."""
        if y < self._over:
            return self._drawn(self.heads, self.ground, " ")
        place = y + self.scroll_offset.y - self._over
        if place >= len(self.lines):
            if self.lines or y:
                return Strip.blank(self.size.width, self.ground)
            style = self.get_component_rich_style("rows--unknown")
            text = " " * GUTTER + self.glyphs.spelt(self.nothing)
            return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, self.ground)
        at_cursor = place == self.cursor and self.has_focus and bool(self._figures())
        ground = self.ground
        if at_cursor:
            ground += Style(bgcolor=self.get_component_rich_style("rows--cursor").bgcolor, bold=True)
        sign = self.glyphs.here if at_cursor else " "
        return self._drawn(self._pieces(place), ground, sign, self.here if at_cursor else None)

    def _drawn(self, pieces: Pieces, ground: Style, sign: str, here: Piece | None = None) -> Strip:
        """Return a line as it is drawn. here: the figure under the cursor, where it is on this line."""
        segments = [Segment(sign, ground)]
        for piece in pieces:
            style = ground
            if piece.look != "plain":
                look = self.get_component_rich_style(f"figures--{piece.look}")
                style = look if sign == " " else look + Style(bgcolor=ground.bgcolor, bold=True)
            if here is not None and piece is here:
                style += Style(reverse=True)
            segments.append(Segment(self.glyphs.spelt(piece.text), style))
        return Strip(segments).adjust_cell_length(self.size.width, ground)

    def action_move(self, by: int) -> None:
        """Move the cursor to another line that leads somewhere."""
        leading = self._leading()
        if not leading:
            return
        ahead = [place for place in leading if (place - self.cursor) * by > 0]
        if ahead:
            target = self.cursor + by
            self.cursor = min(ahead, key=lambda place: abs(place - target))
        self._see_cursor()
        self.refresh()
        self.post_message(self.Selected(self, self.lead))

    def action_figure(self, by: int) -> None:
        """Move the cursor to another figure of its line."""
        figures = self._figures()
        if figures:
            self.figure = max(0, min(self._number(figures) + by, len(figures) - 1))
            self.refresh()
            self.post_message(self.Selected(self, self.lead))

    def action_open(self) -> None:
        """Open what the figure under the cursor leads to."""
        if self.lead is not None:
            self.post_message(self.Opened(self, self.lead))

    def on_click(self, event: events.Click) -> None:
        event.prevent_default()
        within = event.get_content_offset(self)
        if within is None or within.y < self._over:
            return
        place = within.y + self.scroll_offset.y - self._over
        if place not in self._leading():
            return
        before = (self.cursor, self.here)
        self.cursor = place
        end, figures = GUTTER, self._figures()
        for piece in self._pieces(place):
            end += cell_len(piece.text)
            if piece.leads is not None:
                self.figure = next(number for number, each in enumerate(figures) if each is piece)
                if within.x < end:
                    break
        self.refresh()
        self.post_message(self.Selected(self, self.lead))
        if (self.cursor, self.here) == before or event.chain > 1:
            self.action_open()

    @property
    def _over(self) -> int:
        """How many lines stand over those that scroll."""
        return 1 if self.heads else 0

    def _pieces(self, place: int) -> Pieces:
        pieces: Pieces = self.lines[place].opens
        return pieces

    def _figures(self) -> list[Piece]:
        return [piece for piece in self._pieces(self.cursor) if piece.leads is not None] if self.lines else []

    def _number(self, figures: Sequence[Piece]) -> int:
        """Return which figure the cursor is on: where none was chosen, on what opens an initiative, else the first."""
        if self.figure is not None:
            return min(self.figure, len(figures) - 1)
        kinds = [isinstance(piece.leads, ToInitiative) for piece in figures]
        return kinds.index(True) if True in kinds else 0

    def _leading(self) -> list[int]:
        return [
            place for place in range(len(self.lines)) if any(piece.leads is not None for piece in self._pieces(place))
        ]

    def _see_cursor(self) -> None:
        top, height = self.scroll_offset.y, max(self.size.height - self._over, 1)
        if not top <= self.cursor < top + height:
            target = self.cursor if self.cursor < top else self.cursor - height + 1
            self.scroll_to(y=target, animate=False, immediate=True, force=True)
