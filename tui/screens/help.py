"""Help: every key of a screen, made from the key table."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys_page import help_text


class HelpScreen(ModalScreen[None]):
    """The keys of one screen, and those of every one, as docs/keys.md has them."""

    BINDINGS = [Binding("escape,question_mark,q,f1", "dismiss(None)", "Close")]

    def __init__(self, where: str, other: Mapping[str, str] | None = None) -> None:
        """other: the keys that a file gives to actions, by id."""
        super().__init__()
        self._where, self._other = where, other

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(Content(help_text(self._where, self._other)))
