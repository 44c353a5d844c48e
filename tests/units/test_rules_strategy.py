"""Objectives and alignment: each rule with the last case it allows and the first it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.receipts import Reason
from tests.notation import TODAY, Expected, accepted, given, on, refused
from tests.words import Ask, align, gate, objective, objectives, propose, reverse

FIELD = "data.objectives"


def retired(name: str, **successors: int) -> dict[str, Any]:
    return objective(name, 0, status="retired", successors=successors)


def both(growth: int = 6_000, safety: int = 4_000) -> Ask:
    return objectives(objective("growth", growth), objective("safety", safety))


# Weights.


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((10_000,), accepted()),
        ((6_000, 4_000), accepted()),
        ((10_000, 0), accepted()),
        ((6_000, 3_999), refused(Reason.WEIGHTS_SUM, field=FIELD, value=9_999, allowed=10_000, on=TODAY)),
        ((6_000, 4_001), refused(Reason.WEIGHTS_SUM, value=10_001)),
    ],
)
def test_weights_of_active_objectives_sum_to_ten_thousand(weights: tuple[int, ...], expected: Expected) -> None:
    listed = [objective(f"o-{place}", weight) for place, weight in enumerate(weights)]
    given().when(objectives(*listed)).then(expected)


def test_a_retired_objective_weighs_nothing() -> None:
    given().when(objectives(objective("growth", 10_000), objective("safety", 7, status="retired"))).then(accepted())


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ("2026-04-01", accepted()),
        ("2026-04-02", refused(Reason.WEIGHTS_SUM, value=6_000)),
        ("2026-03-31", refused(Reason.WEIGHTS_SUM, value=14_000)),
    ],
)
def test_weights_sum_on_every_day_on_which_an_objective_starts_or_ends(starts: str, expected: Expected) -> None:
    ends, follows = objective("speed", 4_000, valid_to="2026-03-31"), objective("reach", 4_000, valid_from=starts)
    given().when(objectives(objective("growth", 6_000), ends, follows)).then(expected)


def test_weights_of_days_before_the_effective_one_do_not_matter() -> None:
    ended = objective("speed", 9_999, valid_to="2026-01-11")
    given().when(objectives(objective("growth", 10_000), ended)).then(accepted())
    given().when(on("2026-01-11", objectives(objective("growth", 10_000), ended))).then(refused(Reason.WEIGHTS_SUM))


def test_an_objective_may_hold_to_the_last_day_there_is() -> None:
    given().when(objectives(objective("growth", 10_000, valid_to="9999-12-31"))).then(accepted())


# Sets.


def test_an_objective_stands_once_in_a_set() -> None:
    twice = objectives(objective("growth", 5_000), objective("growth", 5_000))
    given().when(twice).then(refused(Reason.OBJECTIVE_TWICE, field=FIELD, value="growth"))


def test_a_set_lists_every_objective_set_before_it() -> None:
    given(both()).when(objectives(objective("growth", 10_000))).then(
        refused(Reason.OBJECTIVE_MISSING, field=FIELD, value="safety")
    )
    given(both()).when(objectives(objective("growth", 10_000), retired("safety"))).then(accepted())


def test_a_set_that_was_voided_need_not_be_listed() -> None:
    given(both(), reverse(2, "void")).when(objectives(objective("speed", 10_000))).then(accepted())


def test_objectives_are_set_for_the_portfolio_itself() -> None:
    other = Ask("SetObjectives", "objectives/other", both().data | {"portfolio": "other"})
    given().when(other).then(refused(Reason.WRONG_PORTFOLIO, field="data.portfolio", value="other", allowed="law"))


# Successors.


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({"growth": 10_000}, accepted()),
        ({"growth": 6_000, "safety": 4_000}, accepted()),
        ({"growth": 6_000, "safety": 3_999}, refused(Reason.SHARES_SUM, value=9_999, allowed="10,000")),
        ({"growth": 6_000, "safety": 4_001}, refused(Reason.SHARES_SUM, value=10_001)),
        ({"speed": 10_000}, refused(Reason.UNKNOWN_OBJECTIVE, value="speed", allowed=["growth", "safety"])),
        ({"old": 10_000}, refused(Reason.UNKNOWN_OBJECTIVE, value="old")),
        ({"gone": 10_000}, refused(Reason.UNKNOWN_OBJECTIVE, value="gone")),
    ],
)
def test_successors_are_active_objectives_of_the_same_set_and_take_over_all(
    shares: dict[str, int], expected: Expected
) -> None:
    listed = (objective("growth", 6_000), objective("safety", 4_000), retired("gone"), retired("old", **shares))
    detail = expected.detail | ({"field": "data.objectives.3.successors"} if expected.refuses else {})
    given().when(objectives(*listed)).then(expected._replace(detail=detail))


def test_a_successor_is_named_once() -> None:
    twice = [{"objective": "growth", "share_bp": 5_000}] * 2
    old = retired("old") | {"successors": twice}
    given().when(objectives(objective("growth", 10_000), old)).then(refused(Reason.OBJECTIVE_TWICE, value="growth"))


def test_an_objective_with_live_shares_retires_to_successors_only() -> None:
    stands = given(both(), propose("AI-1"), align("AI-1", growth=1))
    stands.when(objectives(retired("growth"), objective("safety", 10_000))).then(
        refused(Reason.OBJECTIVE_HAS_SHARES, field=FIELD, value="growth", initiative="AI-1")
    )
    stands.when(objectives(retired("growth", safety=10_000), objective("safety", 10_000))).then(accepted())
    stands.when(objectives(objective("growth", 10_000), retired("safety"))).then(accepted())


def test_an_objective_whose_days_are_over_has_retired() -> None:
    stands = given(both(), propose("AI-1"), align("AI-1", growth=1))
    over = objective("growth", 10_000, valid_to="2026-01-11")
    stands.when(objectives(over, objective("safety", 10_000))).then(refused(Reason.OBJECTIVE_HAS_SHARES))
    last_day = objective("growth", 10_000, valid_to="2026-01-12")
    stands.when(objectives(last_day, objective("safety", 10_000, valid_from="2026-01-13"))).then(accepted())


def test_an_objective_whose_shares_were_declared_anew_is_free_to_retire() -> None:
    gone = objectives(retired("growth"), objective("safety", 10_000))
    given(both(), propose("AI-1"), align("AI-1", growth=1), align("AI-1", safety=1)).when(gone).then(accepted())
    given(both(), propose("AI-1"), align("AI-1", growth=1), reverse(4, "void")).when(gone).then(accepted())


def test_a_later_set_may_not_drop_the_successors_of_a_retired_objective_with_live_shares() -> None:
    handed_over = objectives(retired("growth", safety=10_000), objective("safety", 10_000))
    stands = given(both(), propose("AI-1"), align("AI-1", growth=1), handed_over)
    stands.when(objectives(retired("growth"), objective("safety", 10_000))).then(
        refused(Reason.OBJECTIVE_HAS_SHARES, value="growth")
    )
    to_speed = objectives(retired("growth", speed=10_000), retired("safety", speed=10_000), objective("speed", 10_000))
    stands.when(to_speed).then(accepted())


# Alignment.


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ({}, accepted()),
        ({"growth": 1}, accepted()),
        ({"growth": 6_000, "safety": 4_000}, accepted()),
        ({"growth": 6_000, "safety": 4_001}, refused(Reason.SHARES_SUM, value=10_001, allowed="at most 10,000")),
        ({"growth": 1, "speed": 1}, refused(Reason.UNKNOWN_OBJECTIVE, value="speed", allowed=["growth", "safety"])),
    ],
)
def test_an_initiative_serves_known_objectives_with_at_most_all_of_its_money(
    shares: dict[str, int], expected: Expected
) -> None:
    given(both(), propose("AI-1")).when(align("AI-1", **shares)).then(expected)


def test_a_share_is_declared_once() -> None:
    twice = align("AI-1")
    twice.data["contributions"] += [{"objective": "growth", "share_bp": 1}] * 2
    given(both(), propose("AI-1")).when(twice).then(
        refused(Reason.OBJECTIVE_TWICE, field="data.contributions", value="growth")
    )


def test_shares_are_declared_for_objectives_that_are_set_on_that_day() -> None:
    stands = given(on("2026-01-12", both()), on("2026-01-12", propose("AI-1")))
    stands.when(on("2026-01-12", align("AI-1", growth=1))).then(accepted())
    stands.when(on("2026-01-11", align("AI-1", growth=1))).then(
        refused(Reason.UNKNOWN_OBJECTIVE, field="data.contributions.0.objective", value="growth", allowed=[])
    )


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-01-31", refused(Reason.OBJECTIVE_RETIRED, value="speed")),
        ("2026-02-01", accepted()),
        ("2026-03-31", accepted()),
        ("2026-04-01", refused(Reason.OBJECTIVE_RETIRED, value="speed")),
    ],
)
def test_shares_are_declared_for_objectives_that_are_active_on_that_day(day: str, expected: Expected) -> None:
    before, after = (
        objective("before", 4_000, valid_to="2026-01-31"),
        objective("after", 4_000, valid_from="2026-04-01"),
    )
    speed = objective("speed", 4_000, valid_from="2026-02-01", valid_to="2026-03-31")
    stands = given(objectives(objective("growth", 6_000), before, speed, after), propose("AI-1"))
    stands.when(on(day, align("AI-1", speed=1))).then(expected)


def test_shares_are_declared_for_living_initiatives() -> None:
    given(both()).when(align("AI-1", growth=1)).then(
        refused(Reason.UNKNOWN_INITIATIVE, field="data.initiative", value="AI-1")
    )
    given(both(), propose("AI-1"), gate("AI-1", "hold", "proposed")).when(align("AI-1", growth=1)).then(accepted())
    given(both(), propose("AI-1"), gate("AI-1", "kill", "proposed")).when(align("AI-1", growth=1)).then(
        refused(Reason.INITIATIVE_ENDED, value="AI-1", status="killed")
    )
