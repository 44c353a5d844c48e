"""The oracle of the views a board and a replay are made of, as plain folds: see `oracle`, and docs/spec/views.md."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from schemas.envelope import Recorded
from schemas.events import (
    AlignmentDeclared,
    AssuranceRated,
    BaselineSet,
    EntryReversed,
    ForecastUpdated,
    GateDecided,
    InitiativeAmended,
    InitiativeLinked,
    InitiativeProposed,
    InitiativeScored,
    Move,
    PrioritySet,
)
from tests.oracle import (
    Counted,
    Movement,
    Row,
    cost_of,
    counting,
    entry_held,
    money_by_initiative,
    movements,
    said,
    status_of,
)
from tests.oracle_decisions import DESCRIBED

FIELDS = (
    *("title", "value_stream", "sponsor", "lead", "kind", "horizon", "eu_class", "stage", "status", "rank", "tier"),
    *("baseline", "first_cost", "baseline_cost", "finish", "approved", "committed", "actual", "uncommitted"),
    *("forecast", "forecast_finish", "progress_bp", "assurance", "assurance_scale", "alignment", "score"),
    *("cost_of_delay", "job_size", "link"),
)
"""The fields of an initiative's state, in the order they are shown."""


# The views.


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
