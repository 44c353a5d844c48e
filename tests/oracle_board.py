"""The oracle of the views a board and a replay are made of, as plain folds: see `oracle`, and docs/spec/views.md."""

from __future__ import annotations

import datetime
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from schemas.envelope import Recorded
from schemas.events import (
    AlignmentDeclared,
    AssuranceRated,
    BaselineSet,
    BenefitPlanned,
    CapacityAllocated,
    CommitmentPosted,
    ConditionDischarged,
    EntryReversed,
    FlowReported,
    ForecastUpdated,
    GateDecided,
    InitiativeAmended,
    InitiativeLinked,
    InitiativeProposed,
    InitiativeScored,
    ModelLifecycleChanged,
    Move,
    PolicyAdopted,
    PrioritySet,
)
from schemas.events.policy import ScoredCriterion
from schemas.values import Commitment
from tests.oracle import (
    MEASURES,
    Counted,
    Movement,
    Row,
    alignment,
    as_float,
    cost_of,
    counting,
    described,
    entry_held,
    held,
    initiatives,
    money_by_initiative,
    movements,
    portfolio_currency,
    said,
    spend,
    split,
    status_of,
)
from tests.oracle_decisions import DESCRIBED, ENDED, benefits, conditions_set, decisions, live_links

FIELDS = (
    *("title", "value_stream", "sponsor", "lead", "kind", "horizon", "eu_class", "stage", "status", "rank", "tier"),
    *("baseline", "first_cost", "baseline_cost", "finish", "approved", "committed", "actual", "uncommitted"),
    *("forecast", "forecast_finish", "progress_bp", "assurance", "assurance_scale", "alignment", "score"),
    *("cost_of_delay", "job_size", "link"),
)
"""The fields of an initiative's state, in the order they are shown."""
BENEFIT_MONEY = ("planned_minor", "claimed_minor", "validated_minor")


# The views.


