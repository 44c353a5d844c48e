"""What each beat of the demo says to look at, by one command each."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.program import Ran, done

LOOKS = [
    (1, "log --type ActorEnrolled", ["actor/ana", "actor/hugo ines"]),
    (2, "log --type PolicyAdopted", ["policy/tiers", "policy/tolerance", "policy/guardrails"]),
    (3, "log --type AuthoritySet", ["authority/"]),
    (4, "view spend --as-known 2024-02-05", ["total 12,000,000.00 0.00 0.00 0.00 12,000,000.00"]),
    (5, "view priority --as-known 2024-03-31", ["Branch Avatar", "95.0", "novelty bias +0.4", "over 22 initiatives"]),
    (6, "view decisions --as-known 2024-03-14", ["rides on one provider, Orion, and no fallback is tested", "4-1"]),
    (6, "view concentration --as-known 2024-03-31", ["model provider Orion", "66.7 % 6,805,000.00"]),
    (7, "log --initiative AI-0021 --type FundingApproved", ["2024-04-09", "2024-04-25"]),
    (8, "log --initiative AI-0021 --type CommitmentPosted", ["initiative/AI-0021"]),
    (10, "view alignment --as-known 2024-06-30", [" of 10,260,000.00 USD", "index 0.8720"]),
    (10, "view alignment --as-known 2024-07-18 --as-of 2024-06-30", [" of 10,660,000.00 USD", "index 0.8843"]),
    (10, "log --initiative AI-0015 --type FundingApproved", ["LATE"]),
    (11, "view needs --as-known 2024-10-01", ["condition overdue"]),
    (11, "view conditions --as-known 2024-10-01", ["COND-AI-0007-FALLBACK AI-0007", "blocking open 1 d late"]),
    (12, "view gates --as-known 2024-11-21", ["AI-0022", "kill"]),
    (12, "diff spend --by initiative --between 2024-11-20 2024-11-21", ["-310,000.00"]),
    (12, "view state --initiative AI-0022 --as-known 2024-11-20", ["status active", "approved 600,000.00 USD"]),
    (12, "view state --initiative AI-0022 --as-known 2024-11-21", ["status killed", "approved 290,000.00 USD"]),
    (13, "diff spend --by initiative --between 2024-12-04 2024-12-05", ["-186,400.00", "186,400.00"]),
    (14, "log --type PeriodClosed", ["period/FY2024", "period/FY2025"]),
    (15, "view decisions --as-known 2025-02-13", ["3-0 (2 recuse)"]),
    (16, "view models --as-known 2025-03-17", ["2025-09-30 197 13 10 11,000,000.00 8,050,000.00"]),
    (17, "view decisions --as-known 2025-03-19", ["open"]),
    (18, "diff alignment --between 2025-04-02 2025-04-03", ["amount_minor"]),
    (19, "view models --as-known 2025-04-03", ["2025-09-30"]),
    (19, "view models --as-known 2025-05-22", ["2025-12-31"]),
    (20, "view needs --as-known 2025-06-12", ["over envelope claims-2025 -150,000.00"]),
    (20, "view spend --as-known 2025-07-10", ["claims-2025 5,650,000.00 5,650,000.00"]),
    (21, "view history --initiative AI-0025", ["eu_class high"]),
    (24, "view decisions --as-known 2025-09-11", ["Avoidable, known since March."]),
    (25, "view gates --as-known 2025-11-20", ["merged"]),
    (26, "view benefits --as-known 2025-12-09", ["2,000,000.00 2,400,000.00 0.00"]),
    (27, "view models --as-known 2026-01-12 --as-of 2025-03-17", ["2025-09-30 197 14 11"]),
    (28, "diff alignment --between 2026-01-21 2026-01-22", ["TRUST", "COST"]),
    (29, "view refusals", ["PERIOD_CLOSED"]),
    (30, "view history --initiative AI-0032", ["alignment TRUST 10000", "rank"]),
    (30, "view priority --as-known 2026-02-12", ["1 11 AI-0001", "2 8 AI-0004"]),
    (31, "view benefits --as-known 2026-02-20", ["2,000,000.00 2,400,000.00 1,450,000.00", "72.5 %"]),
    (34, "diff spend --by initiative --between 2026-05-01 2026-05-31", ["AI-0039", "268,400.00"]),
    (35, "view benefits --as-known 2026-07-15", ["never measured"]),
    (36, "view initiatives", ["AI-0026 Self-Service Assistant", " 4 650,000.00"]),
    (36, "view capacity", ["engineering mlops mfte 2025-Q2", "118.0 % over", "97.0 %"]),
    (37, "view alignment --as-known 2026-11-20", ["index 0.8062", "must move 7,572,000.00 of 39,080,000.00 USD"]),
]


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("beats")
    done(data, "demo")
    return data


@pytest.mark.parametrize(("beat", "command", "seen"), LOOKS, ids=[f"{beat}: {asked}" for beat, asked, _ in LOOKS])
def test_what_a_beat_says_to_look_at_is_answered_by_one_command(
    told: Path, beat: int, command: str, seen: list[str]
) -> None:
    shown = re.sub(r"[ █▏▎▍▌▋▊▉·]+", " ", done(told, *command.split()).text)
    missing = [words for words in seen if words not in shown]
    assert not missing, f"beat {beat}: {command} does not show {missing} in\n{shown}"


def test_beat_37_suppose_the_avatar_had_been_kept(told: Path) -> None:
    """600, and 500 in 2025: the index today is 0.797 instead of 0.806, and 526 more have to move."""
    closed = first(done(told, "log", "--json", "--type", "DecisionClosed"), "D-2024-AVATAR")
    second_round = first(done(told, "log", "--json", "--type", "DecisionClosed"), "D-2025-ROUND")
    data = {"initiative": "AI-0022", "envelope": "service-2025", "kind": "tranche", "capex_opex": "opex"}
    data |= {"amount": {"minor": 50_000_000, "currency": "USD"}, "period": "FY2025"}
    kept = {"type": "ApproveFunding.v1", "commandid": "keep", "subject": "initiative/AI-0022", "time": "2025-02-13"}
    asked = ["suppose", "-", "--leave-out", str(closed), "--fork", str(second_round), "--as-of", "2026-11-20"]
    line = json.dumps(kept | {"data": data}).encode()
    before = done(told, "log", "--json").out
    found = done(told, *asked, "--json", given=line).json
    was, now = found["scenarios"]
    assert (round(was["index"], 3), round(now["index"], 3)) == (0.806, 0.797)
    assert (now["must_move_minor"] - was["must_move_minor"]) // 100_000 == 526
    assert (now["approved_minor"] - was["approved_minor"]) // 100_000 == 810
    assert [each["status"] for each in found["supposed"]] == ["accepted"]
    told_ = {became: [] for became in ("refused", "changed", "left_out")}
    for fate in found["recorded"]["told"]:
        told_[fate["became"]].append((fate["type"], fate["subject"]))
    assert told_["left_out"] == [("DecisionClosed.v1", "decision/D-2024-AVATAR")]
    assert told_["refused"] == [
        (f"{kind}.v1", "initiative/AI-0022")
        for kind in ("CommitmentPosted", "ActualPosted", "GateDecided", "FundingApproved")
    ]
    # Both years close with other totals, and the last grant of the round no longer fits the envelope.
    over = ("FundingApproved.v1", "initiative/AI-0028")
    assert told_["changed"] == [("PeriodClosed.v1", "period/FY2024"), over, ("PeriodClosed.v1", "period/FY2025")]
    shown = re.sub(r" +", " ", done(told, *asked, given=line).text)
    for words in ("alignment index 0.806 0.797 -0.009", "must move 7,572,000.00 8,098,500.00 +526,500.00"):
        assert words in shown
    assert "nothing of this is recorded" in shown
    assert done(told, "log", "--json").out == before


def test_beats_33_and_34_the_auditor_s_finding_is_filed_and_answered(told: Path) -> None:
    found = {each["finding"]: each for each in done(told, "findings", "--json").json["findings"]}
    assert list(found) == ["F-001", "F-002", "F-003"]
    orphan, *later = found["F-003"]["records"]
    assert (orphan["recordedtime"][:10], orphan["actor"], orphan["severity"]) == ("2026-04-21", "hugo", "major")
    about = done(told, "log", "--json", "--type", "ActualPosted").receipts
    nameless = [event for event in about if "initiative" not in event["data"]]
    assert len(nameless) == 12
    assert orphan["sequence"] == int(nameless[0]["sequence"])
    (answer,) = later
    assert (answer["status"], answer["recordedtime"][:10]) == ("answered", "2026-05-18")
    reversals = done(told, "log", "--json", "--type", "EntryReversed").receipts
    assert [int(each["sequence"]) for each in reversals if each["data"]["sequence"] == orphan["sequence"]] == [
        answer["answers"]
    ]
    assert [each["evidence_holds"] for each in found.values()] == [True, True, True]
    done(told, "demo")
    assert done(told, "findings", "--json").json["findings"] == list(found.values())


def first(listed: Ran, decision: str) -> int:
    return next(int(event["sequence"]) for event in listed.receipts if event["data"]["decision"] == decision)
