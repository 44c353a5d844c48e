"""The timeline: a list of decisions drawn line by line, so that a million cost no more than a hundred."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from projections.pages import Pages, Row, Wanted
from tui.model.glyphs import Glyphs
from tui.model.lines import row_line
from tui.widgets.lined import Lined


class Timeline(Lined, inherit_bindings=False):
    """Rows of `Pages`, one of them the cursor."""

    can_focus = True
    DEFAULT_CSS = "Timeline { overflow-x: hidden; }"
    COMPONENT_CLASSES = {"timeline--cursor", "timeline--problem", "timeline--dim"}

    class Chosen(Message):
        """A row was clicked. place: 0-based, among those shown."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, pages: Pages, glyphs: Glyphs, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.pages, self.glyphs = pages, glyphs
        self.cursor = -1
        self.marked: set[int] = set()
        self.found: set[int] = set()
        self._drawn: LRUCache[tuple[int, bool, int], Strip] = LRUCache(2_048)

    @property
    def _digits(self) -> int:
        """Cells of the widest sequence."""
        return len(f"{self.pages.index[-1]:,}") if self.pages.index else 1

    def on_mount(self) -> None:
        self.changed()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._drawn.clear()

    def changed(self) -> None:
        """Tell that the rows are others now, or more of them."""
        self._drawn.clear()
        self.virtual_size = Size(1, len(self.pages.index))
        self.refresh()

    def redraw(self) -> None:
        """Tell that the marks of a row have changed."""
        self._drawn.clear()
        self.refresh()

    def select(self, place: int) -> None:
        """Put the cursor on a row, and show it: where it was out of sight, in the middle."""
        before, self.cursor = self.cursor, place
        for each in (before, place):
            if each >= 0:
                self.refresh(Region(0, each - self.scroll_offset.y, self.size.width, 1))
        top = self._top_for(place)
        if top != self.scroll_offset.y:
            self._scroll_so(top)

    def lacks(self, place: int) -> Wanted:
        """Return what has to be read before a row can be selected."""
        top = max(self._top_for(place), 0)
        return self.pages.wanted(top, top + self.size.height - 1)

    def _top_for(self, place: int) -> int:
        """Return the row that is the first once a row is selected."""
        height, top = self.size.height or 1, self.scroll_offset.y
        if top <= place < top + height:
            return top
        if place < top - height or place >= top + 2 * height:
            return place - height // 2
        return place if place < top else place - height + 1

    def on_resize(self) -> None:
        """Show the cursor in the middle, whatever was drawn before the list had this height."""
        self._scroll_so(self.cursor - self.size.height // 2)

    def _scroll_so(self, top: int) -> None:
        """Scroll so that a row is the first."""
        self.scroll_to(y=max(top, 0), animate=False, immediate=True, force=True)

    def render_line(self, y: int) -> Strip:
        """Draw the line at *y* of the widget."""
        place, width = y + self.scroll_offset.y, self.size.width
        if place >= len(self.pages.index) or self.cursor < 0:  # before the first is selected, its page is being read
            return Strip.blank(width, self.ground)
        here = place == self.cursor
        key = (place, here, width)
        strip = self._drawn.get(key)
        if strip is None:
            row = self.pages.row(place)
            style = self._style(row, here)
            strip = Strip(
                [Segment(row_line(row, width, self.glyphs, here, self._sign(row), self._digits), style)]
            ).adjust_cell_length(width, style)
            self._drawn[key] = strip
        return strip

    def on_click(self, event: events.Click) -> None:
        within = event.get_content_offset(self)
        place = -1 if within is None else within.y + self.scroll_offset.y
        if 0 <= place < len(self.pages.index):
            self.post_message(self.Chosen(place))

    def _sign(self, row: Row) -> str:
        if row.sequence in self.found:
            return self.glyphs.finding
        if row.sequence in self.marked:
            return self.glyphs.mark
        return self.glyphs.problem if row.problem else " "

    def _style(self, row: Row, here: bool) -> Style:
        if here:
            return self.get_component_rich_style("timeline--cursor")
        if row.problem or row.sequence in self.found:
            return self.get_component_rich_style("timeline--problem")
        return self.ground
