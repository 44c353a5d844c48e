"""Verdicts: what the ledger would say of commands, by the rules that decide, with nothing sent and nothing changed."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from ledger.book import Book
from ledger.decider import Repeated, asked, decide
from ledger.evolve import evolve
from schemas import codec, sent
from schemas.commands import parse
from schemas.envelope import Recorded
from schemas.receipts import Reason, Refused


class Verdict(NamedTuple):
    """What would become of a command. line: as it would be sent, signed or not.

    events: what would be recorded; payloads: the bytes of that, as they would be stored if nothing came between.
    repeats: the sequence of the same command, where it was accepted before.
    """

    line: bytes
    events: tuple[Recorded, ...] = ()
    payloads: tuple[bytes, ...] = ()
    refused: Refused | None = None
    repeats: int | None = None

    @property
    def flags(self) -> tuple[Reason, ...]:
        """The guardrails it would break where policy lets it pass."""
        named = self.events[0].flags if self.events else None
        return tuple(Reason[name] for name in named.split(",")) if named else ()


def verdict(book: Book, line: bytes, *, now: datetime.datetime) -> Verdict:
    """Return what would become of one command now. The book is as it was afterwards."""
    return verdicts(book, [line], now=now)[0]


def verdicts(book: Book, lines: Sequence[bytes], *, now: datetime.datetime) -> list[Verdict]:
    """Return what would become of commands one after the other, each on the book that those before it left."""
    book.speculate()
    try:
        return [_verdict(book, line, now) for line in lines]
    finally:
        book.roll_back()


def _verdict(book: Book, line: bytes, now: datetime.datetime) -> Verdict:
    command_line, signatures = sent.split(line)
    command = parse(command_line)
    found = command if isinstance(command, Refused) else decide(asked(command, command_line, signatures), book, now=now)
    if isinstance(found, Refused):
        return Verdict(line, refused=found)
    if isinstance(found, Repeated):
        return Verdict(line, repeats=found.sequence)
    payloads = tuple(codec.encode(event) for event in found)
    for event, payload in zip(found, payloads, strict=True):
        evolve(book, event, payload)
    return Verdict(line, found, payloads)