def priority(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> tuple[list[Row], Row]:
    """Return one row an initiative that has not ended, ordered by rank, null last, and the totals."""
    counted = counting(events, as_known, as_of)
    currency = portfolio_currency(events, as_known)
    policy = policy_in_force(counted, "prioritisation")
    criteria = () if policy is None else policy.fact.body.criteria
    money = money_by_initiative(counted)
    rows, exact = [], []
    for name in {each.fact.initiative for each in said(counted, InitiativeProposed)}:
        if status_of(counted, name) in ENDED:
            continue
        ranked = _rank(counted, name)
        scored = entry_held(counted, InitiativeScored, lambda fact, name=name: fact.initiative == name)
        marks = {} if scored is None else _marks(criteria, scored.fact)
        of_sort = {sort: [each for each in criteria if each.sort == sort] for sort in ("value", "novelty")}
        score, value, novelty = (_weighed(marks, each) for each in (criteria, of_sort["value"], of_sort["novelty"]))
        cost, size = (None, None) if scored is None else (scored.fact.cost_of_delay, scored.fact.job_size)
        comparable = cost is not None and size is not None and cost.currency == currency
        approved = money.get((name, currency), Counter())["approved"]
        if approved > 0 and value is not None and novelty is not None:
            exact.append((approved, round(value, 9), round(novelty, 9)))
        rows.append(
            {
                "initiative": name,
                "title": described(counted, name)["title"],
                "rank": ranked and ranked[0].rank,
                "was": ranked and ranked[0].was,
                "tier": ranked and ranked[0].tier,
                "score": as_float(score),
                "value": as_float(value),
                "novelty": as_float(novelty),
                "cost_of_delay_minor": None if cost is None else cost.minor,
                "cost_of_delay_currency": None if cost is None else cost.currency,
                "job_size": size,
                "wsjf": as_float(Fraction(cost.minor, size)) if comparable else None,
                "approved_minor": approved,
                "currency": currency,
                "rank_sequence": ranked and ranked[1],
                "score_sequence": scored and scored.sequence,
            }
        )
    funding, values, novelties = zip(*exact, strict=True) if exact else ((), (), ())
    rho_value, rho_novelty = spearman(funding, values), spearman(funding, novelties)
    undefined = rho_value is None or rho_novelty is None
    return sorted(rows, key=lambda row: (row["rank"] is None, row["rank"] or 0, row["initiative"])), {
        "initiatives": len(rows),
        "judged": len(exact),
        "rho_value": rho_value,
        "rho_novelty": rho_novelty,
        "novelty_bias": None if undefined else rho_novelty - rho_value,
    }


def value_streams(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return one row a value stream and currency, ordered by stream, null last, then currency."""
    counted = counting(events, as_known, as_of)
    own = portfolio_currency(events, as_known)
    structure, allocation = (policy_in_force(counted, kind) for kind in ("structure", "allocation"))
    units = {} if structure is None else {unit.id: unit for unit in structure.fact.body.value_streams}
    targets: Counter[str] = Counter()
    for part in () if allocation is None else allocation.fact.body.value_streams:
        targets[part.name] += part.share_bp
    money = {(row["key"], row["currency"]): row for row in spend(events, as_known, as_of, "value_stream")}
    brought = _benefits_by_stream(events, as_known, as_of)
    active: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    for each in said(counted, InitiativeProposed):
        counts = ended if status_of(counted, each.fact.initiative) in ENDED else active
        counts[described(counted, each.fact.initiative)["value_stream"]] += 1
    keys = {*money, *brought, *((name, own) for name in {*active, *ended, *units, *targets})}
    rows = []
    for stream, currency in sorted(keys, key=lambda key: (key[0] is None, key[0] or "", key[1])):
        measures = ("funded_minor", "approved_minor", "committed_minor", "actual_minor")
        sums = {name: money[stream, currency][name] if (stream, currency) in money else 0 for name in measures}
        benefits = {name: brought.get((stream, currency), Counter())[name] for name in BENEFIT_MONEY}
        whole = sum(max(row["approved_minor"], 0) for (_, of), row in money.items() if of == currency)
        share = Fraction(max(sums["approved_minor"], 0), whole) if whole else None
        target = targets.get(stream) if currency == own else None
        gap = None if share is None or target is None else share - Fraction(target, 10_000)
        actual, validated = sums["actual_minor"], benefits["validated_minor"]
        unit = units.get(stream)
        rows.append(
            {
                "value_stream": stream,
                "title": unit and unit.title,
                "owner": unit and unit.owner,
                "currency": currency,
                **sums,
                "share": as_float(share),
                "target_bp": target,
                "gap": as_float(gap),
                **benefits,
                "roi": float(Fraction(validated - actual, actual)) if actual > 0 else None,
                "initiatives_active": active[stream] if currency == own else None,
                "initiatives_ended": ended[stream] if currency == own else None,
            }
        )
    return rows


def capacity(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return one row a pool, skill, unit and period, ordered by these."""
    counted = counting(events, as_known, as_of)
    policy = policy_in_force(counted, "capacity")
    supplies = {
        (each.pool, each.skill, each.unit, each.period): each.amount
        for each in (() if policy is None else policy.fact.body.supply)
    }
    newest: dict[tuple[str, ...], Counted] = {}
    for each in sorted(said(counted, CapacityAllocated), key=lambda each: (each.effective_on, each.sequence)):
        fact = each.fact
        newest[fact.pool, fact.skill, fact.unit, fact.period, fact.kind, fact.initiative] = each
    rows = []
    for key in sorted({*supplies, *(names[:4] for names in newest)}):
        here = [each for names, each in newest.items() if names[:4] == key]
        amounts = {
            kind: sum(each.fact.amount for each in here if each.fact.kind == kind) for kind in ("planned", "used")
        }
        supply = supplies.get(key)
        sequences = [each.sequence for each in here] + ([policy.sequence] if policy and key in supplies else [])
        rows.append(
            {
                **dict(zip(("pool", "skill", "unit", "period"), key, strict=True)),
                "supply": supply,
                **amounts,
                "load": float(Fraction(amounts["planned"], supply)) if supply else None,
                "last_sequence": max(sequences),
            }
        )
    return rows


def conditions(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return one row a condition that something that counts has set, ordered by condition and sequence."""
    counted = counting(events, as_known, as_of)
    facts = {each.sequence: each.fact for each in counted if each.sign > 0}
    rows = []
    for sequence, condition in conditions_set(counted):
        met = entry_held(counted, ConditionDischarged, lambda fact, name=condition.condition: fact.condition == name)
        late = (as_of - condition.due).days
        text = condition.text
        rows.append(
            {
                "condition": condition.condition,
                "text": f"commitment:{text.commitment}" if isinstance(text, Commitment) else text,
                "initiative": getattr(facts[sequence], "initiative", None),
                "decision": getattr(facts[sequence], "decision", None),
                "owner": condition.owner,
                "due": condition.due,
                "blocking": condition.blocking,
                "status": "open" if met is None else met.fact.outcome,
                "days_overdue": late if met is None and late > 0 else None,
                "sequence": sequence,
                "discharged_on": met and met.effective_on,
                "discharged_sequence": met and met.sequence,
            }
        )
    return sorted(rows, key=lambda row: (row["condition"], row["sequence"]))


def concentration(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> tuple[list[Row], Row]:
    """Return one row a kind and key with money, ordered by kind and key, null last, and the totals."""
    counted = counting(events, as_known, as_of)
    own = portfolio_currency(events, as_known)
    approved = {
        name: sums["approved"] for (name, of), sums in money_by_initiative(counted).items() if of == own and name
    }
    suppliers: Counter[str | None] = Counter()
    for each in counted:
        if isinstance(each.fact, CommitmentPosted) and each.fact.amount.currency == own:
            suppliers[each.fact.supplier] += each.sign * each.fact.amount.minor
    providers: Counter[str | None] = Counter()
    for name, minor in approved.items():
        links = [link for link in live_links(counted, as_of) if link.initiative == name and link.role == "primary"]
        shares = {link.target: link.share_bp for link in sorted(links, key=lambda link: link.target)}
        weights = {model: share or 1 for model, share in shares.items()}
        if None in shares.values():
            weights = dict.fromkeys(shares, 1)
        for model, part in split(max(minor, 0), weights or {None: 1}).items():
            known = held(counted, ModelLifecycleChanged, lambda fact, model=model: fact.model == model)
            providers[known and known.provider] += part
    rows: list[Row] = []
    totals: Row = {}
    for kind, amounts in (("initiative", approved), ("model_provider", providers), ("supplier", suppliers)):
        above = {key: minor for key, minor in amounts.items() if minor > 0}
        whole, squares = sum(above.values()), Fraction(0)
        for key in sorted(above, key=lambda key: (key is None, key or "")):
            share = Fraction(above[key], whole)
            squares += (100 * share) ** 2 if key is not None else 0
            title = described(counted, key)["title"] if kind == "initiative" else None
            row = {"kind": kind, "key": key, "title": title, "amount_minor": above[key], "share": float(share)}
            rows.append(row | {"currency": own})
        totals[kind] = {"amount_minor": whole, "hhi": float(squares) if above else None}
    return rows, totals


def flow(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> list[Row]:
    """Return one row a value stream and period, ordered by these."""
    counted = counting(events, as_known, as_of)
    rows = []
    for stream, period in sorted({(each.fact.value_stream, each.fact.period) for each in said(counted, FlowReported)}):
        entry = entry_held(
            counted, FlowReported, lambda fact, at=(stream, period): (fact.value_stream, fact.period) == at
        )
        fact = entry.fact
        completed = {kind: getattr(fact.completed, kind) for kind in ("feature", "defect", "risk", "debt")}
        velocity, busy = sum(completed.values()), fact.active_h + fact.wait_h
        shares = {f"{kind}_share": count / velocity if velocity else None for kind, count in completed.items()}
        times = {name: getattr(fact, name) for name in ("flow_time_p50_h", "flow_time_p85_h", "active_h", "wait_h")}
        efficiency = fact.active_h / busy if busy else None
        told = {"value_stream": stream, "period": period, "velocity": velocity, **times, "efficiency": efficiency}
        rows.append({**told, "load": fact.wip, **shares, "sequence": entry.sequence})
    return rows


def headline(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> Row:
    """Return the figures of the whole portfolio."""
    currency = portfolio_currency(events, as_known)
    own = [row for row in spend(events, as_known, as_of, "envelope") if row["currency"] == currency]
    _, aligned = alignment(events, as_known, as_of)
    return {
        "currency": currency,
        **{f"{name}_minor": sum(row[f"{name}_minor"] for row in own) for name in MEASURES},
        **{name: aligned[name] for name in ("index", "drift", "orphan_share", "must_move_minor")},
        "decisions_open": sum(row["outcome"] == "open" for row in decisions(events, as_known, as_of)),
        "conditions_overdue": sum(row["days_overdue"] is not None for row in conditions(events, as_known, as_of)),
        "initiatives_active": sum(row["status"] not in ENDED for row in initiatives(events, as_known, as_of)),
    }


def state(events: Sequence[Recorded], as_known: int, as_of: datetime.date, initiative: str) -> list[Row]:
    """Return one row a field of an initiative, in the order of FIELDS, then key, then currency."""
    counted = counting(events, as_known, as_of)
    rows: list[Row] = []

    def tell(field: str, value: object, sequence: int | None, key: str | None = None) -> None:
        shown = None if value is None else str(value)
        amount = {"amount_minor": None, "currency": None}
        rows.append({"field": field, "key": key, "value": shown, **amount, "sequence": sequence})

    def price(field: str, minor: int, currency: str, sequence: int | None) -> None:
        amount = {"amount_minor": minor, "currency": currency}
        rows.append({"field": field, "key": None, "value": None, **amount, "sequence": sequence})

    def about(fact: object) -> bool:
        return getattr(fact, "initiative", None) == initiative

    for field, (value, sequence) in _described_at(counted, initiative).items():
        tell(field, value, sequence)
    proposal, gate = entry_held(counted, InitiativeProposed, about), entry_held(counted, GateDecided, about)
    if decided := gate or proposal:
        tell("stage", "proposed" if gate is None else gate.fact.stage_to, decided.sequence)
        tell("status", status_of(counted, initiative), decided.sequence)
    if ranked := _rank(counted, initiative):
        move, sequence = ranked
        tell("rank", move.rank, sequence)
        if move.tier is not None:
            tell("tier", move.tier, sequence)
    plan = entry_held(counted, BaselineSet, about)
    first = entry_held(counted, BaselineSet, lambda fact: about(fact) and fact.number == 1)
    for field, each in (("first_cost", first), ("baseline_cost", plan)):
        if each and each.fact.cost:
            price(field, cost_of(each.fact), each.fact.cost[0].amount.currency, each.sequence)
    if plan:
        tell("baseline", plan.fact.number, plan.sequence)
        if plan.fact.finish is not None:
            tell("finish", plan.fact.finish, plan.sequence)
    moved = [(at, move) for at, move in moves(events, as_known, as_of) if move.initiative == initiative]
    for (name, currency), sums in money_by_initiative(counted).items():
        if name == initiative:
            for measure in ("approved", "committed", "actual"):
                price(measure, sums[measure], currency, last_moved(moved, {measure: 1}, currency))
            left = {"approved": 1, "committed": -1, "actual": -1}
            uncommitted = sum(sign * sums[measure] for measure, sign in left.items())
            price("uncommitted", uncommitted, currency, last_moved(moved, left, currency))
    if forecast := entry_held(counted, ForecastUpdated, about):
        for currency, minor in _forecast(counted, initiative, forecast.fact).items():
            price("forecast", minor, currency, max(forecast.sequence, last_moved(moved, {"actual": 1}, currency) or 0))
        if forecast.fact.finish is not None:
            tell("forecast_finish", forecast.fact.finish, forecast.sequence)
        if forecast.fact.progress_bp is not None:
            tell("progress_bp", forecast.fact.progress_bp, forecast.sequence)
    if rated := entry_held(counted, AssuranceRated, about):
        tell("assurance", rated.fact.rating, rated.sequence)
        tell("assurance_scale", rated.fact.scale, rated.sequence)
    if declared := entry_held(counted, AlignmentDeclared, about):
        for each in declared.fact.contributions:
            tell("alignment", each.share_bp, declared.sequence, each.objective)
    if scored := entry_held(counted, InitiativeScored, about):
        for each in scored.fact.scores:
            tell("score", each.score, scored.sequence, each.criterion)
        if (cost := scored.fact.cost_of_delay) is not None:
            price("cost_of_delay", cost.minor, cost.currency, scored.sequence)
        if scored.fact.job_size is not None:
            tell("job_size", scored.fact.job_size, scored.sequence)
    for link, sequence in _links(counted, initiative):
        words = [word for word in (link.kind, link.role, link.target) if word is not None]
        tell("link", _when(link, as_of), sequence, " ".join(words))
    return sorted(rows, key=lambda row: (FIELDS.index(row["field"]), row["key"] or "", row["currency"] or ""))


# What moved money.


def moves(events: Sequence[Recorded], as_known: int, as_of: datetime.date) -> Iterator[tuple[int, Movement]]:
    """Yield what every entry that counts adds, and what every void takes out, each with its sequence."""
    for each in counting(events, as_known, as_of):
        yield from ((each.sequence, move) for move in movements([each]))
    known = {event.at: event for event in events if event.at <= as_known}
    for void in known.values():
        if isinstance(void.data, EntryReversed) and void.data.kind == "void":
            gone = known.get(void.data.sequence)
            if gone is not None and gone.effective_on <= as_of:
                was = Counted(gone.effective_on, gone.at, gone.data, -1)
                yield from ((void.at, move) for move in movements([was]))


def last_moved(moved: Iterable[tuple[int, Movement]], signs: dict[str, int], currency: str) -> int | None:
    """Return the last sequence that moved a sum of measures by other than zero, None where none did."""
    change: Counter[int] = Counter()
    for sequence, move in moved:
        if move.currency == currency:
            change[sequence] += signs.get(move.measure, 0) * move.minor
    return max((sequence for sequence, minor in change.items() if minor), default=None)


# Policies and scores.


def policy_in_force(counted: Iterable[Counted], kind: str) -> Counted | None:
    """Return the policy of a kind that holds, None where there is none."""
    return entry_held(counted, PolicyAdopted, lambda fact: fact.kind == kind)


def _marks(criteria: Iterable[ScoredCriterion], scored: InitiativeScored) -> dict[str, Fraction]:
    """Return scores from 0 to 100 by criterion, where they can be told."""
    given = {each.criterion: each.score for each in scored.scores}
    return {
        each.id: Fraction(100 * (given[each.id] - each.scale_min), each.scale_max - each.scale_min)
        for each in criteria
        if each.id in given and each.scale_max > each.scale_min
    }


def _weighed(marks: dict[str, Fraction], criteria: Sequence[ScoredCriterion]) -> Fraction | None:
    """Return the weighted mean of marks; the plain one where nothing weighs; None where one that counts is missing."""
    weights = {each.id: each.weight_bp for each in criteria if each.weight_bp > 0} or {each.id: 1 for each in criteria}
    if not weights or not weights.keys() <= marks.keys():
        return None
    return Fraction(sum(weight * marks[name] for name, weight in weights.items()), sum(weights.values()))


def spearman(one: Sequence[Any], other: Sequence[Any]) -> float | None:
    """Return the rank correlation of two lists, mean ranks for ties; None where it is undefined."""
    ranks = []
    for values in (one, other):
        below = [sum(each < value for each in values) for value in values]
        ranks.append([low + Fraction(values.count(value) + 1, 2) for low, value in zip(below, values, strict=True)])
    middle = Fraction(len(one) + 1, 2)
    a, b = ([rank - middle for rank in listed] for listed in ranks)
    squares = sum(x * x for x in a) * sum(y * y for y in b)
    return float(sum(x * y for x, y in zip(a, b, strict=True))) / math.sqrt(squares) if squares else None


# Benefits.


def _benefits_by_stream(
    events: Sequence[Recorded], as_known: int, as_of: datetime.date
) -> dict[tuple[str | None, str], Counter[str]]:
    """Return the money of benefits by value stream and currency."""
    counted = counting(events, as_known, as_of)
    found: dict[tuple[str | None, str], Counter[str]] = defaultdict(Counter)
    for row in benefits(events, as_known, as_of):
        plan = held(counted, BenefitPlanned, lambda fact, row=row: fact.benefit == row["benefit"])
        shares = {share.initiative: share.share_bp for share in plan.initiatives}
        streams = {name: described(counted, name)["value_stream"] for name in shares} | {None: None}
        for measure in BENEFIT_MONEY:
            for name, minor in split(row[measure], dict(sorted(shares.items())) or {None: 1}).items():
                found[streams[name], row["currency"]][measure] += minor
    return found


# What is said of an initiative.


def _described_at(counted: Iterable[Counted], initiative: str) -> dict[str, tuple[str, int]]:
    """Return each field of the description, and the sequence of the entry that states it."""
    told: dict[str, tuple[str, int]] = {}
    for each in sorted(counted, key=lambda each: (each.effective_on, each.sequence)):
        if isinstance(each.fact, InitiativeProposed | InitiativeAmended) and each.fact.initiative == initiative:
            stated = {field: getattr(each.fact, field) for field in DESCRIBED}
            stated["eu_class"] = None if each.fact.ai is None else each.fact.ai.eu_class
            told |= {field: (value, each.sequence) for field, value in stated.items() if value is not None}
    return told


def _rank(counted: Iterable[Counted], initiative: str) -> tuple[Move, int] | None:
    """Return the move that gives an initiative its rank, and its sequence."""
    newest = entry_held(counted, PrioritySet, lambda fact: any(move.initiative == initiative for move in fact.moves))
    if newest is None:
        return None
    return next(move for move in newest.fact.moves if move.initiative == initiative), newest.sequence


def _forecast(counted: Sequence[Counted], initiative: str, forecast: ForecastUpdated) -> Counter[str]:
    """Return what an initiative will have cost, by currency: what is still to be spent, and what was."""
    spent = {move.currency for move in movements(counted) if move.initiative == initiative and move.measure == "actual"}
    to_go = forecast.estimate_to_complete
    found = Counter(dict.fromkeys({part.amount.currency for part in to_go} if to_go else spent, 0))
    for part in to_go:
        found[part.amount.currency] += part.amount.minor
    for move in movements(counted):
        if move.initiative == initiative and move.measure == "actual" and move.currency in found:
            found[move.currency] += move.minor
    return found


def _links(counted: Iterable[Counted], initiative: str) -> list[tuple[InitiativeLinked, int]]:
    """Return the links of an initiative that hold, one a kind, role and target, each with its sequence."""
    links = [each for each in said(counted, InitiativeLinked) if each.fact.initiative == initiative]
    newest = {
        (each.fact.kind, each.fact.role, each.fact.target): (each.fact, each.sequence)
        for each in sorted(links, key=lambda each: (each.effective_on, each.sequence))
    }
    return list(newest.values())


def _when(link: InitiativeLinked, as_of: datetime.date) -> str:
    if link.starts is not None and as_of < link.starts:
        return "to come"
    return "over" if link.ends is not None and link.ends < as_of else "live"
