"""Who enrols people, sets bodies and policies, and grants authority, and how far a grant can go."""

from __future__ import annotations

from ledger.rules.authority import Approver, from_outside, grants_of, revoked
from ledger.rules.case import Case
from ledger.rules.guards import Guard, Guards
from ledger.rules.persons import REGISTRAR, body_on, is_registrar, person, roles
from schemas.commands import AdoptPolicy, DeclareInterest, EnrolActor, SetAuthority, SetBody
from schemas.events import AuthoritySet, Limit
from schemas.receipts import Reason, Refused


def enrol_actor(ask: EnrolActor, case: Case) -> Guards:
    """Who may record event 1."""
    yield _by_the_registrar(case)
    himself = person(case.book, ask.actor) == ask.data.person and ask.data.status == "active"
    before = roles(case.book, ask.data.actor, case.recorded_on)
    more = sorted(set(ask.data.roles) - {*before, REGISTRAR})
    yield Refused(Reason.SELF_ENROLMENT, field="data.roles", value=more) if himself and more else None


def set_body(ask: SetBody, case: Case) -> Guards:
    """Who may record event 33: the registrar, or who granted the body its authority."""
    grantors = [grant.fact.granted_by for grant in grants_of(case, Approver("body", ask.data.body), case.recorded_on)]
    yield None if ask.actor in grantors else _by_the_registrar(case)


def declare_interest(ask: DeclareInterest, case: Case) -> Guards:
    """Who may record event 34: whoever has the interest."""
    himself = person(case.book, ask.actor) == person(case.book, ask.data.actor)
    yield None if himself else Refused(Reason.NOT_ONESELF, field="data.actor", value=ask.data.actor)


def adopt_policy(ask: AdoptPolicy, case: Case) -> Guards:
    """When event 3 can take effect."""
    early = ask.time < case.recorded_on
    yield Refused(Reason.BEFORE_RECORDED, field="time", value=ask.time, allowed=case.recorded_on) if early else None


def set_authority(ask: SetAuthority, case: Case) -> Guards:
    """Who may record event 4, and how far the grant can go."""
    data = ask.data
    by_grantor = person(case.book, ask.actor) == person(case.book, data.granted_by)
    yield None if by_grantor else _by_the_registrar(case)
    starts = max(ask.time, data.valid_from or ask.time)
    early = starts < case.recorded_on
    yield Refused(Reason.BEFORE_RECORDED, field="time", value=starts, allowed=case.recorded_on) if early else None
    yield _to_another(ask, case)
    if not revoked(data):
        yield _within_the_grantors(ask, case)


def _by_the_registrar(case: Case) -> Guard:
    if is_registrar(case.book, case.ask.actor, case.recorded_on):
        return None
    return Refused(Reason.NOT_REGISTRAR, field="actor", value=case.ask.actor)


def _to_another(ask: SetAuthority, case: Case) -> Guard:
    """Nobody grants himself authority: not as an actor, by a role, or as a body; nor does who records it."""
    book, data = case.book, ask.data
    holder, granting = data.holder, {person(book, data.granted_by), person(book, ask.actor)}
    if revoked(data):
        return None
    himself = {
        "actor": lambda: person(book, holder.id) in granting,
        "role": lambda: any(
            holder.id in roles(book, actor, case.recorded_on) for actor in (data.granted_by, ask.actor)
        ),
        "body": lambda: holder.id == data.granted_by,
    }[holder.kind]()
    return Refused(Reason.SELF_GRANT, field="data.holder.id", value=holder.id) if himself else None


def _within_the_grantors(ask: SetAuthority, case: Case) -> Guard:
    """A grantor of the ledger passes on what is theirs to pass on; one from outside acts by a document."""
    data, grantor = ask.data, ask.data.granted_by
    if from_outside(case.book, grantor):
        if data.instrument is not None:
            return None
        return Refused(Reason.BEYOND_GRANTOR, field="data.instrument", value=grantor, problem="name the document")
    kind = "body" if body_on(case.book, grantor, case.recorded_on) is not None else "actor"
    for dated in grants_of(case, Approver(kind, grantor), case.recorded_on):
        if dated.fact.may_subdelegate and _is_within(data, dated.fact):
            case.rests_on(dated.sequence)
            return None
    return Refused(Reason.BEYOND_GRANTOR, field="data.granted_by", value=grantor)


def _is_within(grant: AuthoritySet, above: AuthoritySet) -> bool:
    inner, outer = grant.scope, above.scope
    lists = (
        (inner.value_streams, outer.value_streams),
        (inner.envelopes, outer.envelopes),
        (inner.initiatives, outer.initiatives),
    )
    in_scope = all(not wide or (narrow and set(narrow) <= set(wide)) for narrow, wide in lists)
    in_scope = in_scope and outer.capex_opex in (None, inner.capex_opex)
    ends = above.valid_to is None or (grant.valid_to is not None and grant.valid_to <= above.valid_to)
    kinds = set(grant.kinds) <= set(above.kinds) and grant.emergency <= above.emergency and grant.funds == above.funds
    return in_scope and ends and kinds and all(_is_bounded(grant.limits, limit) for limit in above.limits)


def _is_bounded(limits: tuple[Limit, ...], above: Limit) -> bool:
    return any(
        (limit.basis, limit.amount.currency, limit.period) == (above.basis, above.amount.currency, above.period)
        and limit.amount.minor <= above.amount.minor
        for limit in limits
    )
