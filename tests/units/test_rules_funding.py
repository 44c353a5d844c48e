"""Envelopes and approvals: each rule with the last case it allows and the first it refuses or flags."""

from __future__ import annotations

import pytest

from schemas.receipts import Reason
from schemas.values import MAX_MINOR
from tests.notation import Expected, accepted, flagged, given, on, refused
from tests.words import Ask, approve, fund, gate, propose, reverse

ADDS = ("initial", "supplement", "contingency", "transfer", "carry_forward")
TAKES = ("reduction", "return")
OTHER_LEG = {"transfer": {"counter_envelope": "data"}, "carry_forward": {"counter_period": "FY2025"}}
BOTH = (fund("claims", 1_000), fund("data", 1_000))


def fund_by(kind: str, minor: int) -> Ask:
    return fund("claims", minor, kind=kind, **OTHER_LEG.get(kind, {}))


# Amounts.


@pytest.mark.parametrize("kind", ADDS)
def test_funding_of_these_kinds_only_adds(kind: str) -> None:
    given(*BOTH).when(fund_by(kind, 1)).then(accepted())
    given(*BOTH).when(fund_by(kind, 0)).then(refused(Reason.ZERO_AMOUNT, field="data.amount.minor"))
    given(*BOTH).when(fund_by(kind, -1)).then(
        refused(Reason.WRONG_SIGN, field="data.amount.minor", value=-1, kind=kind, allowed="above zero")
    )


@pytest.mark.parametrize("kind", TAKES)
def test_funding_of_these_kinds_only_takes_away(kind: str) -> None:
    given(*BOTH).when(fund_by(kind, -1)).then(accepted())
    given(*BOTH).when(fund_by(kind, 0)).then(refused(Reason.ZERO_AMOUNT))
    given(*BOTH).when(fund_by(kind, 1)).then(refused(Reason.WRONG_SIGN, value=1, allowed="below zero"))


@pytest.mark.parametrize("kind", ["initial", "tranche", "supplement", "carry_forward", "contingency"])
def test_approvals_of_these_kinds_only_add(kind: str) -> None:
    stands = given(fund("claims", 1_000), propose("AI-1"))
    stands.when(approve("AI-1", "claims", 1, kind=kind)).then(accepted())
    stands.when(approve("AI-1", "claims", 0, kind=kind)).then(refused(Reason.ZERO_AMOUNT))
    stands.when(approve("AI-1", "claims", -1, kind=kind)).then(refused(Reason.WRONG_SIGN, allowed="above zero"))


@pytest.mark.parametrize("kind", ["reduction", "return"])
def test_approvals_of_these_kinds_only_take_away(kind: str) -> None:
    stands = given(fund("claims", 1_000), propose("AI-1"), approve("AI-1", "claims", 10))
    stands.when(approve("AI-1", "claims", -1, kind=kind)).then(accepted())
    stands.when(approve("AI-1", "claims", 0, kind=kind)).then(refused(Reason.ZERO_AMOUNT))
    stands.when(approve("AI-1", "claims", 1, kind=kind)).then(refused(Reason.WRONG_SIGN, allowed="below zero"))


def test_a_regularisation_may_do_both() -> None:
    stands = given(fund("claims", 1_000), propose("AI-1"), approve("AI-1", "claims", 10))
    for minor in (1, -1):
        stands.when(approve("AI-1", "claims", minor, kind="regularisation")).then(accepted())


def test_an_envelope_holds_what_the_ledger_can_hold() -> None:
    given().when(fund("claims", MAX_MINOR)).then(accepted())
    over = refused(Reason.OUT_OF_RANGE, field="data.amount.minor", total=MAX_MINOR + 1, limit=MAX_MINOR)
    given(fund("claims", MAX_MINOR)).when(fund("claims", 1)).then(over)
    given(fund("claims", -1, kind="reduction")).when(fund("claims", MAX_MINOR)).then(accepted())


def test_no_more_is_approved_than_the_ledger_can_hold() -> None:
    stands = given(fund("claims", 1), propose("AI-1"), approve("AI-1", "claims", MAX_MINOR - 1))
    stands.when(approve("AI-1", "claims", 1)).then(flagged(Reason.OVER_ENVELOPE))
    stands.when(approve("AI-1", "claims", 2)).then(refused(Reason.OUT_OF_RANGE, total=MAX_MINOR + 1))


def test_an_envelope_cannot_be_emptied_below_what_the_ledger_can_hold() -> None:
    out = (fund(name, MAX_MINOR, kind="transfer", counter_envelope="claims") for name in ("data", "lab"))
    stands = given(fund("claims", 1), *(fund(name, -1, kind="reduction") for name in ("data", "lab")), next(out))
    stands.when(next(out)).then(refused(Reason.OUT_OF_RANGE))


