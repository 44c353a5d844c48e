"""A box that tells something and takes one key as the answer."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static


class TellScreen(ModalScreen[str | None]):
    """Shows a text, which is never read as markup. answers: what each key answers; Esc answers nothing.

    A key that was pressed before the text was there answers nothing either: nobody had read it then.
    """

    def __init__(self, title: str, text: str, answers: Mapping[str, str], hint: str) -> None:
        super().__init__()
        self._title, self._text, self._answers, self._hint = title, text, answers, hint

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="tell") as box:
            box.border_title = self._title
            box.border_subtitle = self._hint
            yield Static(Content(self._text))

    def on_mount(self) -> None:
        self.query_one("#tell").focus()
        self._shown_s = monotonic()

    def on_key(self, event: events.Key) -> None:
        if event.time < self._shown_s:
            event.stop()
        elif event.key == "escape" or event.key in self._answers:
            event.stop()
            self.dismiss(self._answers.get(event.key))
