"""Proposals, amendments, plans, forecasts and gates: what each rule last allows, and what it first refuses."""

from __future__ import annotations

import pytest

from schemas.receipts import Reason
from tests.notation import TODAY, Expected, accepted, given, on, refused
from tests.words import Ask, amend, forecast, gate, opening, plan, propose, reverse

ENDED = (propose("AI-1"), gate("AI-1", "kill", "proposed"))


# Proposals.


def test_an_initiative_is_proposed_once() -> None:
    given(propose("AI-1")).when(propose("AI-2")).then(accepted())
    given(propose("AI-1")).when(propose("AI-1")).then(
        refused(Reason.INITIATIVE_EXISTS, field="data.initiative", value="AI-1")
    )
    given(*ENDED).when(propose("AI-1")).then(refused(Reason.INITIATIVE_EXISTS))


@pytest.mark.parametrize("ask", [propose, amend])
def test_a_parent_is_another_initiative_that_is_known(ask: type[Ask]) -> None:
    stands = given(propose("AI-0")) if ask is propose else given(propose("AI-0"), propose("AI-1"))
    stands.when(ask("AI-1", parent="AI-0")).then(accepted())
    stands.when(ask("AI-1", parent="AI-1")).then(refused(Reason.SELF_REFERENCE, field="data.parent", value="AI-1"))
    stands.when(ask("AI-1", parent="AI-9")).then(refused(Reason.UNKNOWN_INITIATIVE, field="data.parent", value="AI-9"))


# Amendments.


def test_a_living_initiative_is_amended() -> None:
    given(propose("AI-1")).when(amend("AI-1", title="Better")).then(accepted())
    given().when(amend("AI-1", title="Better")).then(refused(Reason.UNKNOWN_INITIATIVE, field="data.initiative"))
    given(*ENDED).when(amend("AI-1", title="Better")).then(refused(Reason.INITIATIVE_ENDED, status="killed"))


@pytest.mark.parametrize("changes", [{}, {"title": "Initiative AI-1"}, {"title": "Initiative AI-1", "sponsor": "sam"}])
def test_an_amendment_changes_something(changes: dict[str, str]) -> None:
    given(propose("AI-1")).when(amend("AI-1", **changes)).then(refused(Reason.NOTHING_CHANGES, field="data"))
    given(propose("AI-1")).when(amend("AI-1", **changes, lead="lee")).then(accepted())


def test_an_amendment_is_judged_on_its_own_day() -> None:
    renamed = on("2026-06-01", amend("AI-1", title="Better"))
    stands = given(on("2026-01-01", propose("AI-1")), renamed)
    stands.when(on("2026-05-31", amend("AI-1", title="Better"))).then(accepted())
    stands.when(on("2026-06-01", amend("AI-1", title="Better"))).then(refused(Reason.NOTHING_CHANGES))
    stands.when(on("2026-05-31", amend("AI-1", title="Initiative AI-1"))).then(refused(Reason.NOTHING_CHANGES))
    stands.when(on("2026-06-01", amend("AI-1", title="Initiative AI-1"))).then(accepted())


def test_an_amendment_that_was_voided_says_nothing() -> None:
    stands = given(propose("AI-1"), amend("AI-1", title="Better"), reverse(3, "void"))
    stands.when(amend("AI-1", title="Better")).then(accepted())
    stands.when(amend("AI-1", title="Initiative AI-1")).then(refused(Reason.NOTHING_CHANGES))


def test_of_two_statements_about_one_day_the_later_recorded_holds() -> None:
    stands = given(propose("AI-1"), amend("AI-1", lead="lee"), amend("AI-1", lead="mia", sponsor="sue"))
    assert {**stands.book.description("AI-1", TODAY)} == {
        **dict.fromkeys(("parent", "ai")),
        "title": "Initiative AI-1",
        "sponsor": "sue",
        "lead": "mia",
        "value_stream": "retail",
        "kind": "unclassified",
        "horizon": "unknown",
    }


# Baselines.


