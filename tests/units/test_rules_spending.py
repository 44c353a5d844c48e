"""Contracts and invoices: refused for identity and arithmetic alone; what they break of an approval is flagged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas.receipts import Reason
from schemas.values import MAX_MINOR
from tests.notation import accepted, flagged, given, refused
from tests.words import Ask, approve, commit, fund, gate, pay, propose, reverse

Post = Callable[..., Ask]
READY = (fund("claims", 1_000), fund("data", 1_000), propose("AI-1"), approve("AI-1", "claims", 100))
"""Five entries with the opening."""
CONTRACT = (*READY, commit("AI-1", "claims", "C-1", 60))

both = pytest.mark.parametrize("post", [commit, pay])


@both
def test_money_is_posted_to_what_is_known(post: Post) -> None:
    given(*READY).when(post("AI-1", "claims", "X-1", 1)).then(accepted())
    given(*READY).when(post(None, "claims", "X-1", 1)).then(accepted())
    given(*READY).when(post("AI-1", "lab", "X-1", 1)).then(refused(Reason.UNKNOWN_ENVELOPE, field="data.envelope"))
    given(*READY).when(post("AI-9", "claims", "X-1", 1)).then(
        refused(Reason.UNKNOWN_INITIATIVE, field="data.initiative", value="AI-9")
    )


@both
def test_an_amount_is_in_the_currency_of_the_envelope_and_not_zero(post: Post) -> None:
    given(*READY).when(post("AI-1", "claims", "X-1", 1, "EUR")).then(
        refused(Reason.WRONG_CURRENCY, value="EUR", allowed="USD", envelope="claims")
    )
    given(*READY).when(post("AI-1", "claims", "X-1", 0)).then(refused(Reason.ZERO_AMOUNT, field="data.amount.minor"))
    given(*READY).when(post("AI-1", "claims", "X-1", -1)).then(accepted())


@both
def test_no_more_is_posted_than_the_ledger_can_hold(post: Post) -> None:
    stands = given(*READY, post(None, "claims", "X-1", MAX_MINOR - 1))
    stands.when(post(None, "claims", "X-2", 1)).then(accepted())
    stands.when(post(None, "claims", "X-2", 2)).then(refused(Reason.OUT_OF_RANGE, total=MAX_MINOR + 1))


@both
def test_up_to_what_was_approved_nothing_is_flagged(post: Post) -> None:
    given(*READY).when(post("AI-1", "claims", "X-1", 100)).then(accepted())
    given(*READY).when(post("AI-1", "claims", "X-1", 101)).then(flagged(Reason.OVER_APPROVED))
    given(*CONTRACT).when(post("AI-1", "claims", "X-1", 40)).then(accepted())
    given(*CONTRACT).when(post("AI-1", "claims", "X-1", 41)).then(flagged(Reason.OVER_APPROVED))


@both
def test_what_was_approved_from_one_envelope_is_not_spent_from_another(post: Post) -> None:
    given(*READY).when(post("AI-1", "data", "X-1", 1)).then(flagged(Reason.OVER_APPROVED))


@both
def test_money_that_names_no_initiative_or_comes_back_breaks_no_approval(post: Post) -> None:
    given(*READY).when(post(None, "claims", "X-1", 101)).then(accepted())
    given(*READY, post("AI-1", "claims", "X-1", 200)).when(post("AI-1", "claims", "X-2", -1)).then(accepted())


@both
def test_what_is_posted_after_the_end_is_true_all_the_same_and_flagged(post: Post) -> None:
    stands = given(*READY, gate("AI-1", "kill", "proposed"))
    stands.when(post("AI-1", "claims", "X-1", 100)).then(flagged(Reason.AFTER_END))
    stands.when(post("AI-1", "claims", "X-1", 101)).then(flagged(Reason.AFTER_END, Reason.OVER_APPROVED))
    given(*READY, gate("AI-1", "hold", "proposed")).when(post("AI-1", "claims", "X-1", 100)).then(accepted())


# Invoices on contracts.


def test_an_invoice_on_a_contract_uses_no_approval_a_second_time() -> None:
    stands = given(*READY, commit("AI-1", "claims", "C-1", 100))
    stands.when(pay("AI-1", "claims", "P-1", 100, commitment="C-1")).then(accepted())
    stands.when(pay("AI-1", "claims", "P-1", 1)).then(flagged(Reason.OVER_APPROVED))


def test_no_more_is_paid_on_a_contract_than_it_holds_without_a_flag() -> None:
    stands = given(*CONTRACT, pay("AI-1", "claims", "P-1", 20, commitment="C-1"))
    stands.when(pay("AI-1", "claims", "P-2", 40, commitment="C-1")).then(accepted())
    stands.when(pay("AI-1", "claims", "P-2", 41, commitment="C-1")).then(flagged(Reason.OVER_COMMITMENT))


def test_what_is_flagged_is_listed_in_the_order_it_was_found() -> None:
    stands = given(*READY, commit("AI-1", "claims", "C-1", 101), gate("AI-1", "kill", "proposed"))
    stands.when(pay("AI-1", "claims", "P-1", 102, commitment="C-1")).then(
        flagged(Reason.AFTER_END, Reason.OVER_APPROVED, Reason.OVER_COMMITMENT)
    )


@pytest.mark.parametrize(
    ("initiative", "envelope", "commitment"),
    [("AI-1", "claims", "C-2"), ("AI-1", "data", "C-1"), (None, "claims", "C-1")],
)
def test_a_contract_stands_on_one_envelope_and_initiative(
    initiative: str | None, envelope: str, commitment: str
) -> None:
    given(*CONTRACT).when(pay(initiative, envelope, "P-1", 1, commitment=commitment)).then(
        refused(Reason.UNKNOWN_COMMITMENT, field="data.commitment", value=commitment, envelope=envelope)
    )


def test_a_contract_may_stand_on_two_envelopes_with_an_open_part_on_each() -> None:
    stands = given(*CONTRACT, commit("AI-1", "data", "C-1", 5))
    stands.when(pay("AI-1", "claims", "P-1", 60, commitment="C-1")).then(accepted())
    stands.when(pay("AI-1", "data", "P-1", 6, commitment="C-1")).then(
        flagged(Reason.OVER_APPROVED, Reason.OVER_COMMITMENT)
    )


# Posting references.


def test_a_posting_reference_is_used_once() -> None:
    stands = given(*READY, pay("AI-1", "claims", "P-1", 1))
    stands.when(pay("AI-1", "claims", "P-2", 1)).then(accepted())
    stands.when(pay(None, "data", "P-1", 2)).then(
        refused(Reason.POSTING_REF_LIVE, field="data.posting_ref", value="P-1")
    )


@pytest.mark.parametrize("kind", ["void", "counter"])
def test_a_posting_reference_is_free_again_once_reversed(kind: str) -> None:
    stands = given(*READY, pay("AI-1", "claims", "P-1", 1), reverse(6, kind))
    stands.when(pay("AI-1", "claims", "P-1", 1)).then(accepted())
    stands.and_(pay("AI-1", "claims", "P-1", 1))
    stands.when(pay("AI-1", "claims", "P-1", 1)).then(refused(Reason.POSTING_REF_LIVE))


def test_a_reversed_invoice_opens_its_contract_again() -> None:
    stands = given(*CONTRACT, pay("AI-1", "claims", "P-1", 60, commitment="C-1"))
    stands.when(pay("AI-1", "claims", "P-2", 1, commitment="C-1")).then(flagged(Reason.OVER_COMMITMENT))
    stands.and_(reverse(7, "void"))
    stands.when(pay("AI-1", "claims", "P-2", 60, commitment="C-1")).then(accepted())
