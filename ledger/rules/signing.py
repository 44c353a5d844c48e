"""Signed commands: who signed a command, judged by the keys as they are enrolled at its place, and who has to.

The signed text is the command's line and a newline; the signatures are the lines of a signed note over it, one a
signer. What tells who signed is given (`Verify`): a pure function of the line, the lines and the book.
"""

from __future__ import annotations

from collections.abc import Callable

from ledger.book import Book
from ledger.rules.case import Case
from ledger.rules.guards import Guards
from schemas.receipts import Reason, Refused

Verify = Callable[[bytes, str, Book], tuple[str, ...] | Refused]
"""(line, signature lines, book) -> the actors whose keys signed it, or why it is refused: KEY_UNKNOWN, KEY_REVOKED,
SIGNATURE_INVALID. Pure; the book is only read."""


def nobody_can_tell(_line: bytes, _signatures: str, _book: Book) -> Refused:
    """Refuse what cannot be checked: a signature nobody verified is no signature."""
    return Refused(Reason.SIGNATURE_INVALID, field="signatures", problem="signatures cannot be checked yet")


VERIFY: Verify = nobody_can_tell


def signed_by_those_who_must(line: bytes, signatures: str | None, case: Case) -> Guards:
    """Every signature is one over this command; where policy wants it signed, its actor signed it."""
    signers: tuple[str, ...] = ()
    if signatures is not None:
        found = VERIFY(line, signatures, case.book)
        if isinstance(found, Refused):
            yield found
            return
        signers = found
    policy = case.policy("signing")
    if policy is not None and case.ask.type.partition(".")[0] in policy.commands and case.ask.actor not in signers:
        yield Refused(Reason.SIGNATURE_MISSING, field="signatures", actor=case.ask.actor, signed=list(signers))
