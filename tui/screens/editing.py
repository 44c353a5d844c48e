"""A long text in an editor of the user's own, or in a box where there is none."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import TextArea


class EditorError(Exception):
    """The editor gave no text: which, what next."""


def editor() -> list[str]:
    """Return the user's editor as a command, empty where none is set that can be read."""
    with suppress(ValueError):  # a quotation mark that is not closed
        return shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    return []


def edited(command: list[str], text: str) -> str | EditorError:
    """Return a text as an editor left it, or why it left none. The line end that editors add is taken away.

    Nothing is raised: whoever has given the terminal away must get it back first.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="portfolio-") as directory:
            file = Path(directory) / "text.txt"
            file.write_text(text, encoding="utf-8")
            subprocess.run([*command, str(file)], check=True)  # noqa: S603 - the user's own editor
            left = file.read_text(encoding="utf-8")
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError) as error:
        return EditorError(f"the editor {command[0]} gave no text: {error}; the text is as it was, set EDITOR")
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
        box.border_subtitle = "ctrl+s takes it, esc leaves it as it was"
        box.cursor_blink = False
        yield box

    def action_give(self) -> None:
        """Give the text."""
        self.dismiss(self.query_one(TextArea).text)
