"""The intake over a scripted store: what is decided behind an append that fails is decided again, all is answered."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reperform import reperform
from ledger.service import intake as intakes
from ledger.service.intake import Intake
from ledger.store import Draft, EntryRefused, HoleInStream, SequenceConflict, StoreError, StreamUnavailable
from ledger.writer import Outcome, Taken, Together, Writer
from schemas.receipts import Accepted, Reason, Receipt, Refused, decode_receipt
from tests.notation import Said
from tests.scripted import (
    FUND,
    PROPOSE,
    REFUSED,
    RIVAL,
    Fault,
    ScriptedStore,
    fails,
    landed_unheard,
    lands_later,
    lost,
    opened_store,
    raced_by,
)
from tests.teller import ticking
from tests.words import PORTFOLIO, approve, fund


async def slowly(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
    """Store, but not before the loop has turned often enough for others to be decided."""
    for _ in range(100):
        await asyncio.sleep(0)
    return await store.take(entries, expected)


async def conflicts(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
    """Refuse once, as where somebody was faster whose entries are not read yet."""
    raise SequenceConflict(store.name, expected, None)


def slowed(fault: Fault) -> Fault:
    """Let a fault happen after others were decided behind it."""

    async def after(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
        for _ in range(100):
            await asyncio.sleep(0)
        return await fault(store, entries, expected)

    return after


async def goes_away(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
    """Lose an append, and be away from then on."""
    store.unread = 10_000
    return await lost(store, entries, expected)


def subject_of(line: bytes) -> str:
    told = json.loads(line)
    return f"portfolio.{PORTFOLIO}.command.{told['actor']}.{told['type'].partition('.')[0]}"


class Asked:
    """An intake, and what it answered by the name of who asked."""

    def __init__(self, store: ScriptedStore, **options: Any) -> None:
        self.answers: dict[str, Receipt] = {}
        self.writer = Writer(PORTFOLIO, store, ticking(), patience_s=options.pop("patience_s", 5.0))
        self.intake = Intake(self.writer, self.answer, **options)

    async def answer(self, reply: str, payload: bytes) -> None:
        assert reply not in self.answers, "answered twice"
        self.answers[reply] = decode_receipt(payload)

    async def ask(self, name: str, line: bytes) -> None:
        await self.intake.take(subject_of(line), line, name)


def asking(store: ScriptedStore, *lines: bytes, apart: int = 3, **options: Any) -> list[Receipt]:
    """Return the receipts of lines that come one after the other, the loop turning so often between them."""

    async def run() -> Asked:
        asked = Asked(store, **options)
        await asked.writer.catch_up()
        running = asyncio.create_task(asked.intake.run())
        for place, line in enumerate(lines):
            await asked.ask(str(place), line)
            for _ in range(apart):
                await asyncio.sleep(0)
        asked.intake.end()
        await running
        assert asked.intake.waiting_count == 0
        assert store.unread or asked.writer.book.sequence == len(store.entries)
        return asked

    answers = asyncio.run(run()).answers
    return [answers[str(place)] for place in range(len(lines))]


def funds(count: int) -> list[bytes]:
    return [Said(fund("claims", 1, kind="supplement")).line(f"m-{place}") for place in range(count)]


def well_told(store: ScriptedStore, receipts: Sequence[Receipt], lines: Sequence[bytes]) -> None:
    """Check that every receipt is what stands, that nothing stands twice, and that all comes out again."""
    at = {event.commandid: event.at for event in store.events}
    named = [json.loads(line)["commandid"] for line in lines]
    assert [each.sequence for each in receipts if isinstance(each, Accepted)] == [at[name] for name in named]
    assert max(Counter(event.commandid for event in store.events).values()) == 1
    assert asyncio.run(reperform(store, PORTFOLIO)).differs is None


def test_commands_are_decided_while_an_append_is_under_way_and_go_together() -> None:
    store = opened_store(FUND)
    store.sizes, store.script = [], [slowly]
    lines = funds(20)
    well_told(store, asking(store, *lines), lines)
    assert store.sizes[0] == 1
    assert len(store.sizes) == 2


@pytest.mark.parametrize("fault", [lost, landed_unheard, lands_later, conflicts, raced_by(RIVAL)])
@pytest.mark.parametrize("before", [0, 2])
def test_what_was_decided_behind_an_append_that_fails_is_decided_again(fault: Fault, before: int) -> None:
    store = opened_store(FUND)
    store.script = [slowly] * before + [slowed(fault)]
    lines = funds(60)
    well_told(store, asking(store, *lines), lines)


def test_a_command_that_rests_on_one_under_way_waits_for_it() -> None:
    store = opened_store()
    store.script = [slowed(raced_by(RIVAL)), slowly]
    approved = Said(approve("AI-1", "claims", 60)).line("c-4")
    lines = [FUND, PROPOSE, approved, approved]
    well_told(store, asking(store, *lines), lines)


def test_what_is_refused_by_an_old_book_is_decided_again() -> None:
    store = opened_store()

    async def run() -> Receipt:
        asked = Asked(store)
        await asked.writer.catch_up()
        running = asyncio.create_task(asked.intake.run())
        await Writer(PORTFOLIO, store, ticking()).submit_all([FUND, PROPOSE])
        await asked.ask("late", Said(approve("AI-1", "claims", 60)).line("c-4"))
        asked.intake.end()
        await running
        return asked.answers["late"]

    receipt = asyncio.run(run())
    assert isinstance(receipt, Accepted)
    assert receipt.sequence == 4


def test_a_refusal_beside_accepted_commands_is_told() -> None:
    store = opened_store(FUND)
    lines = [*funds(3), REFUSED, *funds(3)]
    receipts = asking(store, *lines)
    assert receipts[3] == Refused(Reason.UNKNOWN_INITIATIVE, **receipts[3].detail)  # type: ignore[union-attr]
    assert [type(each) for each in receipts] == [Accepted] * 3 + [Refused] + [Accepted] * 3


@pytest.mark.parametrize("error", [StreamUnavailable("away"), EntryRefused("never")], ids=["away", "never"])
def test_a_refusal_that_cannot_be_kept_is_not_told_and_stops_nothing(
    error: StoreError, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep(writer: Writer, together: Together) -> None:
        if together.refused:
            raise error

    monkeypatch.setattr(Writer, "keep", keep)
    receipts = asking(opened_store(FUND), *funds(2), REFUSED, *funds(2))
    assert receipts[2] == Refused(Reason.UNAVAILABLE)
    assert [type(each) for each in receipts] == [Accepted] * 2 + [Refused] + [Accepted] * 2


def test_a_stream_that_stays_away_is_told_to_everybody_who_waits() -> None:
    store = opened_store(FUND)
    store.script = [slowed(goes_away)]
    assert asking(store, *funds(5), patience_s=0.3) == [Refused(Reason.UNAVAILABLE)] * 5
    assert len(store.entries) == 2


@pytest.mark.parametrize("error", [HoleInStream("law", 3, 5), AssertionError("ours")], ids=["hole", "bug"])
def test_what_cannot_go_on_answers_everybody_and_ends_loudly(error: BaseException) -> None:
    store = opened_store(FUND)
    store.script = [slowed(fails(error))]

    async def run() -> dict[str, Receipt]:
        asked = Asked(store)
        await asked.writer.catch_up()
        running = asyncio.create_task(asked.intake.run())
        for place, line in enumerate(funds(30)):
            await asked.ask(str(place), line)
        with pytest.raises(type(error)):
            await running
        return asked.answers

    assert asyncio.run(run()) == {str(place): Refused(Reason.UNAVAILABLE) for place in range(30)}


def test_a_command_that_meets_a_bug_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Writer.outcome

    def outcome(writer: Writer, taken: Taken) -> Outcome:
        if b'"m-4"' in taken.line:
            raise ZeroDivisionError
        return plain(writer, taken)

    monkeypatch.setattr(Writer, "outcome", outcome)
    receipts = asking(opened_store(FUND), *funds(9))
    assert receipts[4] == Refused(Reason.FAILED)
    assert {type(each) for place, each in enumerate(receipts) if place != 4} == {Accepted}


def test_the_book_is_settled_again_and_again_under_a_load_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intakes, "MOST_SPECULATED", 16)
    store = opened_store(FUND)
    store.script = [slowly] * 30
    lines = funds(200)
    well_told(store, asking(store, *lines, apart=1), lines)
    assert max(store.sizes) <= 16 + intakes.SLICE


FAULTS: tuple[Fault, ...] = (slowly, lost, landed_unheard, lands_later, conflicts, slowed(landed_unheard))


@given(
    st.lists(st.sampled_from(range(len(FAULTS))), max_size=6),
    st.lists(st.integers(0, 15), min_size=1, max_size=60),
    st.integers(0, 6),
)
def test_law_whatever_happens_each_command_is_recorded_once_and_answered_with_where_it_stands(
    script: list[int], names: list[int], apart: int
) -> None:
    store = opened_store(FUND)
    store.script = [FAULTS[each] for each in script]
    made = funds(16)
    lines = [made[name] for name in names]
    well_told(store, asking(store, *lines, apart=apart), lines)
    assert {event.commandid for event in store.events} == {"c-1", "c-2", *(f"m-{name}" for name in names)}
