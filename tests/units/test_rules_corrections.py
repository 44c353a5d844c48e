"""Reversals: what can be taken back, what goes with it, and what it breaks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from schemas.receipts import Reason
from schemas.values import MAX_MINOR
from tests.notation import TODAY, accepted, flagged, foreign, given, on, refused
from tests.words import (
    Ask,
    align,
    amend,
    approve,
    close_period,
    commit,
    forecast,
    fund,
    gate,
    objective,
    objectives,
    pay,
    plan,
    propose,
    reverse,
)

FIELD = "data.sequence"
READY = (fund("claims", 100), propose("AI-1"))
"""Three entries with the opening."""
SET = (objectives(objective("growth", 10_000)), propose("AI-1"))

MONEY = [
    (READY, fund("claims", 1, kind="supplement")),
    (READY, approve("AI-1", "claims", 1)),
    (READY, commit(None, "claims", "C-1", 1)),
    (READY, pay(None, "claims", "P-1", 1)),
]
REPLACING = [
    (SET, objectives(objective("growth", 10_000, owner="olga"))),
    (SET, align("AI-1", growth=1)),
    (SET, amend("AI-1", title="Better")),
    (SET, plan("AI-1", 1, 1)),
    (SET, forecast("AI-1", str(TODAY), 1)),
    (SET, gate("AI-1", "go", "proposed", "scope")),
]


# Which entries.


def test_an_entry_that_is_not_there_cannot_be_reversed() -> None:
    given(*READY).when(reverse(4, "void")).then(refused(Reason.UNKNOWN_ENTRY, field=FIELD, value=4, last=3))


def test_a_foreign_entry_cannot_be_reversed() -> None:
    given(*READY, foreign()).when(reverse(4, "void")).then(refused(Reason.UNKNOWN_ENTRY, value=4, last=4))


@pytest.mark.parametrize(("before", "ask"), MONEY)
def test_money_is_reversed_by_void_and_by_counter_at_any_time(before: Sequence[Ask], ask: Ask) -> None:
    for kind in ("void", "counter"):
        given(*before, ask).when(reverse(4, kind)).then(accepted())
        given(*before, ask, amend("AI-1", lead="lee"), fund("data", 1)).when(reverse(4, kind)).then(accepted())


@pytest.mark.parametrize(("before", "ask"), REPLACING)
def test_a_fact_that_replaces_another_is_voided_while_it_is_the_newest(before: Sequence[Ask], ask: Ask) -> None:
    stands = given(*before, ask)
    stands.when(reverse(4, "void")).then(accepted())
    stands.when(reverse(4, "counter")).then(
        refused(Reason.NOT_REVERSIBLE, field=FIELD, value=4, problem="a counter takes back money only; use void")
    )


def test_only_the_newest_of_its_subject_and_type_is_voided() -> None:
    stands = given(*SET, amend("AI-1", title="Better"), amend("AI-1", title="Best"), propose("AI-2"))
    stands.when(reverse(4, "void")).then(refused(Reason.NOT_NEWEST, field=FIELD, value=4, subject="initiative/AI-1"))
    stands.when(reverse(5, "void")).then(accepted())
    stands.and_(reverse(5, "void")).when(reverse(4, "void")).then(accepted())


def test_another_type_or_subject_in_between_does_not_matter() -> None:
    others = (propose("AI-2"), amend("AI-2", title="Other"), gate("AI-1", "go", "proposed", "scope"))
    given(*SET, amend("AI-1", title="Better"), *others).when(reverse(4, "void")).then(accepted())


@pytest.mark.parametrize("kind", ["void", "counter"])
def test_an_opening_and_a_proposal_stand_for_ever(kind: str) -> None:
    for sequence, name in ((1, "PortfolioOpened.v1"), (3, "InitiativeProposed.v1")):
        given(*READY).when(reverse(sequence, kind)).then(refused(Reason.NOT_REVERSIBLE, value=sequence, type=name))


@pytest.mark.parametrize("kind", ["void", "counter"])
def test_an_entry_is_reversed_once_and_a_reversal_never(kind: str) -> None:
    stands = given(*READY, reverse(2, kind))
    stands.when(reverse(2, "void")).then(refused(Reason.ALREADY_REVERSED, field=FIELD, value=2, reversed_by=4))
    stands.when(reverse(4, "void")).then(refused(Reason.IS_REVERSAL, field=FIELD, value=4))


# Two legs.


@pytest.mark.parametrize("named", [4, 5])
def test_a_transfer_is_reversed_whole_whichever_leg_is_named(named: int) -> None:
    moved = fund("data", 7, kind="transfer", counter_envelope="claims")
    stands = given(fund("claims", 100), fund("data", 100), moved)
    first, second = stands.when(reverse(named, "counter")).then(accepted())
    assert (first.data.sequence, {first.data.sequence, second.data.sequence}) == (named, {4, 5})
    stands.and_(reverse(named, "counter"))
    for sequence in (4, 5):
        stands.when(reverse(sequence, "void")).then(refused(Reason.ALREADY_REVERSED, value=sequence))
    assert [stands.book.total("funded", envelope) for envelope in ("claims", "data")] == [100, 100]


def test_reversing_a_transfer_is_flagged_where_the_money_was_approved_since() -> None:
    moved = fund("data", 10, kind="transfer", counter_envelope="claims")
    stands = given(*READY, fund("data", 1), moved, approve("AI-1", "data", 1))
    stands.when(reverse(5, "void")).then(accepted())
    stands.and_(approve("AI-1", "data", 1)).when(reverse(5, "void")).then(flagged(Reason.OVER_ENVELOPE))
    stands.when(reverse(6, "void")).then(flagged(Reason.OVER_ENVELOPE))


def test_reversing_a_carry_forward_within_one_envelope_takes_nothing_from_it() -> None:
    carried = fund("claims", 50, kind="carry_forward", counter_period="FY2025")
    stands = given(*READY, approve("AI-1", "claims", 100), carried)
    stands.when(reverse(5, "void")).then(accepted())
    stands.when(reverse(6, "void")).then(accepted())


# What it breaks.


@pytest.mark.parametrize("kind", ["void", "counter"])
def test_reversing_funds_below_what_is_approved_is_flagged(kind: str) -> None:
    stands = given(*READY, fund("claims", 40, kind="supplement"), approve("AI-1", "claims", 100))
    stands.when(reverse(4, kind)).then(accepted())
    stands.and_(approve("AI-1", "claims", 1)).when(reverse(4, kind)).then(flagged(Reason.OVER_ENVELOPE))


@pytest.mark.parametrize("kind", ["void", "counter"])
def test_reversing_the_reduction_of_an_approval_is_flagged_where_the_funds_are_gone(kind: str) -> None:
    approved = (approve("AI-1", "claims", 100), approve("AI-1", "claims", -40))
    stands = given(*READY, *approved)
    stands.when(reverse(5, kind)).then(accepted())
    stands.and_(fund("claims", -1, kind="reduction")).when(reverse(5, kind)).then(flagged(Reason.OVER_ENVELOPE))


def test_reversing_what_gives_room_is_never_flagged() -> None:
    stands = given(*READY, fund("claims", -10, kind="reduction"), approve("AI-1", "claims", 200))
    stands.when(reverse(4, "void")).then(accepted())
    stands.when(reverse(5, "void")).then(accepted())


def test_a_reversal_never_brings_a_sum_beyond_what_the_ledger_can_hold() -> None:
    less = fund("claims", -MAX_MINOR, kind="reduction")
    stands = given(fund("claims", MAX_MINOR), less, fund("claims", MAX_MINOR, kind="supplement"))
    stands.when(reverse(3, "void")).then(refused(Reason.OUT_OF_RANGE))


def test_a_reversal_may_be_effective_on_any_day() -> None:
    for day in ("2020-01-01", "2030-01-01"):
        given(on("2026-01-12", fund("claims", 1))).when(on(day, reverse(2, "counter"))).then(accepted())


def test_no_leg_is_voided_out_of_a_closed_period() -> None:
    """A carry-forward is voided as a whole: where one of its years is closed, it stays."""
    carried = fund("claims", 5, kind="carry_forward", counter_period="FY2025")
    given(fund("claims", 9), carried).when(reverse(3, "void")).then(accepted())
    for year in ("FY2025", "FY2026"):
        for leg in (3, 4):
            stands = given(fund("claims", 9), carried, close_period(year))
            stands.when(reverse(leg, "void")).then(refused(Reason.PERIOD_CLOSED, closed=year))
