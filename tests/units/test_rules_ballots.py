"""Who may vote, who sits where, what a quorum is, and whether an outcome is that of the votes."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.receipts import Reason
from tests.notation import TODAY, Expected, Given, Said, accepted, by, flagged, given, on, refused
from tests.ruled import STRICT, ruled_by
from tests.words import (
    Ask,
    authority,
    body,
    close,
    enrol,
    fund,
    guardrails,
    interest,
    link,
    model,
    money,
    policy,
    propose,
    request,
    vote,
)

MEMBERS = ("ana", "bob", "eli", "kai")
SEATED = [
    {"actor": "ana", "seat": "finance"},
    {"actor": "bob", "seat": "risk"},
    {"actor": "eli", "seat": "data"},
    {"actor": "kai", "seat": "finance", "voting": False, "alternate_for": "ana"},
]
BOARD = body("board", "ana", members=SEATED, quorum={"votes": 2, "seats": ["finance", "risk"]})
ALL_OF_IT = policy("tiers", 1, tiers=[{"tier": "all", "body": "board"}])
STANDS = (
    fund("claims", 100),
    propose("AI-1", sponsor="sam", lead="lee", proposer="pia"),
    *(enrol(name) for name in (*MEMBERS, "zoe", "sam", "lee", "pia")),
    BOARD,
    ALL_OF_IT,
)
ASKED = by("zoe", request("D-1", "AI-1", amount=money(50, "USD"), suppliers=["Acme"]))
AT = 1 + len(STANDS) + 1
"""Where the request stands."""


def at_the_table(*said: Ask | Said, asked: Said = ASKED) -> Given:
    """The request, these votes and what else was said, under rules that refuse."""
    return ruled_by(STRICT, *STANDS, asked, *said)


def cast(voter: str, how: str = "approve", **more: Any) -> Said:
    return by(voter, vote("D-1", AT, voter, how, **more))


# Seats.


def test_members_vote_from_their_seats_and_nobody_else_does() -> None:
    stands = at_the_table()
    stands.when(cast("ana")).then(accepted())
    stands.when(cast("ana", seat="finance")).then(accepted())
    nobody = refused(Reason.NOT_SEATED, field="data.voter")
    stands.when(cast("ana", seat="risk")).then(nobody)
    stands.when(cast("zed")).then(refused(Reason.UNKNOWN_ACTOR))
    stands.and_(by("reg", enrol("max"))).when(cast("max")).then(nobody)


def test_an_alternate_sits_where_the_member_does_not() -> None:
    alternate = cast("kai", capacity="alternate")
    at_the_table().when(alternate).then(accepted())
    at_the_table().when(cast("kai")).then(refused(Reason.NOT_SEATED))
    at_the_table(cast("ana", "recuse")).when(alternate).then(accepted())
    at_the_table(cast("ana", "abstain")).when(alternate).then(refused(Reason.NOT_SEATED, capacity="alternate"))


def test_seats_are_those_of_the_day() -> None:
    later = on("2026-01-13", body("board", "bob", "eli"))
    at_the_table(later).when(cast("ana")).then(accepted())
    at_the_table(later).when(on("2026-01-13", cast("ana").ask, actor="ana"), at="2026-01-13T12:00:00+00:00").then(
        refused(Reason.NOT_SEATED)
    )
    at_the_table(enrol("ana", status="left")).when(cast("ana")).then(refused(Reason.NOT_SEATED))


def test_an_adviser_advises_and_only_compliance_votes_as_one() -> None:
    stands = at_the_table(enrol("greta", roles=["compliance"]))
    stands.when(cast("sam", "advise", capacity="adviser", dissent="Too early.")).then(accepted())
    stands.when(cast("greta", "approve", capacity="adviser")).then(accepted())
    stands.when(cast("pia", "approve", capacity="adviser")).then(refused(Reason.NOT_SEATED))


def test_where_no_body_decides_whoever_has_authority_votes() -> None:
    asked = by("zoe", request("D-1", kind="priority"))
    held = authority("A-1", "max", 1, kinds=["priority"])
    stands = ruled_by(STRICT, *STANDS, enrol("max"), held, asked)
    given_vote = by("max", vote("D-1", AT + 2, "max"))
    stands.when(given_vote).then(accepted())
    without = ruled_by(STRICT, *STANDS, enrol("max"), asked)
    without.when(by("max", vote("D-1", AT + 1, "max"))).then(refused(Reason.NOT_SEATED))


# Who keeps away.


@pytest.mark.parametrize("who", ["sponsor", "lead", "proposer"])
def test_who_wants_it_may_recuse_or_advise_and_not_vote(who: str) -> None:
    wanting = (fund("claims", 100), propose("AI-1", **({"sponsor": "sam", "proposer": "pia"} | {who: "bob"})))
    stands = ruled_by(STRICT, *wanting, *STANDS[2:], ASKED)
    for how in ("approve", "reject", "abstain"):
        stands.when(cast("bob", how)).then(refused(Reason.SELF_VOTE, as_=who))
    stands.when(cast("bob", "recuse")).then(accepted())
    stands.when(cast("ana")).then(accepted())


def test_who_asks_does_not_vote_under_any_name() -> None:
    stands = at_the_table(enrol("bob", person="p-zoe"))
    stands.when(cast("bob")).then(refused(Reason.SELF_VOTE, as_="requester"))
    stands.when(cast("ana")).then(accepted())


def test_a_person_votes_once_under_whatever_name() -> None:
    stands = at_the_table(enrol("eli", person="p-ana"), cast("ana"))
    stands.when(cast("eli")).then(refused(Reason.VOTED_ALREADY, voted_as="ana"))
    stands.when(cast("bob")).then(accepted())


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (interest("ana", "supplier", "Acme"), refused(Reason.INTEREST, kind="supplier", id="Acme")),
        (interest("ana", "supplier", "Brandt"), accepted()),
        (interest("ana", "initiative", "AI-1"), refused(Reason.INTEREST, kind="initiative")),
        (interest("ana", "initiative", "AI-2"), accepted()),
        (interest("ana", "provider", "Orion"), refused(Reason.INTEREST, kind="provider")),
        (interest("ana", "supplier", "Acme", valid_to="2026-01-11"), accepted()),
        (interest("ana", "supplier", "Acme", valid_from="2026-01-13"), accepted()),
    ],
)
def test_a_vote_with_an_interest_that_bears_on_it_is_found(declared: Ask, expected: Expected) -> None:
    runs_on = (model("orion-2", "catalogued", provider="Orion"), link("AI-1", "ai_model", "orion-2"))
    stands = at_the_table(*runs_on, by("ana", declared))
    stands.when(cast("ana")).then(expected)
    stands.when(cast("ana", "recuse")).then(accepted())


def test_an_interest_is_declared_by_whoever_has_it() -> None:
    at_the_table().when(by("ana", interest("ana", "supplier", "Acme"))).then(accepted())
    at_the_table().when(by("bob", interest("ana", "supplier", "Acme"))).then(refused(Reason.NOT_ONESELF, value="ana"))


def test_a_vote_entered_by_another_comes_from_minutes() -> None:
    stands = at_the_table()
    entered = by("zoe", vote("D-1", AT, "ana"))
    stands.when(entered).then(refused(Reason.NO_MINUTES, by="zoe", value="self"))
    minuted = by("zoe", vote("D-1", AT, "ana", cast="minuted"))
    stands.when(minuted).then(refused(Reason.NO_MINUTES, value="minuted"))
    stands.when(minuted._replace(more=minuted.more | {"basis": "minuted"})).then(accepted())
    by_proxy = by("zoe", vote("D-1", AT, "ana", cast="proxy"), sourceref="dms:proxy#1")
    stands.when(by_proxy).then(accepted())


# Closing.


def closed(outcome: str = "approved", body_: str | None = "board", **counts: int) -> Said:
    more = {} if body_ is None else {"body": body_}
    return by("ana", close("D-1", outcome, "2026-01-12", counts or None, **more))


def test_a_quorum_is_votes_and_required_seats() -> None:
    two = (cast("ana"), cast("bob"))
    at_the_table(*two).when(closed(approve=2)).then(accepted())
    missing = refused(Reason.NO_QUORUM, votes=2, missing_seats=["risk"])
    at_the_table(cast("ana"), cast("eli")).when(closed(approve=2)).then(missing)
    at_the_table(cast("ana")).when(closed(approve=1)).then(refused(Reason.NO_QUORUM, votes=1, needed=2))
    alternate = cast("kai", capacity="alternate")
    at_the_table(alternate, cast("bob")).when(closed(approve=2)).then(accepted())


def test_who_recuses_sits_and_does_not_vote() -> None:
    """The seat is taken; the vote is not cast."""
    present = (cast("ana"), cast("bob", "recuse"), cast("eli"))
    at_the_table(*present).when(closed(approve=2, recuse=1)).then(accepted())
    few = (cast("ana"), cast("bob", "recuse"))
    at_the_table(*few).when(closed(approve=1, recuse=1)).then(refused(Reason.NO_QUORUM, votes=1))


def test_an_adviser_makes_no_quorum_and_no_majority() -> None:
    greta = (enrol("greta", roles=["compliance"]), cast("greta", "approve", capacity="adviser"))
    one = (cast("ana"), *greta)
    at_the_table(*one).when(closed(approve=2)).then(refused(Reason.NO_QUORUM, votes=1))
    split = (cast("ana"), cast("bob", "reject"), *greta)
    at_the_table(*split).when(closed(approve=2, reject=1)).then(refused(Reason.AGAINST_VOTES, approve=1, reject=1))


def test_what_is_approved_has_more_votes_for_it_than_against() -> None:
    votes = (cast("ana"), cast("bob"), cast("eli", "reject"))
    at_the_table(*votes).when(closed(approve=2, reject=1)).then(accepted())
    against = (cast("ana"), cast("bob", "reject"))
    at_the_table(*against).when(closed(approve=1, reject=1)).then(refused(Reason.AGAINST_VOTES))
    at_the_table(*against).when(closed("rejected", approve=1, reject=1)).then(accepted())


def test_a_body_that_no_longer_sits_decides_nothing() -> None:
    over = body(
        "board", "ana", members=SEATED, quorum={"votes": 2, "seats": ["finance", "risk"]}, valid_to="2026-01-11"
    )
    votes = (cast("ana"), cast("bob"))
    at_the_table(*votes, by("reg", over)).when(closed(approve=2)).then(refused(Reason.NO_QUORUM, body="board"))


@pytest.mark.parametrize("outcome", ["deferred", "withdrawn", "lapsed"])
def test_what_decides_nothing_needs_no_quorum(outcome: str) -> None:
    at_the_table().when(closed(outcome)).then(accepted())


def test_a_decision_is_closed_by_the_body_it_belongs_to() -> None:
    votes = (cast("ana"), cast("bob"))
    other = body("panel", "ana", "bob")
    at_the_table(*votes, other).when(closed(body_="panel", approve=2)).then(
        refused(Reason.WRONG_BODY, value="panel", allowed="board")
    )
    at_the_table(*votes).when(closed(body_=None, approve=2)).then(refused(Reason.WRONG_BODY, value=None))


def test_in_an_emergency_one_closes_alone_and_does_not_confirm_it() -> None:
    alone = by("bob", close("D-1", "approved", "2026-01-12", {"approve": 1}), basis="emergency")
    stands = at_the_table(cast("bob"))
    stands.when(alone).then(accepted())
    # Who acted recuses when it is ratified.
    granted = authority("A-1", "bob", 1, limits=[{"basis": "one_decision", "amount": money(50, "USD")}], emergency=True)
    acted = by(
        "bob",
        Ask(
            "ApproveFunding",
            "initiative/AI-1",
            {
                "initiative": "AI-1",
                "envelope": "claims",
                "kind": "supplement",
                "amount": money(50, "USD"),
                "capex_opex": "opex",
                "ratify_by": "2026-01-31",
            },
        ),
        basis="emergency",
        decisionid="D-1",
    )
    again = by("zoe", request("D-2", "AI-1"))
    base = (cast("bob"), alone, granted, acted, again)
    second = AT + len(base)
    votes = [by(name, vote("D-2", second, name)) for name in ("ana", "eli")]
    ratify = by(
        "ana", close("D-2", "approved", "2026-01-12", {"approve": 2, "recuse": 1}, body="board", ratifies="D-1")
    )
    recused = by("bob", vote("D-2", second, "bob", "recuse"))
    at_the_table(*base, *votes, recused).when(ratify).then(accepted())
    himself = by("bob", vote("D-2", second, "bob"))
    mine = by("ana", close("D-2", "approved", "2026-01-12", {"approve": 3}, body="board", ratifies="D-1"))
    at_the_table(*base, *votes, himself).when(mine).then(refused(Reason.SELF_VOTE, value="bob"))


def test_a_dissent_is_kept_whatever_comes_of_it() -> None:
    stands = at_the_table()
    (event,) = stands.when(cast("bob", "reject", dissent="No fallback is tested.")).then(accepted())
    assert event.data.dissent == "No fallback is tested."


def test_a_guardrail_may_let_a_vote_with_an_interest_pass_flagged() -> None:
    lenient = guardrails(INTEREST="flag")
    declared = by("ana", interest("ana", "supplier", "Acme"))
    stands = ruled_by(lenient, *STANDS, ASKED, declared)
    stands.when(cast("ana")).then(refused(Reason.UNEXPLAINED, flags=["INTEREST"]))
    told = cast("ana")
    stands.when(told._replace(more=told.more | {"flagreason": "Known to all."})).then(flagged(Reason.INTEREST))


def test_without_policy_nobody_is_kept_from_voting() -> None:
    given(*STANDS, ASKED).when(on(TODAY, vote("D-1", AT, "zoe"), actor="zoe")).then(
        flagged(Reason.NOT_SEATED, Reason.SELF_VOTE)
    )
