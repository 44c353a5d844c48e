"""Laws of supposing: nothing changed is the history; what is put back was never left out; a fork is a history."""

from __future__ import annotations

import asyncio
import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.book import Book
from ledger.evolve import evolve
from ledger.fork import Fork
from ledger.reperform import reperform
from ledger.store import Draft, MemoryStore
from ledger.suppose import Add, Change, LeaveOut, Replace, Supposing, suppose
from projections.fork import ForkReplica
from projections.moment import Moment
from projections.replica import Replica
from projections.views import GROUPINGS, OF_ONE, VIEWS, Question, ask
from projections.windows import WINDOW_ENTRIES
from schemas import codec
from tests.fixed_history import every_type_history
from tests.histories import histories
from tests.teller import Ran, run
from tests.windows import windows_of
from tests.words import PORTFOLIO

LATER = datetime.datetime(2027, 6, 1, tzinfo=datetime.UTC)
FAR = datetime.date(2099, 12, 31)

law = settings(max_examples=40, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])


def forked(payloads: list[bytes], at: int = 0) -> Fork:
    fork = Fork(Book(PORTFOLIO), at)
    fork.take(payloads)
    return fork


def whole(payloads: list[bytes], changes: list[Change], at: int = 0) -> tuple[Supposing, list[bytes]]:
    """Return what is supposed, and all payloads of the history it makes."""
    found = suppose(forked(payloads, at), changes, now=LATER)
    return found, payloads[: found.fork] + found.payloads


def command_at(ran: Ran, sequence: int) -> tuple[int, bytes]:
    """Return the first sequence of the command an entry came from, and its line."""
    first = max(event.at for event in ran.events if event.at <= sequence and event.command is not None)
    return first, (ran.events[first - 1].command or "").encode()


def last_of(ran: Ran, first: int) -> int:
    later = [event.at for event in ran.events if event.at > first and event.command is not None]
    return min(later, default=len(ran.events) + 1) - 1


def decided_at(ran: Ran, sequence: int) -> datetime.datetime:
    event = ran.events[sequence - 1]
    return event.importedtime or event.recordedtime


@law
@given(histories(1, 50), st.data())
def test_law_a_fork_that_changes_nothing_is_the_history_byte_for_byte(lines: list[bytes], data: st.DataObject) -> None:
    ran = run(lines)
    at = data.draw(st.integers(0, len(ran.payloads)))
    found, payloads = whole(ran.payloads, [], at)
    assert payloads == ran.payloads
    assert (found.told, found.outcomes) == ((), ())
    assert state(found.book) == state(ran.book)


@law
@given(histories(5, 50), st.data())
def test_law_a_command_put_back_in_its_place_was_never_left_out(lines: list[bytes], data: st.DataObject) -> None:
    ran = run(lines)
    if not ran.payloads:
        return
    sequence = data.draw(st.integers(1, len(ran.payloads)))
    first, line = command_at(ran, sequence)
    by_replacing: list[Change] = [Replace(sequence, line)]
    at = decided_at(ran, first)
    by_adding: list[Change] = [LeaveOut(sequence), Add(first - 1, line, at)]
    by_adding_behind: list[Change] = [LeaveOut(sequence), Add(last_of(ran, first), line, at)]
    for changes in (by_replacing, by_adding, by_adding_behind):
        # What names the command's own entries finds them where they were only if it replaces them.
        if changes is not by_replacing and named_later(ran, first):
            continue
        _, payloads = whole(ran.payloads, changes, data.draw(st.integers(0, first - 1)))
        assert payloads == ran.payloads


def named_later(ran: Ran, first: int) -> bool:
    """Say whether a later event names an entry of this command by its sequence."""
    own = range(first, last_of(ran, first) + 1)
    fields = ("sequence", "request", "trigger")
    return any(
        getattr(event.data, field, None) in own
        or (event.policy is not None and int(event.policy) in own)
        or getattr(getattr(event.data, "presented", None), "as_known", None) in own
        for event in ran.events[first:]
        for field in fields
    )


@law
@given(histories(5, 50), st.data())
def test_law_a_supposed_history_is_one_the_ledger_would_have_written(lines: list[bytes], data: st.DataObject) -> None:
    """Decided again, every event of it comes out as it stands; every recorded command is accounted for."""
    ran = run(lines)
    if not ran.payloads:
        return
    left_out = data.draw(st.sets(st.integers(1, len(ran.payloads)), max_size=3))
    firsts = {command_at(ran, sequence)[0] for sequence in left_out}
    found, payloads = whole(ran.payloads, [LeaveOut(first) for first in sorted(firsts)])
    again = asyncio.run(reperform(stored(payloads), PORTFOLIO))
    assert again.differs is None, again
    assert (again.events, again.last_sequence) == (len(payloads), found.book.sequence)
    commands = [event.at for event in ran.events if event.command is not None]
    assert len(commands) == found.kept + len(found.told)
    assert {fate.sequence for fate in found.told} <= set(commands)
    assert {fate.sequence for fate in found.told if fate.became == "left_out"} == firsts
    assert state(found.book) == state(folded(payloads))


