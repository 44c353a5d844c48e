"""Scores, ranks, links, ratings, risks, flow, capacity, models: the last case allowed and the first refused."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.rules.watching import STAGES
from schemas.receipts import Reason
from tests.notation import Expected, accepted, flagged, given, on, refused
from tests.words import (
    Ask,
    allocate,
    flow,
    gate,
    link,
    model,
    policy,
    propose,
    rank,
    rate,
    reverse,
    risk,
    score,
)

THREE = (propose("AI-1"), propose("AI-2"), propose("AI-3"))
BETWEEN = ("depends_on", "part_of", "supersedes", "split_from", "merged_into")


def model_of_scores(version: int = 1) -> Ask:
    value = {"id": "value", "title": "Value", "sort": "value", "weight_bp": 10_000, "scale_min": 1, "scale_max": 5}
    return policy("prioritisation", version, method="weighted", criteria=[value])


# Scores.


def test_scores_are_on_the_scales_of_the_policy() -> None:
    stands = given(*THREE, model_of_scores())
    for inside in (1, 5):
        stands.when(score("AI-1", 1, value=inside)).then(accepted())
    for outside in (0, 6):
        stands.when(score("AI-1", 1, value=outside)).then(
            refused(Reason.OFF_SCALE, field="data.scores.0.score", value=outside, allowed="1 to 5")
        )
    stands.when(score("AI-1", 1, value=1, speed=1)).then(
        refused(Reason.UNKNOWN_CRITERION, field="data.scores.1.criterion", value="speed", allowed=["value"])
    )
    twice = score("AI-1", 1, value=1)
    twice = twice._replace(data=twice.data | {"scores": twice.data["scores"] * 2})
    stands.when(twice).then(refused(Reason.NAMED_TWICE, field="data.scores", value="value"))
    stands.when(score("AI-9", 1, value=1)).then(refused(Reason.UNKNOWN_INITIATIVE))


def test_scores_name_the_version_in_force_on_their_day() -> None:
    stands = given(*THREE, on("2026-01-10", model_of_scores()), on("2026-01-12", model_of_scores(2)))
    stands.when(score("AI-1", 2, value=1)).then(accepted())
    stands.when(score("AI-1", 1, value=1)).then(refused(Reason.POLICY_VERSION, field="data.model_version", allowed=2))
    stands.when(on("2026-01-11", score("AI-1", 1, value=1))).then(accepted())
    stands.when(on("2026-01-09", score("AI-1", 1, value=1))).then(refused(Reason.UNKNOWN_CRITERION))


# Ranks.


def test_a_rank_is_changed_from_the_one_it_is() -> None:
    stands = given(*THREE, rank(("AI-1", 1, None)))
    stands.when(rank(("AI-1", 2, 1))).then(accepted())
    for was in (None, 2):
        stands.when(rank(("AI-1", 2, was))).then(
            refused(Reason.RANK_DIFFERS, field="data.moves.0.was", value=was, allowed=1)
        )
    stands.when(rank(("AI-2", 2, None), ("AI-3", 3, 3))).then(
        refused(Reason.RANK_DIFFERS, field="data.moves.1.was", value=3, allowed=None)
    )


def test_two_initiatives_never_share_a_rank() -> None:
    stands = given(*THREE, rank(("AI-1", 1, None), ("AI-2", 2, None)))
    twice = refused(Reason.NAMED_TWICE, field="data.moves", value="1")
    stands.when(rank(("AI-1", 2, 1), ("AI-2", 1, 2))).then(accepted())
    stands.when(rank(("AI-2", 1, 2))).then(twice)
    stands.when(rank(("AI-3", 1, None))).then(twice)
    stands.when(rank(("AI-3", 3, None))).then(accepted())
    stands.when(rank(("AI-3", 3, None), ("AI-3", 4, None))).then(refused(Reason.NAMED_TWICE, value="AI-3"))


def test_ranks_taken_back_are_free() -> None:
    stands = given(*THREE, rank(("AI-1", 1, None)), reverse(5, "void"))
    stands.when(rank(("AI-2", 1, None))).then(accepted())
    stands.when(rank(("AI-1", 1, 1))).then(refused(Reason.RANK_DIFFERS, allowed=None))


@pytest.mark.parametrize("outcome", ["kill", "complete", "merged"])
def test_ranks_of_ended_initiatives_are_free_and_they_get_none(outcome: str) -> None:
    stands = given(*THREE, rank(("AI-1", 1, None)), gate("AI-1", outcome, "proposed"))
    stands.when(rank(("AI-2", 1, None))).then(accepted())
    stands.when(rank(("AI-1", 2, 1))).then(refused(Reason.INITIATIVE_ENDED, value="AI-1"))


def test_an_initiative_on_hold_keeps_its_rank() -> None:
    stands = given(*THREE, rank(("AI-1", 1, None)), gate("AI-1", "hold", "proposed"))
    stands.when(rank(("AI-2", 1, None))).then(refused(Reason.NAMED_TWICE))


def test_ranks_are_of_this_portfolio_and_its_initiatives() -> None:
    given(*THREE).when(rank(("AI-9", 1, None))).then(
        refused(Reason.UNKNOWN_INITIATIVE, field="data.moves.0.initiative")
    )
    other = rank(("AI-1", 1, None))
    other = Ask(other.type, "priority/other", other.data | {"portfolio": "other"})
    given(*THREE).when(other).then(refused(Reason.WRONG_PORTFOLIO, field="data.portfolio", value="other"))


# Links.


@pytest.mark.parametrize("kind", BETWEEN)
def test_links_of_one_kind_never_close_a_circle(kind: str) -> None:
    other = BETWEEN[BETWEEN.index(kind) - 1]
    stands = given(*THREE, link("AI-1", kind, "AI-2"), link("AI-2", kind, "AI-3"))
    stands.when(link("AI-1", kind, "AI-3")).then(accepted())
    stands.when(link("AI-3", other, "AI-1")).then(accepted())
    for target in ("AI-1", "AI-2"):
        stands.when(link("AI-3", kind, target)).then(
            refused(Reason.CYCLE, field="data.target", value=target, kind=kind)
        )
    stands.when(link("AI-3", kind, "AI-3")).then(refused(Reason.SELF_REFERENCE, field="data.target"))
    stands.when(link("AI-3", kind, "AI-9")).then(refused(Reason.UNKNOWN_INITIATIVE, field="data.target", value="AI-9"))
    stands.and_(reverse(6, "void")).when(link("AI-3", kind, "AI-1")).then(accepted())


def test_a_model_or_a_backlog_item_may_have_the_name_of_the_initiative() -> None:
    for kind in ("ai_model", "backlog"):
        given(*THREE).when(link("AI-1", kind, "AI-1")).then(accepted())
        given(*THREE).when(link("AI-9", kind, "AI-1")).then(refused(Reason.UNKNOWN_INITIATIVE, field="data.initiative"))


def test_of_a_backlog_item_no_more_than_all_is_paid() -> None:
    def pays(initiative: str, share_bp: int, system: str = "jira") -> Ask:
        return link(initiative, "backlog", "item-1", system=system, share_bp=share_bp)

    stands = given(*THREE, pays("AI-1", 2_000), pays("AI-1", 6_000))
    stands.when(pays("AI-2", 4_000)).then(accepted())
    stands.when(pays("AI-2", 4_001)).then(refused(Reason.SHARES_SUM, field="data.share_bp", value=10_001))
    stands.when(pays("AI-1", 10_000)).then(accepted())
    stands.when(pays("AI-2", 10_000, system="linear")).then(accepted())
    stands.and_(reverse(6, "void")).when(pays("AI-2", 8_000)).then(accepted())


# Assurance and risk.


@pytest.mark.parametrize(
    ("scale", "rating", "fits"),
    [
        ("three", "amber", True),
        ("three", "not_rated", True),
        ("three", "amber_red", False),
        ("three", "amber_green", False),
        ("five", "amber_red", True),
        ("five", "exempt", True),
    ],
)
def test_a_rating_is_a_colour_of_its_scale(scale: str, rating: str, fits: bool) -> None:
    off = refused(Reason.OFF_SCALE, field="data.rating", value=rating)
    given(*THREE).when(rate("AI-1", rating, "2026-01-12", scale=scale)).then(accepted() if fits else off)


def test_ratings_and_risks_are_of_known_initiatives() -> None:
    given(*THREE).when(rate("AI-9", "red", "2026-01-12")).then(refused(Reason.UNKNOWN_INITIATIVE))
    given(*THREE).when(risk("R-1", 1, "AI-9")).then(refused(Reason.UNKNOWN_INITIATIVE, field="data.initiative"))
    for whose in (None, "AI-1"):
        given(*THREE).when(risk("R-1", 1, whose)).then(accepted())


def test_a_risk_has_an_owner_and_a_level_of_its_scale() -> None:
    given().when(risk("R-1", 1, owner=None)).then(refused(Reason.NO_OWNER, field="data.owner"))
    given().when(risk("R-1", 1, scale="three", impact_level=3)).then(accepted())
    given().when(risk("R-1", 1, scale="three", impact_level=4)).then(
        refused(Reason.OFF_SCALE, field="data.impact_level", value=4, allowed="1 to 3")
    )
    given().when(risk("R-1", 1, scale="five", impact_level=5)).then(accepted())


# Flow.


@pytest.mark.parametrize(
    ("period", "free"),
    [
        ("2025-12", True),
        ("2026-04", True),
        ("2026-Q2", True),
        ("2026-Q1", False),
        ("2026-01", False),
        ("2026-03", False),
        ("2026", False),
        ("FY2026", False),
    ],
)
def test_a_period_of_a_value_stream_is_reported_once(period: str, free: bool) -> None:
    stands = given(flow("retail", "2026-Q1", 1, 1))
    overlaps = refused(Reason.PERIOD_REPORTED, field="data.period", value=period, reported="2026-Q1")
    stands.when(flow("retail", period, 1, 1)).then(accepted() if free else overlaps)
    stands.when(flow("lending", period, 1, 1)).then(accepted())
    stands.and_(reverse(2, "void")).when(flow("retail", period, 1, 1)).then(accepted())


def test_the_slow_take_at_least_as_long_as_the_median() -> None:
    given().when(flow("retail", "2026-01", 10, 10)).then(accepted())
    given().when(flow("retail", "2026-01", 10, 9)).then(
        refused(Reason.OFF_SCALE, field="data.flow_time_p85_h", value=9)
    )


# Capacity.


def supply(amount: int, tolerance_bp: int = 0) -> Ask:
    pool = {"pool": "people", "skill": "python", "unit": "mfte", "period": "2026-Q1", "amount": amount}
    return policy("capacity", 1, supply=[pool], tolerance_bp=tolerance_bp)


def test_no_more_is_planned_than_there_is_or_it_is_flagged() -> None:
    stands = given(*THREE, supply(100), allocate("AI-1", "2026-Q1", 90), allocate("AI-1", "2026-Q1", 60))
    stands.when(allocate("AI-2", "2026-Q1", 40)).then(accepted())
    stands.when(allocate("AI-2", "2026-Q1", 41)).then(flagged(Reason.OVER_CAPACITY))
    stands.when(allocate("AI-1", "2026-Q1", 100)).then(accepted())
    stands.when(allocate("AI-2", "2026-Q1", 41, kind="used")).then(accepted())
    for elsewhere in ({"pool": "chips"}, {"skill": "java"}, {"unit": "gpu_h"}):
        stands.when(allocate("AI-2", "2026-Q1", 10**12, **elsewhere)).then(accepted())
    stands.when(allocate("AI-2", "2026-Q2", 10**12)).then(accepted())


def test_plans_may_go_beyond_by_the_tolerance_rounded_down() -> None:
    stands = given(*THREE, supply(99, tolerance_bp=1_000))
    stands.when(allocate("AI-1", "2026-Q1", 108)).then(accepted())
    stands.when(allocate("AI-1", "2026-Q1", 109)).then(flagged(Reason.OVER_CAPACITY))


def test_what_has_ended_plans_nothing_and_may_have_used_something() -> None:
    stands = given(*THREE, gate("AI-1", "kill", "proposed"))
    stands.when(allocate("AI-1", "2026-Q1", 1)).then(refused(Reason.INITIATIVE_ENDED))
    stands.when(allocate("AI-1", "2026-Q1", 1, kind="used")).then(accepted())
    stands.when(allocate("AI-9", "2026-Q1", 1, kind="used")).then(refused(Reason.UNKNOWN_INITIATIVE))


# Models.


def test_a_change_of_a_model_names_its_source() -> None:
    given().when(model("gpt", "catalogued")).then(accepted())
    given().when(model("gpt", "catalogued", source=None)).then(refused(Reason.NO_SOURCE, field="data.source"))


@pytest.mark.parametrize("now", STAGES)
@pytest.mark.parametrize("then", STAGES)
def test_a_stage_of_a_model_never_goes_back(now: str, then: str) -> None:
    stands = given(model("gpt", "stage", stage=now), model("gpt", "price"))
    back = refused(Reason.STAGE_BACKWARDS, field="data.stage", value=then, last=now)
    stands.when(model("gpt", "stage", stage=then)).then(back if STAGES.index(then) < STAGES.index(now) else accepted())


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("rescheduled", accepted()),
        ("cancelled", accepted()),
        *((c, refused(Reason.STAGE_BACKWARDS)) for c in ("catalogued", "retirement_announced", "price", "withdrawn")),
    ],
)
def test_a_stage_goes_back_only_when_an_end_is_moved_or_called_off(change: str, expected: Expected) -> None:
    stands = given(model("gpt", "stage", stage="deprecated"))
    stands.when(model("gpt", change, stage="ga")).then(expected)
    stands.when(model("llama", change, stage="ga")).then(accepted())


def test_after_going_back_the_next_stage_counts_from_there() -> None:
    called_off: Any = (model("gpt", "stage", stage="deprecated"), model("gpt", "cancelled", stage="ga"))
    given(*called_off).when(model("gpt", "stage", stage="legacy")).then(accepted())
    given(*called_off).when(model("gpt", "stage", stage="preview")).then(refused(Reason.STAGE_BACKWARDS, last="ga"))
