"""What is asked of every command: that it is for this ledger and new, what it is about, when it was recorded."""

from __future__ import annotations

import datetime

import pytest
from msgspec.structs import replace

from ledger.book import Book
from ledger.decider import Asked, decide
from ledger.evolve import evolve
from schemas import codec
from schemas.commands import parse
from schemas.receipts import Reason, Refused
from tests.notation import (
    TODAY,
    Said,
    accepted,
    flagged,
    foreign,
    given,
    given_nothing,
    governed,
    on,
    refused,
    repeated,
)
from tests.teller import START
from tests.words import ORIGIN, PORTFOLIO, Ask, amend, forecast, fund, opening, pay, propose, reverse

PUBLISHED = "2024-01-20T09:00:00Z"
OTHER = "law-00000001"


def named(portfolio: str, origin: str) -> Ask:
    """An opening that names another portfolio or ledger."""
    ask = opening()
    data = ask.data | {"portfolio": portfolio, "log_origin": origin}
    return Ask(ask.type, f"portfolio/{portfolio}", data)


# For this ledger, once.


def test_a_portfolio_is_opened_by_its_first_command() -> None:
    given_nothing().when(opening()).then(accepted())


def test_nothing_is_recorded_before_the_opening() -> None:
    given_nothing().when(fund("claims", 1)).then(refused(Reason.NOT_OPEN, portfolio=PORTFOLIO))


def test_a_forecast_before_the_opening_is_refused_like_any_other_command() -> None:
    given_nothing().when(forecast("AI-1", str(TODAY), 1)).then(refused(Reason.NOT_OPEN))


def test_a_portfolio_is_opened_once() -> None:
    given().when(opening()).then(refused(Reason.ALREADY_OPEN, portfolio=PORTFOLIO))


def test_a_portfolio_is_opened_under_its_own_name_only() -> None:
    given_nothing().when(on(TODAY, named("law", ORIGIN), portfolio=ORIGIN)).then(accepted())
    wrong = refused(Reason.WRONG_PORTFOLIO, field="portfolio")
    given_nothing().when(on(TODAY, named("other", "other-0badcafe"), portfolio="other-0badcafe")).then(wrong)
    given_nothing().when(on(TODAY, named("law", "other-0badcafe"), portfolio="other-0badcafe")).then(wrong)
    given_nothing().when(on(TODAY, named("law", ORIGIN), portfolio=OTHER)).then(wrong)


def test_a_command_is_good_for_one_ledger_only() -> None:
    given().when(on(TODAY, fund("claims", 1), portfolio=ORIGIN)).then(accepted())
    given().when(on(TODAY, fund("claims", 1), portfolio=OTHER)).then(
        refused(Reason.WRONG_PORTFOLIO, field="portfolio", value=OTHER, allowed=ORIGIN)
    )


# A command id is remembered for ever.


def test_the_same_bytes_again_cause_nothing_new() -> None:
    line = Said(fund("claims", 1)).line("c-2")
    given(fund("claims", 1), propose("AI-1")).when(line).then(repeated(2))


def test_a_repeat_of_two_entries_names_both() -> None:
    moved = fund("data", 1, kind="transfer", counter_envelope="claims")
    line = Said(moved).line("c-3")
    given(fund("claims", 1), moved, propose("AI-1")).when(line).then(repeated(3, 2))


def test_other_bytes_under_an_accepted_id_are_refused() -> None:
    line = Said(fund("claims", 1)).line("c-2")
    given(fund("claims", 1)).when(line.replace(b'"ana"', b'"eve"')).then(
        refused(Reason.COMMAND_ID_REUSED, field="commandid", value="c-2")
    )
    given(fund("claims", 1)).when(line.replace(b'":', b'": ', 1)).then(refused(Reason.COMMAND_ID_REUSED))


