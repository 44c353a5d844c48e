"""Re-performance: every event comes out as it is stored, and one changed digit is found."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings

from ledger.demo import clock, steps
from ledger.reperform import Reperformance, reperform
from ledger.store import MemoryStore, Stored
from ledger.writer import Writer
from tests.fixed_history import every_type_history
from tests.histories import histories
from tests.teller import run

PORTFOLIO = "law"


def store_of(lines: list[bytes]) -> MemoryStore:
    told = run(lines)
    store = MemoryStore()
    store.entries = [Stored(at, "", payload) for at, payload in enumerate(told.payloads, start=1)]
    return store


def decided_again(store: MemoryStore, portfolio: str = PORTFOLIO) -> Reperformance:
    return asyncio.run(reperform(store, portfolio))


def changed(store: MemoryStore, sequence: int, old: bytes, new: bytes) -> MemoryStore:
    entry = store.entries[sequence - 1]
    assert entry.payload.count(old) == 1, "the change is meant to touch one place"
    store.entries[sequence - 1] = entry._replace(payload=entry.payload.replace(old, new))
    return store


def test_a_history_of_every_type_comes_out_as_it_is_stored() -> None:
    found = decided_again(store_of(every_type_history()))
    assert (found.differs, found.sequence) == (None, None)
    assert found.events == found.last_sequence > 200


@settings(max_examples=15, deadline=None)
@given(lines=histories(5, 40))
def test_law_every_history_comes_out_as_it_is_stored(lines: list[bytes]) -> None:
    assert decided_again(store_of(lines)).differs is None


def test_the_demo_comes_out_as_it_is_stored() -> None:
    told = list(steps())
    store = MemoryStore()
    writer = Writer("demo", store, clock(told, lambda: writer.book.sequence))
    asyncio.run(writer.submit_all([step.line for step in told]))
    assert decided_again(store, "demo").differs is None


@pytest.mark.parametrize("sequence", [1, 40, 120, 200])
def test_a_changed_actor_is_found_in_the_event_it_is_changed_in(sequence: int) -> None:
    store = store_of(every_type_history())
    payload = store.entries[sequence - 1].payload
    actor = payload[payload.index(b'"actor":"') : payload.index(b'","', payload.index(b'"actor":"'))]
    found = decided_again(changed(store, sequence, actor + b'","commandid', actor + b'x","commandid'))
    assert found.sequence == sequence
    assert found.differs is not None
    assert found.differs.startswith("byte ")


def test_a_changed_digit_of_an_amount_is_found() -> None:
    store = store_of(every_type_history())
    at, entry = next((n, e) for n, e in enumerate(store.entries, start=1) if b'"type":"ActualPosted.v1"' in e.payload)
    data = entry.payload[entry.payload.index(b'"data":') :]
    digit = data.index(b'"minor":') + len(b'"minor":')
    other = data[:digit] + (b"9" if data[digit : digit + 1] != b"9" else b"8") + data[digit + 1 :]
    found = decided_again(changed(store, at, data, other))
    assert found.sequence == at


def test_an_event_that_was_taken_out_is_found() -> None:
    store = store_of(every_type_history())
    del store.entries[99]
    store.entries = [entry._replace(sequence=at) for at, entry in enumerate(store.entries, start=1)]
    found = decided_again(store)
    assert found.foreign > 0 or found.differs is not None


def test_foreign_entries_are_passed_over_and_counted() -> None:
    store = store_of(every_type_history())
    store.entries.append(Stored(len(store.entries) + 1, "x", b"\x00 not ours"))
    found = decided_again(store)
    assert (found.differs, found.foreign) == (None, 1)