@pytest.mark.parametrize(
    ("numbers", "number", "expected"),
    [
        ((), 1, accepted()),
        ((), 2, refused(Reason.BASELINE_NUMBER, field="data.number", value=2, allowed=1)),
        ((1,), 2, accepted()),
        ((1,), 1, refused(Reason.BASELINE_NUMBER, value=1, allowed=2)),
        ((1,), 3, refused(Reason.BASELINE_NUMBER, value=3, allowed=2)),
    ],
)
def test_baselines_are_numbered_without_a_gap(numbers: tuple[int, ...], number: int, expected: Expected) -> None:
    given(propose("AI-1"), *(plan("AI-1", each, 1) for each in numbers)).when(plan("AI-1", number, 1)).then(expected)


def test_the_number_of_a_voided_baseline_is_free_again() -> None:
    stands = given(propose("AI-1"), plan("AI-1", 1, 1), plan("AI-1", 2, 1), reverse(4, "void"))
    stands.when(plan("AI-1", 2, 1)).then(accepted())
    stands.when(plan("AI-1", 3, 1)).then(refused(Reason.BASELINE_NUMBER, allowed=2))


def test_a_plan_finishes_no_earlier_than_it_starts() -> None:
    stands = given(propose("AI-1"))
    stands.when(plan("AI-1", 1, 1, start="2026-03-01", finish="2026-03-01")).then(accepted())
    stands.when(plan("AI-1", 1, 1, start="2026-03-01", finish="2026-02-28")).then(
        refused(Reason.FINISH_BEFORE_START, field="data.finish")
    )
    stands.when(plan("AI-1", 1, 1, finish="2026-02-28")).then(accepted())


@pytest.mark.parametrize(
    ("ask", "field"),
    [(plan("AI-1", 1, 1, 2), "data.cost"), (forecast("AI-1", str(TODAY), 1, 2), "data.estimate_to_complete")],
)
def test_a_plan_and_a_forecast_have_one_currency(ask: Ask, field: str) -> None:
    given(propose("AI-1")).when(ask).then(accepted())
    parts = ask.data[field.removeprefix("data.")]
    mixed = [parts[0], {**parts[1], "amount": {"minor": 2, "currency": "EUR"}}]
    given(propose("AI-1")).when(ask._replace(data=ask.data | {field.removeprefix("data."): mixed})).then(
        refused(Reason.WRONG_CURRENCY, field=field, value=["EUR", "USD"], allowed="one currency")
    )


def test_a_living_initiative_is_planned() -> None:
    given().when(plan("AI-1", 1, 1)).then(refused(Reason.UNKNOWN_INITIATIVE))
    given(*ENDED).when(plan("AI-1", 1, 1)).then(refused(Reason.INITIATIVE_ENDED))


# Forecasts.


def test_a_forecast_is_dated_today_at_the_latest_and_no_earlier_than_the_last() -> None:
    stands = given(propose("AI-1"), forecast("AI-1", "2026-01-10", 1))
    for day in ("2026-01-10", "2026-01-12"):
        stands.when(forecast("AI-1", day, 1)).then(accepted())
    for day in ("2026-01-09", "2026-01-13"):
        stands.when(forecast("AI-1", day, 1)).then(refused(Reason.FORECAST_DATE, field="data.as_of"))
    given(propose("AI-1")).when(forecast("AI-1", "1999-01-01", 1)).then(accepted())


def test_after_a_voided_forecast_the_one_before_is_the_last() -> None:
    stands = given(
        propose("AI-1"), forecast("AI-1", "2026-01-05", 1), forecast("AI-1", "2026-01-10", 1), reverse(4, "void")
    )
    stands.when(forecast("AI-1", "2026-01-05", 1)).then(accepted())
    stands.when(forecast("AI-1", "2026-01-04", 1)).then(refused(Reason.FORECAST_DATE))


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("Pacific/Auckland", "2026-01-12T10:59:59.999999+00:00", refused(Reason.FORECAST_DATE)),
        ("Pacific/Auckland", "2026-01-12T11:00:00+00:00", accepted()),
        ("America/New_York", "2026-01-13T04:59:59.999999+00:00", refused(Reason.FORECAST_DATE)),
        ("America/New_York", "2026-01-13T05:00:00+00:00", accepted()),
        ("UTC", "2026-01-12T23:59:59.999999+00:00", refused(Reason.FORECAST_DATE)),
        ("UTC", "2026-01-13T00:00:00+00:00", accepted()),
    ],
)
def test_today_is_the_day_in_the_time_zone_of_the_portfolio(zone: str, at: str, expected: Expected) -> None:
    stands = given(opening(time_zone=zone), propose("AI-1"))
    stands.when(forecast("AI-1", "2026-01-13", 1), at=at).then(expected)


