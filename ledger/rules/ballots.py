"""Who may vote, and when a decision can be closed: seats, alternates, interests, quorum, ratification."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from ledger.book import Book, Dated, Emergency
from ledger.rules.authority import Approver, grants_of, tier_for
from ledger.rules.case import Case
from ledger.rules.guards import Guard, Guards
from ledger.rules.persons import COMPLIANCE, body_on, concerned, enrolment, person, roles, within
from schemas.commands import CloseDecision, RecordVote, RequestDecision
from schemas.events import (
    BodySet,
    DecisionRequested,
    InitiativeLinked,
    Interest,
    InterestDeclared,
    Member,
    ModelLifecycleChanged,
    VoteRecorded,
)
from schemas.receipts import Reason, Refused

COUNTED = ("approve", "reject", "abstain")
"""Votes that count for a quorum. Who recuses sits, and does not vote."""

BY_TOTAL = ("gate", "reallocation", "funding")
"""Kinds of decision whose tier follows from the initiatives' total, also where no amount is asked for."""


def record_vote(ask: RecordVote, case: Case) -> Guards:
    """Who may give the vote of event 13."""
    data = ask.data
    request = request_of(case.book, data.decision)
    if request is None:
        return
    yield _one_vote_a_person(data, request, case.book)
    yield _seated(data, request, case)
    if data.vote not in ("recuse", "advise"):
        yield _wants_nothing(data, request, case)
        yield _without_interest(data, request, case)
    yield _from_minutes(ask, case)


def close_decision(ask: CloseDecision, case: Case) -> Guards:
    """Who may bring about the outcome of event 32."""
    data = ask.data
    request = request_of(case.book, data.decision)
    if request is None or data.outcome not in ("approved", "rejected"):
        return
    votes = votes_on(case.book, request)
    body = None if data.body is None else body_on(case.book, data.body, case.decided_on)
    alone = case.is_emergency and data.body is None
    wanted = request.fact.body
    yield (
        Refused(Reason.WRONG_BODY, field="data.body", value=data.body, allowed=wanted)
        if wanted is not None and data.body != wanted and not alone
        else None
    )
    if data.body is not None and body is None:
        yield Refused(Reason.NO_QUORUM, body=data.body, problem="no such body sits on that day", on=case.decided_on)
    if body is not None:
        yield _quorum(body, votes)
        votes = [vote for vote in votes if _seat_of(body, vote) is not None]
    yield _carried(data.outcome, votes, by_a_body=body is not None)
    if data.ratifies is not None:
        yield from _ratified_by_others(data.ratifies, votes, case.book)


def requested(ask: RequestDecision, book: Book) -> tuple[DecisionRequested, ...]:
    """Return the fact of event 12: the question, and who has to decide it as policy has it on that day.

    A gate, an approval and a movement of money go to the tier of the initiatives' total, after what is asked for.
    """
    data = ask.data
    policy = book.ruling_policy("tiers", ask.time)
    tier = None
    if policy is not None and (data.amount is not None or data.escalation or data.kind in BY_TOTAL):
        currency = _currency(data, book)
        names = [each.removeprefix("initiative/") for each in data.subjects]
        total = sum(book.totals.get((name, currency), 0) for name in dict.fromkeys(names))
        total += 0 if data.amount is None else data.amount.minor
        tier = policy.fact.body.tiers[tier_for(policy.fact.body, total, currency, set(data.escalation))]
    body = None if tier is None or tier.body is None else body_on(book, tier.body, ask.time)
    return (
        DecisionRequested(
            **{field: getattr(data, field) for field in data.__struct_fields__},
            tier=None if tier is None else tier.tier,
            body=None if tier is None else tier.body,
            quorum_votes=None if body is None else body.quorum.votes,
            quorum_seats=() if body is None else body.quorum.seats,
        ),
    )


def request_of(book: Book, decision: str) -> Dated | None:
    """Return the newest request of a decision."""
    stack = book.stack(f"decision/{decision}", DecisionRequested)
    return stack[-1] if stack else None


