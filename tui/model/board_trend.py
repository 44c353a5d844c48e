"""The headline of a board over time: a figure after the other, a column a quarter."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tui.model.board import Point
from tui.model.board_drawing import Drawing
from tui.model.chart import figure
from tui.model.figures import sparkline
from tui.model.pieces import Panel, Piece, Pieces

MOST_HEIGHT = 8
"""Lines of the tallest chart, its name among them."""


MOST_CELLS = 4
"""Cells a quarter has at most, the blank after it among them."""


def trend(points: Sequence[Point], currency: str | None, drawing: Drawing) -> Panel:
    """Return the headline at the end of each quarter, the day of the board last.

    Shape: a line a figure; where there is room, a line that names it and a chart as wide as the panel under it.
    """
    if not points:
        return Panel("trend", "Each quarter", [], empty="reading…")

    def money(value: float) -> str:
        return figure(value, "money", currency)

    rows: list[tuple[str, list[float | None], Callable[[float], str]]] = [
        ("alignment", [each.index for each in points], lambda value: f"{value:.4f}"),
        ("approved", [each.approved_minor for each in points], money),
        ("actual", [each.actual_minor for each in points], money),
        ("validated", [each.validated_minor for each in points], money),
    ]
    height = min((drawing.height + 1) // len(rows) - 1, MOST_HEIGHT)
    room = drawing.width if height > 1 else max(drawing.width - 27, 1)
    shown = min(room, len(points))
    cells = min(room // shown, MOST_CELLS)
    lines: list[Pieces] = []
    for name, values, told in rows:
        first, last = ("–" if value is None else told(value) for value in (values[-shown], values[-1]))
        drawn = sparkline(values[-shown:], drawing.glyphs, height=max(height - 1, 1), cells=cells)
        if height > 1:
            lines.append((Piece(f"{name:<9} {first} {drawing.glyphs.becomes} "), Piece(last, "strong")))
            lines += [(Piece(line, "bar"),) for line in drawn]
            lines.append((Piece(""),))
        else:
            lines.append((Piece(f"{name:<9} {first:>7} "), Piece(drawn[0], "bar"), Piece(f" {last}", "strong")))
    if height > 1:
        lines.pop()
    return Panel("trend", f"Each quarter since {points[-shown].day}, as known then", lines)
