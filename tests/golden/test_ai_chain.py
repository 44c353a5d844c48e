"""A model is deprecated, and what follows: who knew when, who decided, against whom, what moved, and how long it took.

Told by commands under rules that refuse, and answered from the stored events and views alone.
"""

from __future__ import annotations

import asyncio
import datetime
import json
from typing import Any

import pytest

from ledger.reperform import reperform
from ledger.store import MemoryStore
from ledger.writer import Writer
from projections.moment import moment
from projections.replica import Replica
from projections.views import Question, ask
from schemas import codec
from schemas.envelope import Recorded
from schemas.receipts import Accepted, Reason, Refused
from tests.ruled import STRICT
from tests.words import (
    ORIGIN,
    PORTFOLIO,
    Ask,
    approve,
    authority,
    body,
    close,
    enrol,
    fund,
    gate,
    link,
    model,
    money,
    opening,
    propose,
    reallocate,
    request,
    vote,
)

NEWS, ASKED, DECIDED = "2026-03-17", "2026-03-19", "2026-04-03"
STORY = "opal-ends"


class Told:
    """A ledger, and what was said to it."""

    def __init__(self) -> None:
        self.now = datetime.datetime(2026, 1, 12, 9, tzinfo=datetime.UTC)
        self.store = MemoryStore()
        self.writer = Writer(PORTFOLIO, self.store, lambda: self.now)
        self.count = 0

    def say(self, day: str, actor: str, asked: Ask, **more: Any) -> Recorded | Refused:
        """Say a command on a day; return its first event, or why there is none."""
        self.count += 1
        self.now = datetime.datetime.fromisoformat(f"{day}T09:{self.count % 60:02d}:00+00:00")
        said = {"type": f"{asked.type}.v1", "portfolio": ORIGIN, "commandid": f"c-{self.count}", "actor": actor}
        said |= {"subject": asked.about, "time": day, "data": asked.data} | more
        receipt = asyncio.run(self.writer.submit(json.dumps(said).encode()))
        if isinstance(receipt, Refused):
            return receipt
        assert isinstance(receipt, Accepted)
        return self.event(receipt.events[0].sequence)

    def event(self, at: int) -> Recorded:
        return codec.decode(self.store.entries[at - 1].payload, portfolio=PORTFOLIO, sequence=at)

    @property
    def events(self) -> list[Recorded]:
        return [self.event(entry.sequence) for entry in self.store.entries]


def done(found: Recorded | Refused) -> Recorded:
    assert not isinstance(found, Refused), found
    return found


@pytest.fixture(scope="module")
def told() -> Told:
    """The whole story."""
    ledger = Told()
    board = [{"actor": name, "seat": f"seat-{name}"} for name in ("eva", "dara", "chike")]
    beginning = (
        opening(),
        *(enrol(name) for name in ("eva", "dara", "chike", "ana")),
        fund("claims", 1_000),
        *(propose(name) for name in ("AI-1", "AI-2", "AI-3")),
        body("board", "eva", members=board, votes=3),
        authority("A-1", "board", 500, kind="body", kinds=["funding", "gate", "reallocation"]),
        *(approve(name, "claims", 100) for name in ("AI-1", "AI-2", "AI-3")),
        model("opal", "catalogued", stage="ga"),
        link("AI-1", "ai_model", "opal", "primary"),
        link("AI-2", "ai_model", "opal", "primary"),
        link("AI-2", "ai_model", "ruby", "fallback"),
        link("AI-3", "ai_model", "ruby", "primary"),
        STRICT,
    )
    for each in beginning:
        done(ledger.say("2026-01-12", "reg", each))
    news = done(
        ledger.say(
            NEWS,
            "chike",
            model("opal", "retirement_announced", stage="deprecated", announced_on=NEWS, effective_on="2026-09-30"),
            correlationid=STORY,
        )
    )
    options = [
        {"option": "move", "title": "To ruby", "amount": money(40, "USD"), "effects": "Tested in May."},
        {"option": "wait", "title": "Wait", "do_nothing": True, "why_not": "It stops in October."},
    ]
    asked = done(
        ledger.say(
            ASKED,
            "ana",
            request("D-1", "AI-1", "AI-2", kind="gate", options=options, trigger=news.at, amount=money(40, "USD")),
            causationid=news.id,
            correlationid=STORY,
        )
    )
    for voter, how, more in (
        ("eva", "approve", {}),
        ("dara", "reject", {"dissent": "No impact assessment of ruby; I would wait 60 days."}),
        ("chike", "approve", {}),
    ):
        cast = vote("D-1", asked.at, voter, how, seat=f"seat-{voter}", **more)
        done(ledger.say(DECIDED, voter, cast, causationid=asked.id, correlationid=STORY))
    closing = close("D-1", "approved", DECIDED, {"approve": 2, "reject": 1}, body="board", option="move")
    closed = done(ledger.say(DECIDED, "eva", closing, causationid=asked.id, correlationid=STORY))
    under = {"decisionid": "D-1", "causationid": closed.id, "correlationid": STORY}
    pivot = {"trigger": "opal ends.", "from": "Runs on opal.", "to": "Runs on ruby."}
    done(ledger.say(DECIDED, "eva", gate("AI-1", "pivot", "proposed", pivot=pivot), **under))
    moved = reallocate(("AI-2", "claims"), ("AI-1", "claims"), 40, trigger=news.at)
    done(ledger.say(DECIDED, "eva", moved, **under))
    return ledger


