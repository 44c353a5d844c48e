"""Who may decide: grants in force, their scope and limits, the chain they came down, and the tier an amount asks for.

A decision rests on its *approvers*: the body that closed the decision it names, else those who voted for it, else
whoever sends it. Each needs an authority of its kind, in scope and within its limits, on the day it is recorded and on
the day it was decided. A limit over an initiative's total counts all that is approved for it, whoever did that.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.book import Book, Dated
from ledger.rules.case import MONEY_KINDS, TOTAL_KINDS, Case
from ledger.rules.guards import Guard, Guards
from ledger.rules.persons import concerned, enrolment, person, roles, within
from schemas.events import (
    ActorEnrolled,
    AuthoritySet,
    BodySet,
    DecisionClosed,
    DecisionRequested,
    Limit,
    VoteRecorded,
)
from schemas.events.governance import DecisionKind
from schemas.events.policy import Escalation, Tier, Tiers
from schemas.receipts import Reason, Refused
from schemas.values import Money


class Act(NamedTuple):
    """What a decision does, as far as authority reaches. amount: what it adds; below zero, what it gives back.

    initiatives: the one whose total grows first.
    """

    kind: DecisionKind
    initiatives: tuple[str, ...] = ()
    envelopes: tuple[str, ...] = ()
    capex_opex: tuple[str, ...] = ()
    amount: Money | None = None
    growing: tuple[str, ...] = ()

    @property
    def funds(self) -> str:
        """What of kind funding it is about: what initiatives may spend, or what envelopes hold."""
        return "envelopes" if self.kind == "funding" and not self.initiatives else "initiatives"

    @property
    def adds(self) -> bool:
        return self.amount is not None and self.amount.minor > 0


class Approver(NamedTuple):
    """Who decided: an actor, or a body."""

    kind: str
    id: str


def decided_by_those_who_may(case: Case, act: Act) -> Guards:
    """Guards common to every decision: a decision behind it, authority within its limits, the right tier, no self."""
    request = _request(case)
    closed = None if request is None else _closed(case, request)
    yield _decision_is_approved(case, request, closed)
    yield _within_decision(case, act, request, closed)
    approvers = approvers_of(case, request, closed)
    for approver in approvers:
        yield _authority_of(case, act, approver)
    if act.initiatives and act.adds and not case.is_emergency:
        yield _tier_fits(case, act, request, approvers)
    yield _nobody_decides_for_himself(case, act, request, approvers)


def a_decision_stands_behind(case: Case, kind: DecisionKind) -> Guard:
    """What only a decision of the ledger can change."""
    request = _request(case)
    if request is None:
        return Refused(Reason.NO_DECISION, field="decisionid", value=case.ask.decisionid, kind=kind)
    if request.fact.kind != kind:
        return Refused(Reason.BEYOND_DECISION, field="decisionid", value=case.ask.decisionid, kind=request.fact.kind)
    return None


def approvers_of(case: Case, request: Dated | None, closed: DecisionClosed | None) -> list[Approver]:
    """Return who decided: a body, those who voted for it, or whoever sends the command."""
    if request is None or closed is None or closed.outcome != "approved":
        return [Approver("actor", case.ask.actor)]
    if closed.body is not None:
        return [Approver("body", closed.body)]
    votes = case.book.stack(request.fact.subject(), VoteRecorded)
    voters = [
        vote.fact.voter
        for vote in votes
        if vote.fact.request == request.sequence and vote.fact.vote == "approve" and vote.fact.capacity != "adviser"
    ]
    return [Approver("actor", voter) for voter in voters] or [Approver("actor", case.ask.actor)]


def grant_of(case: Case, act: Act, approver: Approver, day: datetime.date) -> Dated | Refused:
    """Return the authority an approver has for an act on a day, or why there is none."""
    refused = Refused(Reason.NO_AUTHORITY, kind=act.kind, by=approver.id, on=day)
    for dated in grants_of(case, approver, day):
        why_not = _reaches(case, act, dated.fact, day)
        if why_not is None:
            return dated
        if isinstance(why_not, Refused):
            refused = why_not
    return refused


def grants_of(case: Case, approver: Approver, day: datetime.date) -> Iterator[Dated]:
    """Yield the authorities that somebody holds on a day, whatever they are for. Who is gone holds none."""
    if approver.kind == "actor" and enrolment(case.book, approver.id, day) is None:
        return
    for authority in _held_by(case.book, approver, day):
        dated = case.book.ruling_authority(authority, day)
        if dated is not None and _held_still(case.book, dated.fact, approver, day):
            yield dated


def tier_for(policy: Tiers, minor: int, currency: str, escalation: set[Escalation]) -> int:
    """Return the place of the tier that has to decide a total: by escalation, else by amount, else the last."""
    taken = [place for place, tier in enumerate(policy.tiers) if escalation & set(tier.takes)]
    if taken:
        return taken[-1]
    for place, tier in enumerate(policy.tiers):
        if tier.up_to is None or (tier.up_to.currency == currency and minor <= tier.up_to.minor):
            return place
    return len(policy.tiers) - 1


def from_outside(book: Book, grantor: str) -> bool:
    """Say whether a grantor is no part of the ledger: a board of directors, a law."""
    actor, body = book.newest(f"actor/{grantor}", ActorEnrolled), book.newest(f"body/{grantor}", BodySet)
    opened = book.opened
    return actor is None and body is None and (opened is None or opened.registrar.actor != grantor)


def revoked(grant: AuthoritySet) -> bool:
    """Say whether an authority is a revocation: a limit of 0."""
    return any(limit.amount.minor == 0 for limit in grant.limits)


# What a decision names.


def _request(case: Case) -> Dated | None:
    if case.ask.decisionid is None:
        return None
    stack = case.book.stack(f"decision/{case.ask.decisionid}", DecisionRequested)
    return stack[-1] if stack else None


def _closed(case: Case, request: Dated) -> DecisionClosed | None:
    return case.book.newest(request.fact.subject(), DecisionClosed)


def _decision_is_approved(case: Case, request: Dated | None, closed: DecisionClosed | None) -> Guard:
    """A decision that is named was made, and made so."""
    if request is None or (closed is not None and closed.outcome == "approved"):
        return None
    outcome = "open" if closed is None else closed.outcome
    return Refused(Reason.NO_DECISION, field="decisionid", value=case.ask.decisionid, outcome=outcome)


def _within_decision(case: Case, act: Act, request: Dated | None, closed: DecisionClosed | None) -> Guard:
    """A decision allows what it is about: its subjects, and all in all no more than its amount."""
    if request is None or closed is None:
        return None
    subjects = request.fact.subjects
    strangers = [name for name in act.growing or act.initiatives if f"initiative/{name}" not in subjects]
    if strangers and act.kind != "priority":
        return Refused(Reason.BEYOND_DECISION, field="decisionid", value=case.ask.decisionid, initiative=strangers[0])
    amount = act.amount
    if amount is None or amount.minor <= 0 or act.kind not in MONEY_KINDS:
        return None
    allowed = _amount_of(request.fact, closed)
    used = case.book.under.get((request.fact.decision, amount.currency), 0) + amount.minor
    if allowed is not None and allowed.currency == amount.currency and used <= allowed.minor:
        return None
    return Refused(
        Reason.BEYOND_DECISION,
        field="decisionid",
        value=case.ask.decisionid,
        allowed_minor=0 if allowed is None else allowed.minor,
        wanted_minor=used,
    )


def _amount_of(request: DecisionRequested, closed: DecisionClosed) -> Money | None:
    """Return what a decision allows: the amount of the option that was chosen, else the one asked for; to do nothing,
    none."""
    chosen = next((option for option in request.options if option.option == closed.option), None)
    if chosen is not None and chosen.do_nothing:
        return None
    return chosen.amount if chosen is not None and chosen.amount is not None else request.amount


# The authority of one approver.


def _authority_of(case: Case, act: Act, approver: Approver) -> Guard:
    for day in case.days:
        found = grant_of(case, act, approver, day)
        if isinstance(found, Refused):
            return found
        case.rests_on(found.sequence)
    return None


def _held_by(book: Book, approver: Approver, day: datetime.date) -> Iterator[str]:
    yield from book.names("held", approver.kind, approver.id)
    if approver.kind == "actor":
        for role in roles(book, approver.id, day):
            yield from book.names("held", "role", role)


def _held_still(book: Book, grant: AuthoritySet, approver: Approver, day: datetime.date) -> bool:
    """Say whether an authority is this approver's on a day; a later one may have another holder, or be over."""
    holder = grant.holder
    his = (holder.kind, holder.id) == approver
    if holder.kind == "role":
        his = approver.kind == "actor" and holder.id in roles(book, approver.id, day)
    return his and not revoked(grant) and within(day, grant.valid_from, grant.valid_to)


