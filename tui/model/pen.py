"""The pen: the keys that a form's decisions are signed with, whose each is, and the command as it is sent."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ledger.book import Book
from ledger.notary.note import SignerKey
from ledger.rules.signatures import key_of
from ledger.signing import NotSigned, signed
from schemas import sent
from tui.model.card import CardLine
from tui.model.text import clean

NEXT_KEY = "leave it as a draft, and open this again with --key FILE; once for each who signs"
"""What to do where a signature is missing, or is none that counts."""


class Pen(NamedTuple):
    """keys: one for each who signs; none where nobody does. apart: puts the free texts of a command into the vault,
    None where there is no vault."""

    keys: Sequence[SignerKey] = ()
    apart: Callable[[bytes], bytes] | None = None

    def signed(self, line: bytes) -> bytes:
        """Return a command as it is sent. What is none yet stays as it is, and is told of by who judges it."""
        try:
            return sent.joined(*signed(line, *self.keys)) if self.keys else line
        except NotSigned:
            return line

    def kept_apart(self, payload: bytes) -> bytes:
        """Return a command with its texts in the vault, signed as it then stands. Errors: VaultError, OSError."""
        return payload if self.apart is None else self.signed(self.apart(sent.split(payload).line))

    def lines(self, book: Book, actor: str, day: datetime.date) -> list[CardLine]:
        """Return by which key each signs, and whether it counts on a day. actor: who sends the command."""
        found = [_told(key, book, actor, day) for key in self.keys]
        if self.apart is not None:
            found.append(CardLine("texts", "free texts go into the vault, and commitments into the ledger"))
        return found


NO_PEN = Pen()
"""Nobody signs, and no text is kept apart."""


def _told(key: SignerKey, book: Book, actor: str, day: datetime.date) -> CardLine:
    name, vkey = f"{clean(key.name, 60)}+{key.key_id.hex()}", str(key.vkey)
    whose = book.keys.get(vkey)
    if whose is None:
        return CardLine("signs", f"{name}: nobody is enrolled with this key", "problem")
    if key_of(book, whose, day) != vkey:
        return CardLine("signs", f"{name} of {clean(whose)}: this key does not count any more, or not yet", "problem")
    beside = "" if whose == actor else f", beside {clean(actor)} who sends it"
    return CardLine("signs", f"{clean(whose)}, with {name}{beside}", "yes")
