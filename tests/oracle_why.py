"""The oracle of why a value is what it is: the entry that last set it, as a plain fold; docs/spec/views.md, "why"."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from schemas.envelope import Recorded
from schemas.events import (
    AlignmentDeclared,
    BaselineSet,
    BenefitMeasured,
    BenefitPlanned,
    CommitmentPosted,
    ConditionDischarged,
    EntryReversed,
    EnvelopeFunded,
    ForecastUpdated,
    InitiativeProposed,
    ObjectivesSet,
    PortfolioOpened,
    VoteRecorded,
)
from tests.oracle import (
    Counted,
    Row,
    counting,
    described,
    entry_held,
    held,
    movements,
    portfolio_currency,
    said,
    weights_and_rest,
)
from tests.oracle_board import moves, policy_in_force, state

FIGURES = {
    **{measure: {measure: 1} for measure in ("funded", "approved", "committed", "actual")},
    "free": {"funded": 1, "approved": -1},
    "uncommitted": {"approved": 1, "committed": -1, "actual": -1},
}
CLOSED = ("outcome", "option", "closed_on", "days_to_decide", "days_since_trigger", "closed_sequence")
MODEL_COUNTS = ("dependents", "without_fallback", "approved_minor", "exposed_minor", "share", "currency")
DISCHARGED = ("status", "days_overdue", "discharged_on", "discharged_sequence")


class Asked(NamedTuple):
    """A value of a row of a view at a moment. by: what spend is grouped by; measure: what alignment is measured on."""

    events: Sequence[Recorded]
    as_known: int
    as_of: datetime.date
    row: Row
    field: str
    by: str = "envelope"
    measure: str = "approved"

    @property
    def counted(self) -> list[Counted]:
        return counting(self.events, self.as_known, self.as_of)

    @property
    def currency(self) -> str | None:
        return self.row.get("currency") or portfolio_currency(self.events, self.as_known)


def why(view: str, asked: Asked) -> int | None:
    """Return the sequence of the entry that last set a value."""
    return ANSWERS[view](asked)


# Money.


def moved(asked: Asked, figure: str, key_of: Callable[[Any], Any]) -> dict[Any, int]:
    """Return by key the last entry that moved a figure of money in the asked currency."""
    change: Counter[tuple[Any, int]] = Counter()
    for sequence, move in moves(asked.events, asked.as_known, asked.as_of):
        if move.currency == asked.currency:
            change[key_of(move), sequence] += FIGURES[figure].get(move.measure, 0) * move.minor
    latest: dict[Any, int] = {}
    for (key, sequence), minor in change.items():
        if minor:
            latest[key] = max(sequence, latest.get(key, 0))
    return latest


def stream_of(asked: Asked) -> Callable[[Any], str | None]:
    """Return what tells the value stream of the envelope of a movement."""
    streams: dict[str, str] = {}
    for each in sorted(said(asked.counted, EnvelopeFunded), key=lambda each: (each.effective_on, each.sequence)):
        streams[each.fact.envelope] = each.fact.value_stream
    return lambda move: streams.get(move.envelope)


def by_initiative(asked: Asked, figure: str) -> dict[str | None, int]:
    """Return by initiative the last entry that moved a figure; of the forecast the last that it rests on."""
    spent = moved(asked, "actual" if figure == "forecast" else figure, lambda move: move.initiative)
    if figure != "forecast":
        return spent
    found: dict[str | None, int] = {}
    for name in {each.fact.initiative for each in said(asked.counted, ForecastUpdated)}:
        latest = entry_held(asked.counted, ForecastUpdated, lambda fact, name=name: fact.initiative == name)
        assert latest is not None
        in_actuals = {
            move.currency for move in movements(asked.counted) if move.measure == "actual" and move.initiative == name
        }
        if asked.currency in ({part.amount.currency for part in latest.fact.estimate_to_complete} or in_actuals):
            found[name] = max(latest.sequence, spent.get(name, 0))
    return found


def by_objective(asked: Asked, figure: str) -> dict[str, int]:
    """Return by objective, and for the unaligned rest, the last entry that its part of a figure rests on."""
    counted, latest = asked.counted, defaultdict(list)
    for name, sequence in by_initiative(asked, figure).items():
        if name is None:
            continue
        declared = entry_held(counted, AlignmentDeclared, lambda fact, name=name: fact.initiative == name)
        for objective in weights_and_rest(counted, name, asked.as_of):
            latest[objective] += [sequence, declared.sequence if declared else 0, set_of_objectives(asked) or 0]
    return {objective: max(sequences) for objective, sequences in latest.items()}


def set_of_objectives(asked: Asked) -> int | None:
    in_force = entry_held(asked.counted, ObjectivesSet)
    return in_force and in_force.sequence


def stated(asked: Asked, initiative: str | None, field: str) -> int | None:
    """Return what set a field of an initiative's state."""
    if initiative is None:
        return None
    rows = state(asked.events, asked.as_known, asked.as_of, initiative)
    found = [row["sequence"] for row in rows if row["field"] == field and row["currency"] in (None, asked.currency)]
    return max((sequence for sequence in found if sequence is not None), default=None)


