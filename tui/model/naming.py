"""What an entry names besides its subject, and so what two of them have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from schemas.envelope import Recorded

KINDS = {
    "initiative": "initiative",
    "parent": "initiative",
    "envelope": "envelope",
    "counter_envelope": "envelope",
    "decision": "decision",
    "ratifies": "decision",
    "reviews": "decision",
    "objective": "objective",
    "benefit": "benefit",
    "condition": "condition",
    "commitment": "commitment",
    "model": "model",
    "body": "body",
    "pool": "pool",
}
"""What the fields of these names hold: the kind of thing of that id."""


def named_by(event: Recorded) -> dict[str, None]:
    """Return what an event is about and what it names, as `initiative/AI-0042`, in its order."""
    said = {"decision": event.decisionid} if event.decisionid else {}
    return named(event.subject, {**said, "data": msgspec.to_builtins(event.data, str_keys=True)})


def named(subject: str, told: Any) -> dict[str, None]:
    """Return a subject and everything that JSON names, in order and once."""
    return {subject: None, **dict.fromkeys(_named(told))}


def ids_of(kind: str, names: dict[str, None]) -> list[str]:
    """Return the ids of one kind among names."""
    return [name.partition("/")[2] for name in names if name.partition("/")[0] == kind]


def _named(told: Any) -> Iterator[str]:
    if isinstance(told, list):
        for each in told:
            yield from _named(each)
    elif isinstance(told, dict):
        for name, value in told.items():
            if name == "subjects" and isinstance(value, list):
                yield from (each for each in value if isinstance(each, str))
            elif name in KINDS and isinstance(value, str):
                yield f"{KINDS[name]}/{value}"
            else:
                yield from _named(value)
