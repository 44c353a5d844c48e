"""Signer keys that are the same every time, by the name of who has them."""

from __future__ import annotations

import hashlib

from ledger.notary.note import SignerKey, signer_key


def key(name: str, more: str = "") -> SignerKey:
    """Return somebody's key. more: for another of theirs."""
    return signer_key(name, hashlib.sha256(f"{name}{more}".encode()).digest())


def vkey(name: str, more: str = "") -> str:
    """Return what verifies it, as it is enrolled."""
    return str(key(name, more).vkey)
