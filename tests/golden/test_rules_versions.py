"""Every version of the rules that ever decided: its events, kept as they were stored, come out of it byte for byte."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ledger.decider import RULES_VERSION, VERSIONS
from ledger.reperform import Reperformance, reperform
from ledger.store import MemoryStore, Stored
from schemas import codec
from schemas.events import FACTS, CheckpointAnchored, HoldSet, TextErased

KEPT = sorted((Path(__file__).parent / "rules").glob("*.ndjson"))
PORTFOLIO = "law"


def stream(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


def decided_again(payloads: list[bytes]) -> Reperformance:
    store = MemoryStore()
    store.entries = [Stored(at, "", payload) for at, payload in enumerate(payloads, start=1)]
    return asyncio.run(reperform(store, PORTFOLIO))


@pytest.mark.parametrize("file", KEPT, ids=[file.stem for file in KEPT])
def test_what_a_version_decided_comes_out_of_it_byte_for_byte(file: Path) -> None:
    payloads = stream(file)
    found = decided_again(payloads)
    assert (found.differs, found.sequence) == (None, None)
    assert found.events == len(payloads) > 250
    version = file.stem.partition("-")[0]
    told = {codec.decode(each, portfolio=PORTFOLIO, sequence=at).rules for at, each in enumerate(payloads, start=1)}
    assert told == {version}


def test_every_version_before_todays_has_a_kept_stream_that_holds_every_type_and_flags() -> None:
    past = set(VERSIONS) - {RULES_VERSION}
    assert {file.stem.partition("-")[0] for file in KEPT} == past
    assert max(VERSIONS) == RULES_VERSION
    for version in past:
        events = [
            codec.decode(payload, portfolio=PORTFOLIO, sequence=at)
            for file in KEPT
            if file.stem.startswith(f"{version}-")
            for at, payload in enumerate(stream(file), start=1)
        ]
        # What came after version 0 had its turn, it never decided.
        assert {type(event.data) for event in events} == set(FACTS) - {CheckpointAnchored, TextErased, HoldSet}
        assert {"LATE", "OVER_ENVELOPE", "OVER_APPROVED", "SHORT_OF_FUNDS"} <= {
            flag for event in events if event.flags for flag in event.flags.split(",")
        }


def test_a_version_nobody_has_is_told_and_not_guessed() -> None:
    payloads = stream(KEPT[0])
    other = payloads[0].replace(b'"rules":"0"', b'"rules":"none"')
    assert other != payloads[0]
    found = decided_again([other, *payloads[1:]])
    assert (found.sequence, found.differs) == (1, "it was decided by rules none, which this program does not have")


def test_an_event_that_says_another_version_than_decided_it_is_found() -> None:
    """Version 1 would have flagged what version 0 knew no authority for."""
    payloads = stream(KEPT[0])
    first = next(
        at for at, each in enumerate(payloads) if b'"type":"FundingApproved.v1"' in each and b"imported" not in each
    )
    changed = payloads[first].replace(b'"rules":"0"', b'"rules":"1"')
    found = decided_again([*payloads[:first], changed, *payloads[first + 1 :]])
    assert found.sequence == first + 1
    assert found.differs is not None
