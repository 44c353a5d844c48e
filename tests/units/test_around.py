"""What stands around a decision: the same from memory and by a query, and what it is called by."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from typing import TypeVar

import pytest

from projections import replica as replicas
from projections.around import around
from projections.bounds import anchors_in
from projections.moment import Moment
from projections.replica import Replica
from schemas import codec
from tests.anchoring import anchor
from tests.teller import Teller
from tests.words import PORTFOLIO, amend, enrol, fund, opening, propose
from tui.model.seen import see

T = TypeVar("T")


def replica_of(teller: Teller) -> Replica:
    replica = Replica(PORTFOLIO)
    replica.extend([codec.encode(event) for event in teller.events])
    return replica


def test_a_small_table_looked_through_in_memory_says_what_a_query_says(monkeypatch: pytest.MonkeyPatch) -> None:
    teller = Teller()
    assert teller.say(opening(), "2026-01-01")
    for turn in range(7):
        assert teller.say(fund(f"env-{turn}", 100), "2026-01-12")
        for actor in ("ana", "bob"):
            assert teller.say(enrol(actor, person=f"p-{actor}", roles=[f"role-{turn}"]), "2026-01-12")
        assert teller.say(anchor(teller.events, 2 + turn, at_s=1_768_300_000 + turn), "2026-01-12")
    replica = replica_of(teller)
    assert replica.rows_of("actor_enrolled"), "it is small enough"
    told = [(around(replica, event), anchors_in(replica, near=event.at)) for event in teller.events]
    monkeypatch.setattr(replicas, "MOST_ROWS", 0)
    assert replica.rows_of("actor_enrolled") is None
    assert [(around(replica, event), anchors_in(replica, near=event.at)) for event in teller.events] == told
    assert len({each.roles for each, _ in told}) > 3
    assert len({tuple(anchors) for _, anchors in told}) > 3


@pytest.mark.parametrize(("day", "called"), [("2026-01-12", "Second"), ("2030-01-01", "First")])
def test_a_card_calls_an_initiative_as_it_is_called_that_day_or_as_it_will_be(day: str, called: str) -> None:
    teller = Teller()
    assert teller.say(opening(), "2026-01-01")
    assert teller.say(propose("AI-1", title="First"), "2026-01-12")
    assert teller.say(amend("AI-1", title="Second"), day)
    assert teller.say(propose("AI-2", title="To come"), "2030-01-01")
    replica = replica_of(teller)

    async def asking(work: Callable[[Replica], T]) -> T:
        return work(replica)

    def title(sequence: int) -> str:
        event = teller.events[sequence - 1]
        before, here = (Moment(each, None, datetime.date(2026, 2, 1)) for each in (sequence - 1, sequence))
        seen = asyncio.run(see(asking, event, codec.encode(event), before, here))
        return seen.card[0].text.partition("  ")[2]

    assert (title(2), title(3), title(4)) == ("First", called, "To come")
