"""The oracle: the views as plain folds over a list of events, for tests to hold the real views against.

Written from docs/spec/views.md alone, to be obviously right rather than fast: every call goes over all events
again. Sums are integers and shares are fractions; a share becomes a float in the row that is returned, not before.
Here are the views of money and initiatives; `oracle_decisions` has those of decisions and what they rest on.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from schemas.envelope import Recorded
from schemas.events import (
    ActualPosted,
    AlignmentDeclared,
    BaselineSet,
    CommitmentPosted,
    EntryReversed,
    EnvelopeFunded,
    Fact,
    ForecastUpdated,
    FundingApproved,
    FundingReallocated,
    GateDecided,
    InitiativeAmended,
    InitiativeProposed,
    Objective,
    ObjectivesSet,
    PortfolioOpened,
)

Row = dict[str, Any]

MEASURES = ("funded", "approved", "committed", "actual")
BYS = ("envelope", "initiative", "value_stream", "objective")
UNALIGNED = "~unaligned"
WHOLE = 100_000_000
"""All of an initiative's money, in the unit of weights: a share in basis points times a successor's."""

STATUS_AFTER = {"kill": "killed", "complete": "completed", "merged": "merged", "hold": "held"}


# The views.


def spend(events: Sequence[Recorded], as_known: int, as_of: datetime.date, by: str) -> list[Row]:
    """Return the funding ladder: one row a key and currency, ordered by key, null last, then currency."""
    counted = counting(events, as_known, as_of)
    rows: dict[tuple[str | None, str], Counter[str]] = defaultdict(Counter)
    titles: dict[str | None, str] = {}
    if by == "objective":
        titles = {objective.id: objective.title for objective in _objectives(counted)}
        for (initiative, currency), sums in money_by_initiative(counted).items():
            if initiative is None:
                rows[None, currency].update(sums)
                continue
            weights = weights_and_rest(counted, initiative, as_of)
            for measure in MEASURES:
                for key, minor in split(sums[measure], weights).items():
                    rows[key, currency][measure] += minor
    else:
        for move in movements(counted):
            key = _key(move, by, counted)
            rows[key, move.currency][move.measure] += move.minor
            if by == "initiative" and key is not None and (title := described(counted, key)["title"]) is not None:
                titles[key] = title
    return [
        {
            "key": key,
            "title": titles.get(key),
            "currency": currency,
            **{f"{measure}_minor": sums[measure] for measure in MEASURES},
            "free_minor": sums["funded"] - sums["approved"],
            "uncommitted_minor": sums["approved"] - sums["committed"] - sums["actual"],
        }
        for (key, currency), sums in sorted(
            rows.items(), key=lambda row: (row[0][0] is None, row[0][0] or "", row[0][1])
        )
    ]


def alignment(
    events: Sequence[Recorded],
    as_known: int,
    as_of: datetime.date,
    measure: str = "approved",
    currency: str | None = None,
) -> tuple[list[Row], Row]:
    """Return one row an active objective, and the totals. currency: None for the portfolio's own."""
    counted = counting(events, as_known, as_of)
    amounts = _measured(counted, measure, currency or portfolio_currency(events, as_known))
    total = sum(amounts.values())
    active = sorted((each for each in _objectives(counted) if each.active_on(as_of)), key=lambda each: each.id)
    served: dict[str, Fraction] = defaultdict(Fraction)
    minors: Counter[str] = Counter()
    for initiative, minor in amounts.items():
        weights = {UNALIGNED: WHOLE} if initiative is None else weights_and_rest(counted, initiative, as_of)
        minors.update(split(minor, weights))
        for objective, weight in weights.items():
            served[objective] += Fraction(minor * weight, WHOLE)
    rows = []
    off = orphan = Fraction(0)
    if total > 0:
        orphan = 1 - sum((served[each.id] for each in active), Fraction(0)) / total
    for each in active:
        share = served[each.id] / total if total > 0 else None
        gap = None if share is None else share - Fraction(each.weight_bp, 10_000)
        off += abs(gap or 0)
        rows.append(
            {
                "objective": each.id,
                "title": each.title,
                "target_bp": each.weight_bp,
                "share": as_float(share),
                "amount_minor": minors[each.id],
                "gap": as_float(gap),
            }
        )
    drift = (off + orphan) / 2 if total > 0 else None
    return rows, {
        "amount_minor": total,
        "orphan_share": None if drift is None else float(orphan),
        "orphan_minor": total - sum(row["amount_minor"] for row in rows),
        "drift": as_float(drift),
        "index": None if drift is None else float(1 - drift),
        "must_move_minor": 0 if drift is None else round(drift * total),  # a Fraction rounds half to even
    }


