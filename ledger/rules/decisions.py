"""When a decision can be requested, voted on and closed, and its conditions discharged."""

from __future__ import annotations

from collections import Counter

import msgspec

from ledger.book import Book, Dated
from ledger.rules.governance import actor_known, body_known, named_once
from ledger.rules.guards import Guard, Guards, conditions_new
from schemas.commands import CloseDecision, DischargeCondition, RecordVote, RequestDecision
from schemas.events import BodySet, ConditionDischarged, DecisionClosed, DecisionRequested, Tally, VoteRecorded
from schemas.events.policy import Tier, Tiers
from schemas.receipts import Reason, Refused


def request_decision(ask: RequestDecision, book: Book) -> Guards:
    """Guards of event 12."""
    data = ask.data
    yield None if data.evidence else Refused(Reason.NO_EVIDENCE, field="data.evidence")
    yield named_once([option.option for option in data.options], "data.options")
    enough = len(data.options) > 1 and any(option.do_nothing for option in data.options)
    yield None if enough else Refused(Reason.ONE_OPTION, field="data.options", value=len(data.options))
    yield _still_open(book, data.decision)
    yield _offered(data.recommended, [option.option for option in data.options], "data.recommended")
    yield _recorded(book, data.trigger, "data.trigger")


def requested(ask: RequestDecision, book: Book) -> tuple[DecisionRequested, ...]:
    """Return the fact of event 12: the question, and who has to decide it as policy has it on that day."""
    data = ask.data
    policy = book.policy("tiers", ask.time)
    tier = None if policy is None else _tier(data, policy.fact.body, book)
    body = None if tier is None or tier.body is None else book.in_force(f"body/{tier.body}", BodySet, ask.time)
    return (
        DecisionRequested(
            **{field: getattr(data, field) for field in data.__struct_fields__},
            tier=None if tier is None else tier.tier,
            body=None if tier is None else tier.body,
            quorum_votes=None if body is None else body.quorum.votes,
            quorum_seats=() if body is None else body.quorum.seats,
        ),
    )


def record_vote(ask: RecordVote, book: Book) -> Guards:
    """Guards of event 13."""
    data = ask.data
    request = _request(book, data.decision)
    yield _known(data.decision, request)
    yield _still_open(book, data.decision)
    if request is None:
        return
    yield (
        None
        if data.request == request.sequence
        else Refused(Reason.REQUEST_CHANGED, field="data.request", value=data.request, allowed=request.sequence)
    )
    yield actor_known(book, data.voter, "data.voter")
    voted = [vote.fact.voter for vote in _votes(book, data.decision, request.sequence)]
    yield (
        Refused(Reason.VOTED_ALREADY, field="data.voter", value=data.voter, request=request.sequence)
        if data.voter in voted
        else None
    )
    yield _offered(data.option, [option.option for option in request.fact.options], "data.option")


def close_decision(ask: CloseDecision, book: Book) -> Guards:
    """Guards of event 32."""
    data = ask.data
    request = _request(book, data.decision)
    yield _known(data.decision, request)
    yield _still_open(book, data.decision)
    if request is None:
        return
    yield _offered(data.option, [option.option for option in request.fact.options], "data.option")
    yield body_known(book, data.body, "data.body")
    for place, present in enumerate(data.present):
        yield actor_known(book, present.actor, f"data.present.{place}.actor")
    for field, other in (("ratifies", data.ratifies), ("reviews", data.reviews)):
        unknown = other is not None and _request(book, other) is None
        yield Refused(Reason.UNKNOWN_DECISION, field=f"data.{field}", value=other) if unknown else None
    counted = tally_of(book, data.decision, request.sequence)
    yield (
        None
        if data.tally == counted
        else Refused(
            Reason.TALLY_DIFFERS,
            field="data.tally",
            value=msgspec.to_builtins(data.tally),
            allowed=msgspec.to_builtins(counted),
        )
    )
    yield conditions_new(book, data.conditions)


def discharge_condition(ask: DischargeCondition, book: Book) -> Guards:
    """Guards of event 17."""
    data = ask.data
    known = data.condition in book.conditions
    yield None if known else Refused(Reason.UNKNOWN_CONDITION, field="data.condition", value=data.condition)
    done = book.newest(data.subject(), ConditionDischarged)
    yield (
        Refused(Reason.CONDITION_CLOSED, field="data.condition", value=data.condition, outcome=done.outcome)
        if done is not None
        else None
    )


def tally_of(book: Book, decision: str, request: int) -> Tally:
    """Return how many voted how on a request."""
    return Tally(**Counter(vote.fact.vote for vote in _votes(book, decision, request)))


def _votes(book: Book, decision: str, request: int) -> list[Dated]:
    return [vote for vote in book.stack(f"decision/{decision}", VoteRecorded) if vote.fact.request == request]


def _request(book: Book, decision: str) -> Dated | None:
    stack = book.stack(f"decision/{decision}", DecisionRequested)
    return stack[-1] if stack else None


def _known(decision: str, request: Dated | None) -> Guard:
    return Refused(Reason.UNKNOWN_DECISION, field="data.decision", value=decision) if request is None else None


def _still_open(book: Book, decision: str) -> Guard:
    closed = book.newest(f"decision/{decision}", DecisionClosed)
    if closed is None:
        return None
    return Refused(Reason.DECISION_CLOSED, field="data.decision", value=decision, outcome=closed.outcome)


def _offered(option: str | None, options: list[str], field: str) -> Guard:
    if option is None or option in options:
        return None
    return Refused(Reason.UNKNOWN_OPTION, field=field, value=option, allowed=options)


def _recorded(book: Book, sequence: int | None, field: str) -> Guard:
    if sequence is None or book.line(sequence) is not None:
        return None
    return Refused(Reason.UNKNOWN_ENTRY, field=field, value=sequence, last=book.sequence)


def _tier(data: object, policy: Tiers, book: Book) -> Tier | None:
    """Return the tier that has to decide: by escalation, else by the initiatives' total after the decision."""
    escalation = set(getattr(data, "escalation", ()))
    taken = [tier for tier in policy.tiers if escalation & set(tier.takes)]
    if taken:
        return taken[-1]
    amount = getattr(data, "amount", None)
    if amount is None:
        return None
    names = {subject.removeprefix("initiative/") for subject in getattr(data, "subjects", ())}
    total = amount.minor + sum(book.totals.get((name, amount.currency), 0) for name in names)
    own = [tier for tier in policy.tiers if tier.up_to is None or tier.up_to.currency == amount.currency]
    fitting = [tier for tier in own if tier.up_to is None or total <= tier.up_to.minor]
    return fitting[0] if fitting else policy.tiers[-1]
