"""What has to hold before a decision: AI within its class, conditions, criteria, commitments, persons kept apart."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.receipts import Reason
from tests.notation import TODAY, Expected, Given, Said, accepted, by, flagged, given, on, refused
from tests.ruled import STRICT, ruled_by
from tests.words import (
    Ask,
    align,
    amend,
    approve,
    authority,
    close,
    commit,
    condition,
    discharge,
    enrol,
    fund,
    gate,
    guardrails,
    measure,
    money,
    objective,
    objectives,
    policy,
    promise,
    propose,
    rate,
    reallocate,
    request,
    reverse,
    score,
    vote,
)

KINDS = ["funding", "reallocation", "gate", "waiver"]
PEOPLE = (*(enrol(name) for name in ("ana", "bob", "zoe")), enrol("greta", roles=["compliance"]))
MAY = authority("A-1", "ana", 10_000, kinds=KINDS)
BASE = (fund("claims", 1_000), *PEOPLE, MAY)


def ai(eu_class: str) -> dict[str, Any]:
    return {"ai": {"use_case": "triage", "eu_class": eu_class}}


def stands(*said: Ask | Said, **proposed: Any) -> Given:
    return ruled_by(STRICT, *BASE, propose("AI-1", **proposed), *said)


def spend(minor: int = 1, **more: Any) -> Ask:
    return approve("AI-1", "claims", minor, **more)


def go(stage: str = "proposed", to: str = "pilot", outcome: str = "go", **more: Any) -> Ask:
    return gate("AI-1", outcome, stage, to if outcome not in ("hold", "kill", "merged") else stage, **more)


# AI.


def test_a_prohibited_use_is_not_proposed_and_not_paid() -> None:
    prohibited = refused(Reason.PROHIBITED_USE)
    ruled_by(STRICT, *BASE).when(propose("AI-1", **ai("prohibited"))).then(prohibited)
    ruled_by(STRICT, *BASE).when(propose("AI-1", **ai("high"))).then(accepted())
    found_out = stands(amend("AI-1", **ai("prohibited")), **ai("minimal"))
    found_out.when(spend()).then(prohibited)
    found_out.when(go()).then(prohibited)
    found_out.when(go(outcome="kill")).then(accepted())


AT = 1 + len(BASE) + 2


def voted(*voters: str) -> tuple[Ask | Said, ...]:
    """A decision with these votes for it, put by zoe and closed by ana."""
    asked = by("zoe", request("D-1", "AI-1", kind="gate", amount=money(1, "USD")))
    votes = [by(name, vote("D-1", AT, name, **({"capacity": "adviser"} if name == "greta" else {}))) for name in voters]
    counted = {"approve": len(voters)}
    return (asked, *votes, by("ana", close("D-1", "approved", "2026-01-12", counted)))


@pytest.mark.parametrize("asked", [spend(), go()], ids=lambda ask: ask.type)
def test_a_high_risk_use_needs_the_vote_of_compliance(asked: Ask) -> None:
    under = on(TODAY, asked, decisionid="D-1")
    stands(*voted("ana", "greta"), **ai("high")).when(under).then(accepted())
    stands(*voted("ana"), **ai("high")).when(under).then(refused(Reason.NO_COMPLIANCE_VOTE, value="D-1"))
    stands(**ai("high")).when(asked).then(refused(Reason.NO_COMPLIANCE_VOTE, value=None))
    stands(*voted("ana"), **ai("transparency")).when(under).then(accepted())


def test_an_unclassified_use_passes_its_first_gate_and_no_other() -> None:
    first = go()
    stands(**ai("unclassified")).when(first).then(accepted())
    piloted = stands(by("ana", first), **ai("unclassified"))
    piloted.when(go("pilot", "build")).then(refused(Reason.UNCLASSIFIED_USE))
    piloted.when(go("pilot", outcome="hold")).then(accepted())
    stands(by("ana", first), **ai("minimal")).when(go("pilot", "build")).then(accepted())


@pytest.mark.parametrize(
    ("was", "now", "lowered"),
    [
        ("high", "minimal", True),
        ("high", "unclassified", True),
        ("transparency", "minimal", True),
        ("minimal", "high", False),
        ("unclassified", "minimal", False),
    ],
)
def test_a_class_is_lowered_by_compliance_only(was: str, now: str, lowered: bool) -> None:
    changed = amend("AI-1", **ai(now))
    expected = refused(Reason.CLASS_LOWERED, was=was, value=now) if lowered else accepted()
    stands(**ai(was)).when(changed).then(expected)
    stands(**ai(was)).when(by("greta", changed)).then(accepted())
    stands(*voted("ana", "greta"), **ai(was)).when(on(TODAY, changed, decisionid="D-1")).then(accepted())


# Alignment.


@pytest.mark.parametrize(("share", "expected"), [(2_500, accepted()), (2_499, refused(Reason.UNALIGNED))])
def test_who_gets_money_serves_objectives_as_far_as_policy_asks(share: int, expected: Expected) -> None:
    strict = guardrails(min_aligned_bp=2_500, UNALIGNED="refuse")
    goals = objectives(objective("growth", 10_000))
    stands_ = ruled_by(strict, *BASE, propose("AI-1"), goals, align("AI-1", growth=share))
    stands_.when(spend()).then(expected)


def test_what_gives_back_is_asked_for_no_alignment() -> None:
    strict = guardrails(min_aligned_bp=1, UNALIGNED="refuse")
    ruled_by(strict, *BASE, propose("AI-1"), spend(5)).when(spend(-5)).then(accepted())


# Conditions.

BLOCKING = condition("K-1", "2026-06-30", owner="ana", blocking=True)
LOOSE = condition("K-1", "2026-06-30", owner="ana")
WITH = spend(5, conditions=[BLOCKING])


@pytest.mark.parametrize("asked", [spend(), go(), go(outcome="conditional_go")], ids=str)
def test_nothing_goes_on_before_what_blocks_it_is_met(asked: Ask) -> None:
    blocked = refused(Reason.CONDITION_OPEN, condition="K-1")
    stands(WITH).when(asked).then(blocked)
    stands(spend(5, conditions=[LOOSE])).when(asked).then(accepted())
    stands(WITH, by("bob", discharge("K-1"))).when(asked).then(accepted())
    stands(WITH, by("bob", discharge("K-1", "waived"))).when(asked).then(accepted())
    stands(WITH, by("bob", discharge("K-1", "breached"))).when(asked).then(blocked)
    at = 1 + len(BASE) + 2
    stands(WITH, by("bob", reverse(at, "void"))).when(asked).then(accepted())


@pytest.mark.parametrize("outcome", ["hold", "kill", "recycle"])
def test_what_stops_is_not_held_up(outcome: str) -> None:
    stands(WITH).when(go(outcome=outcome, to="proposed")).then(accepted())


def test_money_moves_to_what_is_not_blocked() -> None:
    moved = reallocate(("AI-2", "claims"), ("AI-1", "claims"), 1)
    other = (propose("AI-2"), approve("AI-2", "claims", 9))
    stands(*other, WITH).when(moved).then(refused(Reason.CONDITION_OPEN))
    stands(*other).when(moved).then(accepted())


def test_a_blocking_condition_is_not_discharged_by_its_owner_alone() -> None:
    alone = refused(Reason.OWNER_ALONE, condition="K-1", value="ana")
    stands(WITH).when(discharge("K-1")).then(alone)
    stands(WITH, enrol("ana-2", person="p-ana")).when(by("ana-2", discharge("K-1"))).then(refused(Reason.OWNER_ALONE))
    stands(WITH).when(by("bob", discharge("K-1"))).then(accepted())
    stands(spend(5, conditions=[LOOSE])).when(discharge("K-1")).then(accepted())


def test_a_condition_is_waived_by_authority() -> None:
    stands(WITH).when(by("bob", discharge("K-1", "waived"))).then(refused(Reason.NO_AUTHORITY, by="bob"))
    may = authority("A-2", "bob", 10_000, kinds=["waiver"])
    (event,) = stands(WITH, may).when(by("bob", discharge("K-1", "waived"))).then(accepted())
    assert event.grants == str(1 + len(BASE) + 3)


# Gates.

POLICY = policy(
    "gates",
    1,
    stages=["proposed", "pilot"],
    gates=[{"gate": "G1", "title": "In", "stage_from": "proposed", "stage_to": "pilot", "must": ["case", "owner"]}],
)


def test_every_criterion_of_a_gate_is_named_and_met() -> None:
    def at(*must: tuple[str, bool], outcome: str = "go") -> Ask:
        listed = [{"criterion": name, "met": met} for name, met in must]
        return go(gate="G1", must=listed, outcome=outcome)

    with_policy = stands(POLICY)
    with_policy.when(at(("case", True), ("owner", True))).then(accepted())
    with_policy.when(at(("case", True))).then(refused(Reason.CRITERIA_NOT_MET, value=["owner"]))
    with_policy.when(at(("case", True), ("owner", False))).then(refused(Reason.CRITERIA_NOT_MET, value=["owner"]))
    with_policy.when(at(("case", False), outcome="hold")).then(accepted())
    stands().when(at(("case", False))).then(refused(Reason.CRITERIA_NOT_MET, value=["case"]))


def test_what_is_ended_says_what_becomes_of_each_open_commitment() -> None:
    open_ = (spend(9), commit("AI-1", "claims", "C-1", 5), commit("AI-1", "claims", "C-2", 4))
    treated = [{"commitment": name, "action": "terminate"} for name in ("C-1", "C-2")]
    kill = go(outcome="kill")
    stands(*open_).when(go(outcome="kill", treatments=treated)).then(accepted())
    stands(*open_).when(go(outcome="kill", treatments=treated[:1])).then(
        refused(Reason.COMMITMENT_UNTREATED, commitment="C-2", open_minor=4)
    )
    stands(*open_, commit("AI-1", "claims", "C-1", -5), commit("AI-1", "claims", "C-2", -4)).when(kill).then(accepted())


# Persons kept apart.


def test_the_sponsor_does_not_lead() -> None:
    apart = refused(Reason.SPONSOR_LEADS)
    alone = ruled_by(STRICT, *BASE, enrol("bob-2", person="p-bob"))
    alone.when(propose("AI-1", sponsor="bob", lead="zoe")).then(accepted())
    alone.when(propose("AI-1", sponsor="bob", lead="bob")).then(apart)
    alone.when(propose("AI-1", sponsor="bob", lead="bob-2")).then(apart)
    stands(lead="bob").when(amend("AI-1", sponsor="bob")).then(apart)
    stands(lead="bob").when(amend("AI-1", sponsor="zoe")).then(accepted())


def test_the_sponsor_does_not_assess() -> None:
    worth = {"id": "worth", "title": "Worth", "sort": "value", "weight_bp": 10_000}
    judged = policy("prioritisation", 1, method="weighted", criteria=[worth])
    stands(judged, sponsor="ana").when(score("AI-1", 1, worth=5)).then(refused(Reason.SELF_ASSESSED))
    stands(judged).when(score("AI-1", 1, worth=5)).then(accepted())


def test_the_owner_of_a_benefit_does_not_lead_its_delivery() -> None:
    whole = [{"initiative": "AI-1", "share_bp": 10_000}]
    stands(lead="bob").when(promise("B-1", initiatives=whole, owner="bob")).then(refused(Reason.OWNER_LEADS))
    stands(lead="bob").when(promise("B-1", initiatives=whole, owner="zoe")).then(accepted())


@pytest.mark.parametrize(("who", "flag"), [("zoe", False), ("bob", True), ("sam", True), ("lee", True), ("pam", True)])
def test_a_benefit_is_validated_by_somebody_else_or_flagged(who: str, flag: bool) -> None:
    """Of the owner, the claimant, the lead and the sponsor none: what is measured is true all the same."""
    whole = [{"initiative": "AI-1", "share_bp": 10_000}]
    planned = promise("B-1", initiatives=whole, owner="pam")
    there = stands(planned, by("bob", measure("B-1", "2026-Q1", "claimed")), lead="lee")
    there.when(by(who, measure("B-1", "2026-Q1", "validated"))).then(
        flagged(Reason.SELF_VALIDATED) if flag else accepted()
    )
    there.when(by(who, measure("B-1", "2026-Q1", "rejected"))).then(accepted())


@pytest.mark.parametrize(("who", "flag"), [("zoe", False), ("sam", True), ("lee", True), ("pia", True)])
def test_assurance_is_rated_by_somebody_independent_or_flagged(who: str, flag: bool) -> None:
    rated = by(who, rate("AI-1", "green", "2026-01-12"))
    stands(lead="lee").when(rated).then(flagged(Reason.NOT_INDEPENDENT) if flag else accepted())


def test_money_is_reversed_by_somebody_else() -> None:
    paid = by("ana", spend(5))
    at = 1 + len(BASE) + 2
    himself = refused(Reason.SELF_REVERSAL, by="ana")
    stands(paid).when(by("bob", reverse(at, "void"))).then(accepted())
    stands(paid).when(by("ana", reverse(at, "void"))).then(himself)
    stands(paid, enrol("ana-2", person="p-ana")).when(by("ana-2", reverse(at, "counter"))).then(himself)
    amended = by("ana", amend("AI-1", lead="lee"))
    stands(amended).when(by("ana", reverse(at, "void"))).then(accepted())


def test_a_late_decision_shows_when_it_was_made() -> None:
    late = on("2025-12-01", fund("claims", 1, kind="supplement"))
    strict = guardrails(UNDOCUMENTED="refuse", LATE="off", NO_AUTHORITY="off")
    there = ruled_by(strict, *BASE, policy("tolerance", 1, lateness_days=30))
    there.when(late).then(refused(Reason.UNDOCUMENTED))
    there.when(late._replace(more={"sourceref": "dms:minutes#1"})).then(accepted())
    there.when(late._replace(more={"decisionid": "D-1"})).then(accepted())


# Who enrols.


def test_people_and_bodies_are_enrolled_by_the_registrar() -> None:
    there = ruled_by(STRICT, *BASE)
    there.when(by("reg", enrol("max"))).then(accepted())
    there.when(by("ana", enrol("max"))).then(refused(Reason.NOT_REGISTRAR, value="ana"))
    second = ruled_by(STRICT, *BASE, enrol("bob", roles=["registrar"]))
    second.when(by("bob", enrol("max"))).then(accepted())
    gone = ruled_by(STRICT, *BASE, enrol("reg", person="p-1", status="left"))
    gone.when(by("reg", enrol("max"))).then(refused(Reason.NOT_REGISTRAR, value="reg"))


def test_the_registrar_gives_himself_no_other_role() -> None:
    there = ruled_by(STRICT, *BASE)
    himself = enrol("reg", person="p-1")
    there.when(by("reg", himself)).then(accepted())
    more = enrol("reg", person="p-1", roles=["cfo"])
    there.when(by("reg", more)).then(refused(Reason.SELF_ENROLMENT, value=["cfo"]))
    other_name = enrol("max", person="p-1", roles=["cfo"])
    there.when(by("reg", other_name)).then(refused(Reason.SELF_ENROLMENT))


def test_what_is_only_flagged_is_said_where_nothing_refuses() -> None:
    given(*BASE, propose("AI-1", **ai("high"))).when(spend()).then(flagged(Reason.NO_COMPLIANCE_VOTE))
