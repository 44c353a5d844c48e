"""Texts kept apart: into the vault before a command that commits to them is sent, and out of it onto a screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ledger.vault import Vault, with_commitments


def kept_apart(line: bytes, directory: Path | None) -> bytes:
    """Return a command with its free texts in a vault; as it is where there is none. Errors: VaultError, OSError."""
    return keeping_apart(directory)(line)


def keeping_apart(directory: Path | None) -> Callable[[bytes], bytes]:
    """Return what does that for many commands. The vault is made where it is not there. Errors: VaultError, OSError.

    The texts are in the vault before what commits to them is sent: a crash loses neither, and the same commands, sent
    again, are the same bytes. A signed command with open texts is a VaultError.
    """
    if directory is None:
        return lambda line: line
    vault = Vault(directory, make=True)
    return lambda line: with_commitments(line, vault)


def texts_of(directory: Path | None) -> Callable[[str], str | None] | None:
    """Return what reads a vault's text by its commitment; None where there is no vault. Errors: VaultError."""
    return None if directory is None else Vault(directory).text
