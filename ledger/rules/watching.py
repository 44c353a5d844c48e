"""When initiatives can be scored, ranked, linked and rated, and risk, flow, capacity and models be reported."""

from __future__ import annotations

from ledger.book import ENDED, Book
from ledger.rules.governance import named_once
from ledger.rules.guards import Guard, Guards, initiative_known, initiative_live, shares_sum
from schemas.commands import (
    AllocateCapacity,
    AssessRisk,
    ChangeModelLifecycle,
    LinkInitiative,
    RateAssurance,
    ReportFlow,
    ScoreInitiative,
    SetPriority,
)
from schemas.events import (
    CapacityAllocated,
    FlowReported,
    InitiativeLinked,
    InitiativeScored,
    ModelLifecycleChanged,
    PrioritySet,
)
from schemas.receipts import Reason, Refused

STAGES = ("preview", "ga", "legacy", "deprecated", "retired")
_RATINGS = {
    "three": ("red", "amber", "green", "exempt", "not_rated"),
    "five": ("red", "amber_red", "amber", "amber_green", "green", "exempt", "not_rated"),
}
_BETWEEN_INITIATIVES = ("depends_on", "part_of", "supersedes", "split_from", "merged_into")


def score_initiative(ask: ScoreInitiative, book: Book) -> Guards:
    """Guards of event 8."""
    data = ask.data
    yield initiative_known(book, data.initiative)
    yield named_once([score.criterion for score in data.scores], "data.scores")
    yield _on_the_policys_scales(data, book, ask)


def set_priority(ask: SetPriority, book: Book) -> Guards:
    """Guards of event 9."""
    data = ask.data
    yield (
        None
        if data.portfolio == book.portfolio
        else Refused(Reason.WRONG_PORTFOLIO, field="data.portfolio", value=data.portfolio, allowed=book.portfolio)
    )
    yield named_once([move.initiative for move in data.moves], "data.moves")
    ranks = ranking(book)
    for place, move in enumerate(data.moves):
        field = f"data.moves.{place}"
        yield initiative_known(book, move.initiative, f"{field}.initiative")
        yield initiative_live(book, move.initiative)
        rank = ranks.get(move.initiative)
        yield (
            None
            if move.was == rank
            else Refused(Reason.RANK_DIFFERS, field=f"{field}.was", value=move.was, allowed=rank)
        )
    ranks |= {move.initiative: move.rank for move in data.moves}
    live = [str(rank) for initiative, rank in ranks.items() if book.status(initiative) not in ENDED.values()]
    yield named_once(live, "data.moves")


def link_initiative(ask: LinkInitiative, book: Book) -> Guards:
    """Guards of event 11."""
    data = ask.data
    yield initiative_known(book, data.initiative)
    if data.kind in _BETWEEN_INITIATIVES:
        yield initiative_known(book, data.target, "data.target")
        yield (
            Refused(Reason.SELF_REFERENCE, field="data.target", value=data.target)
            if data.target == data.initiative
            else None
        )
        yield _no_circle(data, book)
    if data.kind == "backlog":
        paid = sum(link.share_bp or 0 for link in _item_links(data, book)) + (data.share_bp or 0)
        yield shares_sum(paid, paid <= 10_000, "data.share_bp", "at most 10,000 of one backlog item")


def rate_assurance(ask: RateAssurance, book: Book) -> Guards:
    """Guards of event 21."""
    data = ask.data
    yield initiative_known(book, data.initiative)
    allowed = _RATINGS[data.scale]
    yield (
        None
        if data.rating in allowed
        else Refused(Reason.OFF_SCALE, field="data.rating", value=data.rating, allowed=list(allowed))
    )


def assess_risk(ask: AssessRisk, book: Book) -> Guards:
    """Guards of event 22."""
    data = ask.data
    yield None if data.owner is not None else Refused(Reason.NO_OWNER, field="data.owner")
    highest = 3 if data.scale == "three" else 5
    yield (
        Refused(Reason.OFF_SCALE, field="data.impact_level", value=data.impact_level, allowed=f"1 to {highest}")
        if data.impact_level is not None and data.impact_level > highest
        else None
    )
    yield initiative_known(book, data.initiative)


def report_flow(ask: ReportFlow, book: Book) -> Guards:
    """Guards of event 23."""
    data = ask.data
    first, last = book.period_days(data.period)
    for dated in book.stack(data.subject(), FlowReported):
        start, end = book.period_days(dated.fact.period)
        if first <= end and start <= last:
            yield Refused(Reason.PERIOD_REPORTED, field="data.period", value=data.period, reported=dated.fact.period)
    yield (
        Refused(Reason.OFF_SCALE, field="data.flow_time_p85_h", value=data.flow_time_p85_h, allowed="at least the p50")
        if data.flow_time_p85_h < data.flow_time_p50_h
        else None
    )


