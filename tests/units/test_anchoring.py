"""A checkpoint that comes back into its ledger: once, with a proof that fits, whoever writes meanwhile."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from ledger.anchoring import NoCheckpoint, anchor, newest_note
from ledger.disclosures import DisclosureError, Disclosures, EvidenceExported
from ledger.findings import Findings
from ledger.notary.sealer import Kept
from ledger.notary.tlog import leaf_hash
from ledger.store import Draft, MemoryStore, OutcomeUnknown
from ledger.writer import Writer
from schemas.receipts import Accepted, Reason, Refused
from tests.anchoring import checkpoint
from tests.fixed_history import every_type_history
from tests.words import PORTFOLIO

NOW = datetime.datetime(2027, 1, 12, 8, tzinfo=datetime.UTC)


class Register:
    """A notary's register that keeps one checkpoint, or none. It is only read here."""

    def __init__(self, note: bytes | None = None) -> None:
        self.kept = {} if note is None else {"checkpoint": note}

    async def get(self, key: str) -> Kept:
        return Kept(self.kept.get(key), 1)


async def ledger(count: int = 30) -> tuple[MemoryStore, Writer]:
    store = MemoryStore()
    writer = Writer(PORTFOLIO, store, lambda: NOW)
    await writer.submit_all(every_type_history()[:count])
    return store, writer


def note_over(store: MemoryStore, size: int | None = None) -> bytes:
    leaves = [leaf_hash(entry.payload) for entry in store.entries]
    return checkpoint(leaves[:size], at_s=int(NOW.timestamp()))


async def test_a_checkpoint_is_anchored_once_however_often_it_is_asked() -> None:
    store, writer = await ledger()
    note, before = note_over(store, 17), len(store.entries)
    first = await anchor(writer, store, note, "ana", clock=lambda: NOW)
    assert isinstance(first.receipt, Accepted)
    assert (first.new, first.size, first.receipt.sequence) == (True, 17, before + 1)
    again = await anchor(Writer(PORTFOLIO, store, lambda: NOW), store, note, "ana", clock=lambda: NOW)
    assert (again.new, len(store.entries)) == (False, before + 1)


class Busy(MemoryStore):
    """A stream that somebody else writes to between the proof and the append, a few times."""

    def __init__(self, entries: list, times: int) -> None:
        super().__init__()
        self.entries, self.times = list(entries), times

    async def append(self, drafts, *, expected_sequence: int) -> int:
        if self.times:
            self.times -= 1
            await super().append([Draft("portfolio.law.event.a.b.C", b"foreign")], expected_sequence=len(self.entries))
        return await super().append(drafts, expected_sequence=expected_sequence)


async def test_who_writes_meanwhile_makes_the_proof_be_made_anew() -> None:
    store, _ = await ledger()
    busy = Busy(store.entries, 3)
    found = await anchor(Writer(PORTFOLIO, busy, lambda: NOW), busy, note_over(store), "ana", clock=lambda: NOW)
    assert found.new
    assert isinstance(found.receipt, Accepted)
    assert found.receipt.sequence == len(store.entries) + 4


class Unheard(MemoryStore):
    """A stream whose first append lands, and nobody hears of it."""

    def __init__(self, entries: list) -> None:
        super().__init__()
        self.entries, self.lost = list(entries), False

    async def append(self, drafts, *, expected_sequence: int) -> int:
        last = await super().append(drafts, expected_sequence=expected_sequence)
        if not self.lost:
            self.lost = True
            raise OutcomeUnknown(self.name, expected_sequence, 1.0)
        return last


async def test_an_anchor_that_landed_unheard_is_there_once() -> None:
    store, _ = await ledger()
    unheard = Unheard(store.entries)
    writer = Writer(PORTFOLIO, unheard, lambda: NOW)
    found = await anchor(writer, unheard, note_over(store), "ana", clock=lambda: NOW)
    assert isinstance(found.receipt, Accepted)
    assert len(unheard.entries) == len(store.entries) + 1


async def test_a_checkpoint_of_another_history_is_refused() -> None:
    store, writer = await ledger()
    rewritten = checkpoint([bytes(32)] * 5, at_s=1)
    found = await anchor(writer, store, rewritten, "ana", clock=lambda: NOW)
    assert isinstance(found.receipt, Refused)
    assert (found.new, found.receipt.reason) == (False, Reason.PROOF_FAILS)
    with pytest.raises(NoCheckpoint, match="is no checkpoint"):
        await anchor(writer, store, b"nothing", "ana", clock=lambda: NOW)


async def test_the_witnessed_checkpoint_goes_before_the_log_s_own(tmp_path: Path) -> None:
    with pytest.raises(NoCheckpoint, match="portfolio notary --once"):
        await newest_note(tmp_path, Register())
    assert await newest_note(tmp_path, Register(b"in the register")) == b"in the register"
    (tmp_path / "checkpoint").write_bytes(b"in the directory")
    assert await newest_note(tmp_path, Register(b"in the register")) == b"in the directory"
    (tmp_path / "witnessed").write_bytes(b"witnessed")
    assert await newest_note(tmp_path, Register()) == b"witnessed"
    (tmp_path / "own").write_bytes(b"own")
    assert await newest_note(tmp_path, Register(), file=tmp_path / "own") == b"own"
    with pytest.raises(NoCheckpoint, match="there is no file"):
        await newest_note(tmp_path, Register(), file=tmp_path / "missing")


# Exports on record.


def exported(**changes: object) -> EvidenceExported:
    said = {"recordedtime": NOW, "actor": "hugo", "pack_sha256": "ab" * 32, "scope": ("initiative/AI-1",)}
    said |= {"purpose": "Audit", "recipient": "Board", "origin": "law-0badcafe", "size": 3, "root": "cd" * 32}
    return EvidenceExported(**(said | {"complete_through": 2} | changes))


async def test_an_export_is_on_record_once_beside_the_findings() -> None:
    store = MemoryStore("findings")
    kept = Disclosures(PORTFOLIO, store)
    assert await kept.record(exported()) == exported()
    later = exported(recordedtime=NOW + datetime.timedelta(days=1))
    assert await kept.record(later) == exported()
    assert await kept.record(exported(recipient="Ministry")) != exported()
    assert [each.recipient async for each in kept.read()] == ["Board", "Ministry"]
    assert [each async for each in Findings(PORTFOLIO, store).read()] == []


async def test_an_export_that_landed_unheard_is_on_record_once() -> None:
    store = Unheard([])
    await Disclosures(PORTFOLIO, store).record(exported())
    assert len(store.entries) == 1


async def test_what_is_no_record_is_told_and_nothing_is_stored() -> None:
    store = MemoryStore("findings")
    with pytest.raises(DisclosureError, match="purpose"):
        await Disclosures(PORTFOLIO, store).record(exported(purpose=""))
    assert store.entries == []
