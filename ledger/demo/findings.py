"""Beat 33 and what led to it: what hugo, the auditor, holds against entries, and what became of it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ledger.demo.telling import Step
from ledger.demo.year_2024 import FALLBACK
from ledger.findings import Finding, Severity, Status
from schemas import sent

AUDITOR = "hugo"


class Filing(NamedTuple):
    """A finding as the story has it filed, or what became of one. sequence: the entry it is about.

    key: by which later filings name it. answers: the entry that answers it.
    """

    key: str
    recorded_at: datetime.datetime
    sequence: int
    severity: Severity
    title: str
    text: str
    status: Status = "open"
    answers: int | None = None

    def made(self, evidence: str, number: str = "") -> Finding:
        """Return the record. number: of the finding it is about, none for a new one."""
        return Finding(
            finding=number,
            recordedtime=self.recorded_at,
            actor=AUDITOR,
            sequence=self.sequence,
            severity=self.severity,
            title=self.title,
            text=self.text,
            evidence=evidence,
            status=self.status,
            answers=self.answers,
        )


def filings(told: Iterable[Step]) -> Iterator[Filing]:
    """Yield what is filed, in its order. told: the steps of the demo, which say where the entries stand."""
    places = dict(_places(told))
    late, order, orphan = (
        places["condition", FALLBACK],
        places["commitment", "PO-1044"],
        places["ref", "AP-2025-LAB-01"],
    )
    fallback = Filing(
        "fallback",
        _at("2024-11-05"),
        late,
        "note",
        "A blocking condition was met late",
        "The fallback of Claims Copilot was due on 2024-09-30 and proven on 2024-10-24.",
    )
    yield fallback
    yield fallback._replace(
        recorded_at=_at("2024-11-07"), text="The gate waited until it was met, as it must.", status="withdrawn"
    )
    yield Filing(
        "orders",
        _at("2025-02-06"),
        order,
        "minor",
        "Two orders to one supplier, three days apart",
        "PO-1041 of 24,500 and PO-1044 of 20,500 went to Verbatim Ltd: 45,000 in all, what one signature approved.",
    )
    usage = Filing(
        "usage",
        _at("2026-04-21"),
        orphan,
        "major",
        "Model usage that names no initiative",
        "Twelve monthly postings of 2025 on the platform envelope, 268,400.00 in all, name no initiative; this is the "
        "first of them. Nobody approved the money, and it serves no objective.",
    )
    yield usage
    yield usage._replace(
        recorded_at=_at("2026-05-18"),
        text="It is AI-0039 now, with a limit and an owner. The twelve entries moved in May; 2025 stays as closed.",
        status="answered",
        answers=places["reversed", orphan],
    )


def _places(told: Iterable[Step]) -> Iterator[tuple[tuple[str, Any], int]]:
    """Yield where entries that findings name stand: of several under one name the last."""
    for step in told:
        if step.expect != "accepted":
            continue
        command = json.loads(sent.split(step.line).line)
        data, sequence = command["data"], step.after + 1
        if command["type"] == "DischargeCondition.v1":
            yield ("condition", data["condition"]), sequence
        elif command["type"] == "PostCommitment.v1":
            yield ("commitment", data["commitment"]), sequence
        elif command["type"] == "PostActual.v1" and "initiative" not in data:
            yield ("ref", data["posting_ref"]), sequence
        elif command["type"] == "ReverseEntry.v1":
            yield ("reversed", data["sequence"]), sequence


def _at(day: str) -> datetime.datetime:
    return datetime.datetime.combine(datetime.date.fromisoformat(day), datetime.time(9, 30), datetime.UTC)
