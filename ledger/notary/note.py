"""Signed notes: a text, an empty line, and under it one line for each key that signed.

    This is an example message.

    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

A signature line is an em dash, the key's name, and base64 of its id (4 bytes) with the signature. The text ends in a
newline, which is signed too; the last empty line ends it. A key is known by name and id together, and its id hashes
the name, the kind of signature and the public key. Keys are written as

    example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k       who verifies: name+id+base64(kind, key)
    PRIVATE+KEY+example.com/foo+530d903a+...                                    who signs: the same, with the seed

Lines end in "\\n" and nothing else does: U+2028, which str.splitlines splits at, may stand within a line.

Source: C2SP signed-note v1.0.0. Ed25519 (RFC 8032) is the `cryptography` package's.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 0x01
"""The kind of a key that signs the text itself."""

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
"""Most signature lines of a note. The specification asks for at least 16, Go's reader takes 100."""

KEY_ID_BYTES = 4
PUBLIC_KEY_BYTES = SEED_BYTES = 32

_DASH = "— "
_SPLIT = "\n\n"
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
_FIELD_PRIME = 2**255 - 19
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _FIELD_PRIME - 1,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    }
)
"""The y of every point whose order divides 8. Under such a key a signature can be made that fits many texts."""


class NoteError(ValueError):
    """A note, or a key, that is malformed, or that a key we know did not sign: what is wrong."""


class Signature(NamedTuple):
    """One signature line. key_id: 4 bytes. blob: what the key's kind makes of it, 64 bytes for Ed25519."""

    name: str
    key_id: bytes
    blob: bytes


class Note(NamedTuple):
    """A text and the lines under it, nothing of it verified. text: with its last newline."""

    text: str
    signatures: tuple[Signature, ...]


class Verifier(Protocol):
    """A key that can tell whether a signature line is its own."""

    @property
    def name(self) -> str: ...
    @property
    def key_id(self) -> bytes: ...
    def verify(self, text: str, blob: bytes) -> bool:
        """Return whether *blob* is this key's signature over *text*."""
        ...


class Signer(Protocol):
    """A key that can add its line to a note."""

    @property
    def name(self) -> str: ...
    @property
    def key_id(self) -> bytes: ...
    def sign(self, text: str) -> bytes:
        """Return the blob of a signature over *text*."""
        ...


class Vkey(NamedTuple):
    """A verifier key: of kind ED25519 here, of another kind for whoever knows it. public: 32 bytes."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.kind]) + self.public).decode()}"

    def verify(self, text: str, blob: bytes) -> bool:
        """Return whether *blob* is this key's Ed25519 signature over the bytes of *text*."""
        return self.kind == ED25519 and verify_ed25519(self.public, text.encode(), blob)


class SignerKey(NamedTuple):
    """A signer key, its secret out of sight: only `written` tells it. seed: 32 bytes."""

    name: str
    kind: int
    seed: bytes

    @property
    def vkey(self) -> Vkey:
        """The key that verifies what this one signs."""
        return Vkey(self.name, self.kind, _private(self.seed).public_key().public_bytes_raw())

    @property
    def key_id(self) -> bytes:
        return self.vkey.key_id

    @property
    def written(self) -> str:
        """The key as a text, secret included, as Go's note.NewSigner reads it."""
        secret = b64encode(bytes([self.kind]) + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.key_id.hex()}+{secret}"

    def __repr__(self) -> str:
        return f"<signer key of {self.vkey}>"

    def __str__(self) -> str:
        return repr(self)

    def sign(self, text: str) -> bytes:
        """Return the Ed25519 signature over the bytes of *text*. Errors: ValueError for a key of another kind."""
        if self.kind != ED25519:
            raise ValueError(f"a key of kind {self.kind:#04x} does not sign texts: {self.vkey}")
        return sign_ed25519(self.seed, text.encode())


