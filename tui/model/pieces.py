"""Lines made of pieces: each piece says how it looks and, where it is a figure, where it leads: to what set it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from projections.views import Question
from projections.why_total import Total

Look = Literal["plain", "strong", "dim", "bar", "problem"]
"""How a piece is drawn. What it means stands in its words or signs too."""


class ToInitiative(NamedTuple):
    """An initiative, to be opened."""

    initiative: str


class ToEntry(NamedTuple):
    """An entry of the stream."""

    sequence: int


class ToSetter(NamedTuple):
    """The entry that last set a field of a view's row."""

    question: Question
    key: str | None
    field: str


class ToTotal(NamedTuple):
    """The last entry that a total of the portfolio rests on."""

    total: Total


Lead = ToInitiative | ToEntry | ToSetter | ToTotal


class Piece(NamedTuple):
    """Part of a line. leads: where Enter on it goes. name: what an address calls the figure."""

    text: str
    look: Look = "plain"
    leads: Lead | None = None
    name: str = ""


Pieces = tuple[Piece, ...]
"""One line."""


class Panel(NamedTuple):
    """A part of a screen: its name, what stands over and under it, and its lines. empty: said where there are none."""

    name: str
    title: str
    lines: Sequence[Pieces]
    note: str = ""
    empty: str = ""


def text_of(line: Pieces) -> str:
    """Return a line as plain text, without blanks at its end."""
    return "".join(piece.text for piece in line).rstrip()
