"""Every view as plain text: for pipes, goldens and screen readers. Nothing here knows of colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from projections.compare import Comparison
from projections.diff import Diff
from projections.rows import AlignmentRow, InitiativeRow, SpendRow, TimelineRow
from projections.views import View
from tui.board_tables import BOARD_TABLES
from tui.evidence import EVIDENCE
from tui.model.figures import bar, instant, money, percent
from tui.model.table import table
from tui.model.text import clean

NO_INITIATIVE = "(names no initiative)"


def heading(view: View) -> str:
    """Return what was asked, and as of when."""
    known = view.as_known
    recorded = f", recorded {instant(known.recordedtime)}Z" if known.recordedtime else ""
    return f"{view.portfolio} · {view.view} · as of {view.as_of} · known up to sequence {known.sequence:,}{recorded}"


def screen(view: View) -> str:
    """Return a view as text."""
    if not view.rows:
        return f"{heading(view)}\n\n{EMPTY[view.view]}"
    return f"{heading(view)}\n\n{_DRAWN[view.view](view)}"


EMPTY = {
    "spend": "No money yet: fund an envelope with a FundEnvelope command (`portfolio send`), or import a history.",
    "alignment": "No objectives yet: set them with a SetObjectives command (`portfolio send`), or import a history.",
    "initiatives": "No initiatives yet: propose one with a ProposeInitiative command (`portfolio send`).",
    "timeline": "Nothing recorded by then.",
    "decisions": "No decisions yet: ask for one with a RequestDecision command (`portfolio send`).",
    "gates": "No gate has been decided yet: decide one with a DecideGate command (`portfolio send`).",
    "models": "No model ends: models come with ChangeModelLifecycle commands, and LinkInitiative ties to them.",
    "benefits": "No benefits yet: promise one with a PlanBenefit command (`portfolio send`).",
    "needs": "Nothing needs a decision.",
    "history": "Nothing was said of this initiative by then.",
    "priority": "No initiatives are under way: propose one with a ProposeInitiative command (`portfolio send`).",
    "value_streams": "No value streams yet: fund an envelope of one with a FundEnvelope command (`portfolio send`).",
    "capacity": "No capacity yet: allocate it with an AllocateCapacity command (`portfolio send`).",
    "conditions": "No decision, gate or approval has set a condition by then.",
    "concentration": "No money counts yet, so nothing rides on anything.",
    "flow": "No flow yet: report it with a ReportFlow command (`portfolio send`).",
    "state": "Nothing was said of this initiative by then.",
    "refusals": "Nothing was refused.",
}
"""What to say where a view has no rows, and what to do about it."""


LADDER = {
    "funded": "funded_minor",
    "approved": "approved_minor",
    "committed": "committed_minor",
    "actual": "actual_minor",
    "free": "free_minor",
    "uncommitted": "uncommitted_minor",
}
"""The funding ladder, by the words of its columns."""


def _spend(view: View) -> str:
    spent = [row for row in view.rows if isinstance(row, SpendRow)]
    totals = [view.totals, *view.totals.get("other_currencies", [])]
    words = list(LADDER)
    if not any(row.key is not None and row.funded_minor for row in spent):
        # Funds stand on envelopes; where rows are initiatives or objectives, free would only mislead.
        words = [word for word in words if word not in ("funded", "free")]
    titled = any(row.title for row in spent)
    rows = []
    for row in spent:
        key = NO_INITIATIVE if row.key is None else clean(row.key, 40)
        cells = [money(getattr(row, LADDER[word]), row.currency) for word in words]
        rows.append([key, *([clean(row.title or "", 36)] if titled else []), *cells, row.currency])
    for total in totals:
        cells = [money(total[LADDER[word]], total["currency"]) for word in words]
        rows.append(["total", *([""] if titled else []), *cells, total["currency"] or ""])
    headers = ["key", *(["title"] if titled else []), *words, ""]
    right = [False, *([False] if titled else []), *[True] * len(words), False]
    return table(headers, rows, right, total=len(totals) == 1)


def _alignment(view: View) -> str:
    rows = []
    for row in view.rows:
        assert isinstance(row, AlignmentRow)
        drawn = bar(row.share or 0.0, 30, row.target_bp / 10_000)
        gap = "–" if row.gap is None else f"{100 * row.gap:+.1f}"
        amount = money(row.amount_minor, view.currency)
        target = percent(row.target_bp / 10_000)
        rows.append([clean(row.objective, 24), clean(row.title, 40), drawn, percent(row.share), target, gap, amount])
    orphan = view.totals["orphan_share"]
    orphaned = money(view.totals["orphan_minor"], view.currency)
    rows.append(["", "serves no objective", bar(orphan or 0.0, 30), percent(orphan), "", "", orphaned])
    headers = ["objective", "title", "share, ┃ target", "share", "target", "gap", view.currency or ""]
    drawn = table(headers, rows, [False, False, False, True, True, True, True])
    if orphan is None:
        return f"{drawn}\n\nNo money counts yet, so there is no share and no drift."
    told = view.totals
    moves = f"{money(told['must_move_minor'], view.currency)} of {money(told['amount_minor'], view.currency)}"
    return (
        f"{drawn}\n\nalignment index {told['index']:.4f}   drift {told['drift']:.4f}   "
        f"must move {moves} {view.currency or ''}"
    )


def _initiatives(view: View) -> str:
    rows = []
    for row in view.rows:
        assert isinstance(row, InitiativeRow)
        variance = ""
        if row.first_cost_minor is not None and row.baseline_cost_minor is not None:
            variance = money(row.baseline_cost_minor - row.first_cost_minor, row.currency)
        amounts = [money(minor, row.currency) for minor in (row.approved_minor, row.committed_minor, row.actual_minor)]
        baseline = "" if row.baseline_number is None else str(row.baseline_number)
        names = [clean(row.initiative, 40), clean(row.title, 44), clean(row.value_stream, 16)]
        rows.append([*names, clean(row.stage, 16), row.status, *amounts, baseline, variance])
    headers = ["initiative", "title", "stream", "stage", "status", "approved", "committed", "actual", "plan", "since 1"]
    return table(headers, rows, [False] * 5 + [True] * 5)


def _timeline(view: View) -> str:
    rows = []
    for row in view.rows:
        assert isinstance(row, TimelineRow)
        marks = [row.flags or "", f"reversed by {row.reversed_by}" if row.reversed_by else ""]
        told = [clean(row.subject, 56), clean(row.actor, 20), clean(" ".join(filter(None, marks)), 60)]
        rows.append([f"{row.sequence:,}", instant(row.recorded_at), str(row.effective_on), row.type, *told])
    headers = ["sequence", "recorded", "effective", "type", "subject", "actor", ""]
    return table(headers, rows, [True, *[False] * 6])


_DRAWN: dict[str, Callable[[View], str]] = {
    "spend": _spend,
    "alignment": _alignment,
    "initiatives": _initiatives,
    "timeline": _timeline,
    **EVIDENCE,
    **BOARD_TABLES,
}


def diff_screen(found: Diff) -> str:
    """Return what changed between two moments as text."""
    moments = [f"{at.as_of} (sequence {at.sequence:,})" for at in (found.before, found.after)]
    title = f"{found.portfolio} · {found.view} · {moments[0]} → {moments[1]}"
    if not found.rows:
        return f"{title}\n\nNothing changed."
    rows = []
    for row in found.rows:
        key = NO_INITIATIVE if row.key is None else clean(row.key, 40)
        currency = (row.after or row.before or {}).get("currency") or found.currency
        for place, (name, change) in enumerate(row.change.items()):
            was, now = ((side or {}).get(name) for side in (row.before, row.after))
            cells = [_figure(name, value, currency) for value in (was, now, change)]
            rows.append([key if place == 0 else "", name, *cells, _listed(row.sequences) if place == 0 else ""])
        if not row.change:
            rows.append([key, "(no figure)", "", "", "", _listed(row.sequences)])
    headers = ["key", "figure", "before", "after", "change", "changed by"]
    return f"{title}\n\n{table(headers, rows, [False, False, True, True, True, False])}"


def _figure(name: str, value: float | None, currency: str | None) -> str:
    if value is None:
        return "–"
    if name.endswith("_minor"):
        return money(int(value), currency)
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def _listed(sequences: Sequence[int], most: int = 6) -> str:
    shown = ", ".join(f"{sequence}" for sequence in sequences[:most])
    return f"{shown} and {len(sequences) - most} more" if len(sequences) > most else shown


def comparison_screen(found: Comparison) -> str:
    """Return the outcome of a rebuild as text."""
    lines = [
        f"{found.portfolio} · rebuilt from {found.sequence:,} entries of the stream",
        f"root {found.root}",
        f"compared: {found.archived_entries:,} archived entries, {found.tables} tables, {found.views} views",
        "",
    ]
    if not found.differences:
        return "\n".join([*lines, "✓ nothing differs"])
    lines.append(f"✗ {len(found.differences)} differences")
    lines += [f"  {clean(each.where)}: {clean(each.what)}" for each in found.differences]
    return "\n".join(lines)
