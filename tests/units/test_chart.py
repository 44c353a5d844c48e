"""What a chart is made of: round ticks, labels that keep apart, figures in three digits."""

from __future__ import annotations

import datetime
import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.model.chart import Bar, Bars, Line, Lines, day_ticks, ending, extent, figure, span, spread, tick, ticks

DAYS = [datetime.date(2025, month, 28) for month in (1, 2, 3)]


def lines(*values: list[float | None], top: float | None = None) -> Lines:
    named = [Line(f"line {place}", each) for place, each in enumerate(values)]
    return Lines("Title", DAYS, named, "money", "USD", top=top)


# Figures.


@pytest.mark.parametrize(
    ("minor", "currency", "told"),
    [
        (0, "USD", "0"),
        (1, "USD", "0.01"),
        (99_949, "USD", "999"),
        (99_999, "USD", "1,000"),
        (100_000, "USD", "1 k"),
        (195_000_000, "USD", "1.95 M"),
        (3_907_999_999, "USD", "39.1 M"),
        (-3_908_000_000, "USD", "-39.1 M"),
        (1_234_500_000_000_00, "USD", "1,234 bn"),
        (1_500_000, "JPY", "1.5 M"),
        (1_500, None, "15"),
        (1_500, "BHD", "1.5"),
    ],
)
def test_money_is_told_in_three_digits_of_major_units(minor: int, currency: str | None, told: str) -> None:
    assert figure(minor, "money", currency) == told
    assert tick(minor, "money", currency) == told


def test_shares_are_percentages_and_what_is_not_known_is_a_dash() -> None:
    assert [figure(value, "share", None) for value in (0.23605, 0, 1, None)] == ["23.6 %", "0.0 %", "100.0 %", "–"]
    assert [tick(value, "share", None) for value in (0.05, 0.125, 1)] == ["5 %", "12.5 %", "100 %"]
    assert figure(None, "money", "USD") == "–"


def test_a_line_that_ended_says_when() -> None:
    panel = lines([1.0, 200.0, None], [None, None, None], [None, None, 100.0])
    assert [ending(line, panel) for line in panel.lines] == ["until 2025-02", "–", "1"]


# Axes.


def test_money_begins_at_zero_and_an_index_a_little_below_its_line() -> None:
    assert span(lines([500.0, 900.0])) == (0.0, 900.0)
    assert span(lines([-50.0, 900.0])) == (-50.0, 900.0)
    assert span(lines([None, 0.0])) == (0.0, 1.0)
    assert span(lines([0.87, 0.75], top=1.0)) == pytest.approx((0.7, 1.0))
    assert span(lines([0.02], top=1.0)) == (0.0, 1.0)
    assert span(lines([1.0], top=1.0)) == pytest.approx((0.95, 1.0))


@example(1, 4_005, 5)
@given(st.integers(-(10**9), 10**9), st.integers(1, 10**12), st.integers(5, 12))
def test_ticks_are_few_round_and_inside(low: int, length: int, most: int) -> None:
    found = ticks(low, low + length, most)
    assert 2 <= len(found) <= most
    slack = 1e-6 * length
    assert all(low - slack <= each <= low + length + slack for each in found)
    assert {f"{round(after - before, 6):e}"[0] for before, after in itertools.pairwise(found)} <= {"1", "2", "5"}


@pytest.mark.parametrize(
    ("first", "last", "most", "written"),
    [
        ("2024-01-31", "2024-04-30", 6, ["2024-02", "2024-03", "2024-04"]),
        ("2024-01-31", "2026-11-20", 6, ["2024-07", "2025-01", "2025-07", "2026-01", "2026-07"]),
        ("2024-01-31", "2026-11-20", 3, ["2025", "2026"]),
        ("2002-01-31", "2026-11-20", 6, ["2005", "2010", "2015", "2020", "2025"]),
        ("2024-01-05", "2024-01-20", 6, ["2024-01-05"]),
        ("2024-01-05", "2024-01-05", 6, ["2024-01-05"]),
    ],
)
def test_the_axis_of_days_names_months_or_years(first: str, last: str, most: int, written: list[str]) -> None:
    found = day_ticks(datetime.date.fromisoformat(first), datetime.date.fromisoformat(last), most)
    assert [word for _, word in found] == written
    assert all(datetime.date.fromisoformat(first) <= day <= datetime.date.fromisoformat(last) for day, _ in found)


@given(st.dates(), st.dates(), st.integers(2, 20))
def test_the_axis_of_days_is_never_crowded_nor_empty(one: datetime.date, other: datetime.date, most: int) -> None:
    first, last = min(one, other), max(one, other)
    found = day_ticks(first, last, most)
    assert 1 <= len(found) <= most + 1
    assert all(first <= day <= last for day, _ in found)


# Labels.


@given(st.lists(st.floats(0, 10), max_size=8), st.floats(0.1, 3))
def test_labels_keep_apart_stay_inside_and_in_order(places: list[float], gap: float) -> None:
    moved = spread(places, gap, 0, 10)
    wanted = min(gap, 10 / max(len(places) - 1, 1))
    assert all(-1e-9 <= place <= 10 + 1e-9 for place in moved)
    ordered = sorted(moved)
    assert all(after - before >= wanted - 1e-9 for before, after in itertools.pairwise(ordered))
    for one in range(len(places)):
        for other in range(len(places)):
            assert not (places[one] < places[other] and moved[one] > moved[other])


def test_labels_that_have_room_stay_where_they_are() -> None:
    assert spread([7.0, 1.0, 4.0], 2, 0, 10) == [7.0, 1.0, 4.0]
    assert spread([5.0, 5.0], 2, 0, 10) == [5.0, 7.0]
    assert spread([], 2, 0, 10) == []


def test_the_scale_of_bars_reaches_to_the_farthest_end_or_mark() -> None:
    bars = [Bar("a", "", [3, 4], [5, None], ""), Bar("b", "", [1, 0], [9, 2], "")]
    assert extent(Bars("Title", ["one", "two"], ["mark", "other"], bars, "money")) == 9
    assert extent(Bars("Title", ["one"], [], [Bar("a", "", [0], [], "")], "money")) == 1