# Currencies.


def test_an_envelope_has_the_currency_it_was_first_funded_in() -> None:
    stands = given(fund("claims", 1, "EUR"), fund("lab", 1, "JPY"), propose("AI-1"))
    wrong = refused(Reason.WRONG_CURRENCY, field="data.amount.currency", value="USD", allowed="EUR", envelope="claims")
    stands.when(fund("claims", 1, "EUR")).then(accepted())
    stands.when(fund("claims", 1, "USD")).then(wrong)
    stands.when(approve("AI-1", "claims", 1, "EUR")).then(accepted())
    stands.when(approve("AI-1", "claims", 1, "USD")).then(wrong)
    stands.when(fund("claims", 1, "EUR", kind="transfer", counter_envelope="lab")).then(
        refused(Reason.WRONG_CURRENCY, value="EUR", allowed="JPY", envelope="lab")
    )


def test_the_currency_stays_when_the_funding_is_voided() -> None:
    given(fund("claims", 1, "EUR"), reverse(2, "void")).when(fund("claims", 1)).then(refused(Reason.WRONG_CURRENCY))


# Two legs.


def test_a_transfer_moves_money_from_one_envelope_into_another() -> None:
    came, went = given(*BOTH).when(fund("data", 7, kind="transfer", counter_envelope="claims")).then(accepted())
    assert [(leg.data.envelope, leg.data.counter_envelope, leg.data.amount.minor) for leg in (came, went)] == [
        ("data", "claims", 7),
        ("claims", "data", -7),
    ]
    assert (came.subject, went.subject) == ("envelope/data", "envelope/claims")


def test_a_carry_forward_moves_money_from_one_period_into_another() -> None:
    came, went = given(*BOTH).when(fund("claims", 7, kind="carry_forward", counter_period="FY2025")).then(accepted())
    assert [
        (leg.data.envelope, leg.data.fiscal_period, leg.data.counter_period, leg.data.amount.minor)
        for leg in (came, went)
    ] == [("claims", "FY2026", "FY2025", 7), ("claims", "FY2025", "FY2026", -7)]


@pytest.mark.parametrize(
    ("ask", "expected"),
    [
        (fund("claims", 1, kind="transfer"), refused(Reason.LEG_MISSING, field="data.counter_envelope")),
        (
            fund("claims", 1, kind="transfer", counter_period="FY2025"),
            refused(Reason.LEG_MISSING, field="data.counter_envelope"),
        ),
        (fund("claims", 1, kind="carry_forward"), refused(Reason.LEG_MISSING, field="data.counter_period")),
        (
            fund("claims", 1, kind="carry_forward", counter_envelope="data"),
            refused(Reason.LEG_MISSING, field="data.counter_period"),
        ),
        (
            fund("claims", 1, counter_envelope="data"),
            refused(Reason.LEG_MISSING, field="data.kind", value="initial", problem="has no other leg"),
        ),
        (fund("claims", 1, counter_period="FY2025"), refused(Reason.LEG_MISSING, field="data.kind")),
        (
            fund("claims", 1, kind="transfer", counter_envelope="claims"),
            refused(Reason.SELF_REFERENCE, field="data.counter_envelope", value="claims"),
        ),
        (fund("claims", 1, kind="carry_forward", counter_period="FY2026"), refused(Reason.SELF_REFERENCE)),
        (
            fund("claims", 1, kind="carry_forward", counter_period="FY2026", counter_envelope="claims"),
            refused(Reason.SELF_REFERENCE),
        ),
        (fund("claims", 1, kind="carry_forward", counter_period="FY2026", counter_envelope="data"), accepted()),
        (fund("claims", 1, kind="transfer", counter_envelope="claims", counter_period="FY2025"), accepted()),
        (
            fund("claims", 1, kind="transfer", counter_envelope="lab"),
            refused(Reason.UNKNOWN_ENVELOPE, field="data.counter_envelope", value="lab"),
        ),
    ],
)
def test_money_that_moves_names_where_it_comes_from(ask: Ask, expected: Expected) -> None:
    given(*BOTH).when(ask).then(expected)


def test_a_transfer_may_open_an_envelope() -> None:
    given(*BOTH).when(fund("lab", 1_000, kind="transfer", counter_envelope="claims")).then(accepted())