# View by view.


def spend(asked: Asked) -> int | None:
    key, figure = asked.row["key"], asked.field.removesuffix("_minor")
    if asked.field == "title":
        if asked.by == "objective":
            return None if asked.row["title"] is None else set_of_objectives(asked)
        return stated(asked, key, "title") if asked.by == "initiative" else None
    if figure not in FIGURES:
        return None
    if asked.by == "objective" and key is not None:
        return by_objective(asked, figure).get(key)
    if asked.by == "value_stream":
        return moved(asked, figure, stream_of(asked)).get(key)
    return moved(asked, figure, lambda move: move.envelope if asked.by == "envelope" else move.initiative).get(key)


def alignment(asked: Asked) -> int | None:
    if asked.field in ("objective", "title", "target_bp"):
        return set_of_objectives(asked)
    part = by_objective(asked, asked.measure).get(asked.row["objective"])
    if asked.field == "amount_minor":
        return part
    whole = max(by_initiative(asked, asked.measure).values(), default=None)
    return None if whole is None else max(part or 0, whole, set_of_objectives(asked) or 0)


def initiatives(asked: Asked) -> int | None:
    name = asked.row["initiative"]
    plan = entry_held(asked.counted, BaselineSet, lambda fact: fact.initiative == name)
    first = entry_held(asked.counted, BaselineSet, lambda fact: fact.initiative == name and fact.number == 1)
    proposal = entry_held(asked.counted, InitiativeProposed, lambda fact: fact.initiative == name)
    opened = next(event.at for event in asked.events if isinstance(event.data, PortfolioOpened))
    told = {
        **dict.fromkeys(("initiative", "proposed_on"), proposal and proposal.sequence),
        **dict.fromkeys(("baseline_number", "baseline_cost_minor", "finish"), plan and plan.sequence),
        "first_cost_minor": first and first.sequence,
        "currency": opened,
        "last_sequence": asked.row["last_sequence"],
    }
    return told[asked.field] if asked.field in told else stated(asked, name, asked.field.removesuffix("_minor"))


def timeline(asked: Asked) -> int | None:
    if asked.field != "reversed_by":
        return int(asked.row["sequence"])
    known = [event for event in asked.events if event.at <= asked.as_known and isinstance(event.data, EntryReversed)]
    return max((event.at for event in known if event.data.sequence == asked.row["sequence"]), default=None)


def gates(asked: Asked) -> int | None:
    sequence = int(asked.row["sequence"])
    if asked.field == "title":
        return stated(asked, asked.row["initiative"], "title")
    if asked.field not in ("conditions_open", "conditions_overdue"):
        return sequence
    gate = next(each.fact for each in asked.counted if each.sequence == sequence)
    found = [sequence]
    for condition in gate.conditions:
        name = condition.condition
        met = entry_held(asked.counted, ConditionDischarged, lambda fact, name=name: fact.condition == name)
        found += [met.sequence] if met else []
    return max(found)


def decisions(asked: Asked) -> int | None:
    request = asked.row["request_sequence"]
    if asked.field in CLOSED:
        return asked.row["closed_sequence"] or request
    votes = [
        each
        for each in said(asked.counted, VoteRecorded)
        if (each.fact.decision, each.fact.request) == (asked.row["decision"], request)
    ]
    if asked.field == "dissent":
        return max((each.sequence for each in votes if each.fact.dissent is not None), default=None)
    if asked.field in ("approve", "reject", "abstain", "recuse", "advise"):
        return max((each.sequence for each in votes if each.fact.vote == asked.field), default=None)
    return int(request)


def benefits(asked: Asked) -> int | None:
    plan, measured = benefit_stated(asked, asked.row["benefit"])
    told = {
        "claimed_minor": measured.get("claimed"),
        "validated_minor": measured.get("validated"),
        "realised": max(plan, measured.get("validated", 0)),
        "measured": max(measured.values(), default=None),
        "last_sequence": max([plan, *measured.values()]),
    }
    return told.get(asked.field, plan)


