"""What is sent to the service: a command's one JSON line, or a signed note whose text is that line.

    {"type":"ApproveFunding.v1","portfolio":"ai-2026-5f3a9c01",...}

    {"type":"ApproveFunding.v1","portfolio":"ai-2026-5f3a9c01",...}
    <empty line>
    — ana Gp3zs...
    — bo k9Qdw...

A command is one line, so the first empty line is where signatures begin. Where every line is a command of its own, as
in a file, a signed one is an object of two texts, and the command's own bytes are the first of them:

    {"command":"{\\"type\\":\\"ApproveFunding.v1\\",...}","signatures":"— ana Gp3zs...\\n— bo k9Qdw...\\n"}

The specification is docs/spec/signing.md.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Sent(NamedTuple):
    """The command's line without its end, and the signature lines that came with it, none where it is not signed."""

    line: bytes
    signatures: bytes


class _Wrapped(msgspec.Struct, forbid_unknown_fields=True):
    command: str
    signatures: str


def split(payload: bytes) -> Sent:
    """Return the parts of what was sent. Total: what is none of the forms is a line, and refused as one."""
    if (wrapped := _unwrapped(payload)) is not None:
        return wrapped
    line, between, signatures = payload.partition(b"\n\n")
    return Sent(line, signatures) if between else Sent(payload.removesuffix(b"\n"), b"")


def joined(line: bytes, signatures: bytes = b"") -> bytes:
    """Return what is sent to the service: the other way round."""
    return line + b"\n\n" + signatures if signatures else line


def one_line(line: bytes, signatures: bytes = b"") -> bytes:
    """Return what is sent as one line. Errors: UnicodeDecodeError where it is no text."""
    return msgspec.json.encode(_Wrapped(line.decode(), signatures.decode())) if signatures else line


def _unwrapped(payload: bytes) -> Sent | None:
    """Return a signed command that is written as one line, None where it is none."""
    if b'"signatures"' not in payload:
        return None
    try:
        wrapped = msgspec.json.decode(payload, type=_Wrapped)
    except (msgspec.DecodeError, RecursionError):
        return None
    return Sent(wrapped.command.encode(), wrapped.signatures.encode())
