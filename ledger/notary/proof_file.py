"""Proof files: everything that ties one entry to a checkpoint, to be kept beside the entry and verified offline.

    c2sp.org/tlog-proof@v1
    extra eyJyb290IjogIi4uLiJ9                              if there is more to say; nobody vouches for it
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=             the path, the entry's sibling first
    B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=

    example.com/fancylog                                    the checkpoint, cosignatures and all
    ...

Source: C2SP tlog-proof, as of July 2026.
"""

from __future__ import annotations

from base64 import b64encode
from typing import NamedTuple

from ledger.notary.checkpoint import parse_decimal
from ledger.notary.note import NoteError, canonical_base64
from ledger.notary.policy import Judgement, Policy, judge
from ledger.notary.tlog import HASH_BYTES, leaf_hash, verify_inclusion

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MAX_PROOF_BYTES = 1_100_000
MAX_HASHES = 64


class TlogProof(NamedTuple):
    """One entry's place in a log. index: 0-based. hashes: 32 bytes each, leaf sibling first. checkpoint: the signed
    note as its log gave it. extra: what goes with it, believed by nobody; None where there is nothing."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of a proof
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


class Shown(NamedTuple):
    """What a proof file shows of an entry: whether it is in the log, and what the policy says of the checkpoint."""

    included: bool
    judgement: Judgement

    @property
    def holds(self) -> bool:
        """Whether the entry is under a checkpoint that satisfies the policy."""
        return self.included and self.judgement.holds


def format_proof(proof: TlogProof) -> bytes:
    """Return the file of a proof: parse_proof gives it back."""
    lines = [FIRST_LINE]
    if proof.extra is not None:
        lines.append(f"extra {b64encode(proof.extra).decode()}")
    lines.append(f"index {proof.index}")
    lines += [b64encode(each).decode() for each in proof.hashes]
    return ("\n".join(lines) + "\n\n").encode() + proof.checkpoint


def parse_proof(written: bytes) -> TlogProof:
    """Return the proof a file holds, nothing of it verified. Errors: NoteError where it is malformed."""
    if len(written) > MAX_PROOF_BYTES:
        raise NoteError(f"a proof has at most {MAX_PROOF_BYTES:,} bytes, this one {len(written):,}")
    head, empty, checkpoint = written.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise NoteError("not a proof: above its checkpoint it is ASCII") from error
    if first != FIRST_LINE or not empty:
        raise NoteError(f"not a proof: it begins with {FIRST_LINE!r} and has an empty line before its checkpoint")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = canonical_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise NoteError("not a proof: it does not say its index")
    index = parse_decimal(lines.pop(0).removeprefix("index "), "the index of a proof")
    hashes = tuple(map(canonical_base64, lines))
    if len(hashes) > MAX_HASHES or any(len(each) != HASH_BYTES for each in hashes):
        raise NoteError(f"not a proof: its path has at most {MAX_HASHES} hashes, of {HASH_BYTES} bytes each")
    return TlogProof(index, hashes, checkpoint, extra)


def verify_proof(proof: TlogProof, entry: bytes, policy: Policy, *, now_s: int, max_age_s: int | None = None) -> Shown:
    """Return what a proof shows of *entry*, the bytes as they stand in the log, under the verifier's own policy.

    Errors: NoteError as judge raises it. A path that does not fit is an answer: it is then not included.
    """
    judgement = judge(policy, proof.checkpoint, now_s=now_s, max_age_s=max_age_s)
    checkpoint = judgement.checkpoint
    included = verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return Shown(included, judgement)
