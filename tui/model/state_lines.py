"""The state of one initiative as lines: every field, its value, and the entry that set it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from projections.board_rows import StateRow
from projections.moment import Moment
from projections.replica import Replica
from projections.views import Question, ask
from tui.model.board_drawing import Drawing
from tui.model.figures import money, percent
from tui.model.pieces import Piece, Pieces, ToEntry
from tui.model.text import clean, fit

FIELD_CELLS = 17

SHARES = ("alignment", "progress_bp")
"""Fields whose value is in basis points."""


def see_state(replica: Replica, initiative: str, moment: Moment) -> list[StateRow]:
    """Return the state of an initiative at a moment, nothing where nothing was said of it."""
    rows = ask(replica, Question("state", initiative=initiative), moment).rows
    return [row for row in rows if isinstance(row, StateRow)]


def state_lines(rows: Sequence[StateRow], drawing: Drawing) -> list[Pieces]:
    """Return one line a field: its name, what it is, and the sequence of the entry that set it."""
    setters = max((len(f"{row.sequence:,}") for row in rows if row.sequence is not None), default=1)
    room = max(drawing.width - FIELD_CELLS - setters - 2, 10)
    lines: list[Pieces] = []
    for row in rows:
        told = "  ".join(filter(None, (clean(row.key or ""), _value(row))))
        leads = ToEntry(row.sequence) if row.sequence is not None else None
        name = ".".join(filter(None, (row.field, row.key)))
        setter = "" if row.sequence is None else f"{row.sequence:,}"
        lines.append(
            (
                Piece(fit(row.field.removesuffix("_bp").replace("_", " "), FIELD_CELLS), "dim"),
                Piece(fit(told, room, ellipsis=drawing.glyphs.ellipsis) + " ", "plain", leads, name),
                Piece(f"{setter:>{setters}}", "dim"),
            )
        )
    return lines


def _value(row: StateRow) -> str:
    if row.amount_minor is not None:
        return f"{money(row.amount_minor, row.currency)} {clean(row.currency or '')}"
    value = row.value or "–"
    if row.field in SHARES and re.fullmatch(r"-?\d{1,9}", value):
        return percent(int(value) / 10_000)
    return clean(value)
