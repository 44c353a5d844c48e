"""When a fiscal period can be closed or opened again, and what its closing says."""

from __future__ import annotations

from ledger.book import Book
from ledger.rules.governance import named_once
from ledger.rules.guards import Guards
from schemas.commands import ClosePeriod
from schemas.events import PeriodClosed, Total
from schemas.receipts import Reason, Refused


def close_period(ask: ClosePeriod, book: Book) -> Guards:
    """Guards of event 29."""
    data = ask.data
    before = book.newest(data.subject(), PeriodClosed)
    status = "open" if before is None or before.status == "reopened" else before.status
    if data.status == "reopened":
        yield None if status == "soft" else Refused(Reason.NOT_CLOSED, field="data.status", value=status)
    else:
        closed = status == "final" or (status == "soft" and data.status == "soft")
        yield Refused(Reason.PERIOD_CLOSED, field="data.period", value=data.period, status=status) if closed else None
    if data.totals is not None:
        yield named_once([f"{total.measure} {total.currency}" for total in data.totals], "data.totals")
        given: dict[tuple[str, str], int] = {
            (total.measure, total.currency): total.amount_minor for total in data.totals
        }
        booked = book.period_totals(data.period)
        wrong = sorted(key for key in given.keys() | booked.keys() if given.get(key, 0) != booked.get(key, 0))
        for measure, currency in wrong[:1]:
            yield Refused(
                Reason.TOTALS_DIFFER,
                field="data.totals",
                measure=measure,
                currency=currency,
                value=given.get((measure, currency), 0),
                allowed=booked.get((measure, currency), 0),
            )


def closing(ask: ClosePeriod, book: Book) -> tuple[PeriodClosed, ...]:
    """Return the fact of event 29: what is booked in the period, and the root of everything recorded before."""
    data = ask.data
    totals = tuple(
        Total(measure=measure, currency=currency, amount_minor=minor)  # type: ignore[arg-type]
        for (measure, currency), minor in book.period_totals(data.period).items()
    )
    return (
        PeriodClosed(
            period=data.period,
            status=data.status,
            last_sequence=book.sequence,
            root=book.frontier.root().hex(),
            totals=totals,
            sources=data.sources,
        ),
    )
