"""Samples that neither side can steer: drawn from a root the witnesses signed and a nonce the auditor chose before.

    seed     = SHA-256("pmo-sample/v1" || root || nonce || stratum)
    rank(i)  = SHA-256(seed || i as 8 bytes, big-endian)           i is an entry's index, 0-based
    sample   = the entries of the stratum with the lowest ranks

The auditor files SHA-256(nonce) as a finding before the checkpoint is cosigned, and tells the nonce after: so the
root is fixed by whoever records, the nonce by whoever audits, and neither knew the other's. A stratum is `all`, or a
type of event such as FundingApproved. Source: reference/tlog-formats.md, section 6.3, and docs/spec/evidence.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

ALL = "all"
DOMAIN = b"pmo-sample/v1"


def seed_of(root: bytes, nonce: str, stratum: str = ALL) -> bytes:
    """Return the seed of a sample: 32 bytes."""
    return sha256(DOMAIN + root + nonce.encode() + stratum.encode()).digest()


def sample(seed: bytes, population: Sequence[int], count: int) -> list[int]:
    """Return *count* of the indexes in a population, all of them where there are fewer, in their own order."""
    ranked = sorted(population, key=lambda index: sha256(seed + index.to_bytes(8, "big")).digest())
    return sorted(ranked[:count])