def test_in_an_import_today_is_the_day_of_the_stated_time() -> None:
    published = {"recordedtime": "2024-01-20T09:00:00Z"}
    stands = given(
        on("2024-01-15", opening(historic=True), **published), on("2024-01-15", propose("AI-1"), **published)
    )
    stands.when(on("2024-01-15", forecast("AI-1", "2024-01-20", 1), **published)).then(accepted())
    stands.when(on("2024-01-15", forecast("AI-1", "2024-01-21", 1), **published)).then(refused(Reason.FORECAST_DATE))


def test_what_was_killed_may_still_be_forecast() -> None:
    given().when(forecast("AI-1", str(TODAY), 1)).then(refused(Reason.UNKNOWN_INITIATIVE))
    given(*ENDED).when(forecast("AI-1", str(TODAY))).then(accepted())


# Gates.


def test_a_gate_is_passed_from_the_stage_an_initiative_is_in() -> None:
    stands = given(propose("AI-1"))
    stands.when(gate("AI-1", "go", "proposed", "scope")).then(accepted())
    stands.when(gate("AI-1", "go", "scope", "build")).then(
        refused(Reason.STAGE_MISMATCH, field="data.stage_from", value="scope", allowed="proposed")
    )
    stands.and_(gate("AI-1", "go", "proposed", "scope"))
    stands.when(gate("AI-1", "recycle", "scope", "proposed")).then(accepted())
    stands.when(gate("AI-1", "go", "proposed", "scope")).then(refused(Reason.STAGE_MISMATCH, allowed="scope"))


@pytest.mark.parametrize("outcome", ["hold", "kill", "merged"])
def test_these_outcomes_leave_an_initiative_in_its_stage(outcome: str) -> None:
    given(propose("AI-1")).when(gate("AI-1", outcome, "proposed")).then(accepted())
    given(propose("AI-1")).when(gate("AI-1", outcome, "proposed", "scope")).then(
        refused(Reason.STAGE_MISMATCH, field="data.stage_to", value="scope", allowed="proposed")
    )


@pytest.mark.parametrize("outcome", ["go", "conditional_go", "recycle", "pivot", "complete"])
def test_these_outcomes_may_lead_to_another_stage(outcome: str) -> None:
    given(propose("AI-1")).when(gate("AI-1", outcome, "proposed", "scope")).then(accepted())
    given(propose("AI-1")).when(gate("AI-1", outcome, "proposed")).then(accepted())


@pytest.mark.parametrize("outcome", ["kill", "complete", "merged"])
def test_an_initiative_ends_once(outcome: str) -> None:
    stands = given(propose("AI-1"), gate("AI-1", outcome, "proposed"))
    stands.when(gate("AI-1", "go", "proposed", "scope")).then(refused(Reason.INITIATIVE_ENDED))
    given().when(gate("AI-1", outcome, "proposed")).then(refused(Reason.UNKNOWN_INITIATIVE))


def test_an_initiative_whose_end_was_voided_lives() -> None:
    given(*ENDED, reverse(3, "void")).when(gate("AI-1", "go", "proposed", "scope")).then(accepted())


def test_a_hold_is_lifted_by_the_next_gate() -> None:
    stands = given(propose("AI-1"), gate("AI-1", "hold", "proposed"))
    assert stands.book.status("AI-1") == "held"
    stands.and_(gate("AI-1", "go", "proposed", "scope"))
    assert (stands.book.status("AI-1"), stands.book.stage("AI-1")) == ("active", "scope")
