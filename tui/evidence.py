"""Views about decisions and their evidence as plain text: decisions, gates, models, benefits, needs, history."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from projections.rows import (
    BenefitRow,
    DecisionRow,
    GateRow,
    HistoryRow,
    ModelRow,
    NeedRow,
    RefusalRow,
)
from projections.views import View
from tui.model.figures import bar, instant, money, percent
from tui.model.table import table
from tui.model.text import clean


def decisions(view: View) -> str:
    """Return decisions with votes and outcome, each dissent on a line of its own."""
    lines = []
    rows = [row for row in view.rows if isinstance(row, DecisionRow)]
    cells = []
    for row in rows:
        votes = f"{row.approve}-{row.reject}" + (f" ({row.abstain} abstain)" if row.abstain else "")
        votes += f" ({row.recuse} recuse)" if row.recuse else ""
        took = "" if row.days_to_decide is None else f"{row.days_to_decide} d"
        took += "" if row.days_since_trigger is None else f", {row.days_since_trigger} d since the news"
        outcome = row.outcome + (f": {clean(row.option, 20)}" if row.option else "")
        cells.append(
            [clean(row.decision, 24), row.kind, clean(row.question, 48), str(row.requested_on), votes, outcome, took]
        )
    headers = ["decision", "kind", "question", "requested", "for-against", "outcome", "took"]
    lines.append(table(headers, cells, [False] * 7))
    dissents = [f"  {clean(row.decision)}: {clean(row.dissent, 400)}" for row in rows if row.dissent]
    return "\n".join([*lines, "", "Dissent", *dissents]) if dissents else lines[0]


def gates(view: View) -> str:
    """Return gate decisions and the kill rate."""
    rows = []
    for row in view.rows:
        assert isinstance(row, GateRow)
        conditions = "" if not row.conditions else f"{row.conditions_open} of {row.conditions} open"
        conditions += f", {row.conditions_overdue} overdue" if row.conditions_overdue else ""
        stages = row.stage_to if row.stage_from == row.stage_to else f"{row.stage_from} → {row.stage_to}"
        told = [clean(row.initiative, 36), clean(row.title or "", 32), row.gate, clean(stages, 28), row.outcome]
        rows.append([f"{row.sequence:,}", str(row.effective_on), *told, conditions, clean(row.reason or "", 48)])
    headers = ["sequence", "effective", "initiative", "title", "gate", "stage", "outcome", "conditions", "reason"]
    rate = percent(view.totals["kill_rate"])
    counts = f"{view.totals['decisions']} decisions, {view.totals['kills']} kills, {view.totals['holds']} holds"
    return f"{table(headers, rows, [True, *[False] * 8])}\n\n{counts}; kill rate {rate}"


def models(view: View) -> str:
    """Return models, those that end first at the top."""
    found = [row for row in view.rows if isinstance(row, ModelRow)]
    found.sort(key=lambda row: (row.retires_on or datetime.date.max, -row.approved_minor, row.model))
    rows = []
    for row in found:
        left = "" if row.days_left is None else f"{row.days_left:,}"
        ends = "" if row.retires_on is None else str(row.retires_on)
        told = [clean(row.name or row.model, 44), clean(row.provider or "", 24), row.stage or "", ends, left]
        stake = [money(row.approved_minor, row.currency), money(row.exposed_minor, row.currency)]
        rows.append([*told, str(row.dependents), str(row.without_fallback), *stake, percent(row.share)])
    headers = ["model", "provider", "stage", "ends", "days", "depend", "no fallback", "approved", "exposed", "share"]
    return table(headers, rows, [False] * 4 + [True] * 6)


def benefits(view: View) -> str:
    """Return benefits with a bar of what was validated of what was planned."""
    rows = []
    for row in view.rows:
        assert isinstance(row, BenefitRow)
        amounts = [money(m, row.currency) for m in (row.planned_minor, row.claimed_minor, row.validated_minor)]
        drawn = bar(row.realised or 0.0, 12)
        told = [clean(row.benefit, 24), clean(row.title, 40), clean(row.owner, 16), row.type]
        rows.append([*told, *amounts, drawn, percent(row.realised), "" if row.measured else "never measured"])
    headers = ["benefit", "title", "owner", "type", "planned", "claimed", "validated", "realised", "", ""]
    drawn = table(headers, rows, [False] * 4 + [True] * 3 + [False, True, False])
    totals = view.totals
    sums = [money(totals[name], view.currency) for name in ("planned_minor", "claimed_minor", "validated_minor")]
    return (
        f"{drawn}\n\nplanned {sums[0]}, claimed {sums[1]}, validated {sums[2]} {view.currency or ''}; "
        f"realised {percent(totals['realised'])}"
    )


def needs(view: View) -> str:
    """Return what needs a decision."""
    rows = []
    for row in view.rows:
        assert isinstance(row, NeedRow)
        due = "" if row.due is None else str(row.due)
        late = "" if row.days is None else (f"{row.days} d late" if row.days > 0 else f"in {-row.days} d")
        amount = "" if row.amount_minor is None else money(row.amount_minor, view.currency)
        told = [row.kind.replace("_", " "), clean(row.subject, 32), clean(row.title or "", 56)]
        rows.append([*told, due, late, amount, f"{row.sequence:,}"])
    headers = ["what", "subject", "title", "due", "", "amount", "sequence"]
    return table(headers, rows, [False] * 5 + [True] * 2)


def history(view: View) -> str:
    """Return every value ever stated about an initiative; a dot marks what holds."""
    rows = []
    for row in view.rows:
        assert isinstance(row, HistoryRow)
        mark = "●" if row.holds else ""
        told = [str(row.effective_on), mark, row.field, clean(row.value, 80)]
        rows.append([f"{row.sequence:,}", instant(row.recorded_at), *told])
    headers = ["sequence", "recorded", "effective", "", "field", "value"]
    return table(headers, rows, [True, *[False] * 5])


def refusals(view: View) -> str:
    """Return refused commands and why."""
    rows = []
    for row in view.rows:
        assert isinstance(row, RefusalRow)
        told = [row.reason, clean(row.type or "(unreadable)", 24), clean(row.subject or "", 40)]
        rows.append(
            [f"{row.refusal:,}", instant(row.recorded_at), *told, clean(row.actor or "", 16), clean(row.detail, 64)]
        )
    headers = ["refusal", "recorded", "reason", "command", "subject", "actor", "detail"]
    return table(headers, rows, [True, *[False] * 6])


EVIDENCE: dict[str, Callable[[View], str]] = {
    "decisions": decisions,
    "gates": gates,
    "models": models,
    "benefits": benefits,
    "needs": needs,
    "history": history,
    "refusals": refusals,
}
"""How each of these views is drawn."""
