"""What is sent to the service: a command's one JSON line, or a signed note whose text is that line.

    {"type":"ApproveFunding.v1","portfolio":"ai-2026-5f3a9c01",...}

    {"type":"ApproveFunding.v1","portfolio":"ai-2026-5f3a9c01",...}
    <empty line>
    — ana+1a2b3c4d Gp3zs...
    — bo+5e6f7a8b k9Qdw...

A command is one line, so the first empty line is where signatures begin.
"""

from __future__ import annotations

from typing import NamedTuple


class Sent(NamedTuple):
    """The command's line without its end, and the signature lines that came with it, none where it is not signed."""

    line: bytes
    signatures: bytes


def split(payload: bytes) -> Sent:
    """Return the parts of what was sent. Total: what is neither form is a line, and refused as one."""
    line, between, signatures = payload.partition(b"\n\n")
    return Sent(line, signatures) if between else Sent(payload.removesuffix(b"\n"), b"")


def joined(line: bytes, signatures: bytes = b"") -> bytes:
    """Return what is sent to the service: the other way round."""
    return line + b"\n\n" + signatures if signatures else line
