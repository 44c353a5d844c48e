"""Bytes to events and back. Strict: what does not decode is a foreign entry, kept and hashed but not understood.

An event of an old version is lifted, one version at a time, before it is decoded as today's: `LIFTS` has a step for
every version that was ever published and is no longer today's. What is hashed stays the bytes that were stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, time
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from schemas import subjects
from schemas.envelope import ANY_RECORDED, Recorded

_decode_any = msgspec.json.Decoder(ANY_RECORDED).decode
_encoder = msgspec.json.Encoder()


MIDNIGHT = time()


class Lift(NamedTuple):
    """How an event of an old version is read. to: the next version's type. data: from the whole event as plain JSON
    values, its data as that version has it; pure, and no rule of business."""

    to: str
    data: Callable[[dict[str, Any]], dict[str, Any]]


LIFTS: dict[str, Lift] = {}
"""The step of every old version, by its type; none yet: every version there is is today's."""

_NOT_LIFTED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What a step may raise over data that is not of its version."""


class ForeignEntry(ValueError):
    """An entry that is no event of this portfolio at this place. The message says why."""


def encode(recorded: Recorded) -> bytes:
    """Return the bytes that are stored and hashed: JSON, defaults left out, keys in the order of the envelope."""
    return _encoder.encode(recorded)


def decode(payload: bytes, *, portfolio: str, sequence: int) -> Recorded:
    """Return the event that stands at *sequence* of a portfolio's stream.

    Errors: ForeignEntry where the bytes are not an event of ours, or speak of another portfolio, place or subject.
    """
    return decode_at(payload, subjects.source(portfolio), sequence)


def decode_at(payload: bytes, source: str, sequence: int) -> Recorded:
    """Do what decode does, for many entries of one source."""
    try:
        recorded = _decoded(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ForeignEntry(f"entry {sequence} is no event: {error}") from error
    if recorded.source != source:
        raise ForeignEntry(f"entry {sequence} speaks of {recorded.source}, not of {source}")
    if recorded.sequence != f"{sequence:016d}":
        raise ForeignEntry(f"entry {sequence} says that it is {recorded.sequence}")
    if recorded.time.tzinfo is not UTC or recorded.recordedtime.tzinfo is not UTC:
        raise ForeignEntry(f"entry {sequence} tells a time that is not in UTC")
    if recorded.time.time() != MIDNIGHT:
        raise ForeignEntry(f"entry {sequence} is effective from {recorded.time.time()} on, not from a day")
    if recorded.subject != recorded.data.subject():
        raise ForeignEntry(
            f"entry {sequence} stands under {recorded.subject}, its data under {recorded.data.subject()}"
        )
    return recorded


def _decoded(payload: bytes) -> Recorded:
    """Return the event of some bytes, lifted where it is of an old version. Errors: as the decoder's."""
    try:
        event: Recorded = _decode_any(payload)
    except msgspec.ValidationError:
        lifted = lift(payload) if LIFTS else None
        if lifted is None:
            raise
        event = _decode_any(lifted)
    return event


def lift(payload: bytes) -> bytes | None:
    """Return an event of an old version as one of today's, None where it is not of an old version.

    Errors: msgspec.ValidationError where its data is not what its version has.
    """
    event = msgspec.json.decode(payload)
    name = event.get("type") if isinstance(event, dict) else None
    if not isinstance(name, str) or name not in LIFTS:
        return None
    try:
        while (step := LIFTS.get(event["type"])) is not None:
            event = {**event, "type": step.to, "data": step.data(event)}
        return msgspec.json.encode(event)
    except _NOT_LIFTED as error:
        raise msgspec.ValidationError(f"it is not as {name} has it: {error!r}") from error


_place_of = attrgetter("source", "sequence", "subject", "time.tzinfo", "recordedtime.tzinfo")


def decode_all(payloads: Sequence[bytes], source: str, first_sequence: int) -> tuple[list[Recorded], list[int]]:
    """Return the events among entries that stand side by side, and the sequences of those that are foreign.

    The same as decode_at for each, at about half the cost: what is checked of each is checked of all at once, and one
    by one only where that fails.
    """
    try:
        events: list[Recorded] = list(map(_decode_any, payloads))
        numbers = map("{:016d}".format, range(first_sequence, first_sequence + len(events)))
        places = [
            (source, number, event.data.subject(), UTC, UTC) for number, event in zip(numbers, events, strict=True)
        ]
        if places == list(map(_place_of, events)) and {event.time.time() for event in events} <= {MIDNIGHT}:
            return events, []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # one of them is no event; it is found below
    events, foreign = [], []
    for sequence, payload in enumerate(payloads, start=first_sequence):
        try:
            events.append(decode_at(payload, source, sequence))
        except ForeignEntry:
            foreign.append(sequence)
    return events, foreign
