"""The oracle of the views of decisions and what they rest on, as plain folds: see `oracle`, and docs/spec/views.md."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from schemas.envelope import Recorded
from schemas.events import (
    AlignmentDeclared,
    AssuranceRated,
    BaselineSet,
    BenefitMeasured,
    BenefitPlanned,
    Condition,
    ConditionDischarged,
    DecisionClosed,
    DecisionRequested,
    ForecastUpdated,
    FundingApproved,
    FundingReallocated,
    GateDecided,
    InitiativeAmended,
    InitiativeLinked,
    InitiativeProposed,
    ModelLifecycleChanged,
    PrioritySet,
    VoteRecorded,
)
from schemas.values import Commitment, Money
from tests.oracle import (
    STATUS_AFTER,
    Counted,
    Row,
    as_float,
    cost_of,
    counting,
    described,
    entry_held,
    held,
    money_by_initiative,
    movements,
    portfolio_currency,
    said,
    spend,
    status_of,
)

VOTES = ("approve", "reject", "abstain", "recuse", "advise")
ENDED = ("killed", "completed", "merged")
RETIREMENTS = ("retirement_announced", "rescheduled", "cancelled")
DESCRIBED = ("title", "value_stream", "sponsor", "lead", "kind", "horizon")
ALWAYS_HOLDS = ("approved", "link")


# The views.


def decisions(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return one row a decision that was requested, ordered by decision."""
    counted = counting(events, as_known, as_of)
    return [_decision(events, counted, name) for name in _names(counted, DecisionRequested, "decision")]


