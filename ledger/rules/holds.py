"""What has to hold before a decision: persons kept apart, AI within its class, conditions met, commitments treated."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from ledger.book import Book, objectives_in_force
from ledger.rules.ballots import compliance_voted, request_of
from ledger.rules.case import Case
from ledger.rules.corrections import reversals
from ledger.rules.guards import Guard, Guards, period_open
from ledger.rules.persons import COMPLIANCE, concerned, person, persons, roles
from schemas.commands import (
    AmendInitiative,
    ApproveFunding,
    DecideGate,
    DischargeCondition,
    MeasureBenefit,
    PlanBenefit,
    ProposeInitiative,
    RateAssurance,
    ReallocateFunding,
    ReverseEntry,
    ScoreInitiative,
)
from schemas.events import AiUse, AlignmentDeclared, BenefitMeasured, BenefitPlanned, ConditionDischarged, GateDecided
from schemas.receipts import Reason, Refused

GOES_ON = ("go", "conditional_go", "pivot", "complete")
"""Outcomes of a gate after which work goes on, or is done."""

PASSES = ("go", "conditional_go", "complete")
"""Outcomes that say the gate was met."""

CLASSES = ("unclassified", "minimal", "transparency", "high", "prohibited")
"""Of AI risk, from the lowest up. To classify what was unclassified lowers nothing."""


def propose_initiative(ask: ProposeInitiative, case: Case) -> Guards:
    """What event 6 asks for."""
    data = ask.data
    yield _sponsor_does_not_lead(case.book, data.sponsor, data.lead)
    yield _not_prohibited(data.ai, "data.ai.eu_class")


def amend_initiative(ask: AmendInitiative, case: Case) -> Guards:
    """What event 31 asks for."""
    data, told = ask.data, case.book.description(ask.data.initiative, ask.time)
    if data.sponsor is not None or data.lead is not None:
        yield _sponsor_does_not_lead(case.book, data.sponsor or told["sponsor"], data.lead or told["lead"])
    if data.ai is not None and told["ai"] is not None:
        yield _class_not_lowered(case, told["ai"], data.ai)


def score_initiative(ask: ScoreInitiative, case: Case) -> Guards:
    """What event 8 asks for."""
    data = ask.data
    case.policy("prioritisation", ask.time)
    wanting = concerned(case.book, data.initiative, case.decided_on)
    sponsors = wanting.get(person(case.book, data.assessor)) == "sponsor"
    yield Refused(Reason.SELF_ASSESSED, field="data.assessor", value=data.assessor) if sponsors else None


def approve_funding(ask: ApproveFunding, case: Case) -> Guards:
    """What event 14 asks for. What gives money back, nothing stands in the way of."""
    data = ask.data
    unsaid = case.is_emergency and data.ratify_by is None
    yield Refused(Reason.NO_RATIFY_BY, field="data.ratify_by") if unsaid else None
    if data.amount.minor > 0:
        yield from _may_have_more(case, data.initiative)


def reallocate_funding(ask: ReallocateFunding, case: Case) -> Guards:
    """What event 15 asks for: of the receiver what an approval would. It cannot say until when it is ratified."""
    yield Refused(Reason.NO_RATIFY_BY, field="basis", value=ask.basis) if case.is_emergency else None
    yield from _may_have_more(case, ask.data.target.initiative)


def decide_gate(ask: DecideGate, case: Case) -> Guards:
    """What event 16 asks for."""
    data = ask.data
    if data.outcome in GOES_ON:
        ai = _ai(case, data.initiative)
        yield _not_prohibited(ai, "data.initiative")
        yield _compliance_agrees(case, ai)
        yield _classified(ai, data)
        yield _ratified(case, data.initiative)
        yield _conditions_met(case.book, data.initiative)
    if data.outcome in PASSES:
        yield _criteria_met(case, data)
    if data.outcome == "kill":
        yield _commitments_treated(case.book, data)


def discharge_condition(ask: DischargeCondition, case: Case) -> Guards:
    """What event 17 asks for."""
    terms = case.book.terms.get(ask.data.condition)
    if terms is None or not terms.condition.blocking or ask.data.outcome == "breached":
        return
    request = None if ask.decisionid is None else request_of(case.book, ask.decisionid)
    owner = person(case.book, terms.condition.owner)
    alone = request is None and person(case.book, ask.actor) == owner
    yield Refused(Reason.OWNER_ALONE, field="actor", value=ask.actor, condition=ask.data.condition) if alone else None


def plan_benefit(ask: PlanBenefit, case: Case) -> Guards:
    """What event 25 asks for."""
    owner = person(case.book, ask.data.owner)
    for share in ask.data.initiatives:
        lead = case.book.description(share.initiative, ask.time)["lead"]
        if lead is not None and person(case.book, lead) == owner:
            yield Refused(Reason.OWNER_LEADS, field="data.owner", value=ask.data.owner, initiative=share.initiative)
            return


def measure_benefit(ask: MeasureBenefit, case: Case) -> Guards:
    """What event 26 asks for."""
    book, data = case.book, ask.data
    plan = book.newest(data.subject(), BenefitPlanned)
    if plan is None or data.status != "validated":
        return
    claims = [dated for dated in book.stack(data.subject(), BenefitMeasured) if dated.fact.status == "claimed"]
    claimants = persons(book, (book.author(each.sequence) for each in claims if each.fact.period == data.period))
    wanting = dict.fromkeys(claimants, "claimant") | {person(book, plan.owner): "owner"}
    for share in plan.initiatives:
        told = book.description(share.initiative, ask.time)
        wanting |= {person(book, told[what]): what for what in ("lead", "sponsor") if told[what] is not None}
    who = person(book, ask.actor)
    yield Refused(Reason.SELF_VALIDATED, by=ask.actor, as_=wanting[who]) if who in wanting else None


def rate_assurance(ask: RateAssurance, case: Case) -> Guards:
    """What event 21 asks for."""
    wanting = concerned(case.book, ask.data.initiative, ask.time)
    who = person(case.book, ask.actor)
    yield Refused(Reason.NOT_INDEPENDENT, by=ask.actor, as_=wanting[who]) if who in wanting else None


def reverse_entry(ask: ReverseEntry, case: Case) -> Guards:
    """What event 28 asks for: money is taken back by somebody else, and no leg out of a closed period."""
    yield _other_leg_in_open_period(ask, case.book)
    line, author = case.book.line(ask.data.sequence), case.book.author(ask.data.sequence)
    if line is None or not line.key.moves or author is None:
        return
    himself = person(case.book, author) == person(case.book, ask.actor)
    yield Refused(Reason.SELF_REVERSAL, field="data.sequence", value=ask.data.sequence, by=author) if himself else None


def _other_leg_in_open_period(ask: ReverseEntry, book: Book) -> Guard:
    """The legs of a transfer are voided together. Version 0 asked for the period of the one that was named only."""
    for leg in reversals(ask, book)[1:] if ask.data.kind == "void" else ():
        line = book.line(leg.sequence)
        for booking in () if line is None else line.key.booked:
            refused = period_open(book, booking.period, "data.sequence")
            if refused is not None:
                return refused
    return None


# Persons and classes.


def _sponsor_does_not_lead(book: Book, sponsor: str | None, lead: str | None) -> Guard:
    if sponsor is None or lead is None or person(book, sponsor) != person(book, lead):
        return None
    return Refused(Reason.SPONSOR_LEADS, field="data.lead", value=lead, sponsor=sponsor)


def _ai(case: Case, initiative: str) -> AiUse | None:
    ai: AiUse | None = case.book.description(initiative, case.decided_on)["ai"]
    return ai


def _not_prohibited(ai: AiUse | None, field: str) -> Guard:
    if ai is None or ai.eu_class != "prohibited":
        return None
    return Refused(Reason.PROHIBITED_USE, field=field, value=ai.eu_class)


def _compliance_agrees(case: Case, ai: AiUse | None) -> Guard:
    if ai is None or ai.eu_class != "high":
        return None
    request = None if case.ask.decisionid is None else request_of(case.book, case.ask.decisionid)
    if compliance_voted(case.book, request, case.decided_on):
        return None
    return Refused(Reason.NO_COMPLIANCE_VOTE, field="decisionid", value=case.ask.decisionid, eu_class=ai.eu_class)


def _classified(ai: AiUse | None, data: GateDecided) -> Guard:
    if ai is None or ai.eu_class != "unclassified" or data.stage_from == "proposed" or data.outcome not in PASSES:
        return None
    return Refused(Reason.UNCLASSIFIED_USE, field="data.gate", value=data.gate)


def _class_not_lowered(case: Case, was: AiUse, now: AiUse) -> Guard:
    if CLASSES.index(now.eu_class) >= CLASSES.index(was.eu_class):
        return None
    request = None if case.ask.decisionid is None else request_of(case.book, case.ask.decisionid)
    by_compliance = COMPLIANCE in roles(case.book, case.ask.actor, case.decided_on)
    if by_compliance or compliance_voted(case.book, request, case.decided_on):
        return None
    return Refused(Reason.CLASS_LOWERED, field="data.ai.eu_class", value=now.eu_class, was=was.eu_class)


# Money and gates.


def _may_have_more(case: Case, initiative: str) -> Guards:
    ai = _ai(case, initiative)
    yield _not_prohibited(ai, "data.initiative")
    yield _compliance_agrees(case, ai)
    yield _ratified(case, initiative)
    yield _aligned(case, initiative)
    yield _conditions_met(case.book, initiative)


def _ratified(case: Case, initiative: str) -> Guard:
    """An emergency approval that nobody confirmed in time holds up what would follow."""
    book = case.book
    for sequence, ratify_by, decision in book.emergencies.get(initiative, ()):
        confirmed = None if decision is None else book.ratified.get(decision)
        stands = confirmed is not None and confirmed not in book.reversed_by
        if sequence not in book.reversed_by and not stands and ratify_by < case.recorded_on:
            return Refused(Reason.UNRATIFIED, sequence=sequence, ratify_by=ratify_by, decision=decision)
    return None


def _aligned(case: Case, initiative: str) -> Guard:
    """An initiative that gets money serves objectives that count, with at least the share policy asks for."""
    guardrails = case.policy("guardrails")
    if guardrails is None or guardrails.min_aligned_bp == 0:
        return None
    serves = _aligned_bp(case.book, initiative, case.decided_on)
    if serves >= guardrails.min_aligned_bp:
        return None
    return Refused(Reason.UNALIGNED, initiative=initiative, aligned_bp=serves, needed_bp=guardrails.min_aligned_bp)


def _aligned_bp(book: Book, initiative: str, day: datetime.date) -> int:
    declared = book.in_force(f"initiative/{initiative}", AlignmentDeclared, day)
    held = objectives_in_force(book, day)
    if declared is None or held is None:
        return 0
    counting = {each.id for each in held.objectives if each.active_on(day) or each.successors}
    return sum(each.share_bp for each in declared.contributions if each.objective in counting)


def _conditions_met(book: Book, initiative: str) -> Guard:
    """Nothing goes on before what blocks it is met or waived; one that was breached still blocks."""
    for name in book.names("blocking", initiative):
        done = book.newest(f"condition/{name}", ConditionDischarged)
        if book.conditions[name] not in book.reversed_by and (done is None or done.outcome == "breached"):
            due = book.terms[name].condition.due
            return Refused(Reason.CONDITION_OPEN, condition=name, due=due, set_at=book.conditions[name])
    return None


def _criteria_met(case: Case, data: GateDecided) -> Guard:
    """Every criterion a gate must meet is named and met."""
    policy = case.policy("gates")
    wanted: Iterable[str] = ()
    for gate in () if policy is None else policy.gates:
        if gate.gate == data.gate:
            wanted = gate.must
    met = {criterion.criterion for criterion in data.must if criterion.met}
    unmet = [each.criterion for each in data.must if not each.met] + [name for name in wanted if name not in met]
    if not unmet:
        return None
    return Refused(Reason.CRITERIA_NOT_MET, field="data.must", value=list(dict.fromkeys(unmet)), gate=data.gate)


def _commitments_treated(book: Book, data: GateDecided) -> Guard:
    """What ends says what becomes of each open commitment. Ends are few: all sums are looked through."""
    treated = {treatment.commitment for treatment in data.treatments}
    for (measure, envelope, initiative, commitment), minor in book.sums.items():
        his = measure == "open" and initiative == data.initiative and commitment is not None
        if his and minor > 0 and commitment not in treated:
            return Refused(Reason.COMMITMENT_UNTREATED, commitment=commitment, envelope=envelope, open_minor=minor)
    return None
