"""A store that loses, delays and races appends by a script, and what a writer makes of it.

A script is a list of faults, one an append; once it is over the store is a MemoryStore.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from ledger.store import Draft, MemoryStore, OutcomeUnknown, Stored, StreamUnavailable
from ledger.writer import Clock, Writer
from schemas import codec
from schemas.envelope import Recorded
from schemas.receipts import Accepted, EventPlace, Receipt
from tests.notation import Said
from tests.teller import ticking
from tests.words import PORTFOLIO, approve, fund, opening, propose

FIRST = Said(opening()).line("c-1")
FUND = Said(fund("claims", 100)).line("c-2")
PROPOSE = Said(propose("AI-1")).line("c-3")
RIVAL = Said(fund("data", 7)).line("rival")
REFUSED = Said(approve("AI-9", "claims", 1)).line("c-x")

Fault = Callable[["ScriptedStore", Sequence[Draft], int], Awaitable[int]]


class ScriptedStore(MemoryStore):
    """A store that meets each append with the next fault of a script, and is a MemoryStore once that is over."""

    def __init__(self) -> None:
        super().__init__()
        self.script: list[Fault] = []
        self.late: list[tuple[list[Draft], int]] = []
        self.sizes: list[int] = []
        self.unread = 0

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        self.sizes.append(len(entries))
        for drafts, guard in self.late:
            if guard == len(self.entries):
                await self.take(drafts, guard)
        self.late = []
        fault = self.script.pop(0) if self.script else ScriptedStore.take
        return await fault(self, entries, expected_sequence)

    async def take(self, entries: Sequence[Draft], expected_sequence: int) -> int:
        return await super().append(entries, expected_sequence=expected_sequence)

    async def read(self, *, after: int = 0, until: int | None = None) -> AsyncIterator[Stored]:
        if self.unread:
            self.unread -= 1
            raise StreamUnavailable(f"{self.name} cannot be reached")
        async for entry in super().read(after=after, until=until):
            yield entry

    @property
    def events(self) -> list[Recorded]:
        return [codec.decode(each.payload, portfolio=PORTFOLIO, sequence=each.sequence) for each in self.entries]


# What can happen to an append.


async def lost(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
    raise OutcomeUnknown(store.name, expected, 5.0)


async def landed_unheard(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
    await store.take(entries, expected)
    raise OutcomeUnknown(store.name, expected, 5.0)


async def lands_later(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
    store.late.append((list(entries), expected))
    raise OutcomeUnknown(store.name, expected, 5.0)


def raced_by(*lines: bytes) -> Fault:
    async def race(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
        kept, store.script = store.script, []
        await Writer(PORTFOLIO, store, ticking()).submit_all(lines)
        store.script = kept
        return await store.take(entries, expected)

    return race


def fails(error: BaseException) -> Fault:
    async def fail(store: ScriptedStore, entries: Sequence[Draft], expected: int) -> int:
        raise error

    return fail


def opened_store(*lines: bytes) -> ScriptedStore:
    """Return a store in which these lines were accepted after the opening."""
    store = ScriptedStore()
    receipts = write(store, FIRST, *lines)
    assert all(isinstance(receipt, Accepted) for receipt in receipts), receipts
    return store


def write(store: MemoryStore, *lines: bytes, clock: Clock | None = None) -> list[Receipt]:
    """Return what a new writer answers."""
    return asyncio.run(Writer(PORTFOLIO, store, clock or ticking()).submit_all(lines))


def commandids(store: ScriptedStore) -> list[str]:
    return [event.commandid for event in store.events]


def receipts_of(store: ScriptedStore) -> list[Receipt]:
    """Return the receipts that a reader of the stream would expect, for commands of one event each."""
    return [Accepted(each.at, (EventPlace(each.at, each.id, each.data.TYPE),)) for each in store.events]
