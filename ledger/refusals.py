"""Refusals: every command that caused nothing is kept, with why, in a stream beside the portfolio's.

    {"refusal":12,"recordedtime":"2026-11-22T10:00:00Z","judged_at":8124,"rules":"1","actor":"ana",
     "reason":"OVER_ENVELOPE","detail":"{...}","command":"{...}"}

A refusal is stored before it is answered. It is evidence of what was tried, not part of the portfolio's history: the
book never reads it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import AsyncIterator, Sequence

import msgspec

from ledger.store import (
    MAX_BATCH,
    MAX_ENTRY_BYTES,
    Draft,
    EventStore,
    OutcomeUnknown,
    SequenceConflict,
    StreamUnavailable,
)
from schemas import subjects
from schemas.commands import MAX_COMMAND_BYTES, Command
from schemas.receipts import Refused

_TRIES = 20
MOST_SIGNATURES = 8_000
MOST_DETAIL = 4_000
"""Most characters that are kept of why: a hostile command cannot make its refusal too long to keep."""
MOST_BYTES = MAX_ENTRY_BYTES - 1_000
"""Longest refusal before its number."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refused command. refusal: its place in the stream. judged_at: the last sequence the book knew.

    actor: who was let in to send it; without a service between, as the command says, None where it says none.
    detail: JSON, cut at 4,000. policy, grants: what it was judged under, as an event names it.
    command: as it came; sha256: its hash instead, where it cannot be read as one line of text. signatures: the lines
    that came with it, cut at 8,000.
    """

    refusal: int
    recordedtime: datetime.datetime
    judged_at: int
    rules: str
    actor: str | None
    reason: str
    detail: str
    type: str | None = None
    subject: str | None = None
    command: str | None = None
    sha256: str | None = None
    policy: str | None = None
    grants: str | None = None
    signatures: str | None = None


class Refusals:
    """The refusals of one portfolio."""

    def __init__(self, portfolio: str, store: EventStore) -> None:
        self._portfolio, self._store = portfolio, store

    async def keep(self, refused: Sequence[Refusal]) -> None:
        """Store refusals, in order. Their numbers are given here. Errors: StreamUnavailable.

        A crash before the append loses refusals that nobody was told of. An answer that is lost is repeated, so that
        a refusal may be kept twice, never not at all.
        """
        for start in range(0, len(refused), MAX_BATCH):
            await self._keep_batch(refused[start : start + MAX_BATCH])

    async def read(self) -> AsyncIterator[Refusal]:
        """Yield every refusal. Entries that are none are passed over. Errors: StreamUnavailable, HoleInStream."""
        async for entry in self._store.read():
            try:
                yield msgspec.json.decode(entry.payload, type=Refusal)
            except msgspec.DecodeError:
                continue

    async def _keep_batch(self, refused: Sequence[Refusal]) -> None:
        subject = subjects.refusal(self._portfolio)
        for _ in range(_TRIES):
            last = await self._store.last_sequence()
            numbered = [msgspec.structs.replace(each, refusal=last + n) for n, each in enumerate(refused, start=1)]
            drafts = [Draft(subject, msgspec.json.encode(each)) for each in numbered]
            try:
                await self._store.append(drafts, expected_sequence=last)
            except (SequenceConflict, OutcomeUnknown):
                continue
            return
        raise StreamUnavailable(
            f"{len(refused)} refusals of {self._portfolio} were not stored in {_TRIES} tries; send the commands again"
        )


def refusal_of(
    refused: Refused,
    line: bytes,
    command: Command | None,
    *,
    at: datetime.datetime,
    judged_at: int,
    rules: str,
    sender: str | None = None,
    signatures: bytes = b"",
) -> Refusal:
    """Return what is kept of a refused command; its number comes when it is stored.

    sender: who was let in to send it, which is the actor that is kept; without one, the actor the command names.
    """
    try:
        text = line.decode() if len(line) <= MAX_COMMAND_BYTES else None
    except UnicodeDecodeError:
        text = None
    made = Refusal(
        refusal=0,
        recordedtime=at,
        judged_at=judged_at,
        rules=rules,
        actor=sender if sender is not None or command is None else command.actor,
        reason=refused.reason.name,
        detail=json.dumps(msgspec.to_builtins(refused.detail))[:MOST_DETAIL],
        type=None if command is None else command.type,
        subject=None if command is None else command.subject,
        command=text,
        sha256=None if text is not None else hashlib.sha256(line).hexdigest(),
        policy=refused.policy,
        grants=refused.grants,
        signatures=signatures.decode(errors="replace")[:MOST_SIGNATURES] or None,
    )
    if len(msgspec.json.encode(made)) > MOST_BYTES:  # a text full of control characters is six times as long in JSON
        return msgspec.structs.replace(made, command=None, signatures=None, sha256=hashlib.sha256(line).hexdigest())
    return made
