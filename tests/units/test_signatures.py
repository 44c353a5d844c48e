"""Who signed a command: by the keys as they are enrolled when it is recorded, and by nobody else's word."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.book import Book
from ledger.decider import Asked, decide
from ledger.evolve import evolve
from ledger.notary.note import SignerKey, parse_note, parse_signer_key, parse_vkey, verified
from ledger.rules.signatures import key_of, signers_of
from ledger.signing import NotSigned, signed
from schemas import sent
from schemas.commands import Command, parse
from schemas.receipts import Reason, Refused
from tests.keys import key
from tests.teller import START, Teller
from tests.words import ORIGIN, also, approve, enrol, opening

DAY = datetime.date(2026, 3, 10)


ANA, BEN, REG = key("ana"), key("ben"), key("reg")


def line(actor: str = "ana", minor: int = 5, portfolio: str = ORIGIN) -> bytes:
    ask = approve("AI-1", "claims", minor)
    told = {"type": "ApproveFunding.v1", "portfolio": portfolio, "commandid": "c-1", "actor": actor}
    return json.dumps(told | {"subject": ask.about, "time": "2026-03-10", "data": ask.data}).encode()


def told(*enrolments: tuple[str, str, dict[str, Any]], registrar: SignerKey | None = None) -> Book:
    """The book of a portfolio in which actors are enrolled, each from a day on."""
    teller = Teller()
    named = {"actor": "reg", "person": "p-1"} | ({} if registrar is None else {"vkey": str(registrar.vkey)})
    assert teller.say(also(opening(), registrar=named), "2026-01-01", actor="reg")
    for day, actor, more in enrolments:
        assert teller.say(enrol(actor, **more), day, actor="reg")
    return teller.book


def has(of: SignerKey, **more: Any) -> dict[str, Any]:
    return {"vkey": str(of.vkey), **more}


def both() -> Book:
    return told(("2026-01-05", "ana", has(ANA)), ("2026-01-05", "ben", has(BEN)))


def found(book: Book, payload: sent.Sent, day: datetime.date = DAY) -> tuple[str, ...] | Refused:
    return signers_of(payload.line, payload.signatures.decode(), book, day)


def refused(answer: tuple[str, ...] | Refused, reason: Reason, says: str = "") -> None:
    assert isinstance(answer, Refused), answer
    assert (answer.reason, answer.detail["field"]) == (reason, "signatures")
    assert says in str(answer.detail)


# Whose it is.


def test_a_command_is_signed_by_whose_key_fits() -> None:
    assert found(both(), signed(line(), ANA)) == ("ana",)
    assert found(both(), signed(line(), BEN)) == ("ben",)


def test_several_approvers_are_several_lines_in_any_order() -> None:
    assert found(both(), signed(line(), ANA, BEN)) == ("ana", "ben")
    assert found(both(), signed(sent.joined(*signed(line(), BEN)), ANA)) == ("ben", "ana")


def test_a_key_counts_once_however_often_it_signed() -> None:
    one = signed(line(), ANA)
    assert found(both(), sent.Sent(one.line, one.signatures * 3)) == ("ana",)
    assert signed(sent.joined(*one), ANA) == one


def test_the_registrars_first_key_comes_with_the_opening() -> None:
    book = told(registrar=REG)
    assert key_of(book, "reg", DAY) == str(REG.vkey)
    assert found(book, signed(line("reg"), REG)) == ("reg",)
    replaced = told(("2026-02-01", "reg", has(key("reg", "2"), status="rotated")), registrar=REG)
    refused(found(replaced, signed(line("reg"), REG)), Reason.KEY_REVOKED, "reg")
    assert found(replaced, signed(line("reg"), key("reg", "2"))) == ("reg",)


# What is no signature.


def test_a_key_that_nobody_has_is_unknown() -> None:
    refused(found(both(), signed(line(), key("eve"))), Reason.KEY_UNKNOWN, "eve+")
    refused(found(both(), signed(line(), key("ana", "another"))), Reason.KEY_UNKNOWN, "ana+")
    refused(found(told(), signed(line(), ANA)), Reason.KEY_UNKNOWN)


def test_one_line_that_does_not_fit_spoils_the_others() -> None:
    refused(found(both(), signed(line(), ANA, key("eve"))), Reason.KEY_UNKNOWN, "eve+")


def test_every_changed_byte_of_the_command_is_noticed() -> None:
    one = signed(line(), ANA)
    for place in range(len(one.line)):
        changed = bytes([*one.line[:place], one.line[place] ^ 1, *one.line[place + 1 :]])
        refused(found(both(), sent.Sent(changed, one.signatures)), Reason.SIGNATURE_INVALID)
    for other in (one.line + b" ", one.line[:-1], b""):
        refused(found(both(), sent.Sent(other, one.signatures)), Reason.SIGNATURE_INVALID)


def test_every_changed_byte_of_a_signature_is_noticed() -> None:
    one = signed(line(), ANA)
    name, _, blob = one.signatures.decode().strip().rpartition(" ")
    signature = base64.b64decode(blob)
    for place in range(len(signature)):
        changed = bytes([*signature[:place], signature[place] ^ 1, *signature[place + 1 :]])
        written = f"{name} {base64.b64encode(changed).decode()}\n"
        reason = Reason.KEY_UNKNOWN if place < 4 else Reason.SIGNATURE_INVALID
        refused(found(both(), sent.Sent(one.line, written.encode())), reason)


def test_a_signature_for_another_ledger_is_none_for_this_one() -> None:
    other = signed(line(portfolio="law-00000000"), ANA)
    refused(found(both(), sent.Sent(line(), other.signatures)), Reason.SIGNATURE_INVALID)


@pytest.mark.parametrize(
    "written",
    ["", "\n", "ana", "— ana", "— ana x\n", "— ana AAAA\n", "— ana " + "A" * 9_000 + "\n", "- ana AAAAAAAAAAAA\n"],
)
def test_what_is_no_signature_line_is_refused(written: str) -> None:
    answer = signers_of(line(), written, both(), DAY)
    refused(answer, Reason.SIGNATURE_INVALID)


def test_a_login_key_signs_nothing_that_counts() -> None:
    """A server's nonce is no command, and what a login key signs is no note: it is the bytes alone."""
    seed = hashlib.sha256(b"ana").digest()
    nonce = b"R2xh0xQd8lyqKQ"
    with pytest.raises(NotSigned, match="it is no command"):
        signed(nonce, ANA)
    raw = Ed25519PrivateKey.from_private_bytes(seed).sign(nonce)
    written = f"— ana {base64.b64encode(ANA.key_id + raw).decode()}\n"
    refused(signers_of(line(), written, both(), DAY), Reason.SIGNATURE_INVALID)


