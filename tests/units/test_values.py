"""The small values: money, figures, fiscal years, shares that are split."""

from __future__ import annotations

import datetime
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from schemas import values
from schemas.values import (
    CURRENCY_EXPONENTS,
    MAX_MINOR,
    Commitment,
    Figure,
    Money,
    Shape,
    as_id,
    fiscal_year,
    is_id,
    split_by_largest_remainder,
)

WEIGHTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=12).filter(any)
TOTALS = st.integers(-MAX_MINOR, MAX_MINOR)


def at_the_door(kind: Any, text: str) -> Any:
    """Read a value as a command is read: strictly, from JSON."""
    return TypeAdapter(kind).validate_json(text, strict=True)


# Splitting.


@given(TOTALS, WEIGHTS)
@settings(deadline=None)
def test_law_a_split_sums_to_the_total_exactly(total: int, weights: list[int]) -> None:
    shares = split_by_largest_remainder(total, weights)
    assert (sum(shares), len(shares)) == (total, len(weights))


@given(TOTALS, WEIGHTS)
@settings(deadline=None)
def test_law_every_share_is_within_one_of_the_exact_one(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    for share, weight in zip(split_by_largest_remainder(total, weights), weights, strict=True):
        assert abs(share * whole - total * weight) < whole


@given(TOTALS, WEIGHTS)
@settings(deadline=None)
def test_law_a_greater_weight_never_gets_less_and_of_equals_the_earlier_one_never_does(
    total: int, weights: list[int]
) -> None:
    shares = [abs(share) for share in split_by_largest_remainder(total, weights)]
    ordered = sorted(range(len(weights)), key=lambda place: (-weights[place], place))
    assert [shares[place] for place in ordered] == sorted(shares, reverse=True)


@given(TOTALS, WEIGHTS)
@settings(deadline=None)
def test_law_what_is_taken_away_is_split_like_what_is_given(total: int, weights: list[int]) -> None:
    assert split_by_largest_remainder(-total, weights) == [-each for each in split_by_largest_remainder(total, weights)]


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (2, [1, 1, 1], [1, 1, 0]),
        (-2, [1, 1, 1], [-1, -1, 0]),
        (7, [3_333, 3_333, 3_334], [2, 2, 3]),
        (5, [0, 1], [0, 5]),
        (0, [1, 2], [0, 0]),
        # The Alabama paradox: with one seat more, the smallest loses one.
        (10, [6, 6, 2], [4, 4, 2]),
        (11, [6, 6, 2], [5, 5, 1]),
    ],
)
def test_splits_that_are_known(total: int, weights: list[int], shares: list[int]) -> None:
    assert split_by_largest_remainder(total, weights) == shares


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [2, -1]])
def test_nothing_is_split_by_weights_that_weigh_nothing(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights must not be negative and must sum above zero"):
        split_by_largest_remainder(1, weights)


# Calendar.


@pytest.mark.parametrize(
    ("day", "starts_in_month", "expected"),
    [
        ("2008-06-30", 7, "FY2008"),
        ("2008-07-01", 7, "FY2009"),
        ("2008-01-01", 1, "FY2008"),
        ("2008-12-31", 1, "FY2008"),
        ("2008-12-31", 12, "FY2009"),
        ("2008-11-30", 12, "FY2008"),
        ("2008-02-01", 2, "FY2009"),
    ],
)
def test_a_fiscal_year_is_named_after_the_calendar_year_it_ends_in(
    day: str, starts_in_month: int, expected: str
) -> None:
    assert fiscal_year(datetime.date.fromisoformat(day), starts_in_month) == expected
    assert at_the_door(values.Period, f'"{expected}"') == expected


# Ids, periods, references.


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("Id", ["a", "AI-0042", "_", "-", "x" * 64], ["", "a b", "a.b", "a/b", "ä", "x" * 65, "a\n", "*"]),
        (
            "Period",
            ["2026", "FY2026", "FY2026-Q3", "FY2026-H1", "2026-Q4", "2026-01", "2026-12"],
            ["26", "FY26", "2026-00", "2026-13", "2026-Q5", "2026-H3", "2026-1", "fy2026", "2026-Q3 ", "20261"],
        ),
        ("Reference", ["a", "erp:42#ab", "ÄÖ 1", "x" * 200], ["", "a\tb", "a\nb", "\x7f", "\x00", "x" * 201]),
        ("Sha256", ["ab" * 32], ["AB" * 32, "ab" * 31, "ab" * 33, "zz" * 32]),
        ("CurrencyCode", ["USD", "JPY", "KWD"], ["usd", "US", "USDX", "XYZ", "", "US "]),
        ("Quantity", ["4.1", "-4", "0", "0.000001", "9" * 15], ["", "1.", ".1", "1e3", "0.0000001", "9" * 16, "+1"]),
        ("Origin", ["ai-2026-5f3a9c01"], ["ai-2026", "ai-2026-5F3A9C01", "-5f3a9c01", "ai-2026-5f3a9c012"]),
        ("TimeZone", ["UTC", "Europe/Paris"], ["", "Mars/Olympus", "../etc/passwd", "Europe", "/UTC"]),
        ("Title", ["x", "理赔", "x" * 300], ["", "x" * 301]),
    ],
)
def test_texts_of_this_kind_are_taken_and_others_are_not(kind: str, good: list[str], bad: list[str]) -> None:
    adapter = TypeAdapter(getattr(values, kind))
    for text in good:
        assert adapter.validate_python(text) == text
    for text in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(text)


