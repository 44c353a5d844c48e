"""When an entry can be reversed."""

from __future__ import annotations

from msgspec.structs import replace

from ledger.book import MONEY_FACTS, Book, Line
from ledger.rules.guards import Guard, Guards, within_envelope
from schemas.commands import ReverseEntry
from schemas.events import EntryReversed, EnvelopeFunded, FundingApproved, InitiativeProposed, PortfolioOpened
from schemas.receipts import Reason, Refused

STANDS_FOR_EVER = (PortfolioOpened, InitiativeProposed)
"""What later entries rest on. An initiative that should not be is ended at a gate."""


def reverse_entry(ask: ReverseEntry, book: Book) -> Guards:
    """Guards of event 28."""
    data = ask.data
    line = book.line(data.sequence)
    if line is None:
        yield Refused(Reason.UNKNOWN_ENTRY, field="data.sequence", value=data.sequence, last=book.sequence)
        return
    yield _is_no_reversal(data, line)
    yield _not_reversed(data, book)
    yield _may_be_reversed(data, line)
    yield _is_newest(data, line, book)
    for reversal in reversals(ask, book):
        yield _within_envelope(reversal, book)


def reversals(ask: ReverseEntry, book: Book) -> tuple[EntryReversed, ...]:
    """Return the facts of event 28: one, or two for a leg of a transfer, which never stands alone."""
    line = book.line(ask.data.sequence)
    if line is None or line.key.leg == 0:
        return (ask.data,)
    return (ask.data, replace(ask.data, sequence=ask.data.sequence + line.key.leg))


def _is_no_reversal(data: EntryReversed, line: Line) -> Guard:
    if line.key.type is not EntryReversed:
        return None
    return Refused(Reason.IS_REVERSAL, field="data.sequence", value=data.sequence)


def _not_reversed(data: EntryReversed, book: Book) -> Guard:
    by = book.reversed_by.get(data.sequence)
    if by is None:
        return None
    return Refused(Reason.ALREADY_REVERSED, field="data.sequence", value=data.sequence, reversed_by=by)


def _may_be_reversed(data: EntryReversed, line: Line) -> Guard:
    countered = data.kind == "counter" and line.key.type not in MONEY_FACTS
    if line.key.type not in STANDS_FOR_EVER and not countered:
        return None
    problem = "a counter takes back money only; use void" if countered else "entries of this type stand for ever"
    return Refused(
        Reason.NOT_REVERSIBLE, field="data.sequence", value=data.sequence, type=line.key.type.TYPE, problem=problem
    )


def _is_newest(data: EntryReversed, line: Line, book: Book) -> Guard:
    if line.key.type in MONEY_FACTS or book.is_newest(data.sequence, line.key):
        return None
    return Refused(Reason.NOT_NEWEST, field="data.sequence", value=data.sequence, subject=line.key.subject)


def _within_envelope(data: EntryReversed, book: Book) -> Guard:
    """Taking funds back, or a reduction of what was approved, must not leave more approved than funded."""
    line = book.line(data.sequence)
    if line is None or line.key.envelope is None:
        return None
    if line.key.type is EnvelopeFunded and line.minor > 0:
        return within_envelope(book, line.key.envelope, funded=-line.minor)
    if line.key.type is FundingApproved and line.minor < 0:
        return within_envelope(book, line.key.envelope, approved=-line.minor)
    return None
