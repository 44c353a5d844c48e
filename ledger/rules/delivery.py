"""When an initiative can be proposed, amended, planned and forecast."""

from __future__ import annotations

import datetime

from ledger.book import AMENDABLE, Book
from ledger.rules.guards import Guard, Guards, finish_after_start, initiative_known, initiative_live, one_currency
from schemas.commands import AmendInitiative, ProposeInitiative, SetBaseline, UpdateForecast
from schemas.events import BaselineSet, ForecastUpdated
from schemas.receipts import Reason, Refused


def propose_initiative(ask: ProposeInitiative, book: Book) -> Guards:
    """Guards of event 6."""
    data = ask.data
    yield _is_new(book, data.initiative)
    yield _not_itself(data.initiative, data.parent)
    yield initiative_known(book, data.parent, "data.parent")


def amend_initiative(ask: AmendInitiative, book: Book) -> Guards:
    """Guards of event 31."""
    data = ask.data
    yield initiative_known(book, data.initiative)
    yield initiative_known(book, data.parent, "data.parent")
    yield initiative_live(book, data.initiative)
    yield _not_itself(data.initiative, data.parent)
    described = book.description(data.initiative, ask.time)
    changes = any(getattr(data, name) not in (None, described[name]) for name in AMENDABLE)
    yield None if changes else Refused(Reason.NOTHING_CHANGES, field="data")


def set_baseline(ask: SetBaseline, book: Book) -> Guards:
    """Guards of event 10."""
    data = ask.data
    yield initiative_known(book, data.initiative)
    yield initiative_live(book, data.initiative)
    yield one_currency((part.amount for part in data.cost), "data.cost")
    before = book.newest(data.subject(), BaselineSet)
    following = 1 if before is None else before.number + 1
    yield (
        None
        if data.number == following
        else Refused(Reason.BASELINE_NUMBER, field="data.number", value=data.number, allowed=following)
    )
    yield finish_after_start(data.start, data.finish)


def update_forecast(ask: UpdateForecast, book: Book, recorded_on: datetime.date) -> Guards:
    """Guards of event 20."""
    data = ask.data
    yield initiative_known(book, data.initiative)
    yield one_currency((part.amount for part in data.estimate_to_complete), "data.estimate_to_complete")
    before = book.newest(data.subject(), ForecastUpdated)
    earliest = before.as_of if before is not None else datetime.date.min
    yield (
        None
        if earliest <= data.as_of <= recorded_on
        else Refused(Reason.FORECAST_DATE, field="data.as_of", value=data.as_of, last=earliest, today=recorded_on)
    )


def _is_new(book: Book, initiative: str) -> Guard:
    if book.initiative(initiative) is None:
        return None
    return Refused(Reason.INITIATIVE_EXISTS, field="data.initiative", value=initiative)


def _not_itself(initiative: str, parent: str | None) -> Guard:
    return Refused(Reason.SELF_REFERENCE, field="data.parent", value=parent) if parent == initiative else None
