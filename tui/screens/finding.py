"""A finding: what an auditor holds against the decision or the field in focus, filed beside the ledger."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Select, Static, TextArea

from ledger.findings import Severity
from tui.widgets.key_line import KeyLine

SEVERITIES: tuple[Severity, ...] = get_args(Severity)


class Written(NamedTuple):
    """What was written in the form."""

    severity: Severity
    title: str
    text: str


class FindingScreen(ModalScreen[Written | None]):
    """Asks for severity, title and text; ctrl+s files, Esc leaves."""

    BINDINGS = [Binding("ctrl+s", "file", "File"), Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, about: str, actor: str) -> None:
        super().__init__()
        self._about, self._actor = about, actor

    def compose(self) -> ComposeResult:
        with Vertical(id="finding") as box:
            box.border_title = "File a finding"
            box.border_subtitle = "ctrl+s files, esc leaves"
            yield Static(Content(f"about {self._about}, by {self._actor}"), id="about")
            yield Select([(each, each) for each in SEVERITIES], value="minor", allow_blank=False, compact=True)
            yield Input(placeholder="title, in a few words", compact=True, max_length=200)
            yield TextArea(compact=True)
            yield Static(Content("It is filed with the hash of the entry, and never changes it."), id="told")
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one(Input).cursor_blink = False
        self.query_one(TextArea).cursor_blink = False
        self.query_one(Input).focus()

    def action_file(self) -> None:
        """Give back what was written, once there is a title and a text."""
        title, text = self.query_one(Input).value.strip(), self.query_one(TextArea).text.strip()
        if not title or not text:
            missing = "title" if not title else "text"
            self.query_one("#told", Static).update(Content(f"! a finding has a {missing}; write one"))
            return
        severity = self.query_one(Select).value
        chosen: Literal["note", "minor", "major"] = next(each for each in SEVERITIES if each == severity)
        self.dismiss(Written(chosen, title, text))
