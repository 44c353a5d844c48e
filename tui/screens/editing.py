"""A long text in an editor of the user's own, or in a box where there is none."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import TextArea


class EditorError(Exception):
    """The editor cannot be used: which, what next."""


def editor() -> list[str]:
    """Return the user's editor as a command, empty where none is set. Errors: EditorError."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        return shlex.split(named)
    except ValueError as error:
        raise EditorError(f"cannot read the editor {named!r}: {error}; set EDITOR to a command") from error


def edited(command: list[str], text: str) -> str:
    """Return a text as an editor left it. The line end that editors put at the end is taken away.

    Errors: EditorError where it cannot be started, ends with an error, or leaves no UTF-8.
    """
    with tempfile.TemporaryDirectory(prefix="portfolio-") as directory:
        file = Path(directory) / "text.txt"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*command, str(file)], check=True)  # noqa: S603 - the user's own editor
            left = file.read_text(encoding="utf-8")
        except (OSError, subprocess.CalledProcessError, UnicodeDecodeError) as error:
            raise EditorError(f"the editor {command[0]} gave no text: {error}; the text is as it was") from error
    return left if text.endswith("\n") else left.removesuffix("\n")


class TextScreen(ModalScreen[str | None]):
    """A box for a text of several lines. ctrl+s gives it; Esc gives nothing."""

    BINDINGS = [
        Binding("ctrl+s", "give", show=False, priority=True),
        Binding("escape", "dismiss(None)", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        box = TextArea(self._text, id="text", soft_wrap=True, compact=True)
        box.border_title = self._title
        box.border_subtitle = "ctrl+s takes it · esc leaves it as it was"
        box.cursor_blink = False
        yield box

    def action_give(self) -> None:
        """Give the text."""
        self.dismiss(self.query_one(TextArea).text)