# When it counts.


def test_a_key_is_judged_at_its_sequence() -> None:
    one = signed(line(), ANA)
    before = told(("2026-01-05", "ana", has(ANA)))
    after = told(("2026-01-05", "ana", has(ANA)), ("2026-02-01", "ana", has(ANA, status="revoked")))
    assert found(before, one) == ("ana",)
    refused(found(after, one), Reason.KEY_REVOKED, "ana")


@pytest.mark.parametrize("status", ["revoked", "left"])
def test_who_has_left_signs_no_more_from_that_day_on(status: str) -> None:
    book = told(("2026-01-05", "ana", has(ANA)), ("2026-03-11", "ana", has(ANA, status=status)))
    assert found(book, signed(line(), ANA), DAY) == ("ana",)
    refused(found(book, signed(line(), ANA), datetime.date(2026, 3, 11)), Reason.KEY_REVOKED, "2026, 3, 11")


def test_a_revocation_that_is_dated_back_takes_the_key_away() -> None:
    book = told(("2026-03-01", "ana", has(ANA)), ("2026-01-15", "ana", has(ANA, status="revoked")))
    refused(found(book, signed(line(), ANA)), Reason.KEY_REVOKED)


def test_of_two_keys_the_newer_counts_once_it_is_effective() -> None:
    new = key("ana", "2")
    book = told(("2026-01-05", "ana", has(ANA)), ("2026-03-11", "ana", has(new, status="rotated")))
    assert found(book, signed(line(), ANA), DAY) == ("ana",)
    refused(found(book, signed(line(), new), DAY), Reason.KEY_REVOKED)
    assert found(book, signed(line(), new), datetime.date(2026, 3, 11)) == ("ana",)
    refused(found(book, signed(line(), ANA), datetime.date(2026, 3, 11)), Reason.KEY_REVOKED)