def test_the_out_leg_belongs_to_the_value_stream_of_its_own_envelope_on_that_day() -> None:
    stands = given(
        on("2026-01-01", fund("claims", 10, value_stream="retail")),
        on("2026-02-01", fund("claims", 10, kind="supplement", value_stream="research")),
        on("2026-01-01", fund("data", 10, value_stream="back-office")),
    )
    moved = fund("data", 1, kind="transfer", counter_envelope="claims", value_stream="back-office")
    for day, expected in (("2026-01-31", "retail"), ("2026-02-01", "research"), ("2025-12-31", "back-office")):
        came, went = stands.when(on(day, moved)).then(accepted())
        assert (came.data.value_stream, went.data.value_stream) == ("back-office", expected), day


def test_the_value_stream_of_a_voided_supplement_does_not_come_back_on_an_out_leg() -> None:
    supplement = fund("claims", 10, kind="supplement", value_stream="research")
    moved = fund("data", 1, kind="transfer", counter_envelope="claims", value_stream="back-office")
    for kind, expected in (("void", "retail"), ("counter", "research")):
        stands = given(fund("claims", 10), fund("data", 10), supplement, reverse(4, kind))
        _, went = stands.when(moved).then(accepted())
        assert went.data.value_stream == expected


# Enough money.


def test_approvals_stay_within_the_envelope_or_are_flagged() -> None:
    stands = given(fund("claims", 100), propose("AI-1"), propose("AI-2"), approve("AI-1", "claims", 60))
    stands.when(approve("AI-2", "claims", 40)).then(accepted())
    stands.when(approve("AI-2", "claims", 41)).then(flagged(Reason.OVER_ENVELOPE))


def test_lowering_an_approval_is_never_flagged() -> None:
    stands = given(fund("claims", 100), propose("AI-1"), approve("AI-1", "claims", 200))
    stands.when(approve("AI-1", "claims", -1)).then(accepted())


@pytest.mark.parametrize("kind", TAKES)
def test_funds_are_not_taken_from_under_approvals_without_a_flag(kind: str) -> None:
    stands = given(fund("claims", 100), propose("AI-1"), approve("AI-1", "claims", 60))
    stands.when(fund("claims", -40, kind=kind)).then(accepted())
    stands.when(fund("claims", -41, kind=kind)).then(flagged(Reason.OVER_ENVELOPE))


def test_funds_are_not_moved_from_under_approvals_without_a_flag() -> None:
    stands = given(*BOTH, propose("AI-1"), approve("AI-1", "claims", 600))
    stands.when(fund("data", 400, kind="transfer", counter_envelope="claims")).then(accepted())
    stands.when(fund("data", 401, kind="transfer", counter_envelope="claims")).then(flagged(Reason.OVER_ENVELOPE))
    carried = {"kind": "carry_forward", "counter_period": "FY2025", "counter_envelope": "claims"}
    stands.when(fund("data", 400, **carried)).then(accepted())
    stands.when(fund("data", 401, **carried)).then(flagged(Reason.OVER_ENVELOPE))


def test_a_carry_forward_within_one_envelope_takes_nothing_from_it() -> None:
    stands = given(fund("claims", 100), propose("AI-1"), approve("AI-1", "claims", 100))
    for more in ({}, {"counter_envelope": "claims"}):
        stands.when(fund("claims", 100, kind="carry_forward", counter_period="FY2025", **more)).then(accepted())


# For whom, and from what.


def test_funding_is_approved_for_known_initiatives_from_known_envelopes() -> None:
    stands = given(fund("claims", 100), propose("AI-1"))
    stands.when(approve("AI-2", "claims", 1)).then(refused(Reason.UNKNOWN_INITIATIVE, field="data.initiative"))
    stands.when(approve("AI-1", "data", 1)).then(refused(Reason.UNKNOWN_ENVELOPE, field="data.envelope", value="data"))


@pytest.mark.parametrize(("outcome", "status"), [("kill", "killed"), ("complete", "completed"), ("merged", "merged")])
def test_an_initiative_that_has_ended_gives_money_back_and_gets_none(outcome: str, status: str) -> None:
    stands = given(
        fund("claims", 100), propose("AI-1"), approve("AI-1", "claims", 10), gate("AI-1", outcome, "proposed")
    )
    stands.when(approve("AI-1", "claims", -10)).then(accepted())
    stands.when(approve("AI-1", "claims", 1)).then(refused(Reason.INITIATIVE_ENDED, value="AI-1", status=status))


def test_an_initiative_on_hold_may_get_money() -> None:
    stands = given(fund("claims", 100), propose("AI-1"), gate("AI-1", "hold", "proposed"))
    stands.when(approve("AI-1", "claims", 1)).then(accepted())
