"""The exact command that is sent, its hash, and the event it becomes, as text to read before confirming."""

from __future__ import annotations

import hashlib

import msgspec

from schemas import sent
from tui.model.judged import Judged
from tui.model.text import clean

NOW_NOT_THEN = "recordedtime is that of the moment it is recorded; all else is recorded as it stands here."


def command_text(found: Judged) -> str:
    """Return the command as it is sent, with its hash, and what is signed under it."""
    assert found.verdict is not None, "what cannot be read is not sent"
    line, signatures = sent.split(found.verdict.line)
    told = f"{clean(line.decode())}\n\n{len(line):,} bytes, sha256 {hashlib.sha256(line).hexdigest()}"
    under = [f"{each.label} {each.text}" for each in found.signs if each.label == "signs"] if signatures else []
    under += [clean(each) for each in signatures.decode().splitlines()]
    return "\n\n".join([told, "\n".join(under)] if under else [told])


def event_text(found: Judged) -> str:
    """Return the events a command would become, each with its place, with line breaks that are not stored."""
    assert found.verdict is not None, "what cannot be read becomes nothing"
    told = found.verdict
    parts = [
        f"Sequence {event.at:,}, {len(payload):,} bytes without these line breaks:\n\n{_shown(payload)}"
        for event, payload in zip(told.events, told.payloads, strict=True)
    ]
    return "\n\n".join([*parts, NOW_NOT_THEN] if parts else ["It would become nothing: it would not be accepted."])


def question_text(found: Judged, *, ends_import: bool = False) -> str:
    """Return what is asked before a command is sent: the command, its hash, and the event it becomes.

    ends_import: whether it is the first decision of the portfolio's own, behind a historic import.
    """
    told = found.verdict
    assert told is not None, "what cannot be read is not sent"
    flags = "".join(f"\n! flagged {flag.name}: {flag.meaning}" for flag in told.flags)
    parts = [f"Judged at sequence {found.at:,}: it would be accepted.{flags}"]
    parts += [f"This command is sent:\n\n{command_text(found)}", f"It becomes:\n\n{event_text(found)}"]
    if ends_import:
        parts.insert(0, "This ends the historic import of the portfolio for good.")
    return "\n\n".join(parts)


def _shown(payload: bytes) -> str:
    return "\n".join(clean(line) for line in msgspec.json.format(payload, indent=2).decode().split("\n"))
