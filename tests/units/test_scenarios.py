"""Scenarios side by side: one headline a history, from the same views."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from ledger.book import Book
from ledger.fork import Fork
from ledger.suppose import Add, Change, LeaveOut, Supposing, suppose
from projections.fork import ForkClosed, ForkReplica
from projections.moment import Moment
from projections.replica import Replica
from projections.scenarios import RECORDED, compare_scenarios
from projections.views import Question, ask
from tests.notation import Said
from tests.teller import run
from tests.words import (
    PORTFOLIO,
    align,
    allocate,
    approve,
    fund,
    objective,
    objectives,
    opening,
    policy,
    propose,
    request,
)
from tui.model.headlines import headline_rows, headlines_text

FAR = datetime.date(2099, 1, 1)
LATER = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
SAID = [
    opening(),
    objectives(objective("growth", 10_000)),
    fund("claims", 100_00),
    propose("AI-1"),
    align("AI-1", growth=10_000),
    approve("AI-1", "claims", 40_00),
    propose("AI-2"),
    approve("AI-2", "claims", 60_00),
    request("D-1", "AI-1"),
]
PAYLOADS = run([Said(ask).line(f"c-{place}") for place, ask in enumerate(SAID)]).payloads


def replica() -> Replica:
    made = Replica(PORTFOLIO)
    made.extend(PAYLOADS)
    return made


def supposed(*changes: Change) -> Supposing:
    fork = Fork(Book(PORTFOLIO), 2)
    fork.take(PAYLOADS)
    return suppose(fork, changes, now=LATER)


def test_each_history_has_its_own_figures() -> None:
    more = Add(9, Said(approve("AI-2", "claims", 50_00)).line("more"))
    nobody = Add(9, Said(approve("AI-9", "claims", 1)).line("nobody"))
    found = compare_scenarios(
        replica(), {"no two": supposed(LeaveOut(7), LeaveOut(9)), "more": supposed(more, nobody)}, FAR
    )
    assert [each.name for each in found] == [RECORDED, "no two", "more"]
    assert [each.sequence for each in found] == [9, 6, 10]
    assert [each.approved_minor for each in found] == [100_00, 40_00, 150_00]
    assert [each.index for each in found] == pytest.approx([0.4, 1.0, 40 / 150])
    assert [each.orphan_share for each in found] == pytest.approx([0.6, 0.0, 110 / 150])
    assert [each.must_move_minor for each in found] == [60_00, 0, 110_00]
    assert [each.open_decisions for each in found] == [1, 0, 1]
    assert [each.flagged for each in found] == [4, 3, 5]
    assert [each.refused for each in found] == [0, 1, 0]
    assert [each.not_accepted for each in found] == [0, 0, 1]


def test_figures_are_shown_with_what_changed() -> None:
    found = compare_scenarios(replica(), {"no two": supposed(LeaveOut(7))}, FAR)
    rows = {row.label: (row.cells, row.changes) for row in headline_rows(found)}
    assert rows["approved"] == (("100.00", "40.00"), ("", "-60.00"))
    assert rows["alignment index"] == (("0.400", "1.000"), ("", "+0.600"))
    assert rows["serves no objective"] == (("60.0 %", "0.0 %"), ("", "-60.0"))
    assert rows["committed"] == (("0.00", "0.00"), ("", ""))
    assert headlines_text(found).splitlines()[0].split() == ["recorded", "no", "two"]


def test_a_history_without_money_has_no_index() -> None:
    found = compare_scenarios(replica(), {"none": supposed(LeaveOut(3))}, FAR)
    assert found[1].index is None
    assert {row.label: row.cells[1] for row in headline_rows(found)}["alignment index"] == "–"


def test_names_are_clean() -> None:
    assert "\x1b" not in headlines_text(compare_scenarios(replica(), {"\x1b[2J": supposed()}, FAR))


def test_no_more_than_three_are_compared() -> None:
    with pytest.raises(ValueError, match="4 scenarios are too many to compare; choose up to 3"):
        compare_scenarios(replica(), {name: supposed() for name in "abcd"}, FAR)


def test_a_fork_shows_one_supposition_after_another_and_leaves_its_replica_alone() -> None:
    whole = replica()
    moment = Moment(20, None, FAR)
    before = ask(whole, Question("spend"), moment)
    with ForkReplica(whole, 2) as fork:
        for _ in range(3):
            fork.show(supposed(LeaveOut(7)).payloads)
            assert ask(fork, Question("spend"), moment).totals["approved_minor"] == 40_00
            fork.show(supposed().payloads)
            assert ask(fork, Question("spend"), moment) == before
        whole.extend([b"foreign"])
        assert (fork.sequence, fork.foreign, whole.foreign) == (9, [], [10])
    assert ask(whole, Question("spend"), moment) == before


def test_closing_a_fork_waits_for_whoever_asks_it_and_refuses_whoever_comes_later() -> None:
    fork = ForkReplica(replica(), 2)
    asked, let_on = threading.Event(), threading.Event()

    def slowly() -> Iterator[int]:
        asked.set()
        assert let_on.wait(60)
        yield 9

    with ThreadPoolExecutor(2) as threads:
        answer = threads.submit(fork.ask, "select count(*) as known from events where sequence < ?", slowly())
        assert asked.wait(60)
        closing = threads.submit(fork.close)
        while not fork._closed:
            assert not closing.done()
        let_on.set()
        assert answer.result() == [{"known": 2}]
        closing.result()
    with pytest.raises(ForkClosed, match="the fork at sequence 2 is closed; ask a new one"):
        fork.ask("select 1")
    with pytest.raises(ForkClosed):
        fork.show([])
    fork.close()


def test_a_replica_is_not_forked_beyond_its_end() -> None:
    with pytest.raises(ValueError, match="a replica of 9 entries cannot be forked at 10"):
        ForkReplica(replica(), 10)


def test_a_figure_of_a_fork_is_not_made_small_where_few_rows_are_expected() -> None:
    # DuckDB 2.0 takes a sum over rows that it expects to be none for at most 0, and puts 400 into one byte.
    said = [
        opening(),
        policy("tiers", 1, tiers=[{"tier": "all", "roles": ["manager"]}]),
        propose("AI-4"),
        allocate("AI-4", "2026-01", 1_000, skill="python"),
        allocate("AI-4", "2026-02", 400, kind="used", skill="rust"),
    ]
    payloads = run([Said(ask).line(f"c-{place}") for place, ask in enumerate(said)]).payloads
    assert len(payloads) == len(said)
    whole = Replica(PORTFOLIO)
    whole.extend(payloads)
    for at in range(len(payloads)):
        with ForkReplica(whole, at) as fork:
            fork.show(payloads[at:])
            rows = fork.ask("select planned, used from capacity() order by period")
            assert rows == [{"planned": 1_000, "used": 0}, {"planned": 0, "used": 400}], at
