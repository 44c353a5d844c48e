"""What a command or fact says of other entries, and how it is said where those stand at other sequences.

Three kinds of reference: to an *entry* by its sequence (what a reversal takes back, the request a vote is on, what
set a decision off), to a *moment* (how much the sender had read), and to what *caused* the command, by event id.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from schemas.commands import Command, ReverseEntry
from schemas.events import DecisionRequested, EntryReversed, FundingReallocated, Question, VoteRecorded
from schemas.receipts import Reason, Refused

S = TypeVar("S", bound=msgspec.Struct)

_ENTRY_FIELDS: dict[type[msgspec.Struct], str] = {
    EntryReversed: "sequence",
    VoteRecorded: "request",
    Question: "trigger",
    DecisionRequested: "trigger",
    FundingReallocated: "trigger",
}
"""The field that names an entry; its name in JSON is the same."""


class Places(Protocol):
    """Where the entries of one history stand in another."""

    def entry(self, sequence: int) -> int | None:
        """Return where an entry stands there, None where it does not."""

    def moment(self, sequence: int) -> int:
        """Return how many entries there were when this many were known here."""

    def cause(self, event_id: str) -> str | int:
        """Return the id there of an event of here, or the sequence it has here if it does not stand there.

        Any other text is itself.
        """


class Lost(NamedTuple):
    """A reference to what does not stand there, told as a refusal."""

    refused: Refused


def moved_data(data: S, places: Places) -> S | Lost:
    """Return a fact, or what a command asks, with its references as they are there."""
    changes = _data_changes(data, places)
    if isinstance(changes, Lost):
        return changes
    return msgspec.structs.replace(data, **changes) if changes else data


def moved_line(command: Command, line: bytes, places: Places) -> bytes | Lost:
    """Return a command's line with its references as they are there: the same bytes where none of them moves."""
    data = _data_changes(command.data, places)
    if isinstance(data, Lost):
        return data
    said: dict[str, Any] = {}
    if command.seen is not None and (seen := places.moment(command.seen)) != command.seen:
        said["seen"] = seen
    if command.causationid is not None:
        cause = places.cause(command.causationid)
        if isinstance(cause, int):
            return uncaused(cause)
        if cause != command.causationid:
            said["causationid"] = cause
    if not data and not said:
        return line
    told = json.loads(line)
    told |= said
    told["data"] |= msgspec.to_builtins(data)
    if isinstance(command, ReverseEntry) and "sequence" in data:
        told["subject"] = f"entry/{data['sequence']}"
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def uncaused(sequence: int) -> Lost:
    """Return why what was asked because of an entry does not pass where that does not stand."""
    problem = "the entry that caused it does not stand in this fork"
    return Lost(Refused(Reason.UNKNOWN_ENTRY, field="causationid", value=sequence, problem=problem))


def _data_changes(data: msgspec.Struct, places: Places) -> dict[str, Any] | Lost:
    changes: dict[str, Any] = {}
    field = _ENTRY_FIELDS.get(type(data))
    sequence = None if field is None else getattr(data, field)
    if field is not None and sequence is not None:
        there = places.entry(sequence)
        if there is None:
            problem = "the entry does not stand in this fork"
            return Lost(Refused(Reason.UNKNOWN_ENTRY, field=f"data.{field}", value=sequence, problem=problem))
        if there != sequence:
            changes[field] = there
    presented = getattr(data, "presented", None)
    if presented is not None:
        as_known = max(places.moment(presented.as_known), 1)
        if as_known != presented.as_known:
            changes["presented"] = msgspec.structs.replace(presented, as_known=as_known)
    return changes
