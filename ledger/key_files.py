"""Signer keys in files of their own, which only their owner can read.

    PRIVATE+KEY+ana+1a2b3c4d+AekyeRrm56h...        as it is, one line, as Go's note.NewSigner reads it

    {"vkey":"ana+1a2b3c4d+AX9...","salt":"...","nonce":"...","box":"..."}        under a passphrase

Under a passphrase the line above is in the box: ChaCha20-Poly1305 with the key that scrypt (n = 2**15, r = 8, p = 1)
makes of passphrase and salt; the verifier key beside it is bound to it.

A login key, which NATS lets in with, is refused here: a server chooses what it signs, and could pass it a command.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ledger.notary.keys import KeyFileError
from ledger.notary.note import NoteError, SignerKey, parse_signer_key, parse_vkey, signer_key


class Locked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signer key under a passphrase, its parts in base64."""

    vkey: str
    salt: str
    nonce: str
    box: str


def new_key(name: str) -> SignerKey:
    """Return a signer key that nobody had before. Errors: NoteError where *name* cannot be a key's."""
    return signer_key(name, secrets.token_bytes(32))


def write_key(path: Path, key: SignerKey, passphrase: str | None = None) -> None:
    """Write a key into a new file that only its owner can read. Errors: KeyFileError; no file is ever replaced."""
    content = key.written if passphrase is None else msgspec.json.encode(_locked(key, passphrase)).decode()
    try:
        # 1. The file is made, and nobody else can read it at any moment. A crash before the line is written leaves an
        #    empty file, which is no key; it is removed by hand.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{content}\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise KeyFileError(f"{path} is there already, and a key is never replaced; name another file") from error
    except OSError as error:
        raise KeyFileError(f"cannot write {path}: {error.strerror}; name a file that can be written") from error


def read_key(path: Path, passphrase: str | None = None) -> SignerKey | Locked:
    """Return the key in a file; one under a passphrase as it is where none is given.

    Errors: KeyFileError; it never tells what is in the file.
    """
    text = _text(path)
    if text.startswith("{"):
        try:
            locked = msgspec.json.decode(text, type=Locked)
        except msgspec.DecodeError as error:
            raise KeyFileError(f"{path} is no key under a passphrase; make one with `portfolio key new`") from error
        return locked if passphrase is None else _opened(path, locked, passphrase)
    if _is_login_key(text):
        raise KeyFileError(
            f"{path} is a login key, and login keys never sign commands: a server chooses what they sign; "
            "make a signer key with `portfolio key new`"
        )
    try:
        return parse_signer_key(text)
    except NoteError as error:
        raise KeyFileError(f"{path}: {error}; make a key with `portfolio key new`") from error


def vkey_of(path: Path) -> str:
    """Return the verifier key that belongs to the key in a file. Errors: KeyFileError."""
    key = read_key(path)
    if isinstance(key, SignerKey):
        return str(key.vkey)
    try:
        return str(parse_vkey(key.vkey))
    except NoteError as error:
        raise KeyFileError(f"{path}: {error}; make a key with `portfolio key new`") from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise KeyFileError(f"{path} can be read by others; `chmod 600 {path}`, and think who may have read it")
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise KeyFileError(f"cannot read the key {path}: {error.strerror}; name a file that can be read") from error
    except UnicodeDecodeError as error:
        raise KeyFileError(f"{path} is no key; make one with `portfolio key new`") from error


def _is_login_key(text: str) -> bool:
    """Say whether a text is or holds an nkey seed: S, the kind, and base32, 58 characters, alone or in a creds file."""
    lines = [line.strip() for line in text.splitlines()]
    return "NKEY SEED" in text or any(len(line) == 58 and line[0] == "S" and line.isalnum() for line in lines)


def _locked(key: SignerKey, passphrase: str) -> Locked:
    salt, nonce, vkey = secrets.token_bytes(16), secrets.token_bytes(12), str(key.vkey)
    box = ChaCha20Poly1305(_stretched(passphrase, salt)).encrypt(nonce, key.written.encode(), vkey.encode())
    return Locked(vkey, *(b64encode(part).decode() for part in (salt, nonce, box)))


def _opened(path: Path, locked: Locked, passphrase: str) -> SignerKey:
    try:
        salt, nonce, box = (b64decode(part, validate=True) for part in (locked.salt, locked.nonce, locked.box))
        written = ChaCha20Poly1305(_stretched(passphrase, salt)).decrypt(nonce, box, locked.vkey.encode())
        return parse_signer_key(written.decode())
    except (InvalidTag, ValueError) as error:
        raise KeyFileError(
            f"the passphrase does not open {path}; try again, or take the file it was made as"
        ) from error


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
