"""The keys of a screen on its last line. A click on one does what the key does.

It is one widget that draws one line; a widget a key costs more than everything else when the focus moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual import events
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget


class Told(NamedTuple):
    """A key as it is told: what is pressed, how that is written, what it does, and whether it can be pressed now."""

    key: str
    written: str
    label: str
    enabled: bool

    @property
    def cells(self) -> int:
        """How wide it is, without what parts it from the next."""
        return len(self.written) + 1 + len(self.label)


def fitting(told: Sequence[Told], width: int) -> list[Told]:
    """Return the keys that a line has room for. The last, which is help, always stays; those before it go first."""
    kept = list(told)
    while len(kept) > 1 and sum(each.cells + 1 for each in kept) - 1 > width:
        del kept[-2]
    return kept


class KeyLine(Widget):
    """The keys that are shown, from left to right."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES = {"key-line--key", "key-line--off"}
    DEFAULT_CSS = """
    KeyLine {
        dock: bottom; height: 1; color: $footer-foreground; background: $footer-background;
        & > .key-line--key { color: $footer-key-foreground; text-style: bold; }
        & > .key-line--off { text-style: dim; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: tuple[Told, ...] = ()

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen:
            told = self._found()
            if told != self._told:
                self._told = told
                self.refresh()

    def _found(self) -> tuple[Told, ...]:
        """Return the keys that lead somewhere from where the focus is; of several that do the same, the first."""
        found: dict[str, Told] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and binding.action not in found:
                written = self.app.get_key_display(binding)
                found[binding.action] = Told(binding.key, written, binding.description, enabled)
        return tuple(found.values())

    def render_line(self, y: int) -> Strip:  # noqa: ARG002 - there is one line
        """Draw the keys that there is room for."""
        key, off = (self.get_component_rich_style(f"key-line--{name}") for name in ("key", "off"))
        segments = []
        for each in fitting(self._told, self.size.width):
            segments.append(Segment(each.written, key if each.enabled else off))
            segments.append(Segment(f" {each.label} ", self.rich_style if each.enabled else off))
        return Strip(segments).adjust_cell_length(self.size.width, self.rich_style)

    def on_click(self, event: events.Click) -> None:
        left = 0
        for each in fitting(self._told, self.size.width):
            if left <= event.x < left + each.cells:
                if each.enabled:
                    self.app.simulate_key(each.key)
                else:
                    self.app.bell()
                return
            left += each.cells + 1
