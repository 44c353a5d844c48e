"""Verbs through the real program: what is said is recorded, a dry run writes nothing, exit codes say how it went."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.program import Ran, done, run

FUND = ["fund", "claims", "--value-stream", "claims", "--fiscal-period", "FY2026", "--capex-opex", "opex"]
FUND += ["--kind", "initial", "--amount", "500_000 USD", "--time", "2026-01-15"]
PROPOSE = ["propose", "AI-1", "--title", "Same-day claims", "--sponsor", "tomas", "--proposer", "ana"]
PROPOSE += ["--value-stream", "claims", "--hypothesis", "Simple claims are settled the same day."]
APPROVE = [
    "approve",
    "AI-1",
    "--envelope",
    "claims",
    "--kind",
    "initial",
    "--capex-opex",
    "opex",
    "--time",
    "2026-02-01",
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with a portfolio in which an envelope is funded and an initiative proposed by their verbs."""
    data = tmp_path_factory.mktemp("verbs")
    opened = ["open", "one", "--title", "One", "--currency", "USD", "--time-zone", "UTC", "--fiscal-year-start", "1"]
    done(data, *opened, "--registrar-actor", "ana", "--registrar-person", "p-1")
    done(data, *FUND)
    done(data, *PROPOSE)
    return data


def sequence(data: Path) -> int:
    return len(done(data, "log", "--json").out.splitlines())


def refused(ran: Ran, code: int, told: str) -> None:
    assert (ran.code, ran.out) == (code, b""), ran
    assert ran.err.startswith(f"portfolio: {told}"), ran.err
    assert ran.err.count("\n") == 1


def test_what_is_said_is_recorded_as_it_was_said(data: Path) -> None:
    events = [json.loads(line) for line in done(data, "log", "--json").out.splitlines()]
    assert [event["type"] for event in events[:3]] == [
        "PortfolioOpened.v1",
        "EnvelopeFunded.v1",
        "InitiativeProposed.v1",
    ]
    assert events[1]["data"] == {
        "envelope": "claims",
        "value_stream": "claims",
        "fiscal_period": "FY2026",
        "capex_opex": "opex",
        "kind": "initial",
        "amount": {"minor": 50_000_000, "currency": "USD"},
    }
    assert json.loads(events[2]["command"])["seen"] == 2


def test_a_dry_run_tells_what_would_be_recorded_and_writes_nothing(data: Path) -> None:
    before = sequence(data)
    told = done(data, *APPROVE, "--amount", "600_000 USD", "--dry-run").text
    assert told.startswith(f"FundingApproved.v1 would be recorded at sequence {before + 1}, effective 2026-02-01\n")
    assert "  amount  600,000.00 USD\n" in told
    assert re.search(r"^  flagged [A-Z_,]*OVER_ENVELOPE[A-Z_,]*; nobody said why it passes$", told, re.MULTILINE)
    judged = done(data, *APPROVE, "--amount", "600_000 USD", "--flag-reason", "Agreed.", "--dry-run", "--json").json
    assert (judged["status"], judged["dry_run"], "OVER_ENVELOPE" in judged["flags"]) == ("accepted", True, True)
    assert judged["events"][0]["flagreason"] == judged["command"]["flagreason"] == "Agreed."
    assert sequence(data) == before


def test_a_command_under_an_id_of_its_own_is_recorded_once(data: Path) -> None:
    said = [*APPROVE, "--amount", "100_000 USD", "--command-id", "approve-1", "--json"]
    first = done(data, *said).json
    before = sequence(data)
    assert done(data, *said).json == first
    assert done(data, *[each for each in said if each != "--json"], "--dry-run").text == (
        f"It is recorded already, at sequence {first['sequence']}; it would not be recorded again.\n"
    )
    assert sequence(data) == before
    other = run(data, *APPROVE, "--amount", "1 USD", "--command-id", "approve-1")
    refused(other, 1, "refused: COMMAND_ID_REUSED: ")


def test_exit_codes_and_the_option_it_is_about(data: Path) -> None:
    unknown = ["approve", "AI-9", *APPROVE[2:], "--amount", "5 USD"]
    refused(run(data, *unknown), 1, "refused: INITIATIVE: UNKNOWN_INITIATIVE: ")
    refused(run(data, *unknown, "--dry-run"), 1, "would be refused: INITIATIVE: UNKNOWN_INITIATIVE: ")
    as_json = run(data, *unknown, "--json")
    assert (as_json.code, as_json.err, as_json.json["reason"]) == (1, "", "UNKNOWN_INITIATIVE")
    judged = run(data, *unknown, "--json", "--dry-run")
    assert (judged.code, judged.json["status"], judged.json["command"]["type"]) == (1, "refused", "ApproveFunding.v1")
    refused(run(data, *APPROVE, "--amount", "a lot"), 2, "--amount: 'a lot' is no amount; ")
    refused(run(data, *APPROVE), 2, "approve still needs --amount; ")
    refused(run(data, *APPROVE, "--period", "summer", "--amount", "5 USD"), 2, "refused: --period: MALFORMED: ")
    refused(run(data, "approve", "--colour", "red"), 2, "Unknown option: --colour.")
    refused(run(data, *APPROVE, "--amount", "5 USD", "--nats", "nats://127.0.0.1:1"), 3, "")


def test_a_portfolio_that_cannot_be_opened_leaves_nothing_behind(data: Path) -> None:
    opened = ["open", "two", "--title", "Two", "--currency", "USD", "--fiscal-year-start", "1"]
    opened += ["--registrar-actor", "ana", "--registrar-person", "p-1", "--time-zone"]
    refused(run(data, *opened, "Mars/Olympus"), 2, "would be refused: --time-zone: MALFORMED: ")
    assert done(data, *opened, "UTC", "--dry-run").text.startswith("PortfolioOpened.v1 would be recorded at sequence 1")
    refused(run(data, "log", "--portfolio", "two"), 2, "there is no portfolio two, there is one; ")
    refused(run(data, *opened, "UTC", "--portfolio", "three"), 2, "open needs one portfolio to open; ")
    refused(run(data, "open", "one", *opened[2:], "UTC"), 1, "refused: ALREADY_OPEN: ")
