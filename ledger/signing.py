"""Signing a command, for who sends it: from its line and a key to the line that is added under it. Pure.

What is signed is the command's line and a newline, as the text of a signed note; see docs/spec/signing.md. How a
signature is judged is in ledger/rules/signatures.py.
"""

from __future__ import annotations

from ledger.notary.note import Note, NoteError, SignerKey, check_text, format_signatures, parse_signatures, signature_of
from schemas import sent
from schemas.commands import parse
from schemas.receipts import Refused


class NotSigned(ValueError):
    """A command cannot be signed: which, why."""


def signed(payload: bytes, *keys: SignerKey) -> sent.Sent:
    """Return a command with one signature more for each key, in their order, behind those it has.

    payload: as schemas/sent.py has it. A key that has signed already adds nothing.
    Errors: NotSigned where it is no command, which a key of a person must never sign, or its signatures are none.
    """
    line, before = sent.split(payload)
    command = parse(line)
    if isinstance(command, Refused):
        problem = command.detail.get("problem", command.reason.meaning)
        raise NotSigned(f"it is no command: {command.detail.get('field', command.reason.name)}: {problem}")
    try:
        text = f"{line.decode()}\n"
        check_text(text)
        found = list(parse_signatures(before.decode())) if before else []
    except (NoteError, UnicodeDecodeError) as error:
        raise NotSigned(str(error)) from error
    for key in keys:
        if (key.name, key.key_id) not in {(each.name, each.key_id) for each in found}:
            found.append(signature_of(text, key))
    return sent.Sent(line, format_signatures(Note(text, tuple(found)).signatures).encode())
