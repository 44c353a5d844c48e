"""When benefits can be planned and measured."""

from __future__ import annotations

from ledger.book import Book, objectives_in_force
from ledger.rules.governance import named_once
from ledger.rules.guards import Guard, Guards, initiative_known, shares_sum
from schemas.commands import MeasureBenefit, PlanBenefit
from schemas.events import BenefitMeasured, BenefitPlanned
from schemas.receipts import Reason, Refused


def plan_benefit(ask: PlanBenefit, book: Book) -> Guards:
    """Guards of event 25."""
    data = ask.data
    yield None if data.baseline is not None else Refused(Reason.NO_BASELINE, field="data.baseline")
    yield named_once([share.initiative for share in data.initiatives], "data.initiatives")
    yield named_once([target.period for target in data.target], "data.target")
    for place, share in enumerate(data.initiatives):
        yield initiative_known(book, share.initiative, f"data.initiatives.{place}.initiative")
    yield _objective_known(ask, book)
    total = sum(share.share_bp for share in data.initiatives)
    yield shares_sum(total, not data.initiatives or total == 10_000, "data.initiatives", "10,000, or none")


def measure_benefit(ask: MeasureBenefit, book: Book) -> Guards:
    """Guards of event 26."""
    data = ask.data
    plan = book.newest(data.subject(), BenefitPlanned)
    yield Refused(Reason.UNKNOWN_BENEFIT, field="data.benefit", value=data.benefit) if plan is None else None
    if plan is not None and data.status != "rejected":
        yield _not_over_attributed(data, plan, book)


def _objective_known(ask: PlanBenefit, book: Book) -> Guard:
    objective = ask.data.objective
    held = objectives_in_force(book, ask.time)
    known = [] if held is None else [each.id for each in held.objectives]
    if objective is None or objective in known:
        return None
    return Refused(Reason.UNKNOWN_OBJECTIVE, field="data.objective", value=objective, allowed=known)


def _not_over_attributed(data: BenefitMeasured, plan: BenefitPlanned, book: Book) -> Guard:
    """Of one measure in one period no more than all of it is due to somebody."""
    total = data.attributed_bp
    for name in book.names("measure", plan.measure):
        other = book.newest(f"benefit/{name}", BenefitPlanned)
        if other is not None and other.measure == plan.measure and other.benefit != plan.benefit:
            measured = [each.fact for each in book.stack(other.subject(), BenefitMeasured)]
            same = [each for each in measured if each.period == data.period]
            total += same[-1].attributed_bp if same and same[-1].status != "rejected" else 0
    if total <= 10_000:
        return None
    return Refused(Reason.OVER_ATTRIBUTED, measure=plan.measure, period=data.period, attributed_bp=total)