def _reaches(
    case: Case, act: Act, grant: AuthoritySet, day: datetime.date, seen: tuple[str, ...] = ()
) -> Refused | str | None:
    """Return why an authority does not reach as far as an act: over its limit, or in words; None where it does."""
    fits = act.kind in grant.kinds and (act.kind != "funding" or act.funds == grant.funds)
    if not fits or (grant.emergency != case.is_emergency and not seen):
        return "of another kind"
    if not _in_scope(case.book, act, grant, day):
        return "out of scope"
    over = _over_limit(case, act, grant, day)
    if over is not None:
        return over
    if grant.deputy_for is not None:
        principal = Approver("actor", grant.deputy_for)
        return _stands_on(case, act, principal, day, (*seen, grant.authority), subdelegated=False)
    if from_outside(case.book, grant.granted_by):
        return None
    kind = "body" if case.book.newest(f"body/{grant.granted_by}", BodySet) is not None else "actor"
    grantor = Approver(kind, grant.granted_by)
    return _stands_on(case, act, grantor, day, (*seen, grant.authority), subdelegated=True)


def _stands_on(
    case: Case, act: Act, above: Approver, day: datetime.date, seen: tuple[str, ...], *, subdelegated: bool
) -> Refused | str | None:
    """Return why nobody above stands behind an authority; None where somebody does. The chain ends outside."""
    why_not: Refused | str = "the grantor has no such authority"
    for dated in grants_of(case, above, day):
        delegates = dated.fact.may_subdelegate or not subdelegated
        if dated.fact.authority in seen or dated.fact.deputy_for is not None or not delegates:
            continue
        found = _reaches(case, act, dated.fact, day, seen)
        if found is None:
            return None
        why_not = found
    return why_not


