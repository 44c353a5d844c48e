"""Views a board and a replay are made of as plain text: the state of an initiative."""

from __future__ import annotations

from collections.abc import Callable

from projections.board_rows import StateRow
from projections.views import View
from tui.model.figures import money
from tui.model.table import table
from tui.model.text import clean


def state(view: View) -> str:
    """Return the fields of an initiative and which entry last set each."""
    rows = []
    for row in view.rows:
        assert isinstance(row, StateRow)
        value = clean(row.value or "", 60)
        if row.amount_minor is not None:
            value = f"{money(row.amount_minor, row.currency)} {row.currency}"
        told = [row.field, clean(row.key or "", 48), value]
        rows.append([*told, _sequence(row.sequence)])
    return table(["field", "", "value", "set by"], rows, [False, False, False, True])


def _sequence(sequence: int | None) -> str:
    return "" if sequence is None else f"{sequence:,}"


BOARD_TABLES: dict[str, Callable[[View], str]] = {
    "state": state,
}
"""How each of these views is drawn."""
