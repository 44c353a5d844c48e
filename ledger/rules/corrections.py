"""When an entry can be reversed."""

from __future__ import annotations

from msgspec.structs import replace

from ledger.book import Book, Line
from ledger.evolve import MONEY_FACTS
from ledger.rules.guards import Guard, Guards, in_range, period_open, within_envelope
from schemas.commands import ReverseEntry
from schemas.events import (
    ActorEnrolled,
    AuthoritySet,
    CheckpointAnchored,
    DecisionClosed,
    DecisionRequested,
    EntryReversed,
    HoldSet,
    InitiativeProposed,
    PeriodClosed,
    PolicyAdopted,
    PortfolioOpened,
    TextErased,
    VoteRecorded,
)
from schemas.receipts import Reason, Refused

STANDS_FOR_EVER = (
    PortfolioOpened,
    InitiativeProposed,
    ActorEnrolled,
    AuthoritySet,
    PolicyAdopted,
    PeriodClosed,
    CheckpointAnchored,
    TextErased,
    HoldSet,
)
"""What later entries rest on. An initiative that should not be is ended at a gate; keys, grants and policies are
revoked or superseded, a period is opened again, a hold released."""


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
    yield _decision_open(line, book)
    yield _is_newest(data, line, book)
    yield _in_open_period(ask, line, book)
    yield _in_range(ask, book)
    yield from _within_envelopes(ask, book)


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


def _decision_open(line: Line, book: Book) -> Guard:
    """What a closed decision was counted from stays."""
    if line.key.type not in (DecisionRequested, VoteRecorded):
        return None
    closed = book.newest(line.key.subject, DecisionClosed)
    if closed is None:
        return None
    return Refused(Reason.DECISION_CLOSED, field="data.sequence", value=closed.decision, outcome=closed.outcome)


def _in_open_period(ask: ReverseEntry, line: Line, book: Book) -> Guard:
    """What a period was closed with stays: a void needs the entry's period open, a counter its own."""
    if ask.data.kind == "counter":
        return period_open(book, ask.data.period or book.fiscal_year(ask.time), "data.period")
    refusals = [period_open(book, booking.period, "data.sequence") for booking in line.key.booked]
    return next((refused for refused in refusals if refused), None)


def _in_range(ask: ReverseEntry, book: Book) -> Guard:
    for reversal in reversals(ask, book):
        line = book.line(reversal.sequence)
        for sign, key in line.key.moves if line is not None else ():
            refused = in_range(book.sums.get(key, 0) - sign * (line.minor if line is not None else 0))
            if refused:
                return refused
    return None


def _within_envelopes(ask: ReverseEntry, book: Book) -> Guards:
    """Taking funds back, or a reduction of what was approved, must not leave more approved than funded.

    What is taken from an envelope and comes back to it in the same append is no change.
    """
    changes: dict[tuple[str, str], int] = {}
    for reversal in reversals(ask, book):
        line = book.line(reversal.sequence)
        if line is not None:
            for sign, (measure, envelope, initiative, _) in line.key.moves:
                if initiative is None and measure in ("funded", "approved"):
                    changes[envelope, measure] = changes.get((envelope, measure), 0) - sign * line.minor
    for (envelope, measure), minor in changes.items():
        if measure == "funded" and minor < 0:
            yield within_envelope(book, envelope, funded=minor)
        if measure == "approved" and minor > 0:
            yield within_envelope(book, envelope, approved=minor)