def _in_scope(book: Book, act: Act, grant: AuthoritySet, day: datetime.date) -> bool:
    scope = grant.scope
    if scope.initiatives and not (act.initiatives and set(act.initiatives) <= set(scope.initiatives)):
        return False
    if scope.envelopes and not set(act.envelopes) <= set(scope.envelopes):
        return False
    if scope.capex_opex is not None and set(act.capex_opex) - {scope.capex_opex}:
        return False
    if not scope.value_streams:
        return True
    if act.initiatives:
        streams = {book.description(initiative, day)["value_stream"] for initiative in act.initiatives}
    else:
        streams = {book.value_stream(envelope, day) for envelope in act.envelopes}
    return bool(streams) and streams <= set(scope.value_streams)


def _over_limit(case: Case, act: Act, grant: AuthoritySet, day: datetime.date) -> Refused | str | None:
    """Return the limit that an act passes, in words where no limit of the authority bounds such an act at all."""
    bounded = False
    for limit in grant.limits:
        wanted = _wanted(case, act, grant, limit, day)
        if wanted is None:
            continue
        bounded = True
        if wanted > limit.amount.minor:
            return Refused(
                Reason.OVER_LIMIT,
                authority=grant.authority,
                basis=limit.basis,
                limit_minor=limit.amount.minor,
                wanted_minor=wanted,
                currency=limit.amount.currency,
            )
    if bounded or not act.adds or act.kind not in MONEY_KINDS:
        return None
    return "no limit of it bounds such an amount"