def votes_on(book: Book, request: Dated) -> list[VoteRecorded]:
    """Return the votes on a request, in the order of recording."""
    stack = book.stack(request.fact.subject(), VoteRecorded)
    return [vote.fact for vote in stack if vote.fact.request == request.sequence]


def compliance_voted(book: Book, request: Dated | None, day: datetime.date) -> bool:
    """Say whether somebody of compliance voted for what was requested."""
    votes = () if request is None else votes_on(book, request)
    return any(vote.vote == "approve" and COMPLIANCE in roles(book, vote.voter, day) for vote in votes)


# Votes.


def _one_vote_a_person(data: VoteRecorded, request: Dated, book: Book) -> Guard:
    """The same person has one vote, under whatever name."""
    who = person(book, data.voter)
    voted = [vote.voter for vote in votes_on(book, request) if person(book, vote.voter) == who]
    return Refused(Reason.VOTED_ALREADY, field="data.voter", value=data.voter, voted_as=voted[0]) if voted else None


def _seated(data: VoteRecorded, request: Dated, case: Case) -> Guard:
    """A member or alternate votes from a seat; where no body decides, whoever has authority of that kind.

    An adviser advises; of compliance, the adviser has a vote of their own, which no quorum counts.
    """
    book, day = case.book, case.decided_on
    refused = Refused(Reason.NOT_SEATED, field="data.voter", value=data.voter, capacity=data.capacity, on=day)
    if enrolment(book, data.voter, day) is None:
        return refused
    if data.capacity == "adviser":
        may_vote = data.vote in ("advise", "recuse") or COMPLIANCE in roles(book, data.voter, day)
        return None if may_vote else refused
    bodies = [request.fact.body] if request.fact.body is not None else _bodies_for(request.fact.kind, case)
    for name in bodies:
        body = body_on(book, name, day)
        if body is not None and _seat_of(body, data) is not None and not _sits_himself(body, data, request, book):
            return None
    if request.fact.body is not None:
        return refused
    kinds = {kind for grant in grants_of(case, Approver("actor", data.voter), day) for kind in grant.fact.kinds}
    return None if request.fact.kind in kinds else refused


def _bodies_for(kind: str, case: Case) -> Iterator[str]:
    """Yield the bodies that have authority of a kind."""
    for name in case.book.names("bodies"):
        if any(kind in grant.fact.kinds for grant in grants_of(case, Approver("body", name), case.decided_on)):
            yield name


def _seat_of(body: BodySet, vote: VoteRecorded) -> Member | None:
    """Return the seat a vote was given from, None where it was given from none."""
    for member in body.members:
        fits = member.actor == vote.voter and vote.seat in (None, member.seat)
        sits = member.voting if member.alternate_for is None else vote.capacity == "alternate"
        if fits and sits and vote.capacity != "adviser":
            return member
    return None


def _sits_himself(body: BodySet, vote: VoteRecorded, request: Dated, book: Book) -> bool:
    """Say whether an alternate votes although the member does."""
    seat = _seat_of(body, vote)
    if seat is None or seat.alternate_for is None:
        return False
    return any(other.voter == seat.alternate_for and other.vote in COUNTED for other in votes_on(book, request))


def _wants_nothing(data: VoteRecorded, request: Dated, case: Case) -> Guard:
    """Who asked, proposed, leads or sponsors does not vote."""
    who = person(case.book, data.voter)
    asked_by = case.book.author(request.sequence)
    if asked_by is not None and person(case.book, asked_by) == who:
        return Refused(Reason.SELF_VOTE, field="data.voter", value=data.voter, as_="requester")
    for subject in request.fact.subjects:
        wanting = concerned(case.book, subject.removeprefix("initiative/"), case.decided_on)
        if who in wanting:
            return Refused(Reason.SELF_VOTE, field="data.voter", value=data.voter, as_=wanting[who], initiative=subject)
    return None