def test_a_refused_command_id_is_free() -> None:
    stands = given(fund("claims", 1))
    stands.when(propose("AI-1", parent="AI-9")).then(refused(Reason.UNKNOWN_INITIATIVE))
    stands.when(propose("AI-1")).then(accepted())


def test_a_repeat_after_a_foreign_entry_is_answered() -> None:
    line = Said(fund("claims", 1)).line("c-2")
    given(fund("claims", 1), foreign()).when(line).then(repeated(2))


def test_a_repeat_after_a_foreign_entry_and_an_event_that_somebody_wrote_without_its_command_is_answered() -> None:
    line = Said(fund("claims", 1)).line("c-2")
    stands = given(fund("claims", 1), foreign())
    (event,) = given(fund("data", 1)).when(fund("data", 1)).then(accepted())
    for commandid in ("c-2", "c-3"):
        sequence = f"{stands.book.sequence + 1:016d}"
        evolve(stands.book, replace(event, commandid=commandid, command=None, sequence=sequence))
    stands.when(line).then(repeated(2))


# What it is about.


def test_the_subject_is_what_the_data_is_about() -> None:
    ask = fund("claims", 1)
    given().when(ask).then(accepted())
    given().when(Ask(ask.type, "envelope/data", ask.data)).then(
        refused(Reason.WRONG_SUBJECT, field="subject", value="envelope/data", allowed="envelope/claims")
    )
    given().when(Ask(ask.type, "initiative/claims", ask.data)).then(refused(Reason.WRONG_SUBJECT))


# When it was recorded.


def test_a_living_portfolio_says_itself_when_a_command_was_recorded() -> None:
    (event,) = given().when(fund("claims", 1), at="2026-01-15T10:00:00.5+00:00").then(accepted())
    assert (event.recordedtime, event.importedtime, event.basis) == (
        datetime.datetime(2026, 1, 15, 10, 0, 0, 500_000, tzinfo=datetime.UTC),
        None,
        "ordinary",
    )
    given().when(on(TODAY, fund("claims", 1), recordedtime=PUBLISHED)).then(
        refused(Reason.RECORDED_TIME_STATED, field="recordedtime")
    )


def test_a_historic_import_states_when_the_source_published_it() -> None:
    stands = given(on("2024-01-15", opening(historic=True), recordedtime=PUBLISHED))
    (event,) = stands.when(on("2024-01-15", fund("claims", 1), recordedtime="2024-01-20T10:00:00+01:00")).then(
        accepted()
    )
    assert (event.recordedtime.isoformat(), event.importedtime, event.basis) == (
        "2024-01-20T09:00:00+00:00",
        START,
        "imported",
    )


def test_a_stated_time_may_equal_the_last_and_the_present_and_pass_neither() -> None:
    stands = given(on("2024-01-15", opening(historic=True), recordedtime=PUBLISHED))

    def stated(text: str) -> Said:
        return on("2024-01-15", fund("claims", 1), recordedtime=text)

    stands.when(stated(PUBLISHED)).then(accepted())
    stands.when(stated("2024-01-20T08:59:59.999999Z")).then(refused(Reason.RECORDED_TIME_BACKWARDS))
    stands.when(stated(START.isoformat())).then(accepted())
    stands.when(stated((START + datetime.timedelta(microseconds=1)).isoformat())).then(
        refused(Reason.RECORDED_TIME_AHEAD, field="recordedtime")
    )


def test_the_first_command_of_its_own_ends_an_import_for_good() -> None:
    imported = on("2024-01-15", opening(historic=True), recordedtime=PUBLISHED)
    stands = given(imported, fund("claims", 1))
    stands.when(on("2024-01-15", fund("data", 1), recordedtime=START.isoformat())).then(
        refused(Reason.RECORDED_TIME_STATED)
    )


def test_recorded_time_stands_still_while_the_clock_is_behind_it() -> None:
    stands = given(fund("claims", 1))
    (event,) = stands.when(propose("AI-1"), at="2026-01-01T00:00:00+00:00").then(accepted())
    assert event.recordedtime == START


