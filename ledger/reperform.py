"""Re-performance: decide every event again, from the stored command and the book before it, byte for byte."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ledger.book import Book
from ledger.decider import VERSIONS, Asked, Repeated, decide
from ledger.evolve import evolve, evolve_foreign
from ledger.store import EventReader
from schemas import codec
from schemas.commands import parse
from schemas.envelope import Recorded
from schemas.receipts import Refused


class Reperformance(msgspec.Struct, frozen=True):
    """What came of it. events: decided again. foreign: entries that are none. signed: commands with signatures, each of
    which was checked; unsigned: commands with none. sequence, differs: the first event that is not what the rules give,
    and why; None where all are."""

    portfolio: str
    last_sequence: int
    commands: int
    events: int
    foreign: int
    signed: int = 0
    unsigned: int = 0
    sequence: int | None = None
    differs: str | None = None


async def reperform(store: EventReader, portfolio: str, moved: Callable[[int], None] = lambda _: None) -> Reperformance:
    """Decide a portfolio's events again, and name the first that differs. Errors: StreamUnavailable, HoleInStream.

    Each command is decided on the book its first event met, at the time it was recorded (for an import: at the time
    it was brought), by the version of the rules that decided it. All its events must come out with the bytes that are
    stored.
    """
    book = Book(portfolio)
    counts = _Counts()
    waiting: list[bytes] = []
    async for entry in store.read():
        moved(1)
        try:
            event = codec.decode(entry.payload, portfolio=portfolio, sequence=entry.sequence)
        except codec.ForeignEntry:
            differs = f"{len(waiting)} events of the command before it are missing" if waiting else None
            if differs:
                return _ended(book, counts, entry.sequence, differs)
            evolve_foreign(book, entry.sequence, entry.payload)
            continue
        if not waiting:
            decided = _decided(event, book)
            if isinstance(decided, str):
                return _ended(book, counts, entry.sequence, decided)
            waiting = decided
            counts.commands += 1
            counts.signed += event.signatures is not None
        if waiting[0] != entry.payload:
            return _ended(book, counts, entry.sequence, _difference(waiting[0], entry.payload))
        evolve(book, event, entry.payload)
        waiting = waiting[1:]
        counts.events += 1
    if waiting:
        return _ended(book, counts, book.sequence + 1, f"{len(waiting)} events of its command are missing")
    return _ended(book, counts, None, None)


def _decided(event: Recorded, book: Book) -> list[bytes] | str:
    """Return the bytes a command should have caused, or why it should have caused none."""
    if event.command is None:
        return "it rests on no command"
    line = event.command.encode()
    command = parse(line)
    if isinstance(command, Refused):
        return f"its command is none: {command.reason.name}"
    if event.rules not in VERSIONS:
        return f"it was decided by rules {event.rules}, which this program does not have"
    if event.signatures is not None and not VERSIONS[event.rules].signed:
        return f"it carries signatures, which rules {event.rules} did not check"
    asked = Asked(command, line, event.signatures)
    outcome = decide(asked, book, now=event.importedtime or event.recordedtime, rules=event.rules)
    if isinstance(outcome, Refused):
        return f"its command would be refused: {outcome.reason.name} {outcome.detail}"
    if isinstance(outcome, Repeated):
        return f"its command was accepted before, at sequence {outcome.sequence}"
    return [codec.encode(each) for each in outcome]


def _difference(made: bytes, stored: bytes) -> str:
    at = next((n for n, (a, b) in enumerate(zip(made, stored, strict=False)) if a != b), min(len(made), len(stored)))
    start = max(at - 30, 0)
    told = [each[start : at + 30].decode(errors="backslashreplace") for each in (stored, made)]
    return f"byte {at}: stored …{told[0]}…, decided again …{told[1]}…"


class _Counts:
    """How many commands and events were decided again, and how many commands were signed."""

    def __init__(self) -> None:
        self.commands = self.events = self.signed = 0


def _ended(book: Book, counts: _Counts, sequence: int | None, differs: str | None) -> Reperformance:
    return Reperformance(
        portfolio=book.portfolio,
        last_sequence=book.sequence,
        commands=counts.commands,
        events=counts.events,
        foreign=book.foreign_count,
        signed=counts.signed,
        unsigned=counts.commands - counts.signed,
        sequence=sequence,
        differs=differs,
    )
