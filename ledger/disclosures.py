"""Disclosures: what left the ledger as evidence, for whom and why, in the auditors' stream beside the findings.

    {"type":"EvidenceExported","recordedtime":"2026-04-21T09:30:00Z","actor":"hugo","pack_sha256":"9f2c...",
     "scope":["initiative/AI-0042"],"purpose":"Annual audit","recipient":"Audit board","origin":"ai-2026-5f3a9c01",
     "size":8124,"root":"...","complete_through":8120}

A record is never changed. Records are not signed: who exported is what the exporter said.
"""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from msgspec import Meta

from ledger.store import Draft, EventStore, OutcomeUnknown, SequenceConflict, StreamUnavailable
from schemas import subjects

_TRIES = 20

Line = Annotated[str, Meta(min_length=1, max_length=400)]
Hash = Annotated[str, Meta(min_length=64, max_length=64)]


class EvidenceExported(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="EvidenceExported"):
    """A pack was made: its hash, what it is about, for whom and for what, under which checkpoint.

    pack_sha256, root: hexadecimal. complete_through: sequence up to which nothing is missing in it, 0 for none.
    """

    recordedtime: datetime.datetime
    actor: Annotated[str, Meta(min_length=1, max_length=64)]
    pack_sha256: Hash
    scope: Annotated[tuple[Line, ...], Meta(max_length=1_000)]
    purpose: Line
    recipient: Line
    origin: Line
    size: Annotated[int, Meta(ge=1, le=2**53)]
    root: Hash
    complete_through: Annotated[int, Meta(ge=0, le=2**53)]


class DisclosureError(ValueError):
    """An export cannot be recorded as it is: what is wrong."""


_decode = msgspec.json.Decoder(EvidenceExported).decode


class Disclosures:
    """The exports of one portfolio's evidence."""

    def __init__(self, portfolio: str, store: EventStore) -> None:
        """store: the stream of the portfolio's findings."""
        self._portfolio, self._store = portfolio, store

    async def record(self, made: EvidenceExported) -> EvidenceExported:
        """Store that a pack was exported, and return the record; the same pack for the same recipient is stored once.

        A crash before the append loses what nobody was given. What landed unheard is found when it is tried again.
        Errors: DisclosureError where it is not as a record has to be; StreamUnavailable, HoleInStream.
        """
        try:
            msgspec.convert(msgspec.to_builtins(made), EvidenceExported)
        except msgspec.ValidationError as error:
            raise DisclosureError(f"the export cannot be recorded: {error}") from error
        for _ in range(_TRIES):
            last = 0
            async for entry in self._store.read():
                last, known = entry.sequence, _decoded(entry.payload)
                if known is not None and msgspec.structs.replace(known, recordedtime=made.recordedtime) == made:
                    return known
            draft = Draft(subjects.finding(self._portfolio), msgspec.json.encode(made))
            try:
                await self._store.append([draft], expected_sequence=last)
            except (SequenceConflict, OutcomeUnknown):
                continue
            return made
        raise StreamUnavailable(f"the export of {self._portfolio} was not recorded in {_TRIES} tries; try again")

    async def read(self) -> AsyncIterator[EvidenceExported]:
        """Yield every export in the order of recording. Errors: StreamUnavailable, HoleInStream."""
        async for entry in self._store.read():
            if (known := _decoded(entry.payload)) is not None:
                yield known


def _decoded(payload: bytes) -> EvidenceExported | None:
    try:
        return _decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
