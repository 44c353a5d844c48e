"""Signatures over a command, judged by the keys that are enrolled when it is recorded.

What is signed is the command's line and a newline, as the text of a signed note (ledger/notary/note.py); a signature is
one line under it, one for each who signs. A key is its actor's from the entry that enrols it until an entry that names
another key, none, or that it is revoked or its actor has left. Entries that come later change nothing about earlier
signatures: a command is judged by the book it met.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import lru_cache

from ledger.book import Book
from ledger.notary.note import NoteError, Signature, Vkey, check_text, parse_signatures, parse_vkey
from schemas.events import ActorEnrolled, Registrar
from schemas.receipts import Reason, Refused

MAX_SIGNATURES_CHARACTERS = 8_000
"""What an event can hold. Source: schemas/envelope.py."""


def signers_of(
    line: bytes, signatures: str, book: Book, day: datetime.date, *, first: Registrar | None = None
) -> tuple[str, ...] | Refused:
    """Return the actors whose keys signed a command, each once, in the order of the lines; or what is wrong.

    line: as it came, without its end. signatures: the lines under it. day: the day it is recorded. first: of an
    opening, the registrar it names, whose key nobody can have enrolled before. Every line has to be of a key that
    stands on that day, and fit: what nobody can check is refused, and not passed over.
    """
    keys = book.keys if first is None or first.vkey is None else {first.vkey: first.actor}
    if len(signatures) > MAX_SIGNATURES_CHARACTERS:
        return _invalid(f"its signatures have {len(signatures):,} characters, more than {MAX_SIGNATURES_CHARACTERS:,}")
    try:
        text = f"{line.decode()}\n"
        check_text(text)
        found = parse_signatures(signatures)
    except (NoteError, UnicodeDecodeError) as error:
        return _invalid(str(error))
    named: dict[str, None] = {}
    for signature in found:
        signer = _signer(text, signature, keys, book if first is None else None, day)
        if isinstance(signer, Refused):
            return signer
        named[signer] = None
    return tuple(named)


def key_of(book: Book, actor: str, day: datetime.date) -> str | None:
    """Return the key an actor signs with on a day as it was written, None where they have none.

    Of the entries about an actor that are effective, the one recorded last holds: one that is dated back to before
    another was recorded takes a key away all the same.
    """
    stack = [dated for dated in book.stack(f"actor/{actor}", ActorEnrolled) if dated.effective_on <= day]
    if not stack:
        opened = book.opened
        return None if opened is None or opened.registrar.actor != actor else opened.registrar.vkey
    enrolled: ActorEnrolled = max(stack, key=lambda dated: dated.sequence).fact
    begun = enrolled.valid_from is None or enrolled.valid_from <= day
    ended = enrolled.valid_to is not None and enrolled.valid_to < day
    return enrolled.vkey if begun and not ended and enrolled.status in ("active", "rotated") else None


def _signer(
    text: str, signature: Signature, keys: Mapping[str, str], book: Book | None, day: datetime.date
) -> str | Refused:
    """Return the actor whose signature this is. keys: whose each is. book: None where each of them stands.

    Four bytes name a key, so that two keys may have one name.
    """
    shown = f"{signature.name}+{signature.key_id.hex()}"
    known = [(vkey, actor) for vkey, actor in keys.items() if vkey.startswith(f"{shown}+")]
    if not known:
        return Refused(Reason.KEY_UNKNOWN, field="signatures", value=shown)
    standing = [(vkey, actor) for vkey, actor in known if book is None or key_of(book, actor, day) == vkey]
    if not standing:
        return Refused(Reason.KEY_REVOKED, field="signatures", value=shown, actor=known[0][1], on=day)
    for vkey, actor in standing:
        key = _parsed(vkey)
        if key is not None and key.verify(text, signature.blob):
            return actor
    return _invalid(f"the signature of {shown} does not fit: the command was changed, or is another's")


@lru_cache(maxsize=4_096)
def _parsed(vkey: str) -> Vkey | None:
    """Return a key as it was enrolled, None where it is none: an older version of the rules took any text."""
    try:
        return parse_vkey(vkey)
    except NoteError:
        return None


def _invalid(problem: str) -> Refused:
    return Refused(Reason.SIGNATURE_INVALID, field="signatures", problem=problem)