def benefit_stated(asked: Asked, benefit: str) -> tuple[int, dict[str, int]]:
    """Return the sequence of a benefit's plan that holds, and of the newest measure of each status."""
    plan = entry_held(asked.counted, BenefitPlanned, lambda fact: fact.benefit == benefit)
    assert plan is not None
    measures = said(asked.counted, BenefitMeasured, lambda fact: fact.benefit == benefit)
    return plan.sequence, {each.fact.status: each.sequence for each in measures}


def priority(asked: Asked) -> int | None:
    if asked.field == "title":
        return stated(asked, asked.row["initiative"], "title")
    if asked.field == "approved_minor":
        return moved(asked, "approved", lambda move: move.initiative).get(asked.row["initiative"])
    if asked.field in ("rank", "was", "tier", "rank_sequence"):
        return asked.row["rank_sequence"]
    scored = asked.row["score_sequence"]
    policy = policy_in_force(asked.counted, "prioritisation")
    if scored is None or policy is None or asked.field not in ("score", "value", "novelty"):
        return scored
    return max(scored, policy.sequence)


def value_streams(asked: Asked) -> int | None:
    stream, figure = asked.row["value_stream"], asked.field.removesuffix("_minor")
    if figure in FIGURES:
        return moved(asked, figure, stream_of(asked)).get(stream)
    if figure in ("planned", "claimed", "validated"):
        return brought(asked, stream, figure)
    if asked.row[asked.field] is None:
        return None
    structure, allocation = (policy_in_force(asked.counted, kind) for kind in ("structure", "allocation"))
    whole = max(moved(asked, "approved", stream_of(asked)).values(), default=0)
    actual = moved(asked, "actual", stream_of(asked)).get(stream, 0)
    return {
        "title": structure and structure.sequence,
        "owner": structure and structure.sequence,
        "target_bp": allocation and allocation.sequence,
        "share": whole,
        "gap": max(whole, allocation.sequence if allocation else 0),
        "roi": max(actual, brought(asked, stream, "validated") or 0),
    }.get(asked.field)


def brought(asked: Asked, stream: str | None, figure: str) -> int | None:
    """Return the last entry that the benefits of a value stream rest on."""
    own, found = portfolio_currency(asked.events, asked.as_known), []
    for name in {each.fact.benefit for each in said(asked.counted, BenefitPlanned)}:
        plan = held(asked.counted, BenefitPlanned, lambda fact, name=name: fact.benefit == name)
        worth = [target.money.currency for target in plan.target if target.money is not None]
        bringing = [share.initiative for share in plan.initiatives]
        streams = {described(asked.counted, each)["value_stream"] for each in bringing} or {None}
        if stream in streams and asked.currency == (worth[0] if worth else own):
            planned, measured = benefit_stated(asked, name)
            found += [planned, measured.get(figure, 0)]
    return max(found, default=None)


def conditions(asked: Asked) -> int | None:
    discharged = asked.row["discharged_sequence"] if asked.field in DISCHARGED else None
    return discharged or asked.row["sequence"]


def concentration(asked: Asked) -> int | None:
    kind, key = asked.row["kind"], asked.row["key"]
    if kind == "initiative" and asked.field == "title":
        return stated(asked, key, "title")
    if kind == "initiative":
        return moved(asked, "approved", lambda move: move.initiative).get(key)
    if kind == "model_provider" or asked.field == "title":
        return None
    posted = [each for each in asked.counted if isinstance(each.fact, CommitmentPosted)]
    alike = [each for each in posted if (each.fact.supplier, each.fact.amount.currency) == (key, asked.currency)]
    return max((each.sequence for each in alike), default=None)


ANSWERS: dict[str, Callable[[Asked], int | None]] = {
    "spend": spend,
    "alignment": alignment,
    "initiatives": initiatives,
    "timeline": timeline,
    "decisions": decisions,
    "gates": gates,
    "models": lambda asked: None if asked.field in MODEL_COUNTS else asked.row["last_sequence"],
    "benefits": benefits,
    "needs": lambda asked: asked.row["sequence"],
    "history": lambda asked: asked.row["sequence"],
    "priority": priority,
    "value_streams": value_streams,
    "capacity": lambda asked: asked.row["last_sequence"],
    "conditions": conditions,
    "concentration": concentration,
    "flow": lambda asked: asked.row["sequence"],
    "state": lambda asked: asked.row["sequence"],
}
