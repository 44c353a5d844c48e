"""The moment a board is asked for, in words, and the ends of quarters.

2025-03-31                    as of that day, with everything that is known now
2025-03   2025-Q1   2025      the last day of it
known 2025-03-31              what was known at the end of that day, as of that day
2024-06-30 known 2024-07-18   as of the one, as known on the other; an instant and a sequence can be known too
"""

from __future__ import annotations

import datetime
import re
from typing import NamedTuple

from schemas.values import period_days


class AsOfError(ValueError):
    """The words name no moment: which, and what is allowed."""


class AsOf(NamedTuple):
    """What was asked for. day: as of, None for the day of what is known. known: a text, None where it is to stay."""

    day: datetime.date | None
    known: str | None


def parse(text: str) -> AsOf:
    """Return the moment that words name; an empty text names today. Errors: AsOfError."""
    words = text.split()
    known = None
    if "known" in words:
        place = words.index("known")
        if place + 1 == len(words):
            raise AsOfError("known needs a date, an instant or a sequence after it, such as known 2025-03-31")
        known = words[place + 1]
        words = [*words[:place], *words[place + 2 :]]
    words = [word for word in words if word not in ("as", "of")]
    if len(words) > 1:
        raise AsOfError(f"{text.strip()!r} names no moment; give a date, or known and a date, such as known 2025-03-31")
    return AsOf(day_of(words[0]) if words else None, known)


def day_of(word: str) -> datetime.date:
    """Return a day, or the last of a month, quarter, half or year. Errors: AsOfError."""
    try:
        if re.fullmatch(r"[1-8]\d{3}(-(Q[1-4]|H[12]|0[1-9]|1[0-2]))?", word, re.ASCII):
            return period_days(word, 1)[1]
        return datetime.date.fromisoformat(word)
    except ValueError as error:
        raise AsOfError(f"{word!r} is no date; give one such as 2025-03-31, 2025-03 or 2025-Q1") from error


def quarter_end(day: datetime.date, by: int) -> datetime.date:
    """Return the end of the quarter before the one a day is in (by -1), or the first one after the day (by 1).

    The first and last quarter of the calendar stay where they are.
    """
    first = datetime.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    if by < 0:
        return first - datetime.timedelta(days=1) if first > datetime.date.min else day
    end = _end(first)
    if end > day:
        return end
    return end if day.year == datetime.MAXYEAR and day.month > 9 else _end(end + datetime.timedelta(days=1))


def quarter_ends(first: datetime.date, last: datetime.date, most: int) -> list[datetime.date]:
    """Return the ends of quarters from the one a day is in, before another day; the last ones where there are more."""
    found: list[datetime.date] = []
    day = quarter_end(last, -1)
    while day >= first and len(found) < most:
        found.append(day)
        day = quarter_end(day, -1)
    return found[::-1]


def _end(first: datetime.date) -> datetime.date:
    month = first.month + 2
    return datetime.date(first.year, month, 31 if month in (3, 12) else 30)
