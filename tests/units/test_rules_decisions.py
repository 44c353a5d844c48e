"""Requests, votes, closings and conditions: each rule with the last case it allows and the first it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.receipts import Reason
from tests.notation import Given, accepted, flagged, foreign, given, on, refused
from tests.words import (
    approve,
    body,
    close,
    close_period,
    commit,
    condition,
    discharge,
    enrol,
    fund,
    gate,
    money,
    pay,
    policy,
    propose,
    reallocate,
    request,
    reverse,
    vote,
)

YES = {"option": "yes", "title": "Do it"}
NO = {"option": "no", "title": "Leave it", "do_nothing": True}
VOTERS = (enrol("ana"), enrol("bob"))
READY = (fund("claims", 100), propose("AI-1"))
ASKED = (*VOTERS, request("D-1"))
DUE = condition("K-1", "2026-06-30")
HELD = "2026-01-12"


# Requests.


def test_a_request_rests_on_evidence() -> None:
    given().when(request("D-1")).then(accepted())
    given().when(request("D-1", evidence=[])).then(refused(Reason.NO_EVIDENCE, field="data.evidence"))


def test_a_request_has_two_options_and_one_does_nothing() -> None:
    given().when(request("D-1", options=[YES, NO])).then(accepted())
    for wrong in ([], [NO], [YES], [YES, NO | {"do_nothing": False}]):
        given().when(request("D-1", options=wrong)).then(
            refused(Reason.ONE_OPTION, field="data.options", value=len(wrong))
        )
    given().when(request("D-1", options=[YES, NO, NO])).then(
        refused(Reason.NAMED_TWICE, field="data.options", value="no")
    )


def test_what_is_recommended_is_an_option() -> None:
    given().when(request("D-1", recommended="no")).then(accepted())
    given().when(request("D-1", recommended="maybe")).then(
        refused(Reason.UNKNOWN_OPTION, field="data.recommended", value="maybe", allowed=["yes", "no"])
    )


def test_what_set_a_request_off_is_an_event() -> None:
    stands = given(fund("claims", 1), foreign())
    stands.when(request("D-1", trigger=2)).then(accepted())
    for wrong in (3, 4):
        stands.when(request("D-1", trigger=wrong)).then(refused(Reason.UNKNOWN_ENTRY, field="data.trigger", last=3))


def test_a_request_is_put_again_until_it_is_closed() -> None:
    given(request("D-1")).when(request("D-1", question="Really?")).then(accepted())
    closed = given(request("D-1"), close("D-1", "rejected", HELD))
    closed.when(request("D-1")).then(refused(Reason.DECISION_CLOSED, value="D-1", outcome="rejected"))
    closed.and_(reverse(3, "void")).when(request("D-1")).then(accepted())


# Who has to decide.


def in_tiers() -> Given:
    tiers: list[dict[str, Any]] = [
        {"tier": "lead", "up_to": money(100, "USD"), "roles": ["lead"]},
        {"tier": "board", "body": "board", "takes": ["novel"]},
    ]
    spent = (*READY, propose("AI-2"), approve("AI-1", "claims", 60))
    board = body("board", "ana", "bob", quorum={"votes": 2, "seats": ["seat-1"]})
    return given(*VOTERS, board, policy("tiers", 1, tiers=tiers), *spent)


@pytest.mark.parametrize(
    ("minor", "initiatives", "more", "tier"),
    [
        (40, ["AI-1"], {}, "lead"),
        (41, ["AI-1"], {}, "board"),
        (100, ["AI-2"], {}, "lead"),
        (101, ["AI-2"], {}, "board"),
        (40, ["AI-1", "AI-2"], {}, "lead"),
        (41, ["AI-1", "AI-2"], {}, "board"),
        (1, ["AI-2"], {"escalation": ["novel"]}, "board"),
        (1, ["AI-2"], {"escalation": ["regulatory"]}, "lead"),
    ],
)
def test_who_decides_follows_from_the_total_after_the_decision(
    minor: int, initiatives: list[str], more: dict[str, Any], tier: str
) -> None:
    asked = request("D-1", *initiatives, amount=money(minor, "USD"), **more)
    (event,) = in_tiers().when(asked).then(accepted())
    board = ("board", 2, ("seat-1",)) if tier == "board" else (None, None, ())
    assert (event.data.tier, event.data.body, event.data.quorum_votes, event.data.quorum_seats) == (tier, *board)


def test_nobody_is_named_without_a_policy_or_where_no_money_is_at_stake() -> None:
    for stands, asked in (
        (in_tiers(), request("D-1", "AI-1", kind="priority")),
        (given(*READY), request("D-1", "AI-1", amount=money(1, "USD"))),
    ):
        (event,) = stands.when(asked).then(accepted())
        assert (event.data.tier, event.data.body) == (None, None)


# Votes.


def test_a_vote_is_cast_once_on_the_newest_request() -> None:
    stands = given(*ASKED)
    stands.when(vote("D-1", 4, "ana")).then(accepted())
    stands.and_(vote("D-1", 4, "ana")).when(vote("D-1", 4, "bob", "reject")).then(accepted())
    stands.when(vote("D-1", 4, "ana", "abstain")).then(refused(Reason.VOTED_ALREADY, value="ana", request=4))
    stands.and_(reverse(5, "void")).when(vote("D-1", 4, "ana", "abstain")).then(accepted())


def test_a_vote_on_an_older_request_is_refused() -> None:
    stands = given(*ASKED, vote("D-1", 4, "ana"), request("D-1", question="Really?"))
    stands.when(vote("D-1", 4, "bob")).then(refused(Reason.REQUEST_CHANGED, field="data.request", value=4, allowed=6))
    stands.when(vote("D-1", 6, "ana")).then(accepted())


def test_a_vote_needs_a_request_a_voter_and_an_option_there_is() -> None:
    stands = given(*ASKED)
    stands.when(vote("D-2", 4, "ana")).then(refused(Reason.UNKNOWN_DECISION, field="data.decision", value="D-2"))
    stands.when(vote("D-1", 4, "eve")).then(refused(Reason.UNKNOWN_ACTOR, field="data.voter", value="eve"))
    stands.when(vote("D-1", 4, "ana", option="no")).then(accepted())
    stands.when(vote("D-1", 4, "ana", option="maybe")).then(refused(Reason.UNKNOWN_OPTION, field="data.option"))


def test_a_closed_decision_takes_no_vote_and_loses_none() -> None:
    stands = given(*ASKED, vote("D-1", 4, "ana"), close("D-1", "approved", HELD, {"approve": 1}))
    shut = refused(Reason.DECISION_CLOSED, outcome="approved")
    stands.when(vote("D-1", 4, "bob")).then(shut)
    stands.when(close("D-1", "approved", HELD, {"approve": 1})).then(shut)
    for entry in (4, 5):
        stands.when(reverse(entry, "void")).then(shut)


# Closings.


@pytest.mark.parametrize(
    ("tally", "fits"),
    [
        ({"approve": 1, "advise": 1}, True),
        ({"approve": 1, "advise": 1, "reject": 0}, True),
        ({"approve": 2}, False),
        ({"approve": 1}, False),
        ({"approve": 1, "advise": 1, "recuse": 1}, False),
        (None, False),
    ],
)
def test_the_tally_is_that_of_the_votes(tally: dict[str, int] | None, fits: bool) -> None:
    stands = given(*ASKED, vote("D-1", 4, "ana"), vote("D-1", 4, "bob", "advise"))
    counted = {"approve": 1, "advise": 1}
    differs = refused(Reason.TALLY_DIFFERS, field="data.tally", allowed=counted)
    stands.when(close("D-1", "approved", HELD, tally)).then(accepted() if fits else differs)


def test_votes_on_an_older_request_and_votes_taken_back_do_not_count() -> None:
    again = given(*ASKED, vote("D-1", 4, "ana"), request("D-1", question="Really?"))
    again.when(close("D-1", "approved", HELD)).then(accepted())
    again.when(close("D-1", "approved", HELD, {"approve": 1})).then(refused(Reason.TALLY_DIFFERS))
    back = given(*ASKED, vote("D-1", 4, "ana"), reverse(5, "void"))
    back.when(close("D-1", "approved", HELD)).then(accepted())


def test_a_closing_names_what_there_is() -> None:
    stands = given(*ASKED, body("board", "ana"), request("D-2"))
    for good in (
        {"option": "no"},
        {"body": "board"},
        {"present": [{"actor": "ana"}]},
        {"ratifies": "D-2"},
        {"reviews": "D-2"},
    ):
        stands.when(close("D-1", "approved", HELD, **good)).then(accepted())
    for bad, reason, field in (
        ({"option": "maybe"}, Reason.UNKNOWN_OPTION, "data.option"),
        ({"body": "jury"}, Reason.UNKNOWN_BODY, "data.body"),
        ({"present": [{"actor": "ana"}, {"actor": "eve"}]}, Reason.UNKNOWN_ACTOR, "data.present.1.actor"),
        ({"ratifies": "D-3"}, Reason.UNKNOWN_DECISION, "data.ratifies"),
        ({"reviews": "D-3"}, Reason.UNKNOWN_DECISION, "data.reviews"),
    ):
        stands.when(close("D-1", "approved", HELD, **bad)).then(refused(reason, field=field))
    stands.when(close("D-3", "approved", HELD)).then(refused(Reason.UNKNOWN_DECISION, field="data.decision"))


# Conditions.


@pytest.mark.parametrize(
    "asked",
    [
        lambda *named: approve("AI-1", "claims", 1, conditions=list(named)),
        lambda *named: gate("AI-1", "go", "proposed", "build", conditions=list(named)),
        lambda *named: close("D-1", "approved", HELD, conditions=list(named)),
    ],
    ids=["approval", "gate", "closing"],
)
def test_a_condition_is_named_once_in_the_portfolio(asked: Any) -> None:
    stands = given(*READY, request("D-1"))
    other = condition("K-2", "2026-06-30")
    stands.when(asked(DUE, other)).then(accepted())
    stands.when(asked(DUE, other, DUE)).then(
        refused(Reason.CONDITION_EXISTS, field="data.conditions.2.condition", value="K-1")
    )
    stands.and_(gate("AI-1", "hold", "proposed", conditions=[DUE])).when(asked(other, DUE)).then(
        refused(Reason.CONDITION_EXISTS, field="data.conditions.1.condition", value="K-1")
    )


def test_the_name_of_a_condition_is_never_free_again() -> None:
    stands = given(*READY, approve("AI-1", "claims", 1, conditions=[DUE]), reverse(4, "void"))
    stands.when(approve("AI-1", "claims", 1, conditions=[DUE])).then(refused(Reason.CONDITION_EXISTS))


def test_a_condition_is_discharged_once() -> None:
    stands = given(*READY, approve("AI-1", "claims", 1, conditions=[DUE]))
    stands.when(discharge("K-2")).then(refused(Reason.UNKNOWN_CONDITION, field="data.condition", value="K-2"))
    stands.when(discharge("K-1", "breached")).then(accepted())
    stands.and_(discharge("K-1")).when(discharge("K-1", "waived")).then(
        refused(Reason.CONDITION_CLOSED, value="K-1", outcome="met")
    )
    stands.and_(reverse(5, "void")).when(discharge("K-1", "waived")).then(accepted())


# Reallocations.

FROM, TO = ("AI-1", "claims"), ("AI-2", "claims")


def approved_twenty() -> Given:
    return given(*READY, fund("data", 5), propose("AI-2"), approve("AI-1", "claims", 20))


def test_all_that_is_neither_committed_nor_spent_can_be_moved_and_no_more() -> None:
    stands = approved_twenty()
    stands.when(reallocate(FROM, TO, 20)).then(accepted())
    stands.when(reallocate(FROM, TO, 21)).then(flagged(Reason.SHORT_OF_FUNDS))
    stands.and_(commit("AI-1", "claims", "C-1", 7), pay("AI-1", "claims", "P-1", 3, commitment="C-1"))
    stands.and_(pay("AI-1", "claims", "P-2", 2))
    stands.when(reallocate(FROM, TO, 11)).then(accepted())
    stands.when(reallocate(FROM, TO, 12)).then(flagged(Reason.SHORT_OF_FUNDS))


def test_a_guardrail_may_refuse_a_reallocation_of_one_more() -> None:
    rules = [{"rule": "SHORT_OF_FUNDS", "action": "refuse"}]
    stands = approved_twenty().and_(policy("guardrails", 1, rules=rules))
    stands.when(reallocate(FROM, TO, 20)).then(accepted())
    stands.when(reallocate(FROM, TO, 21)).then(
        refused(Reason.SHORT_OF_FUNDS, initiative="AI-1", envelope="claims", uncommitted_minor=20, moved_minor=21)
    )


def test_into_another_envelope_goes_what_that_was_funded_with() -> None:
    stands = approved_twenty()
    stands.when(reallocate(FROM, ("AI-2", "data"), 5)).then(accepted())
    stands.when(reallocate(FROM, ("AI-2", "data"), 6)).then(flagged(Reason.OVER_ENVELOPE))


def test_a_reallocation_has_two_known_ends_and_an_amount() -> None:
    stands = approved_twenty().and_(fund("lab", 9, "EUR"))
    for asked, reason, field in (
        (reallocate(("AI-9", "claims"), TO, 1), Reason.UNKNOWN_INITIATIVE, "data.from.initiative"),
        (reallocate(FROM, ("AI-9", "claims"), 1), Reason.UNKNOWN_INITIATIVE, "data.to.initiative"),
        (reallocate(("AI-1", "x"), TO, 1), Reason.UNKNOWN_ENVELOPE, "data.from.envelope"),
        (reallocate(FROM, ("AI-2", "x"), 1), Reason.UNKNOWN_ENVELOPE, "data.to.envelope"),
        (reallocate(FROM, ("AI-2", "lab"), 1), Reason.WRONG_CURRENCY, "data.amount.currency"),
        (reallocate(FROM, FROM, 1), Reason.SELF_REFERENCE, "data.to"),
        (reallocate(FROM, TO, 0), Reason.ZERO_AMOUNT, "data.amount.minor"),
        (reallocate(FROM, TO, -1), Reason.WRONG_SIGN, "data.amount.minor"),
    ):
        stands.when(asked).then(refused(reason, field=field))
    stands.when(reallocate(FROM, FROM, 1, periods=("FY2026", "FY2027"))).then(accepted())


def test_an_initiative_that_has_ended_gives_its_money_away_and_gets_none() -> None:
    stands = approved_twenty().and_(gate("AI-1", "kill", "proposed"))
    stands.when(reallocate(FROM, TO, 20)).then(accepted())
    stands.when(reallocate(TO, FROM, 1)).then(refused(Reason.INITIATIVE_ENDED, value="AI-1"))


def test_a_reallocation_belongs_to_the_periods_of_its_ends() -> None:
    stands = approved_twenty().and_(close_period("FY2026"))
    stands.when(reallocate(FROM, TO, 1)).then(refused(Reason.PERIOD_CLOSED, field="data.from.period", value="FY2026"))
    stands.when(reallocate(FROM, TO, 1, periods=("FY2027", None))).then(
        refused(Reason.PERIOD_CLOSED, field="data.to.period")
    )
    stands.when(reallocate(FROM, TO, 1, periods=("FY2027", "FY2027"))).then(accepted())
    stands.when(on("2027-01-01", reallocate(FROM, TO, 1))).then(accepted())