def gates(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> tuple[list[Row], Row]:
    """Return one row a gate's decision, ordered by sequence, and the totals."""
    counted = counting(events, as_known, as_of)
    rows = []
    for effective_on, sequence, gate, _ in said(counted, GateDecided):
        still_open = [each for each in gate.conditions if _is_open(counted, each)]
        rows.append(
            {
                "sequence": sequence,
                "initiative": gate.initiative,
                "title": described(counted, gate.initiative)["title"],
                "gate": gate.gate,
                "stage_from": gate.stage_from,
                "stage_to": gate.stage_to,
                "outcome": gate.outcome,
                "effective_on": effective_on,
                "conditions": len(gate.conditions),
                "conditions_open": len(still_open),
                "conditions_overdue": sum(each.due < as_of for each in still_open),
                "next_gate_on": gate.next_gate_on,
                "reason": _text(gate.reason),
            }
        )
    outcomes = Counter(row["outcome"] for row in rows)
    judged = sum(outcomes[name] for name in ("go", "conditional_go", "kill", "recycle", "pivot"))
    return rows, {
        "decisions": len(rows),
        "kills": outcomes["kill"],
        "holds": outcomes["hold"],
        "kill_rate": as_float(Fraction(outcomes["kill"], judged)) if judged else None,
    }


def models(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return one row a model that something is known of or that a live link names, ordered by model."""
    counted = counting(events, as_known, as_of)
    currency = portfolio_currency(events, as_known)
    links = live_links(counted, as_of)
    approved = {
        initiative: sums["approved"]
        for (initiative, of), sums in money_by_initiative(counted).items()
        if of == currency and sums["approved"] > 0
    }
    whole = sum(approved.values())
    rows = []
    for name in sorted({*_names(counted, ModelLifecycleChanged, "model"), *(link.target for link in links)}):
        dependents = {link.initiative for link in links if link.role == "primary" and link.target == name}
        backed = {link.initiative for link in links if link.role == "fallback" and link.target != name}
        at_stake = sum(approved.get(each, 0) for each in dependents)
        rows.append(
            {
                "model": name,
                **_lifecycle(counted, name, as_of),
                "dependents": len(dependents),
                "without_fallback": len(dependents - backed),
                "approved_minor": at_stake,
                "exposed_minor": sum(approved.get(each, 0) for each in dependents - backed),
                "share": as_float(Fraction(at_stake, whole)) if whole else None,
                "currency": currency,
                "last_sequence": max(_sequences(counted, "model", name, ModelLifecycleChanged), default=None),
            }
        )
    return rows


def benefits(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return one row a benefit that was planned, ordered by benefit."""
    counted = counting(events, as_known, as_of)
    own = portfolio_currency(events, as_known)
    return [_benefit(counted, name, own) for name in _names(counted, BenefitPlanned, "benefit")]


def needs(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return what needs a decision, ordered by kind and subject."""
    counted = counting(events, as_known, as_of)
    currency = portfolio_currency(events, as_known)
    rows = []

    def need(kind: str, subject: str, title: str | None, due: Any, amount_minor: int | None, sequence: int) -> None:
        days = None if due is None else (as_of - due).days
        told = {"kind": kind, "subject": subject, "title": title, "due": due, "days": days}
        rows.append(told | {"amount_minor": amount_minor, "sequence": sequence})

    for sequence, condition in conditions_set(counted):
        if _is_open(counted, condition) and condition.due < as_of:
            title = _text(condition.text)
            need("condition_overdue", condition.condition, title, condition.due, None, sequence)
    for row in decisions(events, as_known, as_of):
        if row["outcome"] == "open":
            amount = next(each.fact.amount for each in counted if each.sequence == row["request_sequence"])
            minor = amount.minor if amount is not None and amount.currency == currency else None
            need("decision_open", row["decision"], row["question"], row["due"], minor, row["request_sequence"])
    for row in models(events, as_known, as_of):
        if row["retires_on"] is not None and row["without_fallback"] > 0:
            at_stake, sequence = row["exposed_minor"], row["last_sequence"]
            need("model_retiring", row["model"], row["name"], row["retires_on"], at_stake, sequence)
    for row in spend(events, as_known, as_of, "envelope"):
        if row["free_minor"] < 0:
            moved_at = _funded_or_approved_at(counted, row["key"], row["currency"])
            need("over_envelope", row["key"], None, None, row["free_minor"], max(moved_at))
    return sorted(rows, key=lambda row: (row["kind"], row["subject"], row["sequence"]))


def history(events: Sequence[Recorded], as_known: int, as_of: datetime.date, initiative: str) -> list[Row]:
    """Return one row for each value that was ever said of an initiative, ordered by sequence and field."""
    counted = counting(events, as_known, as_of)
    recorded_at = {event.at: event.recordedtime.astimezone(datetime.UTC) for event in events}
    values = [(each, field, value) for each in counted for field, value in _values(each, initiative)]
    newest: dict[str, tuple[datetime.date, int]] = {}
    for each, field, _ in values:
        newest[field] = max(newest.get(field, (datetime.date.min, 0)), (each.effective_on, each.sequence))
    rows = [
        {
            "sequence": each.sequence,
            "recorded_at": recorded_at[each.sequence],
            "effective_on": each.effective_on,
            "field": field,
            "value": value,
            "holds": field in ALWAYS_HOLDS or newest[field] == (each.effective_on, each.sequence),
        }
        for each, field, value in values
    ]
    return sorted(rows, key=lambda row: (row["sequence"], row["field"], row["value"]))


# Decisions and conditions.


def _decision(events: Sequence[Recorded], counted: Sequence[Counted], name: str) -> Row:
    asked = entry_held(counted, DecisionRequested, lambda fact: fact.decision == name)
    assert asked is not None
    request = asked.fact
    votes = [
        each.fact
        for each in said(counted, VoteRecorded, lambda fact: fact.decision == name and fact.request == asked.sequence)
    ]
    closed = entry_held(counted, DecisionClosed, lambda fact: fact.decision == name)
    set_off = {event.at: event.effective_on for event in events}.get(request.trigger)
    dissents = [f"{vote.voter}: {_text(vote.dissent)}" for vote in votes if vote.dissent is not None]
    return {
        "decision": name,
        "kind": request.kind,
        "question": _text(request.question),
        "requested_on": asked.effective_on,
        "due": request.due,
        "tier": request.tier,
        "body": request.body,
        "options": len(request.options),
        "recommended": request.recommended,
        **{vote: sum(each.vote == vote for each in votes) for vote in VOTES},
        "dissent": "; ".join(dissents) or None,
        "outcome": "open" if closed is None else closed.fact.outcome,
        "option": None if closed is None else closed.fact.option,
        "closed_on": None if closed is None else closed.effective_on,
        "days_to_decide": None if closed is None else (closed.effective_on - asked.effective_on).days,
        "trigger": request.trigger,
        "days_since_trigger": None if closed is None or set_off is None else (closed.effective_on - set_off).days,
        "request_sequence": asked.sequence,
        "closed_sequence": None if closed is None else closed.sequence,
    }


def conditions_set(counted: Iterable[Counted]) -> list[tuple[int, Condition]]:
    """Return every condition that an event that counts sets, with the event's sequence."""
    found = []
    for of_type in (FundingApproved, GateDecided, DecisionClosed):
        found += [(each.sequence, condition) for each in said(counted, of_type) for condition in each.fact.conditions]
    return found


def _is_open(counted: Iterable[Counted], condition: Condition) -> bool:
    return held(counted, ConditionDischarged, lambda fact: fact.condition == condition.condition) is None


# Models.


def live_links(counted: Sequence[Counted], as_of: datetime.date) -> list[InitiativeLinked]:
    """Return the links to models that are live: of each initiative, target and role the one that holds."""
    newest: dict[tuple[str, str, str | None], InitiativeLinked] = {}
    for each in sorted(said(counted, InitiativeLinked), key=lambda each: (each.effective_on, each.sequence)):
        if each.fact.kind == "ai_model":
            newest[each.fact.initiative, each.fact.target, each.fact.role] = each.fact
    return [
        link
        for link in newest.values()
        if (link.starts is None or link.starts <= as_of)
        and (link.ends is None or as_of <= link.ends)
        and status_of(counted, link.initiative) not in ENDED
    ]


def _lifecycle(counted: Sequence[Counted], model: str, as_of: datetime.date) -> Row:
    newest = held(counted, ModelLifecycleChanged, lambda fact: fact.model == model)
    staged = held(counted, ModelLifecycleChanged, lambda fact: fact.model == model and fact.stage is not None)
    retirement = held(counted, ModelLifecycleChanged, lambda fact: fact.model == model and fact.change in RETIREMENTS)
    announced = entry_held(
        counted, ModelLifecycleChanged, lambda fact: fact.model == model and fact.change == "retirement_announced"
    )
    announced_on = retires_on = None
    if retirement is not None and retirement.change != "cancelled":
        retires_on = retirement.effective_on
        if announced is not None:
            announced_on = announced.fact.announced_on or announced.effective_on
    return {
        "name": None if newest is None else newest.name,
        "provider": None if newest is None else newest.provider,
        "stage": None if staged is None else staged.stage,
        "announced_on": announced_on,
        "retires_on": retires_on,
        "days_left": None if retires_on is None else (retires_on - as_of).days,
    }


# Benefits and money.


def _benefit(counted: Sequence[Counted], name: str, own: str | None) -> Row:
    plan = held(counted, BenefitPlanned, lambda fact: fact.benefit == name)
    worth = [target.money for target in plan.target if target.money is not None]
    currency = worth[0].currency if worth else own
    planned = sum(_minor_in(currency, money) for money in worth)
    validated = _measured(counted, name, "validated", currency)
    return {
        "benefit": name,
        **{field: getattr(plan, field) for field in ("title", "type", "owner", "objective")},
        "currency": currency,
        "planned_minor": planned,
        "claimed_minor": _measured(counted, name, "claimed", currency),
        "validated_minor": validated,
        "realised": as_float(Fraction(validated, planned)) if planned else None,
        "measured": len(_sequences(counted, "benefit", name, BenefitMeasured)),
        "last_sequence": max(_sequences(counted, "benefit", name, BenefitPlanned, BenefitMeasured)),
    }


def _measured(counted: Sequence[Counted], benefit: str, status: str, currency: str | None) -> int:
    """Return the money of one status, of each period the measurement that holds."""
    of_status = [
        each.fact
        for each in said(counted, BenefitMeasured, lambda fact: fact.benefit == benefit and fact.status == status)
    ]
    total = 0
    for period in {measure.period for measure in of_status}:
        holds = held(
            counted,
            BenefitMeasured,
            lambda fact, period=period: (fact.benefit, fact.status, fact.period) == (benefit, status, period),
        )
        total += _minor_in(currency, holds.money)
    return total


def _minor_in(currency: str | None, money: Money | None) -> int:
    return money.minor if money is not None and money.currency == currency else 0


def _funded_or_approved_at(counted: Sequence[Counted], envelope: str, currency: str) -> list[int]:
    """Return the sequences of what funds an envelope or is approved from it; a counter has its own."""
    return [
        each.sequence
        for each in counted
        for move in movements([each])
        if (move.envelope, move.currency) == (envelope, currency) and move.measure in ("funded", "approved")
    ]


# What is said of an initiative.


def _values(entry: Counted, initiative: str) -> Iterator[tuple[str, str]]:
    """Yield (field, value) for what an entry says of an initiative; what a counter adds says money only."""
    fact = entry.fact
    if isinstance(fact, FundingApproved | FundingReallocated):
        for move in movements([entry]):
            if move.initiative == initiative:
                yield "approved", f"{move.minor} {move.currency} from {move.envelope}"
    elif isinstance(fact, PrioritySet):
        yield from (("rank", str(move.rank)) for move in fact.moves if move.initiative == initiative)
    elif getattr(fact, "initiative", None) != initiative:
        return
    elif isinstance(fact, InitiativeProposed | InitiativeAmended):
        yield from ((field, value) for field in DESCRIBED if (value := getattr(fact, field)) is not None)
        if fact.ai is not None:
            yield "eu_class", fact.ai.eu_class
    elif isinstance(fact, GateDecided):
        yield "stage", fact.stage_to
        yield "status", STATUS_AFTER.get(fact.outcome, "active")
    elif isinstance(fact, BaselineSet):
        yield "baseline", str(fact.number)
        if fact.cost:
            yield "cost", f"{cost_of(fact)} {fact.cost[0].amount.currency}"
        if fact.finish is not None:
            yield "finish", str(fact.finish)
    elif isinstance(fact, AlignmentDeclared):
        yield "alignment", ", ".join(f"{each.objective} {each.share_bp}" for each in fact.contributions) or "none"
    elif isinstance(fact, ForecastUpdated):
        to_go = fact.estimate_to_complete
        total = sum(part.amount.minor for part in to_go)
        yield "forecast", f"{total} {to_go[0].amount.currency}" if to_go else "0"
    elif isinstance(fact, AssuranceRated):
        yield "assurance", fact.rating
    elif isinstance(fact, InitiativeLinked):
        yield "link", " ".join(word for word in (fact.kind, fact.role, fact.target) if word is not None)


# Small words.


def _names(counted: Sequence[Counted], of_type: Any, field: str) -> list[str]:
    return sorted({getattr(each.fact, field) for each in said(counted, of_type)})


def _sequences(counted: Sequence[Counted], field: str, name: str, *of_types: Any) -> list[int]:
    return [
        each.sequence
        for of_type in of_types
        for each in said(counted, of_type, lambda fact: getattr(fact, field) == name)
    ]


def _text(text: str | Commitment | None) -> str | None:
    return f"commitment:{text.commitment}" if isinstance(text, Commitment) else text
