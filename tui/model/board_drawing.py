"""What the lines of a board are drawn with: bars in pieces, figures that lead to what set them, texts that fit."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len

from projections.views import Question
from tui.model.chart import figure
from tui.model.figures import bar
from tui.model.glyphs import Glyphs
from tui.model.pieces import Look, Piece, ToSetter
from tui.model.text import clean, fit

MOST_BAR = 40
"""Cells of the longest bar."""


class Drawing(NamedTuple):
    """How a panel is drawn: for how many cells, with which signs, and, where it can use them, on how many lines."""

    width: int
    glyphs: Glyphs
    height: int = 0

    def bar(self, share: float | None, cells: int, mark: float | None = None) -> list[Piece]:
        """Return a bar of so many cells: what is filled, what is not, and its mark. Without a share it is empty."""
        drawn = bar(share or 0.0, max(cells, 1), mark, self.glyphs)
        looks: dict[str, Look] = {self.glyphs.target: "strong", self.glyphs.empty: "dim"}
        return [Piece("".join(run), look) for look, run in groupby(drawn, lambda cell: looks.get(cell, "bar"))]

    def name(self, text: str, cells: int, look: Look = "plain") -> Piece:
        """Return a text from an event, clean, in so many cells."""
        return Piece(fit(clean(text), cells, ellipsis=self.glyphs.ellipsis), look)

    def sign(self, problem: bool) -> str:
        """Return the sign of a problem, as wide a blank where there is none."""
        return f" {self.glyphs.problem}" if problem else "  "

    def over(self, share: float | None) -> str:
        """Return the sign and word of what is more than there is, nothing for what is not."""
        return f" {self.glyphs.problem} over" if share is not None and share > 1 else ""


def to_setter(view: str, key: str | None, field: str, text: str, look: Look = "plain") -> Piece:
    """Return a figure that leads to the entry that last set it."""
    return Piece(text, look, ToSetter(Question(view), key, field), f"{view}.{key or ''}.{short(field)}")


def short(field: str) -> str:
    """Return a field's name without its unit."""
    return field.removesuffix("_minor").removesuffix("_bp")


def share_of(part: int, whole: int) -> float | None:
    """Return a part as a share of the whole, None where there is nothing to be a part of."""
    return part / whole if whole > 0 else None


def whole_percent(share: float | None) -> str:
    """Return a share in whole percent, a dash where there is none."""
    return "–" if share is None else f"{round(100 * share):,} %"


def signed(value: float | None) -> str:
    """Return a figure with its sign and two decimals, a dash where there is none."""
    return "–" if value is None else f"{value:+.2f}"


def part_of(part: int, whole: int, currency: str | None) -> str:
    """Return two amounts as one is part of the other: 9.66 of 25.2 M, and each with its letter where they differ."""
    told, all_of_it = figure(part, "money", currency), figure(whole, "money", currency)
    number, _, letter = told.partition(" ")
    return f"{number if letter and letter == all_of_it.partition(' ')[2] else told} of {all_of_it}"


def first_fit(width: int, *texts: str) -> str:
    """Return the first text that is no wider, the last one where none is."""
    return next((text for text in texts if cell_len(text) <= width), texts[-1])


def widest(texts: list[str], most: int, least: int = 4) -> int:
    """Return the cells the widest of some texts from events takes, within bounds."""
    return max(least, min(max((cell_len(clean(text)) for text in texts), default=least), most))
