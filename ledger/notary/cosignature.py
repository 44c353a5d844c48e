"""Cosignatures: a witness's line under a log's checkpoint, with the time it was given.

    — Wit1 mz+y1QAAAABlU/EAWWygAvCVuKhO4u4Sce5f/6xOlViZSd4u+wsRmy+nxgowRBje7+du1ccJ6pJsz/XGKWvzqTZcLRQsTkvAg2kOBw==

The blob is the time (8 bytes, seconds since 1970) and 64 bytes of Ed25519 over

    cosignature/v1
    time 1700000000
    <the whole text of the checkpoint>

It says: at that time this was the largest tree of this log that I had seen, and it grew out of every one before. The
message does not name its witness, so a key serves one witness, and never a log as well. Lines of kind 0x06
(ML-DSA-44) are lines of unknown keys here.

Source: C2SP tlog-cosignature v1.0.1.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from ledger.notary.checkpoint import MAX_SIZE
from ledger.notary.note import (
    NoteError,
    Signature,
    SignerKey,
    Vkey,
    parse_signer_key,
    parse_vkey,
    sign_ed25519,
    signer_key,
    verify_ed25519,
)

COSIGNATURE = 0x04
"""The kind of a witness's key."""

SIGNATURE_BYTES = 64

_TIME = struct.Struct(">Q")


class Cosignature(NamedTuple):
    """A verified cosignature, with its time. at_s: seconds since 1970, as its witness states it."""

    signature: Signature
    at_s: int


class WitnessVkey(NamedTuple):
    """A witness's verifier key."""

    key: Vkey

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def key_id(self) -> bytes:
        return self.key.key_id

    def __str__(self) -> str:
        return str(self.key)

    def verify(self, text: str, blob: bytes) -> bool:
        """Return whether *blob* holds a time, and this key's signature over it and the checkpoint *text*."""
        if len(blob) != _TIME.size + SIGNATURE_BYTES or cosigned_at_s(blob) > MAX_SIZE:
            return False
        return verify_ed25519(self.key.public, _message(text, cosigned_at_s(blob)), blob[_TIME.size :])


class WitnessKey(NamedTuple):
    """A witness's signer key at a moment: what it signs is cosigned then. at_s: seconds since 1970."""

    key: SignerKey
    at_s: int

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def key_id(self) -> bytes:
        return self.key.key_id

    def sign(self, text: str) -> bytes:
        """Return the blob of a cosignature. Whether the checkpoint extends those before is the caller's to know."""
        return _TIME.pack(self.at_s) + sign_ed25519(self.key.seed, _message(text, self.at_s))


def parse_witness_vkey(written: str) -> WitnessVkey:
    """Return a witness's verifier key. Errors: NoteError, also where it is the key of a log."""
    return WitnessVkey(parse_vkey(written, kinds=(COSIGNATURE,)))


def parse_witness_key(written: str) -> SignerKey:
    """Return a witness's signer key; WitnessKey gives it a moment. Errors: NoteError."""
    return parse_signer_key(written, kinds=(COSIGNATURE,))


def witness_key(name: str, seed: bytes) -> SignerKey:
    """Return the signer key of a new witness. Errors: NoteError where name or seed is none."""
    return signer_key(name, seed, COSIGNATURE)


def cosigned_at_s(blob: bytes) -> int:
    """Return the time in a cosignature, in seconds since 1970. Errors: NoteError where it has none."""
    if len(blob) < _TIME.size:
        raise NoteError(f"a cosignature begins with its time, this one has {len(blob)} bytes")
    (at_s,) = _TIME.unpack_from(blob)
    return int(at_s)


def _message(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()