def _without_interest(data: VoteRecorded, request: Dated, case: Case) -> Guard:
    """A vote with an interest that bears on the decision; recusing is the way out."""
    who = data.voter
    for dated in case.book.stack(f"actor/{who}", InterestDeclared):
        fact: InterestDeclared = dated.fact
        live = within(case.decided_on, fact.valid_from or dated.effective_on, fact.valid_to)
        if live and _bears_on(fact.interest, request.fact, case.book):
            return Refused(Reason.INTEREST, field="data.voter", value=who, kind=fact.interest.kind, id=fact.interest.id)
    return None


def _bears_on(interest: Interest, request: DecisionRequested, book: Book) -> bool:
    if interest.kind == "initiative":
        return f"initiative/{interest.id}" in request.subjects
    return interest.id in request.suppliers or (
        interest.kind == "provider" and interest.id in _providers(request, book)
    )


def _providers(request: DecisionRequested, book: Book) -> Iterator[str]:
    """Yield who provides the models that the initiatives of a request run on."""
    for subject in request.subjects:
        for link in book.stack(subject, InitiativeLinked):
            model = book.newest(f"model/{link.fact.target}", ModelLifecycleChanged)
            if link.fact.kind == "ai_model" and model is not None:
                yield model.provider


def _from_minutes(ask: RecordVote, case: Case) -> Guard:
    """A vote that somebody else enters comes from minutes, or from a proxy that can be looked up."""
    data = ask.data
    if person(case.book, ask.actor) == person(case.book, data.voter):
        return None
    shown = data.cast != "self" and (ask.basis == "minuted" or ask.sourceref is not None)
    return None if shown else Refused(Reason.NO_MINUTES, field="data.cast", value=data.cast, by=ask.actor)


# Closing.


def _quorum(body: BodySet, votes: list[VoteRecorded]) -> Guard:
    """Votes enough, and every required seat taken by its member or an alternate. Who recuses is there."""
    seats = [(vote.vote, seat) for vote in votes if (seat := _seat_of(body, vote)) is not None]
    cast = sum(vote in COUNTED for vote, _ in seats)
    own = {member.actor: member.seat for member in body.members if member.alternate_for is None}
    taken = {seat.seat for _, seat in seats} | {own.get(seat.alternate_for or "", seat.seat) for _, seat in seats}
    missing = [seat for seat in body.quorum.seats if seat not in taken]
    if cast >= body.quorum.votes and not missing:
        return None
    return Refused(Reason.NO_QUORUM, body=body.body, votes=cast, needed=body.quorum.votes, missing_seats=missing)


def _carried(outcome: str, votes: list[VoteRecorded], *, by_a_body: bool) -> Guard:
    """What is approved has more votes for it than against; where no body decides, nobody is against it."""
    counted = [vote.vote for vote in votes if vote.capacity != "adviser"]
    approve, reject = counted.count("approve"), counted.count("reject")
    carried = approve > reject if by_a_body else approve > 0 and reject == 0
    if outcome != "approved" or carried:
        return None
    return Refused(Reason.AGAINST_VOTES, field="data.outcome", value=outcome, approve=approve, reject=reject)


def _ratified_by_others(decision: str, votes: list[VoteRecorded], book: Book) -> Guards:
    """What is ratified was an emergency, and who acted in it does not confirm it."""
    given = list(_emergencies(book, decision))
    yield None if given else Refused(Reason.NOT_RATIFIABLE, field="data.ratifies", value=decision)
    acted = {person(book, actor) for each in given if (actor := book.author(each.sequence)) is not None}
    confirming = [v.voter for v in votes if v.vote in COUNTED and person(book, v.voter) in acted]
    yield Refused(Reason.SELF_VOTE, field="data.ratifies", value=confirming[0]) if confirming else None


def _emergencies(book: Book, decision: str) -> Iterator[Emergency]:
    request = request_of(book, decision)
    for subject in () if request is None else request.fact.subjects:
        for given in book.emergencies.get(subject.removeprefix("initiative/"), ()):
            if given.decision == decision:
                yield given


def _currency(data: object, book: Book) -> str:
    amount = getattr(data, "amount", None)
    opened = book.opened
    return str(amount.currency) if amount is not None else "" if opened is None else opened.currency
