"""Laws of forms: every command can be written in one, and what is written comes back as it was."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.demo import steps
from schemas import sent
from schemas.commands import BY_TYPE, parse
from schemas.receipts import Refused
from schemas.values import CURRENCY_EXPONENTS, MAX_MINOR
from tests.fixed_history import every_type_history
from tests.histories import histories
from tui.model.forms import form_of, line_of, rows, slips_of, texts_of, with_item, without_item
from tui.model.notation import Kind, Unreadable, read, written

law = settings(max_examples=40, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])


def assert_written_and_read(line: bytes) -> str:
    """Check that a command comes back from its form as it was, and return its type."""
    form, texts, sender = texts_of(line)
    again = line_of(form, texts, sender)
    assert isinstance(again, bytes), again
    assert parse(again) == parse(line)
    assert texts_of(again) == (form, texts, sender)
    shown = {row.path: row for row in rows(form, texts)}
    for path, text in texts.items():
        assert shown[path.removesuffix(".kind") if path not in shown else path].text == text
    return form.name


def test_every_type_of_command_is_written_in_a_form_and_read_again() -> None:
    lines = [*every_type_history(), *(sent.split(step.line).line for step in steps())]
    assert {assert_written_and_read(line) for line in lines} == set(BY_TYPE)


@law
@given(histories(5, 50))
def test_law_what_is_written_in_a_form_is_the_command(lines: list[bytes]) -> None:
    for line in lines:
        if not isinstance(parse(line), Refused):
            assert_written_and_read(line)


@pytest.mark.parametrize("command", BY_TYPE.values(), ids=list(BY_TYPE))
def test_a_form_with_every_list_begun_and_nothing_written_tells_what_is_missing(command: Any) -> None:
    form = form_of(command)
    texts: dict[str, str] = {"time": "2026-01-01"}
    for _ in range(3):  # a list in an item of a list is there once the item is
        for row in rows(form, texts):
            if row.spec.kind == "list" and row.text == "":
                texts = with_item(texts, row.path)
            elif row.spec.kind == "variant":
                texts[f"{row.path}.kind"] = row.spec.allowed[0]
    line = line_of(form, texts, SENDER)
    assert isinstance(line, bytes)
    refused = parse(line)
    assert isinstance(refused, Refused)
    (slip,) = slips_of(form, texts, refused)
    assert slip.path in {row.path for row in rows(form, texts)}
    assert slip.path.startswith("data.")


SENDER = texts_of(every_type_history()[0])[2]

EXACT: dict[Kind, st.SearchStrategy[Any]] = {
    "money": st.builds(
        lambda minor, currency: {"minor": minor, "currency": currency},
        st.integers(-MAX_MINOR, MAX_MINOR),
        st.sampled_from(sorted(CURRENCY_EXPONENTS)),
    ),
    "share": st.integers(0, 10_000),
    "whole": st.integers(-(2**53), 2**53),
    "date": st.dates().map(str),
    "yes_no": st.booleans(),
    "words": st.lists(st.text("abzAZ09_-", min_size=1), min_size=1),
    "text": st.text(min_size=1),
    "prose": st.text(min_size=1),
    "choice": st.sampled_from(["go", "conditional_go"]),
}


@settings(law, max_examples=300)
@given(st.sampled_from(sorted(EXACT)).flatmap(lambda kind: st.tuples(st.just(kind), EXACT[kind])))
def test_law_a_value_is_read_as_it_was_written(case: tuple[Kind, Any]) -> None:
    kind, value = case
    assert read(kind, written(kind, value)) == value


@settings(law, max_examples=300)
@given(st.sampled_from(sorted(EXACT)), st.text())
def test_law_any_text_is_read_or_said_to_be_unreadable(kind: Kind, text: str) -> None:
    value = read_or_none(kind, text)
    assert value is None or value in ("", []) or read(kind, written(kind, value), "USD") == value


def read_or_none(kind: Kind, text: str) -> Any:
    try:
        return read(kind, text, "USD")
    except Unreadable:
        return None


@law
@given(st.lists(st.text("ab", max_size=3), max_size=6), st.data())
def test_law_an_item_taken_out_of_a_list_leaves_the_others(names: list[str], data: st.DataObject) -> None:
    texts = {"time": "2026-01-01", "data.xs": str(len(names))}
    texts |= {f"data.xs.{place}.name": name for place, name in enumerate(names)}
    place = data.draw(st.integers(-1, len(names)))
    left = without_item(texts, "data.xs", place)
    expected = [name for at, name in enumerate(names) if at != place]
    assert left == {
        "time": "2026-01-01",
        "data.xs": str(len(expected)),
        **{f"data.xs.{at}.name": name for at, name in enumerate(expected)},
    }


def test_dates_are_written_one_way() -> None:
    assert read("date", " 2026-03-31 ") == datetime.date(2026, 3, 31).isoformat()
    for text in ("20260331", "2026-W14-2", "31.03.2026", "2026-02-30"):
        with pytest.raises(Unreadable):
            read("date", text)