@law
@given(histories(5, 40), st.data())
def test_law_turning_a_change_off_again_is_the_history(lines: list[bytes], data: st.DataObject) -> None:
    ran = run(lines)
    if not ran.payloads:
        return
    fork = forked(ran.payloads)
    sequence = data.draw(st.integers(1, len(ran.payloads)))
    suppose(fork, [LeaveOut(sequence)], now=LATER)
    assert suppose(fork, [LeaveOut(sequence, on=False)], now=LATER).payloads == ran.payloads


@pytest.mark.parametrize("entries", [2, WINDOW_ENTRIES])
@settings(law, max_examples=4)
@given(histories(10, 50), st.data())
def test_law_a_replica_of_a_fork_answers_as_one_that_read_it_all(
    entries: int, lines: list[bytes], data: st.DataObject
) -> None:
    with windows_of(entries):
        assert_forks_answer_alike(run(lines), data)


def assert_forks_answer_alike(ran: Ran, data: st.DataObject) -> None:
    if not ran.payloads:
        return
    at = data.draw(st.integers(0, len(ran.payloads)))
    replica = Replica(PORTFOLIO)
    replica.extend(ran.payloads)
    with ForkReplica(replica, at) as fork:
        assert_answers_alike(fork, read(ran.payloads[:at]))
        later = data.draw(st.integers(at, len(ran.payloads)))
        changes: list[Change] = [LeaveOut(later)] if later > at else []
        found, payloads = whole(ran.payloads, changes, at)
        with ForkReplica(replica, found.fork) as exact:
            exact.show(found.payloads)
            assert_answers_alike(exact, read(payloads))
            exact.show([])
            assert_answers_alike(exact, read(ran.payloads[: found.fork]))
    assert_answers_alike(replica, read(ran.payloads))


@pytest.mark.parametrize("at", [0, 3, 90])
def test_every_type_of_event_answers_alike_in_a_fork(at: int) -> None:
    ran = run(every_type_history())
    replica = Replica(PORTFOLIO)
    replica.extend(ran.payloads)
    with ForkReplica(replica, at) as fork:
        fork.show(ran.payloads[at:])
        assert_answers_alike(fork, replica)


def assert_answers_alike(one: Replica, other: Replica) -> None:
    assert (one.sequence, one.foreign, one.portfolio) == (other.sequence, other.foreign, other.portfolio)
    assert one.recorded_at(one.sequence) == other.recorded_at(other.sequence)
    for sequence in (one.sequence, one.sequence // 2):
        moment = Moment(sequence, one.recorded_at(sequence), FAR)
        for question in questions():
            assert ask(one, question, moment) == ask(other, question, moment), question


def questions() -> list[Question]:
    named = [Question(name, initiative="AI-1" if name in OF_ONE else None) for name in VIEWS]
    return [*named, *(Question("spend", by=by) for by in GROUPINGS), Question("alignment", measure="forecast")]


def read(payloads: list[bytes]) -> Replica:
    replica = Replica(PORTFOLIO)
    if payloads:
        replica.extend(payloads)
    return replica


def folded(payloads: list[bytes]) -> Book:
    book = Book(PORTFOLIO)
    for sequence, payload in enumerate(payloads, start=1):
        evolve(book, codec.decode(payload, portfolio=PORTFOLIO, sequence=sequence), payload)
    return book


def stored(payloads: list[bytes]) -> MemoryStore:
    store = MemoryStore()
    for place in range(0, len(payloads), 500):
        drafts = [Draft("x", payload) for payload in payloads[place : place + 500]]
        asyncio.run(store.append(drafts, expected_sequence=place))
    return store


def state(book: Book) -> dict[str, Any]:
    """Return what a book knows, without what it has not to forget."""
    tables = ("stacks", "sums", "currencies", "value_streams", "booked", "reversed_by", "conditions", "keys")
    known: dict[str, Any] = {name: {key: held for key, held in getattr(book, name).items() if held} for name in tables}
    return known | {"sequence": book.sequence, "recorded_at": book.recorded_at, "root": book.frontier.root()}
