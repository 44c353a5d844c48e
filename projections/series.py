"""A view over time: its figures at each month's end, as they were known that day, up to the moment asked for.

A point is what `ask` says with as_known the end of a day and as_of that day: what a board saw that evening, not what
was entered about it later. The last point is the moment itself, whatever its day of the month.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence

import msgspec

from projections.moment import Moment, time_zone
from projections.replica import Replica
from projections.rows import AlignmentRow
from projections.segments import Progress
from projections.views import Known, Question, View, ask

MOST_MONTHS = 60
"""Up to so many months every month's end is a point; beyond, every quarter's."""
MOST_POINTS = 120
"""Up to so many quarters every quarter's end is a point; beyond, every year's, or every second, third ... year's."""


class AlignmentPoint(msgspec.Struct, frozen=True):
    """Alignment at a moment. shares: of each active objective, 0 to 1; everything None where no money counts."""

    as_of: datetime.date
    as_known: Known
    index: float | None
    drift: float | None
    orphan_share: float | None
    shares: Mapping[str, float | None]


class SpendPoint(msgspec.Struct, frozen=True):
    """The funding ladder at a moment, in minor units of the portfolio's currency. committed: what is still open."""

    as_of: datetime.date
    as_known: Known
    funded_minor: int
    approved_minor: int
    committed_minor: int
    actual_minor: int


class BenefitPoint(msgspec.Struct, frozen=True):
    """Benefits at a moment, in minor units of the portfolio's currency."""

    as_of: datetime.date
    as_known: Known
    planned_minor: int
    claimed_minor: int
    validated_minor: int


Point = AlignmentPoint | SpendPoint | BenefitPoint
"""A point of any series."""


class Series(msgspec.Struct, frozen=True):
    """A view over time, oldest point first, the moment asked for last. step_months: 1, 3, or a multiple of 12."""

    view: str
    portfolio: str
    currency: str | None
    step_months: int
    points: Sequence[Point]


def series(replica: Replica, question: Question, at: Moment, *, progress: Progress = lambda _: None) -> Series:
    """Return the figures of a view from its first event to a moment.

    The first event is the first after the opening of the portfolio, which says nothing yet. No point knows more than
    the moment: where it is of a later day than what is known, the points between show what is effective by then.
    Units: progress counts points.
    Errors: KeyError where a view is not one of OVER_TIME.
    """
    make = _POINTS[question.name]
    zone = time_zone(replica)
    days, step = _days(replica, at, zone)
    points = []
    for each in [*(_end_of(day, replica, at, zone) for day in days), at]:
        answer = ask(replica, question, each)
        points.append(make(answer))
        progress(1)
    return Series(question.name, replica.portfolio, answer.currency, step, points)


def ends(first: datetime.date, last: datetime.date, months: int) -> list[datetime.date]:
    """Return the ends of calendar periods from the one *first* is in, before *last*. months: 1, 3 or a multiple of 12.

    Quarters end with March, June, September and December, years with December.
    """
    month = first.year * 12 + (first.month - 1) // min(months, 12) * min(months, 12) + months
    found = []
    while (end := _day_before(month)) is not None and end < last:
        found.append(end)
        month += months
    return found


def _days(replica: Replica, at: Moment, zone: datetime.tzinfo) -> tuple[list[datetime.date], int]:
    """Return the days of the points before the moment, and how many months lie between them."""
    query = "select min(recorded_at) as recorded_at from events where type <> 'PortfolioOpened.v1' and sequence <= ?"
    first = replica.ask(query, [at.sequence])[0]["recorded_at"]
    if first is None:
        return [], 1
    start = first.astimezone(zone).date()
    months = (at.as_of.year - start.year) * 12 + at.as_of.month - start.month
    step = 1 if months < MOST_MONTHS else 3 if months < 3 * MOST_POINTS else 12 * -(-months // (12 * MOST_POINTS))
    return ends(start, at.as_of, step), step


def _end_of(day: datetime.date, replica: Replica, at: Moment, zone: datetime.tzinfo) -> Moment:
    """Return the end of a day, as far as the moment asked for knows."""
    instant = datetime.datetime.combine(day, datetime.time.max, zone)
    sequence = min(replica.sequence_at(instant), at.sequence)
    return Moment(sequence, replica.recorded_at(sequence), day)


def _day_before(month: int) -> datetime.date | None:
    """Return the last day before a month, counted from the year 0, None after the calendar's end."""
    year, place = divmod(month, 12)
    if year > datetime.MAXYEAR:
        return None
    return datetime.date(year, place + 1, 1) - datetime.timedelta(days=1)


def _alignment(answer: View) -> Point:
    shares = {row.objective: row.share for row in answer.rows if isinstance(row, AlignmentRow)}
    index, drift, orphan_share = (answer.totals[name] for name in ("index", "drift", "orphan_share"))
    return AlignmentPoint(answer.as_of, answer.as_known, index, drift, orphan_share, shares)


def _spend(answer: View) -> Point:
    names = ("funded_minor", "approved_minor", "committed_minor", "actual_minor")
    return SpendPoint(answer.as_of, answer.as_known, *(answer.totals[name] for name in names))


def _benefits(answer: View) -> Point:
    names = ("planned_minor", "claimed_minor", "validated_minor")
    return BenefitPoint(answer.as_of, answer.as_known, *(answer.totals[name] for name in names))


_POINTS: dict[str, Callable[[View], Point]] = {"alignment": _alignment, "spend": _spend, "benefits": _benefits}
OVER_TIME = tuple(_POINTS)
"""The views that have a series."""
