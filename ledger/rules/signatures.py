"""Signatures over a command, judged by the keys that are enrolled when it is recorded.

What is signed is the command's line and a newline, as the text of a signed note (ledger/notary/note.py); a signature is
one line under it, one for each who signs. A key is its actor's from the entry that enrols it until an entry that names
another key, none, or that it is revoked or its actor has left. Entries that come later change nothing about earlier
signatures: a command is judged by the book it met.
"""

from __future__ import annotations

import datetime
from functools import lru_cache

from ledger.book import Book
from ledger.notary.note import NoteError, Signature, Vkey, check_text, parse_signatures, parse_vkey
from schemas.events import ActorEnrolled
from schemas.receipts import Reason, Refused

MAX_SIGNATURES_CHARACTERS = 8_000
"""What an event can hold. Source: schemas/envelope.py."""


def signers(line: bytes, signatures: str, book: Book, day: datetime.date) -> tuple[str, ...] | Refused:
    """Return the actors whose keys signed a command, each once, in the order of the lines; or what is wrong.

    line: as it came, without its end. signatures: the lines under it. day: the day it is recorded. Every line has to
    be of a key that stands on that day, and fit: what nobody can check is refused, and not passed over.
    """
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
        signer = _signer(text, signature, book, day)
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


def _signer(text: str, signature: Signature, book: Book, day: datetime.date) -> str | Refused:
    """Return the actor whose signature this is. Four bytes name a key, so that two keys may have one name."""
    shown = f"{signature.name}+{signature.key_id.hex()}"
    keys = [(vkey, actor) for vkey, actor in book.keys.items() if vkey.startswith(f"{shown}+")]
    if not keys:
        return Refused(Reason.KEY_UNKNOWN, field="signatures", value=shown)
    standing = [(vkey, actor) for vkey, actor in keys if key_of(book, actor, day) == vkey]
    if not standing:
        return Refused(Reason.KEY_REVOKED, field="signatures", value=shown, actor=keys[0][1], on=day)
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
