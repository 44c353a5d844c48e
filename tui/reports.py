"""Reports: what a screen found, as text for people and as JSON for programs, in files beside each other.

<data>/reports/demo-verify-20261120T180000Z.txt
<data>/reports/demo-verify-20261120T180000Z.json
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ledger.files import replace_file
from tui.model.figures import instant
from tui.model.glyphs import UNICODE
from tui.model.text import clean
from tui.model.verification import Verification
from tui.model.verify_lines import gauge_line, level_lines, outcome
from tui.session import Session

WIDTH = 100


def write_report(session: Session, name: str, text: str, told: Mapping[str, Any]) -> Path:
    """Write a report as text and as JSON, and return the path of the text. Errors: OSError."""
    path = session.reports / f"{session.portfolio}-{name}-{session.clock():%Y%m%dT%H%M%SZ}.txt"
    replace_file(path, f"{text}\n".encode())
    replace_file(path.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n")
    return path


def verification_report(session: Session, check: Verification) -> tuple[str, dict[str, Any]]:
    """Return what a verification found, as text and as what JSON is made of."""
    found = check.levels
    at, root = session.clock(), check.comparison.root if check.comparison else None
    text = [
        f"Verification of {clean(session.portfolio)}, {instant(at)} UTC, by {clean(session.actor)}",
        outcome(check, session.line.tip, UNICODE)[0],
        f"root {root} over {check.sequence:,} entries, not signed" if root else "no root was worked out",
        "",
        *(gauge_line(step, gauge, WIDTH, UNICODE) for step, gauge in check.gauges.items()),
        "",
        *(line for line, _ in level_lines(found, WIDTH, UNICODE)),
    ]
    if problems := check.problems:
        text += ["", "Problems", *(f"  {problem.text}" for problem in problems)]
    told = {
        "portfolio": session.portfolio,
        "checked_at": at,
        "actor": session.actor,
        "state": check.state,
        "levels": [
            {"level": level.name, "standing": level.told, "findings": [each._asdict() for each in level.findings]}
            for level in found
        ],
        "comparison": check.comparison,
        "reperformance": check.reperformance,
        "problems": [problem._asdict() for problem in problems],
    }
    return "\n".join(text), told
