"""A fork: a history up to a sequence as a book, and what was recorded behind it, command by command.

It is made of bytes and a book. Nothing here, and nothing a fork is handed to, knows a store.
"""

from __future__ import annotations

import datetime
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple, overload

from ledger.book import Book
from ledger.evolve import evolve, evolve_foreign
from schemas import codec
from schemas.commands import Command, parse
from schemas.envelope import Recorded
from schemas.receipts import Refused


class SupposeError(ValueError):
    """A change is not one of this history: which, and what next."""


class Entry(NamedTuple):
    """A recorded entry behind the fork. event: None where it is foreign."""

    sequence: int
    payload: bytes
    event: Recorded | None


class Unit(NamedTuple):
    """What is decided together: the entries of one command, or an entry that rests on none."""

    entries: list[Entry]
    command: Command | Refused | None

    @property
    def event(self) -> Recorded | None:
        return self.entries[0].event

    @property
    def recorded_at(self) -> datetime.datetime | None:
        """When a clock said that it was recorded: of an import, when it was brought."""
        return None if self.event is None else self.event.importedtime or self.event.recordedtime


class Units(Sequence[Unit]):
    """Units side by side, kept as bytes and read when they are asked for: read, they take three times the memory."""

    def __init__(self, portfolio: str, before: int) -> None:
        """before: how many entries stand before the first of them."""
        self._portfolio, self._before = portfolio, before
        self._payloads: list[bytes] = []
        self._starts = array("q")

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, place: int) -> Unit: ...

    @overload
    def __getitem__(self, place: slice) -> list[Unit]: ...

    def __getitem__(self, place: int | slice) -> Unit | list[Unit]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = range(len(self))[place]
        end = self._starts[place + 1] if place + 1 < len(self) else len(self._payloads)
        entries = [self._entry(each) for each in range(self._starts[place], end)]
        text = None if entries[0].event is None else entries[0].event.command
        return Unit(entries, None if text is None else parse(text.encode()))

    def of(self, sequence: int) -> Unit | None:
        """Return the unit an entry stands in, None where it is not among them."""
        place = sequence - self._before - 1
        return self[bisect_right(self._starts, place) - 1] if 0 <= place < len(self._payloads) else None

    def append(self, payloads: Iterable[bytes]) -> None:
        """Take one more unit."""
        self._starts.append(len(self._payloads))
        self._payloads += payloads

    def extend_last(self, payload: bytes) -> None:
        """Take one more entry of the last unit."""
        self._payloads.append(payload)

    def _entry(self, place: int) -> Entry:
        payload, sequence = self._payloads[place], self._before + place + 1
        try:
            return Entry(sequence, payload, codec.decode(payload, portfolio=self._portfolio, sequence=sequence))
        except codec.ForeignEntry:
            return Entry(sequence, payload, None)


class Fork:
    """A history up to a sequence, and what was recorded behind it. Made once, it answers any number of suppositions.

    The fork is never within a command: where *at* is, the whole command stands behind it.
    """

    def __init__(self, book: Book, at: int | None = None) -> None:
        """Begin at a book, which is not changed. at: no less than its sequence, and without it just that.

        Errors: SupposeError where the book stands behind the fork already.
        """
        self._book = book.copy()
        self._at = book.sequence if at is None else at
        if self._at < book.sequence:
            raise SupposeError(
                f"a fork at {self._at} cannot be made of a book at {book.sequence}; begin with an earlier book"
            )
        self._open: list[Entry] = []
        self._units: Units | None = None
        self._last: Recorded | None = None
        self.sequence = book.sequence

    @property
    def book(self) -> Book:
        """The portfolio at the fork."""
        self._close()
        return self._book

    @property
    def units(self) -> Units:
        """What was recorded behind the fork, in order."""
        self._close()
        return self._units or Units(self._book.portfolio, self._book.sequence)

    def take(self, payloads: Iterable[bytes]) -> None:
        """Take the entries that follow: into the book while their command ends by the fork, behind it after that."""
        for payload in payloads:
            self.sequence += 1
            try:
                event = codec.decode(payload, portfolio=self._book.portfolio, sequence=self.sequence)
            except codec.ForeignEntry:
                event = None
            entry = Entry(self.sequence, payload, event)
            if event is None or event.command is not None:
                self._close()
                self._open.append(entry)
            elif self._open and _same_command(self._open[0].event, event):
                self._open.append(entry)
            else:
                self._close()
                self._resume(entry, event)

    def _resume(self, entry: Entry, event: Recorded) -> None:
        """Take an event without a command: more of the last one, or one that rests on none."""
        known = self._book.command(event.commandid)
        if self._units is not None and _same_command(self._last, event):
            self._units.extend_last(entry.payload)
        elif self._units is None and known is not None and known.sequence + known.event_count == entry.sequence:
            evolve(self._book, event, entry.payload)
        else:
            self._open.append(entry)

    def _close(self) -> None:
        """Put the entries of a command, which are complete for now, where they belong."""
        entries, self._open = self._open, []
        if not entries:
            return
        if self._units is not None or entries[-1].sequence > self._at:
            self._units = self._units or Units(self._book.portfolio, self._book.sequence)
            self._units.append(entry.payload for entry in entries)
            self._last = entries[0].event
            return
        for _, payload, event in entries:
            if event is None:
                evolve_foreign(self._book, self._book.sequence + 1, payload)
            else:
                evolve(self._book, event, payload)


def _same_command(first: Recorded | None, event: Recorded) -> bool:
    """Say whether an event without a command belongs to the command that a first event holds."""
    return first is not None and first.command is not None and first.commandid == event.commandid
