"""A made portfolio of any size: events such as the ledger stores, in the mix of a real one, the same at every run.

Six in ten are contracts and invoices, two in ten approvals; the rest declarations, gates, forecasts, amendments,
baselines and reversals. Events are built directly, since deciding a million commands would take minutes, but each
is what `decide` answers to the command it holds: `perform_again` proves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench.teller import PORTFOLIO, START, Teller
from ledger.book import Book
from ledger.decider import Asked, Repeated, decide
from ledger.evolve import evolve
from schemas import codec
from schemas.commands import parse
from schemas.envelope import Recorded
from schemas.receipts import Refused

__all__ = ["PORTFOLIO", "START", "events", "perform_again"]


def events(event_count: int) -> Iterator[Recorded]:
    """Yield the events of a history, in order."""
    return Teller(event_count).tell()


def perform_again(stored: Iterable[Recorded]) -> Book:
    """Decide every command of a history again and return the book it leads to.

    Errors: ValueError where the ledger would have stored something else than the history holds.
    """
    book, told = Book(PORTFOLIO), list(stored)
    for place, event in enumerate(told):
        if event.command is not None:
            line = event.command.encode()
            command = parse(line)
            if isinstance(command, Refused):
                raise ValueError(f"the command of entry {event.at} does not parse: {command}")
            outcome = decide(Asked(command, line), book, now=event.recordedtime, rules=event.rules)
            if isinstance(outcome, Repeated | Refused):
                raise ValueError(f"the command of entry {event.at} is answered {outcome}")
            for decided, held in zip(outcome, told[place:], strict=False):
                if codec.encode(decided) != codec.encode(held):
                    raise ValueError(f"entry {held.at} is {held}, the ledger decides {decided}")
        evolve(book, event)
    return book