@pytest.mark.parametrize("edge", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("historic", [True, False])
def test_a_recorded_time_at_the_edge_of_the_calendar_is_refused_and_does_not_break_the_writer(
    edge: str, historic: bool
) -> None:
    stands = given(on("2024-01-15", opening(historic=historic), **({"recordedtime": PUBLISHED} if historic else {})))
    line = Said(fund("claims", 1), TODAY, {"recordedtime": edge}).line("asked")
    command = parse(line)
    if not isinstance(command, Refused):
        assert isinstance(decide(Asked(command, line), stands.book, now=START), Refused)


# What is written.


def test_what_is_decided_depends_on_the_command_the_book_and_the_instant_alone() -> None:
    ask = on("2026-02-01", fund("claims", 1), decisionid="D-1", sourceref="erp:1#ab")
    first, second = (given().when(ask).then(accepted()) for _ in range(2))
    assert [codec.encode(event) for event in first] == [codec.encode(event) for event in second]


def test_an_event_says_what_its_command_said() -> None:
    said = {
        "onbehalfof": "bo",
        "decisionid": "D-1",
        "causationid": "x-1",
        "correlationid": "y-1",
        "basis": "minuted",
        "sourceref": "erp:1#ab",
    }
    line = Said(fund("claims", 1), "2026-02-01", said | {"decidedon": "2025-12-12", "seen": 1}).line("asked")
    (event,) = given().when(line).then(accepted())
    assert {name: getattr(event, name) for name in said} == said
    assert (event.decidedon, event.effective_on) == (datetime.date(2025, 12, 12), datetime.date(2026, 2, 1))
    assert (event.command, event.commandid, event.at) == (line.decode(), "asked", 2)


def test_why_it_passes_is_kept_where_a_flag_asks_for_it_and_only_there() -> None:
    why = {"flagreason": "Agreed with finance."}
    less = fund("claims", -1, kind="reduction")
    (event,) = governed(fund("claims", 1)).when(on(TODAY, propose("AI-1"), **why)).then(accepted())
    assert event.flagreason is None
    (event,) = given().when(on(TODAY, less, **why)).then(flagged(Reason.OVER_ENVELOPE))
    assert event.flagreason == why["flagreason"]


def test_only_the_first_of_two_events_holds_the_command() -> None:
    moved = fund("data", 1, kind="transfer", counter_envelope="claims")
    first, second = given(fund("claims", 1)).when(moved).then(accepted())
    assert (first.command is None, second.command) == (False, None)
    assert (first.at, second.at, first.commandid) == (3, 4, second.commandid)
    assert first.id != second.id


def test_a_book_keeps_nothing_of_what_was_taken_back() -> None:
    before = (fund("claims", 1), propose("AI-1"), pay(None, "claims", "P-1", 1))
    stands = given(*before)
    stands.book.speculate()
    stands.and_(reverse(4, "void"), foreign(), fund("data", 2), pay(None, "data", "P-2", 1), amend("AI-1", lead="lee"))
    stands.book.roll_back()
    assert state(stands.book) == state(given(*before).book)
    stands.book.speculate()
    stands.and_(pay(None, "claims", "P-2", 1))
    stands.book.settle()
    assert state(stands.book) == state(given(*before, pay(None, "claims", "P-2", 1)).book)


def state(book: Book) -> dict[str, object]:
    """Return all that can be asked of a book."""
    kept = ("sequence", "recorded_at", "importing", "foreign_count", "stacks", "sums", "currencies", "value_streams")
    return {name: getattr(book, name) for name in (*kept, "reversed_by")} | {
        "lines": [book.line(at) for at in range(1, 12)],
        "commands": [book.command(f"c-{at}") for at in range(1, 12)],
        "postings": [book.posting_is_live(ref) for ref in ("P-1", "P-2")],
    }