def initiatives(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return one row an initiative that had been proposed, ordered by initiative."""
    counted = counting(events, as_known, as_of)
    currency = portfolio_currency(events, as_known)
    money = money_by_initiative(counted)
    rows = []
    for proposed_on, _, proposal, _ in counted:
        if not isinstance(proposal, InitiativeProposed):
            continue
        name = proposal.initiative
        told = described(counted, name)
        gate = held(counted, GateDecided, lambda fact, name=name: fact.initiative == name)
        plan = held(counted, BaselineSet, lambda fact, name=name: fact.initiative == name)
        first = held(counted, BaselineSet, lambda fact, name=name: fact.initiative == name and fact.number == 1)
        sums = money.get((name, currency), Counter())
        subject = f"initiative/{name}"
        rows.append(
            {
                "initiative": name,
                **{field: told[field] for field in ("title", "value_stream", "sponsor", "lead", "kind", "horizon")},
                "eu_class": None if told["ai"] is None else told["ai"].eu_class,
                "stage": "proposed" if gate is None else gate.stage_to,
                "status": status_of(counted, name),
                "approved_minor": sums["approved"],
                "committed_minor": sums["committed"],
                "actual_minor": sums["actual"],
                "currency": currency,
                "baseline_number": None if plan is None else plan.number,
                "first_cost_minor": cost_of(first),
                "baseline_cost_minor": cost_of(plan),
                "finish": None if plan is None else plan.finish,
                "proposed_on": proposed_on,
                "last_sequence": max(e.at for e in events if e.at <= as_known and e.subject == subject),
            }
        )
    return sorted(rows, key=lambda row: row["initiative"])


def timeline(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return one row an event, reversed or not, ordered by sequence."""
    known = [event for event in events if event.at <= as_known]
    reversed_by = {event.data.sequence: event.at for event in known if isinstance(event.data, EntryReversed)}
    return [
        {
            "sequence": event.at,
            "recorded_at": event.recordedtime.astimezone(datetime.UTC),
            "effective_on": event.effective_on,
            "type": event.data.TYPE,
            "subject": event.subject,
            "actor": event.actor,
            "basis": event.basis,
            "flags": event.flags,
            "commandid": event.commandid,
            "reversed_by": reversed_by.get(event.at),
        }
        for event in sorted(known, key=lambda event: event.at)
        if event.effective_on <= as_of
    ]


# Which entries count, and which of them hold.


class Counted(NamedTuple):
    """A fact that counts. sign: -1 for what a counter adds, with the counter's date and sequence; 1 for any other."""

    effective_on: datetime.date
    sequence: int
    fact: Any
    sign: int


def counting(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Counted]:
    """Return what counts at (as_known, as_of)."""
    known = {event.at: event for event in events if event.at <= as_known}
    reversals = [event.data for event in known.values() if isinstance(event.data, EntryReversed)]
    voided = {reversal.sequence for reversal in reversals if reversal.kind == "void"}
    found = []
    for event in known.values():
        fact = event.data
        if event.effective_on > as_of or event.at in voided:
            continue
        if not isinstance(fact, EntryReversed):
            found.append(Counted(event.effective_on, event.at, fact, 1))
        elif fact.kind == "counter" and fact.sequence in known:
            found.append(Counted(event.effective_on, event.at, known[fact.sequence].data, -1))
    return found


def held(counted: Iterable[Counted], of_type: type[Fact], about: Callable[[Any], bool] = lambda _: True) -> Any:
    """Return the fact of a type that holds: the greatest (effective, sequence). None where none counts."""
    newest = entry_held(counted, of_type, about)
    return None if newest is None else newest.fact


def entry_held(
    counted: Iterable[Counted], of_type: type[Fact], about: Callable[[Any], bool] = lambda _: True
) -> Counted | None:
    """Return the entry whose fact holds, with its date and sequence. None where none counts."""
    return max(said(counted, of_type, about), key=lambda each: (each.effective_on, each.sequence), default=None)


def said(
    counted: Iterable[Counted], of_type: type[Fact], about: Callable[[Any], bool] = lambda _: True
) -> list[Counted]:
    """Return the entries of a type that count, in the order of sequence; what counters add is none of them."""
    found = [each for each in counted if isinstance(each.fact, of_type) and each.sign > 0 and about(each.fact)]
    return sorted(found, key=lambda each: each.sequence)


def described(counted: Iterable[Counted], initiative: str) -> Row:
    """Return what is said of an initiative, each field by the fact that holds among those that state it."""
    told: Row = dict.fromkeys(("title", "value_stream", "sponsor", "lead", "kind", "horizon", "ai"))
    for each in sorted(counted, key=lambda each: (each.effective_on, each.sequence)):
        if isinstance(each.fact, InitiativeProposed | InitiativeAmended) and each.fact.initiative == initiative:
            told |= {field: value for field in told if (value := getattr(each.fact, field)) is not None}
    return told


def status_of(counted: Iterable[Counted], initiative: str) -> str:
    """Return killed, completed, merged, held or active: by the gate that holds."""
    gate = held(counted, GateDecided, lambda fact: fact.initiative == initiative)
    return "active" if gate is None else STATUS_AFTER.get(gate.outcome, "active")


def portfolio_currency(events: Sequence[Recorded], as_known: int) -> str | None:
    """Return the portfolio's own currency, whatever day it was opened on; None before its opening was recorded."""
    return next((e.data.currency for e in events if e.at <= as_known and isinstance(e.data, PortfolioOpened)), None)


# Money.


class Movement(NamedTuple):
    """What one entry adds to one measure."""

    measure: str
    envelope: str
    initiative: str | None
    currency: str
    minor: int


def movements(counted: Iterable[Counted]) -> Iterator[Movement]:
    """Yield what every entry that counts adds."""
    for _, _, fact, sign in counted:
        if isinstance(fact, EnvelopeFunded):
            yield Movement("funded", fact.envelope, None, fact.amount.currency, sign * fact.amount.minor)
        elif isinstance(fact, FundingReallocated):
            for side, place in ((-1, fact.source), (1, fact.target)):
                minor = side * sign * fact.amount.minor
                yield Movement("approved", place.envelope, place.initiative, fact.amount.currency, minor)
        elif isinstance(fact, FundingApproved | CommitmentPosted | ActualPosted):
            place = (fact.envelope, fact.initiative, fact.amount.currency)
            minor = sign * fact.amount.minor
            if isinstance(fact, FundingApproved):
                yield Movement("approved", *place, minor)
            elif isinstance(fact, CommitmentPosted):
                yield Movement("committed", *place, minor)
            else:
                yield Movement("actual", *place, minor)
                if fact.commitment is not None:
                    yield Movement("committed", *place, -minor)


def _key(move: Movement, by: str, counted: Sequence[Counted]) -> str | None:
    if by == "envelope":
        return move.envelope
    if by == "initiative":
        return move.initiative
    assert by == "value_stream", by
    funding = held(counted, EnvelopeFunded, lambda fact: fact.envelope == move.envelope)
    return None if funding is None else funding.value_stream


def money_by_initiative(counted: Iterable[Counted]) -> dict[tuple[str | None, str], Counter[str]]:
    sums: dict[tuple[str | None, str], Counter[str]] = defaultdict(Counter)
    for move in movements(counted):
        sums[move.initiative, move.currency][move.measure] += move.minor
    return sums


def _measured(counted: Sequence[Counted], measure: str, currency: str | None) -> dict[str | None, int]:
    """Return the amounts above zero of a measure, by initiative; under None what names no initiative."""
    money = {name: sums for (name, of), sums in money_by_initiative(counted).items() if of == currency}
    if measure != "forecast":
        assert measure in ("approved", "committed", "actual"), measure
        return {name: sums[measure] for name, sums in money.items() if sums[measure] > 0}
    amounts: dict[str | None, int] = {}
    for name in {each.fact.initiative for each in counted if isinstance(each.fact, ForecastUpdated)}:
        to_go = held(counted, ForecastUpdated, lambda fact, name=name: fact.initiative == name).estimate_to_complete
        if all(part.amount.currency == currency for part in to_go):
            amounts[name] = money.get(name, Counter())["actual"] + sum(part.amount.minor for part in to_go)
    return {name: minor for name, minor in amounts.items() if minor > 0}


def cost_of(plan: BaselineSet | None) -> int | None:
    return None if plan is None else sum(part.amount.minor for part in plan.cost)


# What money serves.


def _objectives(counted: Iterable[Counted]) -> tuple[Objective, ...]:
    in_force = held(counted, ObjectivesSet)
    return () if in_force is None else in_force.objectives


def weights_and_rest(counted: Sequence[Counted], initiative: str, as_of: datetime.date) -> dict[str, int]:
    """Return what an initiative serves, out of WHOLE, in the order of objectives, the unaligned rest last."""
    listed = {objective.id: objective for objective in _objectives(counted)}
    active = {name for name, objective in listed.items() if objective.active_on(as_of)}
    declared = held(counted, AlignmentDeclared, lambda fact: fact.initiative == initiative)
    weights: Counter[str] = Counter()
    for contribution in () if declared is None else declared.contributions:
        name, share_bp = contribution.objective, contribution.share_bp
        if name in active:
            weights[name] += share_bp * 10_000
        elif name in listed:
            for successor in listed[name].successors:
                if successor.objective in active:
                    weights[successor.objective] += share_bp * successor.share_bp
    rest = WHOLE - sum(weights.values())
    return dict(sorted(weights.items())) | ({UNALIGNED: rest} if rest else {})


def split(minor: int, weights: dict[str, int]) -> dict[str, int]:
    """Return an amount in whole minor units in the proportion of weights, by largest remainder.

    Ties go to whoever stands first in *weights*. A negative amount is split as its absolute value and negated.
    """
    if minor < 0:
        return {name: -part for name, part in split(-minor, weights).items()}
    exact = {name: Fraction(minor * weight, sum(weights.values())) for name, weight in weights.items()}
    parts = {name: int(share) for name, share in exact.items()}
    left = minor - sum(parts.values())
    for name in sorted(weights, key=lambda name: parts[name] - exact[name])[:left]:
        parts[name] += 1
    return parts


def as_float(exact: Fraction | None) -> float | None:
    return None if exact is None else float(exact)