@given(st.text())
@settings(deadline=None)
def test_law_any_text_becomes_an_id_unless_it_is_empty(text: str) -> None:
    assert is_id(as_id(text)) is (text != "")
    assert is_id(text) is (re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text) is not None)


# Money.


@pytest.mark.parametrize("minor", [0, 1, -1, MAX_MINOR, -MAX_MINOR])
def test_money_is_an_integer_and_a_currency(minor: int) -> None:
    text = f'{{"minor":{minor},"currency":"USD"}}'
    assert at_the_door(Money, text) == msgspec.json.decode(text, type=Money) == Money(minor=minor, currency="USD")


@pytest.mark.parametrize(
    "text",
    [
        '{"minor":1.5,"currency":"USD"}',
        '{"minor":null,"currency":"USD"}',
        '{"minor":"ten","currency":"USD"}',
        '{"minor":1}',
        '{"currency":"USD"}',
        '{"minor":1,"currency":"USD","scale":2}',
        f'{{"minor":{MAX_MINOR + 1},"currency":"USD"}}',
        f'{{"minor":{-MAX_MINOR - 1},"currency":"USD"}}',
        '{"minor":1,"currency":"DOLLAR"}',
        '[1,"USD"]',
        "1",
    ],
)
def test_nothing_else_is_money_at_the_door_or_in_store(text: str) -> None:
    with pytest.raises(ValidationError):
        at_the_door(Money, text)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Money)


@pytest.mark.parametrize("minor", ["true", '"1"', '"1.0"', "1.0"])
def test_what_only_looks_like_an_integer_is_no_money(minor: str) -> None:
    with pytest.raises(ValidationError):
        at_the_door(Money, f'{{"minor":{minor},"currency":"USD"}}')


def test_currencies_have_the_minor_digits_of_iso_4217() -> None:
    assert {code: CURRENCY_EXPONENTS[code] for code in ("JPY", "USD", "EUR", "KWD", "CLF")} == {
        "JPY": 0,
        "USD": 2,
        "EUR": 2,
        "KWD": 3,
        "CLF": 4,
    }
    assert "XAU" not in CURRENCY_EXPONENTS


# Figures and commitments.

USD_1, USD_2, EUR_2 = (
    {"minor": minor, "currency": currency} for minor, currency in ((1, "USD"), (2, "USD"), (2, "EUR"))
)


@pytest.mark.parametrize(
    "figure",
    [
        {"kind": "exact", "amount": USD_1},
        {"kind": "exact", "amount": USD_1, "price_base": "2024"},
        {"kind": "range", "low": USD_1, "high": USD_2},
        {"kind": "range", "low": USD_1, "high": USD_1},
        {"kind": "withheld"},
        {"kind": "unknown"},
    ],
)
def test_a_figure_is_exact_a_range_withheld_or_unknown(figure: dict[str, Any]) -> None:
    text = msgspec.json.encode(figure)
    read = msgspec.json.decode(text, type=Figure)
    assert at_the_door(Figure, text.decode()) == read
    assert msgspec.json.decode(msgspec.json.encode(read)) == figure


@pytest.mark.parametrize(
    ("figure", "problem"),
    [
        ({"kind": "exact"}, "an exact figure has an amount"),
        ({"kind": "exact", "amount": USD_1, "low": USD_1, "high": USD_2}, "an exact figure has an amount"),
        ({"kind": "range", "low": USD_1}, "a range has low and high"),
        ({"kind": "range", "amount": USD_1, "low": USD_1, "high": USD_2}, "a range has low and high"),
        ({"kind": "range", "low": USD_2, "high": USD_1}, "low is above high"),
        ({"kind": "range", "low": USD_1, "high": EUR_2}, "low and high are in different currencies"),
        ({"kind": "withheld", "amount": USD_1}, "any other has no figures"),
        ({"kind": "unknown", "low": USD_1, "high": USD_2}, "any other has no figures"),
        ({"kind": "guess"}, "guess|Input should be"),
    ],
)
def test_a_figure_that_contradicts_itself_is_none(figure: dict[str, Any], problem: str) -> None:
    text = msgspec.json.encode(figure)
    with pytest.raises(ValidationError, match=problem):
        at_the_door(Figure, text.decode())
    with pytest.raises(msgspec.ValidationError, match=problem):
        msgspec.json.decode(text, type=Figure)


def test_a_text_is_written_out_or_committed_to() -> None:
    hidden = {"commitment": "ab" * 32, "vault": "vault:7"}
    text = msgspec.json.encode(hidden).decode()
    assert at_the_door(values.Text, text) == Commitment(commitment="ab" * 32, vault="vault:7")
    assert at_the_door(values.Text, '"It pays."') == "It pays."
    for bad in ('""', '{"commitment":"ab"}', text.replace("ab", "AB"), "3", "null", f'"{"x" * 4_001}"'):
        with pytest.raises(ValidationError):
            at_the_door(values.Text, bad)


def test_a_shape_cannot_be_changed_and_leaves_out_its_defaults() -> None:
    figure = Figure(kind="unknown")
    with pytest.raises(AttributeError):
        figure.kind = "exact"  # type: ignore[misc]
    assert msgspec.json.encode(figure) == b'{"kind":"unknown"}'
    assert issubclass(Figure, Shape)
