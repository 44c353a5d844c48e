"""The vault: texts that stand in the ledger as salted commitments, in files of whoever is responsible for them.

    <vault>/name                    hr
    <vault>/9f2c...e1.json          {"salt":"5a...","text":"...","commandid":"vote-17","field":"data.dissent"}

    commitment = SHA-256(salt || text), 32 random bytes of salt, so that nobody can try out what a text may have been

A file a text, named by its commitment, readable by its owner only. Removing it is what erases the text: what is left in
the ledger says nothing of it, and everything is verified as before. A text is here before the command that commits to
it is sent, so that a crash loses neither; a command that is made again gets the salts it had, and so the same bytes.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from ledger.files import replace_file, sync_directory
from schemas import sent
from schemas.commands import MAX_COMMAND_BYTES, parse
from schemas.receipts import Refused
from schemas.values import Commitment, Shape

SALT_BYTES = 32
NAME = "name"

_OTHERS = 0o077


class VaultError(OSError):
    """A vault cannot be used, or a file in it is not what it should be: which, and what next."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A text and what it was hashed with. salt: hexadecimal. commandid, field: where it was first written."""

    salt: str
    text: str
    commandid: str
    field: str

    @property
    def commitment(self) -> str:
        return commitment_of(bytes.fromhex(self.salt), self.text)


def commitment_of(salt: bytes, text: str) -> str:
    """Return what stands for a text: SHA-256 over salt and text in UTF-8, hexadecimal."""
    return sha256(salt + text.encode()).hexdigest()


class Vault:
    """The texts of one vault, in a directory."""

    def __init__(self, directory: Path, *, make: bool = False) -> None:
        """make: make it where it is not there. Errors: VaultError where it is none, or others can read it; OSError."""
        self.directory = directory
        if make and not directory.exists():
            directory.mkdir(parents=True, mode=0o700)
        if not directory.is_dir():
            raise VaultError(f"there is no vault at {directory}; give the directory the texts are kept in")
        if directory.stat().st_mode & _OTHERS:
            raise VaultError(f"{directory} can be read by others; `chmod 700 {directory}`, and ask who has read it")
        self._made: dict[tuple[str, str, str], Kept] | None = None

    @property
    def name(self) -> str:
        """What commitments call this vault; of a new one, its directory's name. Errors: OSError."""
        try:
            return (self.directory / NAME).read_text().strip()
        except FileNotFoundError:
            name = self.directory.resolve().name
            replace_file(self.directory / NAME, f"{name}\n".encode(), durable=True)
            return name

    def get(self, commitment: str) -> Kept | None:
        """Return what is kept under a commitment, None where nothing is. Errors: VaultError where it is damaged."""
        file = self._file(commitment)
        try:
            kept = msgspec.json.decode(file.read_bytes(), type=Kept)
            fits = kept.commitment == commitment
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, ValueError) as error:
            raise VaultError(f"{file} is damaged: {error}; take it back from a copy") from error
        if not fits:
            raise VaultError(f"{file} holds another text than its commitment; take it back from a copy")
        return kept

    def text(self, commitment: str) -> str | None:
        """Return the text of a commitment, None where it is not here or cannot be read as it was."""
        try:
            kept = self.get(commitment)
        except OSError:
            return None
        return None if kept is None else kept.text

    def keep(self, text: str, commandid: str, field: str) -> Commitment:
        """Keep a text, on the disk when this returns, and return what stands for it.

        The same text of the same command and field keeps the salt it had. Errors: VaultError, OSError.
        """
        if self._made is None:
            found = (self.get(each) for each in self.commitments())
            self._made = {(kept.commandid, kept.field, kept.text): kept for kept in found if kept is not None}
        kept = self._made.get((commandid, field, text))
        if kept is None:
            kept = Kept(salt=secrets.token_hex(SALT_BYTES), text=text, commandid=commandid, field=field)
            # A crash after this line leaves a text that no entry commits to; the same command, made again, uses it.
            replace_file(self._file(kept.commitment), msgspec.json.encode(kept), durable=True)
            self._made[commandid, field, text] = kept
        return Commitment(commitment=kept.commitment, vault=self.name)

    def erase(self, commitment: str) -> bool:
        """Remove a text with its salt, off the disk when this returns; say whether it was here. Errors: OSError."""
        try:
            os.unlink(self._file(commitment))
        except FileNotFoundError:
            return False
        sync_directory(self.directory)
        self._made = None
        return True

    def commitments(self) -> Iterator[str]:
        """Yield the commitments of all that is kept, sorted."""
        yield from sorted(path.stem for path in self.directory.glob("*.json"))

    def _file(self, commitment: str) -> Path:
        if len(commitment) != 64 or not set(commitment) <= set("0123456789abcdef"):
            raise VaultError(f"{commitment!r} is no commitment; it has 64 hexadecimal digits")
        return self.directory / f"{commitment}.json"


