"""Checkpoints of a told history, signed and cosigned by keys of the tests, and the commands that anchor them."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.notary.checkpoint import Checkpoint, sign_checkpoint
from ledger.notary.cosignature import WitnessKey, witness_key
from ledger.notary.note import signer_key
from ledger.notary.rows import Rows
from ledger.notary.tlog import leaf_hash, tree_root
from schemas import codec
from schemas.envelope import Recorded
from tests.words import ORIGIN, PORTFOLIO, Ask

LOG = signer_key(ORIGIN, bytes(range(32)))
WITNESS = witness_key("audit", bytes(range(1, 33)))
OTHER_WITNESS = witness_key("board", bytes(range(2, 34)))
POLICY = f"log {LOG.vkey}\nwitness audit {WITNESS.vkey}\nwitness board {OTHER_WITNESS.vkey}\nquorum audit\n".encode()


def checkpoint(leaves: Sequence[bytes], *, at_s: int | None = None, origin: str = ORIGIN) -> bytes:
    """Return the signed checkpoint over these leaf hashes, cosigned at a time where one is given."""
    signers = [signer_key(origin, bytes(range(32))), *([] if at_s is None else [WitnessKey(WITNESS, at_s)])]
    return sign_checkpoint(Checkpoint(origin, len(leaves), tree_root(leaves)), *signers)


def proof(leaves: Sequence[bytes], size: int) -> list[str]:
    """Return the consistency proof from a size to all leaves, hexadecimal."""
    return [each.hex() for each in Rows(leaves).consistency(size)]


def anchor(
    events: Sequence[Recorded], size: int | None = None, *, at_s: int | None = None, origin: str = ORIGIN
) -> Ask:
    """Return what anchors the checkpoint of a size, without one of all events. at_s: when it was cosigned."""
    leaves = [leaf_hash(codec.encode(event)) for event in events]
    size = len(leaves) if size is None else size
    return anchoring(checkpoint(leaves[:size], at_s=at_s, origin=origin).decode(), proof(leaves, size))


def anchoring(note: str, hashes: Sequence[str] = ()) -> Ask:
    """Return what anchors a note."""
    told = {"portfolio": PORTFOLIO, "checkpoint": note, "proof": list(hashes)}
    return Ask("AnchorCheckpoint", f"checkpoint/{PORTFOLIO}", told)
