"""Who may decide: grants by actor, role and body, their scope, limits and days, the chain they came down, and tiers."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from schemas.receipts import Reason, ReasonClass
from tests.notation import TODAY, Expected, Given, Said, accepted, by, flagged, given, governed, on, refused
from tests.words import (
    Ask,
    also,
    approve,
    authority,
    body,
    close,
    enrol,
    fund,
    gate,
    guardrails,
    money,
    objective,
    objectives,
    opening,
    policy,
    propose,
    rank,
    reallocate,
    request,
    reverse,
    vote,
)

READY = (fund("claims", 1_000), propose("AI-1"), propose("AI-2"))
STRICT = guardrails(**{each.name: "refuse" for each in Reason if each.of_class is ReasonClass.GOVERNANCE})
PEOPLE = tuple(enrol(name) for name in ("ana", "bob", "eli"))
NO_GRANT = refused(Reason.NO_AUTHORITY, by="ana")
FIRST = 1 + len(READY) + len(PEOPLE) + 1
"""Where the first thing stands that is given to `ruled`."""


def ruled(*said: Ask | Said) -> Given:
    """A portfolio with money, two initiatives and three people, all of whose rules refuse."""
    return governed(*READY, *PEOPLE, *said, STRICT)


def grant(minor: int = 100, holder: str = "ana", **more: Any) -> Ask:
    return authority(more.pop("name", "A-1"), holder, minor, **more)


def limit(basis: str, minor: int, currency: str = "USD", period: str | None = None) -> dict[str, Any]:
    return {"basis": basis, "amount": money(minor, currency)} | ({} if period is None else {"period": period})


def spend(minor: int, initiative: str = "AI-1", **more: Any) -> Ask:
    return approve(initiative, "claims", minor, **more)


# Who holds it.


def test_money_is_approved_by_whoever_was_granted_it_and_the_event_says_by_which_grant() -> None:
    ruled().when(spend(1)).then(NO_GRANT)
    (event,) = ruled(grant()).when(spend(1)).then(accepted())
    assert event.grants == str(FIRST)
    ruled(grant(holder="bob")).when(spend(1)).then(NO_GRANT)


def test_a_role_holds_it_for_everybody_who_has_the_role_then() -> None:
    by_role = grant(holder="manager", kind="role")
    ruled(by_role).when(spend(1)).then(NO_GRANT)
    ruled(enrol("ana", roles=["manager"]), by_role).when(spend(1)).then(accepted())
    later = on("2026-02-01", enrol("ana", roles=["manager"]))
    ruled(later, by_role).when(spend(1)).then(NO_GRANT)


@pytest.mark.parametrize("gone", [{"status": "left"}, {"status": "revoked"}, {"valid_to": "2026-01-11"}])
def test_who_is_gone_decides_nothing(gone: dict[str, Any]) -> None:
    ruled(grant(), enrol("ana", valid_to=str(TODAY))).when(spend(1)).then(accepted())
    ruled(grant(), enrol("ana", **gone)).when(spend(1)).then(NO_GRANT)


def test_a_body_decides_by_the_decision_it_closed_whoever_records_it() -> None:
    board = (body("board", "bob"), grant(holder="board", kind="body"))
    asked = request("D-1", "AI-1", amount=money(60, "USD"))
    at = FIRST + 2
    voted = (by("eli", asked), by("bob", vote("D-1", at, "bob")))
    closed = by("bob", close("D-1", "approved", "2026-01-12", {"approve": 1}, body="board"))
    under = {"decisionid": "D-1"}
    (event,) = ruled(*board, *voted, closed).when(on(TODAY, spend(60), **under)).then(accepted())
    assert event.grants == str(FIRST + 1)
    ruled(*board, *voted).when(on(TODAY, spend(60), **under)).then(refused(Reason.NO_DECISION, outcome="open"))
    ruled(*board, *voted, closed).when(spend(60)).then(NO_GRANT)


# What it is for.


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, accepted()),
        ({"value_streams": ["retail"]}, accepted()),
        ({"value_streams": ["research"]}, NO_GRANT),
        ({"envelopes": ["claims", "data"]}, accepted()),
        ({"envelopes": ["data"]}, NO_GRANT),
        ({"initiatives": ["AI-1"]}, accepted()),
        ({"initiatives": ["AI-2"]}, NO_GRANT),
        ({"capex_opex": "opex"}, accepted()),
        ({"capex_opex": "capex"}, NO_GRANT),
    ],
)
def test_a_grant_reaches_as_far_as_its_scope(scope: dict[str, Any], expected: Expected) -> None:
    ruled(grant(scope=scope)).when(spend(1)).then(expected)


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("funding", spend(1)),
        ("gate", gate("AI-1", "hold", "proposed")),
        ("reallocation", reallocate(("AI-2", "claims"), ("AI-1", "claims"), 1)),
        ("close", Ask("ClosePeriod", "period/2026-01", {"period": "2026-01", "status": "soft"})),
    ],
)
def test_each_kind_of_decision_has_a_grant_of_its_kind(kind: str, asked: Ask) -> None:
    there = (spend(9, "AI-2"),)
    ruled(*there, grant(kinds=[kind])).when(asked).then(accepted())
    others = [each for each in ("funding", "gate", "reallocation", "close", "waiver") if each != kind]
    ruled(*there, grant(kinds=others)).when(asked).then(NO_GRANT)


def test_envelopes_are_funded_by_a_grant_over_envelopes() -> None:
    more = fund("claims", 50, kind="supplement")
    one = [limit("one_decision", 50)]
    ruled(grant(limits=one)).when(more).then(NO_GRANT)
    over = grant(limits=one, funds="envelopes")
    ruled(over).when(more).then(accepted())
    ruled(over).when(fund("claims", 51, kind="supplement")).then(refused(Reason.OVER_LIMIT, wanted_minor=51))
    ruled(over).when(spend(1)).then(NO_GRANT)
    no_bound = grant(limits=[limit("initiative_total", 50)], funds="envelopes")
    ruled(no_bound).when(more).then(NO_GRANT)


def test_money_moves_by_authority_over_both_sides() -> None:
    moved = reallocate(("AI-2", "claims"), ("AI-1", "claims"), 5)
    kinds = ["reallocation"]
    there = spend(9, "AI-2")
    for scope, expected in (
        ({"initiatives": ["AI-1", "AI-2"]}, accepted()),
        ({"initiatives": ["AI-1"]}, NO_GRANT),
        ({"initiatives": ["AI-2"]}, NO_GRANT),
    ):
        ruled(there, grant(kinds=kinds, scope=scope)).when(moved).then(expected)


# How far it goes.


def test_a_second_tranche_counts_against_the_same_limit() -> None:
    stands = ruled(grant(50), by("ana", spend(40)))
    stands.when(spend(10)).then(accepted())
    stands.when(spend(11)).then(refused(Reason.OVER_LIMIT, limit_minor=50, wanted_minor=51, basis="initiative_total"))


def test_what_others_approved_and_what_was_moved_in_counts_too() -> None:
    others = (grant(50), grant(1_000, "bob", name="A-2"), by("bob", spend(30)), spend(9, "AI-2"))
    moved = reallocate(("AI-2", "claims"), ("AI-1", "claims"), 9)
    stands = ruled(*others, moved)
    stands.when(spend(11)).then(accepted())
    stands.when(spend(12)).then(refused(Reason.OVER_LIMIT, wanted_minor=51))


def test_what_is_given_back_needs_no_limit_and_frees_it() -> None:
    stands = ruled(grant(50), by("ana", spend(50)))
    stands.when(spend(1)).then(refused(Reason.OVER_LIMIT))
    stands.when(spend(-50)).then(accepted())
    stands.and_(spend(-50)).when(spend(50)).then(accepted())
    taken_back = ruled(grant(50), by("ana", spend(50)), by("bob", reverse(FIRST + 1, "void")))
    taken_back.when(spend(50)).then(accepted())


def test_the_total_of_an_initiative_says_who_decides_its_gates() -> None:
    kinds = ["funding", "gate"]
    hold = gate("AI-1", "hold", "proposed")
    ruled(grant(50, kinds=kinds), spend(50)).when(hold).then(accepted())
    ruled(grant(50, kinds=kinds), spend(51)).when(hold).then(refused(Reason.OVER_LIMIT, wanted_minor=51))


def test_one_decision_is_bounded_also_where_it_comes_in_parts() -> None:
    once = grant(limits=[limit("one_decision", 50)])
    stands = ruled(once, by("ana", spend(50)))
    stands.when(spend(50)).then(accepted())
    stands.when(spend(51)).then(refused(Reason.OVER_LIMIT, basis="one_decision", wanted_minor=51))
    part = on(TODAY, spend(30), decidedon=str(TODAY), decisionid="D-9")
    in_parts = ruled(once, part)
    in_parts.when(part._replace(ask=spend(20))).then(accepted())
    in_parts.when(part._replace(ask=spend(21))).then(refused(Reason.OVER_LIMIT, wanted_minor=51))


@pytest.mark.parametrize(
    ("period", "same", "after"),
    [
        ("month", "2026-01-31", "2026-02-01"),
        ("quarter", "2026-03-31", "2026-04-01"),
        ("fiscal_year", "2026-12-31", "2027-01-01"),
        (None, "2026-12-31", "2027-01-01"),
    ],
)
def test_a_holder_has_so_much_a_period(period: str | None, same: str, after: str) -> None:
    stands = ruled(grant(limits=[limit("holder_period", 50, period=period)]), by("ana", spend(30)))
    asked = spend(21, "AI-2")
    stands.when(spend(20, "AI-2"), at=f"{same}T12:00:00+00:00").then(accepted())
    stands.when(asked, at=f"{same}T12:00:00+00:00").then(refused(Reason.OVER_LIMIT, wanted_minor=51))
    stands.when(on(after, asked), at=f"{after}T12:00:00+00:00").then(accepted())


def test_what_was_taken_back_frees_the_holders_period() -> None:
    once = grant(limits=[limit("holder_period", 50)])
    stands = ruled(once, by("ana", spend(50)), by("bob", reverse(FIRST + 1, "void")))
    stands.when(spend(50)).then(accepted())


def test_a_deputys_use_counts_as_the_principals() -> None:
    year = [limit("holder_period", 50)]
    pair = (grant(limits=year), grant(holder="bob", name="A-2", limits=year, deputy_for="ana"))
    stands = ruled(*pair, by("bob", spend(30)))
    stands.when(by("ana", spend(20, "AI-2"))).then(accepted())
    stands.when(by("ana", spend(21, "AI-2"))).then(refused(Reason.OVER_LIMIT, wanted_minor=51))
    ruled(pair[1]).when(by("bob", spend(1))).then(refused(Reason.NO_AUTHORITY, by="bob"))


def test_a_limit_counts_its_own_currency_and_bounds_no_other() -> None:
    euros = (fund("lab", 1_000, "EUR"), approve("AI-1", "lab", 40, "EUR"))
    ruled(*euros, grant(50)).when(spend(50)).then(accepted())
    ruled(*euros, grant(50)).when(approve("AI-1", "lab", 1, "EUR")).then(NO_GRANT)
    both = grant(limits=[limit("initiative_total", 50), limit("initiative_total", 41, "EUR")])
    ruled(*euros, both).when(approve("AI-1", "lab", 1, "EUR")).then(accepted())
    ruled(*euros, both).when(approve("AI-1", "lab", 2, "EUR")).then(refused(Reason.OVER_LIMIT, currency="EUR"))


# When it holds.


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ({"valid_from": str(TODAY), "valid_to": str(TODAY)}, accepted()),
        ({"valid_from": "2026-01-13"}, NO_GRANT),
        ({"valid_to": "2026-01-11"}, NO_GRANT),
    ],
)
def test_a_grant_holds_on_its_days(days: dict[str, str], expected: Expected) -> None:
    ruled(grant(**days)).when(spend(1)).then(expected)


def test_a_decision_is_allowed_on_the_day_it_was_made_and_on_the_day_it_is_recorded() -> None:
    minuted = {"decidedon": "2026-01-20", "basis": "minuted"}
    late = "2026-02-01T12:00:00+00:00"
    stands = ruled(grant())
    stands.when(on("2026-01-20", spend(1), **minuted), at=late).then(accepted())
    ended = ruled(grant(valid_to="2026-01-31"))
    ended.when(on("2026-01-20", spend(1), **minuted), at=late).then(
        refused(Reason.NO_AUTHORITY, on=as_day("2026-02-01"))
    )
    began = ruled(grant(valid_from="2026-01-21"))
    began.when(on("2026-01-20", spend(1), **minuted), at=late).then(
        refused(Reason.NO_AUTHORITY, on=as_day("2026-01-20"))
    )


def as_day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def test_no_grant_and_no_policy_rules_before_it_is_recorded() -> None:
    decided = on("2026-01-05", spend(1), decidedon="2026-01-05", basis="minuted")
    ruled(on("2026-01-01", grant())).when(decided).then(refused(Reason.NO_AUTHORITY, on=as_day("2026-01-05")))
    ruled(on("2026-01-01", grant())).when(spend(1)).then(accepted())
    early = on("2026-01-11", authority("A-9", "bob", 1))
    governed(*PEOPLE).when(by("reg", early)).then(flagged(Reason.BEFORE_RECORDED))
    governed(*PEOPLE).when(by("reg", authority("A-9", "bob", 1))).then(accepted())


def test_a_limit_of_zero_revokes() -> None:
    ruled(grant()).when(spend(1)).then(accepted())
    ruled(grant(), grant(0)).when(spend(1)).then(NO_GRANT)
    ruled(grant(), grant(0), grant(5)).when(spend(5)).then(accepted())
    ruled(grant(), on("2026-01-13", grant(0))).when(spend(1)).then(accepted())


# The chain.


def passed_on(minor: int = 40, **more: Any) -> Ask:
    return grant(minor, "bob", name="A-2", granted_by="ana", **more)


def test_what_may_be_passed_on_is_and_within_its_bounds() -> None:
    above = grant(50, may_subdelegate=True, scope={"value_streams": ["retail"]})
    within = {"value_streams": ["retail"]}
    stands = ruled(above)
    stands.when(by("ana", passed_on(50, scope=within))).then(accepted())
    beyond = refused(Reason.BEYOND_GRANTOR, field="data.granted_by", value="ana")
    stands.when(by("ana", passed_on(51, scope=within))).then(beyond)
    stands.when(by("ana", passed_on(50))).then(beyond)
    stands.when(by("ana", passed_on(50, scope=within | {"initiatives": ["AI-1"]}))).then(accepted())
    stands.when(by("ana", passed_on(50, scope=within, kinds=["gate"]))).then(beyond)
    unbounded = also(passed_on(50, scope=within), limits=[limit("one_decision", 5)])
    stands.when(by("ana", unbounded)).then(beyond)
    ruled(grant(50)).when(by("ana", passed_on(50))).then(beyond)


def test_a_grant_passed_on_holds_as_long_as_the_one_above() -> None:
    above = grant(50, may_subdelegate=True)
    asked = by("bob", spend(40))
    nobody = refused(Reason.NO_AUTHORITY, by="bob")
    ruled(above, passed_on()).when(asked).then(accepted())
    ruled(above, passed_on(), grant(0)).when(asked).then(nobody)
    ruled(above, passed_on(), enrol("ana", status="left")).when(asked).then(nobody)
    ruled(above, passed_on(), grant(39, may_subdelegate=True)).when(asked).then(
        refused(Reason.OVER_LIMIT, limit_minor=39)
    )
    ruled(passed_on()).when(asked).then(nobody)


def test_nobody_stands_above_himself_in_a_circle() -> None:
    circle = (grant(50, granted_by="bob", may_subdelegate=True), passed_on(may_subdelegate=True))
    ruled(*circle).when(spend(1)).then(NO_GRANT)


def test_a_grant_from_outside_needs_its_document_and_the_registrar() -> None:
    stands = ruled()
    stands.when(by("reg", grant())).then(accepted())
    stands.when(by("reg", grant(instrument=None))).then(refused(Reason.BEYOND_GRANTOR, field="data.instrument"))
    stands.when(by("bob", grant())).then(refused(Reason.NOT_REGISTRAR, value="bob"))


def test_nobody_grants_himself() -> None:
    above = grant(50, may_subdelegate=True)
    himself = passed_on()._replace(data=passed_on().data | {"holder": {"kind": "actor", "id": "ana"}})
    ruled(above).when(by("ana", himself)).then(refused(Reason.SELF_GRANT, value="ana"))
    second = enrol("ana-2", person="p-ana")
    other_name = passed_on()._replace(data=passed_on().data | {"holder": {"kind": "actor", "id": "ana-2"}})
    ruled(above, second).when(by("ana", other_name)).then(refused(Reason.SELF_GRANT, value="ana-2"))
    role = passed_on()._replace(data=passed_on().data | {"holder": {"kind": "role", "id": "lead"}})
    ruled(above, enrol("ana", roles=["lead"])).when(by("ana", role)).then(refused(Reason.SELF_GRANT, value="lead"))
    ruled(above).when(by("ana", role)).then(accepted())


# Tiers.

LEADS = {"tier": "leads", "up_to": money(100, "USD"), "roles": ["manager"]}
PAIRS = {"tier": "pairs", "up_to": money(200, "USD"), "roles": ["finance", "owner"]}
TOP = {"tier": "top", "body": "board", "takes": ["regulatory"]}
TIERS = policy("tiers", 1, tiers=[LEADS, PAIRS, TOP])
MANAGER, FINANCE, OWNER = (
    enrol("ana", roles=["manager"]),
    enrol("bob", roles=["finance"]),
    enrol("eli", roles=["owner"]),
)
ROLES = (MANAGER, FINANCE, OWNER, *(grant(999, who, name=f"A-{who}") for who in ("ana", "bob", "eli")), TIERS)


def decided(
    *voters: str, minor: int, initiative: str = "AI-1", more: tuple[Ask | Said, ...] = ()
) -> tuple[Given, Said]:
    """A decision these voters took, and the approval under it."""
    before = (*ROLES, *more)
    at = FIRST + len(before)
    asked = by("zoe", request("D-1", initiative, amount=money(minor, "USD"), kind="funding"))
    votes = [by(voter, vote("D-1", at, voter)) for voter in voters]
    closed = by(voters[0], close("D-1", "approved", "2026-01-12", {"approve": len(voters)}))
    return ruled(*before, asked, *votes, closed), on(TODAY, spend(minor, initiative), decisionid="D-1")


def test_up_to_an_amount_one_role_decides_and_above_it_others() -> None:
    stands = ruled(*ROLES)
    stands.when(spend(100)).then(accepted())
    stands.when(spend(101)).then(refused(Reason.WRONG_TIER, tier="pairs", total_minor=101))
    stands.and_(spend(60)).when(spend(41)).then(refused(Reason.WRONG_TIER, total_minor=101))


def test_every_role_of_a_tier_decides_together_and_all_are_named() -> None:
    stands, asked = decided("bob", "eli", minor=200)
    (event,) = stands.when(asked).then(accepted())
    assert event.grants is not None
    assert len(event.grants.split(",")) == 2
    stands, asked = decided("bob", minor=200)
    stands.when(asked).then(refused(Reason.WRONG_TIER, tier="pairs", by=["bob"]))


def test_a_higher_tier_may_decide_what_a_lower_one_could() -> None:
    stands, asked = decided("bob", "eli", minor=5)
    stands.when(asked).then(accepted())


def test_what_is_regulatory_goes_to_its_tier_whatever_its_amount() -> None:
    stands = ruled(propose("AI-3", kind="regulatory"), *ROLES)
    stands.when(spend(1, "AI-3")).then(refused(Reason.WRONG_TIER, tier="top", body="board"))


# Decisions, and oneself.


def test_a_decision_allows_what_it_is_about_and_no_more() -> None:
    stands, asked = decided("bob", "eli", minor=150)
    stands.and_(asked._replace(ask=spend(100))).when(asked._replace(ask=spend(50))).then(accepted())
    beyond = refused(Reason.BEYOND_DECISION, allowed_minor=150, wanted_minor=151)
    stands.when(asked._replace(ask=spend(51))).then(beyond)
    stands.when(asked._replace(ask=spend(1, "AI-2"))).then(refused(Reason.BEYOND_DECISION, initiative="AI-2"))


def test_a_decision_to_do_nothing_allows_nothing() -> None:
    before = (*ROLES,)
    at = FIRST + len(before)
    asked = by("zoe", request("D-1", "AI-1", amount=money(50, "USD")))
    votes = [by(name, vote("D-1", at, name)) for name in ("bob", "eli")]
    for option, expected in (("yes", accepted()), ("no", refused(Reason.BEYOND_DECISION, allowed_minor=0))):
        done = by("bob", close("D-1", "approved", "2026-01-12", {"approve": 2}, option=option))
        ruled(*before, asked, *votes, done).when(on(TODAY, spend(50), decisionid="D-1")).then(expected)


@pytest.mark.parametrize("what", ["sponsor", "lead", "proposer"])
def test_who_wants_an_initiative_does_not_approve_it_under_any_name(what: str) -> None:
    wanting = propose("AI-3", **({"sponsor": "sam", "proposer": "pia"} | {what: "ana"}))
    asked = spend(1, "AI-3")
    himself = refused(Reason.SELF_APPROVAL, by="ana", person="p-ana", as_=what)
    ruled(grant(), wanting).when(asked).then(himself)
    second = (enrol("ana-2", person="p-ana"), grant(9, "ana-2", name="A-2"))
    ruled(*second, wanting).when(by("ana-2", asked)).then(refused(Reason.SELF_APPROVAL, by="ana-2", person="p-ana"))
    ruled(grant()).when(spend(1)).then(accepted())


def test_ranks_objectives_and_policies_change_by_a_decision_of_their_kind() -> None:
    anchors: list[tuple[str, Ask]] = [
        ("objectives", objectives(objective("growth", 10_000))),
        ("priority", rank(("AI-1", 1, None))),
        ("policy", policy("signing", 1, commands=[])),
    ]
    for kind, asked in anchors:
        held = grant(kinds=[kind])
        at = FIRST + 1
        put = by("eli", request("D-1", kind=kind))
        done = (by("ana", vote("D-1", at, "ana")), close("D-1", "approved", "2026-01-12", {"approve": 1}))
        under = on(TODAY, asked, decisionid="D-1")
        ruled(held).when(asked).then(refused(Reason.NO_DECISION, kind=kind))
        ruled(held, put, *done).when(under).then(accepted())
        other = by("eli", request("D-1", kind="waiver"))
        ruled(held, other, *done).when(under).then(refused(Reason.BEYOND_DECISION, kind="waiver"))


def test_what_was_decided_by_one_who_asked_is_nobodys_decision() -> None:
    """The vote is flagged where policy lets it pass; what rests on it is refused all the same."""
    held = grant(kinds=["priority"])
    put = by("ana", request("D-1", kind="priority"))
    done = (by("ana", vote("D-1", FIRST + 1, "ana")), close("D-1", "approved", "2026-01-12", {"approve": 1}))
    asked = on(TODAY, rank(("AI-1", 1, None)), decisionid="D-1")
    ruled(held, put, *done).when(asked).then(refused(Reason.SELF_APPROVAL, as_="requester"))


# Emergencies.

ALONE = {"basis": "emergency", "decisionid": "D-1"}


def emergency(minor: int, ratify_by: str | None = "2026-01-31", **more: Any) -> Said:
    return on(TODAY, spend(minor, **({} if ratify_by is None else {"ratify_by": ratify_by})), **(ALONE | more))


def test_an_emergency_is_decided_alone_by_a_grant_for_it() -> None:
    alone = grant(limits=[limit("one_decision", 50)], emergency=True)
    ruled(alone, TIERS).when(emergency(50)).then(accepted())
    ruled(alone).when(emergency(51)).then(refused(Reason.OVER_LIMIT))
    ruled(alone).when(emergency(50, None)).then(refused(Reason.NO_RATIFY_BY))
    ruled(alone).when(spend(1)).then(NO_GRANT)
    ruled(grant(50)).when(emergency(50)).then(NO_GRANT)
    moved = on(TODAY, reallocate(("AI-2", "claims"), ("AI-1", "claims"), 5), **ALONE)
    may = grant(limits=[limit("one_decision", 50)], kinds=["reallocation"], emergency=True)
    ruled(spend(9, "AI-2"), may).when(moved).then(refused(Reason.NO_RATIFY_BY))


def test_what_nobody_ratified_in_time_holds_up_what_would_follow() -> None:
    alone = grant(limits=[limit("one_decision", 50)], emergency=True)
    asked = by("zoe", request("D-1", "AI-1", amount=money(5, "USD")))
    given_ = (alone, grant(999, name="A-2"), asked, emergency(5))
    stands = ruled(*given_)
    stands.when(spend(1), at="2026-01-31T12:00:00+00:00").then(accepted())
    stands.when(spend(1), at="2026-02-01T12:00:00+00:00").then(refused(Reason.UNRATIFIED, decision="D-1"))
    confirmed = (
        by("zoe", request("D-2", "AI-1")),
        by("bob", vote("D-2", FIRST + 4, "bob")),
        by("bob", close("D-2", "approved", "2026-01-12", {"approve": 1}, ratifies="D-1")),
    )
    ruled(*given_, *confirmed).when(spend(1), at="2026-02-01T12:00:00+00:00").then(accepted())


# Imports, and a newcomer.


def test_a_historic_import_is_asked_for_no_authority() -> None:
    then = {"recordedtime": "2024-01-20T09:00:00Z"}
    past = [on("2024-01-15", ask, **then) for ask in (opening(historic=True), fund("claims", 9), propose("AI-1"))]
    stands = governed(*past)
    (event,) = stands.when(on("2024-01-15", spend(9), **then)).then(accepted())
    assert (event.basis, event.flags, event.grants) == ("imported", None, None)
    stands.when(on("2024-01-15", spend(9))).then(flagged(Reason.NO_AUTHORITY))


def test_what_a_newcomer_sees_before_anything_is_granted() -> None:
    """Money and gates pass, flagged; nobody has to say why. What is proposed, planned and posted is not flagged."""
    stands = governed(fund("claims", 9), propose("AI-1"))
    stands.when(fund("data", 9)).then(flagged(Reason.NO_AUTHORITY))
    stands.when(spend(1)).then(flagged(Reason.NO_AUTHORITY))
    stands.when(objectives(objective("growth", 10_000))).then(flagged(Reason.NO_DECISION, Reason.NO_AUTHORITY))
    stands.when(by("reg", enrol("ana"))).then(accepted())
    stands.when(propose("AI-2")).then(accepted())
    given(fund("claims", 9)).when(propose("AI-2")).then(accepted())
