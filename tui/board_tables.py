"""Views a board and a replay are made of as plain text: priority, the state of an initiative."""

from __future__ import annotations

from collections.abc import Callable

from projections.board_rows import PriorityRow, StateRow
from projections.views import View
from tui.model.figures import bar, money
from tui.model.table import table
from tui.model.text import clean


def priority(view: View) -> str:
    """Return initiatives in their order, with a bar for the score, and whether money follows novelty."""
    rows = []
    for row in view.rows:
        assert isinstance(row, PriorityRow)
        rank = "" if row.rank is None else str(row.rank)
        was = "" if row.was is None else str(row.was)
        wsjf = "" if row.wsjf is None else money(round(row.wsjf), row.currency)
        told = [rank, was, clean(row.tier or "", 12), clean(row.initiative, 40), clean(row.title, 44)]
        scores = [_mark(row.score), _mark(row.value), _mark(row.novelty)]
        told += [bar((row.score or 0.0) / 100, 12), *scores, wsjf, money(row.approved_minor, row.currency)]
        rows.append([*told, _sequence(row.rank_sequence), _sequence(row.score_sequence)])
    headers = ["rank", "was", "tier", "initiative", "title", "score", "", "value", "novelty", "wsjf", "approved"]
    right = [True, True, False, False, False, False, *[True] * 7]
    drawn = table([*headers, "ranked by", "scored by"], rows, right)
    bias = view.totals["novelty_bias"]
    if bias is None:
        return f"{drawn}\n\nNovelty bias is undefined: it takes two funded and scored initiatives that differ."
    rhos = f"rho of funding with novelty {view.totals['rho_novelty']:+.3f}, with value {view.totals['rho_value']:+.3f}"
    return f"{drawn}\n\nnovelty bias {bias:+.3f}   {rhos}, over {view.totals['judged']} initiatives"


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


def _mark(mark: float | None) -> str:
    return "–" if mark is None else f"{mark:.1f}"


def _sequence(sequence: int | None) -> str:
    return "" if sequence is None else f"{sequence:,}"


BOARD_TABLES: dict[str, Callable[[View], str]] = {
    "priority": priority,
    "state": state,
}
"""How each of these views is drawn."""
