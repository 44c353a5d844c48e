"""Periods, closed and opened again: each rule with the last case it allows and the first it refuses or flags."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.receipts import Reason
from tests.notation import Expected, accepted, flagged, foreign, given, on, refused
from tests.words import (
    Ask,
    approve,
    close_period,
    commit,
    fund,
    opening,
    pay,
    propose,
    reverse,
)

READY = (fund("claims", 100), propose("AI-1"), approve("AI-1", "claims", 60))
SPENT = (*READY, commit("AI-1", "claims", "C-1", 20), pay("AI-1", "claims", "P-1", 5, commitment="C-1"))
CLOSED = close_period("FY2026", "final")


def total(measure: str, minor: int, currency: str = "USD") -> dict[str, Any]:
    return {"measure": measure, "currency": currency, "amount_minor": minor}


def told(totals: Any) -> list[tuple[str, str, int]]:
    return [(each.measure, each.currency, each.amount_minor) for each in totals]


# From one status to another.

SOFT, FINAL, AGAIN = (close_period("FY2026", status) for status in ("soft", "final", "reopened"))
SHUT = refused(Reason.PERIOD_CLOSED, field="data.period", value="FY2026")
NOT_SHUT = refused(Reason.NOT_CLOSED, field="data.status")


@pytest.mark.parametrize(
    ("before", "ask", "expected"),
    [
        ((), SOFT, accepted()),
        ((), FINAL, accepted()),
        ((), AGAIN, NOT_SHUT),
        ((SOFT,), SOFT, SHUT),
        ((SOFT,), FINAL, accepted()),
        ((SOFT,), AGAIN, accepted()),
        ((FINAL,), SOFT, SHUT),
        ((FINAL,), FINAL, SHUT),
        ((FINAL,), AGAIN, NOT_SHUT),
        ((SOFT, FINAL), AGAIN, NOT_SHUT),
        ((SOFT, AGAIN), SOFT, accepted()),
        ((SOFT, AGAIN), FINAL, accepted()),
        ((SOFT, AGAIN), AGAIN, NOT_SHUT),
    ],
)
def test_a_period_closed_softly_can_be_reopened_and_finally_not(
    before: tuple[Ask, ...], ask: Ask, expected: Expected
) -> None:
    given(*before).when(ask).then(expected)


def test_a_closing_is_not_taken_back() -> None:
    for closing in (SOFT, FINAL):
        given(closing).when(reverse(2, "void")).then(refused(Reason.NOT_REVERSIBLE))


# What a closed period takes.


@pytest.mark.parametrize("status", ["soft", "final"])
@pytest.mark.parametrize(
    ("ask", "field"),
    [
        (fund("claims", 1, kind="supplement"), "data.fiscal_period"),
        (
            fund("claims", 1, kind="carry_forward", fiscal_period="FY2027", counter_period="FY2026"),
            "data.counter_period",
        ),
        (approve("AI-1", "claims", 1), "data.period"),
        (approve("AI-1", "claims", -1), "data.period"),
        (approve("AI-1", "claims", 1, period="FY2026-Q4"), "data.period"),
        (pay("AI-1", "claims", "P-2", 1), "data.period"),
    ],
)
def test_a_closed_period_takes_no_money(status: str, ask: Ask, field: str) -> None:
    shut = refused(Reason.PERIOD_CLOSED, field=field, closed="FY2026")
    given(*READY, close_period("FY2026", status)).when(ask).then(shut)
    given(*READY, SOFT, AGAIN).when(ask).then(accepted())


def test_a_contract_in_a_closed_period_is_real_and_flagged() -> None:
    stands = given(*READY, close_period("2026-01"))
    stands.when(commit("AI-1", "claims", "C-1", 1)).then(flagged(Reason.IN_CLOSED_PERIOD))
    stands.when(commit("AI-1", "claims", "C-1", 1, period="2026-02")).then(accepted())


def test_a_closed_month_leaves_the_next_and_the_year_open() -> None:
    stands = given(*READY, close_period("2026-01", "final"))
    stands.when(pay("AI-1", "claims", "P-1", 1)).then(refused(Reason.PERIOD_CLOSED, closed="2026-01"))
    stands.when(pay("AI-1", "claims", "P-1", 1, period="2026-02")).then(accepted())
    stands.when(approve("AI-1", "claims", 1)).then(accepted())


def test_the_fiscal_year_of_an_approval_is_that_of_the_calendar() -> None:
    first = opening()
    april = on("2026-01-12", first._replace(data=first.data | {"fiscal_year_start": 4}))
    stands = given(april, fund("claims", 9), propose("AI-1"), CLOSED)
    shut = refused(Reason.PERIOD_CLOSED, field="data.period", value="FY2026")
    for day, expected in (("2026-03-31", shut), ("2025-04-01", shut), ("2026-04-01", accepted())):
        stands.when(on(day, approve("AI-1", "claims", 1))).then(expected)
    stands.when(on("2025-03-31", approve("AI-1", "claims", 1))).then(accepted())


def test_a_closed_year_takes_no_void_of_its_entries_but_a_counter_in_the_open_one() -> None:
    stands = given(*SPENT, CLOSED)
    for sequence in (2, 4, 5, 6):
        stands.when(reverse(sequence, "void")).then(
            refused(Reason.PERIOD_CLOSED, field="data.sequence", closed="FY2026")
        )
        stands.when(reverse(sequence, "counter")).then(
            refused(Reason.PERIOD_CLOSED, field="data.period", value="FY2026")
        )
    for sequence in (4, 6):
        stands.when(reverse(sequence, "counter", period="FY2027")).then(accepted())
        stands.when(on("2027-01-01", reverse(sequence, "counter"))).then(accepted())
        stands.when(on("2027-01-01", reverse(sequence, "void"))).then(refused(Reason.PERIOD_CLOSED))


# What a closing says.


def test_a_closing_tells_what_the_book_says() -> None:
    stands = given(*SPENT, fund("lab", 7, "EUR"), fund("lab", 9, "EUR", kind="supplement", fiscal_period="FY2027"))
    (event,) = stands.when(SOFT).then(accepted())
    assert told(event.data.totals) == [
        ("actual", "USD", 5),
        ("approved", "USD", 60),
        ("committed", "USD", 15),
        ("funded", "EUR", 7),
        ("funded", "USD", 100),
    ]
    assert {(each.measure, each.currency): each.amount_minor for each in event.data.totals} == (
        stands.book.period_totals("FY2026")
    )
    assert (event.data.last_sequence, event.data.root) == (stands.book.sequence, stands.book.frontier.root().hex())


def test_a_closing_covers_foreign_entries_too() -> None:
    before = given(*READY)
    root = before.book.frontier.root().hex()
    after = before.and_(foreign())
    (event,) = after.when(SOFT).then(accepted())
    assert event.data.last_sequence == 5
    assert event.data.root == after.book.frontier.root().hex() != root


def test_a_month_has_what_is_booked_in_it_and_a_quarter_what_is_booked_in_its_months() -> None:
    stands = given(*SPENT, pay("AI-1", "claims", "P-2", 3, period="2026-02"))
    for period, expected in (
        ("2026-01", [("actual", "USD", 5), ("committed", "USD", 15)]),
        ("2026-02", [("actual", "USD", 3)]),
        ("2026-Q1", [("actual", "USD", 8), ("committed", "USD", 15)]),
        ("2026-Q2", []),
    ):
        (event,) = stands.when(close_period(period)).then(accepted())
        assert told(event.data.totals) == expected, period


def test_a_counter_is_booked_in_its_own_period_and_a_void_where_the_entry_was() -> None:
    for back, expected in (
        (reverse(4, "counter", period="FY2027"), {"FY2026": 60, "FY2027": -60}),
        (on("2027-01-01", reverse(4, "counter")), {"FY2026": 60, "FY2027": -60}),
        (reverse(4, "counter"), {"FY2026": 0, "FY2027": None}),
        (on("2027-01-01", reverse(4, "void")), {"FY2026": 0, "FY2027": None}),
    ):
        stands = given(*READY, back)
        for period, minor in expected.items():
            (event,) = stands.when(close_period(period)).then(accepted())
            approved = {each.measure: each.amount_minor for each in event.data.totals}.get("approved")
            assert approved == minor, (back, period)


def test_totals_that_are_told_are_those_of_the_book() -> None:
    right = [total("approved", 60), total("funded", 100)]
    stands = given(*READY)
    for good in (None, right, right[::-1], [*right, total("actual", 0)], [*right, total("funded", 0, "EUR")]):
        stands.when(close_period("FY2026", totals=good)).then(accepted())
    for bad, measure, value, allowed in (
        ([], "approved", 0, 60),
        (right[:1], "funded", 0, 100),
        ([total("approved", 59), right[1]], "approved", 59, 60),
        ([total("approved", 61), right[1]], "approved", 61, 60),
        ([*right, total("actual", 1)], "actual", 1, 0),
    ):
        stands.when(close_period("FY2026", totals=bad)).then(
            refused(Reason.TOTALS_DIFFER, field="data.totals", measure=measure, value=value, allowed=allowed)
        )
