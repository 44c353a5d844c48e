"""People, authorities, bodies and policies: each rule with the last case it allows and the first it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.rules.consistency import consistency_ratio
from schemas.receipts import Reason
from tests.keys import vkey
from tests.notation import TODAY, Expected, accepted, flagged, given, on, refused
from tests.words import (
    Ask,
    align,
    approve,
    authority,
    body,
    commit,
    enrol,
    fund,
    guardrails,
    interest,
    money,
    opening,
    pay,
    policy,
    propose,
    reverse,
)

KEY, OTHER_KEY = vkey("ana"), vkey("bob")
READY = (fund("claims", 100), propose("AI-1"))
BOARD = (enrol("ana"), enrol("bob"))


def ahp(*judgements: tuple[str, str, int, int], names: str = "abcd") -> Ask:
    """judgements: criterion, over, numerator, denominator."""
    shares = [10_000 // len(names)] * (len(names) - 1)
    shares.append(10_000 - sum(shares))
    criteria = [criterion(name, share) for name, share in zip(names, shares, strict=True)]
    told = [dict(zip(("criterion", "over", "numerator", "denominator"), each, strict=True)) for each in judgements]
    return policy("prioritisation", 1, method="ahp", criteria=criteria, judgements=told)


def criterion(name: str, weight_bp: int) -> dict[str, Any]:
    return {"id": name, "title": name, "sort": "value", "weight_bp": weight_bp}


# People.


def test_a_key_belongs_to_one_actor_for_ever() -> None:
    stands = given(enrol("ana", vkey=KEY))
    stands.when(enrol("bob")).then(accepted())
    stands.when(enrol("bob", vkey=OTHER_KEY)).then(accepted())
    stands.when(enrol("bob", vkey=KEY)).then(refused(Reason.KEY_USED, field="data.vkey", value=KEY, actor="ana"))
    stands.when(enrol("ana", vkey=KEY, status="revoked")).then(accepted())
    stands.and_(enrol("ana", vkey=OTHER_KEY)).when(enrol("bob", vkey=KEY)).then(refused(Reason.KEY_USED))


def test_an_interest_is_declared_by_somebody_enrolled() -> None:
    told = interest("ana", "supplier", "Acme")
    given(enrol("ana")).when(told).then(accepted())
    given().when(told).then(refused(Reason.UNKNOWN_ACTOR, field="data.actor", value="ana"))


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (authority("A-1", "ana", 1), accepted()),
        (authority("A-1", "eve", 1), refused(Reason.UNKNOWN_ACTOR, field="data.holder.id", value="eve")),
        (authority("A-1", "board", 1, kind="body"), accepted()),
        (authority("A-1", "jury", 1, kind="body"), refused(Reason.UNKNOWN_BODY, field="data.holder.id", value="jury")),
        (authority("A-1", "anybody", 1, kind="role"), accepted()),
        (authority("A-1", "ana", 1, deputy_for="bob"), accepted()),
        (authority("A-1", "ana", 1, deputy_for="eve"), refused(Reason.UNKNOWN_ACTOR, field="data.deputy_for")),
    ],
)
def test_an_authority_is_held_by_somebody_known(ask: Ask, expected: Expected) -> None:
    given(*BOARD, body("board", "ana")).when(ask).then(expected)


# Bodies.


def test_members_of_a_body_are_enrolled_and_named_once() -> None:
    stands = given(*BOARD)
    stands.when(body("board", "ana", "bob")).then(accepted())
    stands.when(body("board", "ana", "eve")).then(
        refused(Reason.UNKNOWN_ACTOR, field="data.members.1.actor", value="eve")
    )
    stands.when(body("board", "ana", "bob", "ana")).then(refused(Reason.NAMED_TWICE, field="data.members", value="ana"))
    away = [{"actor": "ana", "seat": "cfo"}, {"actor": "bob", "seat": "deputy", "alternate_for": "eve"}]
    stands.when(body("board", "ana", members=away)).then(
        refused(Reason.UNKNOWN_ACTOR, field="data.members.1.alternate_for", value="eve")
    )


def test_the_chair_is_a_member() -> None:
    stands = given(*BOARD)
    stands.when(body("board", "ana", "bob", chair="bob")).then(accepted())
    stands.when(body("board", "ana", chair="bob")).then(refused(Reason.NO_CHAIR, field="data.chair", value="bob"))


def test_a_quorum_names_seats_of_the_body() -> None:
    stands = given(*BOARD)
    stands.when(body("board", "ana", quorum={"votes": 1, "seats": ["seat-1"]})).then(accepted())
    stands.when(body("board", "ana", quorum={"votes": 1, "seats": ["seat-1", "seat-2"]})).then(
        refused(Reason.UNKNOWN_SEAT, field="data.quorum.seats", value="seat-2")
    )


def test_a_quorum_is_at_most_the_voting_members_without_alternates() -> None:
    stands = given(*BOARD)
    stands.when(body("board", "ana", "bob", votes=2)).then(accepted())
    stands.when(body("board", "ana", "bob", votes=3)).then(refused(Reason.QUORUM_SIZE, value=3, allowed=2))
    for less in ({"voting": False}, {"alternate_for": "ana"}):
        seated = [{"actor": "ana", "seat": "cfo"}, {"actor": "bob", "seat": "second"} | less]
        stands.when(body("board", "ana", members=seated, votes=1)).then(accepted())
        stands.when(body("board", "ana", members=seated, votes=2)).then(refused(Reason.QUORUM_SIZE, allowed=1))


# Policies.


def test_versions_of_a_policy_follow_each_other_kind_by_kind() -> None:
    stands = given(policy("tolerance", 1, lateness_days=30))
    stands.when(policy("tolerance", 2, lateness_days=40)).then(accepted())
    stands.when(policy("signing", 1, commands=[])).then(accepted())
    for version in (1, 3):
        stands.when(policy("tolerance", version, lateness_days=40)).then(
            refused(Reason.POLICY_VERSION, field="data.version", value=version, allowed=2)
        )
    again = policy("tolerance", 2, lateness_days=40)
    stands.when(again._replace(data=again.data | {"supersedes": 2})).then(refused(Reason.POLICY_VERSION))
    stands.when(again._replace(data=again.data | {"supersedes": None})).then(accepted())


def test_a_policy_is_superseded_and_never_taken_back() -> None:
    given(policy("tolerance", 1, lateness_days=30)).when(reverse(2, "void")).then(refused(Reason.NOT_REVERSIBLE))


def test_weights_of_criteria_sum_to_the_whole() -> None:
    def weighted(*weights: int) -> Ask:
        criteria = [criterion(name, share) for name, share in zip("abc", weights, strict=False)]
        return policy("prioritisation", 1, method="weighted", criteria=criteria)

    given().when(weighted(6_000, 4_000)).then(accepted())
    for wrong in (3_999, 4_001):
        given().when(weighted(6_000, wrong)).then(
            refused(Reason.WEIGHTS_SUM, field="data.body.criteria", value=6_000 + wrong, allowed=10_000)
        )


def test_a_criterion_is_named_once_and_judged_by_its_name() -> None:
    given().when(ahp(names="aa")).then(refused(Reason.NAMED_TWICE, field="data.body.criteria", value="a"))
    given().when(ahp(("a", "b", 2, 1))).then(accepted())
    given().when(ahp(("a", "x", 2, 1))).then(
        refused(Reason.UNKNOWN_CRITERION, field="data.body.judgements", value="x", allowed=["a", "b", "c", "d"])
    )


@pytest.mark.parametrize(
    ("judgements", "expected"),
    [
        ((), accepted()),
        ((("a", "b", 4, 1), ("b", "c", 3, 2), ("a", "c", 3, 2)), accepted()),
        (
            (("a", "b", 1, 1), ("b", "c", 3, 2), ("a", "c", 5, 1)),
            refused(Reason.INCONSISTENT, field="data.body.judgements", value="0.1014", allowed="at most 0.10"),
        ),
    ],
    ids=["none", "0.09997", "0.1014"],
)
def test_judgements_are_consistent_to_a_tenth(judgements: tuple[Any, ...], expected: Expected) -> None:
    given().when(ahp(*judgements)).then(expected)


@pytest.mark.parametrize("judged", [(2, 3, 6), (7, 3.5, 9), (5, 5, 9), (1, 1, 9), (9, 9, 1)])
def test_the_consistency_of_three_is_that_of_the_closed_form(judged: tuple[float, float, float]) -> None:
    """The principal eigenvalue of three is 1 + t + 1/t, t the cube root of ac / (ab * bc)."""
    over, under, across = judged
    root = (across / (over * under)) ** (1 / 3)
    expected = (1 + root + 1 / root - 3) / 2 / 0.58
    found = consistency_ratio("abc", {("a", "b"): over, ("b", "c"): under, ("c", "a"): 1 / across})
    assert found == pytest.approx(expected, abs=1e-9)


def test_two_criteria_are_always_consistent() -> None:
    given().when(ahp(("a", "b", 9, 1), names="ab")).then(accepted())


def test_gates_stand_between_stages_of_the_policy_and_are_named_once() -> None:
    def gates(*stages: str, twice: bool = False) -> Ask:
        gate = {"gate": "G-1", "title": "Into use", "stage_from": "build", "stage_to": "run"}
        return policy("gates", 1, stages=list(stages), gates=[gate] * (2 if twice else 1))

    given().when(gates("build", "run")).then(accepted())
    given().when(gates("build")).then(refused(Reason.UNKNOWN_STAGE, field="data.body.gates", value="run"))
    given().when(gates("build", "run", "run")).then(refused(Reason.NAMED_TWICE, field="data.body.stages"))
    given().when(gates("build", "run", twice=True)).then(refused(Reason.NAMED_TWICE, field="data.body.gates"))


def test_tiers_go_from_the_lowest_amount_to_the_highest_in_one_currency() -> None:
    def tiers(*limits: dict[str, Any] | None, name: str = "T-{}") -> Ask:
        listed = [{"tier": name.format(place), "up_to": limit} for place, limit in enumerate(limits)]
        return policy("tiers", 1, tiers=listed)

    low, high = money(100, "USD"), money(101, "USD")
    given().when(tiers(low, high, None)).then(accepted())
    given().when(tiers(low, high)).then(accepted())
    for wrong in ((high, low), (low, low), (low, None, high), (None, None)):
        given().when(tiers(*wrong)).then(refused(Reason.OFF_SCALE, field="data.body.tiers"))
    given().when(tiers(low, money(101, "EUR"))).then(refused(Reason.WRONG_CURRENCY, value=["EUR", "USD"]))
    given().when(tiers(low, high, name="T")).then(refused(Reason.NAMED_TWICE, field="data.body.tiers", value="T"))


@pytest.mark.parametrize("of", ["horizons", "value_streams"])
def test_an_allocation_sums_to_the_whole_or_says_nothing(of: str) -> None:
    for share_bp, expected in (
        (4_000, accepted()),
        (3_999, refused(Reason.SHARES_SUM, field=f"data.body.{of}", value=9_999)),
        (4_001, refused(Reason.SHARES_SUM, field=f"data.body.{of}", value=10_001)),
    ):
        parts = [{"name": "h1", "share_bp": 6_000}, {"name": "h2", "share_bp": share_bp}]
        given().when(policy("allocation", 1, **{of: parts})).then(expected)
    given().when(policy("allocation", 1)).then(accepted())


# Guardrails.


def test_a_guardrail_is_set_once_and_for_a_rule_there_is() -> None:
    given().when(guardrails(OVER_ENVELOPE="flag", LATE="off")).then(accepted())
    given().when(guardrails(OVER_BOARD="flag")).then(refused(Reason.UNKNOWN_RULE, value="OVER_BOARD"))
    twice = [{"rule": "LATE", "action": action} for action in ("flag", "off")]
    given().when(policy("guardrails", 1, rules=twice)).then(refused(Reason.NAMED_TWICE, value="LATE"))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("refuse", refused(Reason.OVER_ENVELOPE, over_minor=1)),
        ("flag", flagged(Reason.OVER_ENVELOPE)),
        ("off", accepted()),
    ],
)
def test_a_guardrail_refuses_flags_or_lets_pass(action: str, expected: Expected) -> None:
    stands = given(*READY, guardrails(OVER_ENVELOPE=action))
    stands.when(approve("AI-1", "claims", 100)).then(accepted())
    stands.when(on(TODAY, approve("AI-1", "claims", 101), flagreason="Until July.")).then(expected)


def test_an_event_names_the_guardrails_it_was_judged_by() -> None:
    plain = given(*READY)
    assert [event.policy for event in plain.when(approve("AI-1", "claims", 1)).then(accepted())] == [None]
    judged = given(*READY, guardrails(OVER_ENVELOPE="off")).when(approve("AI-1", "claims", 101)).then(accepted())
    assert [event.policy for event in judged] == ["4"]


def test_the_guardrails_in_force_on_the_day_of_recording_hold() -> None:
    stands = given(*READY, guardrails(OVER_ENVELOPE="off"), on("2026-01-13", guardrails(2, OVER_ENVELOPE="refuse")))
    over = approve("AI-1", "claims", 101)
    stands.when(on("2026-02-01", over)).then(accepted())
    stands.when(over, at="2026-01-12T22:59:59+00:00").then(accepted())
    stands.when(over, at="2026-01-12T23:00:00+00:00").then(refused(Reason.OVER_ENVELOPE))


@pytest.mark.parametrize(("action", "expected"), [("refuse", True), ("flag", True), ("off", False)])
def test_a_fact_from_outside_is_never_refused_by_a_guardrail(action: str, expected: bool) -> None:
    stands = given(*READY, fund("claims", 1, kind="supplement"), guardrails(OVER_APPROVED=action, OVER_ENVELOPE=action))
    for fact in (commit("AI-1", "claims", "C-1", 1), pay("AI-1", "claims", "P-1", 1)):
        stands.when(fact).then(flagged(Reason.OVER_APPROVED) if expected else accepted())


def test_a_reversal_is_no_fact_from_outside() -> None:
    stands = given(*READY, approve("AI-1", "claims", 100), guardrails(OVER_ENVELOPE="refuse"))
    stands.when(reverse(2, "void")).then(refused(Reason.OVER_ENVELOPE, over_minor=100))


def test_what_policy_flags_needs_a_reason() -> None:
    over = approve("AI-1", "claims", 101)
    given(*READY).when(over).then(flagged(Reason.OVER_ENVELOPE))
    given(*READY, guardrails(LATE="flag")).when(over).then(flagged(Reason.OVER_ENVELOPE))
    told = given(*READY, guardrails(OVER_ENVELOPE="flag"))
    told.when(over).then(refused(Reason.UNEXPLAINED, flags=["OVER_ENVELOPE"]))
    told.when(on(TODAY, over, flagreason="Until July.")).then(flagged(Reason.OVER_ENVELOPE))


def test_no_guardrail_lets_pass_what_is_wrong_in_itself() -> None:
    stands = given(*READY, guardrails(ZERO_AMOUNT="off", UNKNOWN_INITIATIVE="flag"))
    stands.when(approve("AI-1", "claims", 0)).then(refused(Reason.ZERO_AMOUNT))
    stands.when(align("AI-2", growth=1)).then(refused(Reason.UNKNOWN_INITIATIVE))


# Lateness.

THIRTY = policy("tolerance", 1, lateness_days=30)


def test_a_decision_is_recorded_within_the_tolerance_or_flagged() -> None:
    stands = given(on("2025-12-01", THIRTY))
    stands.when(on("2025-12-13", fund("claims", 1))).then(accepted())
    stands.when(on("2025-12-12", fund("claims", 1))).then(flagged(Reason.LATE))
    stands.when(on("2026-12-12", fund("claims", 1))).then(accepted())
    given().when(on("2020-01-01", fund("claims", 1))).then(accepted())


def test_the_day_it_was_decided_counts_where_it_is_told() -> None:
    stands = given(THIRTY)
    stands.when(on(TODAY, fund("claims", 1), decidedon="2025-12-13")).then(accepted())
    stands.when(on(TODAY, fund("claims", 1), decidedon="2025-12-12")).then(flagged(Reason.LATE))
    stands.when(on("2020-01-01", fund("claims", 1), decidedon="2025-12-13")).then(accepted())


def test_days_are_those_of_the_portfolio() -> None:
    stands = given(THIRTY)
    stands.when(on("2025-12-13", fund("claims", 1)), at="2026-01-12T22:59:59+00:00").then(accepted())
    stands.when(on("2025-12-13", fund("claims", 1)), at="2026-01-12T23:00:00+00:00").then(flagged(Reason.LATE))


def test_a_guardrail_may_refuse_what_comes_late() -> None:
    stands = given(THIRTY, guardrails(LATE="refuse"))
    stands.when(on("2025-12-12", fund("claims", 1))).then(refused(Reason.LATE, days=31, allowed=30))


def test_facts_from_outside_and_historic_imports_are_never_late() -> None:
    stands = given(*READY, approve("AI-1", "claims", 1), THIRTY)
    stands.when(on("2020-01-01", pay("AI-1", "claims", "P-1", 1))).then(accepted())
    stands.when(on("2020-01-01", reverse(4, "void"))).then(accepted())
    then = {"recordedtime": "2024-01-20T09:00:00Z"}
    past = given(on("2024-01-15", opening(historic=True), **then), on("2024-01-15", THIRTY, **then))
    past.when(on("2020-01-01", fund("claims", 1), **then)).then(accepted())
    past.when(on("2020-01-01", fund("claims", 1))).then(flagged(Reason.LATE))
