"""The writer over stores that lose, delay and race appends: nothing lost, nothing twice, no answer too early."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ledger import writer as writing
from ledger.store import Draft, EntryRefused, OutcomeUnknown, SequenceConflict, StreamUnavailable
from ledger.writer import Writer
from schemas.receipts import Accepted, Reason, Receipt, Refused
from tests.notation import Said
from tests.scripted import (
    FUND,
    PROPOSE,
    REFUSED,
    RIVAL,
    ScriptedStore,
    commandids,
    fails,
    landed_unheard,
    lands_later,
    lost,
    opened_store,
    raced_by,
    receipts_of,
    write,
)
from tests.teller import ticking
from tests.words import PORTFOLIO, fund, propose

# A race that was lost.


def test_after_a_conflict_a_command_is_decided_again_on_the_new_book() -> None:
    store = opened_store()
    store.script = [raced_by(RIVAL)]
    (receipt,) = write(store, FUND)
    assert isinstance(receipt, Accepted)
    assert commandids(store) == ["c-1", "rival", "c-2"]
    assert [event.at for event in store.events] == [1, 2, 3]
    assert receipt.sequence == 3


def test_after_a_conflict_a_command_may_be_refused() -> None:
    store = opened_store()
    store.script = [raced_by(Said(propose("AI-1")).line("rival"))]
    (receipt,) = write(store, PROPOSE)
    assert receipt == Refused(Reason.INITIATIVE_EXISTS, field="data.initiative", value="AI-1")
    assert commandids(store) == ["c-1", "rival"]


def test_when_the_other_writer_recorded_the_same_command_its_receipt_is_given() -> None:
    store = opened_store()
    store.script = [raced_by(FUND)]
    (receipt,) = write(store, FUND)
    assert commandids(store) == ["c-1", "c-2"]
    assert isinstance(receipt, Accepted)
    assert (receipt.sequence, receipt.events[0].id) == (2, store.events[1].id)


def test_losing_many_races_in_a_row_records_everything_once() -> None:
    store = opened_store()
    store.script = [raced_by(Said(fund(f"e-{n}", 1)).line(f"rival-{n}")) for n in range(20)]
    receipts = write(store, FUND, REFUSED, PROPOSE)
    assert [type(receipt) for receipt in receipts] == [Accepted, Refused, Accepted]
    assert sorted(commandids(store)) == sorted({"c-1", "c-2", "c-3", *(f"rival-{n}" for n in range(20))})


def test_a_batch_that_was_half_recorded_by_another_is_answered_in_order() -> None:
    store = opened_store()
    store.script = [raced_by(PROPOSE)]
    receipts = write(store, FUND, PROPOSE)
    assert commandids(store) == ["c-1", "c-3", "c-2"]
    assert [receipt.sequence for receipt in receipts if isinstance(receipt, Accepted)] == [3, 2]


# An answer that was lost.


def test_an_append_that_lands_but_is_not_answered_gets_the_receipt_of_what_landed() -> None:
    store = opened_store()
    store.script = [landed_unheard]
    receipts = write(store, FUND, PROPOSE)
    assert commandids(store) == ["c-1", "c-2", "c-3"]
    assert receipts == receipts_of(store)[1:]


def test_an_append_that_is_lost_is_made_again() -> None:
    store = opened_store()
    store.script = [lost, lost]
    receipts = write(store, FUND, PROPOSE)
    assert commandids(store) == ["c-1", "c-2", "c-3"]
    assert receipts == receipts_of(store)[1:]


def test_an_append_that_lands_after_the_writer_has_read_on_is_not_recorded_twice() -> None:
    store = opened_store()
    store.script = [lands_later]
    receipts = write(store, FUND, PROPOSE)
    assert commandids(store) == ["c-1", "c-2", "c-3"]
    assert receipts == receipts_of(store)[1:]


def test_an_append_that_arrives_after_its_repeat_meets_the_guard() -> None:
    store = opened_store()
    held: list[tuple[list[Draft], int]] = []

    async def held_back(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
        held.append((list(entries), expected))
        raise OutcomeUnknown(store.name, expected, 5.0)

    async def repeated_then_arrives(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
        sequence = await store.take(entries, expected)
        with pytest.raises(SequenceConflict):
            await store.take(*held[0])
        return sequence

    store.script = [held_back, repeated_then_arrives]
    assert write(store, FUND) == receipts_of(store)[1:]
    assert commandids(store) == ["c-1", "c-2"]


def test_a_sender_who_repeats_after_a_crash_gets_the_receipt_of_what_landed() -> None:
    store = opened_store()

    async def lands_then_crashes(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
        await store.take(entries, expected)
        raise KeyboardInterrupt

    store.script = [lands_then_crashes]
    with pytest.raises(KeyboardInterrupt):
        write(store, FUND)
    assert write(store, FUND) == receipts_of(store)[1:]
    assert commandids(store) == ["c-1", "c-2"]


# A stream that stays away.


def test_a_stream_that_cannot_be_read_for_too_long_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE_S", -1.0)
    store = opened_store()

    async def lost_and_gone(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
        store.unread = 1
        raise OutcomeUnknown(store.name, expected, 5.0)

    store.script = [lost_and_gone]
    with pytest.raises(StreamUnavailable, match=r"no answer from memory to an append after sequence 1"):
        write(store, FUND)
    assert commandids(store) == ["c-1"]


def test_a_writer_waits_for_a_stream_that_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def at_once(delay: float) -> None:
        waited.append(delay)

    monkeypatch.setattr(writing.asyncio, "sleep", at_once)
    store = opened_store()

    async def landed_and_gone(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
        store.unread = 3
        return await landed_unheard(store, entries, expected)

    store.script = [landed_and_gone]
    assert write(store, FUND) == [receipts_of(store)[1]]
    assert len(waited) == 3


def test_a_stream_that_never_answers_an_append_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE_S", -1.0)
    store = opened_store()
    store.script = [lost] * 50 + [fails(AssertionError("the writer never gives up"))]
    with pytest.raises(StreamUnavailable):
        write(store, FUND)


@pytest.mark.parametrize(
    "error",
    [EntryRefused("never"), ValueError("too long"), asyncio.CancelledError()],
    ids=lambda error: type(error).__name__,
)
def test_a_command_whose_append_failed_is_never_answered_as_recorded(error: BaseException) -> None:
    store = opened_store()

    async def again() -> Receipt:
        writer = Writer(PORTFOLIO, store, ticking())
        await writer.catch_up()
        store.script = [fails(error)]
        with pytest.raises(type(error)):
            await writer.submit(FUND)
        return await writer.submit(FUND)

    receipt = asyncio.run(again())
    assert commandids(store) == ["c-1", "c-2"]
    assert receipt == receipts_of(store)[1]


# What is told.


@pytest.mark.parametrize("error", [SequenceConflict("portfolio ai-2026", 41, 43), OutcomeUnknown("ai-2026", 41, 5.0)])
def test_an_error_of_the_store_says_what_about_which_and_what_next(error: Exception) -> None:
    what, next_step = str(error).split("; ")
    assert "ai-2026" in what
    assert "41" in what
    assert next_step.startswith(("catch up", "read on"))
