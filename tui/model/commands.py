"""Commands as lines of JSON: completed with what their sender need not write, and told in a few words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from schemas import sent, subjects
from schemas.envelope import Recorded
from tui.model.figures import money
from tui.model.text import clean


def completed(line: bytes, missing: Mapping[str, str]) -> bytes:
    """Return a command with the fields it lacks put in front; one that lacks none or is signed as the bytes it was."""
    try:
        command = json.loads(line)
    except (ValueError, RecursionError):
        return line
    if not isinstance(command, dict) or not missing.keys() - command.keys() or sent.split(line).signatures:
        return line
    added = {name: value for name, value in missing.items() if name not in command}
    inner = line.strip()[1:].lstrip()
    comma = b"" if inner.startswith(b"}") else b","
    return msgspec.json.encode(added)[:-1] + comma + inner


def about_line(line: bytes) -> str:
    """Return what a command asks for in a few clean words: ApproveFunding AI-0022 500,000.00 USD."""
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return "no command: it is not JSON"
    if not isinstance(told, dict):
        return "no command: it is no JSON object"
    data = told.get("data") if isinstance(told.get("data"), dict) else {}
    return _words(str(told.get("type", "no type")), str(told.get("subject", "")), data)


def about_event(event: Recorded) -> str:
    """Return what an event says in a few clean words: GateDecided AI-0022 kill."""
    return _words(event.data.TYPE, event.subject, msgspec.to_builtins(event.data))


def _words(kind: str, subject: str, data: Any) -> str:
    """Return a type without its version, what it is about, and its amount or outcome where it has one."""
    about = subject.partition("/")[2] or subject
    if not about and isinstance(data.get("initiative"), str):
        about = data["initiative"]
    parts = [subjects.bare(kind), about, _amount(data.get("amount")), data.get("outcome")]
    return " ".join(clean(part, 80) for part in parts if isinstance(part, str) and part)


def _amount(told: Any) -> str:
    if not isinstance(told, dict) or not isinstance(told.get("minor"), int):
        return ""
    currency = str(told.get("currency", ""))
    return f"{money(told['minor'], currency)} {currency}"
