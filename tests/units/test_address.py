"""Addresses: what a person may type to go somewhere, and what is copied comes back."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.model.address import About, AddressError, Finding, Sequence, Share, Step, Time, Tip, parse, written


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("186120", Sequence(186_120)),
        ("186,120", Sequence(186_120)),
        (" 7 ", Sequence(7)),
        ("first", Sequence(1)),
        ("+10", Step(10)),
        ("-1", Step(-1)),
        ("50%", Share(0.5)),
        ("12.5 %", Share(0.125)),
        ("100%", Share(1.0)),
        ("tip", Tip()),
        ("live", Tip()),
        ("2024-06-30", Time("2024-06-30")),
        ("2024-02", Time("2024-02-29")),
        ("2024-12", Time("2024-12-31")),
        ("2024-06-30T14:00:00Z", Time("2024-06-30T14:00:00Z")),
        ("F-003", Finding("F-003")),
        ("AI-0007", About("AI-0007")),
        ("ledger://northwind/186120#approved", Sequence(186_120, "approved", "northwind")),
        ("ledger://northwind/186120", Sequence(186_120, None, "northwind")),
    ],
)
def test_what_names_a_place(text: str, place: object) -> None:
    assert parse(text) == place


@pytest.mark.parametrize("text", ["", "a b", "101%", "2024-13", "2024-02-30", "ledger://x", "ü", "50%%", "\x1b[2J"])
def test_what_names_none_is_told_with_what_is_allowed(text: str) -> None:
    with pytest.raises(AddressError, match="give"):
        parse(text)


def test_a_year_is_a_sequence_as_every_number_is() -> None:
    assert parse("2024") == Sequence(2024)


@given(st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True), st.integers(0, 10**15), st.sampled_from([None, "title"]))
def test_law_what_is_copied_leads_back(portfolio: str, sequence: int, field: str | None) -> None:
    assert parse(written(portfolio, sequence, field)) == Sequence(sequence, field, portfolio)


@given(st.text())
def test_law_any_text_is_a_place_or_refused(text: str) -> None:
    with contextlib.suppress(AddressError):
        assert parse(text) is not None
