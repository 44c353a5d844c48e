"""Moments: what two options name, in the portfolio's own time zone."""

from __future__ import annotations

import datetime
from functools import cache

import pytest

from projections.moment import Moment, MomentError, moment, time_zone
from projections.replica import Replica
from schemas import codec
from tests.teller import Teller
from tests.words import PORTFOLIO, fund, opening

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
FIRST, SECOND, THIRD = (
    datetime.datetime(2026, 1, 12, 8, tzinfo=datetime.UTC),
    datetime.datetime(2026, 1, 12, 13, 7, 0, 123, tzinfo=datetime.UTC),
    datetime.datetime(2026, 1, 12, 18, 14, 0, 246, tzinfo=datetime.UTC),
)
"""When the three entries were recorded: in Auckland two on the 12th and 13th, in New York all on the 12th."""


@cache
def replica(zone: str = "UTC") -> Replica:
    teller = Teller()
    for ask in (opening(time_zone=zone), fund("claims", 1), fund("data", 1)):
        assert teller.say(ask, "2026-01-01")
    assert [event.recordedtime for event in teller.events] == [FIRST, SECOND, THIRD]
    made = Replica(PORTFOLIO)
    made.extend([codec.encode(event) for event in teller.events])
    return made


def at(as_known: str | None, as_of: str | None = None, zone: str = "UTC") -> tuple[int, str]:
    """Return the sequence and the day of a moment."""
    named = moment(replica(zone), as_known, as_of, now=NOW)
    assert named.recorded_at == replica(zone).recorded_at(named.sequence)
    return named.sequence, str(named.as_of)


# What was known.


def test_without_options_everything_is_known_and_it_is_today() -> None:
    assert moment(replica(), None, None, now=NOW) == Moment(3, THIRD, NOW.date())


@pytest.mark.parametrize(("as_known", "known"), [("0", 0), ("1", 1), ("2", 2), ("3", 3), ("0000000000000002", 2)])
def test_a_sequence_is_what_had_been_recorded_by_it(as_known: str, known: int) -> None:
    assert at(as_known)[0] == known


@pytest.mark.parametrize("as_known", ["4", "99", "9" * 30, "9" * 5_000])
def test_a_sequence_beyond_the_last_is_refused(as_known: str) -> None:
    with pytest.raises(MomentError, match=r"is beyond the last, 3; give one that is recorded"):
        moment(replica(), as_known, None, now=NOW)


@pytest.mark.parametrize(
    ("as_known", "known"),
    [
        ("2026-01-12T07:59:59.999999Z", 0),
        ("2026-01-12T08:00:00Z", 1),
        ("2026-01-12T08:00:00+00:00", 1),
        ("2026-01-12T13:07:00.000122Z", 1),
        ("2026-01-12T13:07:00.000123Z", 2),
        ("2026-01-13T02:07:00.000123+13:00", 2),
        ("2026-01-12 13:07:01Z", 2),
        ("2099-01-01T00:00:00Z", 3),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_an_instant_is_the_last_event_recorded_by_then(as_known: str, known: int) -> None:
    assert at(as_known)[0] == known


def test_an_instant_without_a_zone_is_in_that_of_the_portfolio() -> None:
    assert at("2026-01-12T08:00:00", zone="UTC")[0] == 1
    assert at("2026-01-12T20:59:59", zone="Pacific/Auckland")[0] == 0
    assert at("2026-01-12T21:00:00", zone="Pacific/Auckland")[0] == 1
    assert at("2026-01-12T03:00:00", zone="America/New_York")[0] == 1


@pytest.mark.parametrize(
    ("zone", "day", "known"),
    [
        ("UTC", "2026-01-11", 0),
        ("UTC", "2026-01-12", 3),
        ("Pacific/Auckland", "2026-01-12", 1),
        ("Pacific/Auckland", "2026-01-13", 3),
        ("America/New_York", "2026-01-11", 0),
        ("America/New_York", "2026-01-12", 3),
    ],
)
def test_a_date_is_its_end_in_the_time_zone_of_the_portfolio(zone: str, day: str, known: int) -> None:
    assert at(day, zone=zone) == (known, day)


# What was effective.


def test_without_a_date_it_is_the_day_the_entry_was_recorded() -> None:
    assert at("2", zone="UTC") == (2, "2026-01-12")
    assert at("2", zone="Pacific/Auckland") == (2, "2026-01-13")
    assert at("1", zone="Pacific/Auckland") == (1, "2026-01-12")


def test_before_the_first_entry_it_is_today() -> None:
    assert at("0") == (0, "2026-03-01")


def test_without_a_date_it_is_the_day_of_the_instant() -> None:
    assert at("2026-01-12T11:30:00Z", zone="Pacific/Auckland") == (1, "2026-01-13")
    assert at("2026-02-01T03:00:00Z", zone="America/New_York") == (3, "2026-01-31")


def test_today_is_the_day_in_the_time_zone_of_the_portfolio() -> None:
    late = datetime.datetime(2026, 3, 1, 23, tzinfo=datetime.UTC)
    for zone, day in (("UTC", 1), ("Pacific/Auckland", 2), ("America/New_York", 1)):
        assert moment(replica(zone), None, None, now=late).as_of == datetime.date(2026, 3, day)


@pytest.mark.parametrize("as_known", [None, "1", "2026-01-12", "2026-01-12T08:00:00Z"])
def test_a_date_that_is_given_wins(as_known: str | None) -> None:
    assert at(as_known, "2024-02-29")[1] == "2024-02-29"


# What is no moment.


@pytest.mark.parametrize(
    "as_known",
    [
        "",
        " ",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "soon",
        "2026-13-01T00:00:00Z",
        "2026-1-1",
        "٣",
        "2026-01-12T25:00:00Z",
        "12:00",
    ],
)
def test_what_names_no_moment_is_refused_with_what_does(as_known: str) -> None:
    with pytest.raises(MomentError, match=r"is no moment; give a sequence such as 8124, a date such as 2026-03-31 or"):
        moment(replica(), as_known, None, now=NOW)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "0000-01-01"])
def test_what_names_no_day_is_refused(text: str) -> None:
    for options in ((text, None), (None, text)):
        with pytest.raises(MomentError, match=r"is no date; give one such as 2026-03-31|is no moment"):
            moment(replica(), *options, now=NOW)


@pytest.mark.parametrize("as_of", ["", "1", "soon", "2026-1-1", "2026-01-12T00:00:00Z"])
def test_a_day_is_a_date(as_of: str) -> None:
    with pytest.raises(MomentError, match=r"is no date; give one such as 2026-03-31"):
        moment(replica(), None, as_of, now=NOW)


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/New_York"])
@pytest.mark.parametrize("as_known", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_edges_of_the_calendar_are_moments_or_refused(as_known: str, zone: str) -> None:
    try:
        known, _ = at(as_known, zone=zone)
    except MomentError:
        return
    assert known == (0 if as_known.startswith("0001") else 3)


# The time zone.


def test_the_time_zone_is_that_of_the_opening_and_utc_before_it() -> None:
    assert str(time_zone(replica("Pacific/Auckland"))) == "Pacific/Auckland"
    assert time_zone(Replica(PORTFOLIO)) == datetime.UTC
    assert moment(Replica(PORTFOLIO), None, None, now=NOW) == Moment(0, None, NOW.date())