def _wanted(case: Case, act: Act, grant: AuthoritySet, limit: Limit, day: datetime.date) -> int | None:
    """Return what a limit is compared with, in minor units; None where it has no say."""
    currency, amount = limit.amount.currency, act.amount
    if act.kind in TOTAL_KINDS:
        totals = [case.book.totals.get((name, currency), 0) for name in act.initiatives]
        return max(totals, default=0) if limit.basis == "initiative_total" else None
    if act.kind not in MONEY_KINDS or amount is None or amount.minor <= 0 or amount.currency != currency:
        return None
    if limit.basis == "one_decision":
        named = case.ask.decisionid
        before = 0 if named is None else case.book.under.get((named, currency), 0)
        return before + amount.minor
    if limit.basis == "holder_period":
        return _used(case.book, grant, limit, day) + amount.minor
    if not act.initiatives:
        return None
    growth = amount.minor if act.growing else 0
    return case.book.totals.get((act.initiatives[0], currency), 0) + growth


def _used(book: Book, grant: AuthoritySet, limit: Limit, day: datetime.date) -> int:
    """Return what the holder has approved in the period a day is in; a deputy's use is the principal's."""
    kind, holder = ("actor", grant.deputy_for) if grant.deputy_for else (grant.holder.kind, grant.holder.id)
    months = _months(book, limit.period or "fiscal_year", day)
    return sum(book.uses.get((kind, holder, limit.amount.currency, month), 0) for month in months)


def _months(book: Book, period: str, day: datetime.date) -> list[str]:
    if period == "month":
        return [f"{day:%Y-%m}"]
    first = book.period_days(book.fiscal_year(day))[0]
    months = [(first.year * 12 + first.month - 1 + count) for count in range(12)]
    named = [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in months]
    if period == "fiscal_year":
        return named
    quarter = named.index(f"{day:%Y-%m}") // 3
    return named[3 * quarter : 3 * quarter + 3]


# Tiers and segregation.


def _tier_fits(case: Case, act: Act, request: Dated | None, approvers: Sequence[Approver]) -> Guard:
    """Money is decided in the tier its initiative's total asks for, or in a higher one."""
    policy: Tiers | None = case.policy("tiers")
    amount = act.amount
    if policy is None or amount is None:
        return None
    initiative = act.initiatives[0]
    total = case.book.totals.get((initiative, amount.currency), 0) + (amount.minor if act.growing else 0)
    escalation: set[Escalation] = set() if request is None else set(request.fact.escalation)
    if case.book.description(initiative, case.decided_on)["kind"] == "regulatory":
        escalation.add("regulatory")
    wanted = tier_for(policy, total, amount.currency, escalation)
    for tier in policy.tiers[wanted:]:
        if _decided_in(case, tier, approvers):
            return None
    tier = policy.tiers[wanted]
    return Refused(
        Reason.WRONG_TIER,
        tier=tier.tier,
        body=tier.body,
        roles=list(tier.roles),
        total_minor=total,
        by=_named(approvers),
    )


def _decided_in(case: Case, tier: Tier, approvers: Sequence[Approver]) -> bool:
    """Say whether these approvers are a tier's: its body, or between them every role of it."""
    if tier.body is not None:
        return Approver("body", tier.body) in approvers
    held = {role for kind, name in approvers if kind == "actor" for role in roles(case.book, name, case.decided_on)}
    return bool(tier.roles) and set(tier.roles) <= held


def _nobody_decides_for_himself(case: Case, act: Act, request: Dated | None, approvers: Sequence[Approver]) -> Guard:
    """Who asked, proposed, leads or sponsors does not decide; compared are persons."""
    wanting: dict[str, str] = {}
    for initiative in act.initiatives if act.kind != "priority" else ():
        wanting |= concerned(case.book, initiative, case.decided_on)
    asked_by = None if request is None else case.book.author(request.sequence)
    if asked_by is not None:
        wanting[person(case.book, asked_by)] = "requester"
    for kind, name in approvers:
        who = person(case.book, name)
        if kind == "actor" and who in wanting:
            return Refused(Reason.SELF_APPROVAL, by=name, person=who, as_=wanting[who])
    return None


def _named(approvers: Sequence[Approver]) -> list[str]:
    return [approver.id for approver in approvers]
