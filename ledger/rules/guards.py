"""Guards that several rules share. Each returns why not, or None."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from ledger.book import ENDED, Book
from schemas.events import Condition
from schemas.receipts import Reason, Refused
from schemas.values import MAX_MINOR, Money

Guard = Refused | None
Guards = Iterator[Guard]


def initiative_known(book: Book, initiative: str | None, field: str = "data.initiative") -> Guard:
    if initiative is None or book.initiative(initiative) is not None:
        return None
    return Refused(Reason.UNKNOWN_INITIATIVE, field=field, value=initiative)


def initiative_live(book: Book, initiative: str) -> Guard:
    status = book.status(initiative)
    if status not in ENDED.values():
        return None
    return Refused(Reason.INITIATIVE_ENDED, field="data.initiative", value=initiative, status=status)


def envelope_known(book: Book, envelope: str | None, field: str = "data.envelope") -> Guard:
    if envelope is None or envelope in book.currencies:
        return None
    return Refused(Reason.UNKNOWN_ENVELOPE, field=field, value=envelope)


def currency_fits(book: Book, envelope: str, amount: Money) -> Guard:
    """One currency an envelope: the one it was first funded in."""
    wanted = book.currencies.get(envelope, amount.currency)
    if amount.currency == wanted:
        return None
    return Refused(
        Reason.WRONG_CURRENCY, field="data.amount.currency", value=amount.currency, allowed=wanted, envelope=envelope
    )


def one_currency(amounts: Iterable[Money], field: str) -> Guard:
    found = sorted({amount.currency for amount in amounts})
    return Refused(Reason.WRONG_CURRENCY, field=field, value=found, allowed="one currency") if len(found) > 1 else None


def not_zero(amount: Money) -> Guard:
    return Refused(Reason.ZERO_AMOUNT, field="data.amount.minor", value=0) if amount.minor == 0 else None


def sign_fits(kind: str, amount: Money, signs: dict[str, int]) -> Guard:
    """signs: 1 where a kind only adds, -1 where it only takes away; any other kind may do both."""
    sign = signs.get(kind, 0)
    if sign * amount.minor >= 0:
        return None
    allowed = "above zero" if sign > 0 else "below zero"
    return Refused(Reason.WRONG_SIGN, field="data.amount.minor", value=amount.minor, kind=kind, allowed=allowed)


def in_range(total: int) -> Guard:
    if abs(total) <= MAX_MINOR:
        return None
    return Refused(Reason.OUT_OF_RANGE, field="data.amount.minor", total=total, limit=MAX_MINOR)


def within_envelope(book: Book, envelope: str, *, funded: int = 0, approved: int = 0) -> Guard:
    """Approved must not pass funded, after the deltas given."""
    funds, permits = book.total("funded", envelope) + funded, book.total("approved", envelope) + approved
    if permits <= funds:
        return None
    return Refused(
        Reason.OVER_ENVELOPE, envelope=envelope, funded_minor=funds, approved_minor=permits, over_minor=permits - funds
    )


def within_approved(book: Book, envelope: str, initiative: str | None, minor: int, open_minor: int = 0) -> Guard:
    """Open commitments and actuals of an initiative must not pass what was approved for it from the envelope."""
    if initiative is None or minor <= 0:
        return None
    used = book.total("open", envelope, initiative) + book.total("actual", envelope, initiative) + minor + open_minor
    approved = book.total("approved", envelope, initiative)
    if used <= approved:
        return None
    return Refused(
        Reason.OVER_APPROVED,
        initiative=initiative,
        envelope=envelope,
        approved_minor=approved,
        used_minor=used,
        over_minor=used - approved,
    )


def not_ended(book: Book, initiative: str | None) -> Guard:
    """As initiative_live, for facts from outside, which are true all the same and only flagged."""
    if initiative is None or book.status(initiative) not in ENDED.values():
        return None
    return Refused(Reason.AFTER_END, initiative=initiative, status=book.status(initiative))


def finish_after_start(start: datetime.date | None, finish: datetime.date | None) -> Guard:
    if start is None or finish is None or start <= finish:
        return None
    return Refused(Reason.FINISH_BEFORE_START, field="data.finish", value=finish, start=start)


def period_open(book: Book, period: str | None, field: str) -> Guard:
    closed = book.closed_by(period)
    return None if closed is None else Refused(Reason.PERIOD_CLOSED, field=field, value=period, closed=closed)


def shares_sum(total: int, fits: bool, field: str, allowed: str) -> Guard:
    return None if fits else Refused(Reason.SHARES_SUM, field=field, value=total, allowed=allowed)


def conditions_new(book: Book, conditions: Sequence[Condition]) -> Guard:
    """A condition is named once, in its decision and in the portfolio; a name is never free again."""
    seen: set[str] = set()
    for place, condition in enumerate(conditions):
        name = condition.condition
        if name in seen or name in book.conditions:
            return Refused(Reason.CONDITION_EXISTS, field=f"data.conditions.{place}.condition", value=name)
        seen.add(name)
    return None
