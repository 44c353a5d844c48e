"""portfolio suppose, as its user meets it: what it shows, what it refuses, and that it writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.program import asked, done, lines, run, usd

COMMANDS = [
    asked(
        "FundEnvelope",
        "envelope/claims",
        "2026-01-15",
        {
            "envelope": "claims",
            "value_stream": "claims",
            "fiscal_period": "FY2026",
            "capex_opex": "opex",
            "kind": "initial",
            "amount": usd(100_00),
        },
    ),
    asked(
        "ProposeInitiative",
        "initiative/AI-1",
        "2026-01-15",
        {
            "initiative": "AI-1",
            "title": "One",
            "sponsor": "s",
            "proposer": "p",
            "value_stream": "claims",
            "hypothesis": "It pays.",
        },
    ),
]


def approval(initiative: str, minor: int, **said: str) -> dict[str, object]:
    data = {"initiative": initiative, "envelope": "claims", "kind": "tranche", "amount": usd(minor)}
    return asked("ApproveFunding", f"initiative/{initiative}", "2026-02-01", {**data, "capex_opex": "opex"}, **said)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A portfolio of four entries: its opening, an envelope, an initiative, and 60.00 approved for it."""
    folder = tmp_path_factory.mktemp("suppose")
    done(folder, "init", "ai", "--currency", "USD")
    done(folder, "send", "-", given=lines(*COMMANDS, approval("AI-1", 60_00, commandid="sixty")))
    return folder


def test_a_supposed_command_stands_beside_what_was_recorded(data: Path) -> None:
    shown = done(data, "suppose", "-", given=lines(approval("AI-1", 50_00, commandid="fifty"))).text
    assert "ai · supposed behind sequence 4 · as of " in shown
    assert "nothing of this is recorded" in shown
    assert "✓ 5 FundingApproved.v1 initiative/AI-1; flagged NO_AUTHORITY,OVER_ENVELOPE" in shown
    assert any(row.split() == ["approved", "60.00", "110.00", "+50.00"] for row in shown.splitlines())
    assert any(row.split() == ["events", "flagged", "0", "1", "+1"] for row in shown.splitlines())


def test_a_decision_left_out_takes_what_rests_on_it_along(data: Path) -> None:
    found = done(data, "suppose", "--leave-out", "3", "--json").json
    assert found["fork"] == 2
    assert [(fate["sequence"], fate["became"]) for fate in found["recorded"]["told"]] == [
        (3, "left_out"),
        (4, "refused"),
    ]
    refused = found["recorded"]["told"][1]["refused"]
    assert (refused["reason"], refused["detail"]["field"]) == ("UNKNOWN_INITIATIVE", "data.initiative")
    assert [each["approved_minor"] for each in found["scenarios"]] == [60_00, 0]
    assert [each["refused"] for each in found["scenarios"]] == [0, 1]


def test_several_decisions_are_left_out_by_one_option_or_more(data: Path) -> None:
    one = done(data, "suppose", "--leave-out", "3", "4", "--json").json
    assert one == done(data, "suppose", "--leave-out", "4", "--leave-out", "3", "--json").json
    assert [fate["became"] for fate in one["recorded"]["told"]] == ["left_out", "left_out"]


def test_a_supposed_command_that_is_refused_ends_with_1_and_one_that_cannot_be_read_with_2(data: Path) -> None:
    ran = run(data, "suppose", "-", given=lines(approval("AI-9", 1, commandid="nine")))
    assert (ran.code, ran.err) == (1, "")
    assert "✗ UNKNOWN_INITIATIVE: no such initiative has been proposed" in ran.text
    assert run(data, "suppose", "-", given=b'{"type":"Nope"}\n').code == 2


def test_what_is_recorded_already_is_told(data: Path) -> None:
    recorded = done(data, "log", "--json", "--type", "FundingApproved").receipts[0]["command"].encode()
    assert "it is recorded already, at sequence 4" in done(data, "suppose", "-", given=recorded + b"\n").text


def test_nothing_is_written(data: Path) -> None:
    kept = done(data, "log", "--json").out
    run(data, "suppose", "-", "--leave-out", "2", given=lines(approval("AI-9", 1, commandid="nine")))
    assert done(data, "log", "--json").out == kept
    assert done(data, "view", "refusals", "--json").json["rows"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing is supposed"),
        (["--leave-out", "99"], "--leave-out 99 is no entry of ai; give one of 1 to 4"),
        (["--leave-out", "0"], "--leave-out 0 is no entry of ai"),
        (["--leave-out", "3", "--fork", "5"], "--fork 5 is no entry of ai"),
    ],
)
def test_wrong_use_is_told_in_one_line(data: Path, arguments: list[str], words: str) -> None:
    ran = run(data, "suppose", *arguments)
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1