def allocate_capacity(ask: AllocateCapacity, book: Book) -> Guards:
    """Guards of event 24."""
    data = ask.data
    yield initiative_known(book, data.initiative)
    yield initiative_live(book, data.initiative) if data.kind == "planned" else None
    yield _within_supply(data, book, ask) if data.kind == "planned" else None


def change_model_lifecycle(ask: ChangeModelLifecycle, book: Book) -> Guards:
    """Guards of event 27."""
    data = ask.data
    yield None if data.source is not None else Refused(Reason.NO_SOURCE, field="data.source")
    stages = [each.fact.stage for each in book.stack(data.subject(), ModelLifecycleChanged) if each.fact.stage]
    back = bool(stages) and data.stage is not None and STAGES.index(data.stage) < STAGES.index(stages[-1])
    yield (
        Refused(Reason.STAGE_BACKWARDS, field="data.stage", value=data.stage, last=stages[-1])
        if back and data.change not in ("rescheduled", "cancelled")
        else None
    )


def ranking(book: Book) -> dict[str, int]:
    """Return the rank of every initiative that has one."""
    ranks: dict[str, int] = {}
    for dated in book.stack(f"priority/{book.portfolio}", PrioritySet):
        ranks |= {move.initiative: move.rank for move in dated.fact.moves}
    return ranks


def _on_the_policys_scales(data: InitiativeScored, book: Book, ask: ScoreInitiative) -> Guard:
    policy = book.policy("prioritisation", ask.time)
    if policy is None:
        return Refused(Reason.UNKNOWN_CRITERION, field="data.scores", problem="no prioritisation policy is in force")
    if data.model_version != policy.fact.version:
        return Refused(
            Reason.POLICY_VERSION, field="data.model_version", value=data.model_version, allowed=policy.fact.version
        )
    criteria = {criterion.id: criterion for criterion in policy.fact.body.criteria}
    for place, score in enumerate(data.scores):
        field = f"data.scores.{place}"
        if score.criterion not in criteria:
            return Refused(
                Reason.UNKNOWN_CRITERION, field=f"{field}.criterion", value=score.criterion, allowed=sorted(criteria)
            )
        criterion = criteria[score.criterion]
        if not criterion.scale_min <= score.score <= criterion.scale_max:
            allowed = f"{criterion.scale_min} to {criterion.scale_max}"
            return Refused(Reason.OFF_SCALE, field=f"{field}.score", value=score.score, allowed=allowed)
    return None


def _no_circle(data: InitiativeLinked, book: Book) -> Guard:
    """Links of one kind never lead back to where they start."""
    reached, ahead = set(), [data.target]
    while ahead:
        name = ahead.pop()
        if name == data.initiative:
            return Refused(Reason.CYCLE, field="data.target", value=data.target, kind=data.kind)
        if name not in reached:
            reached.add(name)
            links = book.stack(f"initiative/{name}", InitiativeLinked)
            ahead += [link.fact.target for link in links if link.fact.kind == data.kind]
    return None


def _item_links(data: InitiativeLinked, book: Book) -> list[InitiativeLinked]:
    """Return the newest backlog link of every other initiative to the same item."""
    newest: dict[str, InitiativeLinked] = {}
    for name in book.names("backlog", data.system or "", data.target):
        for dated in book.stack(f"initiative/{name}", InitiativeLinked):
            link = dated.fact
            if (link.kind, link.target, link.system) == ("backlog", data.target, data.system):
                newest[link.initiative] = link
    return [link for name, link in newest.items() if name != data.initiative]


def _within_supply(data: CapacityAllocated, book: Book, ask: AllocateCapacity) -> Guard:
    policy = book.policy("capacity", ask.time)
    if policy is None:
        return None
    same = (data.pool, data.skill, data.unit, data.period)
    supplies = [s for s in policy.fact.body.supply if (s.pool, s.skill, s.unit, s.period) == same]
    if not supplies:
        return None
    planned: dict[str, int] = {}
    for name in book.names("planned", *same):
        for dated in book.stack(f"initiative/{name}", CapacityAllocated):
            fact = dated.fact
            if fact.kind == "planned" and (fact.pool, fact.skill, fact.unit, fact.period) == same:
                planned[fact.initiative] = fact.amount
    total = sum(planned.values()) - planned.get(data.initiative, 0) + data.amount
    allowed = supplies[-1].amount * (10_000 + policy.fact.body.tolerance_bp) // 10_000
    if total <= allowed:
        return None
    return Refused(Reason.OVER_CAPACITY, pool=data.pool, period=data.period, planned=total, allowed=allowed)
