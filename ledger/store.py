"""EventStore: the contract of the stream a portfolio is written to, and MemoryStore, which enforces it in a test.

One portfolio is one stream. Sequences are 1, 2, 3, ... without a hole. An append names the last sequence its
writer had seen; it is stored whole, and only if that is still the last one. So of writers that race from one
sequence exactly one is accepted, and the others learn where the stream stands.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

MAX_BATCH = 500
"""Most entries of one append."""

MAX_ENTRY_BYTES = 64_000
"""Longest payload, in bytes."""


class Draft(NamedTuple):
    """An entry to be stored: the subject it stands under, and the bytes that are hashed."""

    subject: str
    payload: bytes


class Stored(NamedTuple):
    """An entry as it stands in the stream. sequence: 1-based."""

    sequence: int
    subject: str
    payload: bytes


class EventReader(Protocol):
    """The reading half of a stream. Who is given no more than this cannot write.

    Reading never waits for more: it ends at the last entry that was there when it began, or at *until*.
    """

    def read(self, *, after: int = 0, until: int | None = None) -> AsyncIterator[Stored]:
        """Yield the entries with sequence above *after*, in order, up to the last (or *until*, whichever is less).

        Errors: HoleInStream where a sequence is missing or comes twice; StreamUnavailable.
        """
        ...

    async def last_sequence(self) -> int:
        """Return the sequence of the last entry, 0 for an empty stream. Errors: StreamUnavailable."""
        ...


class EventStore(EventReader, Protocol):
    """The stream of one portfolio. A caller has one append outstanding at a time."""

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        """Store all *entries* or none, and return the sequence of the last of them.

        Shape: 1 to MAX_BATCH entries, each at most MAX_ENTRY_BYTES.
        Errors: SequenceConflict, nothing was stored; OutcomeUnknown, it may or may not have been stored: read on
        from expected_sequence to learn which; StreamUnavailable, nothing was sent; EntryRefused, the stream would
        never take it. ValueError where the shape is wrong.
        """
        ...


class StoreError(Exception):
    """The world failed: what, about which, what next."""


class SequenceConflict(StoreError):
    """Somebody else appended first. expected and found are sequences."""

    def __init__(self, stream: str, expected: int, found: int | None) -> None:
        self.expected, self.found = expected, found
        seen = "another" if found is None else str(found)
        super().__init__(
            f"cannot append to {stream}: expected sequence {expected}, found {seen}; catch up and decide again"
        )


class OutcomeUnknown(StoreError):
    """The append was sent and no answer came: it may have been stored."""

    def __init__(self, stream: str, expected: int, after_s: float) -> None:
        super().__init__(
            f"no answer from {stream} to an append after sequence {expected} within {after_s:g} s; "
            "read on from there to learn whether it was stored"
        )


class StreamUnavailable(StoreError):
    """The stream cannot be reached, or is not there."""


class EntryRefused(StoreError):
    """The stream takes no such entry, now or later."""


class HoleInStream(StoreError):
    """A reader met a sequence it did not expect: entries were removed, or the reader was not given them."""

    def __init__(self, stream: str, expected: int, found: int) -> None:
        self.expected, self.found = expected, found
        super().__init__(
            f"{stream} has a hole: expected sequence {expected}, found {found}; stop and compare with the archive"
        )


class MemoryStore:
    """The contract, kept in a list. What JetStream must do too; both pass one suite of tests."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.entries: list[Stored] = []

    async def append(self, entries: Sequence[Draft], *, expected_sequence: int) -> int:
        check_shape(entries)
        if expected_sequence != len(self.entries):
            raise SequenceConflict(self.name, expected_sequence, len(self.entries))
        for place, (subject, payload) in enumerate(entries, start=expected_sequence + 1):
            self.entries.append(Stored(place, subject, payload))
        return len(self.entries)

    async def read(self, *, after: int = 0, until: int | None = None) -> AsyncIterator[Stored]:
        last = len(self.entries) if until is None else min(until, len(self.entries))
        for entry in self.entries[after:last]:
            yield entry

    async def last_sequence(self) -> int:
        return len(self.entries)


def check_shape(entries: Sequence[Draft], max_entry_bytes: int = MAX_ENTRY_BYTES) -> None:
    """Raise ValueError where an append is empty, too long, or holds an entry that is too large."""
    if not 1 <= len(entries) <= MAX_BATCH:
        raise ValueError(f"an append holds 1 to {MAX_BATCH} entries, this one {len(entries)}")
    for subject, payload in entries:
        if len(payload) > max_entry_bytes:
            raise ValueError(f"an entry holds at most {max_entry_bytes} bytes, {subject} has {len(payload)}")


def contiguous(name: str, expected: int, entry: Stored) -> int:
    """Return the sequence after *entry*, or raise HoleInStream where it is not the one expected."""
    if entry.sequence != expected:
        raise HoleInStream(name, expected, entry.sequence)
    return expected + 1
