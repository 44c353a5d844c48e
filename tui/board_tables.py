"""Views a board and a replay are made of as plain text, from priority to the state of an initiative."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from projections.board_rows import (
    CapacityRow,
    ConcentrationRow,
    ConditionRow,
    FlowRow,
    PriorityRow,
    StateRow,
    ValueStreamRow,
)
from projections.views import View
from tui.model.figures import bar, money, percent
from tui.model.table import table
from tui.model.text import clean

NO_STREAM = "(of no value stream)"
NAMES_NONE = "(names none)"
MOST_LOAD = 1.5
"""The load that fills a bar: half as much again as there is."""


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
    headers = ["rank", "was", "tier", "initiative", "title", "score", "", "value", "novelty", "wsjf"]
    right = [True, True, False, False, False, False, *[True] * 7]
    headers += [f"approved {view.currency or ''}".rstrip(), "ranked by", "scored by"]
    drawn = table(headers, rows, right)
    bias = view.totals["novelty_bias"]
    if bias is None:
        return f"{drawn}\n\nNovelty bias is undefined: it takes two funded and scored initiatives that differ."
    rhos = f"rho of funding with novelty {view.totals['rho_novelty']:+.3f}, with value {view.totals['rho_value']:+.3f}"
    return f"{drawn}\n\nnovelty bias {bias:+.3f}   {rhos}, over {view.totals['judged']} initiatives"


def value_streams(view: View) -> str:
    """Return value streams with a bar of their share of what is approved, a mark where it should be."""
    rows = []
    for row in view.rows:
        assert isinstance(row, ValueStreamRow)
        name = NO_STREAM if row.value_stream is None else clean(row.value_stream, 24)
        target = None if row.target_bp is None else row.target_bp / 10_000
        rows.append(
            [
                *(name, clean(row.title or "", 32), bar(row.share or 0.0, 20, target), percent(row.share)),
                *("" if target is None else percent(target), *_stream_money(msgspec.structs.asdict(row))),
                *("" if row.initiatives_active is None else str(row.initiatives_active), row.currency),
            ]
        )
    totals = [view.totals, *view.totals.get("other_currencies", [])]
    for total in totals:
        active = str(total.get("initiatives_active", ""))
        rows.append(["total", "", "", "", "", *_stream_money(total), active, total["currency"] or ""])
    headers = ["stream", "title", "share, ┃ target", "share", "target", "funded", "approved", "actual", "planned"]
    headers += ["claimed", "validated", "roi", "under way", ""]
    return table(headers, rows, [False, False, False, *[True] * 10, False], total=len(totals) == 1)


def _stream_money(figures: Mapping[str, Any]) -> list[str]:
    words = ("funded", "approved", "actual", "planned", "claimed", "validated")
    roi = figures["roi"]
    return [money(figures[f"{word}_minor"], figures["currency"]) for word in words] + [
        "–" if roi is None else f"{roi:+.2f}"
    ]


def capacity(view: View) -> str:
    """Return pools with a bar of what is planned, a mark where all of the supply would be."""
    rows = []
    for row in view.rows:
        assert isinstance(row, CapacityRow)
        names = [clean(name, 24) for name in (row.pool, row.skill, row.unit, row.period)]
        supply = "" if row.supply is None else f"{row.supply:,}"
        drawn = bar((row.load or 0.0) / MOST_LOAD, 24, None if row.load is None else 1 / MOST_LOAD)
        over = "over" if row.load is not None and row.load > 1 else ""
        told = [supply, f"{row.planned:,}", f"{row.used:,}", drawn, percent(row.load), over]
        rows.append([*names, *told, _sequence(row.last_sequence)])
    headers = [
        "pool",
        "skill",
        "unit",
        "period",
        "supply",
        "planned",
        "used",
        "planned, ┃ supply",
        "load",
        "",
        "set by",
    ]
    return table(headers, rows, [False] * 4 + [True] * 3 + [False, True, False, True])


def conditions(view: View) -> str:
    """Return conditions, those that are overdue first, then those that are open by their day."""
    found = [row for row in view.rows if isinstance(row, ConditionRow)]
    found.sort(key=lambda row: (row.status != "open", row.due, row.condition))
    rows = []
    for row in found:
        late = "" if row.days_overdue is None else f"{row.days_overdue} d late"
        whose = clean(row.initiative or row.decision or "", 40)
        told = [clean(row.condition, 32), whose, clean(row.text, 56), clean(row.owner, 16), str(row.due)]
        told += ["blocking" if row.blocking else "", row.status, late]
        rows.append([*told, _sequence(row.sequence), _sequence(row.discharged_sequence)])
    headers = ["condition", "of", "text", "owner", "due", "", "status", "", "set by", "discharged by"]
    counts = ", ".join(f"{view.totals[name]} {name}" for name in ("open", "overdue", "met", "waived", "breached"))
    return f"{table(headers, rows, [False] * 8 + [True] * 2)}\n\n{counts}"


def concentration(view: View) -> str:
    """Return what the money rides on, the greatest of each kind first, and how concentrated each kind is."""
    found = [row for row in view.rows if isinstance(row, ConcentrationRow)]
    found.sort(key=lambda row: (row.kind, row.key is None, -row.amount_minor, row.key or ""))
    rows = []
    for row in found:
        key = NAMES_NONE if row.key is None else clean(row.key, 40)
        told = [row.kind.replace("_", " "), key, clean(row.title or "", 44), bar(row.share, 20), percent(row.share)]
        rows.append([*told, money(row.amount_minor, row.currency)])
    drawn = table(["on", "", "title", "", "share", view.currency or ""], rows, [False] * 4 + [True] * 2)
    told = [
        f"{kind.replace('_', ' ')} {figures['hhi']:,.0f}"
        for kind, figures in view.totals.items()
        if figures["hhi"] is not None
    ]
    return f"{drawn}\n\nHHI, of 10,000: {', '.join(told)}"


def flow(view: View) -> str:
    """Return how work flowed, period by period, with a bar of how much of its time it was worked on."""
    rows = []
    for row in view.rows:
        assert isinstance(row, FlowRow)
        times = [f"{row.flow_time_p50_h:,}", f"{row.flow_time_p85_h:,}"]
        kinds = [percent(each) for each in (row.feature_share, row.defect_share, row.risk_share, row.debt_share)]
        told = [clean(row.value_stream, 24), clean(row.period, 12), f"{row.velocity:,}", *times]
        told += [bar(row.efficiency or 0.0, 12), percent(row.efficiency), f"{row.load:,}", *kinds]
        rows.append([*told, _sequence(row.sequence)])
    headers = ["stream", "period", "velocity", "p50 h", "p85 h", "efficiency", "", "load"]
    headers += ["features", "defects", "risks", "debt", "set by"]
    return table(headers, rows, [False, False, True, True, True, False, *[True] * 7])


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
    "value_streams": value_streams,
    "capacity": capacity,
    "conditions": conditions,
    "concentration": concentration,
    "flow": flow,
    "state": state,
}
"""How each of these views is drawn."""
