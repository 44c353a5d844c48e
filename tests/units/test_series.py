"""A view over time: each point is what was known that evening, and nothing more."""

from __future__ import annotations

import datetime
import zoneinfo
from functools import cache

import pytest

from projections.moment import Moment, moment
from projections.replica import Replica
from projections.series import (
    MOST_MONTHS,
    MOST_POINTS,
    OVER_TIME,
    AlignmentPoint,
    BenefitPoint,
    Series,
    SpendPoint,
    ends,
    series,
)
from projections.views import Question, ask
from schemas import codec
from schemas.envelope import Recorded
from tests import oracle
from tests.teller import Teller
from tests.words import (
    PORTFOLIO,
    align,
    approve,
    commit,
    fund,
    measure,
    money,
    objective,
    objectives,
    opening,
    pay,
    promise,
    propose,
)

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
NOW = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
HISTORY = [
    # What is said, the day it is effective, and when it is recorded. The opening is recorded in 1970.
    (objectives(objective("fair", 6_000), objective("safe", 4_000)), "2025-01-01", "2025-01-10T09:00:00Z"),
    (fund("claims", 900_000), "2025-01-02", "2025-01-10T09:00:00Z"),
    (propose("AI-1"), "2025-01-03", "2025-01-12T09:00:00Z"),
    (propose("AI-2"), "2025-01-03", "2025-01-12T09:00:00Z"),
    (align("AI-1", fair=10_000), "2025-01-03", "2025-01-12T09:00:00Z"),
    (approve("AI-1", "claims", 400_000), "2025-02-01", "2025-02-03T09:00:00Z"),
    (commit("AI-1", "claims", "C-1", 50_000), "2025-02-10", "2025-02-11T09:00:00Z"),
    (approve("AI-2", "claims", 100_000), "2025-02-20", "2025-04-01T02:30:00Z"),  # late; still March in New York
    (align("AI-2", safe=5_000), "2025-04-02", "2025-04-02T09:00:00Z"),
    (approve("AI-1", "claims", -30_000), "2025-06-15", "2025-04-03T09:00:00Z"),  # from June on
    (promise("B-1", ("2025-Q3", "20", money(7_000, "USD"))), "2025-04-03", "2025-04-03T09:00:00Z"),
    (measure("B-1", "2025-Q3", "claimed", money(6_000, "USD")), "2025-05-30", "2025-05-30T09:00:00Z"),
    (measure("B-1", "2025-Q3", "validated", money(5_000, "USD")), "2025-05-31", "2025-05-31T09:00:00Z"),
    (pay("AI-1", "claims", "P-1", 8_000, commitment="C-1"), "2025-05-31", "2025-05-31T10:00:00Z"),
]


@cache
def told() -> tuple[Replica, list[Recorded]]:
    teller = Teller()
    assert teller.say(
        opening(historic=True, time_zone="America/New_York"), "1970-01-01", recordedtime="1970-01-01T00:00:00Z"
    )
    for said, day, recorded in HISTORY:
        assert teller.say(said, day, recordedtime=recorded), said
    return replica_of(teller.events), teller.events


def replica_of(events: list[Recorded]) -> Replica:
    made = Replica(PORTFOLIO)
    made.extend([codec.encode(event) for event in events])
    return made


def over_time(name: str, as_known: str | None = "2025-07-20", as_of: str | None = None) -> Series:
    replica, _ = told()
    return series(replica, Question(name), moment(replica, as_known, as_of, now=NOW))


def days(found: Series) -> list[str]:
    return [str(point.as_of) for point in found.points]


MONTHS = ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31", "2025-06-30", "2025-07-20"]


# The points.


@pytest.mark.parametrize("name", OVER_TIME)
def test_points_are_the_ends_of_months_from_the_first_event_on_and_the_moment_itself(name: str) -> None:
    found = over_time(name)
    assert (found.view, found.portfolio, found.currency, found.step_months) == (name, PORTFOLIO, "USD", 1)
    assert days(found) == MONTHS


@pytest.mark.parametrize("name", OVER_TIME)
def test_each_point_is_what_ask_says_at_the_end_of_its_day(name: str) -> None:
    replica, _ = told()
    met = set()
    for point in over_time(name).points:
        answer = ask(replica, Question(name), moment(replica, str(point.as_of), None, now=NOW))
        assert (point.as_known, point.as_of) == (answer.as_known, answer.as_of)
        figures = {field: getattr(point, field) for field in point.__struct_fields__ if field in answer.totals}
        assert len(figures) >= 3
        assert figures == {field: answer.totals[field] for field in figures}
        if isinstance(point, AlignmentPoint):
            assert point.shares == {row.objective: row.share for row in answer.rows}  # type: ignore[union-attr]
        met.add(tuple(figures.values()))
    assert len(met) >= 3, "the history says too little"


