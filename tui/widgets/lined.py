"""What is drawn line by line, and may have another length every time, without laying the screen out anew."""

from __future__ import annotations

from rich.style import Style
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip


class Lined(ScrollView):
    """Lines one above the other, as many as `tell_length` was told.

    ground: the style of what has none of its own, worked out once each time lines are drawn: it mixes the colours of
    every widget below, which took a third as long as the lines themselves.
    """

    ground = Style()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the lines of a region."""
        self.ground = self.rich_style
        return super().render_lines(crop)

    def tell_length(self, lines: int) -> None:
        """Tell how many lines there are now.

        A layout costs two frames: one in which it is made, and one for the scroll bars it touches. It is made only
        where the height depends on the lines, or a scroll bar comes or goes.
        """
        size, room = Size(1, max(lines, 1)), self.size.height
        changes = self.styles.overflow_y == "auto" and (self.virtual_size.height > room) != (size.height > room)
        if self.styles.auto_dimensions or not room or changes:
            self.virtual_size = size
            return
        self.set_reactive(Lined.virtual_size, size)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.window_virtual_size = size.height
        if self.scroll_y > self.max_scroll_y:
            self.scroll_to(y=self.max_scroll_y, animate=False, immediate=True, force=True)
