"""Verdicts: what the ledger would say, without a trace."""

from __future__ import annotations

import asyncio
import copy
import datetime

from ledger.store import MemoryStore
from ledger.writer import Writer
from schemas.receipts import Reason
from tests.notation import Said, given
from tests.words import approve, fund, opening, propose
from tui.model.verdicts import verdict, verdicts

NOW = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
OPENING = (opening(),)
FUNDED = (fund("claims", 100), propose("AI-1"))


def line(minor: int, name: str = "new") -> bytes:
    return Said(approve("AI-1", "claims", minor)).line(name)


def test_a_verdict_is_what_would_be_stored_byte_for_byte() -> None:
    lines = [Said(ask).line(f"c-{place}") for place, ask in enumerate((*OPENING, *FUNDED))]

    async def compare() -> None:
        store = MemoryStore()
        writer = Writer("law", store, lambda: NOW)
        await writer.submit_all(lines)
        found = verdict(writer.book, line(101), now=NOW)
        await writer.submit(line(101))
        assert [entry.payload for entry in store.entries][-1:] == list(found.payloads)
        assert found.flags == (Reason.NO_AUTHORITY, Reason.OVER_ENVELOPE)

    asyncio.run(compare())


def test_a_verdict_leaves_no_trace() -> None:
    book = given(*FUNDED).book
    before = copy.deepcopy(vars(book))
    for asked in (line(50), line(0), b"nope", line(101)):
        verdict(book, asked, now=NOW)
    assert {name: repr(held) for name, held in vars(book).items() if name in TABLES} == {
        name: repr(held) for name, held in before.items() if name in TABLES
    }
    assert (book.sequence, book.frontier.root()) == (before["sequence"], before["frontier"].root())
    assert book.command("new") is None


def test_a_refusal_says_why() -> None:
    found = verdict(given(*FUNDED).book, line(0), now=NOW)
    assert found.refused is not None
    assert (found.refused.reason, found.events, found.flags) == (Reason.ZERO_AMOUNT, (), ())


def test_what_was_accepted_before_is_told() -> None:
    book = given(*FUNDED, Said(approve("AI-1", "claims", 5))).book
    again = Said(approve("AI-1", "claims", 5)).line("c-4")
    assert verdict(book, again, now=NOW).repeats == 4


def test_commands_are_judged_one_after_the_other() -> None:
    book = given(*FUNDED).book
    found = verdicts(book, [line(60, "a"), line(60, "b"), line(60, "a")], now=NOW)
    assert [Reason.OVER_ENVELOPE in each.flags for each in found] == [False, True, False]
    assert [each.events[0].at for each in found[:2]] == [4, 5]
    assert found[2].repeats == 4
    assert book.sequence == 3


TABLES = {"stacks", "sums", "currencies", "booked", "reversed_by", "conditions", "keys", "recorded_at", "importing"}