def test_spend_over_time_equals_the_plain_fold() -> None:
    _, events = told()
    for point in over_time("spend").points:
        assert isinstance(point, SpendPoint)
        known = sum(str(event.recordedtime.astimezone(NEW_YORK).date()) <= str(point.as_of) for event in events)
        assert point.as_known.sequence == known
        rows = oracle.spend(events, known, point.as_of, "envelope")
        for field in ("funded_minor", "approved_minor", "committed_minor", "actual_minor"):
            assert getattr(point, field) == sum(row[field] for row in rows)


def test_a_point_does_not_know_what_was_recorded_later() -> None:
    """The approval of 20 February was recorded on the last evening of March: February's board did not see it."""
    approved = [point.approved_minor for point in over_time("spend").points if isinstance(point, SpendPoint)]
    assert approved == [0, 400_000, 500_000, 500_000, 500_000, 470_000, 470_000]


def test_alignment_is_not_known_before_there_is_money() -> None:
    first, second, *_, last = over_time("alignment").points
    assert isinstance(first, AlignmentPoint)
    assert (first.index, first.drift, first.shares) == (None, None, {"fair": None, "safe": None})
    assert isinstance(second, AlignmentPoint)
    assert (second.index, second.drift, second.shares) == (0.6, 0.4, {"fair": 1.0, "safe": 0.0})
    assert isinstance(last, AlignmentPoint)
    assert last.orphan_share == pytest.approx(50_000 / 470_000)


def test_benefits_over_time_are_their_totals() -> None:
    points = [point for point in over_time("benefits").points if isinstance(point, BenefitPoint)]
    assert [(point.planned_minor, point.claimed_minor, point.validated_minor) for point in points[2:5]] == [
        (0, 0, 0),
        (7_000, 0, 0),
        (7_000, 6_000, 5_000),
    ]


# Moments of two times.


def test_no_point_knows_more_than_the_moment_asked_for() -> None:
    found = over_time("spend", as_known="2025-02-15", as_of="2025-06-30")
    assert days(found) == [*MONTHS[:5], "2025-06-30"]
    assert [point.as_known.sequence for point in found.points] == [6, 8, 8, 8, 8, 8]
    assert over_time("spend", as_known="8", as_of="2025-06-30") == found


def test_a_moment_of_an_earlier_day_ends_on_that_day_with_all_that_is_known() -> None:
    found = over_time("spend", as_known="2025-04-01", as_of="2025-02-25")
    assert days(found) == ["2025-01-31", "2025-02-25"]
    last = found.points[-1]
    assert isinstance(last, SpendPoint)
    assert (last.as_known.sequence, last.approved_minor) == (9, 500_000)


def test_a_moment_at_a_months_end_is_told_once() -> None:
    assert days(over_time("spend", as_known="2025-03-31")) == MONTHS[:3]


@pytest.mark.parametrize(("as_known", "as_of"), [("0", None), ("1", "2025-06-30"), ("2025-07-20", "2024-06-30")])
def test_where_nothing_was_said_there_is_the_moment_alone(as_known: str, as_of: str | None) -> None:
    assert len(over_time("spend", as_known, as_of).points) == 1


def test_progress_counts_the_points() -> None:
    replica, _ = told()
    counted: list[int] = []
    found = series(replica, Question("spend"), moment(replica, None, None, now=NOW), progress=counted.append)
    assert sum(counted) == len(found.points)


# How many points.


@pytest.mark.parametrize(
    ("as_of", "step", "count"),
    [
        ("2029-12-31", 1, 60),
        ("2030-01-01", 3, 21),
        ("2054-12-31", 3, 120),
        ("2055-01-01", 12, 31),
        ("9999-12-31", 804, 120),
    ],
)
def test_long_times_have_a_point_a_quarter_or_every_so_many_years(as_of: str, step: int, count: int) -> None:
    found = over_time("spend", as_of=as_of)
    assert (found.step_months, len(found.points)) == (step, count)
    assert count <= max(MOST_MONTHS, MOST_POINTS) + 1
    assert days(found)[-1] == as_of


@pytest.mark.parametrize(
    ("first", "last", "months", "found"),
    [
        ("2024-01-31", "2024-03-31", 1, ["2024-01-31", "2024-02-29"]),
        ("2024-01-31", "2024-01-31", 1, []),
        ("2023-12-01", "2024-01-15", 1, ["2023-12-31"]),
        ("2024-02-10", "2024-12-31", 3, ["2024-03-31", "2024-06-30", "2024-09-30"]),
        ("2024-12-31", "2026-12-31", 12, ["2024-12-31", "2025-12-31"]),
        ("2024-07-01", "2029-01-01", 24, ["2025-12-31", "2027-12-31"]),
        ("9999-11-30", "9999-12-31", 1, ["9999-11-30"]),
    ],
)
def test_periods_end_with_the_calendar(first: str, last: str, months: int, found: list[str]) -> None:
    parse = datetime.date.fromisoformat
    assert [str(day) for day in ends(parse(first), parse(last), months)] == found


def test_a_view_without_a_series_is_no_question() -> None:
    replica, _ = told()
    with pytest.raises(KeyError):
        series(replica, Question("decisions"), Moment(1, None, NOW.date()))
