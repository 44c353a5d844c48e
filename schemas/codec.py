"""Bytes to events and back. Strict: what does not decode is a foreign entry, kept and hashed but not understood."""

from __future__ import annotations

import msgspec

from schemas import subjects
from schemas.envelope import ANY_RECORDED, Recorded

_decode_any = msgspec.json.Decoder(ANY_RECORDED).decode
_encoder = msgspec.json.Encoder()


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
        recorded: Recorded = _decode_any(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ForeignEntry(f"entry {sequence} is no event: {error}") from error
    if recorded.source != source:
        raise ForeignEntry(f"entry {sequence} speaks of {recorded.source}, not of {source}")
    if recorded.sequence != f"{sequence:016d}":
        raise ForeignEntry(f"entry {sequence} says that it is {recorded.sequence}")
    if recorded.subject != recorded.data.subject():
        raise ForeignEntry(
            f"entry {sequence} stands under {recorded.subject}, its data under {recorded.data.subject()}"
        )
    return recorded