_NOTHING = Commitment(commitment="0" * 64, vault="none")


def with_commitments(line: bytes, vault: Vault) -> bytes:
    """Return a command with its free texts kept in a vault, and commitments in their places.

    One that cannot be read, or has none, is returned as it is. Texts in a policy's body stay: they are about no person.
    Errors: VaultError, also where the command would be too long, or was signed with its texts in it; OSError.
    """
    asked, signatures = sent.split(line)
    command = parse(asked)
    if isinstance(command, Refused):
        return line  # why it is refused is told by who decides it
    shape = type(command.data)
    told = json.loads(asked)
    if signatures:
        found: dict[str, Commitment] = {}
        _replaced(shape, told["data"], "data", lambda field, _: found.setdefault(field, _NOTHING))
        if found:
            raise VaultError(
                f"command {command.commandid} was signed with the text of {next(iter(found))} in it, which can no "
                "longer be kept apart; sign it with --vault"
            )
        return line
    changed = _replaced(shape, told["data"], "data", lambda field, text: vault.keep(text, command.commandid, field))
    if changed == told["data"]:
        return line
    made = msgspec.json.encode(told | {"data": changed})
    if len(made) > MAX_COMMAND_BYTES:
        raise VaultError(f"command {command.commandid} is longer than {MAX_COMMAND_BYTES:,} bytes with its commitments")
    return made


def _replaced(hint: Any, value: Any, path: str, keep: Callable[[str, str], Commitment]) -> Any:
    """Return a plain value with every text that may be a commitment replaced. hint: the type it is of."""
    if isinstance(value, str):
        return msgspec.to_builtins(keep(path, value)) if _is_text(hint) else value
    if isinstance(value, dict):
        shape = _shape_of(hint)
        if shape is None:
            return value
        hints = get_type_hints(shape, include_extras=True)
        names = {field.encode_name: hints[field.name] for field in msgspec.structs.fields(shape)}
        return {
            name: _replaced(names[name], inner, f"{path}.{name}", keep) if name in names else inner
            for name, inner in value.items()
        }
    if isinstance(value, list):
        inner_hint = _item_of(hint)
        return [_replaced(inner_hint, inner, f"{path}.{place}", keep) for place, inner in enumerate(value)]
    return value


def _parts(hint: Any) -> list[Any]:
    """Return the types a hint allows, without limits and None."""
    if get_origin(hint) is Annotated:
        return _parts(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return [part for inner in get_args(hint) for part in _parts(inner)]
    return [hint]


def _is_text(hint: Any) -> bool:
    parts = _parts(hint)
    return Commitment in parts and str in parts


def _shape_of(hint: Any) -> type[Shape] | None:
    """Return the one shape a hint allows; None where there are several, or none, or it is a commitment."""
    shapes = [each for each in _parts(hint) if isinstance(each, type) and issubclass(each, Shape)]
    return shapes[0] if len(shapes) == 1 and shapes[0] is not Commitment else None


def _item_of(hint: Any) -> Any:
    tuples = [each for each in _parts(hint) if get_origin(each) is tuple]
    return get_args(tuples[0])[0] if tuples else None
