"""A fork: a history up to a sequence as a book, and what was recorded behind it, command by command.

It is made of bytes and a book. Nothing here, and nothing a fork is handed to, knows a store.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple

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
        self._units: list[Unit] = []
        self.sequence = book.sequence

    @property
    def book(self) -> Book:
        """The portfolio at the fork."""
        self._close()
        return self._book

    @property
    def units(self) -> list[Unit]:
        """What was recorded behind the fork, in order."""
        self._close()
        return self._units

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
            elif self._open and _same_command(self._open, event):
                self._open.append(entry)
            else:
                self._close()
                self._resume(entry, event)

    def _resume(self, entry: Entry, event: Recorded) -> None:
        """Take an event without a command: more of the last one, or one that rests on none."""
        known = self._book.command(event.commandid)
        if self._units and _same_command(self._units[-1].entries, event):
            self._units[-1].entries.append(entry)
        elif not self._units and known is not None and known.sequence + known.event_count == entry.sequence:
            evolve(self._book, event, entry.payload)
        else:
            self._open.append(entry)

    def _close(self) -> None:
        """Put the entries of a command, which are complete for now, where they belong."""
        entries, self._open = self._open, []
        if not entries:
            return
        if self._units or entries[-1].sequence > self._at:
            text = None if entries[0].event is None else entries[0].event.command
            self._units.append(Unit(entries, None if text is None else parse(text.encode())))
            return
        for _, payload, event in entries:
            if event is None:
                evolve_foreign(self._book, self._book.sequence + 1, payload)
            else:
                evolve(self._book, event, payload)


def _same_command(entries: list[Entry], event: Recorded) -> bool:
    first = entries[0].event
    return first is not None and first.command is not None and first.commandid == event.commandid
