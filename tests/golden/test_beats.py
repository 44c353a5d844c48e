"""What each beat of the demo says to look at, by one command each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.program import done

LOOKS = [
    (1, "log --type ActorEnrolled", ["actor/ana", "actor/hugo ines"]),
    (2, "log --type PolicyAdopted", ["policy/tiers", "policy/tolerance", "policy/guardrails"]),
    (3, "log --type AuthoritySet", ["authority/"]),
    (4, "view spend --as-known 2024-02-05", ["total 12,000,000.00 0.00 0.00 0.00 12,000,000.00"]),
    (5, "view priority --as-known 2024-03-31", ["Branch Avatar", "95.0", "novelty bias +0.4", "over 22 initiatives"]),
    (6, "view decisions --as-known 2024-03-14", ["rides on one provider, Orion, and no fallback is tested", "4-1"]),
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
