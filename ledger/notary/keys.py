"""The log's signer key: a file that only its owner reads, outside of everything that is published.

    <data>/.keys/<portfolio>.log        PRIVATE+KEY+ai-2026-3f9a12bc+4be17a2c+AQ...

It is made by the first notary of a log. Whoever has it can sign another history; that this is noticed takes a
checkpoint somebody remembers, or witnesses. Whoever loses it cannot go on with the log.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ledger.files import sync_directory
from ledger.notary.note import SEED_BYTES, NoteError, SignerKey, parse_signer_key, signer_key


class KeyFileError(Exception):
    """A key file cannot be used: which, why, what next."""


def log_key_path(data: Path, portfolio: str) -> Path:
    """Return where the key of a portfolio's log is kept."""
    return data / ".keys" / f"{portfolio}.log"


def read_log_key(path: Path, origin: str) -> SignerKey | None:
    """Return the key of a log, None where there is no such file. Errors: KeyFileError, OSError."""
    try:
        mode, written = path.stat().st_mode, path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{path} is no key file; give the one of {origin}") from error
    if mode & 0o077:
        raise KeyFileError(f"{path} can be read by others; `chmod 600 {path}`, and ask who has read it")
    try:
        key = parse_signer_key(written.strip("\n"))
    except NoteError as error:
        raise KeyFileError(f"{path} is no key file: {error}; give the one of {origin}") from error
    if key.name != origin:
        raise KeyFileError(f"{path} is the key of {key.name}, and this log is {origin}; give its own key")
    return key


def make_log_key(path: Path, origin: str) -> SignerKey:
    """Make the key of a log in a new file, on the disk when this returns. Errors: FileExistsError, OSError."""
    key = signer_key(origin, secrets.token_bytes(SEED_BYTES))
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(key.written + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync_directory(path.parent)
    return key
