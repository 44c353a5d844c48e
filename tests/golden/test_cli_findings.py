"""portfolio finding and findings, as an auditor meets them; and the finding of the demo's beat 33."""

from __future__ import annotations

import asyncio
import hashlib
import re
from pathlib import Path

import pytest

from ledger.access import opened
from ledger.settings import Settings
from ledger.store import Draft
from schemas import subjects
from tests.program import asked, done, lines, run, usd

FUND = asked(
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
)
FILED = ["--severity", "minor", "--title", "A round sum", "--text", "Nobody said why."]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    done(tmp_path, "init", "ai", "--currency", "USD")
    done(tmp_path, "send", "-", given=lines(FUND))
    return tmp_path


def test_a_finding_is_filed_answered_and_listed(data: Path) -> None:
    assert done(data, "findings").text.startswith("No findings.")
    told = done(data, "finding", "2", *FILED, "--field", "data.amount.minor", "--actor", "hugo").text
    assert told == "F-001 is open: A round sum, entry 2.\n"
    done(data, "finding", "2", *FILED)
    assert done(data, "finding", "1", "--answers", "F-001", "--text", "It was agreed.").text == (
        "F-001 is answered: A round sum, entry 2.\n"
    )
    done(data, "finding", "2", "--withdraws", "F-002", "--text", "Filed twice.")
    shown = [re.sub(r" +", " ", line) for line in done(data, "findings").text.splitlines()]
    assert shown[2].startswith("F-001 minor answered by 1 2 data.amount.minor ✓ as it was ")
    assert shown[2].endswith(" hugo A round sum")
    assert shown[3].startswith("F-002 minor withdrawn 2 ✓ as it was ")
    assert [line.rpartition(", ")[2] for line in shown[5:]] == [
        "open: Nobody said why.",
        "answered by 1: It was agreed.",
        "open: Nobody said why.",
        "withdrawn: Filed twice.",
    ]


def test_a_finding_keeps_the_hash_of_what_it_is_about_and_stays_out_of_the_ledger(data: Path) -> None:
    before = done(data, "log", "--json").out
    filed = done(data, "finding", "2", *FILED, "--json").json
    assert filed["evidence"] == hashlib.sha256(before.splitlines()[1]).hexdigest()
    assert (filed["finding"], filed["sequence"], filed["actor"], filed["status"]) == ("F-001", 2, "ana", "open")
    (listed,) = done(data, "findings", "--json").json["findings"]
    assert {name: listed[name] for name in filed} == filed
    assert (listed["evidence_holds"], listed["records"]) == (True, [filed])
    assert done(data, "log", "--json").out == before
    assert "nothing differs" in done(data, "rebuild").text


def test_an_entry_that_is_not_what_the_finding_was_filed_on_is_told(data: Path) -> None:
    filed = done(data, "finding", "2", *FILED, "--json").out.replace(b'"F-001"', b'"F-002"')
    forged = re.sub(rb'"evidence": "[0-9a-f]{64}"', b'"evidence": "%s"' % (b"0" * 64), filed)

    async def forge() -> None:
        async with opened(Settings(data, "ai", "eve", None)) as access:
            store = (await access.findings("ai"))._store
            await store.append([Draft(subjects.finding("ai"), forged)], expected_sequence=1)

    asyncio.run(forge())
    ran = run(data, "findings")
    assert (ran.code, ran.err) == (1, "")
    assert "✗ the entry differs" in ran.text


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["9", *FILED], 2, "ai has no entry 9; give one of 1 to 2"),
        (["0", *FILED], 2, "ai has no entry 0"),
        (["2", "--text", "x"], 2, "a new finding has a --severity (note, minor or major) and a --title"),
        (["2", *FILED, "--field", "data.nothing"], 2, "entry 2 has no field data.nothing"),
        (["2", "--answers", "F-404", "--text", "x"], 2, "there is no finding F-404, there is none"),
        (["2", "--answers", "F-1", "--withdraws", "F-1", "--text", "x"], 2, "answered or withdrawn, not both"),
        (["2", "--answers", "F-1", "--title", "x", "--text", "x"], 2, "leave --severity, --title, --field away"),
        (["2", "--severity", "awful", "--title", "x", "--text", "x"], 2, "awful"),
        (["2", "--severity", "note", "--title", "x" * 301, "--text", "x"], 2, "cannot be filed"),
    ],
)
def test_what_cannot_be_filed_is_told_in_one_line(data: Path, arguments: list[str], code: int, words: str) -> None:
    ran = run(data, "finding", *arguments)
    assert ran.code == code
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert done(data, "findings", "--json").json["findings"] == []


def test_nothing_becomes_of_a_withdrawn_finding(data: Path) -> None:
    done(data, "finding", "2", *FILED)
    assert "is about entry 2, not 1" in run(data, "finding", "1", "--withdraws", "F-001", "--text", "x").err
    done(data, "finding", "2", "--withdraws", "F-001", "--text", "No.")
    ran = run(data, "finding", "1", "--answers", "F-001", "--text", "Yes.")
    assert (ran.code, "F-001 was withdrawn" in ran.err) == (1, True)


def test_what_a_finding_says_is_clean(data: Path) -> None:
    done(data, "finding", "2", "--severity", "note", "--title", "\x1b[2J", "--text", "\u202etxt")
    shown = done(data, "findings").text
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "<U+202E>txt" in shown
