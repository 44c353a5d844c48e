"""What a terminal below the smallest size shows instead of a screen."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

SMALLEST = (80, 24)
"""The smallest terminal that screens are drawn for. Units: cells."""


class TooSmall(Widget):
    """The size there is and the one it takes.

    It is told when it is drawn, since an older size would not be true; and not while a terminal that has grown draws
    this for a last time.
    """

    def __init__(self) -> None:
        super().__init__(id="tiny")

    def render(self) -> Content:
        width, height = self.app.size
        if width >= SMALLEST[0] and height >= SMALLEST[1]:
            return Content("")
        needed = "x".join(map(str, SMALLEST))
        return Content(f"The terminal is {width}x{height}; this screen needs {needed}.\n\nctrl+p still works, q quits")
