"""The keys a command is signed with: files named by `--key`, opened with a passphrase where they need one."""

from __future__ import annotations

import getpass
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from ledger.key_files import read_key
from ledger.notary.note import SignerKey
from ledger.signing import NotSigned, signed
from schemas import sent
from tui.common import CommandError, read_file

SIGNING = Group("Signing", sort_key=90)


@Parameter(name="*", group=SIGNING)
@dataclass(frozen=True)
class Signing:
    """Options of every command that can sign."""

    key: Annotated[
        list[Path] | None, Parameter(help="A file of a signer key to sign with; again for another.", negative="")
    ] = None
    passphrase_file: Annotated[
        Path | None, Parameter(help="Where the passphrase of the keys is written; else it is asked for.")
    ] = None

    def signed(self, payload: bytes) -> bytes:
        """Return what is sent: a command, signed with the keys that are named; without any as it is.

        Errors: CommandError.
        """
        return signed_with(self.keys(), payload)

    def keys(self) -> list[SignerKey]:
        """Return the keys that are named, read once. Errors: KeyFileError, CommandError."""
        return [opened(path, self.passphrase_file) for path in self.key or ()]


def signed_with(keys: list[SignerKey], payload: bytes) -> bytes:
    """Return a command as it is sent, signed with some keys; without any as it is. Errors: CommandError."""
    if not keys:
        return payload
    try:
        return sent.joined(*signed(payload, *keys))
    except NotSigned as error:
        raise CommandError(f"cannot sign: {error}") from error


def opened(path: Path, passphrase_file: Path | None = None) -> SignerKey:
    """Return the key in a file; the passphrase is read from a file, or asked for.

    Errors: KeyFileError, CommandError.
    """
    key = read_key(path)
    if not isinstance(key, SignerKey):
        key = read_key(path, passphrase(passphrase_file, f"Passphrase of {path}: "))
    assert isinstance(key, SignerKey), "with a passphrase a key is opened, or refused"
    return key


def passphrase(file: Path | None, asking: str) -> str:
    """Return a passphrase from a file's first line, or from who sits at the terminal. Errors: CommandError."""
    if file is not None:
        lines = read_file(file).decode(errors="replace").splitlines()
        if not lines or not lines[0]:
            raise CommandError(f"{file} has no passphrase in its first line; write one there, or name another file")
        return lines[0]
    if not sys.stdin.isatty():
        raise CommandError("the key is under a passphrase, and nobody is there to ask; give --passphrase-file FILE")
    return getpass.getpass(asking)
