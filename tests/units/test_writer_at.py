"""A command that is meant for the book as its sender saw it: recorded there, or not at all."""

from __future__ import annotations

import asyncio

import pytest

from ledger.refusals import Refusals
from ledger.store import MemoryStore, SequenceConflict
from ledger.writer import Writer
from schemas.receipts import Accepted, Reason, Receipt, Refused
from tests.scripted import (
    FUND,
    PROPOSE,
    REFUSED,
    RIVAL,
    ScriptedStore,
    commandids,
    landed_unheard,
    lands_later,
    lost,
    opened_store,
    raced_by,
    receipts_of,
)
from tests.teller import ticking
from tests.words import PORTFOLIO


def at(store: ScriptedStore, line: bytes, sequence: int, refusals: MemoryStore | None = None) -> Receipt:
    kept = None if refusals is None else Refusals(PORTFOLIO, refusals)
    return asyncio.run(Writer(PORTFOLIO, store, ticking(), kept).submit_at(line, sequence))


def test_where_the_book_stands_as_the_sender_saw_it_the_command_is_recorded() -> None:
    store = opened_store()
    assert at(store, FUND, 1) == receipts_of(store)[1]


def test_where_the_book_has_moved_nothing_is_stored_and_it_is_told_where_it_stands() -> None:
    store = opened_store(RIVAL)
    with pytest.raises(SequenceConflict) as conflict:
        at(store, FUND, 1)
    assert (conflict.value.expected, conflict.value.found) == (1, 2)
    assert commandids(store) == ["c-1", "rival"]


def test_a_book_that_moves_while_the_append_is_under_way_stores_nothing() -> None:
    store = opened_store()
    store.script = [raced_by(RIVAL)]
    with pytest.raises(SequenceConflict):
        at(store, FUND, 1)
    assert commandids(store) == ["c-1", "rival"]


def test_a_refusal_is_kept_where_it_was_judged_as_its_sender_saw_it_and_not_elsewhere() -> None:
    store, refusals = opened_store(), MemoryStore()
    assert at(store, REFUSED, 1, refusals) == Refused(Reason.UNKNOWN_INITIATIVE, field="data.initiative", value="AI-9")
    assert len(refusals.entries) == 1
    with pytest.raises(SequenceConflict):
        at(store, REFUSED, 0, refusals)
    assert len(refusals.entries) == 1


def test_a_command_that_was_recorded_is_answered_wherever_the_book_stands() -> None:
    store = opened_store(FUND, RIVAL)
    assert at(store, FUND, 1) == receipts_of(store)[1]
    assert commandids(store) == ["c-1", "c-2", "rival"]


@pytest.mark.parametrize("fault", [lost, landed_unheard, lands_later])
def test_an_append_without_an_answer_is_recorded_once_and_answered(fault: object) -> None:
    store = opened_store()
    store.script = [fault]
    assert at(store, PROPOSE, 1) == receipts_of(store)[1]
    assert commandids(store) == ["c-1", "c-3"]


def test_the_writer_goes_on_after_a_conflict() -> None:
    async def both() -> list[Receipt]:
        writer = Writer(PORTFOLIO, store, ticking())
        with pytest.raises(SequenceConflict):
            await writer.submit_at(FUND, 7)
        return [await writer.submit_at(FUND, 1), await writer.submit(PROPOSE)]

    store = opened_store()
    receipts = asyncio.run(both())
    assert all(isinstance(receipt, Accepted) for receipt in receipts)
    assert commandids(store) == ["c-1", "c-2", "c-3"]
