"""The views a board and a replay are made of, on cases worked out by hand; each must also equal its plain fold."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from projections.moment import Moment
from projections.views import Question, View, ask
from schemas.envelope import Recorded
from tests import oracle_board as oracle
from tests import words as w
from tests.laws.test_more_views import plain, replica_of
from tests.teller import events_of

D = datetime.date
FAR = D(2099, 12, 31)


def asked(events: list[Recorded], name: str, day: datetime.date = FAR, as_known: int | None = None, **of: Any) -> View:
    moment = Moment(len(events) if as_known is None else as_known, None, day)
    return ask(replica_of(events), Question(name, **of), moment)


# state


def stated(events: list[Recorded], initiative: str, day: datetime.date = FAR, as_known: int | None = None) -> Any:
    """Return (value or amount, sequence) by field, or by field and key."""
    view = asked(events, "state", day, as_known, initiative=initiative)
    assert plain(view) == oracle.state(events, view.as_known.sequence, day, initiative)
    found = {}
    for row in plain(view):
        name = row["field"] if row["key"] is None else f"{row['field']} {row['key']}"
        found[name] = (row["value"] if row["amount_minor"] is None else row["amount_minor"], row["sequence"])
    return found


def test_the_state_of_an_initiative_and_the_entry_that_set_each_field() -> None:
    events = events_of(
        ("2026-01-01", w.fund("claims", 1_000)),
        ("2026-01-01", w.objectives(w.objective("a", 10_000))),
        ("2026-01-01", w.propose("AI-1", lead="lee")),
        ("2026-01-01", w.align("AI-1", a=4_000)),
        ("2026-01-02", w.approve("AI-1", "claims", 600)),
        ("2026-01-03", w.amend("AI-1", lead="mia")),
        ("2026-01-03", w.gate("AI-1", "go", "proposed", "build")),
        ("2026-01-04", w.plan("AI-1", 1, 100, 20, finish="2026-06-30")),
        ("2026-01-05", w.also(w.rank(("AI-1", 3, None)), moves=[{"initiative": "AI-1", "rank": 3, "tier": "now"}])),
        ("2026-01-06", w.link("AI-1", "ai_model", "opal", "primary", to="2026-01-31")),
        ("2026-01-06", w.link("AI-1", "backlog", "JIRA-1")),
    )
    description = {
        **{name: (value, 4) for name, value in (("title", "Initiative AI-1"), ("value_stream", "retail"))},
        **{name: (value, 4) for name, value in (("sponsor", "sam"), ("kind", "unclassified"), ("horizon", "unknown"))},
    }
    money = {"approved": (600, 6), "committed": (0, None), "actual": (0, None), "uncommitted": (600, 6)}
    assert stated(events, "AI-1") == {
        **description,
        "lead": ("mia", 7),
        "stage": ("build", 8),
        "status": ("active", 8),
        "rank": ("3", 10),
        "tier": ("now", 10),
        "baseline": ("1", 9),
        "first_cost": (120, 9),
        "baseline_cost": (120, 9),
        "finish": ("2026-06-30", 9),
        **money,
        "alignment a": ("4000", 5),
        "link ai_model primary opal": ("over", 11),
        "link backlog JIRA-1": ("live", 12),
    }
    early = stated(events, "AI-1", D(2026, 1, 2))
    assert early == description | {"lead": ("lee", 4), "stage": ("proposed", 4), "status": ("active", 4)} | money | {
        "alignment a": ("4000", 5)
    }
    assert stated(events, "AI-2") == stated(events, "AI-1", as_known=3) == {}


def test_the_sequence_of_a_sum_is_the_last_that_moved_it_be_it_a_void() -> None:
    events = events_of(
        ("2026-01-01", w.fund("claims", 1_000)),
        ("2026-01-01", w.fund("data", 1_000)),
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-02", w.approve("AI-1", "claims", 400)),
        ("2026-01-03", w.approve("AI-1", "claims", 100)),
        ("2026-01-04", w.reverse(6, "void")),
        ("2026-01-05", w.reallocate(("AI-1", "claims"), ("AI-1", "data"), 50)),
        ("2026-01-05", w.commit("AI-1", "claims", "C-1", 90)),
        ("2026-01-06", w.pay("AI-1", "claims", "P-1", 30, commitment="C-1")),
        ("2026-01-07", w.forecast("AI-1", "2026-01-07", 70)),
        ("2026-02-01", w.reverse(10, "counter")),
    )
    sums = ("approved", "committed", "actual", "uncommitted", "forecast")

    def told(as_known: int, day: datetime.date = FAR) -> list[Any]:
        state = stated(events, "AI-1", day, as_known)
        return [state.get(name) for name in sums]

    assert told(6) == [(500, 6), (0, None), (0, None), (500, 6), None]
    assert told(7) == [(400, 7), (0, None), (0, None), (400, 7), None]
    assert told(7, D(2026, 1, 2)) == [(400, 5), (0, None), (0, None), (400, 5), None], "what it takes out is later"
    assert told(8)[0] == (400, 7), "money that moves between envelopes moves no sum of the initiative"
    assert told(10) == [(400, 7), (60, 10), (30, 10), (310, 9), None], "paid from a commitment, what is left stays"
    assert told(11)[-1] == (100, 11)
    assert told(12) == [(400, 7), (90, 12), (0, 12), (310, 9), (70, 12)]
    assert told(12, D(2026, 1, 31)) == [(400, 7), (60, 10), (30, 10), (310, 9), (100, 11)]


def test_a_link_is_to_come_then_live_then_over() -> None:
    events = events_of(
        ("2026-01-01", w.propose("AI-1")),
        ("2026-01-01", w.link("AI-1", "ai_model", "opal", **{"from": "2026-02-01", "to": "2026-02-28"})),
    )
    days = {D(2026, 1, 31): "to come", D(2026, 2, 1): "live", D(2026, 2, 28): "live", D(2026, 3, 1): "over"}
    assert {day: stated(events, "AI-1", day)["link ai_model opal"][0] for day in days} == days


@pytest.mark.parametrize("initiative", ["", "AI-1' or '1' = '1", "AI-1; drop table events", "\u202e", "x" * 10_000])
def test_the_state_of_what_is_no_initiative_is_empty(initiative: str) -> None:
    events = events_of(("2026-01-01", w.propose("AI-1")))
    assert asked(events, "state", initiative=initiative).rows == []
