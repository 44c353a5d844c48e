"""portfolio finding and portfolio findings: what auditors hold against entries, filed beside the ledger."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from ledger.access import Access
from ledger.findings import Finding, FindingError, Severity, evidence_of, histories, newest
from ledger.store import EventStore
from tui.common import DONE, REFUSED, WRONG_USE, CommandError, Common, access
from tui.model.figures import instant
from tui.model.table import table
from tui.model.text import clean


async def finding_(
    sequence: int,
    *,
    text: str,
    severity: Severity | None = None,
    title: str | None = None,
    field: str | None = None,
    answers: Annotated[str | None, Parameter(help="The finding that this entry answers, such as F-003.")] = None,
    withdraws: Annotated[str | None, Parameter(help="The finding about this entry that no longer stands.")] = None,
    common: Common | None = None,
) -> int:
    """File a finding about an entry, or say what became of one. It is kept beside the ledger, and never changed.

    Parameters
    ----------
    sequence
        The entry it is about, or that answers one.
    text
        What was found, or how it was answered, or why it is withdrawn.
    severity
        note, minor or major.
    title
        The finding in a few words.
    field
        Which part of the entry, such as data.amount.
    """
    common = common or Common()
    new = answers is None and withdraws is None
    if answers is not None and withdraws is not None:
        raise CommandError("a finding is answered or withdrawn, not both; leave --answers or --withdraws away")
    if new and (severity is None or title is None):
        raise CommandError("a new finding has a --severity (note, minor or major) and a --title")
    if not new and (severity or title or field):
        raise CommandError(
            "what became of a finding is about what it was about; leave --severity, --title, --field away"
        )
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        payload = await entry(reached.store(portfolio), portfolio, sequence)
        said: dict[str, Any] = {
            "recordedtime": datetime.datetime.now(datetime.UTC),
            "actor": chosen.actor,
            "text": text,
        }
        if new:
            _check_field(payload, sequence, field)
            about: dict[str, Any] = {"sequence": sequence, "severity": severity, "title": title, "field": field}
            made = Finding(finding="", status="open", evidence=evidence_of(payload), **about, **said)
        else:
            made = await _became(reached, portfolio, sequence, answers, withdraws, said)
        try:
            filed = await (await reached.findings(portfolio)).file(made)
        except FindingError as error:
            raise CommandError(str(error), WRONG_USE if new else REFUSED) from error
    if common.json:
        print(json.dumps(msgspec.to_builtins(filed)))
    else:
        print(f"{filed.finding} is {filed.status}: {clean(filed.title)}, entry {filed.sequence:,}.")
    return DONE


async def findings_(*, common: Common | None = None) -> int:
    """List the findings and how they stand; check that the entries they are about are what they were."""
    common = common or Common()
    async with access(common) as (reached, chosen):
        portfolio = await reached.choose(chosen.portfolio)
        store = reached.store(portfolio)
        found = histories([each async for each in (await reached.findings(portfolio)).read()])
        last = await store.last_sequence()
        holds = {told[-1].finding: await _holds(store, told[-1], last) for told in found}
    if common.json:
        listed = [
            {**msgspec.to_builtins(told[-1]), "evidence_holds": holds[told[-1].finding], "records": _plain(told)}
            for told in found
        ]
        print(json.dumps({"portfolio": portfolio, "findings": listed}))
    else:
        print(_text(found, holds))
    return DONE if all(holds.values()) else REFUSED


async def entry(store: EventStore, portfolio: str, sequence: int) -> bytes:
    """Return the bytes of an entry. Errors: CommandError where there is none."""
    last = await store.last_sequence()
    if 1 <= sequence <= last:
        async for stored in store.read(after=sequence - 1, until=sequence):
            return stored.payload
    raise CommandError(f"{portfolio} has no entry {sequence}; give one of 1 to {last}")


async def _became(
    reached: Access, portfolio: str, sequence: int, answers: str | None, withdraws: str | None, said: dict[str, Any]
) -> Finding:
    """Return the record of what became of a finding: the finding as it stands, with a new text and status."""
    stands = newest([each async for each in (await reached.findings(portfolio)).read()])
    wanted = answers or withdraws
    before = next((each for each in stands if each.finding == wanted), None)
    if before is None:
        there = ", ".join(each.finding for each in stands) or "none"
        raise CommandError(f"there is no finding {wanted}, there is {there}")
    if withdraws is not None and before.sequence != sequence:
        raise CommandError(f"{withdraws} is about entry {before.sequence}, not {sequence}")
    became = (
        {"status": "withdrawn", "answers": None} if answers is None else {"status": "answered", "answers": sequence}
    )
    return msgspec.structs.replace(before, **became, **said)


async def _holds(store: EventStore, found: Finding, last: int) -> bool:
    if found.sequence > last:
        return False
    async for stored in store.read(after=found.sequence - 1, until=found.sequence):
        return evidence_of(stored.payload) == found.evidence
    return False


def _check_field(payload: bytes, sequence: int, field: str | None) -> None:
    """Raise CommandError where an entry has no such field."""
    if field is None:
        return
    try:
        at: Any = json.loads(payload)
        for step in field.split("."):
            at = at[int(step)] if isinstance(at, list) else at[step]
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise CommandError(f"entry {sequence} has no field {field}; name one such as data.amount") from error


def _text(found: Sequence[Sequence[Finding]], holds: dict[str, bool]) -> str:
    if not found:
        return "No findings. File one with `portfolio finding SEQ --severity minor --title TITLE --text TEXT`."
    rows, texts = [], []
    for told in found:
        filed, stands = told[0], told[-1]
        about = f"{filed.sequence:,}" + (f" {clean(filed.field, 32)}" if filed.field else "")
        evidence = "✓ as it was" if holds[filed.finding] else "✗ the entry differs"
        cells = [filed.finding, filed.severity, _status(stands), about, evidence, instant(filed.recordedtime)]
        rows.append([*cells, clean(filed.actor, 16), clean(filed.title, 60)])
        for each in told:
            who = f"{instant(each.recordedtime)} {clean(each.actor, 16)}"
            texts.append(f"  {each.finding} {who}, {_status(each)}: {clean(each.text, 400)}")
    headers = ["finding", "severity", "stands", "entry", "evidence", "filed", "by", "title"]
    return "\n".join([table(headers, rows, [False] * 8), "", *texts])


def _status(each: Finding) -> str:
    return each.status if each.answers is None else f"answered by {each.answers:,}"


def _plain(told: Sequence[Finding]) -> Any:
    return msgspec.to_builtins(told)
