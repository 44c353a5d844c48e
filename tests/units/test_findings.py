"""Findings: filed in order under numbers of their own, never changed, and found again when an answer was lost."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from ledger.findings import Finding, FindingError, Findings, evidence_of, histories, newest
from ledger.store import Draft, MemoryStore, OutcomeUnknown, SequenceConflict, StreamUnavailable

AT = datetime.datetime(2026, 4, 21, 9, 30, tzinfo=datetime.UTC)
ENTRY = b'{"sequence":"0000000000000661"}'


def finding(number: str = "", minute: int = 0, **changes: Any) -> Finding:
    made: dict[str, Any] = {
        "finding": number,
        "recordedtime": AT + datetime.timedelta(minutes=minute),
        "actor": "hugo",
        "sequence": 661,
        "severity": "major",
        "title": "Names no initiative",
        "text": "It names none.",
        "evidence": evidence_of(ENTRY),
        "status": "open",
    }
    return Finding(**made | changes)


def answered(number: str, minute: int = 9, **changes: Any) -> Finding:
    return finding(number, minute, **{"status": "answered", "answers": 700, "text": "It has a name."} | changes)


def withdrawn(number: str, minute: int = 9) -> Finding:
    return finding(number, minute, status="withdrawn", text="It had one.")


def filed(store: MemoryStore, *made: Finding) -> list[Finding]:
    async def file() -> list[Finding]:
        return [await Findings("law", store).file(each) for each in made]

    return asyncio.run(file())


def kept(store: MemoryStore) -> list[Finding]:
    async def read() -> list[Finding]:
        return [each async for each in Findings("law", store).read()]

    return asyncio.run(read())


def test_findings_are_numbered_in_the_order_they_are_filed_and_read_back() -> None:
    store = MemoryStore()
    made = filed(store, finding(), finding(minute=1), finding(minute=2))
    assert [each.finding for each in made] == ["F-001", "F-002", "F-003"]
    assert kept(store) == made
    assert {entry.subject for entry in store.entries} == {"portfolio.law.finding"}
    assert json.loads(store.entries[0].payload) == {
        "finding": "F-001",
        "recordedtime": "2026-04-21T09:30:00Z",
        "actor": "hugo",
        "sequence": 661,
        "severity": "major",
        "title": "Names no initiative",
        "text": "It names none.",
        "evidence": evidence_of(ENTRY),
        "status": "open",
    }


def test_numbers_go_on_behind_a_thousand() -> None:
    store = MemoryStore()
    asyncio.run(store.append([Draft("x", msgspec.json.encode(finding("F-999")))], expected_sequence=0))
    assert filed(store, finding(minute=1), finding(minute=2))[-1].finding == "F-1001"
    assert [each.finding for each in newest(kept(store))] == ["F-999", "F-1000", "F-1001"]


def test_what_became_of_a_finding_is_a_later_record_and_says_how_it_stands() -> None:
    store = MemoryStore()
    filed(store, finding(), finding(minute=1), answered("F-001"), withdrawn("F-002"))
    assert [(each.finding, each.status) for each in newest(kept(store))] == [
        ("F-001", "answered"),
        ("F-002", "withdrawn"),
    ]
    assert [[each.status for each in told] for told in histories(kept(store))] == [
        ["open", "answered"],
        ["open", "withdrawn"],
    ]
    assert filed(store, answered("F-001", 20))[0].recordedtime == AT + datetime.timedelta(minutes=20)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (answered("F-002"), "there is no finding F-002, there is F-001"),
        (answered("F-001", sequence=5), "is about what it was about: entry 661"),
        (answered("F-001", severity="note"), "is about what it was about"),
        (answered("F-001", answers=None), "a finding is answered by an entry"),
        (finding(minute=3, answers=7), "a finding is answered by an entry"),
        (answered("", minute=3), "open before it is answered"),
        (finding("F-001", minute=3), "F-001 is filed already"),
        (finding(minute=3, title=""), "cannot be filed: .*title"),
        (finding(minute=3, text="x" * 4_001), "cannot be filed: .*text"),
        (finding(minute=3, severity="awful"), "cannot be filed: .*severity"),
        (finding(minute=3, evidence="ab"), "cannot be filed: .*evidence"),
        (finding(minute=3, sequence=0), "cannot be filed: .*sequence"),
        (finding(minute=3, actor="hugo b"), "'hugo b' is no id"),
        (finding(minute=3, recordedtime=datetime.datetime(2026, 1, 1)), "which time zone"),
    ],
)
def test_what_does_not_fit_is_not_filed(made: Finding, said: str) -> None:
    store = MemoryStore()
    filed(store, finding())
    with pytest.raises(FindingError, match=said):
        filed(store, made)
    assert len(store.entries) == 1


def test_nothing_becomes_of_a_withdrawn_finding() -> None:
    store = MemoryStore()
    filed(store, finding(), withdrawn("F-001"))
    with pytest.raises(FindingError, match="F-001 was withdrawn; file another"):
        filed(store, answered("F-001", 30))


class Faulty(MemoryStore):
    """A store whose appends meet a script of faults."""

    def __init__(self, *faults: str) -> None:
        super().__init__("FINDINGS_law")
        self.faults = list(faults)

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "lost":
            raise OutcomeUnknown(self.name, expected_sequence, 1.0)
        if fault == "raced":
            rival = [Draft("x", msgspec.json.encode(finding("F-001", -5)))]
            await super().append(rival, expected_sequence=expected_sequence)
            raise SequenceConflict(self.name, expected_sequence, expected_sequence + 1)
        last = await super().append(entries, expected_sequence=expected_sequence)
        if fault == "unheard":
            raise OutcomeUnknown(self.name, expected_sequence, 1.0)
        return last


def test_a_finding_whose_append_was_lost_is_filed_by_the_next_try() -> None:
    store = Faulty("lost")
    assert filed(store, finding())[0].finding == "F-001"
    assert len(store.entries) == 1


def test_a_finding_that_landed_unheard_is_filed_once() -> None:
    store = Faulty("unheard")
    assert filed(store, finding(), finding(minute=1))[1].finding == "F-002"
    assert len(store.entries) == 2


def test_of_two_who_file_at_once_each_gets_a_number() -> None:
    store = Faulty("raced")
    assert filed(store, finding())[0].finding == "F-002"
    assert [each.finding for each in kept(store)] == ["F-001", "F-002"]


def test_an_answer_that_landed_unheard_is_kept_once() -> None:
    store = Faulty("", "unheard")
    filed(store, finding(), answered("F-001"))
    assert len(store.entries) == 2


def test_a_stream_that_never_says_what_became_is_told() -> None:
    with pytest.raises(StreamUnavailable, match="was not stored in 20 tries"):
        filed(Faulty(*["lost"] * 20), finding())


def test_what_is_filed_again_as_it_was_is_found() -> None:
    store = MemoryStore()
    first = filed(store, finding(), finding(minute=1), answered("F-001"))
    assert filed(store, finding(), finding(minute=1), answered("F-001")) == first
    assert len(store.entries) == 3


@pytest.mark.parametrize(
    "payload", [b"", b"not ours", b'{"finding":"F-1"}', msgspec.json.encode(finding("X-1")), b"[" * 9_000]
)
def test_what_is_no_finding_in_their_stream_is_passed_over(payload: bytes) -> None:
    store = MemoryStore()
    asyncio.run(store.append([Draft("x", payload)], expected_sequence=0))
    assert filed(store, finding())[0].finding == "F-001"
    assert [each.finding for each in kept(store)] == ["F-001"]