def parse_vkey(written: str, *, kinds: Sequence[int] = (ED25519,)) -> Vkey:
    """Return the verifier key that *written* is. kinds: those the caller can verify.

    Errors: NoteError where it is malformed, its id is not its own, its kind is another, or its key is weak.
    """
    name, kind, public = _parsed_key(written, written, kinds)
    _check_public(public, written)
    return Vkey(name, kind, public)


def parse_signer_key(written: str, *, kinds: Sequence[int] = (ED25519,)) -> SignerKey:
    """Return the signer key that *written* is. Errors: NoteError, which does not tell the secret."""
    shown = "a signer key"
    prefix = "PRIVATE+KEY+"
    if not written.startswith(prefix):
        raise NoteError(f"not {shown}: it does not begin with {prefix}")
    name, kind, seed = _parsed_key(written.removeprefix(prefix), shown, kinds, secret=True)
    return SignerKey(name, kind, seed)


def signer_key(name: str, seed: bytes, kind: int = ED25519) -> SignerKey:
    """Return the signer key of a name and 32 random bytes. Errors: NoteError where the name or seed is none."""
    check_name(name)
    if len(seed) != SEED_BYTES:
        raise NoteError(f"a seed has {SEED_BYTES} bytes, not {len(seed)}")
    return SignerKey(name, kind, seed)


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Return the 4 bytes that, with the name, tell a key in a signature line."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:KEY_ID_BYTES]


def parse_note(note: bytes) -> Note:
    """Return the text and the signature lines of a note, unverified. Errors: NoteError where it is no note."""
    if len(note) > MAX_NOTE_BYTES:
        raise NoteError(f"a note has at most {MAX_NOTE_BYTES:,} bytes, this one {len(note):,}")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise NoteError(f"not a note: byte {error.start} is not UTF-8") from error
    if found := _CONTROL.search(whole):
        raise NoteError(f"not a note: it has the control character {found[0]!r}")
    split = whole.rfind(_SPLIT)
    if split < 0:
        raise NoteError("not a note: no empty line ends its text")
    # The text keeps its newline; the empty line belongs to neither.
    return Note(whole[: split + 1], parse_signatures(whole[split + len(_SPLIT) :]))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Return the signatures of one line or more, each ending in a newline. Errors: NoteError."""
    if not lines.endswith("\n"):
        raise NoteError("not a note: its last line does not end" if lines else "not a note: nobody signed it")
    each = lines[:-1].split("\n")
    if len(each) > MAX_SIGNATURES:
        raise NoteError(f"a note has at most {MAX_SIGNATURES} signatures, this one {len(each)}")
    return tuple(map(_signature, each))


def format_note(note: Note) -> bytes:
    """Return the bytes of a note: the inverse of parse_note."""
    return (note.text + "\n" + format_signatures(note.signatures)).encode()


def format_signatures(signatures: Iterable[Signature]) -> str:
    """Return the lines of signatures, each with its newline."""
    return "".join(f"{_DASH}{name} {b64encode(identity + blob).decode()}\n" for name, identity, blob in signatures)


def sign_note(text: str, *signers: Signer) -> bytes:
    """Return the note of *text* under the signatures of *signers*, in their order.

    Errors: NoteError where the text cannot be signed: it does not end in a newline, has a control character, or an
    empty line, which some readers end it at.
    """
    check_text(text)
    return format_note(Note(text, tuple(signature_of(text, signer) for signer in signers)))


def signature_of(text: str, signer: Signer) -> Signature:
    """Return the signature line that *signer* adds to a text."""
    return Signature(signer.name, signer.key_id, signer.sign(text))


def verified(note: Note, keys: Iterable[Verifier]) -> tuple[Signature, ...]:
    """Return the signatures that are of a key in *keys*, each of them verified; those of other keys are left out.

    Errors: NoteError where a known key's signature does not fit, or none of them signed.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            continue
        if not key.verify(note.text, signature.blob):
            raise NoteError(
                f"the signature of {signature.name}+{signature.key_id.hex()} does not fit the text: text or signature "
                "was changed, or the key is another's"
            )
        found.append(signature)
    if not found:
        signed = ", ".join(f"{each.name}+{each.key_id.hex()}" for each in note.signatures)
        wanted = ", ".join(f"{name}+{identity.hex()}" for name, identity in known) or "none"
        raise NoteError(f"no known key signed: signed by {signed}; known: {wanted}")
    return tuple(found)


