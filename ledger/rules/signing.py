"""Signed commands: who has to sign what, and which keys can be enrolled.

How a signature is judged is in ledger/rules/signatures.py.
"""

from __future__ import annotations

from ledger.notary.note import NoteError, parse_vkey
from ledger.rules.case import Case
from ledger.rules.guards import Guard, Guards
from ledger.rules.persons import persons, roles
from ledger.rules.signatures import signers_of
from schemas.commands import EnrolActor, OpenPortfolio
from schemas.events import ActorEnrolled
from schemas.events.policy import Signatories
from schemas.receipts import Reason, Refused
from schemas.subjects import bare


def signed_by_those_who_must(line: bytes, signatures: str | None, case: Case) -> Guards:
    """Every signature is one over this command; where policy wants it signed, those signed who must.

    What is signed wrongly is refused also where nobody has to sign.
    """
    ask = case.ask
    signers: tuple[str, ...] = ()
    if signatures is not None:
        first = ask.data.registrar if isinstance(ask, OpenPortfolio) else None
        found = signers_of(line, signatures, case.book, case.recorded_on, first=first)
        if isinstance(found, Refused):
            yield found
            return
        signers = found
    if isinstance(ask, EnrolActor):
        yield _is_key(ask.data.vkey, "data.vkey")
        yield _stays_revoked(case, ask.data)
    elif isinstance(ask, OpenPortfolio):
        yield _is_key(ask.data.registrar.vkey, "data.registrar.vkey")
    policy = case.policy("signing")
    if policy is None:
        return
    name = bare(ask.type)
    signatories = next((each for each in policy.signatories if each.command == name), None)
    if (name in policy.commands or signatories is not None) and ask.actor not in signers:
        yield _missing(signers, actor=ask.actor)
    if signatories is not None:
        yield from _together(case, signers, signatories)


def _together(case: Case, signers: tuple[str, ...], wanted: Signatories) -> Guards:
    """Persons are counted, and not the keys or actors they sign under."""
    count = len(persons(case.book, signers))
    yield None if count >= wanted.persons else _missing(signers, persons=count, wanted=wanted.persons)
    for role in wanted.roles:
        signed = any(role in roles(case.book, signer, case.recorded_on) for signer in signers)
        yield None if signed else _missing(signers, role=role)


def _missing(signers: tuple[str, ...], **wanted: object) -> Refused:
    return Refused(Reason.SIGNATURE_MISSING, field="signatures", signed=list(signers), **wanted)


def _is_key(vkey: str | None, field: str) -> Guard:
    """What is enrolled can verify a signature."""
    try:
        if vkey is not None:
            parse_vkey(vkey)
    except NoteError as error:
        return Refused(Reason.MALFORMED, field=field, value=vkey, problem=str(error))
    return None


def _stays_revoked(case: Case, data: ActorEnrolled) -> Guard:
    """A key that was replaced, or revoked, is not enrolled again: whoever has it could have been using it since."""
    stack = case.book.stack(data.subject(), ActorEnrolled)
    if data.vkey is None or not stack or data.status not in ("active", "rotated"):
        return None
    newest: ActorEnrolled = stack[-1].fact
    stands = newest.vkey == data.vkey and newest.status in ("active", "rotated")
    if stands or data.vkey not in {dated.fact.vkey for dated in stack}:
        return None
    return Refused(Reason.KEY_REVOKED, field="data.vkey", value=data.vkey, actor=data.actor)
