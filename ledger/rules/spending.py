"""When commitments and actuals can be posted. What they break is flagged: a signed contract is real."""

from __future__ import annotations

from ledger.book import Book
from ledger.rules.guards import (
    Guard,
    Guards,
    currency_fits,
    envelope_known,
    in_range,
    initiative_known,
    not_ended,
    not_zero,
    period_open,
    within_approved,
)
from schemas.commands import PostActual, PostCommitment
from schemas.events import ActualPosted
from schemas.receipts import Reason, Refused


def post_commitment(ask: PostCommitment, book: Book) -> Guards:
    """Guards of event 18."""
    data = ask.data
    minor = data.amount.minor
    yield envelope_known(book, data.envelope)
    yield initiative_known(book, data.initiative)
    yield currency_fits(book, data.envelope, data.amount)
    yield not_zero(data.amount)
    yield in_range(book.total("open", data.envelope, data.initiative) + minor)
    yield _in_open_period(book, data.period)
    yield not_ended(book, data.initiative) if minor > 0 else None
    yield within_approved(book, data.envelope, data.initiative, minor)


def post_actual(ask: PostActual, book: Book) -> Guards:
    """Guards of event 19."""
    data = ask.data
    minor = data.amount.minor
    yield envelope_known(book, data.envelope)
    yield initiative_known(book, data.initiative)
    yield _commitment_known(data, book)
    yield _reference_free(data, book)
    yield currency_fits(book, data.envelope, data.amount)
    yield not_zero(data.amount)
    yield in_range(book.total("actual", data.envelope, data.initiative) + minor)
    yield period_open(book, data.period, "data.period")
    yield not_ended(book, data.initiative)
    drawn = -minor if data.commitment is not None else 0
    yield within_approved(book, data.envelope, data.initiative, minor, drawn)
    yield _within_commitment(data, book)


def _in_open_period(book: Book, period: str) -> Guard:
    closed = book.closed_by(period)
    return None if closed is None else Refused(Reason.IN_CLOSED_PERIOD, period=period, closed=closed)


def _commitment_known(data: ActualPosted, book: Book) -> Guard:
    if data.commitment is None or ("open", data.envelope, data.initiative, data.commitment) in book.sums:
        return None
    return Refused(
        Reason.UNKNOWN_COMMITMENT,
        field="data.commitment",
        value=data.commitment,
        envelope=data.envelope,
        initiative=data.initiative,
    )


def _reference_free(data: ActualPosted, book: Book) -> Guard:
    if not book.posting_is_live(data.posting_ref):
        return None
    return Refused(Reason.POSTING_REF_LIVE, field="data.posting_ref", value=data.posting_ref)


def _within_commitment(data: ActualPosted, book: Book) -> Guard:
    if data.commitment is None:
        return None
    still_open = book.total("open", data.envelope, data.initiative, data.commitment)
    if data.amount.minor <= still_open:
        return None
    return Refused(
        Reason.OVER_COMMITMENT,
        commitment=data.commitment,
        open_minor=still_open,
        over_minor=data.amount.minor - still_open,
    )