def test_an_enrolment_that_names_no_key_takes_it_away() -> None:
    book = told(("2026-01-05", "ana", has(ANA)), ("2026-02-01", "ana", {"roles": ["pm"]}))
    refused(found(book, signed(line(), ANA)), Reason.KEY_REVOKED)


def test_a_key_counts_within_its_days() -> None:
    book = told(("2026-01-05", "ana", has(ANA, valid_from="2026-03-10", valid_to="2026-03-11")))
    for day, counts in ((9, False), (10, True), (11, True), (12, False)):
        answer = found(book, signed(line(), ANA), datetime.date(2026, 3, day))
        assert (answer == ("ana",)) is counts


def test_a_text_that_was_enrolled_as_a_key_and_is_none_signs_nothing() -> None:
    """Version 0 of the rules took any text for a key."""
    book, asks = told(), enrol("ana", vkey=f"ana+{ANA.key_id.hex()}+nonsense")
    said = {"type": "EnrolActor.v1", "portfolio": ORIGIN, "commandid": "c-9", "actor": "reg", "subject": asks.about}
    enrolling = json.dumps(said | {"time": "2026-01-05", "data": asks.data}).encode()
    command = parse(enrolling)
    assert isinstance(command, Command)
    outcome = decide(Asked(command, enrolling), book, now=START, rules="0")
    assert isinstance(outcome, tuple)
    evolve(book, outcome[0])
    refused(found(book, signed(line(), ANA)), Reason.SIGNATURE_INVALID)


# Other people's tools.


def test_a_signature_that_another_program_made_counts() -> None:
    """By RFC 8032 and the specification of signed notes alone, nothing of ours."""
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"ana").digest())
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key_id = hashlib.sha256(b"ana\n\x01" + public).digest()[:4]
    blob = base64.b64encode(key_id + private.sign(line() + b"\n"))
    written = "— ana ".encode() + blob + b"\n"
    assert written == signed(line(), ANA).signatures
    assert found(both(), sent.Sent(line(), written)) == ("ana",)


def test_another_program_verifies_what_we_signed(tmp_path: Path) -> None:
    one = signed(line(), ANA)
    blob = base64.b64decode(one.signatures.decode().strip().rpartition(" ")[2])[4:]
    Ed25519PublicKey.from_public_bytes(ANA.vkey.public).verify(blob, one.line + b"\n")
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("NO OPENSSL on this machine: what cryptography verified above was not verified by it as well")
    for name, content in (("text", one.line + b"\n"), ("signature", blob)):
        (tmp_path / name).write_bytes(content)
    der = bytes.fromhex("302a300506032b6570032100") + ANA.vkey.public
    (tmp_path / "key").write_bytes(der)
    command = [openssl, "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", "key", "-rawin"]
    ran = subprocess.run(
        [*command, "-in", "text", "-sigfile", "signature"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "Signature Verified Successfully"), ran


def test_gos_key_signs_a_command_and_a_note_reader_takes_it() -> None:
    """The key of the example in golang.org/x/mod/sumdb/note."""
    peter = parse_signer_key("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    public = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert str(peter.vkey) == public
    one = signed(line(), peter)
    note = parse_note(sent.joined(*one))
    assert note.text.encode() == one.line + b"\n"
    assert [each.name for each in verified(note, [parse_vkey(public)])] == ["PeterNeumann"]
    book = told(("2026-01-05", "peter", {"vkey": public}))
    assert found(book, one) == ("peter",)


# What is sent.


def test_a_signed_command_is_sent_as_a_note_or_as_one_line() -> None:
    one = signed(line(), ANA, BEN)
    note, wrapped = sent.joined(*one), sent.one_line(*one)
    assert b"\n" not in wrapped
    assert sent.split(note) == sent.split(wrapped) == sent.split(wrapped + b"\n") == one
    assert sent.split(line()) == sent.split(line() + b"\n") == sent.Sent(line(), b"")
    assert sent.one_line(line()) == sent.joined(line()) == line()
    for other in (b"", b"{", b'{"signatures":1}', b'{"command":1,"signatures":""}', b'{"signatures":"x"}', b"[]"):
        assert sent.split(other).line == other


def test_only_a_command_is_signed() -> None:
    for other in (b"", b"{}", b"nonsense", line()[:-1], line() + b"\n\nnonsense"):
        with pytest.raises(NotSigned):
            signed(other, ANA)
    with pytest.raises(NotSigned, match="control character"):
        signed(line().replace(b"{", b"{\t", 1), ANA)
