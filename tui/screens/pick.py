"""A box with a few things to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from tui.model.text import clean
from tui.widgets.rows import Line, Rows

T = TypeVar("T")


class Choice(NamedTuple, Generic[T]):
    """One thing to choose: its words, and what is given where it is chosen."""

    words: str
    gives: T


class PickScreen(ModalScreen[T | None], Generic[T]):
    """Lets one be chosen, by its number or with the cursor; Esc gives none."""

    BINDINGS = [
        Binding("escape", "dismiss(None)", "Cancel"),
        *(Binding(str(digit), f"number({digit})", show=False) for digit in range(1, 10)),
    ]

    def __init__(self, title: str, choices: Sequence[Choice[T]]) -> None:
        super().__init__()
        self._title, self._choices = title, choices

    def compose(self) -> ComposeResult:
        rows = Rows(id="choices")
        rows.border_title, rows.border_subtitle = self._title, "enter or its number chooses, esc does not"
        yield rows

    def on_mount(self) -> None:
        rows = self.query_one(Rows)
        rows.styles.height = min(len(self._choices), 16) + 2
        lines = [
            Line(f" {place if place < 10 else ' '} {clean(each.words, 90)}", opens=place)
            for place, each in enumerate(self._choices, start=1)
        ]
        rows.show(lines)
        rows.focus()

    def on_rows_opened(self, message: Rows.Opened) -> None:
        self.action_number(message.opens)

    def action_number(self, number: int) -> None:
        """Choose by number, from 1."""
        if number <= len(self._choices):
            self.dismiss(self._choices[number - 1].gives)