def caused_by(ledger: Told, event: Recorded) -> Recorded | None:
    return next((each for each in ledger.events if each.id == event.causationid), None)


def chain(ledger: Told, event: Recorded) -> list[Recorded]:
    """Return an event, what caused it, what caused that, back to the first."""
    found: list[Recorded] = []
    at: Recorded | None = event
    while at is not None:
        found.append(at)
        at = caused_by(ledger, at)
    return found


def of(ledger: Told, name: str) -> list[Recorded]:
    return [each for each in ledger.events if type(each.data).__name__ == name and each.correlationid == STORY]


def test_the_news_says_which_initiatives_depend_on_the_model_and_which_have_no_way_out(told: Told) -> None:
    replica = Replica(PORTFOLIO)
    replica.extend([entry.payload for entry in told.store.entries])
    (news,) = of(told, "ModelLifecycleChanged")
    at = moment(replica, str(news.at), NEWS, now=told.now)
    (row,) = [each for each in ask(replica, Question("models"), at).rows if each.model == "opal"]
    assert (str(row.retires_on), row.days_left, row.dependents, row.without_fallback) == ("2026-09-30", 197, 2, 1)
    assert (row.approved_minor, row.exposed_minor) == (200, 100)


def test_every_step_leads_back_to_the_news_and_says_who_and_when(told: Told) -> None:
    (moved,) = of(told, "FundingReallocated")
    steps = [(type(each.data).__name__, each.actor, str(each.recordedtime.date())) for each in chain(told, moved)]
    assert steps == [
        ("FundingReallocated", "eva", DECIDED),
        ("DecisionClosed", "eva", DECIDED),
        ("DecisionRequested", "ana", ASKED),
        ("ModelLifecycleChanged", "chike", NEWS),
    ]
    (pivot,) = of(told, "GateDecided")
    assert chain(told, pivot)[1:] == chain(told, moved)[1:]


def test_it_took_seventeen_days_from_the_news_to_the_pivot(told: Told) -> None:
    (pivot,) = of(told, "GateDecided")
    first = chain(told, pivot)[-1]
    assert (pivot.recordedtime.date() - first.recordedtime.date()).days == 17


def test_the_dissent_stays_and_the_majority_decided(told: Told) -> None:
    votes = {each.data.voter: each.data for each in of(told, "VoteRecorded")}
    assert {name: each.vote for name, each in votes.items()} == {"eva": "approve", "dara": "reject", "chike": "approve"}
    assert "60 days" in votes["dara"].dissent


def test_what_was_decided_names_the_grant_and_the_policy(told: Told) -> None:
    (granted,) = [each.at for each in told.events if each.data.TYPE == "AuthoritySet.v1"]
    (policy,) = [each.at for each in told.events if each.data.TYPE == "PolicyAdopted.v1"]
    for each in (*of(told, "GateDecided"), *of(told, "FundingReallocated")):
        assert (each.grants, each.policy, each.flags) == (str(granted), str(policy), None)


def test_no_more_is_moved_than_was_decided_and_by_nobody_else(told: Told) -> None:
    more = reallocate(("AI-2", "claims"), ("AI-1", "claims"), 1)
    refusal = told.say(DECIDED, "eva", more, decisionid="D-1")
    assert isinstance(refusal, Refused)
    assert (refusal.reason, refusal.detail["wanted_minor"]) == (Reason.BEYOND_DECISION, 41)
    alone = told.say(DECIDED, "eva", more)
    assert isinstance(alone, Refused)
    assert alone.reason is Reason.NO_AUTHORITY


def test_the_story_is_decided_again_byte_for_byte(told: Told) -> None:
    found = asyncio.run(reperform(told.store, PORTFOLIO))
    assert (found.differs, found.events) == (None, len(told.store.entries))
