"""Checkpoints: how large a log is and the root over it, in a note its key signed.

    example.com/log/testdata                                        the log's origin
    3                                                               entries
    Wqx3HImawpLnS/Gv4ubjAvi1WIOy0b8Ze0amvqbavKk=                    root

    — example.com/log/testdata M9e0lvAQRtH832pk2RTb...

Lines after the root are kept and never written. A root has 32 bytes, and that of no entries is the hash of nothing.

Source: C2SP tlog-checkpoint v1.0.0.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from typing import NamedTuple

from ledger.notary.note import Note, NoteError, Signature, Signer, Verifier, canonical_base64, parse_note, sign_note
from ledger.notary.note import verified as verified_note
from ledger.notary.tlog import EMPTY_ROOT, HASH_BYTES

MAX_SIZE = 2**63 - 1

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """A log's size and root. size: in entries. root: 32 bytes. extensions: further lines, without their newlines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


class Opened(NamedTuple):
    """A checkpoint whose log signed it, and every signature under it by a key we know, the log's among them."""

    checkpoint: Checkpoint
    signatures: tuple[Signature, ...]
    note: Note


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the text of a checkpoint. Errors: NoteError where it is none, such as an origin of two lines."""
    origin, size, root, extensions = checkpoint
    for line in (origin, *extensions):
        if not line or "\n" in line:
            raise NoteError(f"a line of a checkpoint is not empty and holds no newline: {line!r}")
    if not 0 <= size <= MAX_SIZE:
        raise NoteError(f"a checkpoint has a size from 0 to {MAX_SIZE}, not {size}")
    _check_root(size, root)
    return "".join(f"{line}\n" for line in (origin, size, b64encode(root).decode(), *extensions))


def parse_checkpoint(text: str) -> Checkpoint:
    """Return what the text of a checkpoint says: the inverse of format_checkpoint.

    Errors: NoteError where it is none, or would be written differently.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() or not all(lines):
        raise NoteError("not a checkpoint: it has three lines or more, origin, size and root, and none is empty")
    origin, written, coded, *extensions = lines
    size = parse_decimal(written, "the size of a checkpoint")
    root = canonical_base64(coded)
    _check_root(size, root)
    return Checkpoint(origin, size, root, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, *signers: Signer) -> bytes:
    """Return the signed note of a checkpoint. Whether it contradicts one signed before is the caller's to know."""
    return sign_note(format_checkpoint(checkpoint), *signers)


def open_checkpoint(
    note: bytes, log: Verifier, *, origin: str | None = None, witnesses: Iterable[Verifier] = ()
) -> Opened:
    """Return a checkpoint once *log* has signed it. origin: the log's, where its key has another name.

    Errors: NoteError where it is malformed, of another log, or its log did not sign, or a witness's line does not
    fit. A missing witness is no error: that is the policy's to judge.
    """
    parsed = parse_note(note)
    checkpoint = parse_checkpoint(parsed.text)
    wanted = log.name if origin is None else origin
    if checkpoint.origin != wanted:
        raise NoteError(f"a checkpoint of {checkpoint.origin!r}, and one of {wanted!r} is wanted")
    verified_note(parsed, [log])
    return Opened(checkpoint, verified_note(parsed, [log, *witnesses]), parsed)


def parse_decimal(written: str, what: str) -> int:
    """Return a number written in ASCII without leading zeros. Errors: NoteError, which names *what* it is."""
    if not _DECIMAL.fullmatch(written) or int(written) > MAX_SIZE:
        raise NoteError(f"{what} is a decimal number from 0 to {MAX_SIZE}, not {written[:40]!r}")
    return int(written)


def _check_root(size: int, root: bytes) -> None:
    if len(root) != HASH_BYTES:
        raise NoteError(f"the root of a checkpoint has {HASH_BYTES} bytes, this one {len(root)}")
    if size == 0 and root != EMPTY_ROOT:
        raise NoteError("a checkpoint of no entries has the hash of nothing as its root")