def check_text(text: str) -> None:
    """Raise NoteError where a text cannot be signed."""
    if not text.endswith("\n"):
        raise NoteError("a text to be signed ends in a newline")
    if text.startswith("\n") or _SPLIT in text:
        raise NoteError("a text to be signed has no empty line, since some readers end it there")
    if found := _CONTROL.search(text):
        raise NoteError(f"a text to be signed has no control character, this one {found[0]!r}")


def check_name(name: str) -> None:
    """Raise NoteError where *name* cannot be a key's."""
    if not name or "+" in name or any(map(str.isspace, name)) or _CONTROL.search(name):
        raise NoteError(f"not the name of a key: {name!r}; it has at least one character, no space and no +")


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether *signature* is over *message* and by the key *public*. What is malformed is not."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign_ed25519(seed: bytes, message: bytes) -> bytes:
    """Return the Ed25519 signature over *message*, 64 bytes, the same every time."""
    return _private(seed).sign(message)


def canonical_base64(written: str) -> bytes:
    """Return the bytes *written* stands for. Errors: NoteError where they would be written differently."""
    try:
        found = b64decode(written, validate=True)
    except ValueError as error:
        raise NoteError(f"not base64: {written[:80]!r}") from error
    if b64encode(found).decode() != written:
        raise NoteError(f"not the base64 it would be written as: {written[:80]!r}")
    return found


def _signature(line: str) -> Signature:
    name, space, written = line.removeprefix(_DASH).partition(" ")
    if not (line.startswith(_DASH) and space):
        raise NoteError(f"not a signature line: {line[:80]!r}")
    check_name(name)
    found = canonical_base64(written)
    if len(found) <= KEY_ID_BYTES:
        raise NoteError(f"the signature of {name} has {len(found)} bytes, too few for a key's id and a signature")
    return Signature(name, found[:KEY_ID_BYTES], found[KEY_ID_BYTES:])


def _parsed_key(written: str, shown: str, kinds: Sequence[int], *, secret: bool = False) -> tuple[str, int, bytes]:
    """Return name, kind and the 32 bytes of a key, its id checked."""
    # Base64 may have a +, a name may not.
    name, plus, rest = written.partition("+")
    identity, other_plus, coded = rest.partition("+")
    if not (plus and other_plus):
        raise NoteError(f"not a key: {shown!r}; it is written as name+id+base64")
    check_name(name)
    try:
        found = canonical_base64(coded)
    except NoteError as error:
        raise NoteError(f"not a key: {shown!r}; its last part is not base64") from error
    kind, key = found[:1], found[1:]
    if not kind or kind[0] not in kinds:
        allowed = " or ".join(f"{each:#04x}" for each in kinds)
        raise NoteError(f"the key {shown!r} is of kind 0x{kind.hex()}, and {allowed} is wanted here")
    if len(key) != PUBLIC_KEY_BYTES:
        raise NoteError(f"the key {shown!r} has {len(key)} bytes, not {PUBLIC_KEY_BYTES}")
    public = _private(key).public_key().public_bytes_raw() if secret else key
    if identity != key_id(name, kind[0], public).hex():
        raise NoteError(f"the key {shown!r} does not have the id it says; copy it again")
    return name, kind[0], key


def _check_public(public: bytes, shown: str) -> None:
    y = int.from_bytes(public, "little") & (2**255 - 1)
    if y >= _FIELD_PRIME or y in _SMALL_ORDER_Y:
        raise NoteError(f"the key {shown!r} is weak: its point is of small order, so it proves nothing")


def _private(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)
