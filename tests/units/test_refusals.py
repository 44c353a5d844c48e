"""Refusals: what caused nothing is kept, before it is answered, and changes nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ledger.refusals import Refusal, Refusals
from ledger.store import Draft, MemoryStore, OutcomeUnknown, SequenceConflict, StreamUnavailable
from ledger.writer import Writer
from schemas.receipts import Accepted, Refused
from tests.teller import ticking
from tests.words import ORIGIN, PORTFOLIO, fund, opening


def line(ask: object, name: str, day: str = "2026-01-12") -> bytes:
    import json

    asked, subject, data = ask  # type: ignore[misc]
    told = {"type": f"{asked}.v1", "portfolio": ORIGIN, "commandid": name, "actor": "ana"}
    return json.dumps({**told, "subject": subject, "time": day, "data": data}).encode()


class Stubborn(MemoryStore):
    """A store whose first appends fail in the ways given."""

    def __init__(self, *failures: Exception) -> None:
        super().__init__("REFUSALS_law")
        self.failures = list(failures)

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        if self.failures:
            raise self.failures.pop(0)
        return await super().append(entries, expected_sequence=expected_sequence)


def sent(kept: MemoryStore, lines: list[bytes]) -> tuple[MemoryStore, list[object], list[Refusal]]:
    store = MemoryStore()
    refusals = Refusals(PORTFOLIO, kept)

    async def send() -> tuple[list[object], list[Refusal]]:
        writer = Writer(PORTFOLIO, store, ticking(), refusals)
        receipts: list[object] = list(await writer.submit_all(lines))
        return receipts, [each async for each in refusals.read()]

    receipts, found = asyncio.run(send())
    return store, receipts, found


LINES = [
    line(opening(), "c-1"),
    b"nope",
    line(fund("claims", 0), "c-2"),
    line(fund("claims", 5), "c-3"),
    b"\xff\xfe",
    b"x" * 30_000,
]


def test_every_refusal_is_kept_in_order_with_its_command_and_why() -> None:
    store, receipts, found = sent(MemoryStore(), LINES)
    assert [type(receipt) for receipt in receipts] == [Accepted, Refused, Refused, Accepted, Refused, Refused]
    assert [each.reason for each in found] == ["NOT_JSON", "ZERO_AMOUNT", "NOT_JSON", "TOO_LARGE"]
    assert [each.refusal for each in found] == [1, 2, 3, 4]
    assert [each.judged_at for each in found] == [1, 1, 2, 2]
    assert found[1].command == LINES[2].decode()
    assert (found[1].actor, found[1].type, found[1].subject) == ("ana", "FundEnvelope.v1", "envelope/claims")
    assert found[2].command is None
    assert found[2].sha256 is not None
    assert found[3].command is None
    assert len(store.entries) == 2


@pytest.mark.parametrize("failure", [SequenceConflict("r", 0, 1), OutcomeUnknown("r", 0, 1.0)])
def test_a_refusal_whose_append_fails_once_is_kept_by_the_next_try(failure: Exception) -> None:
    _, _, found = sent(Stubborn(failure), LINES[:3])
    assert [each.reason for each in found] == ["NOT_JSON", "ZERO_AMOUNT"]


HOSTILE = [
    b"\x01" * 20_000,
    b'{"type": "' + b"\\u0001" * 3_000 + b'"}',
    b'{"' + b"\\u0001" * 1_600 + b'": 1, "' + b"\\u0001" * 1_600 + b'": 2}',
    b'{"\\ud83d": 1, "\\ud83d": 2}',
    b'{"type": "\\ud83d"}',
    b'{"' + b"x" * 9_000 + b'": 1.5}',
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_no_command_is_too_long_or_too_odd_to_be_kept_as_refused(hostile: bytes) -> None:
    _, receipts, found = sent(MemoryStore(), [LINES[0], hostile, LINES[3]])
    assert [type(receipt) for receipt in receipts] == [Accepted, Refused, Accepted]
    assert (found[0].command is None) != (found[0].sha256 is None)


def test_a_refusal_that_cannot_be_kept_is_not_answered() -> None:
    with pytest.raises(StreamUnavailable):
        sent(Stubborn(StreamUnavailable("away")), LINES[:3])


def test_what_is_no_refusal_in_their_stream_is_passed_over() -> None:
    kept = MemoryStore()
    asyncio.run(kept.append([Draft("x", b"not ours")], expected_sequence=0))
    _, _, found = sent(kept, LINES[:2])
    assert [each.refusal for each in found] == [2]
