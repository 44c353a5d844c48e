"""When objectives can be set and alignment declared."""

from __future__ import annotations

import datetime
from collections import Counter

from ledger.book import Book, objectives_in_force
from ledger.rules.guards import Guard, Guards, initiative_known, initiative_live, shares_sum
from schemas.commands import DeclareAlignment, SetObjectives
from schemas.events import AlignmentDeclared, Objective, ObjectivesSet
from schemas.receipts import Reason, Refused

ALL_BP = 10_000


def set_objectives(ask: SetObjectives, book: Book) -> Guards:
    """Guards of event 2."""
    data = ask.data
    yield _portfolio_fits(data.portfolio, book)
    yield _none_left_out(data, book)
    yield _once([objective.id for objective in data.objectives], "data.objectives")
    yield _shares_have_a_home(data, book, ask.time)
    yield _successors_active(data, ask.time)
    yield _weights_sum(data, ask.time)


def declare_alignment(ask: DeclareAlignment, book: Book) -> Guards:
    """Guards of event 7."""
    data = ask.data
    yield initiative_known(book, data.initiative)
    yield initiative_live(book, data.initiative)
    yield _once([contribution.objective for contribution in data.contributions], "data.contributions")
    yield _objectives_active(data, book, ask.time)
    total = sum(contribution.share_bp for contribution in data.contributions)
    yield shares_sum(total, total <= ALL_BP, "data.contributions", "at most 10,000")


def _portfolio_fits(portfolio: str, book: Book) -> Guard:
    if portfolio == book.portfolio:
        return None
    return Refused(Reason.WRONG_PORTFOLIO, field="data.portfolio", value=portfolio, allowed=book.portfolio)


def _once(names: list[str], field: str) -> Guard:
    twice = [name for name, count in Counter(names).items() if count > 1]
    return Refused(Reason.OBJECTIVE_TWICE, field=field, value=twice[0]) if twice else None


def _none_left_out(data: ObjectivesSet, book: Book) -> Guard:
    before = book.newest(data.subject(), ObjectivesSet)
    listed = {objective.id for objective in data.objectives}
    missing = [objective.id for objective in before.objectives if objective.id not in listed] if before else []
    return Refused(Reason.OBJECTIVE_MISSING, field="data.objectives", value=missing[0]) if missing else None


def _successors_active(data: ObjectivesSet, day: datetime.date) -> Guard:
    active = {objective.id for objective in data.objectives if objective.active_on(day)}
    for place, objective in enumerate(data.objectives):
        field = f"data.objectives.{place}.successors"
        if not objective.successors:
            continue
        names = [successor.objective for successor in objective.successors]
        unknown = [name for name in names if name not in active or name == objective.id]
        if unknown:
            return Refused(Reason.UNKNOWN_OBJECTIVE, field=field, value=unknown[0], allowed=sorted(active))
        total = sum(successor.share_bp for successor in objective.successors)
        refused = _once(names, field) or shares_sum(total, total == ALL_BP, field, "10,000")
        if refused:
            return refused
    return None


def _weights_sum(data: ObjectivesSet, day: datetime.date) -> Guard:
    """Weights sum to 10,000 on the effective day and on every later day on which one of them starts or ends."""
    turns = {day}
    for objective in data.objectives:
        if objective.status == "active":
            turns |= {objective.valid_from} if objective.valid_from else set()
            turns |= _day_after(objective.valid_to)
    for turn in sorted(turn for turn in turns if turn >= day):
        total = sum(objective.weight_bp for objective in data.objectives if objective.active_on(turn))
        if total != ALL_BP:
            return Refused(Reason.WEIGHTS_SUM, field="data.objectives", value=total, allowed=ALL_BP, on=turn)
    return None


def _day_after(day: datetime.date | None) -> set[datetime.date]:
    """Return the day after *day*; nothing comes after no day, nor after the last one there is."""
    return set() if day in (None, datetime.date.max) or day is None else {day + datetime.timedelta(days=1)}


def _shares_have_a_home(data: ObjectivesSet, book: Book, day: datetime.date) -> Guard:
    retired = {
        objective.id for objective in data.objectives if not objective.active_on(day) and not objective.successors
    }
    if not retired:
        return None
    for declared in book.each(AlignmentDeclared):
        for contribution in declared.contributions:
            if contribution.objective in retired and _had_a_home(contribution.objective, book):
                return Refused(
                    Reason.OBJECTIVE_HAS_SHARES,
                    field="data.objectives",
                    value=contribution.objective,
                    initiative=declared.initiative,
                )
    return None


def _had_a_home(objective: str, book: Book) -> bool:
    before = book.newest(f"objectives/{book.portfolio}", ObjectivesSet)
    return before is not None and any(
        listed.id == objective and (listed.status == "active" or listed.successors) for listed in before.objectives
    )


def _objectives_active(data: AlignmentDeclared, book: Book, day: datetime.date) -> Guard:
    in_force = objectives_in_force(book, day)
    listed: dict[str, Objective] = {} if in_force is None else {each.id: each for each in in_force.objectives}
    for place, contribution in enumerate(data.contributions):
        field, name = f"data.contributions.{place}.objective", contribution.objective
        if name not in listed:
            return Refused(Reason.UNKNOWN_OBJECTIVE, field=field, value=name, on=day, allowed=sorted(listed))
        if not listed[name].active_on(day):
            return Refused(Reason.OBJECTIVE_RETIRED, field=field, value=name, on=day)
    return None
