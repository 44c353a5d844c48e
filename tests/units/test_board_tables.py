"""How the views of a board are drawn as text: every one with rows and without, and nothing hostile gets through."""

from __future__ import annotations

import datetime
import re
from functools import cache

import pytest

from projections.moment import Moment
from projections.replica import Replica
from projections.views import OF_ONE, Question, ask
from tests import words as w
from tests.fixed_history import every_type_history
from tests.laws.test_more_views import replica_of
from tests.teller import events_of, record
from tui import plain
from tui.board_tables import BOARD_TABLES

HOSTILE = "\x1b]0;owned\x07\u202egnp.exe\u200b"
SHOWN = "<U+001B>]0;owned"


@cache
def everything() -> Replica:
    return replica_of(record(every_type_history()))


def drawn(replica: Replica, name: str, as_known: int, initiative: str = "AI-1") -> str:
    question = Question(name, initiative=initiative if name in OF_ONE else None)
    return plain.screen(ask(replica, question, Moment(as_known, None, datetime.date(2026, 6, 30))))


SEEN = {
    "priority": ["rank  was  tier", "novelty bias", "over 3 initiatives"],
    "value_streams": ["Retail, all", "60.0 %", "total"],
    "capacity": ["mfte   2026-01   9,000", "47.2 %"],
    "conditions": ["blocking", "d late", "breached"],
    "concentration": ["model provider", "Brandt & Söhne", "HHI, of 10,000: initiative"],
    "flow": ["velocity", "25.0 %"],
    "state": ["title", "Initiative AI-1", "set by", "USD", "ai_model primary opal"],
}


@pytest.mark.parametrize("name", BOARD_TABLES)
def test_a_view_is_drawn_with_what_it_is_for(name: str) -> None:
    text = drawn(everything(), name, everything().sequence)
    assert not [words for words in SEEN[name] if words not in text], text


@pytest.mark.parametrize("name", BOARD_TABLES)
def test_a_view_without_rows_says_so(name: str) -> None:
    text = drawn(everything(), name, 0)
    assert text.splitlines()[-1] == plain.EMPTY[name]


@pytest.mark.parametrize("name", BOARD_TABLES)
def test_hostile_text_is_seen_and_does_nothing(name: str) -> None:
    replica = replica_of(
        events_of(
            ("2026-01-01", w.policy("structure", 1, value_streams=[{"id": "retail", "title": HOSTILE}])),
            ("2026-01-01", w.fund("claims", 1_000)),
            ("2026-01-01", w.propose("AI-1", title=HOSTILE)),
            ("2026-01-02", w.approve("AI-1", "claims", 9, conditions=[w.condition("K-1", "2026-01-03", text=HOSTILE)])),
            ("2026-01-02", w.allocate("AI-1", "2026-01", 4)),
            ("2026-01-02", w.flow("retail", "2025-12", 1, 2)),
        )
    )
    text = drawn(replica, name, replica.sequence)
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u202e]", text) is None
    assert (SHOWN in text) == (name not in ("capacity", "flow")), text


def test_where_nothing_differs_there_is_no_bias() -> None:
    replica = replica_of(events_of(("2026-01-01", w.propose("AI-1"))))
    assert "Novelty bias is undefined" in drawn(replica, "priority", 2)
