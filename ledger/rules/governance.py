"""When people, authorities, bodies, interests and policies can be set. Who may do it comes with a later version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import singledispatch

from ledger.book import Book
from ledger.rules.consistency import consistency_ratio
from ledger.rules.guards import Guard, Guards, shares_sum
from schemas.commands import AdoptPolicy, DeclareInterest, EnrolActor, SetAuthority, SetBody
from schemas.events import ActorEnrolled, BodySet, PolicyAdopted
from schemas.events.policy import Allocation, Gates, Guardrails, Prioritisation, Tiers
from schemas.receipts import Reason, Refused

MOST_INCONSISTENT = 0.10
"""Source: Saaty, The Analytic Hierarchy Process."""


def enrol_actor(ask: EnrolActor, book: Book) -> Guards:
    """Guards of event 1."""
    data = ask.data
    owner = book.keys.get(data.vkey or "", data.actor)
    yield None if owner == data.actor else Refused(Reason.KEY_USED, field="data.vkey", value=data.vkey, actor=owner)


def set_authority(ask: SetAuthority, book: Book) -> Guards:
    """Guards of event 4."""
    holder = ask.data.holder
    yield actor_known(book, holder.id, "data.holder.id") if holder.kind == "actor" else None
    yield body_known(book, holder.id, "data.holder.id") if holder.kind == "body" else None
    yield actor_known(book, ask.data.deputy_for, "data.deputy_for")


def set_body(ask: SetBody, book: Book) -> Guards:
    """Guards of event 33."""
    data = ask.data
    yield named_once([member.actor for member in data.members], "data.members")
    for place, member in enumerate(data.members):
        yield actor_known(book, member.actor, f"data.members.{place}.actor")
        yield actor_known(book, member.alternate_for, f"data.members.{place}.alternate_for")
    names = {member.actor for member in data.members}
    yield None if data.chair in names else Refused(Reason.NO_CHAIR, field="data.chair", value=data.chair)
    vice = data.vice_chair
    yield None if vice is None or vice in names else Refused(Reason.NO_CHAIR, field="data.vice_chair", value=vice)
    yield named_once([each.seat for each in data.members if each.alternate_for is None], "data.members")
    seats = {member.seat for member in data.members}
    missing = [seat for seat in data.quorum.seats if seat not in seats]
    yield Refused(Reason.UNKNOWN_SEAT, field="data.quorum.seats", value=missing[0]) if missing else None
    voting = sum(member.voting and member.alternate_for is None for member in data.members)
    yield (
        Refused(Reason.QUORUM_SIZE, field="data.quorum.votes", value=data.quorum.votes, allowed=voting)
        if data.quorum.votes > voting
        else None
    )


def declare_interest(ask: DeclareInterest, book: Book) -> Guards:
    """Guards of event 34."""
    yield actor_known(book, ask.data.actor, "data.actor")


def adopt_policy(ask: AdoptPolicy, book: Book) -> Guards:
    """Guards of event 3."""
    data = ask.data
    before = book.newest(data.subject(), PolicyAdopted)
    following = 1 if before is None else before.version + 1
    yield (
        None
        if data.version == following and data.supersedes in (None, following - 1)
        else Refused(Reason.POLICY_VERSION, field="data.version", value=data.version, allowed=following)
    )
    yield _body_holds(data.body)


@singledispatch
def _body_holds(_: object) -> Guard:
    """Say what is wrong with a policy's body; most kinds can only be wrong in shape."""
    return None


@_body_holds.register
def _(body: Prioritisation) -> Guard:
    refused = named_once([criterion.id for criterion in body.criteria], "data.body.criteria")
    total = sum(criterion.weight_bp for criterion in body.criteria)
    if refused or total != 10_000:
        return refused or Refused(Reason.WEIGHTS_SUM, field="data.body.criteria", value=total, allowed=10_000)
    known = [criterion.id for criterion in body.criteria]
    unknown = [name for each in body.judgements for name in (each.criterion, each.over) if name not in known]
    if unknown:
        return Refused(Reason.UNKNOWN_CRITERION, field="data.body.judgements", value=unknown[0], allowed=known)
    pairs = ["-".join(sorted((each.criterion, each.over))) for each in body.judgements]
    itself = [each.over for each in body.judgements if each.criterion == each.over]
    if itself:
        return Refused(Reason.SELF_REFERENCE, field="data.body.judgements", value=itself[0])
    twice = named_once(pairs, "data.body.judgements")
    if twice:
        return twice
    judged = {(each.criterion, each.over): each.numerator / each.denominator for each in body.judgements}
    ratio = consistency_ratio(known, judged)
    if ratio > MOST_INCONSISTENT:
        return Refused(Reason.INCONSISTENT, field="data.body.judgements", value=f"{ratio:.4f}", allowed="at most 0.10")
    return None


@_body_holds.register
def _(body: Gates) -> Guard:
    refused = named_once(body.stages, "data.body.stages") or named_once([g.gate for g in body.gates], "data.body.gates")
    stages = [stage for gate in body.gates for stage in (gate.stage_from, gate.stage_to)]
    unknown = [stage for stage in stages if stage not in body.stages]
    if refused or not unknown:
        return refused
    return Refused(Reason.UNKNOWN_STAGE, field="data.body.gates", value=unknown[0], allowed=list(body.stages))


@_body_holds.register
def _(body: Guardrails) -> Guard:
    unknown = [each.rule for each in body.rules if each.rule not in Reason.__members__]
    if unknown:
        return Refused(Reason.UNKNOWN_RULE, field="data.body.rules", value=unknown[0])
    return named_once([each.rule for each in body.rules], "data.body.rules")


@_body_holds.register
def _(body: Tiers) -> Guard:
    limits = [tier.up_to for tier in body.tiers if tier.up_to is not None]
    currencies = sorted({limit.currency for limit in limits})
    if len(currencies) > 1:
        return Refused(Reason.WRONG_CURRENCY, field="data.body.tiers", value=currencies, allowed="one currency")
    amounts = [limit.minor for limit in limits]
    if amounts != sorted(set(amounts)) or any(tier.up_to is None for tier in body.tiers[:-1]):
        return Refused(
            Reason.OFF_SCALE, field="data.body.tiers", problem="tiers go from the lowest amount to the highest"
        )
    return named_once([tier.tier for tier in body.tiers], "data.body.tiers")


@_body_holds.register
def _(body: Allocation) -> Guard:
    for name, parts in (("horizons", body.horizons), ("value_streams", body.value_streams)):
        total = sum(part.share_bp for part in parts)
        refused = shares_sum(total, not parts or total == 10_000, f"data.body.{name}", "10,000")
        if refused:
            return refused
    return None


def named_once(names: Iterable[str], field: str) -> Guard:
    twice = [name for name, count in Counter(names).items() if count > 1]
    return Refused(Reason.NAMED_TWICE, field=field, value=twice[0]) if twice else None


def actor_known(book: Book, actor: str | None, field: str) -> Guard:
    if actor is None or book.newest(f"actor/{actor}", ActorEnrolled) is not None:
        return None
    return Refused(Reason.UNKNOWN_ACTOR, field=field, value=actor)


def body_known(book: Book, body: str | None, field: str) -> Guard:
    if body is None or book.newest(f"body/{body}", BodySet) is not None:
        return None
    return Refused(Reason.UNKNOWN_BODY, field=field, value=body)
