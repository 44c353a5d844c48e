"""What a pack says to people: a report of its entries, as text and as a table, and how to check it all.

Made of the entries alone, so that whoever has them can make the same. Text from events is hostile: what is not plainly
visible is escaped, and a cell that a spreadsheet would run is quoted.
"""

from __future__ import annotations

import csv
import importlib.resources
import io
import unicodedata
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.heads import commitments
from ledger.notary.checkpoint import Checkpoint
from ledger.notary.tlog import leaf_hash
from schemas.envelope import Recorded
from schemas.values import CURRENCY_EXPONENTS, Commitment, Money

Row = tuple[int, bytes, Recorded | None, str]
"""Sequence, payload, the event where it is one, and why it is in the pack."""

COLUMNS = (
    "index",
    "sequence",
    "recorded",
    "effective",
    "type",
    "subject",
    "actor",
    "decision",
    "amount",
    "currency",
    "basis",
    "flags",
    "grants",
    "policy",
    "why_here",
    "leaf",
)
WORDS = ("reason", "rationale", "dissent", "commentary", "question", "hypothesis", "description")


def report_csv(rows: Sequence[Row]) -> bytes:
    """Return the entries of a pack as comma-separated values, one a line, under COLUMNS."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    for sequence, payload, event, why in rows:
        told: list[Any] = [sequence - 1, sequence]
        if event is None:
            told += ["", "", "(foreign entry)", *[""] * 9]
        else:
            amount = getattr(event.data, "amount", None)
            money = [major(amount), amount.currency] if isinstance(amount, Money) else ["", ""]
            told += [event.recordedtime.isoformat(), event.effective_on, event.data.TYPE, event.subject, event.actor]
            told += [event.decisionid or "", *money]
            told += [event.basis, event.flags or "", event.grants or "", event.policy or ""]
        writer.writerow(_cell(each) for each in [*told, why, leaf_hash(payload).hex()])
    return written.getvalue().encode()


def report_md(
    rows: Sequence[Row], checkpoint: Checkpoint, scope: Sequence[str], complete: int, erased: Mapping[str, int]
) -> bytes:
    """Return the report: which population, what is proved to be complete, and every entry with what was said."""
    lines = [
        f"# Evidence about {plainly(scope[0])}",
        "",
        f"Log `{plainly(checkpoint.origin)}`, {checkpoint.size} entries, root `{b64encode(checkpoint.root).decode()}`.",
        f"{len(rows)} entries are in this pack. It is about {', '.join(f'`{plainly(name)}`' for name in scope)}.",
        f"Nothing about these is missing up to sequence {complete}."
        if complete
        else "Whether something about these is missing is NOT PROVEN: the log keeps no heads yet.",
        "How to check this: `VERIFY.md`. What was checked when this was written: that the entries have the root.",
        "",
    ]
    for sequence, _, event, why in rows:
        if event is None:
            lines += [f"## {sequence}: a foreign entry", "", f"- here because: {plainly(why)}", ""]
            continue
        lines += [f"## {sequence}: {event.data.TYPE}, {plainly(event.subject)}", ""]
        behalf = f" for {plainly(event.onbehalfof)}" if event.onbehalfof else ""
        lines.append(f"- {plainly(event.actor)}{behalf}, recorded {event.recordedtime.isoformat()}")
        lines.append(f"- effective {event.effective_on}, basis {event.basis}, rules {plainly(event.rules)}")
        amount = getattr(event.data, "amount", None)
        if isinstance(amount, Money):
            lines.append(f"- amount {major(amount)} {amount.currency}")
        if event.flags:
            lines.append(f"- flagged {plainly(event.flags)}: {plainly(event.flagreason or 'no reason')}")
        for name in WORDS:
            text = getattr(event.data, name, None)
            if isinstance(text, str):
                lines.append(f"- {name}: {plainly(text)}")
            elif isinstance(text, Commitment):
                lines.append(f"- {name}: kept as commitment `{text.commitment}`")
        for field, commitment in commitments(event.data):
            if commitment in erased:
                lines.append(f"- {plainly(field)}: erased by entry {erased[commitment]}")
        lines += [f"- here because: {plainly(why)}", ""]
    return "\n".join(lines).encode()


def major(amount: Money) -> str:
    """Return an amount in major units, exactly: 12500.00 for 1,250,000 cents."""
    exponent = CURRENCY_EXPONENTS.get(amount.currency, 2)
    sign, digits = "-" if amount.minor < 0 else "", str(abs(amount.minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"


def plainly(text: str) -> str:
    """Return a text on one line, with what is not plainly visible, or would be markup, escaped."""
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if _hidden(character):
        return f"\\u{{{ord(character):x}}}"
    return f"\\{character}" if character in "`*_[]<>|#\\" else character


def _hidden(character: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] == "C" or kind in ("Zl", "Zp")


def _cell(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = "".join(each if unicodedata.category(each)[0] != "C" else " " for each in str(value))
    number = text.lstrip("-").replace(".", "", 1).isdecimal()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") and not number else text


def _verify() -> bytes:
    files = importlib.resources.files("projections.exporters")
    return (files / "VERIFY.md").read_bytes() + b"\n```python\n" + (files / "check_pack.py").read_bytes() + b"```\n"


VERIFY = _verify()
