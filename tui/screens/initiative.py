"""One initiative, opened from the board: every field of it, and the decision that set it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from projections.board_rows import StateRow
from tui.model.board_drawing import Drawing
from tui.model.glyphs import Glyphs
from tui.model.pieces import ToEntry
from tui.model.state_lines import state_lines
from tui.widgets.figures import GUTTER, Figures


class InitiativeScreen(ModalScreen[int | None]):
    """The state of an initiative; Enter gives the sequence that set a field, h gives 0 for its history, Esc none."""

    BINDINGS = [
        Binding("escape,q", "dismiss(None)", "Close"),
        Binding("h", "dismiss(0)", "History"),
    ]

    def __init__(self, heading: str, rows: Sequence[StateRow], glyphs: Glyphs) -> None:
        super().__init__()
        self._heading, self._rows, self._glyphs = heading, rows, glyphs

    def compose(self) -> ComposeResult:
        with Vertical(id="initiative") as box:
            box.border_title = "Initiative"
            box.border_subtitle = "enter the decision that set it   h history   esc closes"
            yield Static(Content(self._heading), id="heading")
            yield Figures(self._glyphs, id="fields", empty="Nothing was said of it by then.")

    def on_mount(self) -> None:
        self.query_one(Figures).focus()
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        fields = self.query_one(Figures)
        width = max(fields.scrollable_content_region.width - GUTTER, 30)
        fields.show_pieces(state_lines(self._rows, Drawing(width, self._glyphs)))

    def on_rows_opened(self, message: Figures.Opened) -> None:
        if isinstance(message.opens, ToEntry):
            self.dismiss(message.opens.sequence)
