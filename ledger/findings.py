"""Findings: what an auditor holds against an entry, in a stream beside the portfolio's, never in the ledger.

    {"finding":"F-003","recordedtime":"2026-04-21T09:30:00Z","actor":"hugo","sequence":661,"severity":"major",
     "title":"Model usage that names no initiative","text":"...","evidence":"<sha256 of the entry>","status":"open"}

A finding is never changed. What becomes of it is a later record of the same number that repeats what it is about:
*answered*, naming the entry that answers it, or *withdrawn*; the newest record says how it stands. Records are not
signed: who filed one is what the filer said.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import AsyncIterator, Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ledger.store import Draft, EventStore, OutcomeUnknown, SequenceConflict, StreamUnavailable
from schemas import subjects
from schemas.values import is_id

_TRIES = 20

Severity = Literal["note", "minor", "major"]
Status = Literal["open", "answered", "withdrawn"]
Written = Annotated[str, Meta(min_length=1, max_length=4_000)]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding, or what became of one. finding: F-001, F-002, ... in the order they are filed; empty before that.

    sequence: the entry it is about; evidence: SHA-256 of that entry's bytes, hexadecimal. field: which part of it.
    text: what was found, or how it was answered, or why it is withdrawn. answers: the entry that answers it.
    """

    finding: Annotated[str, Meta(max_length=16)]
    recordedtime: datetime.datetime
    actor: Annotated[str, Meta(min_length=1, max_length=64)]
    sequence: Annotated[int, Meta(ge=1, le=2**53)]
    severity: Severity
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    text: Written
    evidence: Annotated[str, Meta(min_length=64, max_length=64)]
    status: Status
    field: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    answers: Annotated[int, Meta(ge=1, le=2**53)] | None = None


class FindingError(ValueError):
    """A finding cannot be filed as it is: which, and what next."""


class Findings:
    """The findings of one portfolio."""

    def __init__(self, portfolio: str, store: EventStore) -> None:
        self._portfolio, self._store = portfolio, store

    async def file(self, made: Finding) -> Finding:
        """Store a finding or what became of one, and return it; a new one gets its number here.

        A crash before the append loses what nobody was told of. What landed unheard is found when it is tried again,
        and is not stored twice; so is what is filed again as it was.
        Errors: FindingError where it does not fit what was filed before; StreamUnavailable, HoleInStream.
        """
        check_written(made)
        for _ in range(_TRIES):
            last, known = await self._known()
            number = made.finding or f"F-{_highest(known) + 1:03d}"
            landed = next((each for each in known if each == numbered(made, each.finding)), None)
            if landed is not None and made.finding in ("", landed.finding):
                return landed
            _check_follows(made, known)
            filed = numbered(made, number)
            draft = Draft(subjects.finding(self._portfolio), msgspec.json.encode(filed))
            try:
                await self._store.append([draft], expected_sequence=last)
            except (SequenceConflict, OutcomeUnknown):
                continue
            return filed
        raise StreamUnavailable(f"the finding of {self._portfolio} was not stored in {_TRIES} tries; file it again")

    async def read(self) -> AsyncIterator[Finding]:
        """Yield every record in the order of filing. Entries that are none are passed over.

        Errors: StreamUnavailable, HoleInStream.
        """
        async for entry in self._store.read():
            record = _decoded(entry.payload)
            if record is not None:
                yield record

    async def _known(self) -> tuple[int, list[Finding]]:
        """Return the last sequence of the stream, and the findings up to it."""
        last, known = 0, []
        async for entry in self._store.read():
            last, record = entry.sequence, _decoded(entry.payload)
            known += [] if record is None else [record]
        return last, known


def newest(records: Iterable[Finding]) -> list[Finding]:
    """Return how each finding stands: its newest record, in the order of their numbers."""
    return [told[-1] for told in histories(records)]


def histories(records: Iterable[Finding]) -> list[list[Finding]]:
    """Return the records of each finding, from its filing on, in the order of their numbers."""
    found: dict[str, list[Finding]] = {}
    for record in records:
        found.setdefault(record.finding, []).append(record)
    return [found[number] for number in sorted(found, key=_number)]


def evidence_of(payload: bytes) -> str:
    """Return what a finding keeps of the entry it is about."""
    return hashlib.sha256(payload).hexdigest()


def numbered(made: Finding, number: str) -> Finding:
    """Return a finding under a number."""
    return msgspec.structs.replace(made, finding=number)


def check_written(made: Finding) -> None:
    """Raise FindingError where a finding is not as one has to be."""
    try:
        msgspec.convert(msgspec.to_builtins(made), Finding)
    except msgspec.ValidationError as error:
        raise FindingError(f"the finding cannot be filed: {error}") from error
    if not is_id(made.actor):
        raise FindingError(f"{made.actor!r} is no id; name who files it by letters, digits, hyphen and underscore")
    if made.recordedtime.tzinfo is None:
        raise FindingError("the finding does not say in which time zone it is recorded; give an instant in UTC")
    if (made.status == "answered") != (made.answers is not None):
        raise FindingError("a finding is answered by an entry; name it, and only for what answers one")


def _check_follows(made: Finding, known: list[Finding]) -> None:
    before = next((each for each in reversed(known) if each.finding == made.finding), None)
    if made.finding == "":
        if made.status != "open":
            raise FindingError(f"a finding is open before it is {made.status}; name the one that is meant")
        return
    if before is None:
        there = ", ".join(each.finding for each in newest(known)) or "none"
        raise FindingError(f"there is no finding {made.finding}, there is {there}")
    if made.status == "open":
        raise FindingError(f"{made.finding} is filed already; leave the number away to file another")
    if before.status == "withdrawn":
        raise FindingError(f"{made.finding} was withdrawn; file another")
    about = ("sequence", "severity", "title", "evidence", "field")
    if any(getattr(made, name) != getattr(before, name) for name in about):
        raise FindingError(f"what becomes of {made.finding} is about what it was about: entry {before.sequence}")


def _decoded(payload: bytes) -> Finding | None:
    try:
        record = msgspec.json.decode(payload, type=Finding)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return record if _number(record.finding) else None


def _highest(known: list[Finding]) -> int:
    return max((_number(each.finding) for each in known), default=0)


def _number(finding: str) -> int:
    """Return the number of a finding, 0 where it is none of ours."""
    found = re.fullmatch(r"F-([0-9]{3,12})", finding)
    return int(found[1]) if found else 0
