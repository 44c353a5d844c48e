"""A moment: how much was known, and on which day it is asked for."""

from __future__ import annotations

import datetime
import re

import msgspec

from projections.replica import Replica
from schemas.values import zone_of


class Moment(msgspec.Struct, frozen=True):
    """sequence: the last entry known. recorded_at: when it was recorded, None before the first. as_of: what is
    effective by this day counts."""

    sequence: int
    recorded_at: datetime.datetime | None
    as_of: datetime.date


class MomentError(ValueError):
    """A time cannot be read: which, and what is allowed."""


def moment(replica: Replica, as_known: str | None, as_of: str | None, *, now: datetime.datetime) -> Moment:
    """Return the moment that two options name.

    as_known: a sequence; an instant, of which it is the last event recorded by then; or a date, which is its end.
    Without a zone an instant is in the portfolio's time zone. as_of: a date; without it, the day of as_known in the
    portfolio's time zone, today where that is not given either.
    Errors: MomentError.
    """
    zone = time_zone(replica)
    if as_known is None:
        sequence, day = replica.sequence, now.astimezone(zone).date()
    elif as_known.isascii() and as_known.isdigit():
        sequence = int(as_known.lstrip("0")[:20] or "0")  # a few thousand digits are more than Python reads
        if sequence > replica.sequence:
            raise MomentError(f"sequence {sequence} is beyond the last, {replica.sequence}; give one that is recorded")
        recorded_at = replica.recorded_at(sequence)
        day = (recorded_at or now).astimezone(zone).date()
    else:
        instant = _instant(as_known, zone)
        sequence, day = replica.sequence_at(instant), instant.astimezone(zone).date()
    if as_of is not None:
        day = _date(as_of)
    return Moment(sequence, replica.recorded_at(sequence), day)


def time_zone(replica: Replica) -> datetime.tzinfo:
    """Return the portfolio's time zone, UTC before it was opened."""
    rows = replica.ask("select time_zone from portfolio_opened order by sequence limit 1")
    return zone_of(rows[0]["time_zone"]) if rows else datetime.UTC


def _instant(text: str, zone: datetime.tzinfo) -> datetime.datetime:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            instant = datetime.datetime.combine(_date(text), datetime.time.max, zone)
        else:
            instant = datetime.datetime.fromisoformat(text)
        instant = instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)
        # The first and last hours of the calendar are not there in every zone.
        return instant.astimezone(datetime.UTC).astimezone(zone)
    except MomentError:
        raise
    except (ValueError, OverflowError) as error:
        raise MomentError(
            f"{text!r} is no moment; give a sequence such as 8124, a date such as 2026-03-31 or an instant such as "
            "2026-03-31T18:00:00Z"
        ) from error


def _date(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise MomentError(f"{text!r} is no date; give one such as 2026-03-31") from error
