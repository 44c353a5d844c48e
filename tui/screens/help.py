"""Help: every key of a screen, made from the key table."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keys import KEYS, Key

WORDS = {
    "full_stop": ".",
    "comma": ",",
    "question_mark": "?",
    "exclamation_mark": "!",
    "colon": ":",
    "slash": "/",
    "backslash": "\\",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "at": "@",
}


WITHOUT_LETTERS = ("all", "record")
"""Where the keys of every screen are not told besides: in a form a letter is written into a field."""


class HelpScreen(ModalScreen[None]):
    """The keys of one mode, and those of every mode."""

    BINDINGS = [Binding("escape,question_mark,q,f1", "dismiss(None)", "Close")]

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(Content(help_text(self._where)))


def help_text(where: str) -> str:
    """Return the keys of a mode and those of every mode as text."""
    parts: list[str] = []
    for name, title in ((where, where.capitalize()), ("all", "Everywhere")):
        found = [key for key in KEYS if key.where == name]
        if found and not (name == "all" and (parts and where in WITHOUT_LETTERS)):
            parts.append("\n".join([title, *(f"  {spelt(key):<18}{key.tells}" for key in found)]))
    return "\n\n".join(parts)


def spelt(key: Key) -> str:
    """Return a key's keys as they stand on a keyboard."""
    return " ".join(
        "+".join(WORDS.get(part, part) for part in each.split("+")) if each != "+" else "+"
        for each in key.keys.split(",")
    )
