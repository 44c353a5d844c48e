"""Bringing tables up to date while entries are taken in: nothing is left out, and nothing counts twice."""

from __future__ import annotations

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import duckdb
import pytest

from projections import money
from projections.brought import MOST_WAITING
from projections.catalogue import made_of, named
from projections.columns import table_name
from projections.fork import ForkReplica
from projections.moment import Moment
from projections.replica import Replica
from projections.views import GROUPINGS, OF_ONE, VIEWS, Question, ask
from schemas import codec
from schemas.events import FACTS
from tests.fixed_history import every_type_history
from tests.teller import Teller, run
from tests.words import PORTFOLIO, approve, fund, opening, propose, reverse


def money_history() -> list[bytes]:
    """Return entries of which each moves a sum, or takes one out."""
    teller = Teller()
    said = [opening(), propose("AI-1"), fund("claims", 100_00), fund("travel", 50_00), approve("AI-1", "claims", 7_00)]
    for command in [*said, reverse(4, "void"), fund("travel", 20_00)]:
        assert teller.say(command, "2026-01-01")
    return [codec.encode(event) for event in teller.events]


HISTORY = money_history()
NAMES = [name for name in named("from spend()") if name not in ("spend",)]


def spent(replica: Replica) -> dict[str, tuple[int, int]]:
    return {row["key"]: (row["funded_minor"], row["approved_minor"]) for row in replica.ask("from spend()")}


FAR = datetime.date(2099, 12, 31)
ASKED = [
    *(Question(name, initiative="AI-1" if name in OF_ONE else None) for name in VIEWS if name != "refusals"),
    *(Question("spend", by=by) for by in GROUPINGS),
]
WANTED = {"claims": (100_00, 7_00), "travel": (20_00, 0)}


@pytest.fixture(params=range(2, len(HISTORY)))
def grown(request: pytest.FixtureRequest) -> tuple[Replica, list[bytes]]:
    """A replica of the beginning of the history, and the rest of it."""
    replica = Replica(PORTFOLIO)
    replica.extend(HISTORY[: request.param])
    return replica, HISTORY[request.param :]


@pytest.mark.parametrize("between", NAMES)
def test_what_is_taken_in_between_one_table_and_the_next_counts_once(
    grown: tuple[Replica, list[bytes]], between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica, rest = grown
    settle = Replica._settle

    def settle_and_take(self: Replica, name: str, after: int) -> int:
        to = settle(self, name, after)
        if name == between and rest:
            self.extend([rest.pop(0)])
        return to

    monkeypatch.setattr(Replica, "_settle", settle_and_take)
    for _ in range(len(HISTORY)):
        replica.ask(f"from spend(as_known := {replica.sequence})")
    assert not rest
    assert spent(replica) == WANTED


@pytest.mark.parametrize("statement", ["_NAMES", "_RECORDED", "_COUNTERED", "_VOIDED", "_VOIDS_MOVED"])
def test_money_that_could_not_be_taken_in_whole_is_taken_in_the_next_time(
    grown: tuple[Replica, list[bytes]], statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica, rest = grown
    spent(replica)
    replica.extend(rest)
    with monkeypatch.context() as patch:
        patch.setattr(money, statement, "select error('of the disk')")
        with pytest.raises(duckdb.Error):
            spent(replica)
    assert spent(replica) == WANTED


def test_a_table_needs_what_stands_before_it() -> None:
    assert {"funding_approved", "funding_approved_whole", "entry_reversed"} <= set(made_of("money_entries"))
    assert "money_entries" in made_of("balances")
    assert "balances" not in made_of("balances")


def test_views_that_are_asked_side_by_side_while_entries_come_are_those_asked_in_peace() -> None:
    payloads = run(every_type_history()).payloads
    steps = [0, 40, 41, 60, 90, len(payloads)]
    replica, begun = Replica(PORTFOLIO), threading.Barrier(5)

    def ask_all(turn: int) -> None:
        begun.wait()
        for place in range(3 * len(ASKED)):
            question = ASKED[(turn * 5 + place) % len(ASKED)]
            sequence = replica.sequence
            if sequence:
                ask(replica, question, Moment(sequence, None, FAR))

    with ThreadPoolExecutor(4) as threads:
        under_way = [threads.submit(ask_all, turn) for turn in range(4)]
        begun.wait()
        for start, end in pairwise(steps):
            replica.extend(payloads[start:end])
        for each in under_way:
            each.result()
    in_peace = Replica(PORTFOLIO)
    in_peace.extend(payloads)
    for question in ASKED:
        moment = Moment(len(payloads), None, FAR)
        assert ask(replica, question, moment) == ask(in_peace, question, moment), question


def test_a_fork_and_its_replica_may_be_brought_up_to_date_at_once() -> None:
    payloads = run(every_type_history()).payloads
    replica = Replica(PORTFOLIO)
    replica.extend(payloads)
    moment = Moment(60, None, FAR)
    with ForkReplica(replica, 60) as fork, ThreadPoolExecutor(4) as threads:
        ours = [threads.submit(ask, replica, question, moment) for question in ASKED]
        theirs = [threads.submit(ask, fork, question, moment) for question in reversed(ASKED)]
        told = [(one.result().rows, other.result().rows) for one, other in zip(ours, reversed(theirs), strict=True)]
    for question, (one, other) in zip(ASKED, told, strict=True):
        assert one == other, question


def test_a_replica_that_nobody_asks_keeps_few_tables_of_what_came_and_forgets_none_of_it() -> None:
    payloads = run(every_type_history()).payloads
    quiet, whole = Replica(PORTFOLIO), Replica(PORTFOLIO)
    whole.extend(payloads)
    with ForkReplica(Replica(PORTFOLIO), 0) as fork:
        for replica in (quiet, fork):
            for payload in payloads:
                replica.extend([payload])
                assert max(map(len, replica._waiting.values())) <= MOST_WAITING
    assert len(quiet._waiting["events"]) > MOST_WAITING // 2, "the history is long enough to be put together"
    for name in ("events", *(f"{table_name(fact)}_whole" for fact in FACTS), "statements"):
        assert quiet.ask(f'from "{name}" order by all') == whole.ask(f'from "{name}" order by all')
